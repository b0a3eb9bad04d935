package mlflow

import (
	"context"
	"slices"
	"time"
)

// PrincipalKind is the kind of a principal.
type PrincipalKind string

// The kinds of principals. An MLflow server has users, and roles in place of groups.
const (
	KindUser             PrincipalKind = "user"
	KindGroup            PrincipalKind = "group"
	KindServicePrincipal PrincipalKind = "service_principal"
)

// Principal is an identity to which permissions can be granted. Its name is the email or username of a user, the display name of a group,
// the name of a role, or the application ID of a service principal.
type Principal struct {
	Kind PrincipalKind
	Name string
}

// Grant is a permission level of a principal on an object.
type Grant struct {
	Principal Principal
	Level     string
}

// Permission levels for experiments, ascending.
const (
	LevelRead   = "CAN_READ"
	LevelEdit   = "CAN_EDIT"
	LevelManage = "CAN_MANAGE"
)

// LevelRun is a level of Databricks folders, which experiments inherit. The Databricks documentation is inconsistent about whether it is
// above or below CAN_EDIT, so neither includes the other.
const LevelRun = "CAN_RUN"

// Levels that only MLflow servers have: one between CAN_READ and CAN_EDIT, and two without access.
const (
	LevelUse  = "USE"
	LevelNone = "NO_PERMISSIONS"
	LevelDeny = "DENY"
)

// ACL is the access control list of an experiment or a folder.
type ACL struct {
	Entries []ACLEntry
	// Created is the creation time of the experiment, zero on servers that do not reuse IDs.
	Created time.Time
	// Admins is the principal whose direct grants cannot be changed and are ignored, zero if there is none.
	Admins Principal
}

// ACLEntry has the permissions of one principal.
type ACLEntry struct {
	Principal   Principal
	DisplayName string
	Permissions []Permission
}

// Permission is a level, granted on the object itself or inherited.
type Permission struct {
	Level     string
	Inherited bool
	// InheritedFrom has the objects from which the level is inherited, such as "/directories/123"; "/directories/" is the root folder.
	InheritedFrom []string
}

// Values of [Permission].InheritedFrom on an MLflow server: a server admin, a manager of the workspace, or a grant on all experiments.
const (
	FromAdmin           = "admin"
	FromWorkspace       = "workspace"
	FromEveryExperiment = "every experiment"
)

// DirectGrant is the direct grant of one principal on an experiment.
type DirectGrant struct {
	// Level is "" if there is no grant.
	Level string
	// Created is the creation time of the experiment, zero on servers that do not reuse IDs.
	Created time.Time
}

// LevelInfo describes a level that can be granted on an object.
type LevelInfo struct {
	Level       string `json:"permission_level"`
	Description string `json:"description"`
}

// ACLStore reads and writes the access control lists of one kind of objects: experiments or folders.
type ACLStore interface {
	// Get reads all grants. It requires CAN_MANAGE on Databricks; on an MLflow server, a server admin or, since 3.13, a role in the workspace.
	// Errors: [rest.IsNotFound], [rest.IsPermissionDenied], *[ObjectError], *[UnsupportedError].
	Get(ctx context.Context, id string) (ACL, error)
	// Set replaces all direct grants, and does not protect those of the caller. Inherited grants are unchanged. Errors: also
	// [MissingPrincipal].
	Set(ctx context.Context, id string, grants []Grant) (ACL, error)
}

// AccessControl reads and changes the permissions on experiments.
type AccessControl interface {
	ACLStore
	// GetListed is Get for an experiment that a search has just returned. It does not check that the experiment exists.
	GetListed(ctx context.Context, experimentID string) (ACL, error)
	// AccessContext returns the data that determines access to experiments in addition to their lists. Errors: as Get.
	AccessContext(ctx context.Context, experimentIDs []string) (AccessContext, error)
	// Level reads the direct grant of a principal.
	Level(ctx context.Context, experimentID string, p Principal) (DirectGrant, error)
	// Grant grants a level to one principal, or changes it, without changing other grants. It returns the creation time of the
	// experiment, as in [DirectGrant]. Callers must serialize it with Revoke, which reads before it writes. Errors: also
	// [MissingPrincipal].
	Grant(ctx context.Context, experimentID string, g Grant) (created time.Time, err error)
	// Revoke revokes the direct grant of one principal without changing other grants. It succeeds if there is no grant. Callers must
	// serialize it with Set and Grant.
	Revoke(ctx context.Context, experimentID string, p Principal) error
	// Leftover lists the grants of an earlier experiment with the ID of one that was just created, which also apply to the new one.
	// Grants to the caller are omitted. There are none on servers that do not reuse IDs.
	Leftover(ctx context.Context, experimentID string) ([]Grant, error)
	// Levels lists the levels that can be granted.
	Levels(ctx context.Context, experimentID string) ([]LevelInfo, error)
}

// AccessContext has the data that determines access to experiments in addition to their access control lists.
type AccessContext struct {
	// Members has the members of each role of an MLflow server, if the server returns them with the grants: to server admins and
	// managers of the workspace. Otherwise, it is nil.
	Members map[string][]string
	// MembersHidden reports whether the server has roles, but does not return their members to the caller.
	MembersHidden bool
	// DefaultLevel is the minimum level of all users without DENY, "" if it is unknown. It is [LevelNone] in a workspace of a server with
	// workspaces, where the default of the server does not apply.
	DefaultLevel string
}

// Direct returns the level of the direct grant; ok is false if there is none.
func (e ACLEntry) Direct() (level string, ok bool) {
	direct := HighestLevels(e.levels(func(p Permission) bool { return !p.Inherited }))
	if len(direct) == 0 {
		return "", false
	}
	return direct[0], true // servers have one direct level per principal
}

// Inherited returns the highest inherited levels, as [HighestLevels].
func (e ACLEntry) Inherited() []string {
	return HighestLevels(e.levels(func(p Permission) bool { return p.Inherited }))
}

// Effective returns the effective levels: the highest direct or inherited ones, as [HighestLevels]. It returns only DENY if that is one
// of them, except for admins, who cannot be denied access.
func (e ACLEntry) Effective() []string {
	denied := slices.ContainsFunc(e.Permissions, func(p Permission) bool { return p.Level == LevelDeny })
	if admin := slices.ContainsFunc(e.Permissions, Permission.FromAdminRole); denied && !admin {
		return []string{LevelDeny}
	}
	return HighestLevels(e.levels(func(Permission) bool { return true }))
}

// FromAdminRole reports whether the permission is that of a server admin or a manager of the workspace of an MLflow server. DENY does not
// override it.
func (p Permission) FromAdminRole() bool {
	return p.Inherited && p.Level == LevelManage &&
		(slices.Contains(p.InheritedFrom, FromAdmin) || slices.Contains(p.InheritedFrom, FromWorkspace))
}

func (e ACLEntry) levels(want func(Permission) bool) []string {
	var levels []string
	for _, p := range e.Permissions {
		if want(p) {
			levels = append(levels, p.Level)
		}
	}
	return levels
}
