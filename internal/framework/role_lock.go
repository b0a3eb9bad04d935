package framework

import (
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// RoleLock serializes, within a run, the operations that write one role of an MLflow server, and has what this run declared and planned for
// it. Hold the lock from the check of a mark to the write that depends on it.
type RoleLock struct {
	sync.Mutex
	// Declared reports whether this run created, adopted, or changed the role. A Delete in the same run is of another resource address.
	Declared bool
	// Deleted is the role that this run deleted, without the grants that the state had; nil if there is none.
	Deleted *server.Role
	// Members are the users that this run declared as members. MemberList reports whether one resource declared the complete list.
	Members    map[string]bool
	MemberList bool
	planned.Name

	read           bool
	plannedGrants  map[plannedRoleGrant]bool
	plannedMembers map[plannedMember]bool
}

// plannedRoleGrant is one grant of a role in a plan, as "type/pattern", declared by the role itself or by the permissions of an object.
type plannedRoleGrant struct {
	grant  string
	inRole bool
}

// plannedMember is one member of a role in a plan, or the complete list if user is empty. inState distinguishes the two plans of a
// replacement.
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

// PlanGrant records that a plan declares a grant of the role, as "type/pattern": in the role itself, or in the permissions of an object. It
// reports whether both declare it.
func (l *RoleLock) PlanGrant(grant string, inRole bool) (both bool) {
	l.Lock()
	defer l.Unlock()
	if l.plannedGrants == nil {
		l.plannedGrants = map[plannedRoleGrant]bool{}
	}
	l.plannedGrants[plannedRoleGrant{grant, inRole}] = true
	return l.plannedGrants[plannedRoleGrant{grant, !inRole}]
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

// DeclareMember records that this run declares a member.
func (l *RoleLock) DeclareMember(user string) {
	if l.Members == nil {
		l.Members = map[string]bool{}
	}
	l.Members[user] = true
}

// PlanRoleGrant records that a plan declares the grant of a role on an experiment, in mlflow_role or in the permissions of the experiment.
// It adds an error if both declare it. Databricks has no roles.
func (b *ResourceBase) PlanRoleGrant(diags *diag.Diagnostics, at path.Path, role, experimentID string, inRole bool) {
	client := b.Client()
	if client == nil || client.Kind() != mlflow.KindServer || role == "" || experimentID == "" {
		return
	}
	if !b.Provider.Run.RoleLock(client.MLflowWorkspace(), role).PlanGrant("experiment/"+experimentID, inRole) {
		return
	}
	diags.AddAttributeError(at, "Grant is managed by two resources", fmt.Sprintf("The grant of role %q on experiment %s is declared in "+
		"grants of mlflow_role and in the permissions of the experiment. Only one resource can manage it.\n\nRemove it from one of the two. Use "+
		"mlflow_experiment_permissions for grants on single experiments.", role, experimentID))
}

// Management records the management roles that the current user loses in this run, for one MLflow workspace. The current user can lose all
// but one of them.
type Management struct {
	mu   sync.Mutex
	lost map[string]bool
}

// Management returns the record of lost management roles of an MLflow workspace.
func (s *RunState) Management(workspace string) *Management {
	return loadOrNew[Management](&s.management, workspace)
}

// Lose records that the current user loses a role. through lists all roles through which the current user manages the workspace. If no
// other one would remain, it records nothing, and returns false and the other lost roles.
func (m *Management) Lose(role string, through []string) (others []string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range through {
		switch {
		case other == role:
		case m.lost[other]:
			others = append(others, other)
		default:
			ok = true
		}
	}
	if ok && m.lost == nil {
		m.lost = map[string]bool{}
	}
	if ok {
		m.lost[role] = true
	}
	return others, ok
}
