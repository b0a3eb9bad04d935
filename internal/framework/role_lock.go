package framework

import (
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// RoleLock serializes, within a run, what writes one role of an MLflow server, and holds what this run declared and planned for it. Hold it
// from the look at a mark to the write that depends on it.
type RoleLock struct {
	sync.Mutex
	// Declared reports whether this run created, adopted, or changed the role. A Delete of it in the same run comes from another address.
	Declared bool
	// Deleted is the role that this run deleted, as it was before, without the grants that its state had; nil if it deleted none.
	Deleted *server.Role
	// Members holds the users that this run declared as members. MemberList reports whether one resource declared all of them.
	Members    map[string]bool
	MemberList bool

	read           bool
	planned        []PlannedUse
	plannedRows    map[plannedRow]bool
	plannedMembers map[plannedMember]bool
}

// plannedRow is one row of a role in a plan: of the role itself, or of what it is granted on.
type plannedRow struct {
	row    string
	inRole bool
}

// plannedMember is one member of a role in a plan, or the list of all of them if user is empty. inState tells the two plans of a
// replacement apart.
type plannedMember struct {
	user    string
	inState bool
}

type roleID struct{ workspace, name string }

// RoleLock returns the lock of a role.
func (s *RunState) RoleLock(workspace, name string) *RoleLock {
	return loadOrNew[RoleLock](&s.roles, roleID{workspace, name})
}

// MarkRead records that this run refreshed the role of a state.
func (l *RoleLock) MarkRead() {
	l.Lock()
	defer l.Unlock()
	l.read = true
}

// IsRead reports whether this run refreshed the role of a state.
func (l *RoleLock) IsRead() bool {
	l.Lock()
	defer l.Unlock()
	return l.read
}

// Plan records what the plan of a resource does with the role, and returns what others have planned so far. The ID of a use is the role
// that the resource has in the state, empty if it has none.
func (l *RoleLock) Plan(use PlannedUse) (others []PlannedUse) {
	l.Lock()
	defer l.Unlock()
	others = slices.Clone(l.planned)
	l.planned = append(l.planned, use)
	return others
}

// PlanRow records that a plan declares a row of the role, as "type/pattern": in the role itself, or else in the permissions of what it is
// granted on. It reports whether both declare it.
func (l *RoleLock) PlanRow(row string, inRole bool) (both bool) {
	l.Lock()
	defer l.Unlock()
	if l.plannedRows == nil {
		l.plannedRows = map[plannedRow]bool{}
	}
	l.plannedRows[plannedRow{row, inRole}] = true
	return l.plannedRows[plannedRow{row, !inRole}]
}

// PlanMember records the plan of one member, or of the list of all members if user is empty. It reports whether another resource has
// planned the same, and whether both a list and single members are planned.
func (l *RoleLock) PlanMember(user string, inState bool) (duplicate, mixed bool) {
	l.Lock()
	defer l.Unlock()
	if l.plannedMembers == nil {
		l.plannedMembers = map[plannedMember]bool{}
	}
	duplicate = l.plannedMembers[plannedMember{user, inState}]
	l.plannedMembers[plannedMember{user, inState}] = true
	for other := range l.plannedMembers {
		mixed = mixed || (other.user == "") != (user == "")
	}
	return duplicate, mixed
}

// DeclareMember marks a member.
func (l *RoleLock) DeclareMember(user string) {
	if l.Members == nil {
		l.Members = map[string]bool{}
	}
	l.Members[user] = true
}

// IsRenamed reports whether a plan gives the role another name.
func (l *RoleLock) IsRenamed() bool {
	l.Lock()
	defer l.Unlock()
	return slices.ContainsFunc(l.planned, func(use PlannedUse) bool { return use.Action == PlanRenameFrom })
}

// PlanRoleRow records that a plan declares the grant of a role on an experiment, in mlflow_role or else in the permissions of the
// experiment, and adds an error if both declare it. Databricks has no roles.
func (b *ResourceBase) PlanRoleRow(diags *diag.Diagnostics, at path.Path, role, experimentID string, inRole bool) {
	client := b.Client()
	if client == nil || client.Kind() != mlflow.KindServer || role == "" || experimentID == "" {
		return
	}
	if !b.Provider.Run.RoleLock(client.MLflowWorkspace(), role).PlanRow("experiment/"+experimentID, inRole) {
		return
	}
	diags.AddAttributeError(at, "Grant is declared twice", fmt.Sprintf("The grant of role %q on experiment %s is declared by mlflow_role, "+
		"in grants, and by the permissions of the experiment. A grant can be managed by only one resource.\n\nRemove it from one of the two. "+
		"The place for grants on single experiments is mlflow_experiment_permissions.", role, experimentID))
}

// Management holds the roles through which the current user stops managing a workspace in this run. Each of them may go if another one is
// left, but not all of them at once.
type Management struct {
	mu      sync.Mutex
	givenUp map[string]bool
}

// Management returns what this run gives up of the management of a workspace.
func (s *RunState) Management(workspace string) *Management {
	return loadOrNew[Management](&s.management, workspace)
}

// GiveUp records that the run gives up one of the roles through which the current user manages the workspace. If that would leave none, it
// records nothing, and reports false and the other roles that the run gives up.
func (m *Management) GiveUp(role string, through []string) (others []string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range through {
		switch {
		case other == role:
		case m.givenUp[other]:
			others = append(others, other)
		default:
			ok = true
		}
	}
	if ok && m.givenUp == nil {
		m.givenUp = map[string]bool{}
	}
	if ok {
		m.givenUp[role] = true
	}
	return others, ok
}
