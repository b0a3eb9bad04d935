package chaostest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// moreApplies may follow a disturbed apply until everything is as declared.
const moreApplies = 2

// world is a place on a server and one folder of the CLI. It fails by itself and keeps its folder then.
type world struct {
	site
	t        *testing.T
	game     game
	settings settings
	number   int
	dice     dice
	process  *process
	storm    *storm
	meddler  *meddler
	tally    *tally
	address  string

	who caller // in this round
	// foreign are experiments that no block makes. The configuration refers to them by id.
	foreign []string

	config config
	// ids are the experiments in the state by label. dropped are those of earlier rounds that were destroyed.
	ids     map[string]string
	dropped map[string]dropped
	// kept are the callers whose access to an experiment was kept when they applied its list, by the experiment's id.
	kept    map[string]map[emulator.Principal]bool
	guests  guests
	used    int // for names that are used but once
	playing int // the round
}

type dropped struct {
	experiment
	id string
}

func newWorld(t *testing.T, installed installation, total *tally, g game, s settings, number int) *world {
	t.Helper()
	//nolint:usetesting // the folder of a world that failed is kept
	dir, err := os.MkdirTemp("", fmt.Sprintf("chaos-%d-%d-", s.seed, number))
	must(t, err)
	log, err := os.Create(filepath.Join(dir, "calls.log"))
	must(t, err)
	t.Cleanup(func() {
		must(t, log.Close())
		if !t.Failed() {
			must(t, os.RemoveAll(dir))
		}
	})
	w := &world{
		site: g.open(t, s, number), t: t, game: g, settings: s, number: number,
		dice:    dice{rand.New(rand.NewPCG(uint64(s.seed), uint64(number)))},
		process: &process{installation: installed, dir: dir}, tally: total,
		config: newConfig(), ids: map[string]string{}, dropped: map[string]dropped{}, kept: map[string]map[emulator.Principal]bool{},
		guests: newGuests(),
	}
	w.who = w.crew[0]
	for range 3 {
		id := w.CreateExperiment(emulator.OtherUser, w.foreignName(), map[string]string{"owner": "ben"})
		w.AddRun(id)
		w.foreign = append(w.foreign, id)
	}
	w.populate()
	w.front(log)
	return w
}

// front puts what goes wrong before the server, and the server's address into the configuration.
func (w *world) front(log *os.File) {
	w.storm, w.meddler = newStorm(w), newMeddler(w)
	server := httptest.NewServer(&front{server: w.handler, calls: w.game.calls, meddle: w.meddler.before, strike: w.storm.strike, log: log})
	w.t.Cleanup(server.Close)
	w.address = server.URL
}

// foreignName is a new name for an experiment of somebody else.
func (w *world) foreignName() string { return w.root + "/Others/" + w.fresh("foreign") }

// plainName is a name as the server knows it.
func (w *world) plainName(name string) string {
	if !w.isDatabricks {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(name, "/Workspace"), "/")
}

func (w *world) play(rounds int) {
	w.write(patient)
	if code, out := w.process.run(w.t, "init", "-input=false", "-no-color"); code != 0 {
		w.t.Fatalf("init failed:\n%s", out)
	}
	for w.playing = 1; w.playing <= rounds; w.playing++ {
		w.who = w.crew[(w.playing-1)%len(w.crew)]
		w.round()
		if w.playing%5 == 0 || w.playing == rounds {
			w.t.Logf("world %d: %d rounds of %d, %d experiments", w.number, w.playing, rounds, len(w.ids))
		}
	}
}

// fail ends the world, and says where everything lies and how to play it again.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("round %d of world %d, as %s: %s\nfolder: %s\nagain: make chaos BACKEND=%s %s",
		w.playing, w.number, w.who.principal.Name, fmt.Sprintf(format, args...), w.process.dir, w.game.backend, w.settings.again(w.number))
}

// temper is how long the provider waits. A hasty one soon gives up, and so is seen failing.
type temper struct{ http, retry int }

var (
	hasty   = temper{1, 1}
	brisk   = temper{1, 8}
	patient = temper{30, 60}
)

func (w *world) write(p temper) {
	provider := object{
		w.setting: w.address, "http_timeout_seconds": p.http, "retry_timeout_seconds": p.retry, "bulk_refresh": w.number/3%2 == 1,
	}
	maps.Copy(provider, w.who.settings)
	w.config.write(w.t, w.process.dir, provider, w.isDatabricks)
}

func (w *world) round() {
	r := round{old: w.config, oldIDs: w.ids}
	w.admit()
	r.next = w.evolve()
	w.mutate(r.next)
	r.before, r.managers, r.directory = w.snapshot(), w.managers(), w.seeDirectory()
	w.config = r.next

	w.write(pick(w.dice, []temper{hasty, brisk, brisk}))
	f := w.forecast()
	w.meddler.begin(r, f.meddling, f.seed)
	w.storm.begin(f)
	code, complaints := w.apply()
	killed, meddled := w.storm.end(), w.meddler.end()
	w.checkState(r)
	w.checkDirectoryState(r)
	w.write(patient)
	w.converge(r, code == 0 && len(complaints) == 0 && !meddled, complaints, killed)

	r.ids, r.after = w.process.state(w.t).ids(), w.snapshot()
	w.check(r)
	w.checkDirectory(r)
	w.ids = r.ids
	for label, e := range r.old.experiments {
		if _, stays := r.next.experiments[label]; !stays {
			w.dropped[label] = dropped{e, r.oldIDs[label]}
		}
	}
	w.tally.add(&w.tally.rounds)
}

// admit lets the caller manage every experiment that the configuration is about: some were made by another caller, or by somebody else.
func (w *world) admit() {
	for _, id := range slices.Concat(w.foreign, slices.Sorted(maps.Values(w.ids))) {
		if e, there := w.Experiment(id); there && e.LifecycleStage == "active" && !w.manages(w.who, id) {
			w.Grant(id, w.who.principal, canManage)
		}
	}
}

// forecast draws the storm of a round. Now and then there is none.
func (w *world) forecast() stormPlan {
	if w.dice.chance(0.06) {
		return stormPlan{}
	}
	p := stormPlan{
		faults: 10 + w.dice.IntN(28), slow: 1 + w.dice.IntN(4), fromWrite: w.dice.chance(0.5), spareLogin: w.dice.chance(0.6), seed: w.dice.Uint64(),
	}
	if w.dice.chance(0.8) {
		p.meddling = 2 + w.dice.IntN(6)
	}
	if w.directory != nil { // there is more to hit
		p.faults, p.meddling = p.faults+20, p.meddling+5
	}
	if w.dice.chance(0.35) {
		p.fromWrite, p.killAt, p.killLate = true, 1+w.dice.IntN(5), w.dice.chance(0.6)
	}
	return p
}

// apply leaves nothing tainted, however it ends: the next one would destroy that.
func (w *world) apply() (code int, complaints []diagnostic) {
	w.tally.add(&w.tally.applies)
	code, out := w.process.run(w.t, "apply", "-json", "-auto-approve", "-input=false", "-parallelism=10")
	for _, resource := range w.process.state(w.t).Resources {
		for _, i := range resource.Instances {
			if i.Status != "" || i.Deposed != "" {
				w.fail("%s.%s is %s%s in the state", resource.Type, resource.Name, i.Status, i.Deposed)
			}
		}
	}
	return code, diagnosticsOf(out)
}

// converge applies again, now undisturbed, until there is nothing to do. A smooth apply must leave nothing: it had nothing to complain of,
// and nobody meddled.
func (w *world) converge(r round, smooth bool, complaints []diagnostic, killed bool) {
	imports := filepath.Join(w.process.dir, "imports.tf")
	defer func() { _ = os.Remove(imports) }()
	unclear := func(string) bool { return false } // within one process the provider knows what it has made
	for more := 0; ; more++ {
		w.followDirectory(r, complaints, unclear, killed)
		w.follow(r, complaints, unclear, imports)
		planned, plan := w.process.run(w.t, "plan", "-detailed-exitcode", "-input=false", "-no-color")
		switch {
		case planned == 0:
			return
		case smooth:
			w.fail("an apply without any error or warning left something to do:\n%s", plan)
		case more == moreApplies:
			w.fail("%d more applies were not enough:\n%s", moreApplies, plan)
		}
		before := complaints
		unclear = func(address string) bool {
			return killed || slices.ContainsFunc(before, func(d diagnostic) bool { return d.Address == address })
		}
		var code int
		code, complaints = w.apply()
		w.checkState(r)
		w.checkDirectoryState(r)
		smooth = code == 0 && len(complaints) == 0
	}
}

var takenID = regexp.MustCompile(`with (?:id|ID) ([0-9]+)`)

// follow does what an error advises. A provider that is killed, or loses every answer, between an effect and the CLI's writing it down
// can't leave more than an experiment that nobody knows: the next apply finds the name taken and says by what. A person then imports
// it, and nothing is lost. One that was deleted before, or in this step, and that the provider had restored to take it back or to move it
// aside, is taken over with adopt_existing, which leaves its foreign tags alone, or deleted again as it was. unclear tells of an address
// whether an earlier apply may have left such an experiment.
func (w *world) follow(r round, complaints []diagnostic, unclear func(address string) bool, imports string) {
	var blocks strings.Builder
	w.meddler.retreat(w.wantedNames())
	for _, d := range complaints {
		label, ours := strings.CutPrefix(d.Address, "mlflow_experiment.")
		id := takenID.FindStringSubmatch(d.Detail)
		if d.Severity != "error" || !strings.HasPrefix(d.Summary, "Could not create experiment") || !ours || id == nil || w.meddler.strangers[id[1]] {
			continue
		}
		before, known := r.before[id[1]]
		e := w.config.experiments[label]
		switch {
		case !known && !unclear(d.Address):
			w.fail("%s: the provider does not know experiment %s again, which it made itself", label, id[1])
		case !known:
			fmt.Fprintf(&blocks, "import {\n  to = %s\n  id = %q\n}\n", d.Address, id[1])
			w.tally.add(&w.tally.imports)
		case before.active() && !r.mustGo(id[1]):
			w.fail("%s: experiment %s has its name, but has nothing to do with it", label, id[1])
		case e.ifDeleted == "supersede":
			w.Trash(id[1])
			w.tally.add(&w.tally.byHand)
		default:
			e.adopt = true
			w.config.experiments[label] = e
		}
	}
	must(w.t, os.WriteFile(imports, []byte(blocks.String()), 0o600))
	w.write(patient)
}

// wantedNames are the names of the experiments that are declared and not yet in the state.
func (w *world) wantedNames() map[string]bool {
	wanted, ids := map[string]bool{}, w.process.state(w.t).ids()
	for label, e := range w.config.experiments {
		if ids[label] == "" {
			wanted[e.path()] = true
		}
	}
	return wanted
}
