package review

// Principals is what is known about the principals of a review: who exists, and who is in which group. The names of principals compare
// exactly, so they must be in the spelling that the grants of the review have.
type Principals struct {
	// Principals are in any order.
	Principals []PrincipalStatus
	// Members are in any order.
	Members []Member
	// Everybody are the names of the groups that contain every user, such as "users" on Databricks. Their members are not listed.
	Everybody []string
	// Incomplete are the principals that could not be read completely.
	Incomplete []Incomplete
}

// PrincipalStatus is what is known about one principal.
type PrincipalStatus struct {
	// Kind is [KindGroup], [KindUser], or [KindServicePrincipal].
	Kind string
	Name string
	// DisplayName is empty if the server does not return one.
	DisplayName string
	// Exists is false if the server does not know the principal, for example because it was deleted.
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

// Incomplete is a principal that could not be read completely. The members of a group that is incomplete are possibly not all listed.
type Incomplete struct {
	// Kind is empty for principals of all kinds.
	Kind string
	// Name is empty for all principals of the kind.
	Name string
}
