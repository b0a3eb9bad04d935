package chaostest

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// snapshot contains the experiments of the workspace at one moment, by ID.
type snapshot map[string]experimentState

type experimentState struct {
	emulator.Experiment
	tags   map[string]string // without those that the workspace sets
	grants levels
}

func (s experimentState) active() bool { return s.LifecycleStage == "active" }

func (w *world) snapshot() snapshot {
	all := snapshot{}
	for _, e := range w.Experiments() {
		all[e.ID] = w.withLevels(e)
	}
	return all
}

// readExperiment returns an existing experiment.
func (w *world) readExperiment(id string) experimentState {
	e, _ := w.Experiment(id)
	return w.withLevels(e)
}

func (w *world) withLevels(e emulator.Experiment) experimentState {
	s := experimentState{e, map[string]string{}, levels{}}
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

// managers returns the callers that manage each experiment in the state, by ID.
func (w *world) managers() map[string][]caller {
	all := map[string][]caller{}
	for _, id := range w.ids {
		if e, there := w.Experiment(id); there && e.LifecycleStage == "active" {
			all[id] = slices.DeleteFunc(slices.Clone(w.callers), func(c caller) bool { return !w.manages(c, id) })
		}
	}
	return all
}

// round is a step from a configuration to the next, and the server before and after it.
type round struct {
	old, next     config
	oldIDs, ids   map[string]string // by label
	before, after snapshot
	managers      map[string][]caller // before it, by ID
	directory     directoryState      // before it
}

// check compares the workspace with the expected one.
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
		w.fail("%s does not exist: ID %q", label, id)
	case s.Name != e.path():
		w.fail("%s has the name %q, want %q", label, s.Name, e.path())
	case e.location != "" && s.ArtifactLocation != e.location:
		w.fail("%s has the artifact location %q, want %q", label, s.ArtifactLocation, e.location)
	}
	if want := r.sameExperiment(label); want != "" && id != want {
		w.fail("%s is now experiment %s, want %s, which existed", label, id, want)
	}
	if !w.manages(w.caller, id) {
		w.fail("the caller no longer manages %s (%s)", label, id)
	}
}

// sameExperiment returns the ID of the experiment that must not be replaced, empty if there is none.
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

// checkAccess checks that callers that managed an experiment still manage it, unless the configuration revokes that.
func (w *world) checkAccess(r round, label string) {
	id := r.ids[label]
	_, isWhole := r.next.permissions[label]
	if kept := map[emulator.Principal]bool{w.caller.principal: true}; !isWhole {
		delete(w.kept, id)
	} else if w.kept[id] == nil {
		w.kept[id] = kept
	} else {
		maps.Copy(w.kept[id], kept)
	}
	for _, c := range r.managers[id] {
		if r.oldIDs[label] == id && !w.isDismissed(r, label, c) && !w.manages(c, id) {
			w.fail("%s no longer manages %s (%s)", c.principal.Name, label, id)
		}
	}
	for p := range r.next.permissions[label] { // declared grants are not retained
		delete(w.kept[id], p)
	}
}

// isDismissed reports whether the configuration revokes the access of a caller: it no longer declares it, or it declares the whole list
// without it. A list keeps grants that were retained for a caller that applied it.
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

// checkState checks that existing resources that were in the state and are still declared remain in the state after each apply, and that
// the state contains no unmanaged experiment, unless the configuration adopts it.
func (w *world) checkState(r round) {
	now := w.process.state(w.t)
	ids := now.ids()
	for label, id := range ids {
		if (w.concurrentUser.strangers[id] || slices.Contains(w.foreign, id)) && !r.next.experiments[label].adopt {
			w.fail("%s is experiment %s in the state, which another user created", label, id)
		}
	}
	for label := range r.old.experiments {
		if r.remainsInState(label) && ids[label] != r.oldIDs[label] {
			w.fail("%s is %q in the state, want %s, which exists", label, ids[label], r.oldIDs[label])
		}
		_, was := r.old.permissions[label]
		if _, is := r.next.permissions[label]; was && is && r.remainsInState(label) && !now.holds("mlflow_experiment_permissions", label) {
			w.fail("the permissions of %s are no longer in the state", label)
		}
	}
	for label, x := range r.old.tags {
		_, is := r.next.tags[label]
		if _, there := r.before[x.id].tags[x.key]; is && there && !now.holds("mlflow_experiment_tag", label) {
			w.fail("tag %s is no longer in the state", label)
		}
	}
	for name, g := range r.old.grants {
		_, is := r.next.grants[name]
		_, there := r.before[g.on(r.oldIDs)].grants[g.principal]
		if is && there && (g.label == "" || r.remainsInState(g.label)) && !now.holds("mlflow_experiment_permission", name) {
			w.fail("grant %s is no longer in the state", name)
		}
	}
}

// remainsInState reports whether an experiment in the state exists, and must exist after the round.
func (r round) remainsInState(label string) bool {
	old, had := r.old.experiments[label]
	next, has := r.next.experiments[label]
	return had && has && old.location == next.location && r.before[r.oldIDs[label]].active()
}

// checkStage checks that active experiments are declared or existed before, and that only a declared destroy or replacement deletes one.
func (w *world) checkStage(r round, id string) {
	before, known := r.before[id]
	now := r.after[id]
	managed := slices.Contains(slices.Collect(maps.Values(r.ids)), id)
	switch {
	case now.active() && !managed && (!known || !before.active()):
		w.fail("experiment %q (%s) is active, but neither declared nor unmanaged: an orphan", now.Name, id)
	case now.active() && !managed && r.mustBeDeleted(id):
		w.fail("experiment %q (%s) must be destroyed, but is active", now.Name, id)
	case !now.active() && !known:
		w.fail("experiment %q (%s) was created and deleted again", now.Name, id)
	case !now.active() && before.active() && !r.mustBeDeleted(id):
		w.fail("experiment %q (%s) was deleted, but no destroy was declared", before.Name, id)
	}
}

// mustBeDeleted reports whether the step destroys or replaces an experiment.
func (r round) mustBeDeleted(id string) bool {
	for label, old := range r.old.experiments {
		if r.oldIDs[label] != id {
			continue
		}
		next, stays := r.next.experiments[label]
		return !stays && old.deletionPolicy != "retain" || stays && next.location != old.location
	}
	return false
}

// labelOf returns the label of an ID, empty if it has none.
func labelOf(ids map[string]string, id string) string {
	for label, other := range ids {
		if other == id {
			return label
		}
	}
	return ""
}

// checkTags checks that declared tags have the declared values, that undeclared ones are removed or cleared, and that all others are
// unchanged.
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
			w.fail("experiment %s still has tag %q = %q, which is no longer declared", id, key, value)
		}
	}
}

// declaredTags returns the declared tags of an experiment, and the keys that are no longer declared.
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

// checkGrants checks that direct grants are the declared ones if the whole list is declared, and are otherwise unchanged except for
// additive grants. The CAN_MANAGE of a caller is always allowed (see keep_caller_access and checkAccess), and that of managers that the
// server adds.
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
		// Other grants may remain: the refresh may have seen them or not.
		maps.DeleteFunc(want, func(p emulator.Principal, _ string) bool { _, declared := released[p]; return declared })
		maps.DeleteFunc(now, func(p emulator.Principal, level string) bool { return want[p] == level && p != admins })
		want = withAdmins(nil, before.grants)
	}
	for _, g := range r.old.grants {
		if g.on(r.oldIDs) == id {
			delete(want, g.principal)
			if !before.active() {
				delete(now, g.principal) // the grant may have returned with the experiment
			}
		}
	}
	for _, g := range r.next.grants {
		if g.on(r.ids) == id {
			want[g.principal] = g.level
			now[g.principal] = r.after[id].grants[g.principal]
		}
	}
	maps.DeleteFunc(now, w.mayRemain(id))
	maps.DeleteFunc(want, w.mayRemain(id))
	if !maps.Equal(now, want) {
		w.fail("experiment %s (%s) has the grants %v, want %v; before %v", id, label, r.after[id].grants, want, before.grants)
	}
}

// mayRemain returns a function that reports whether a grant is ignored in a comparison.
func (w *world) mayRemain(id string) func(emulator.Principal, string) bool {
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

// withAdmins returns levels with the previous grant of admins.
func withAdmins(l, before levels) levels {
	all := levels{}
	maps.Copy(all, l)
	if level, had := before[admins]; had {
		all[admins] = level
	}
	return all
}

// on returns the ID of the experiment of the grant.
func (g grant) on(ids map[string]string) string {
	if g.label != "" {
		return ids[g.label]
	}
	return g.id
}
