package framework

import (
	"slices"
	"sync"
)

// Kinds of [RunState.ObjectLock].
const (
	KindWorkspace         = "workspace"
	KindFolderPermissions = "permissions of a folder"
)

// ObjectLock serializes, within a run, what creates, adopts, and deletes an object that is known by its name alone, such as a user.
type ObjectLock struct {
	sync.Mutex
	// Claimed reports whether this run created or adopted the object. A Delete of it in the same run comes from another address.
	Claimed bool
	// Refreshed reports whether this run refreshed the object. A plan without that is the second one of an apply, or comes with
	// -refresh=false.
	Refreshed bool
	// planned lists what this run planned for the object.
	planned []PlannedUse
}

// ObjectLock returns the lock of an object. The name must tell it from all others of its kind on the server.
func (s *RunState) ObjectLock(kind, name string) *ObjectLock {
	return loadOrNew[ObjectLock](&s.objects, objectID{kind, name})
}

type objectID struct{ kind, name string }

// Plan records what one resource plans for the object, and returns the first use by another resource that it conflicts with; conflict is
// false if there is none. A delete conflicts with anything else, and so do two uses after which there is the object, unless they are of the
// same resource. A resource that is replaced is planned twice, to keep and to create: the ID of its uses tells them from those of all other
// resources.
func (l *ObjectLock) Plan(use PlannedUse) (other PlannedUse, conflict bool) {
	l.Lock()
	defer l.Unlock()
	l.planned = append(l.planned, use)
	for _, other := range l.planned[:len(l.planned)-1] {
		twoTake := other.HasNameAfterApply() && use.HasNameAfterApply() && (use.ID == "" || use.ID != other.ID)
		if twoTake || (other.Action == PlanDelete) != (use.Action == PlanDelete) {
			return other, true
		}
	}
	return PlannedUse{}, false
}

// IsPlanned reports whether this run plans that there is the object after the apply.
func (l *ObjectLock) IsPlanned() bool {
	l.Lock()
	defer l.Unlock()
	return slices.ContainsFunc(l.planned, PlannedUse.HasNameAfterApply)
}
