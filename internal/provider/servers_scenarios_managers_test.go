//go:build mlflow

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// addManager creates a user with a new role that manages a workspace.
func (s *server) addManager(t *testing.T, workspace string) (p person, role string) {
	t.Helper()
	p, role = s.addUser(t), s.Name("managers")
	made, _ := s.MustDo(t, "POST", rbacCalls+"roles/create", map[string]any{"name": role, "workspace": workspace})["role"].(map[string]any)
	s.addRow(t, numberOf(made["id"]), "workspace/*", "MANAGE")
	s.assign(t, numberOf(made["id"]), p.name)
	return p, role
}

// roleGuards checks that a manager of a workspace who is not a server admin never loses the role that makes it a manager.
func roleGuards(t *testing.T, s *server) {
	boss, role := s.addManager(t, "default")
	ana := s.addUser(t).name
	rows := map[string]string{"workspace/*": "MANAGE"}
	as := s.as(boss)
	const own = ": would remove your access: The provider is authenticated as"

	r := as.Provider(t, nil).Resource(kindRole)
	acctest.ExpectDiagnostics(t, r.Plan(roleConfig(role, nil, "adopt_existing", true)).Diagnostics, "warning at grants",
		"error at grants: Could not change grants of role"+own)
	r.MustApply(roleConfig(role, rows, "adopt_existing", true, "description", "Managers."))
	for _, lowered := range []map[string]string{nil, {}, {"workspace/*": "USE"}, {"experiment/*": "MANAGE"}} {
		acctest.ExpectDiagnostics(
			t,
			planned(r, roleConfig(role, lowered)).Diagnostics,
			"error at grants: Could not change grants of role"+own,
			boss.name,
			role,
			"terraform state rm",
		)
	}
	r.Refresh()
	acctest.ExpectDiagnostics(t, r.Plan(nil).Diagnostics, "error at name: Could not delete role"+own, boss.name)
	// Also with the plan of an admin.
	r.Provider = s.Provider(t, nil)
	byAdmin := r.Plan(nil)
	r.Provider = as.Provider(t, nil)
	acctest.ExpectDiagnostics(t, r.ApplyPlan(byAdmin, nil), "error at name: Could not delete role"+own)
	s.expectRole(t, role, rows, boss.name)

	m := as.Provider(t, nil).Resource(kindMembers)
	acctest.ExpectDiagnostics(t, m.Plan(membersConfig(role, ana)).Diagnostics, "error at users: Could not remove member from role"+own)
	m.MustApply(membersConfig(role, ana, boss.name))
	acctest.ExpectDiagnostics(t, planned(m, membersConfig(role, ana)).Diagnostics, "error at users: Could not remove member from role"+own)
	m.Refresh()
	acctest.ExpectDiagnostics(t, m.Plan(nil).Diagnostics, "error at users: Could not remove member from role"+own)
	m.MustApply(membersConfig(role, boss.name))
	one := as.Provider(t, nil).Resource(kindMember)
	acctest.ExpectDiagnostics(t, one.Import("role="+role+",user="+boss.name), "")
	acctest.ExpectDiagnostics(t, one.Plan(nil).Diagnostics, "error at user: Could not remove member from role"+own)
	one.Refresh()
	acctest.ExpectDiagnostics(t, one.Plan(memberConfig(role, ana)).Diagnostics, "error at user: Could not remove member from role"+own)
	s.expectRole(t, role, rows, boss.name)

	// A rename removes nothing, neither from the role nor from its members in the same plan.
	p := as.Provider(t, nil)
	r.Provider, m.Provider = p, p
	next := roleConfig(role+" renamed", rows, "description", "Managers.")
	renamed, follows := r.Plan(next), m.Plan(membersConfig(role+" renamed", boss.name))
	acctest.ExpectDiagnostics(t, renamed.Diagnostics+follows.Diagnostics, "")
	acctest.ExpectDiagnostics(t, r.ApplyPlan(renamed, next)+m.ApplyPlan(follows, membersConfig(role+" renamed", boss.name)), "")
	s.expectRole(t, role+" renamed", rows, boss.name)

	// With another role that manages the workspace, or as a server admin, all of it is allowed.
	second := numberOf(s.createRole(t, s.Name("second")))
	s.addRow(t, second, "workspace/*", "MANAGE")
	s.assign(t, second, boss.name)
	m.MustApply(membersConfig(role+" renamed", ana))
	r.MustApply(roleConfig(role+" renamed", map[string]string{"workspace/*": "USE"}))
	acctest.ExpectDiagnostics(t, m.Destroy(), "")
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
	admins := s.Provider(t, nil).Resource(kindRole)
	admins.MustApply(roleConfig(role, rows))
	acctest.ExpectDiagnostics(t, admins.Destroy(), "")

	// For a user who is not a manager, the error names the requirement.
	nobody := s.as(s.addUser(t))
	for kind, config := range map[string]map[string]any{
		kindRole: roleConfig(s.Name("denied"), nil), kindMembers: membersConfig(s.roleName(t, second)), kindMember: memberConfig(s.roleName(t,
			second), ana),
	} {
		b := nobody.Provider(t, nil).Resource(kind)
		diags := b.ApplyPlan(b.Plan(config), config)
		if !strings.HasPrefix(diags, "error: Could not ") || !strings.Contains(diags, "server admin or a manager of the workspace") ||
			b.Values() != nil {
			t.Errorf("%s: diagnostics %q", kind, diags)
		}
	}
}

// roleName returns the name of a role of the workspace "default".
func (s *server) roleName(t *testing.T, id int) string {
	t.Helper()
	for _, r := range s.roles(t) {
		if r.ID == id {
			return r.Name
		}
	}
	t.Fatalf("there is no role %d", id)
	return ""
}

// rolesInWorkspaces uses the argument workspace: roles with the same name in several workspaces, the roles of a new workspace, and a change
// of the workspace.
func rolesInWorkspaces(t *testing.T, s *server) {
	one, two := strings.ReplaceAll(s.Name("one"), " ", "-"), strings.ReplaceAll(s.Name("two"), " ", "-")
	s.addWorkspace(t, one)
	name, ana := s.Name("shared"), s.addUser(t).name
	rows := map[string]string{"experiment/*": "READ"}
	config := func(workspace any) map[string]any {
		config := roleConfig(name, rows)
		config["workspace"] = workspace
		return config
	}
	outside := s.Provider(t, nil).Resource(kindRole)
	outside.MustApply(roleConfig(name, map[string]string{"run/*": "READ"}))
	r := outside.Restart().Resource(kindRole)
	r.MustApply(config(one))
	if r.Text("id") != one+"/"+name {
		t.Errorf("ID: got %q", r.Text("id"))
	}
	s.expectRoleIn(t, one, name, rows)
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	m := r.Restart().Resource(kindMembers)
	m.MustApply(map[string]any{"workspace": one, "role": name, "users": []string{ana}})
	s.expectRoleIn(t, one, name, rows, ana)
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	imported := r.Restart().Resource(kindRole)
	acctest.ExpectDiagnostics(t, imported.Import("workspace="+one+",name="+name), "")
	imported.ExpectEmptyPlan(config(one))

	// The roles of a new workspace.
	seeded := r.Restart().Resource(kindRole)
	adopt := func(more ...any) map[string]any {
		return roleConfig("user", map[string]string{"workspace/*": "USE", "experiment/*": "READ"}, append([]any{"workspace", one}, more...)...)
	}
	acctest.ExpectDiagnostics(t, seeded.Plan(adopt()).Diagnostics, "error at name: Could not create role: name already in use",
		`Role "user" in workspace "`+one+`"`)
	acctest.ExpectDiagnostics(t, seeded.Apply(adopt("adopt_existing", true)), "warning: Description will be cleared")
	s.expectRoleIn(t, one, "user", map[string]string{"workspace/*": "USE", "experiment/*": "READ"})

	// A workspace that does not exist, and one that is created before the apply.
	lost := r.Restart().Resource(kindRole)
	acctest.ExpectDiagnostics(t, lost.Apply(config(two)), "warning at workspace: Workspace not found", "mlflow_workspace.NAME.name",
		"error at workspace: Could not create role: Role", two)
	plan := planned(lost, config(two))
	acctest.ExpectDiagnostics(t, plan.Diagnostics, "warning at workspace: Workspace not found")
	made := s.Provider(t, nil)
	acctest.ExpectDiagnostics(t, made.Resource("mlflow_workspace").Plan(map[string]any{"name": two}).Diagnostics, "")
	acctest.ExpectDiagnostics(t, made.Resource(kindRole).Plan(config(two)).Diagnostics, "")
	s.addWorkspace(t, two)
	acctest.ExpectDiagnostics(t, lost.ApplyPlan(plan, config(two)), "")
	lost.ExpectEmptyPlan(config(two))
	acctest.ExpectDiagnostics(t, lost.Destroy(), "")

	// Another workspace forces replacement.
	if plan := planned(r, config(two)); plan.Action != "replace" {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	r.MustApply(config(two))
	s.expectRoleIn(t, two, name, rows)
	if s.readRole(t, one, name).found {
		t.Error("the role is in both workspaces")
	}
	acctest.ExpectDiagnostics(t, m.Refresh(), "warning: Role not found, members removed from state")
	// The provider's own workspace is the same as an argument that names it.
	same := s.Provider(t, map[string]any{"workspace": two}).Resource(kindRole)
	acctest.ExpectDiagnostics(t, same.Import(name), "")
	same.ExpectEmptyPlan(roleConfig(name, rows))
	elsewhere := s.Provider(t, nil).Resource(kindRole)
	elsewhere.State, elsewhere.Private = same.State, same.Private
	acctest.ExpectDiagnostics(t, elsewhere.Refresh(), "error: Could not read role: different server", "MLflow workspace \""+two+"\"")

	// The roles of a workspace that is deleted outside Terraform are deleted, too.
	s.deleteWorkspace(t, two)
	acctest.ExpectDiagnostics(t, r.Refresh(), "warning: Role not found, removed from state")
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	acctest.ExpectDiagnostics(t, seeded.Destroy(), "")
	acctest.ExpectDiagnostics(t, outside.Destroy(), "")
}

// deleteWorkspace deletes a workspace outside Terraform. The response has no body.
func (s *server) deleteWorkspace(t *testing.T, name string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL+rbacCalls+"workspaces/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = s.Header.Clone()
	req.Close = true // the server can close an idle connection while a request is sent on it
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting the workspace returns %s", resp.Status)
	}
}

// workspaceManager checks that a manager of one workspace can manage its roles, and no others.
func workspaceManager(t *testing.T, s *server) {
	workspace := strings.ReplaceAll(s.Name("managed"), " ", "-")
	s.addWorkspace(t, workspace)
	boss, _ := s.addManager(t, workspace)
	ana, name := s.addUser(t).name, s.Name("role")
	as := s.as(boss)
	in := func(config map[string]any) map[string]any {
		config["workspace"] = workspace
		return config
	}
	r := as.Provider(t, nil).Resource(kindRole)
	r.MustApply(in(roleConfig(name, map[string]string{"experiment/*": "EDIT"}, "description", "x")))
	r.MustApply(in(roleConfig(name, map[string]string{"experiment/*": "READ"}, "description", "y")))
	m := r.Restart().Resource(kindMembers)
	m.MustApply(in(membersConfig(name, ana, boss.name)))
	m.MustApply(in(membersConfig(name, ana)))
	one := r.Restart().Resource(kindMember)
	acctest.ExpectDiagnostics(t, one.Import("workspace="+workspace+",role="+name+",user="+ana), "")
	s.expectRoleIn(t, workspace, name, map[string]string{"experiment/*": "READ"}, ana)
	acctest.ExpectDiagnostics(t, r.Restart().Resource(kindRole).Apply(roleConfig(name, nil)), "error: Could not create role: Role",
		"server admin or a manager of the workspace")
	acctest.ExpectDiagnostics(t, m.Destroy(), "")
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
}

// workspaceWithRoles creates a workspace, users, roles, members, an experiment, and its grants in one apply, and destroys them in one. Then
// it applies the example of a role in a workspace.
func workspaceWithRoles(t *testing.T, s *server) {
	workspace, ana := strings.ReplaceAll(s.Name("whole"), " ", "-"), s.Name("ana")
	p := newProgram(t, hcl(s.ProviderConfig(nil))+fmt.Sprintf(`
		resource "mlflow_workspace" "test" {
		  name            = %q
		  deletion_policy = "retain" # a deleted experiment stays in it
		}
		resource "mlflow_user" "ana" {
		  username    = %q
		  password_wo = %q
		}
		resource "mlflow_role" "user" {
		  workspace      = mlflow_workspace.test.name
		  name           = "user"
		  adopt_existing = true
		  grants         = { "workspace/*" = "USE", "experiment/*" = "READ" }
		}
		resource "mlflow_role" "ds" {
		  workspace = mlflow_workspace.test.name
		  name      = "ds"
		  grants    = { "prompt/*" = "EDIT" }
		}
		resource "mlflow_role_members" "user" {
		  workspace = mlflow_workspace.test.name
		  role      = mlflow_role.user.name
		  users     = [mlflow_user.ana.username]
		}
		resource "mlflow_role_member" "ds" {
		  workspace = mlflow_workspace.test.name
		  role      = mlflow_role.ds.name
		  user      = mlflow_user.ana.username
		}
		resource "mlflow_experiment" "test" {
		  workspace = mlflow_workspace.test.name
		  name      = "churn"
		}
		resource "mlflow_experiment_permissions" "test" {
		  workspace     = mlflow_workspace.test.name
		  experiment_id = mlflow_experiment.test.id
		  groups        = { (mlflow_role.ds.name) = "CAN_EDIT" }
		}
		output "experiment" {
		  value = mlflow_experiment.test.id
		}
		`, workspace, ana, firstPassword))
	must := func(args ...string) string {
		t.Helper()
		out, err := p.run(args...)
		if err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
		return out
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	if out := must("plan", "-no-color", "-input=false"); !strings.Contains(out, "No changes.") {
		t.Errorf("second plan: got %s", out)
	}
	experiment := strings.Trim(strings.TrimSpace(must("output", "-no-color", "experiment")), `"`)
	s.expectRoleIn(t, workspace, "user", map[string]string{"workspace/*": "USE", "experiment/*": "READ"}, ana)
	s.expectRoleIn(t, workspace, "ds", map[string]string{"prompt/*": "EDIT", "experiment/" + experiment: "EDIT"}, ana)
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	if s.readRole(t, workspace, "ds").found {
		t.Error("destroying left a role")
	}

	s.addWorkspace(t, "risk")
	example := examples["role, workspace"].text(t)
	p = newProgram(t, hcl(s.ProviderConfig(nil))+example)
	must("apply", "-no-color", "-input=false", "-auto-approve")
	s.expectRoleIn(t, "risk", "user", map[string]string{"workspace/*": "USE", "experiment/*": "READ", "registered_model/*": "READ"})
	must("state", "rm", "mlflow_role.members")
	p.write("import.tf", examples["role, import from a workspace"].text(t))
	if out := must("plan", "-no-color", "-input=false"); !strings.Contains(out, "1 to import, 0 to add, 1 to change, 0 to destroy") {
		t.Errorf("import block: got diagnostics %s", out) // adopt_existing is not imported
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	s.deleteWorkspace(t, "risk")
}
