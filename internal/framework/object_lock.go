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

// ObjectLock serializes, within a run, the operations that create, adopt, and delete an object that is identified only by its name, such as
// a user.
type ObjectLock struct {
	sync.Mutex
	// Claimed reports whether this run created or adopted the object. A Delete in the same run is of another resource address.
	Claimed bool
	// Refreshed reports whether this run refreshed the object. A plan without a refresh is the second one of an apply, or runs with
	// -refresh=false.
	Refreshed bool
	// planned lists what this run planned for the object.
	planned []PlannedUse
}

// ObjectLock returns the lock of an object. The name must be unique among the objects of the kind on the server.
func (s *RunState) ObjectLock(kind, name string) *ObjectLock {
	return loadOrNew[ObjectLock](&s.objects, objectID{kind, name})
}

type objectID struct{ kind, name string }

// Plan records what one resource plans for the object, and returns the first use by another resource that it conflicts with; conflict is
// false if there is none. A delete conflicts with all other uses. Two uses after which the object exists conflict unless they are of the
// same resource, which then have the same ID: a resource that is replaced is planned twice, to keep and to create.
func (l *ObjectLock) Plan(use PlannedUse) (other PlannedUse, conflict bool) {
	l.Lock()
	defer l.Unlock()
	l.planned = append(l.planned, use)
	for _, other := range l.planned[:len(l.planned)-1] {
		bothRemain := other.HasNameAfterApply() && use.HasNameAfterApply() && (use.ID == "" || use.ID != other.ID)
		if bothRemain || (other.Action == PlanDelete) != (use.Action == PlanDelete) {
			return other, true
		}
	}
	return PlannedUse{}, false
}

// IsPlanned reports whether the object exists after the apply, according to the plans of this run.
func (l *ObjectLock) IsPlanned() bool {
	l.Lock()
	defer l.Unlock()
	return slices.ContainsFunc(l.planned, PlannedUse.HasNameAfterApply)
}
