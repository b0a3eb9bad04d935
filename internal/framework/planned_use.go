package framework

// PlannedAction is what a plan does with the experiment that has a name, or is about to get it.
type PlannedAction int

// What a plan does.
const (
	PlanCreate PlannedAction = iota
	PlanKeep                 // or change, but for the name
	PlanRenameFrom
	PlanRenameTo
	PlanDelete
)

// PlannedUse is what the plan of one resource does with a name.
type PlannedUse struct {
	Action PlannedAction
	// ID is the ID of the experiment. For a create it is the ID of the one that is replaced, empty if there is none.
	ID string
	// Name is the name as the resource spells it.
	Name string
	// Adopts reports whether a create adopts an existing experiment.
	Adopts bool
}

// HasNameAfterApply reports whether the experiment has the name after the apply.
func (u PlannedUse) HasNameAfterApply() bool {
	return u.Action == PlanCreate || u.Action == PlanKeep || u.Action == PlanRenameTo
}
