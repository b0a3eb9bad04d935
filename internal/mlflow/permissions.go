package mlflow

import (
	"context"
	"slices"
	"sync"
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

// LevelRank orders the levels: a higher rank includes the lower ones. ok is false for a level that is not known.
func LevelRank(level string) (rank int, ok bool) {
	i := slices.Index([]string{LevelRead, LevelEdit, LevelManage}, level)
	return i, i >= 0
}

// HighestLevel gives the highest of some levels, "" when there is none. Unknown levels rank lowest.
func HighestLevel(levels []string) string {
	best, bestRank := "", -2
	for _, l := range levels {
		rank, _ := LevelRank(l)
		if rank > bestRank {
			best, bestRank = l, rank
		}
	}
	return best
}

// ACL is everything that is granted on one experiment.
type ACL struct {
	// ObjectType is "mlflowExperiment" for an experiment that has a list of its own.
	ObjectType string
	Entries    []ACLEntry
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

// Direct gives the level that the principal holds on the experiment itself; ok is false when it holds none.
func (e ACLEntry) Direct() (level string, ok bool) {
	level = HighestLevel(e.levels(func(p Permission) bool { return !p.Inherited }))
	return level, level != ""
}

// Inherited gives the highest level that the principal inherits, "" when none.
func (e ACLEntry) Inherited() string {
	return HighestLevel(e.levels(func(p Permission) bool { return p.Inherited }))
}

// Effective gives the highest level that the principal holds, directly or by inheritance.
func (e ACLEntry) Effective() string {
	return HighestLevel(e.levels(func(Permission) bool { return true }))
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

// LevelInfo describes a level that an object offers.
type LevelInfo struct {
	Level       string `json:"permission_level"`
	Description string `json:"description"`
}

// AccessControl reads and writes the access control list of experiments.
type AccessControl interface {
	// Get reads the list; it needs CAN_MANAGE. Errors: [IsNotFound], [IsPermissionDenied].
	Get(ctx context.Context, experimentID string) (ACL, error)
	// Set replaces all direct grants. It does not protect the caller. Inherited grants stay. Errors: also [MissingPrincipal].
	Set(ctx context.Context, experimentID string, grants []Grant) (ACL, error)
	// Update adds grants, or changes the level of principals who have one, and leaves the others.
	Update(ctx context.Context, experimentID string, grants []Grant) (ACL, error)
	// Levels lists the levels that can be granted.
	Levels(ctx context.Context, experimentID string) ([]LevelInfo, error)
}

// PermissionsGuard lets one writer at a time at the access control list of an experiment, within this process.
type PermissionsGuard struct {
	sync.Mutex
	// Declared: this process made the list what somebody declares. Whoever then removes grants means an older declaration of the
	// same experiment.
	Declared bool
}

// permissionsGuard is the key of an experiment's guard.
type permissionsGuard string

// PermissionsGuard is the guard of an experiment's access control list: always the same one for an id.
func (c *Client) PermissionsGuard(experimentID string) *PermissionsGuard {
	stored, _ := c.claimed.LoadOrStore(permissionsGuard(experimentID), &PermissionsGuard{})
	guard, _ := stored.(*PermissionsGuard)
	return guard
}
