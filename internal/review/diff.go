package review

// Changes are the differences between two reviews. The lists are sorted by experiment and principal.
type Changes struct {
	// Added are principals without a grant on the experiment in the first review. This includes the principals on experiments that the first
	// review does not list or could not read.
	Added []Change
	// Removed are principals without a grant on the experiment in the second review. Principals on experiments that the second review does
	// not list or could not read are not included, because they possibly still have their grants.
	Removed []Change
	// Raised and Lowered are principals whose levels are all higher or equal, or all lower or equal.
	Raised, Lowered []Change
	// Changed are principals with other levels of which neither is known to be higher, such as CAN_EDIT and CAN_RUN.
	Changed []Change
	// SourceChanged are principals with the same levels from other sources, for example directly instead of from a folder.
	SourceChanged []Change
	// Renamed are experiments with the same ID and another name.
	Renamed []Rename
	// NewlyUnreadable are experiments that the second review could not read, and that the first one could read or did not list.
	NewlyUnreadable []Unreadable
	// NewlyReadable are experiments that the first review could not read, and the second one could.
	NewlyReadable []Experiment
	// NewlyListed and NoLongerListed are experiments that only the second or only the first review lists, readable or not.
	NewlyListed, NoLongerListed []Experiment
	// DefaultLevelBefore and DefaultLevelAfter are the default levels of the two reviews.
	DefaultLevelBefore, DefaultLevelAfter string
}

// Change is a change of the grants of a principal on an experiment.
type Change struct {
	// ExperimentID can be empty.
	ExperimentID string
	// Experiment is the name of the experiment, in the second review if it is in both.
	Experiment string
	Kind       string
	Principal  string
	// DisplayName can be empty.
	DisplayName string
	// Before and After are the highest levels, separated by ", " if there are several. They are empty if there is no grant.
	Before, After string
	// GrantsBefore and GrantsAfter describe the grants for people.
	GrantsBefore, GrantsAfter []string
}

// Rename is a change of the name of an experiment.
type Rename struct {
	ExperimentID  string
	Before, After string
}
