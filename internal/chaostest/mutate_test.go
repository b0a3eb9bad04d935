package chaostest

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// mutate changes the workspace outside Terraform. It changes the access of the caller, and names and experiments that the configuration
// refers to by ID, only in ways that the provider can correct.
func (w *world) mutate(next config) {
	for range 2 + w.dice.IntN(4) {
		if len(w.ids) == 0 || w.dice.chance(0.3) {
			w.mutateForeign(next)
			continue
		}
		label := pick(w.dice, labels(w.ids))
		if e, there := w.Experiment(w.ids[label]); there && e.LifecycleStage == "active" {
			w.mutateManaged(label, e)
		}
	}
	if !w.keepNames && w.dice.chance(0.2) {
		w.restoreDestroyed()
	}
	w.mutateDirectory(next)
}

func (w *world) mutateManaged(label string, e emulator.Experiment) {
	block := w.config.experiments[label]
	somebody := pick(w.dice, w.others())
	switch w.dice.IntN(13) {
	case 0:
		w.SetTag(e.ID, w.uniqueName("foreign-"), w.text("theirs"))
	case 1:
		if len(block.tags) > 0 {
			w.SetTag(e.ID, pick(w.dice, labels(block.tags)), w.text("drift"))
		}
	case 2:
		if len(block.tags) > 0 {
			w.RemoveTag(e.ID, pick(w.dice, labels(block.tags)))
		}
	case 3:
		w.SetTag(e.ID, descriptionTag, w.text("drift"))
	case 4:
		w.Grant(e.ID, somebody, pick(w.dice, grantable))
	case 5:
		w.Revoke(e.ID, somebody)
	case 6:
		w.Rename(e.ID, block.folder+"/"+w.uniqueName("renamed"))
	case 7:
		w.Trash(e.ID)
	case 8:
		if block.deletionPolicy != "delete_if_empty" {
			w.AddRun(e.ID)
		}
	case 9:
		if w.isDatabricks {
			w.Grant(e.ID, admins, canManage)
		}
	case 10, 11, 12:
		if w.keepNames { // it is then restored or superseded
			w.Trash(e.ID)
		}
	}
}

func (w *world) mutateForeign(next config) {
	id := pick(w.dice, w.foreign)
	switch w.dice.IntN(4) {
	case 0:
		w.SetTag(id, w.uniqueName("foreign-"), w.text("theirs"))
	case 1:
		w.Grant(id, pick(w.dice, w.others()), pick(w.dice, grantable))
	case 2:
		w.Rename(id, w.foreignName())
	case 3:
		for _, label := range labels(next.tags) {
			if next.tags[label].id == id {
				w.RemoveTag(id, next.tags[label].key)
				return
			}
		}
	}
}

// others returns the principals without the callers and their group, because a grant of the group can be the access of a caller.
func (w *world) others() []emulator.Principal {
	return slices.DeleteFunc(slices.Clone(w.principals), func(p emulator.Principal) bool { return w.isCaller(p) || p == callersGroup })
}

func (w *world) isCaller(p emulator.Principal) bool {
	return slices.ContainsFunc(w.callers, func(c caller) bool { return c.principal == p })
}

// restoreDestroyed restores an experiment that an earlier round destroyed, as an unmanaged one.
func (w *world) restoreDestroyed() {
	for _, label := range labels(w.destroyed) {
		id := w.destroyed[label].id
		delete(w.destroyed, label)
		if e, there := w.Experiment(id); there && e.LifecycleStage == "deleted" {
			w.Restore(id)
			return
		}
	}
}
