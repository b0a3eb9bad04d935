package mlflow

import (
	"context"
	"slices"
	"time"
)

// PrincipalKind tells users, groups and service principals apart.
type PrincipalKind string

// The kinds of principals. An MLflow server has users, and roles in place of groups.
const (
	KindUser             PrincipalKind = "user"
	KindGroup            PrincipalKind = "group"
	KindServicePrincipal PrincipalKind = "service_principal"
)

// Principal is somebody who can hold a permission: a user by e-mail or name, a group by display name, a service principal by
// application id.
type Principal struct {
	Kind PrincipalKind
	Name string
}

// Grant gives a principal a permission level.
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

// LevelRun is a level of Databricks folders, which experiments inherit. Databricks' pages differ in whether it is above or below
// CAN_EDIT, so neither includes the other.
const LevelRun = "CAN_RUN"

// Levels that MLflow servers alone have: one between CAN_READ and CAN_EDIT, and two that allow nothing.
const (
	LevelUse  = "USE"
	LevelNone = "NO_PERMISSIONS"
	LevelDeny = "DENY"
)

// ACL is everything that is granted on one experiment or folder.
type ACL struct {
	Entries []ACLEntry
	// Created is the creation time of the experiment, zero where IDs are never used again.
	Created time.Time
	// Admins is a principal whose direct grants stay whatever is written, and are nobody's business; zero where there is none.
	Admins Principal
}

// ACLEntry is what one principal holds.
type ACLEntry struct {
	Principal   Principal
	DisplayName string
	Permissions []Permission
}

// Permission is one level, granted on the experiment itself or inherited.
type Permission struct {
	Level     string
	Inherited bool
	// InheritedFrom are the objects it comes from, such as "/directories/123"; "/directories/" is the workspace's root.
	InheritedFrom []string
}

// Values of InheritedFrom of a [Permission] on an MLflow server: an admin of the server, a manager of the workspace, or a grant on every
// experiment.
const (
	FromAdmin           = "admin"
	FromWorkspace       = "workspace"
	FromEveryExperiment = "every experiment"
)

// DirectGrant is what one principal holds directly on an experiment.
type DirectGrant struct {
	// Level is "" when there is no grant.
	Level string
	// Created is when the experiment was created, zero where ids are never used again and nobody needs to know.
	Created time.Time
}

// LevelInfo describes a level that an object offers.
type LevelInfo struct {
	Level       string `json:"permission_level"`
	Description string `json:"description"`
}

// ACLStore reads and writes the access control lists of one kind of objects: experiments or folders.
type ACLStore interface {
	// Get reads all grants; on Databricks it needs CAN_MANAGE, on an MLflow server an admin, or since 3.13 a role in the workspace.
	// Errors: [rest.IsNotFound], [rest.IsPermissionDenied], *[ObjectError], *[UnsupportedError].
	Get(ctx context.Context, id string) (ACL, error)
	// Set replaces all direct grants. It does not protect the caller. Inherited grants stay. Errors: also [MissingPrincipal].
	Set(ctx context.Context, id string, grants []Grant) (ACL, error)
}

// AccessControl reads and writes who may do what on experiments.
type AccessControl interface {
	ACLStore
	// GetListed is Get for an experiment that a search has just found. An MLflow server is then not asked whether there is one.
	GetListed(ctx context.Context, experimentID string) (ACL, error)
	// AccessContext tells what stands behind the lists of some experiments. Errors: as Get.
	AccessContext(ctx context.Context, experimentIDs []string) (AccessContext, error)
	// Level reads the one grant that a principal holds directly.
	Level(ctx context.Context, experimentID string, p Principal) (DirectGrant, error)
	// Grant gives one principal a level, or changes it, and leaves the others. It tells when the experiment was created, as [DirectGrant]
	// does. Callers must serialize it with Revoke, which looks before it writes. Errors: also [MissingPrincipal].
	Grant(ctx context.Context, experimentID string, g Grant) (created time.Time, err error)
	// Revoke removes the direct grant of one principal and leaves the others; one that is not there is a success. Callers must serialize it
	// with Set and Grant.
	Revoke(ctx context.Context, experimentID string, p Principal) error
	// Leftover lists the grants that an earlier experiment left under the ID of one that was just created: they open the new one to the
	// people of the old one. Grants to the caller are left out. There are none where IDs are never used again.
	Leftover(ctx context.Context, experimentID string) ([]Grant, error)
	// Levels lists the levels that can be granted.
	Levels(ctx context.Context, experimentID string) ([]LevelInfo, error)
}

// AccessContext is what decides about access to experiments besides their access control lists.
type AccessContext struct {
	// Members lists the members of each group, as far as the server tells them along with the grants: of the roles of an MLflow
	// server, to its admins. It is nil elsewhere.
	Members map[string][]string
	// MembersHidden reports that the server has roles, and does not show the caller who is in them.
	MembersHidden bool
	// DefaultLevel is what every user has at least, "" when it can't be told. A DENY takes it away. It is [LevelNone] in a workspace of a
	// server with workspaces: the default of the server does not apply there.
	DefaultLevel string
}

// Direct returns the level that the principal holds on the object itself; ok is false if it holds none.
func (e ACLEntry) Direct() (level string, ok bool) {
	direct := HighestLevels(e.levels(func(p Permission) bool { return !p.Inherited }))
	if len(direct) == 0 {
		return "", false
	}
	return direct[0], true // servers keep one direct level per principal
}

// Inherited returns the highest levels that the principal inherits, as [HighestLevels].
func (e ACLEntry) Inherited() []string {
	return HighestLevels(e.levels(func(p Permission) bool { return p.Inherited }))
}

// Effective returns the effective levels: the highest ones that the principal holds, direct or inherited, as [HighestLevels]. It is DENY
// alone if one of them is, except for admins, who cannot be denied access.
func (e ACLEntry) Effective() []string {
	denied := slices.ContainsFunc(e.Permissions, func(p Permission) bool { return p.Level == LevelDeny })
	if admin := slices.ContainsFunc(e.Permissions, Permission.FromAdminRole); denied && !admin {
		return []string{LevelDeny}
	}
	return HighestLevels(e.levels(func(Permission) bool { return true }))
}

// FromAdminRole reports whether an MLflow server gives the permission to an admin, of the server or of a workspace. No DENY outweighs it.
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
