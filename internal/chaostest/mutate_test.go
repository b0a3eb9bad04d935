package chaostest

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// mutate changes the workspace behind Terraform's back. What it does to the caller's own access, and to names and experiments that the
// configuration holds on to by id, is only what the provider can repair.
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
		w.restoreDropped()
	}
	w.mutateDirectory(next)
}

func (w *world) mutateManaged(label string, e emulator.Experiment) {
	block := w.config.experiments[label]
	somebody := pick(w.dice, w.others())
	switch w.dice.IntN(13) {
	case 0:
		w.SetTag(e.ID, w.fresh("foreign-"), w.text("theirs"))
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
		w.Rename(e.ID, block.folder+"/"+w.fresh("renamed"))
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
		if w.keepNames { // then it is restored or superseded
			w.Trash(e.ID)
		}
	}
}

func (w *world) mutateForeign(next config) {
	id := pick(w.dice, w.foreign)
	switch w.dice.IntN(4) {
	case 0:
		w.SetTag(id, w.fresh("foreign-"), w.text("theirs"))
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

// others are the principals without the callers and their group: a change of what the group is granted could take a caller's access.
func (w *world) others() []emulator.Principal {
	return slices.DeleteFunc(slices.Clone(w.principals), func(p emulator.Principal) bool { return w.isCaller(p) || p == callersGroup })
}

func (w *world) isCaller(p emulator.Principal) bool {
	return slices.ContainsFunc(w.crew, func(c caller) bool { return c.principal == p })
}

// restoreDropped brings back, as somebody else's, an experiment that an earlier round destroyed.
func (w *world) restoreDropped() {
	for _, label := range labels(w.dropped) {
		id := w.dropped[label].id
		delete(w.dropped, label)
		if e, there := w.Experiment(id); there && e.LifecycleStage == "deleted" {
			w.Restore(id)
			return
		}
	}
}
