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
	made, _ := s.MustCall(t, "POST", rbacCalls+"roles/create", map[string]any{"name": role, "workspace": workspace})["role"].(map[string]any)
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

	r := as.Provider(t, nil).Block(kindRole)
	acctest.ExpectSays(t, r.Plan(roleConfig(role, nil, "adopt_existing", true)).Says, "warning at grants",
		"error at grants: Could not change grants of role"+own)
	r.MustUp(roleConfig(role, rows, "adopt_existing", true, "description", "Managers."))
	for _, lowered := range []map[string]string{nil, {}, {"workspace/*": "USE"}, {"experiment/*": "MANAGE"}} {
		acctest.ExpectSays(t, planned(r, roleConfig(role, lowered)).Says, "error at grants: Could not change grants of role"+own, boss.name, role,
			"terraform state rm")
	}
	r.Refresh()
	acctest.ExpectSays(t, r.Plan(nil).Says, "error at name: Could not delete role"+own, boss.name)
	// Also with the plan of an admin.
	r.Process = s.Provider(t, nil)
	byAdmin := r.Plan(nil)
	r.Process = as.Provider(t, nil)
	acctest.ExpectSays(t, r.Apply(byAdmin, nil), "error at name: Could not delete role"+own)
	s.expectRole(t, role, rows, boss.name)

	m := as.Provider(t, nil).Block(kindMembers)
	acctest.ExpectSays(t, m.Plan(membersConfig(role, ana)).Says, "error at users: Could not remove member from role"+own)
	m.MustUp(membersConfig(role, ana, boss.name))
	acctest.ExpectSays(t, planned(m, membersConfig(role, ana)).Says, "error at users: Could not remove member from role"+own)
	m.Refresh()
	acctest.ExpectSays(t, m.Plan(nil).Says, "error at users: Could not remove member from role"+own)
	m.MustUp(membersConfig(role, boss.name))
	one := as.Provider(t, nil).Block(kindMember)
	acctest.ExpectSays(t, one.Adopt("role="+role+",user="+boss.name), "")
	acctest.ExpectSays(t, one.Plan(nil).Says, "error at user: Could not remove member from role"+own)
	one.Refresh()
	acctest.ExpectSays(t, one.Plan(memberConfig(role, ana)).Says, "error at user: Could not remove member from role"+own)
	s.expectRole(t, role, rows, boss.name)

	// A rename removes nothing, neither from the role nor from its members in the same plan.
	p := as.Provider(t, nil)
	r.Process, m.Process = p, p
	next := roleConfig(role+" renamed", rows, "description", "Managers.")
	renamed, follows := r.Plan(next), m.Plan(membersConfig(role+" renamed", boss.name))
	acctest.ExpectSays(t, renamed.Says+follows.Says, "")
	acctest.ExpectSays(t, r.Apply(renamed, next)+m.Apply(follows, membersConfig(role+" renamed", boss.name)), "")
	s.expectRole(t, role+" renamed", rows, boss.name)

	// With another role that manages the workspace, or as a server admin, all of it is allowed.
	second := numberOf(s.makeRole(t, s.Name("second")))
	s.addRow(t, second, "workspace/*", "MANAGE")
	s.assign(t, second, boss.name)
	m.MustUp(membersConfig(role+" renamed", ana))
	r.MustUp(roleConfig(role+" renamed", map[string]string{"workspace/*": "USE"}))
	acctest.ExpectSays(t, m.Destroy(), "")
	acctest.ExpectSays(t, r.Destroy(), "")
	admins := s.Provider(t, nil).Block(kindRole)
	admins.MustUp(roleConfig(role, rows))
	acctest.ExpectSays(t, admins.Destroy(), "")

	// For a user who is not a manager, the error names the requirement.
	nobody := s.as(s.addUser(t))
	for kind, config := range map[string]map[string]any{
		kindRole: roleConfig(s.Name("denied"), nil), kindMembers: membersConfig(s.roleName(t, second)), kindMember: memberConfig(s.roleName(t,
			second), ana),
	} {
		b := nobody.Provider(t, nil).Block(kind)
		says := b.Apply(b.Plan(config), config)
		if !strings.HasPrefix(says, "error: Could not ") || !strings.Contains(says, "server admin or a manager of the workspace") ||
			b.Values() != nil {
			t.Errorf("%s: said is %q", kind, says)
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

// rolesInWorkspaces uses the argument workspace: roles with the same name in several workspaces, the roles of a new workspace, and a change of
// the workspace.
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
	outside := s.Provider(t, nil).Block(kindRole)
	outside.MustUp(roleConfig(name, map[string]string{"run/*": "READ"}))
	r := outside.Process.Again().Block(kindRole)
	r.MustUp(config(one))
	if r.Text("id") != one+"/"+name {
		t.Errorf("the ID is %q", r.Text("id"))
	}
	s.expectRoleIn(t, one, name, rows)
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	m := r.Process.Again().Block(kindMembers)
	m.MustUp(map[string]any{"workspace": one, "role": name, "users": []string{ana}})
	s.expectRoleIn(t, one, name, rows, ana)
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	imported := r.Process.Again().Block(kindRole)
	acctest.ExpectSays(t, imported.Adopt("workspace="+one+",name="+name), "")
	imported.ExpectSettled(config(one))

	// The roles of a new workspace.
	seeded := r.Process.Again().Block(kindRole)
	adopt := func(more ...any) map[string]any {
		return roleConfig("user", map[string]string{"workspace/*": "USE", "experiment/*": "READ"}, append([]any{"workspace", one}, more...)...)
	}
	acctest.ExpectSays(t, seeded.Plan(adopt()).Says, "error at name: Could not create role: name already in use",
		`Role "user" in workspace "`+one+`"`)
	acctest.ExpectSays(t, seeded.Up(adopt("adopt_existing", true)), "warning: Description will be cleared")
	s.expectRoleIn(t, one, "user", map[string]string{"workspace/*": "USE", "experiment/*": "READ"})

	// A workspace that does not exist, and one that is created before the apply.
	lost := r.Process.Again().Block(kindRole)
	acctest.ExpectSays(t, lost.Up(config(two)), "warning at workspace: Workspace not found", "mlflow_workspace.NAME.name",
		"error at workspace: Could not create role: Role", two)
	plan := planned(lost, config(two))
	acctest.ExpectSays(t, plan.Says, "warning at workspace: Workspace not found")
	made := s.Provider(t, nil)
	acctest.ExpectSays(t, made.Block("mlflow_workspace").Plan(map[string]any{"name": two}).Says, "")
	acctest.ExpectSays(t, made.Block(kindRole).Plan(config(two)).Says, "")
	s.addWorkspace(t, two)
	acctest.ExpectSays(t, lost.Apply(plan, config(two)), "")
	lost.ExpectSettled(config(two))
	acctest.ExpectSays(t, lost.Destroy(), "")

	// Another workspace forces replacement.
	if plan := planned(r, config(two)); plan.Action != "replace" {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	r.MustUp(config(two))
	s.expectRoleIn(t, two, name, rows)
	if s.readRole(t, one, name).found {
		t.Error("the role is in both workspaces")
	}
	acctest.ExpectSays(t, m.Refresh(), "warning: Role not found, members removed from state")
	// The provider's own workspace is the same as an argument that names it.
	same := s.Provider(t, map[string]any{"workspace": two}).Block(kindRole)
	acctest.ExpectSays(t, same.Adopt(name), "")
	same.ExpectSettled(roleConfig(name, rows))
	elsewhere := s.Provider(t, nil).Block(kindRole)
	elsewhere.State, elsewhere.Private = same.State, same.Private
	acctest.ExpectSays(t, elsewhere.Refresh(), "error: Could not read role: different server", "MLflow workspace \""+two+"\"")

	// The roles of a workspace that is deleted outside Terraform are deleted, too.
	s.deleteWorkspace(t, two)
	acctest.ExpectSays(t, r.Refresh(), "warning: Role not found, removed from state")
	s.expectRole(t, name, map[string]string{"run/*": "READ"})
	acctest.ExpectSays(t, seeded.Destroy(), "")
	acctest.ExpectSays(t, outside.Destroy(), "")
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
	r := as.Provider(t, nil).Block(kindRole)
	r.MustUp(in(roleConfig(name, map[string]string{"experiment/*": "EDIT"}, "description", "x")))
	r.MustUp(in(roleConfig(name, map[string]string{"experiment/*": "READ"}, "description", "y")))
	m := r.Process.Again().Block(kindMembers)
	m.MustUp(in(membersConfig(name, ana, boss.name)))
	m.MustUp(in(membersConfig(name, ana)))
	one := r.Process.Again().Block(kindMember)
	acctest.ExpectSays(t, one.Adopt("workspace="+workspace+",role="+name+",user="+ana), "")
	s.expectRoleIn(t, workspace, name, map[string]string{"experiment/*": "READ"}, ana)
	acctest.ExpectSays(t, r.Process.Again().Block(kindRole).Up(roleConfig(name, nil)), "error: Could not create role: Role",
		"server admin or a manager of the workspace")
	acctest.ExpectSays(t, m.Destroy(), "")
	acctest.ExpectSays(t, r.Destroy(), "")
}

// workspaceWithRoles creates a workspace, users, roles, members, an experiment, and its grants in one apply, and destroys them in one. Then
// it applies the example of a role in a workspace.
func workspaceWithRoles(t *testing.T, s *server) {
	workspace, ana := strings.ReplaceAll(s.Name("whole"), " ", "-"), s.Name("ana")
	p := newProgram(t, hcl(s.Block(nil))+fmt.Sprintf(`
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
		t.Errorf("the second plan is %s", out)
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
	p = newProgram(t, hcl(s.Block(nil))+example)
	must("apply", "-no-color", "-input=false", "-auto-approve")
	s.expectRoleIn(t, "risk", "user", map[string]string{"workspace/*": "USE", "experiment/*": "READ", "registered_model/*": "READ"})
	must("state", "rm", "mlflow_role.members")
	p.write("import.tf", examples["role, import from a workspace"].text(t))
	if out := must("plan", "-no-color", "-input=false"); !strings.Contains(out, "1 to import, 0 to add, 1 to change, 0 to destroy") {
		t.Errorf("the import block says %s", out) // adopt_existing is not imported
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	s.deleteWorkspace(t, "risk")
}
