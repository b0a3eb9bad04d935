//go:build mlflow

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func membersConfig(role string, users ...string) map[string]any {
	return map[string]any{"role": role, "users": append([]string{}, users...)}
}

func memberConfig(role, user string) map[string]any {
	return map[string]any{"role": role, "user": user}
}

// roleMembersLife goes through the life of an authoritative list of members.
func roleMembersLife(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t).name, s.addUser(t).name, s.addUser(t).name
	role, number := s.addRole(t)
	id := numberOf(number)
	s.assign(t, id, carl)
	m := s.Provider(t, nil).Block(kindMembers)
	acctest.ExpectSays(t, m.Up(membersConfig(role, ana, ben)), "warning at users: Undeclared members will be removed", "  - "+carl)
	s.expectRole(t, role, map[string]string{}, ana, ben)
	m.MustUp(membersConfig(role, ben, carl))
	s.expectRole(t, role, map[string]string{}, ben, carl)
	for what, behind := range map[string]func(){
		"one more": func() { s.assign(t, id, ana) },
		"one less": func() { s.unassign(t, id, ben) },
		"others":   func() { s.unassign(t, id, carl); s.assign(t, id, ana) },
	} {
		behind()
		acctest.ExpectSays(t, m.Refresh(), "")
		if plan := m.Plan(membersConfig(role, ben, carl)); !slices.Equal(plan.Changed, []string{"users"}) || plan.Says != "" {
			t.Errorf("%s: planned is to %s, changing %v; said is %q", what, plan.Action, plan.Changed, plan.Says)
		}
		m.MustUp(membersConfig(role, ben, carl))
		s.expectRole(t, role, map[string]string{}, ben, carl)
	}

	// Nothing is changed for a user, or a role, that is not there.
	acctest.ExpectSays(t, m.Up(membersConfig(role, ana, "nobody")), "error at users: Could not set members of role: Members of role", `has no user "nobody"`, "Nothing was changed")
	s.expectRole(t, role, map[string]string{}, ben, carl)
	acctest.ExpectSays(t, m.Up(membersConfig("nobodies", ana)), "error at role: Could not set members of role: Role \"nobodies\"", "mlflow_role.NAME.name")
	s.expectRole(t, role, map[string]string{}, ben, carl)

	// Another role is no replacement, and one that others renamed is gone.
	other, _ := s.addRole(t)
	if plan := planned(m, membersConfig(other, ben)); plan.Action != "update" {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	m.MustUp(membersConfig(other, ben))
	s.expectRole(t, role, map[string]string{})
	s.expectRole(t, other, map[string]string{}, ben)
	otherID := s.roleTruth(t, "default", other).id
	s.updateRole(t, otherID, "name", other+" renamed")
	acctest.ExpectSays(t, m.Refresh(), "warning: Role not found, members removed from state: Role \""+other)
	acctest.ExpectSays(t, m.Adopt(other+" renamed"), "")
	m.MustUp(membersConfig(other + " renamed"))
	s.expectRole(t, other+" renamed", map[string]string{})
	m.MustUp(membersConfig(other+" renamed", ana))
	s.assign(t, otherID, carl)
	m.Process = m.Again() // destroying removes what is in the state
	acctest.ExpectSays(t, m.Apply(m.Plan(nil), nil), "")
	s.expectRole(t, other+" renamed", map[string]string{}, carl)
}

// roleMemberLife goes through the life of a member, beside others.
func roleMemberLife(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t).name, s.addUser(t).name, s.addUser(t).name
	role, number := s.addRole(t)
	s.assign(t, numberOf(number), carl)
	m := s.Provider(t, nil).Block(kindMember)
	m.MustUp(memberConfig(role, ana))
	s.expectRole(t, role, map[string]string{}, ana, carl)
	if got := m.Text("id"); got != "default/"+role+"/"+ana {
		t.Errorf("the ID is %s", got)
	}
	s.assign(t, numberOf(number), ben)
	m.ExpectSettled(memberConfig(role, ana))
	s.unassign(t, numberOf(number), ana)
	acctest.ExpectSays(t, m.Up(memberConfig(role, ana)), "warning: Member not found, removed from state: User \""+ana, role)
	s.expectRole(t, role, map[string]string{}, ana, ben, carl)
	m.MustUp(memberConfig(role, ben)) // who is a member already
	s.expectRole(t, role, map[string]string{}, ben, carl)
	other, _ := s.addRole(t)
	m.MustUp(memberConfig(other, ben))
	s.expectRole(t, role, map[string]string{}, carl)
	s.expectRole(t, other, map[string]string{}, ben)
	acctest.ExpectSays(t, m.Up(memberConfig(other, "nobody")), "error at user: Could not add member to role: User \"nobody\"", "Nothing was changed")
	acctest.ExpectSays(t, m.Up(memberConfig("nobodies", ben)), "error at role: Could not add member to role: Role \"nobodies\"")
	s.expectRole(t, other, map[string]string{}, ben)
	acctest.ExpectSays(t, m.Destroy(), "")
	s.expectRole(t, other, map[string]string{})
	m.MustUp(memberConfig(other, ana))
	s.deleteUser(t, ana)
	acctest.ExpectSays(t, m.Destroy(), "warning: Member not found, removed from state")
}

// roleAddresses: a resource that gets another address without a moved block loses nothing that is declared.
func roleAddresses(t *testing.T, s *server) {
	ana, ben := s.addUser(t).name, s.addUser(t).name
	name, experiment := s.Name("two"), s.Create(t, s.Name("two"), nil)
	role := func(level string) declaration {
		return declaration{kindRole, roleConfig(name, map[string]string{"experiment/*": level}, "adopt_existing", true)}
	}
	for _, first := range []string{"delete", "create", "plan"} {
		keep := s.Provider(t, nil).Block(kindRole)
		keep.MustUp(role("READ").config)
		id := s.roleTruth(t, "default", name).id
		s.assign(t, id, ana)
		s.addRow(t, id, "experiment/"+experiment, "EDIT")
		switchAddress(t, s.Backend, role("READ"), role("EDIT"), first)
		s.expectRole(t, name, map[string]string{"experiment/*": "EDIT", "experiment/" + experiment: "EDIT"}, ana)
		s.MustCall(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": s.roleTruth(t, "default", name).id})
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

// roleConflicts: two resources for one thing are refused when the plan is made, whichever is planned first.
func roleConflicts(t *testing.T, s *server) {
	ana := s.addUser(t).name
	name, _ := s.addRole(t)
	experiment := s.Create(t, s.Name("declared"), nil)
	adopt := roleConfig(name, map[string]string{"experiment/" + experiment: "READ"}, "adopt_existing", true)
	for what, c := range map[string]struct {
		a, b declaration
		want string
	}{
		"two roles":           {declaration{kindRole, adopt}, declaration{kindRole, adopt}, "error at name: Duplicate role"},
		"two lists":           {declaration{kindMembers, membersConfig(name, ana)}, declaration{kindMembers, membersConfig(name)}, "error at role: Duplicate list of members"},
		"two members":         {declaration{kindMember, memberConfig(name, ana)}, declaration{kindMember, memberConfig(name, ana)}, "error at user: Duplicate member"},
		"a list and a member": {declaration{kindMembers, membersConfig(name, ana)}, declaration{kindMember, memberConfig(name, ana)}, "error at role: Members are managed by two resources"},
		"a row and a list":    {declaration{kindRole, adopt}, declaration{"mlflow_experiment_permissions", grantsConfig(experiment, map[string]any{"groups": map[string]string{name: "CAN_READ"}})}, "error at groups: Grant is declared twice"},
		"a row and one grant": {declaration{kindRole, adopt}, declaration{"mlflow_experiment_permission", grantsConfig(experiment, map[string]any{"group_name": name, "permission_level": "CAN_READ"})}, "error at group_name: Grant is declared twice"},
	} {
		p := s.Provider(t, nil)
		acctest.ExpectSays(t, withoutWarnings(p.Block(c.a.kind).Plan(c.a.config).Says), "")
		if says := withoutWarnings(p.Block(c.b.kind).Plan(c.b.config).Says); !strings.HasPrefix(says, c.want) {
			t.Errorf("%s: said is %q, want %q", what, says, c.want)
		}
		p = s.Provider(t, nil)
		p.Block(c.b.kind).Plan(c.b.config)
		if says := withoutWarnings(p.Block(c.a.kind).Plan(c.a.config).Says); !acctest.IsError(says) {
			t.Errorf("%s, the other way round: said is %q", what, says)
		}
	}
	// A member under two addresses is no conflict while one of them goes.
	m := s.Provider(t, nil).Block(kindMember)
	m.MustUp(memberConfig(name, ana))
	m.Refresh()
	acctest.ExpectSays(t, m.Plan(nil).Says, "")
	acctest.ExpectSays(t, m.Process.Block(kindMembers).Plan(membersConfig(name, ana)).Says, "")

	// A role that another resource gives up.
	r := s.Provider(t, nil).Block(kindRole)
	given := roleConfig(s.Name("given"), nil)
	r.MustUp(given)
	r.Refresh()
	acctest.ExpectSays(t, r.Plan(nil).Says, "")
	acctest.ExpectSays(t, r.Process.Block(kindRole).Plan(given).Says, "error: Role would be deleted and recreated", "moved block")
	r.Refresh()
	acctest.ExpectSays(t, r.Plan(roleConfig(s.Name("else"), nil)).Says, "")
	acctest.ExpectSays(t, r.Process.Block(kindRole).Plan(given).Says, "error: Role name is still in use")
	acctest.ExpectSays(t, r.Destroy(), "")
}

// roleExperiments: a row on one experiment goes from a role to the permissions of the experiment and back, in any order, without being lost.
func roleExperiments(t *testing.T, s *server) {
	experiment, name := s.Create(t, s.Name("row"), nil), s.Name("row")
	row := "experiment/" + experiment
	with := roleConfig(name, map[string]string{"workspace/*": "USE", row: "READ"})
	without := roleConfig(name, map[string]string{"workspace/*": "USE"})
	for _, kind := range []string{"mlflow_experiment_permissions", "mlflow_experiment_permission"} {
		granted := grantsConfig(experiment, map[string]any{"group_name": name, "permission_level": "CAN_READ"})
		if kind == "mlflow_experiment_permissions" {
			granted = grantsConfig(experiment, map[string]any{"groups": map[string]string{name: "CAN_READ"}, "users": map[string]string{adminName: "CAN_MANAGE"}})
		}
		for _, roleFirst := range []bool{true, false} {
			r := s.Provider(t, nil).Block(kindRole)
			r.MustUp(with)
			p := s.Provider(t, nil)
			r.Process = p
			access := p.Block(kind)
			inOrder(roleFirst,
				func() { mustNotFail(t, r.Apply(r.Plan(without), without)) },
				func() { mustNotFail(t, access.Apply(access.Plan(granted), granted)) })
			s.expectRole(t, name, map[string]string{"workspace/*": "USE", row: "READ"})
			r.ExpectSettled(without)
			p = s.Provider(t, nil)
			r.Process, access.Process = p, p
			inOrder(roleFirst,
				func() { mustNotFail(t, r.Apply(r.Plan(with), with)) },
				func() { mustNotFail(t, access.Apply(access.Plan(nil), nil)) })
			s.expectRole(t, name, map[string]string{"workspace/*": "USE", row: "READ"})
			r.ExpectSettled(with)
			acctest.ExpectSays(t, r.Destroy(), "")
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

func mustNotFail(t *testing.T, says string) {
	t.Helper()
	if acctest.IsError(says) {
		t.Error(says)
	}
}

// listOfRoles reads the roles as a data source.
func listOfRoles(t *testing.T, s *server) {
	ana, name := s.addUser(t), s.Name("listed")
	id := numberOf(s.makeRole(t, name))
	s.addRow(t, id, "experiment/*", "READ")
	s.addRow(t, id, "experiment/0", "EDIT")
	s.addRow(t, id, "workspace/*", "USE")
	s.assign(t, id, ana.name)
	s.grant(t, s.Create(t, s.Name("direct"), nil), ana, "READ") // which makes a hidden role
	data, says := s.Provider(t, nil).Data("mlflow_roles", map[string]any{})
	acctest.ExpectSays(t, says, "")
	text := fmt.Sprint(data["roles"])
	for _, part := range []string{"name:" + name + " ", "grants:map[experiment/*:READ experiment/0:EDIT workspace/*:USE]", "members:[" + ana.name + "]", "workspace:default"} {
		if !strings.Contains(text, part) {
			t.Errorf("the data source returns %s, which lacks %q", text, part)
		}
	}
	if strings.Contains(text, "__user_") {
		t.Errorf("the data source returns %s", text)
	}
	data, says = s.as(ana).Provider(t, nil).Data("mlflow_roles", map[string]any{})
	acctest.ExpectSays(t, says, "warning: Members not shown: Roles of workspace \"default\"")
	if text := fmt.Sprint(data["roles"]); !strings.Contains(text, "name:"+name) || strings.Contains(text, "members:["+ana.name) {
		t.Errorf("a member is shown %s", text)
	}
}

// roleCalls: many roles and members are read with two calls, and one for who the provider runs as.
func roleCalls(t *testing.T, s *server) {
	const n = 4
	through, relay := relayed(t, s.Backend)
	p := through.Provider(t, nil)
	var blocks []*acctest.Block
	for range n {
		name, ana := s.Name("call"), s.addUser(t).name
		role, members, member := p.Block(kindRole), p.Block(kindMembers), p.Block(kindMember)
		role.MustUp(roleConfig(name, map[string]string{"experiment/*": "READ"}))
		members.MustUp(membersConfig(name, ana))
		other, _ := s.addRole(t)
		member.MustUp(memberConfig(other, ana))
		blocks = append(blocks, role, members, member)
	}
	relay.reset()
	again := p.Again()
	for _, b := range blocks {
		b.Process = again
		acctest.ExpectSays(t, b.Read(), "")
	}
	if calls := relay.seen(); len(calls) > 3 {
		t.Errorf("the refresh of %d objects made the calls %q", len(blocks), calls)
	}
}

// rolesThroughCLI plans and applies with the CLI what is unknown until apply, imports, and what a taint and a moved block do.
func rolesThroughCLI(t *testing.T, s *server) {
	block, name, ana := hcl(s.Block(nil)), s.Name("cli"), s.addUser(t).name
	experiment := s.Create(t, s.Name("cli"), nil)
	config := func(version, name string) string {
		return block + fmt.Sprintf(`
			resource "terraform_data" "late" {
			  input            = { name = %q, user = %q, row = "experiment/%s" }
			  triggers_replace = %q
			}
			resource "mlflow_role" "test" {
			  name        = terraform_data.late.output.name
			  description = terraform_data.late.output.name
			  grants      = { "workspace/*" = "USE", (terraform_data.late.output.row) = "READ" }
			}
			resource "mlflow_role_members" "test" {
			  role  = mlflow_role.test.name
			  users = [terraform_data.late.output.user]
			}
			resource "mlflow_role" "other" {
			  name = "${terraform_data.late.output.name} other"
			}
			resource "mlflow_role_member" "test" {
			  role = mlflow_role.other.name
			  user = terraform_data.late.output.user
			}`, name, ana, experiment, version)
	}
	rows := map[string]string{"workspace/*": "USE", "experiment/" + experiment: "READ"}
	role := func(label, more string) string {
		return block + fmt.Sprintf("resource \"mlflow_role\" %q {\n  name   = %q\n  grants = { \"experiment/*\" = \"READ\" }\n}\n%s", label, name, more)
	}
	updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction("mlflow_role.test", plancheck.ResourceActionUpdate),
		plancheck.ExpectResourceAction("mlflow_role_members.test", plancheck.ResourceActionUpdate),
		plancheck.ExpectResourceAction("mlflow_role_member.test", plancheck.ResourceActionUpdate),
	}}
	expect := func(name string) func() {
		return func() {
			s.expectRole(t, name, rows, ana)
			s.expectRole(t, name+" other", map[string]string{}, ana)
		}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: watchedFactories(t), Steps: []resource.TestStep{
		{Config: config("1", name), PostApplyFunc: expect(name)},
		{Config: config("2", name), ConfigPlanChecks: updates, PostApplyFunc: expect(name)}, // unknown again, and the same
		{Config: config("3", name+" renamed"), ConfigPlanChecks: updates, PostApplyFunc: expect(name + " renamed")},
		{Config: config("3", name+" renamed"), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		{Config: role("test", "")},
		{Config: role("renamed", ""), ExpectError: wrapped("Role would be deleted and recreated")},
		{
			Config:           role("renamed", "moved {\n  from = mlflow_role.test\n  to   = mlflow_role.renamed\n}\n"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()), PostApplyFunc: func() { s.assign(t, s.roleTruth(t, "default", name).id, ana) },
		},
		{
			Config: role("renamed", ""), Taint: []string{"mlflow_role.renamed"},
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("mlflow_role.renamed", plancheck.ResourceActionDestroyBeforeCreate),
			}},
			PostApplyFunc: func() { s.expectRole(t, name, map[string]string{"experiment/*": "READ"}, ana) },
		},
		{Config: role("renamed", "") + strings.ReplaceAll(role("twice", ""), block, ""), ExpectError: wrapped("Duplicate role")},
	}})
	if s.roleTruth(t, "default", name).found {
		t.Error("destroying left the role")
	}
	s.rolesGenerated(t, block, ana)
}

// rolesGenerated imports with generated configuration, which plans nothing but the import.
func (s *server) rolesGenerated(t *testing.T, block, user string) {
	t.Helper()
	name := s.Name("generated")
	id := numberOf(s.makeRole(t, name))
	for row, level := range map[string]string{"experiment/*": "READ", "prompt/bot": "EDIT", "experiment/0": "READ"} {
		s.addRow(t, id, row, level)
	}
	s.updateRole(t, id, "description", "Generated.")
	s.assign(t, id, user)
	for address, importID := range map[string]string{
		"mlflow_role.test": "workspace=default,name=" + name, "mlflow_role_members.test": name, "mlflow_role_member.test": "role=" + name + ",user=" + user,
	} {
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: watchedFactories(t), Steps: []resource.TestStep{{
			Config: block, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true, ImportStateId: importID, ResourceName: address,
		}}})
	}
	s.expectRole(t, name, map[string]string{"experiment/*": "READ", "prompt/bot": "EDIT", "experiment/0": "READ"}, user)
}

// roleExamples applies the examples of roles, and imports what they made.
func roleExamples(t *testing.T, s *server) {
	for _, user := range []string{"ana", "ben", "carla"} {
		s.MustCall(t, "POST", userCalls+"create", map[string]any{"username": user, "password": secondPassword})
	}
	onCall := numberOf(s.makeRole(t, "on-call"))
	e := examples["role"]
	p := newProgram(t, hcl(s.Block(nil))+e.text(t))
	must := func(args ...string) string {
		t.Helper()
		out, err := p.run(args...)
		if err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
		return out
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("plan", "-no-color", "-input=false", "-detailed-exitcode")
	s.expectRole(t, "data-science", map[string]string{"workspace/*": "USE", "experiment/*": "EDIT", "registered_model/*": "READ", "prompt/support-bot": "MANAGE"})
	s.expectRole(t, "analysts", map[string]string{"workspace/*": "USE", "experiment/*": "READ"}, "ana", "ben")
	s.expectRole(t, "on-call", map[string]string{}, "ana", "ben", "carla")
	for _, command := range e.importCommands(t) {
		must("state", "rm", command.address)
		must("import", "-no-color", "-input=false", command.address, command.id)
	}
	for _, address := range []string{"mlflow_role.data_science", "mlflow_role_members.analysts", "mlflow_role_member.carla"} {
		must("state", "rm", address)
	}
	p.write("import.tf", examples["role, import"].text(t))
	if out := must("plan", "-no-color", "-input=false"); !strings.Contains(out, "3 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the import blocks say %s", out)
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	s.MustCall(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": onCall})
	for _, user := range []string{"ana", "ben", "carla"} {
		s.deleteUser(t, user)
	}
}
