//go:build mlflow

package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func membersConfig(role string, users ...string) map[string]any {
	return map[string]any{"role": role, "users": append([]string{}, users...)}
}

func memberConfig(role, user string) map[string]any {
	return map[string]any{"role": role, "user": user}
}

// roleMembersLifecycle tests the lifecycle of an authoritative list of members.
func roleMembersLifecycle(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t).name, s.addUser(t).name, s.addUser(t).name
	role, number := s.addRole(t)
	id := numberOf(number)
	s.assign(t, id, carl)
	m := s.Provider(t, nil).Resource(kindMembers)
	acctest.ExpectDiagnostics(t, m.Apply(membersConfig(role, ana, ben)), "warning at users: Undeclared members will be removed", "  - "+carl)
	s.expectRole(t, role, map[string]string{}, ana, ben)
	m.MustApply(membersConfig(role, ben, carl))
	s.expectRole(t, role, map[string]string{}, ben, carl)
	for what, behind := range map[string]func(){
		"one more": func() { s.assign(t, id, ana) },
		"one less": func() { s.unassign(t, id, ben) },
		"others":   func() { s.unassign(t, id, carl); s.assign(t, id, ana) },
	} {
		behind()
		acctest.ExpectDiagnostics(t, m.Refresh(), "")
		if plan := m.Plan(membersConfig(role, ben, carl)); !slices.Equal(plan.Changed, []string{"users"}) || plan.Diagnostics != "" {
			t.Errorf("%s: got planned action %s, changed attributes %v; diagnostics %q", what, plan.Action, plan.Changed, plan.Diagnostics)
		}
		m.MustApply(membersConfig(role, ben, carl))
		s.expectRole(t, role, map[string]string{}, ben, carl)
	}

	// If a user or a role does not exist, nothing is changed.
	acctest.ExpectDiagnostics(t, m.Apply(membersConfig(role, ana, "nobody")), "error at users: Could not set members of role: Members of role",
		`has no user "nobody"`, "Nothing was changed")
	s.expectRole(t, role, map[string]string{}, ben, carl)
	acctest.ExpectDiagnostics(t, m.Apply(membersConfig("nobodies", ana)), "error at role: Could not set members of role: Role \"nobodies\"",
		"mlflow_role.NAME.name")
	s.expectRole(t, role, map[string]string{}, ben, carl)

	// Another role does not force replacement. A role that was renamed outside Terraform is not found.
	other, _ := s.addRole(t)
	if plan := planned(m, membersConfig(other, ben)); plan.Action != "update" {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	m.MustApply(membersConfig(other, ben))
	s.expectRole(t, role, map[string]string{})
	s.expectRole(t, other, map[string]string{}, ben)
	otherID := s.readRole(t, "default", other).id
	s.updateRole(t, otherID, "name", other+" renamed")
	acctest.ExpectDiagnostics(t, m.Refresh(), "warning: Role not found, members removed from state: Role \""+other)
	acctest.ExpectDiagnostics(t, m.Import(other+" renamed"), "")
	m.MustApply(membersConfig(other + " renamed"))
	s.expectRole(t, other+" renamed", map[string]string{})
	m.MustApply(membersConfig(other+" renamed", ana))
	s.assign(t, otherID, carl)
	m.Provider = m.Restart() // destroying removes what is in the state
	acctest.ExpectDiagnostics(t, m.ApplyPlan(m.Plan(nil), nil), "")
	s.expectRole(t, other+" renamed", map[string]string{}, carl)
}

// roleMemberLifecycle tests the lifecycle of one member next to others.
func roleMemberLifecycle(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t).name, s.addUser(t).name, s.addUser(t).name
	role, number := s.addRole(t)
	s.assign(t, numberOf(number), carl)
	m := s.Provider(t, nil).Resource(kindMember)
	m.MustApply(memberConfig(role, ana))
	s.expectRole(t, role, map[string]string{}, ana, carl)
	if got := m.Text("id"); got != "default/"+role+"/"+ana {
		t.Errorf("ID: got %s", got)
	}
	s.assign(t, numberOf(number), ben)
	m.ExpectEmptyPlan(memberConfig(role, ana))
	s.unassign(t, numberOf(number), ana)
	acctest.ExpectDiagnostics(t, m.Apply(memberConfig(role, ana)), "warning: Member not found, removed from state: User \""+ana, role)
	s.expectRole(t, role, map[string]string{}, ana, ben, carl)
	m.MustApply(memberConfig(role, ben)) // who is a member already
	s.expectRole(t, role, map[string]string{}, ben, carl)
	other, _ := s.addRole(t)
	m.MustApply(memberConfig(other, ben))
	s.expectRole(t, role, map[string]string{}, carl)
	s.expectRole(t, other, map[string]string{}, ben)
	acctest.ExpectDiagnostics(t, m.Apply(memberConfig(other, "nobody")), "error at user: Could not add member to role: User \"nobody\"",
		"Nothing was changed")
	acctest.ExpectDiagnostics(t, m.Apply(memberConfig("nobodies", ben)), "error at role: Could not add member to role: Role \"nobodies\"")
	s.expectRole(t, other, map[string]string{}, ben)
	acctest.ExpectDiagnostics(t, m.Destroy(), "")
	s.expectRole(t, other, map[string]string{})
	m.MustApply(memberConfig(other, ana))
	s.deleteUser(t, ana)
	acctest.ExpectDiagnostics(t, m.Destroy(), "warning: Member not found, removed from state")
}

// roleAddresses checks that nothing declared is lost when a resource gets another address without a moved block.
func roleAddresses(t *testing.T, s *server) {
	ana, ben := s.addUser(t).name, s.addUser(t).name
	name, experiment := s.Name("two"), s.CreateExperiment(t, s.Name("two"), nil)
	role := func(level string) declaration {
		return declaration{kindRole, roleConfig(name, map[string]string{"experiment/*": level}, "adopt_existing", true)}
	}
	for _, first := range []string{"delete", "create", "plan"} {
		keep := s.Provider(t, nil).Resource(kindRole)
		keep.MustApply(role("READ").config)
		id := s.readRole(t, "default", name).id
		s.assign(t, id, ana)
		s.addRow(t, id, "experiment/"+experiment, "EDIT")
		switchAddress(t, s.Backend, role("READ"), role("EDIT"), first)
		s.expectRole(t, name, map[string]string{"experiment/*": "EDIT", "experiment/" + experiment: "EDIT"}, ana)
		s.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": s.readRole(t, "default", name).id})
	}
	group, _ := s.addRole(t)
	list := func(users ...string) declaration { return declaration{kindMembers, membersConfig(group, users...)} }
	one := func(user string) declaration { return declaration{kindMember, memberConfig(group, user)} }
	for _, first := range []string{"delete", "create", "plan"} {
		for _, c := range []struct {
			from, to declaration
			want     []string
		}{
			{list(ana), list(ana, ben), []string{ana, ben}},
			{list(ana, ben), one(ana), []string{ana}},
			{one(ana), one(ana), []string{ana}},
			{one(ana), list(ana, ben), []string{ana, ben}},
		} {
			switchAddress(t, s.Backend, c.from, c.to, first)
			s.expectRole(t, group, map[string]string{}, c.want...)
		}
	}
}

// roleConflicts checks that the plan rejects two resources for one object, whichever is planned first.
func roleConflicts(t *testing.T, s *server) {
	ana := s.addUser(t).name
	name, _ := s.addRole(t)
	experiment := s.CreateExperiment(t, s.Name("declared"), nil)
	adopt := roleConfig(name, map[string]string{"experiment/" + experiment: "READ"}, "adopt_existing", true)
	for what, c := range map[string]struct {
		a, b declaration
		want string
	}{
		"two roles": {declaration{kindRole, adopt}, declaration{kindRole, adopt}, "error at name: Role is managed by two resources"},
		"two lists": {declaration{kindMembers, membersConfig(name, ana)}, declaration{kindMembers, membersConfig(name)},
			"error at role: Members are managed by two resources"},
		"two members": {declaration{kindMember, memberConfig(name, ana)}, declaration{kindMember, memberConfig(name, ana)},
			"error at user: Member is managed by two resources"},
		"a list and a member": {declaration{kindMembers, membersConfig(name, ana)}, declaration{kindMember, memberConfig(name, ana)},
			"error at role: Members are managed by two resources"},
		"a row and a list": {declaration{kindRole, adopt}, declaration{"mlflow_experiment_permissions", grantsConfig(experiment,
			map[string]any{"groups": map[string]string{name: "CAN_READ"}})}, "error at groups: Grant is managed by two resources"},
		"a row and one grant": {declaration{kindRole, adopt}, declaration{"mlflow_experiment_permission", grantsConfig(experiment,
			map[string]any{"group_name": name, "permission_level": "CAN_READ"})}, "error at group_name: Grant is managed by two resources"},
	} {
		p := s.Provider(t, nil)
		acctest.ExpectDiagnostics(t, withoutWarnings(p.Resource(c.a.kind).Plan(c.a.config).Diagnostics), "")
		if diags := withoutWarnings(p.Resource(c.b.kind).Plan(c.b.config).Diagnostics); !strings.HasPrefix(diags, c.want) {
			t.Errorf("%s: diagnostics %q, want %q", what, diags, c.want)
		}
		p = s.Provider(t, nil)
		p.Resource(c.b.kind).Plan(c.b.config)
		if diags := withoutWarnings(p.Resource(c.a.kind).Plan(c.a.config).Diagnostics); !acctest.HasError(diags) {
			t.Errorf("%s, the other way round: diagnostics %q", what, diags)
		}
	}
	// A member under two addresses is not a conflict if one of them is deleted.
	m := s.Provider(t, nil).Resource(kindMember)
	m.MustApply(memberConfig(name, ana))
	m.Refresh()
	acctest.ExpectDiagnostics(t, m.Plan(nil).Diagnostics, "")
	acctest.ExpectDiagnostics(t, m.Resource(kindMembers).Plan(membersConfig(name, ana)).Diagnostics, "")

	// A role that another resource no longer declares.
	r := s.Provider(t, nil).Resource(kindRole)
	given := roleConfig(s.Name("given"), nil)
	r.MustApply(given)
	r.Refresh()
	acctest.ExpectDiagnostics(t, r.Plan(nil).Diagnostics, "")
	acctest.ExpectDiagnostics(t, r.Resource(kindRole).Plan(given).Diagnostics, "error: Role would be deleted and recreated", "moved block")
	r.Refresh()
	acctest.ExpectDiagnostics(t, r.Plan(roleConfig(s.Name("else"), nil)).Diagnostics, "")
	acctest.ExpectDiagnostics(t, r.Resource(kindRole).Plan(given).Diagnostics, "error: Role name is still in use")
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
}

// roleExperiments moves a grant on one experiment from a role to the permissions of the experiment and back, in any order, without losing
// it.
func roleExperiments(t *testing.T, s *server) {
	experiment, name := s.CreateExperiment(t, s.Name("row"), nil), s.Name("row")
	row := "experiment/" + experiment
	with := roleConfig(name, map[string]string{"workspace/*": "USE", row: "READ"})
	without := roleConfig(name, map[string]string{"workspace/*": "USE"})
	for _, kind := range []string{"mlflow_experiment_permissions", "mlflow_experiment_permission"} {
		granted := grantsConfig(experiment, map[string]any{"group_name": name, "permission_level": "CAN_READ"})
		if kind == "mlflow_experiment_permissions" {
			granted = grantsConfig(experiment, map[string]any{"groups": map[string]string{name: "CAN_READ"},
				"users": map[string]string{adminName: "CAN_MANAGE"}})
		}
		for _, roleFirst := range []bool{true, false} {
			r := s.Provider(t, nil).Resource(kindRole)
			r.MustApply(with)
			p := s.Provider(t, nil)
			r.Provider = p
			access := p.Resource(kind)
			inOrder(roleFirst,
				func() { expectNoError(t, r.ApplyPlan(r.Plan(without), without)) },
				func() { expectNoError(t, access.ApplyPlan(access.Plan(granted), granted)) })
			s.expectRole(t, name, map[string]string{"workspace/*": "USE", row: "READ"})
			r.ExpectEmptyPlan(without)
			p = s.Provider(t, nil)
			r.Provider, access.Provider = p, p
			inOrder(roleFirst,
				func() { expectNoError(t, r.ApplyPlan(r.Plan(with), with)) },
				func() { expectNoError(t, access.ApplyPlan(access.Plan(nil), nil)) })
			s.expectRole(t, name, map[string]string{"workspace/*": "USE", row: "READ"})
			r.ExpectEmptyPlan(with)
			acctest.ExpectDiagnostics(t, r.Destroy(), "")
		}
	}
}

func inOrder(forward bool, first, second func()) {
	if !forward {
		first, second = second, first
	}
	first()
	second()
}

func expectNoError(t *testing.T, diags string) {
	t.Helper()
	if acctest.HasError(diags) {
		t.Error(diags)
	}
}
