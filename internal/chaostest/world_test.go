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

// moreApplies is the maximum number of further applies until the server matches the configuration.
const moreApplies = 2

// world is a part of a server and a folder of the CLI. If it fails, the folder is kept.
type world struct {
	site
	t              *testing.T
	target         target
	settings       settings
	number         int
	dice           dice
	process        *process
	faultInjector  *faultInjector
	concurrentUser *concurrentUser
	tally          *tally
	address        string

	caller caller // of this round
	// foreign are experiments without a resource. The configuration refers to them by ID.
	foreign []string

	config config
	// ids are the experiments in the state by label, and destroyed those that earlier rounds destroyed.
	ids       map[string]string
	destroyed map[string]destroyed
	// kept are the callers whose access to an experiment was retained when they applied its list, by the ID of the experiment.
	kept        map[string]map[emulator.Principal]bool
	guests      undeclaredMembers
	used        int // for unique names
	roundNumber int // from 1
}

type destroyed struct {
	experiment
	id string
}

func newWorld(t *testing.T, installed installation, total *tally, g target, s settings, number int) *world {
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
		site: g.open(t, s, number), t: t, target: g, settings: s, number: number,
		dice:    dice{rand.New(rand.NewPCG(uint64(s.seed), uint64(number)))},
		process: &process{installation: installed, dir: dir}, tally: total,
		config: newConfig(), ids: map[string]string{}, destroyed: map[string]destroyed{}, kept: map[string]map[emulator.Principal]bool{},
		guests: newUndeclaredMembers(),
	}
	w.caller = w.callers[0]
	for range 3 {
		id := w.CreateExperiment(emulator.OtherUser, w.foreignName(), map[string]string{"owner": "ben"})
		w.AddRun(id)
		w.foreign = append(w.foreign, id)
	}
	w.populate()
	w.startProxy(log)
	return w
}

// startProxy starts the proxy in front of the server, and sets the address for the configuration.
func (w *world) startProxy(log *os.File) {
	w.faultInjector, w.concurrentUser = newFaultInjector(w), newConcurrentUser(w)
	server := httptest.NewServer(
		&proxy{server: w.handler, calls: w.target.calls, beforeCall: w.concurrentUser.before, nextFault: w.faultInjector.nextFault, log: log},
	)
	w.t.Cleanup(server.Close)
	w.address = server.URL
}

// foreignName returns a new name for an unmanaged experiment.
func (w *world) foreignName() string { return w.root + "/Others/" + w.uniqueName("foreign") }

// plainName returns a name as the server returns it.
func (w *world) plainName(name string) string {
	if !w.isDatabricks {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(name, "/Workspace"), "/")
}

func (w *world) run(rounds int) {
	w.write(longTimeouts)
	if code, out := w.process.run(w.t, "init", "-input=false", "-no-color"); code != 0 {
		w.t.Fatalf("init failed:\n%s", out)
	}
	for w.roundNumber = 1; w.roundNumber <= rounds; w.roundNumber++ {
		w.caller = w.callers[(w.roundNumber-1)%len(w.callers)]
		w.round()
		if w.roundNumber%5 == 0 || w.roundNumber == rounds {
			w.t.Logf("world %d: %d rounds of %d, %d experiments", w.number, w.roundNumber, rounds, len(w.ids))
		}
	}
}

// fail fails the world, and reports its folder and the command that reproduces it.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf(
		"round %d of world %d, as %s: %s\nfolder: %s\nreproduce with: make chaos BACKEND=%s %s",
		w.roundNumber,
		w.number,
		w.caller.principal.Name,
		fmt.Sprintf(format, args...),
		w.process.dir,
		w.target.backend,
		w.settings.reproduceWith(w.number),
	)
}

// timeouts are the timeouts of the provider. With short ones, it soon fails.
type timeouts struct{ http, retry int }

var (
	shortTimeouts  = timeouts{1, 1}
	mediumTimeouts = timeouts{1, 8}
	longTimeouts   = timeouts{30, 60}
)

func (w *world) write(p timeouts) {
	provider := object{
		w.setting: w.address, "http_timeout_seconds": p.http, "retry_timeout_seconds": p.retry, "bulk_refresh": w.number/3%2 == 1,
	}
	maps.Copy(provider, w.caller.settings)
	w.config.write(w.t, w.process.dir, provider, w.isDatabricks)
}

func (w *world) round() {
	r := round{old: w.config, oldIDs: w.ids}
	w.grantManage()
	r.next = w.evolve()
	w.mutate(r.next)
	r.before, r.managers, r.directory = w.snapshot(), w.managers(), w.readDirectory()
	w.config = r.next

	w.write(pick(w.dice, []timeouts{shortTimeouts, mediumTimeouts, mediumTimeouts}))
	f := w.drawFaultPlan()
	w.concurrentUser.begin(r, f.concurrentChanges, f.seed)
	w.faultInjector.begin(f)
	code, diagnostics := w.apply()
	killed, changed := w.faultInjector.end(), w.concurrentUser.end()
	w.checkState(r)
	w.checkDirectoryState(r)
	w.write(longTimeouts)
	w.converge(r, code == 0 && len(diagnostics) == 0 && !changed, diagnostics, killed)

	r.ids, r.after = w.process.state(w.t).ids(), w.snapshot()
	w.check(r)
	w.checkDirectory(r)
	w.ids = r.ids
	for label, e := range r.old.experiments {
		if _, stays := r.next.experiments[label]; !stays {
			w.destroyed[label] = destroyed{e, r.oldIDs[label]}
		}
	}
	w.tally.add(&w.tally.rounds)
}

// grantManage grants the caller CAN_MANAGE on all experiments of the configuration, because other callers and users created some of them.
func (w *world) grantManage() {
	for _, id := range slices.Concat(w.foreign, slices.Sorted(maps.Values(w.ids))) {
		if e, there := w.Experiment(id); there && e.LifecycleStage == "active" && !w.manages(w.caller, id) {
			w.Grant(id, w.caller.principal, canManage)
		}
	}
}

// drawFaultPlan draws the faults of a round, rarely none.
func (w *world) drawFaultPlan() faultPlan {
	if w.dice.chance(0.06) {
		return faultPlan{}
	}
	p := faultPlan{
		faults: 10 + w.dice.IntN(
			28,
		), slow: 1 + w.dice.IntN(4), fromWrite: w.dice.chance(0.5), spareLogin: w.dice.chance(0.6), seed: w.dice.Uint64(),
	}
	if w.dice.chance(0.8) {
		p.concurrentChanges = 2 + w.dice.IntN(6)
	}
	if w.directory != nil { // there are more calls
		p.faults, p.concurrentChanges = p.faults+20, p.concurrentChanges+5
	}
	if w.dice.chance(0.35) {
		p.fromWrite, p.killAt, p.killLate = true, 1+w.dice.IntN(5), w.dice.chance(0.6)
	}
	return p
}

// apply applies, and checks that no resource is tainted or deposed: the next apply would destroy it.
func (w *world) apply() (code int, diagnostics []diagnostic) {
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

// converge applies without faults until a plan is empty. After a clean apply, without diagnostics and concurrent changes, the plan must be
// empty.
func (w *world) converge(r round, clean bool, diagnostics []diagnostic, killed bool) {
	imports := filepath.Join(w.process.dir, "imports.tf")
	defer func() { _ = os.Remove(imports) }()
	unclear := func(string) bool { return false } // a single process knows what it has created
	for more := 0; ; more++ {
		w.followDirectoryAdvice(r, diagnostics, unclear, killed)
		w.followAdvice(r, diagnostics, unclear, imports)
		planned, plan := w.process.run(w.t, "plan", "-detailed-exitcode", "-input=false", "-no-color")
		switch {
		case planned == 0:
			return
		case clean:
			w.fail("a plan after an apply without diagnostics is not empty:\n%s", plan)
		case more == moreApplies:
			w.fail("a plan after %d further applies is not empty:\n%s", moreApplies, plan)
		}
		before := diagnostics
		unclear = func(address string) bool {
			return killed || slices.ContainsFunc(before, func(d diagnostic) bool { return d.Address == address })
		}
		var code int
		code, diagnostics = w.apply()
		w.checkState(r)
		w.checkDirectoryState(r)
		clean = code == 0 && len(diagnostics) == 0
	}
}

var takenID = regexp.MustCompile(`(?:with |\()(?:id|ID) ([0-9]+)`)

// followAdvice follows the advice of an error. A provider that is killed, or gets no response, before the CLI writes the state leaves at
// most one unknown experiment: the next apply reports its ID, and it is imported. An experiment that was deleted before or in this step,
// and that the provider had restored to adopt or supersede it, is adopted with adopt_existing, which keeps its unmanaged tags, or deleted
// again. unclear reports whether an earlier apply of an address may have left such an experiment.
func (w *world) followAdvice(r round, diagnostics []diagnostic, unclear func(address string) bool, imports string) {
	var blocks strings.Builder
	w.concurrentUser.releaseNames(w.missingNames())
	for _, d := range diagnostics {
		label, ours := strings.CutPrefix(d.Address, "mlflow_experiment.")
		id := takenID.FindStringSubmatch(d.Detail)
		if d.Severity != "error" || !strings.HasPrefix(d.Summary, "Could not create experiment") || !ours || id == nil ||
			w.concurrentUser.strangers[id[1]] {
			continue
		}
		before, known := r.before[id[1]]
		e := w.config.experiments[label]
		switch {
		case !known && !unclear(d.Address):
			w.fail("%s: the provider does not recognize experiment %s, which it created", label, id[1])
		case !known:
			fmt.Fprintf(&blocks, "import {\n  to = %s\n  id = %q\n}\n", d.Address, id[1])
			w.tally.add(&w.tally.imports)
		case before.active() && !r.mustBeDeleted(id[1]):
			w.fail("%s: experiment %s has its name, but is unrelated", label, id[1])
		case e.ifDeleted == "supersede":
			w.Trash(id[1])
			w.tally.add(&w.tally.deletedAgain)
		default:
			e.adopt = true
			w.config.experiments[label] = e
		}
	}
	must(w.t, os.WriteFile(imports, []byte(blocks.String()), 0o600))
	w.write(longTimeouts)
}

// missingNames returns the names of experiments that are declared and not yet in the state.
func (w *world) missingNames() map[string]bool {
	wanted, ids := map[string]bool{}, w.process.state(w.t).ids()
	for label, e := range w.config.experiments {
		if ids[label] == "" {
			wanted[e.path()] = true
		}
	}
	return wanted
}
