package framework

// PlannedAction is what a plan does with an object and its name.
type PlannedAction int

// The actions of a plan.
const (
	PlanCreate PlannedAction = iota
	PlanKeep                 // includes changes except that of the name
	PlanRenameFrom
	PlanRenameTo
	PlanDelete
)

// PlannedUse is the use of a name in the plan of one resource.
type PlannedUse struct {
	Action PlannedAction
	// ID is the ID of the object. For a create, it is the ID of the replaced object, empty if there is none.
	ID string
	// Name is the name in the spelling of the resource.
	Name string
	// Adopts reports whether a create adopts an existing object.
	Adopts bool
}

// HasNameAfterApply reports whether the object has the name after the apply.
func (u PlannedUse) HasNameAfterApply() bool {
	return u.Action == PlanCreate || u.Action == PlanKeep || u.Action == PlanRenameTo
}
