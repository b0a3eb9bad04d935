// Package review computes effective access, changes, decisions, and reports from the grants on experiments. It imports only the standard
// library: its callers read grants from a server, and convert from and to Terraform values.
package review

// Review is the result of reading the permissions of experiments.
type Review struct {
	// Server is the URL of the server. It can be empty.
	Server string
	// Workspace is the MLflow workspace. It is empty on servers without workspaces.
	Workspace string
	// Caller is the name of the identity that read the permissions. It can be empty.
	Caller string
	// Grants are in any order.
	Grants []Grant
	// Experiments are the experiments whose grants could be read. Experiments of Grants can be missing here.
	Experiments []Experiment
	// Unreadable are the experiments whose grants could not be read.
	Unreadable []Unreadable
	// DefaultLevel is the minimum permission level of every user on every experiment. It is empty if there is none or if it is unknown.
	DefaultLevel string
}

// Experiment is an experiment of a review.
type Experiment struct {
	// ID distinguishes experiments with the same name. It can be empty.
	ID   string
	Name string
	// Owner is the name of the owner. It is empty if the server does not return one.
	Owner string
	// LastUpdated is the time of the last update in RFC 3339 format. It can be empty.
	LastUpdated string
	Tags        map[string]string
}

// Grant is a permission level of a principal on an experiment.
type Grant struct {
	// Experiment is the name of the experiment.
	Experiment string
	// ExperimentID distinguishes experiments with the same name. It can be empty.
	ExperimentID string
	// Kind is the kind of the principal: [KindGroup], [KindUser], or [KindServicePrincipal]. Other kinds are allowed.
	Kind string
	// Principal is the name of the principal: a group name, a username or email, or an application ID.
	Principal string
	// DisplayName is empty if the server does not return one.
	DisplayName string
	// Level is a permission level such as CAN_EDIT. Unknown levels are allowed.
	Level string
	// Inherited is false for a direct grant.
	Inherited bool
	// InheritedFrom describes the object that an inherited grant comes from, such as the path of a folder. It is empty if it is unknown. On
	// MLflow servers, "admin" and "workspace" are the rights of server admins and of managers of the MLflow workspace, which DENY does not
	// override.
	InheritedFrom string
	// InheritedFromID identifies the object that InheritedFrom describes, such as /directories/123. If it is set, it identifies the source
	// of the grant instead of InheritedFrom: the path of a folder can change, and a review does not always contain it.
	InheritedFromID string
	// Effective is set for the grant that determines the effective level of the principal on the experiment, if the review determined it.
	Effective bool
}

// Unreadable is an experiment whose grants could not be read.
type Unreadable struct {
	// ExperimentID distinguishes experiments with the same name. It can be empty.
	ExperimentID string
	// Experiment is the name of the experiment.
	Experiment string
	// Reason explains why the grants could not be read.
	Reason string
}

// The kinds of principals. On an MLflow server, groups are roles.
const (
	KindGroup            = "group"
	KindUser             = "user"
	KindServicePrincipal = "service_principal"
)
