//go:build mlflow

package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// listOfRoles reads the roles as a data source.
func listOfRoles(t *testing.T, s *server) {
	ana, name := s.addUser(t), s.Name("listed")
	id := numberOf(s.createRole(t, name))
	s.addRow(t, id, "experiment/*", "READ")
	s.addRow(t, id, "experiment/0", "EDIT")
	s.addRow(t, id, "workspace/*", "USE")
	s.assign(t, id, ana.name)
	s.grant(t, s.CreateExperiment(t, s.Name("direct"), nil), ana, "READ") // which makes a hidden role
	data, diags := s.Provider(t, nil).ReadDataSource("mlflow_roles", map[string]any{})
	acctest.ExpectDiagnostics(t, diags, "")
	text := fmt.Sprint(data["roles"])
	for _, part := range []string{"name:" + name + " ", "grants:map[experiment/*:READ experiment/0:EDIT workspace/*:USE]",
		"members:[" + ana.name + "]", "workspace:default"} {
		if !strings.Contains(text, part) {
			t.Errorf("the data source returns %s, which lacks %q", text, part)
		}
	}
	if strings.Contains(text, "__user_") {
		t.Errorf("the data source returns %s", text)
	}
	data, diags = s.as(ana).Provider(t, nil).ReadDataSource("mlflow_roles", map[string]any{})
	acctest.ExpectDiagnostics(t, diags, "warning: Members not returned: Roles of workspace \"default\"")
	if text := fmt.Sprint(data["roles"]); !strings.Contains(text, "name:"+name) || strings.Contains(text, "members:["+ana.name) {
		t.Errorf("a member is shown %s", text)
	}
}

// roleCalls checks that many roles and members are read with two requests, and one for the current user.
func roleCalls(t *testing.T, s *server) {
	const n = 4
	through, relay := newRelayBackend(t, s.Backend)
	p := through.Provider(t, nil)
	var blocks []*acctest.Resource
	for range n {
		name, ana := s.Name("call"), s.addUser(t).name
		role, members, member := p.Resource(kindRole), p.Resource(kindMembers), p.Resource(kindMember)
		role.MustApply(roleConfig(name, map[string]string{"experiment/*": "READ"}))
		members.MustApply(membersConfig(name, ana))
		other, _ := s.addRole(t)
		member.MustApply(memberConfig(other, ana))
		blocks = append(blocks, role, members, member)
	}
	relay.reset()
	again := p.Restart()
	for _, b := range blocks {
		b.Provider = again
		acctest.ExpectDiagnostics(t, b.Read(), "")
	}
	if calls := relay.seen(); len(calls) > 3 {
		t.Errorf("the refresh of %d objects sent the requests %q", len(blocks), calls)
	}
}

// rolesThroughCLI tests unknown values, imports, a taint, and a moved block through the CLI.
func rolesThroughCLI(t *testing.T, s *server) {
	block, name, ana := hcl(s.ProviderConfig(nil)), s.Name("cli"), s.addUser(t).name
	experiment := s.CreateExperiment(t, s.Name("cli"), nil)
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
		return block + fmt.Sprintf("resource \"mlflow_role\" %q {\n  name   = %q\n  grants = { \"experiment/*\" = \"READ\" }\n}\n%s", label, name,
			more)
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
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: secretCheckerFactories(t), Steps: []resource.TestStep{
		{Config: config("1", name), PostApplyFunc: expect(name)},
		{Config: config("2", name), ConfigPlanChecks: updates, PostApplyFunc: expect(name)}, // unknown again, and the same
		{Config: config("3", name+" renamed"), ConfigPlanChecks: updates, PostApplyFunc: expect(name + " renamed")},
		{Config: config("3", name+" renamed"), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		{Config: role("test", "")},
		{Config: role("renamed", ""), ExpectError: wrapped("Role would be deleted and recreated")},
		{
			Config:           role("renamed", "moved {\n  from = mlflow_role.test\n  to   = mlflow_role.renamed\n}\n"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()), PostApplyFunc: func() {
				s.assign(t, s.readRole(t, "default", name).id,
					ana)
			},
		},
		{
			Config: role("renamed", ""), Taint: []string{"mlflow_role.renamed"},
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("mlflow_role.renamed", plancheck.ResourceActionDestroyBeforeCreate),
			}},
			PostApplyFunc: func() { s.expectRole(t, name, map[string]string{"experiment/*": "READ"}, ana) },
		},
		{
			Config:      role("renamed", "") + strings.ReplaceAll(role("twice", ""), block, ""),
			ExpectError: wrapped("Role is managed by two resources"),
		},
	}})
	if s.readRole(t, "default", name).found {
		t.Error("destroying left the role")
	}
	s.rolesGenerated(t, block, ana)
}

// rolesGenerated imports with generated configuration, which plans nothing but the import.
func (s *server) rolesGenerated(t *testing.T, block, user string) {
	t.Helper()
	name := s.Name("generated")
	id := numberOf(s.createRole(t, name))
	for row, level := range map[string]string{"experiment/*": "READ", "prompt/bot": "EDIT", "experiment/0": "READ"} {
		s.addRow(t, id, row, level)
	}
	s.updateRole(t, id, "description", "Generated.")
	s.assign(t, id, user)
	for address, importID := range map[string]string{
		"mlflow_role.test": "workspace=default,name=" + name, "mlflow_role_members.test": name,
		"mlflow_role_member.test": "role=" + name + ",user=" + user,
	} {
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: secretCheckerFactories(t), Steps: []resource.TestStep{{
			Config: block, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true, ImportStateId: importID,
			ResourceName: address,
		}}})
	}
	s.expectRole(t, name, map[string]string{"experiment/*": "READ", "prompt/bot": "EDIT", "experiment/0": "READ"}, user)
}

// roleExamples applies the examples of roles, and imports the objects that they create.
func roleExamples(t *testing.T, s *server) {
	for _, user := range []string{"ana", "ben", "carla"} {
		s.MustDo(t, "POST", userCalls+"create", map[string]any{"username": user, "password": secondPassword})
	}
	onCall := numberOf(s.createRole(t, "on-call"))
	e := examples["role"]
	p := newProgram(t, hcl(s.ProviderConfig(nil))+e.text(t))
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
	s.expectRole(t, "data-science", map[string]string{"workspace/*": "USE", "experiment/*": "EDIT", "registered_model/*": "READ",
		"prompt/support-bot": "MANAGE"})
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
	s.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": onCall})
	for _, user := range []string{"ana", "ben", "carla"} {
		s.deleteUser(t, user)
	}
}

// roleImports imports a role by each import ID. The imported values are a configuration without changes.
func roleImports(t *testing.T, s *server) {
	name, experiment := s.Name("a,b=c"), s.CreateExperiment(t, s.Name("imported"), nil)
	ana := s.addUser(t)
	id := numberOf(s.createRole(t, name))
	for _, row := range []string{"experiment/*", "prompt/a/b", "scorer/1/quality", "experiment/" + experiment} {
		s.addRow(t, id, row, "READ")
	}
	s.assign(t, id, ana.name)
	rows := map[string]string{"experiment/*": "READ", "prompt/a/b": "READ", "scorer/1/quality": "READ"}
	for importID, workspace := range map[string]any{name: nil, "name=" + name: nil, "workspace=default,name=" + name: "default",
		"workspace=default," + name: "default"} {
		r := s.Provider(t, nil).Resource(kindRole)
		acctest.ExpectDiagnostics(t, r.Import(importID), "")
		config := roleConfig(name, rows)
		if workspace != nil {
			config["workspace"] = workspace
		}
		r.ExpectEmptyPlan(config)
	}
	for kind, c := range map[string]struct {
		id     string
		config map[string]any
	}{
		kindMembers: {"role=" + name, map[string]any{"role": name, "users": []string{ana.name}}},
		kindMember:  {"role=" + name + ",user=" + ana.name, map[string]any{"role": name, "user": ana.name}},
	} {
		for prefix, workspace := range map[string]any{"": nil, "workspace=default,": "default"} {
			b := s.Provider(t, nil).Resource(kind)
			acctest.ExpectDiagnostics(t, b.Import(prefix+c.id), "")
			config := maps.Clone(c.config)
			if workspace != nil {
				config["workspace"] = workspace
			}
			b.ExpectEmptyPlan(config)
		}
	}
	p := s.Provider(t, nil)
	for kind, identity := range map[string]map[string]any{
		kindRole:    {"name": name, "workspace": "default"},
		kindMembers: {"role": name, "workspace": nil},
		kindMember:  {"role": name, "user": ana.name, "workspace": nil, "tracking_uri": s.URL},
	} {
		state, diags := importIdentity(p, kind, identity)
		if diags != "" || state["workspace"] != identity["workspace"] {
			t.Errorf("%s: import of %v: got %v and diagnostics %q", kind, identity, state, diags)
		}
	}
	_, diags := importIdentity(p, kindRole, map[string]any{"name": name, "tracking_uri": "https://elsewhere.example.com"})
	acctest.ExpectDiagnostics(t, diags, "error: Could not import: different server", "https://elsewhere.example.com")
	acctest.ExpectDiagnostics(t, p.Resource(kindRole).Import("nobodies"), `error: Could not import role: Role "nobodies" was not found`,
		"workspace=WORKSPACE,name=NAME")
	acctest.ExpectDiagnostics(
		t,
		p.Resource(kindMembers).Import("nobodies"),
		`error: Could not import members of role: Role "nobodies" was not found`,
	)
	acctest.ExpectDiagnostics(t, p.Resource(kindMember).Import("role="+name+",user=nobody"),
		`error: Could not import member of role: User "nobody" in role`)
	acctest.ExpectDiagnostics(t, p.Resource(kindMember).Import(name), "error: Invalid import ID", "role=ROLE,user=USER")
	acctest.ExpectDiagnostics(t, p.Resource(kindRole).Import("workspace=default"), "error: Invalid import ID", "name=NAME")
}
