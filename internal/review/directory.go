package review

// Principals is the data about the principals of a review: which ones exist, and the members of groups. Names of principals compare
// exactly, so they must be spelled as in the grants of the review.
type Principals struct {
	// Principals are in any order.
	Principals []PrincipalStatus
	// Members are in any order.
	Members []Member
	// Everybody are the names of the groups that contain all users, such as "users" on Databricks. Their members are not listed.
	Everybody []string
	// Incomplete are the principals that could not be read completely.
	Incomplete []Incomplete
}

// PrincipalStatus is the status of a principal.
type PrincipalStatus struct {
	// Kind is [KindGroup], [KindUser], or [KindServicePrincipal].
	Kind string
	Name string
	// DisplayName is empty if the server does not return one.
	DisplayName string
	// Exists is false if the server has no such principal, for example because it was deleted.
	Exists bool
	// Admin is true for the server admins of an MLflow server.
	Admin bool
}

// Member is a principal that a group contains, directly or through nested groups.
type Member struct {
	// Group is the name of the group.
	Group string
	// Kind and Name are those of the principal. If it is a group, its members are members of Group, too, even if they are not listed again.
	Kind, Name string
	// Via are the names of the groups between Group and the principal, the outermost first. It is empty for a direct member.
	Via []string
}

// Incomplete is a principal that could not be read completely. If it is a group, some of its members can be missing.
type Incomplete struct {
	// Kind is empty for principals of all kinds.
	Kind string
	// Name is empty for all principals of the kind.
	Name string
}
