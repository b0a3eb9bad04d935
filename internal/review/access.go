package review

// Access is the level that a principal has on an experiment, and all the ways in which it has it.
type Access struct {
	// ExperimentID can be empty.
	ExperimentID string
	// Experiment is the name of the experiment.
	Experiment string
	// Kind is [KindUser], [KindServicePrincipal], or the kind of a principal that cannot be resolved to its members.
	Kind string
	// Principal is the name of the principal.
	Principal string
	// DisplayName can be empty.
	DisplayName string
	// Level is the effective level.
	Level string
	// Ways has the ways of Level first.
	Ways []Way
}

// Way is one way in which a principal has a level on an experiment.
type Way struct {
	Level string
	// Group is the name of the group that has the grant. It is empty if the principal has it itself.
	Group string
	// Via are the names of the groups between Group and the principal, the outermost first. It is empty for a direct member.
	Via []string
	// Inherited and InheritedFrom are those of the grant.
	Inherited     bool
	InheritedFrom string
	// Source is [SourceGrant], [SourceAdmin], or [SourceDefault].
	Source string
}

// The values of Source of a [Way].
const (
	// SourceGrant is a grant.
	SourceGrant = "grant"
	// SourceAdmin is the right of a server admin or a workspace admin of an MLflow server. DENY does not outweigh it.
	SourceAdmin = "admin"
	// SourceDefault is the default level of an MLflow server.
	SourceDefault = "default"
)
