package chaostest

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// snapshot is what the workspace holds at one moment, by experiment id.
type snapshot map[string]seen

type seen struct {
	emulator.Experiment
	tags   map[string]string // without the workspace's own
	grants levels
}

func (s seen) active() bool { return s.LifecycleStage == "active" }

func (w *world) snapshot() snapshot {
	all := snapshot{}
	for _, e := range w.Experiments() {
		all[e.ID] = w.see(e)
	}
	return all
}

// look sees one experiment, which is there.
func (w *world) look(id string) seen {
	e, _ := w.Experiment(id)
	return w.see(e)
}

func (w *world) see(e emulator.Experiment) seen {
	s := seen{e, map[string]string{}, levels{}}
	for _, t := range e.Tags {
		if t.Key == descriptionTag || !strings.HasPrefix(t.Key, "mlflow.") {
			s.tags[t.Key] = t.Value
		}
	}
	for _, g := range w.Grants(e.ID) {
		s.grants[g.Principal] = g.Level
	}
	return s
}

// managers gives the callers who manage an experiment of the state, by its id.
func (w *world) managers() map[string][]caller {
	all := map[string][]caller{}
	for _, id := range w.ids {
		if e, there := w.Experiment(id); there && e.LifecycleStage == "active" {
			all[id] = slices.DeleteFunc(slices.Clone(w.crew), func(c caller) bool { return !w.manages(c, id) })
		}
	}
	return all
}

// round is one step from a configuration to the next, and what was there before it.
type round struct {
	old, next     config
	oldIDs, ids   map[string]string // by label
	before, after snapshot
	managers      map[string][]caller // before it, by id
	directory     directorySeen       // before it
}

// check compares the workspace with what it must be now.
func (w *world) check(r round) {
	for _, label := range labels(r.next.experiments) {
		w.checkManaged(r, label)
		w.checkAccess(r, label)
	}
	for _, id := range labels(r.after) {
		w.checkStage(r, id)
		if r.after[id].active() {
			w.checkTags(r, id)
			w.checkGrants(r, id)
		}
	}
}

func (w *world) checkManaged(r round, label string) {
	id, e := r.ids[label], r.next.experiments[label]
	s, there := r.after[id]
	switch {
	case !there || !s.active():
		w.fail("%s is not there: id %q", label, id)
	case s.Name != e.path():
		w.fail("%s has the name %q, want %q", label, s.Name, e.path())
	case e.location != "" && s.ArtifactLocation != e.location:
		w.fail("%s keeps its artifacts in %q, want %q", label, s.ArtifactLocation, e.location)
	}
	if want := r.sameExperiment(label); want != "" && id != want {
		w.fail("%s is experiment %s now, although %s was there", label, id, want)
	}
	if !w.manages(w.who, id) {
		w.fail("the caller does not manage %s (%s) any more", label, id)
	}
}

// sameExperiment gives the id of the experiment that must not have been replaced by another one, "" when there is none.
func (r round) sameExperiment(label string) string {
	e := r.next.experiments[label]
	if old, had := r.old.experiments[label]; had && r.before[r.oldIDs[label]].active() {
		if old.location == e.location {
			return r.oldIDs[label]
		}
		return ""
	}
	for id, s := range r.before {
		if s.Name == e.path() && (s.active() && e.adopt || !s.active() && e.ifDeleted == "restore") {
			return id
		}
	}
	return ""
}

// checkAccess: whoever of the callers managed an experiment manages it still, unless the configuration says otherwise.
func (w *world) checkAccess(r round, label string) {
	id := r.ids[label]
	_, isWhole := r.next.permissions[label]
	if kept := map[emulator.Principal]bool{w.who.principal: true}; !isWhole {
		delete(w.kept, id)
	} else if w.kept[id] == nil {
		w.kept[id] = kept
	} else {
		maps.Copy(w.kept[id], kept)
	}
	for _, c := range r.managers[id] {
		if r.oldIDs[label] == id && !w.isDismissed(r, label, c) && !w.manages(c, id) {
			w.fail("%s managed %s (%s), and is locked out now", c.principal.Name, label, id)
		}
	}
	for p := range r.next.permissions[label] { // what is declared is not kept for anybody
		delete(w.kept[id], p)
	}
}

// isDismissed reports whether the configuration takes a caller's access away: it does not declare it any more, or declares the whole list
// without it. But in a list stays what was kept for a caller who applied it.
func (w *world) isDismissed(r round, label string, c caller) bool {
	id, p := r.ids[label], c.principal
	for name, g := range r.old.grants {
		if g.on(r.oldIDs) == id && g.principal == p && r.next.grants[name].principal != p {
			return true
		}
	}
	next, isWhole := r.next.permissions[label]
	_, isDeclared := next[p]
	_, wasDeclared := r.old.permissions[label][p]
	return !isDeclared && (wasDeclared || isWhole && !w.kept[id][p])
}

// checkState: what was in the state, is still declared, and is there, is in the state after each apply, whatever was answered. And no
// experiment of somebody else is, unless the configuration takes it over.
func (w *world) checkState(r round) {
	now := w.process.state(w.t)
	ids := now.ids()
	for label, id := range ids {
		if (w.meddler.strangers[id] || slices.Contains(w.foreign, id)) && !r.next.experiments[label].adopt {
			w.fail("%s is experiment %s in the state, which somebody else made", label, id)
		}
	}
	for label := range r.old.experiments {
		if r.stays(label) && ids[label] != r.oldIDs[label] {
			w.fail("%s is %q in the state, it was %s, which is there", label, ids[label], r.oldIDs[label])
		}
		_, was := r.old.permissions[label]
		if _, is := r.next.permissions[label]; was && is && r.stays(label) && !now.holds("mlflow_experiment_permissions", label) {
			w.fail("the permissions of %s are not in the state any more", label)
		}
	}
	for label, x := range r.old.tags {
		_, is := r.next.tags[label]
		if _, there := r.before[x.id].tags[x.key]; is && there && !now.holds("mlflow_experiment_tag", label) {
			w.fail("tag %s is not in the state any more", label)
		}
	}
	for name, g := range r.old.grants {
		_, is := r.next.grants[name]
		_, there := r.before[g.on(r.oldIDs)].grants[g.principal]
		if is && there && (g.label == "" || r.stays(g.label)) && !now.holds("mlflow_experiment_permission", name) {
			w.fail("grant %s is not in the state any more", name)
		}
	}
}

// stays reports whether an experiment of the state is there, and is to be there after the round.
func (r round) stays(label string) bool {
	old, had := r.old.experiments[label]
	next, has := r.next.experiments[label]
	return had && has && old.location == next.location && r.before[r.oldIDs[label]].active()
}

// checkStage: what is active is declared or was there before, and nothing was deleted but by a declared destroy or replacement.
func (w *world) checkStage(r round, id string) {
	before, known := r.before[id]
	now := r.after[id]
	managed := slices.Contains(slices.Collect(maps.Values(r.ids)), id)
	switch {
	case now.active() && !managed && (!known || !before.active()):
		w.fail("experiment %q (%s) is active, but nobody's: an orphan", now.Name, id)
	case now.active() && !managed && r.mustGo(id):
		w.fail("experiment %q (%s) was to be destroyed, but is active", now.Name, id)
	case !now.active() && !known:
		w.fail("experiment %q (%s) was created and deleted again", now.Name, id)
	case !now.active() && before.active() && !r.mustGo(id):
		w.fail("experiment %q (%s) was deleted, although nothing said so", before.Name, id)
	}
}

// mustGo reports whether the step declares that an experiment is destroyed or replaced.
func (r round) mustGo(id string) bool {
	for label, old := range r.old.experiments {
		if r.oldIDs[label] != id {
			continue
		}
		next, stays := r.next.experiments[label]
		return !stays && old.deletionPolicy != "retain" || stays && next.location != old.location
	}
	return false
}

// labelOf gives the label of an id, "" when it has none.
func labelOf(ids map[string]string, id string) string {
	for label, other := range ids {
		if other == id {
			return label
		}
	}
	return ""
}

// checkTags: declared tags are as declared, tags that are no longer declared are gone or blank, all others are as they were.
func (w *world) checkTags(r round, id string) {
	declared, released := r.declaredTags(id)
	before, now := r.before[id], r.after[id].tags
	keys := maps.Clone(now)
	maps.Copy(keys, declared)
	maps.Copy(keys, before.tags)
	for key := range keys {
		value, there := now[key]
		was, had := before.tags[key]
		want, isDeclared := declared[key]
		switch {
		case isDeclared:
			if !there || value != want {
				w.fail("experiment %s has tag %q = %q, want %q", id, key, value, want)
			}
		case released[key] && value == "":
		case there != had || value != was:
			w.fail("experiment %s has the foreign tag %q = %q (%t), it was %q (%t)", id, key, value, there, was, had)
		}
		if released[key] && !isDeclared && value != "" && before.active() {
			w.fail("experiment %s still has tag %q = %q, which is not declared any more", id, key, value)
		}
	}
}

// declaredTags gives the tags that the configuration declares for an experiment, and the keys that it did and does not any more.
func (r round) declaredTags(id string) (declared map[string]string, released map[string]bool) {
	declared, released = map[string]string{}, map[string]bool{}
	label := labelOf(r.ids, id)
	if label != "" {
		declared = r.next.wanted(label)
	}
	if label != "" && r.oldIDs[label] == id {
		for key := range r.old.wanted(label) {
			released[key] = true
		}
	}
	for _, x := range r.next.tags {
		if x.id == id {
			declared[x.key] = x.value
		}
	}
	for _, x := range r.old.tags {
		if x.id == id {
			released[x.key] = true
		}
	}
	return declared, released
}

// checkGrants: direct grants are the declared ones where they are declared as a whole, and otherwise as they were, but for those that
// single blocks give and take. A caller's own CAN_MANAGE may always be among them, see the resource's keep_caller_access and checkAccess,
// and where the server adds managers, theirs.
func (w *world) checkGrants(r round, id string) {
	label := labelOf(r.ids, id)
	before, now := r.before[id], maps.Clone(r.after[id].grants)
	want := maps.Clone(before.grants)
	if want == nil {
		want = levels{}
	}
	authoritative, isWhole := r.next.permissions[label]
	released, wasWhole := r.old.permissions[labelOf(r.oldIDs, id)]
	wasWhole = wasWhole && before.active()
	switch {
	case isWhole:
		want = withAdmins(authoritative, before.grants)
	case wasWhole:
		// Whoever else held a grant may have it still: the refresh has seen it as a change, or has not.
		maps.DeleteFunc(want, func(p emulator.Principal, _ string) bool { _, declared := released[p]; return declared })
		maps.DeleteFunc(now, func(p emulator.Principal, level string) bool { return want[p] == level && p != admins })
		want = withAdmins(nil, before.grants)
	}
	for _, g := range r.old.grants {
		if g.on(r.oldIDs) == id {
			delete(want, g.principal)
			if !before.active() {
				delete(now, g.principal) // the block was gone with its experiment, the grant may be back with it
			}
		}
	}
	for _, g := range r.next.grants {
		if g.on(r.ids) == id {
			want[g.principal] = g.level
			now[g.principal] = r.after[id].grants[g.principal]
		}
	}
	maps.DeleteFunc(now, w.mayStay(id))
	maps.DeleteFunc(want, w.mayStay(id))
	if !maps.Equal(now, want) {
		w.fail("experiment %s (%s) has the grants %v, want %v; before %v", id, label, r.after[id].grants, want, before.grants)
	}
}

// mayStay finds the grants that don't count in a comparison.
func (w *world) mayStay(id string) func(emulator.Principal, string) bool {
	owner := emulator.Principal{}
	if e, there := w.Experiment(id); there && w.addsManagers {
		name, _ := e.Tag("mlflow.ownerEmail")
		owner = emulator.UserPrincipal(name)
	}
	return func(p emulator.Principal, level string) bool {
		return level == canManage && (w.isCaller(p) || p == owner || p == admins && w.addsManagers)
	}
}

var admins = emulator.GroupPrincipal("admins")

// withAdmins adds to levels the grant that the administrators had.
func withAdmins(l, before levels) levels {
	all := levels{}
	maps.Copy(all, l)
	if level, had := before[admins]; had {
		all[admins] = level
	}
	return all
}

// on gives the id of the experiment that the grant is on.
func (g grant) on(ids map[string]string) string {
	if g.label != "" {
		return ids[g.label]
	}
	return g.id
}
