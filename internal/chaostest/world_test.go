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

const foreignFolder = "/Others"

// callersGroup has one caller, the user, as a member.
var callersGroup = emulator.GroupPrincipal("ml-platform")

// moreApplies may follow a disturbed apply until everything is as declared.
const moreApplies = 2

// caller is who the provider runs as.
type caller struct {
	principal emulator.Principal
	token     string // to look with, whatever the provider uses
	settings  object // of the provider block
	// folder is where the experiments go; editor tells that the caller may only edit there, and manages by direct grants alone.
	folder string
	editor bool
}

var (
	robot = caller{
		emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), emulator.ServicePrincipalToken,
		object{"client_id": emulator.ServicePrincipal, "client_secret": emulator.ServicePrincipalSecret}, "/Teams/robots", true,
	}
	user  = caller{emulator.UserPrincipal(emulator.User), emulator.UserToken, object{"token": emulator.UserToken}, "/Teams/people", true}
	admin = caller{emulator.UserPrincipal(emulator.Admin), emulator.AdminToken, object{"token": emulator.AdminToken}, "/Projects", false}
)

// callers take turns, from world to world. Only robots ask for tokens, so there are more of them.
var callers = []caller{robot, user, robot, admin, robot}

// world is one workspace and one folder of the CLI. It fails by itself and keeps its folder then.
type world struct {
	*emulator.Workspace
	t        *testing.T
	settings settings
	number   int
	dice     dice
	process  *process
	storm    *storm
	tally    *tally
	address  string

	who        caller
	provider   object // the settings of the provider block
	keepNames  bool   // deleted experiments keep their names
	principals []emulator.Principal
	// foreign are experiments that no block makes. The configuration refers to them by id.
	foreign []string

	config config
	// ids are the experiments in the state by label. dropped are those of earlier rounds that were destroyed.
	ids     map[string]string
	dropped map[string]dropped
	used    int // for names that are used but once
	playing int // the round
}

type dropped struct {
	experiment
	id string
}

func newWorld(t *testing.T, installed installation, s settings, number int) *world {
	t.Helper()
	//nolint:usetesting // the folder of a world that failed is kept
	dir, err := os.MkdirTemp("", fmt.Sprintf("chaos-%d-%d-", s.seed, number))
	must(t, err)
	journal, err := os.Create(filepath.Join(dir, "journal.jsonl"))
	must(t, err)
	t.Cleanup(func() {
		must(t, journal.Close())
		if !t.Failed() {
			must(t, os.RemoveAll(dir))
		}
	})
	who := callers[number%len(callers)]
	w := &world{
		t: t, settings: s, number: number,
		dice:    dice{rand.New(rand.NewPCG(uint64(s.seed), uint64(number)))},
		process: &process{installation: installed, dir: dir}, who: who, provider: maps.Clone(who.settings), keepNames: number%2 == 1,
		config: newConfig(), ids: map[string]string{}, dropped: map[string]dropped{},
	}
	if number/3%2 == 1 {
		w.provider["bulk_refresh"] = true
	}
	w.Workspace = emulator.New(emulator.Options{Journal: journal, DeletedKeepName: w.keepNames, OffersTagDeletion: number/2%2 == 1})
	server := httptest.NewServer(w.Workspace)
	t.Cleanup(server.Close)
	w.address = server.URL
	w.people()
	return w
}

// people fills the directory, gives the caller its folder, and puts somebody else's experiments into the workspace.
func (w *world) people() {
	const application, cleo = "0b9d2c41-1f2e-4a3b-8c4d-5e6f70819203", "cleo@example.com"
	w.AddUser(cleo)
	w.AddUser(emulator.User, callersGroup.Name)
	w.AddServicePrincipal(application, "application")
	w.principals = []emulator.Principal{
		emulator.GroupPrincipal("data-science"), callersGroup, emulator.GroupPrincipal("risk"),
		emulator.UserPrincipal(emulator.OtherUser), emulator.UserPrincipal(cleo), emulator.ServicePrincipalPrincipal(application), w.who.principal,
	}
	w.Mkdirs(w.who.folder)
	if w.who.editor {
		w.GrantFolder(w.who.folder, w.who.principal, "CAN_EDIT")
	}
	for range 3 {
		id := w.CreateExperiment(emulator.OtherUser, foreignFolder+"/"+w.fresh("foreign"), map[string]string{"owner": "ben"})
		w.Grant(id, w.who.principal, canManage)
		w.AddRun(id)
		w.foreign = append(w.foreign, id)
	}
}

func (w *world) play(rounds int, total *tally) {
	w.tally = total
	w.storm = newStorm(w.settings, w.number, w.Workspace, w.process, total)
	w.write(patient)
	if code, out := w.process.run(w.t, "init", "-input=false", "-no-color"); code != 0 {
		w.t.Fatalf("init failed:\n%s", out)
	}
	for w.playing = 1; w.playing <= rounds; w.playing++ {
		w.round()
		if w.playing%5 == 0 || w.playing == rounds {
			w.t.Logf("world %d: %d rounds of %d, %d experiments", w.number, w.playing, rounds, len(w.ids))
		}
	}
}

// fail ends the world, and says where everything lies and how to play it again.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("round %d of world %d: %s\nfolder: %s\nagain: %s",
		w.playing, w.number, fmt.Sprintf(format, args...), w.process.dir, w.settings.again(w.number))
}

// temper is how long the provider waits. A hasty one soon gives up, and so is seen failing.
type temper struct{ http, retry int }

var (
	hasty   = temper{1, 1}
	brisk   = temper{1, 8}
	patient = temper{30, 60}
)

func (w *world) write(p temper) {
	w.provider["host"], w.provider["http_timeout_seconds"], w.provider["retry_timeout_seconds"] = w.address, p.http, p.retry
	w.config.write(w.t, w.process.dir, w.provider)
}

func (w *world) round() {
	r := round{old: w.config, oldIDs: w.ids}
	r.next = w.evolve()
	w.mutate(r.next)
	r.before = w.snapshot()
	w.config = r.next

	w.write(pick(w.dice, []temper{hasty, brisk, brisk}))
	w.storm.begin(w.forecast())
	code, complaints := w.apply()
	killed := w.storm.end()
	w.write(patient)
	w.converge(r, code, complaints, killed)

	r.ids, r.after = w.process.state(w.t).ids(), w.snapshot()
	w.check(r)
	w.ids = r.ids
	for label, e := range r.old.experiments {
		if _, stays := r.next.experiments[label]; !stays {
			w.dropped[label] = dropped{e, r.oldIDs[label]}
		}
	}
	w.tally.add(&w.tally.rounds)
}

// forecast draws the storm of a round. Now and then there is none.
func (w *world) forecast() stormPlan {
	if w.dice.chance(0.06) {
		return stormPlan{}
	}
	p := stormPlan{faults: 8 + w.dice.IntN(23), slow: 1 + w.dice.IntN(4), fromWrite: w.dice.chance(0.5), seed: w.dice.Uint64()}
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

// converge applies again, now undisturbed, until there is nothing to do. An apply that had nothing to complain of must leave nothing.
func (w *world) converge(r round, code int, complaints []diagnostic, killed bool) {
	imports := filepath.Join(w.process.dir, "imports.tf")
	defer func() { _ = os.Remove(imports) }()
	unclear := func(string) bool { return false } // within one process the provider knows what it has made
	for more := 0; ; more++ {
		w.follow(r, complaints, unclear, imports)
		planned, plan := w.process.run(w.t, "plan", "-detailed-exitcode", "-input=false", "-no-color")
		switch {
		case planned == 0:
			return
		case code == 0 && len(complaints) == 0:
			w.fail("an apply without any error or warning left something to do:\n%s", plan)
		case more == moreApplies:
			w.fail("%d more applies were not enough:\n%s", moreApplies, plan)
		}
		before := complaints
		unclear = func(address string) bool {
			return killed || slices.ContainsFunc(before, func(d diagnostic) bool { return d.Address == address })
		}
		code, complaints = w.apply()
	}
}

var takenID = regexp.MustCompile(`with id ([0-9]+)`)

// follow does what an error advises. A provider that is killed, or loses every answer, between an effect and the CLI's writing it down
// can't leave more than an experiment that nobody knows: the next apply finds the name taken and says by what. A person then imports
// it, and nothing is lost. One that was deleted before, or in this step, and that the provider had restored to take it back or to move it
// aside, is taken over with adopt_existing, which leaves its foreign tags alone, or deleted again as it was. unclear tells of an address
// whether an earlier apply may have left such an experiment.
func (w *world) follow(r round, complaints []diagnostic, unclear func(address string) bool, imports string) {
	var blocks strings.Builder
	for _, d := range complaints {
		label, ours := strings.CutPrefix(d.Address, "mlflow_experiment.")
		id := takenID.FindStringSubmatch(d.Detail)
		if d.Severity != "error" || d.Summary != "Could not create experiment: the name is taken" || !ours || id == nil {
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
