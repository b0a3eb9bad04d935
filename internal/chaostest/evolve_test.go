package chaostest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	mostExperiments = 8
	canManage       = "CAN_MANAGE"
)

var grantable = []string{"CAN_READ", "CAN_EDIT", canManage}

// dice are the random choices of a world.
type dice struct{ *rand.Rand }

func (d dice) chance(p float64) bool { return d.Float64() < p }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// evolve derives the next configuration: it adds, changes, and removes resources. A name never moves from one resource to a new one in a
// single step: with adopt_existing, both would have the same experiment if the apply stops in between, and the next apply would delete it
// with the old resource. To rename a resource, a moved block is necessary.
func (w *world) evolve() config {
	next := w.config.clone()
	for _, label := range labels(w.config.experiments) {
		if w.dice.chance(0.2) {
			next.remove(label)
			continue
		}
		next.experiments[label] = w.changed(next.experiments[label])
	}
	for more := 1 + w.dice.IntN(4); more > 0 && len(next.experiments) < mostExperiments; more-- {
		label := w.uniqueName("e")
		next.experiments[label] = w.newExperiment()
	}
	if w.dice.chance(0.15) {
		next.defaults = w.someTags("default", 3)
	}
	w.evolvePermissions(next)
	w.evolveGrants(next)
	w.evolveTags(next)
	w.evolveDirectory(next)
	return next
}

// uniqueName returns a label or name that was not used before.
func (w *world) uniqueName(prefix string) string {
	w.used++
	return fmt.Sprintf("%s%d", prefix, w.used)
}

func (w *world) newExperiment() experiment {
	e := experiment{base: w.uniqueName("x"), spelling: w.spelling(), tags: w.newTags(), deletionPolicy: "delete"}
	e.folder, e.parents = w.newFolder()
	if w.dice.chance(0.5) {
		e.description = w.text("about")
	}
	if w.dice.chance(0.3) {
		e.location = w.location()
	}
	if w.dice.chance(0.5) {
		e.deletionPolicy = "delete_if_empty"
	} else if w.dice.chance(0.15) {
		e.deletionPolicy = "retain"
	}
	e.ifDeleted = w.ifDeleted()
	if w.dice.chance(0.2) {
		w.makeAdoptable(&e)
	} else if w.keepNames && w.dice.chance(0.6) {
		w.takeDeletedName(&e)
	}
	return e
}

func (w *world) spelling() int {
	if !w.isDatabricks || w.dice.chance(0.7) {
		return 0
	}
	return 1 + w.dice.IntN(3)
}

// ifDeleted draws if_deleted. If deleted experiments reserve their names, the default, error, would make a round with a deleted experiment
// fail.
func (w *world) ifDeleted() string {
	switch {
	case w.keepNames:
		return pick(w.dice, []string{"restore", "supersede", "supersede"})
	case w.dice.chance(0.25):
		return "supersede"
	default:
		return ""
	}
}

// newFolder draws the folder of a new experiment: an existing one, or one to create.
func (w *world) newFolder() (folder string, parents bool) {
	switch {
	case !w.isDatabricks:
		return w.folder, false
	case w.dice.chance(0.35):
		return w.folder + "/" + w.uniqueName("made"), true
	default:
		return pick(w.dice, []string{w.folder, w.folder, "/Shared"}), w.dice.chance(0.2)
	}
}

// newTags draws a few tags, rarely more than a create request can contain, and rarely with a value that it cannot contain.
func (w *world) newTags() map[string]string {
	if w.dice.chance(0.08) {
		return w.someTags("tag", 30)
	}
	tags := w.someTags("tag", 4)
	if w.dice.chance(0.05) {
		tags["long"] = strings.Repeat("long ", 1100)
	}
	return tags
}

func (w *world) someTags(prefix string, most int) map[string]string {
	tags := map[string]string{}
	for n := w.dice.IntN(most + 1); n > 0; n-- {
		tags[fmt.Sprintf("%s-%d", prefix, n)] = w.text("v")
	}
	return tags
}

func (w *world) text(prefix string) string {
	return fmt.Sprintf("%s %d äß", prefix, w.dice.IntN(1000))
}

func (w *world) location() string { return "s3://bucket/" + w.uniqueName("artifacts") }

// makeAdoptable creates an unmanaged experiment with the name of a new one, to be adopted.
func (w *world) makeAdoptable(e *experiment) {
	e.adopt, e.location, e.deletionPolicy = true, "", "delete"
	id := w.CreateExperiment(emulator.OtherUser, e.path(), map[string]string{"theirs": "stays", "tag-1": "theirs"})
	w.Grant(id, w.caller.principal, canManage)
	w.AddRun(id)
}

// takeDeletedName declares an experiment whose name a deleted one reserves.
func (w *world) takeDeletedName(e *experiment) {
	for _, label := range labels(w.destroyed) {
		old := w.destroyed[label]
		found, there := w.Experiment(old.id)
		if !there || found.LifecycleStage != "deleted" || found.Name != old.path() || w.nameInUse(old.path()) {
			continue
		}
		delete(w.destroyed, label)
		if len(w.callers) > 1 { // another caller may have created it
			w.Grant(old.id, w.caller.principal, canManage)
		}
		e.folder, e.base, e.parents = old.folder, old.base, old.parents
		if e.ifDeleted == "restore" {
			e.location = "" // the location of the deleted experiment remains
		}
		if old.deletionPolicy != "delete_if_empty" && e.deletionPolicy == "delete_if_empty" {
			e.deletionPolicy = "delete" // it may contain runs
		}
		return
	}
}

func (w *world) nameInUse(path string) bool {
	if _, there := w.ExperimentByName(path); there {
		return true
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(w.config.experiments)), func(e experiment) bool { return e.path() == path })
}

func (w *world) changed(e experiment) experiment {
	if w.dice.chance(0.2) {
		w.move(&e)
	}
	if w.dice.chance(0.15) {
		e.spelling = w.spelling()
	}
	if w.dice.chance(0.4) {
		w.changeTags(e.tags)
	}
	if w.dice.chance(0.25) {
		e.description = pick(w.dice, []string{"", w.text("about")})
	}
	// Another location replaces the experiment. The plan rejects this if the old experiment would remain or reserve its name.
	if w.dice.chance(0.2) && e.deletionPolicy != "retain" && (!w.keepNames || e.ifDeleted == "supersede") && !e.adopt {
		e.location = w.location()
	}
	return e
}

// move sets another name, in the same folder or in a new one. Experiments in a folder that was created, and that the caller therefore
// manages, do not move: if the caller manages an experiment only through its folder, moving it revokes that.
func (w *world) move(e *experiment) {
	e.base = w.uniqueName("x")
	if w.isDatabricks && e.folder == w.folder && w.dice.chance(0.4) {
		e.folder, e.parents = w.folder+"/"+w.uniqueName("made"), true
	}
}

func (w *world) changeTags(tags map[string]string) {
	for _, key := range labels(tags) {
		switch w.dice.IntN(4) {
		case 0:
			delete(tags, key)
		case 1:
			tags[key] = w.text("changed")
		}
	}
	if w.dice.chance(0.6) {
		tags[w.uniqueName("tag-")] = pick(w.dice, []string{w.text("new"), ""})
	}
}

// evolvePermissions changes the authoritative grants. An experiment never changes from additive grants to authoritative ones in a single
// step.
func (w *world) evolvePermissions(next config) {
	for _, label := range labels(next.experiments) {
		old, had := next.permissions[label]
		switch {
		case had && w.dice.chance(0.15):
			delete(next.permissions, label)
		case had && w.dice.chance(0.4):
			next.permissions[label] = w.otherLevels(old)
		case w.lists && !had && !w.config.hasGrants(label) && w.dice.chance(0.3):
			next.permissions[label] = w.otherLevels(levels{})
		}
	}
}

func (w *world) otherLevels(old levels) levels {
	l := maps.Clone(old)
	for range 1 + w.dice.IntN(3) {
		p := pick(w.dice, w.principals)
		switch {
		case w.dice.chance(0.3):
			delete(l, p)
		case w.isCaller(p): // the provider rejects a lower level, and the other callers must remain able to manage
			l[p] = canManage
		default:
			l[p] = pick(w.dice, grantable)
		}
	}
	return l
}

// evolveGrants changes the additive grants, on experiments without authoritative ones and on foreign ones.
func (w *world) evolveGrants(next config) {
	for _, name := range labels(next.grants) {
		g := next.grants[name]
		switch {
		case w.dice.chance(0.2):
			delete(next.grants, name)
		case w.dice.chance(0.3) && !w.isCaller(g.principal):
			g.level = pick(w.dice, grantable)
			next.grants[name] = g
		case w.dice.chance(0.1):
			g.principal, g.level = w.undeclaredPrincipal(next, g), canManage
			next.grants[name] = g
		}
	}
	for range w.dice.IntN(3) {
		g := grant{level: pick(w.dice, grantable)}
		if w.dice.chance(0.3) {
			g.id = pick(w.dice, w.foreign)
		} else if g.label = w.withoutPermissions(next); g.label == "" {
			continue
		}
		if g.principal = w.undeclaredPrincipal(next, g); w.isCaller(g.principal) {
			g.level = canManage
		}
		next.grants[w.uniqueName("g")] = g
	}
}

// withoutPermissions returns an experiment that has no authoritative grants in both configurations.
func (w *world) withoutPermissions(next config) string {
	var free []string
	for _, label := range labels(next.experiments) {
		_, has := next.permissions[label]
		_, had := w.config.permissions[label]
		if !has && !had {
			free = append(free, label)
		}
	}
	if len(free) == 0 {
		return ""
	}
	return pick(w.dice, free)
}

// undeclaredPrincipal draws a principal without another grant on the experiment in both configurations. The caller and the caller's group
// count as one, because the provider rejects the removal of both grants that give the caller access. If the server adds managers, callers
// own what they create, and their grants cannot be revoked.
func (w *world) undeclaredPrincipal(next config, g grant) emulator.Principal {
	household := func(p emulator.Principal) emulator.Principal {
		if p == callersGroup {
			return user.principal
		}
		return p
	}
	named := func(p emulator.Principal) bool {
		if w.addsManagers && w.isCaller(p) { // the server adds them again, which the provider reports
			return true
		}
		for _, c := range []config{w.config, next} {
			for _, other := range c.grants {
				if other.label == g.label && other.id == g.id && household(other.principal) == household(p) {
					return true
				}
			}
		}
		return false
	}
	free := slices.DeleteFunc(slices.Clone(w.principals), named)
	if len(free) == 0 {
		p := emulator.UserPrincipal(w.uniqueName("user") + "@example.com")
		w.AddUser(p.Name)
		return p
	}
	return pick(w.dice, free)
}

// evolveTags changes the single tags on foreign experiments.
func (w *world) evolveTags(next config) {
	for _, label := range labels(next.tags) {
		x := next.tags[label]
		switch w.dice.IntN(4) {
		case 0:
			delete(next.tags, label)
		case 1:
			x.value = w.text("single")
			next.tags[label] = x
		}
	}
	if len(next.tags) < 3 && w.dice.chance(0.5) {
		next.tags[w.uniqueName("t")] = tag{pick(w.dice, w.foreign), w.uniqueName("single/"), w.text("single")}
	}
}
