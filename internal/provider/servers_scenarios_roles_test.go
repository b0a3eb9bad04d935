//go:build mlflow

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// The resources of roles.
const (
	kindRole    = "mlflow_role"
	kindMembers = "mlflow_role_members"
	kindMember  = "mlflow_role_member"
)

// roleScenarios are the scenarios of roles, by the kind of server.
func roleScenarios(kind serverKind) map[string]func(*testing.T, *server) {
	switch {
	case kind.grants == noGrants:
		return map[string]func(*testing.T, *server){"roles without authentication": rolesUnsupported("without authentication")}
	case kind.grants != rbacGrants:
		return map[string]func(*testing.T, *server){"roles before they came": rolesUnsupported("MLflow 3.13 or newer")}
	}
	all := map[string]func(*testing.T, *server){
		"lifecycle of a role": roleLifecycle, "a role that others change": roleDrift, "a role that exists": existingRole,
		"imports of roles":    roleImports,
		"a role and failures": roleFailures, "lifecycle of a list of members": roleMembersLifecycle, "lifecycle of a member": roleMemberLifecycle,
		"two addresses of roles": roleAddresses, "two resources for one thing": roleConflicts, "grants of roles on experiments": roleExperiments,
		"roles that the caller needs": roleGuards, "a list of roles": listOfRoles, "calls of a refresh of roles": roleCalls,
		"roles through the CLI": rolesThroughCLI,
		"examples of roles":     roleExamples,
	}
	if kind.workspaces {
		maps.Copy(all, map[string]func(*testing.T, *server){
			"roles in workspaces": rolesInWorkspaces, "a manager of a workspace": workspaceManager, "a workspace with its roles": workspaceWithRoles,
		})
	}
	return all
}

// serverRole is a role on the server.
type serverRole struct {
	id                      int
	description             string
	rows                    map[string]string
	rowIDs                  map[string]int
	members                 []string
	hasNoDescription, found bool
}

// readRole reads a role directly from the server.
func (s *server) readRole(t *testing.T, workspace, name string) serverRole {
	t.Helper()
	var listed struct {
		Roles []struct {
			ID          int
			Name        string
			Description *string
			Permissions []struct {
				ID         int
				Type       string `json:"resource_type"`
				Pattern    string `json:"resource_pattern"`
				Permission string
			}
		}
		Users []struct {
			Username string
			Roles    []struct{ ID int }
		}
	}
	for _, path := range []string{rbacCalls + "roles/list?" + url.Values{"workspace": {workspace}}.Encode(), userCalls + "list"} {
		data, err := json.Marshal(s.MustDo(t, "GET", path, nil))
		if err == nil {
			err = json.Unmarshal(data, &listed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	truth := serverRole{rows: map[string]string{}, rowIDs: map[string]int{}}
	for _, r := range listed.Roles {
		if r.Name != name {
			continue
		}
		truth.id, truth.found, truth.hasNoDescription = r.ID, true, r.Description == nil || *r.Description == ""
		if r.Description != nil {
			truth.description = *r.Description
		}
		for _, p := range r.Permissions {
			truth.rows[p.Type+"/"+p.Pattern], truth.rowIDs[p.Type+"/"+p.Pattern] = p.Permission, p.ID
		}
		for _, u := range listed.Users {
			for _, held := range u.Roles {
				if held.ID == r.ID {
					truth.members = append(truth.members, u.Username)
				}
			}
		}
	}
	slices.Sort(truth.members)
	return truth
}

// expectRole checks the rows and the members of a role of the workspace "default".
func (s *server) expectRole(t *testing.T, name string, rows map[string]string, members ...string) serverRole {
	t.Helper()
	return s.expectRoleIn(t, "default", name, rows, members...)
}

func (s *server) expectRoleIn(t *testing.T, workspace, name string, rows map[string]string, members ...string) serverRole {
	t.Helper()
	truth := s.readRole(t, workspace, name)
	slices.Sort(members)
	if !truth.found || !maps.Equal(truth.rows, rows) || !slices.Equal(truth.members, members) {
		t.Errorf("role %q in %s is there: %t, with the rows %v and the members %q; want %v, %q", name, workspace, truth.found, truth.rows,
			truth.members, rows, members)
	}
	return truth
}

// addRow, setRow, and removeRow change a role of the workspace "default" outside Terraform.
func (s *server) addRow(t *testing.T, role int, row, level string) {
	t.Helper()
	kind, pattern, _ := strings.Cut(row, "/")
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": kind, "resource_pattern": pattern, "permission": level})
}

func (s *server) setRow(t *testing.T, truth serverRole, row, level string) {
	t.Helper()
	s.MustDo(t, "PATCH", rbacCalls+"roles/permissions/update", map[string]any{"role_permission_id": truth.rowIDs[row], "permission": level})
}

func (s *server) removeRow(t *testing.T, truth serverRole, row string) {
	t.Helper()
	s.MustDo(t, "DELETE", rbacCalls+"roles/permissions/remove", map[string]any{"role_permission_id": truth.rowIDs[row]})
}

func (s *server) assign(t *testing.T, role int, users ...string) {
	t.Helper()
	for _, user := range users {
		s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"role_id": role, "username": user})
	}
}

func (s *server) unassign(t *testing.T, role int, user string) {
	t.Helper()
	s.MustDo(t, "DELETE", rbacCalls+"roles/unassign", map[string]any{"role_id": role, "username": user})
}

// roleConfig returns the configuration of a role with grants and more attributes.
func roleConfig(name string, grants map[string]string, more ...any) map[string]any {
	config := map[string]any{"name": name}
	if grants != nil {
		config["grants"] = grants
	}
	maps.Copy(config, acctest.AttributeValues(more...))
	return config
}

// rolesUnsupported checks that the plan reports the requirements of the server, and that nothing is sent.
func rolesUnsupported(why string) func(*testing.T, *server) {
	return func(t *testing.T, s *server) {
		for kind, config := range map[string]map[string]any{
			kindRole: roleConfig("ds", nil), kindMembers: {"role": "ds", "users": []string{"ana"}}, kindMember: {"role": "ds", "user": "ana"},
		} {
			if plan := s.Provider(t, nil).Resource(kind).Plan(config); plan.Action != "" || !strings.HasPrefix(plan.Diagnostics,
				"error: Roles are not supported: ") ||
				!strings.Contains(plan.Diagnostics, why) {
				t.Errorf("%s: got planned action %s and diagnostics %q", kind, plan.Action, plan.Diagnostics)
			}
		}
		_, diags := s.Provider(t, nil).ReadDataSource("mlflow_roles", map[string]any{})
		acctest.ExpectDiagnostics(t, diags, "error: Roles are not supported: ", why)
	}
}

// roleLifecycle creates a role, changes each attribute, and deletes it.
func roleLifecycle(t *testing.T, s *server) {
	name := s.Name("data science/ß")
	ana := s.addUser(t)
	r := s.Provider(t, nil).Resource(kindRole)
	r.MustApply(roleConfig(name, nil))
	first := s.expectRole(t, name, map[string]string{})
	if r.Text("id") != "default/"+name || !first.hasNoDescription {
		t.Errorf("state: got %v, and the role %v", r.Values(), first)
	}
	s.assign(t, first.id, ana.name)
	r.MustApply(roleConfig(name, map[string]string{"experiment/*": "READ", "prompt/support-bot": "EDIT"}, "description", "Trains."))
	before := s.expectRole(t, name, map[string]string{"experiment/*": "READ", "prompt/support-bot": "EDIT"}, ana.name)
	if before.description != "Trains." {
		t.Errorf("description: got %q", before.description)
	}

	// Levels and the name are updated in place: nothing is deleted.
	next := s.Name("Renamed")
	changed := roleConfig(next, map[string]string{"experiment/*": "EDIT", "registered_model/*": "READ", "workspace/*": "USE"}, "description",
		"")
	if plan := planned(r, changed); plan.Action != "update" || !slices.Equal(plan.Changed, []string{"description", "grants", "id", "name"}) {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	r.MustApply(changed)
	after := s.expectRole(t, next, map[string]string{"experiment/*": "EDIT", "registered_model/*": "READ", "workspace/*": "USE"}, ana.name)
	if after.id != before.id || after.rowIDs["experiment/*"] != before.rowIDs["experiment/*"] || !after.hasNoDescription {
		t.Errorf("role: got %+v after %+v, want the same IDs and no description", after, before)
	}
	// An empty description is the same as none, and a null level the same as no entry.
	delete(changed, "description")
	r.ExpectEmptyPlan(changed)
	r.MustApply(roleConfig(next, nil))
	s.expectRole(t, next, map[string]string{}, ana.name)
	r.MustApply(roleConfig(next, map[string]string{}))
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
	if s.readRole(t, "default", next).found {
		t.Error("destroying left the role")
	}
}

// roleDrift checks that changes outside Terraform are reported at their attribute and corrected, and that other grants are unchanged.
func roleDrift(t *testing.T, s *server) {
	name, id := s.Name("drift"), s.CreateExperiment(t, s.Name("drift"), nil)
	ana := s.addUser(t)
	declared := map[string]string{"experiment/*": "EDIT", "prompt/support-bot": "MANAGE", "workspace/*": "USE"}
	config := roleConfig(name, declared, "description", "Trains.")
	r := s.Provider(t, nil).Resource(kindRole)
	r.MustApply(config)
	for what, c := range map[string]struct {
		behind  func(role serverRole)
		changed []string
	}{
		"a level":             {func(role serverRole) { s.setRow(t, role, "experiment/*", "DENY") }, []string{"grants"}},
		"the level of one":    {func(role serverRole) { s.setRow(t, role, "prompt/support-bot", "READ") }, []string{"grants"}},
		"a row less":          {func(role serverRole) { s.removeRow(t, role, "experiment/*") }, []string{"grants"}},
		"the row of one less": {func(role serverRole) { s.removeRow(t, role, "prompt/support-bot") }, []string{"grants"}},
		"a row more":          {func(role serverRole) { s.addRow(t, role.id, "run/*", "MANAGE") }, []string{"grants"}},
		"another description": {func(role serverRole) { s.updateRole(t, role.id, "description", "Else.") }, []string{"description"}},
		"no description":      {func(role serverRole) { s.updateRole(t, role.id, "description", "") }, []string{"description"}},
		"everything": {func(role serverRole) { s.removeRow(t, role, "workspace/*"); s.addRow(t, role.id, "scorer/*", "READ") },
			[]string{"grants"}},
		"the row of a stranger": {func(role serverRole) { s.addRow(t, role.id, "registered_model/x/y", "READ") }, nil},
		"of an experiment":      {func(role serverRole) { s.addRow(t, role.id, "experiment/"+id, "MANAGE") }, nil},
		"a member":              {func(role serverRole) { s.assign(t, role.id, ana.name) }, nil},
	} {
		c.behind(s.readRole(t, "default", name))
		acctest.ExpectDiagnostics(t, r.Refresh(), "")
		if plan := r.Plan(config); !slices.Equal(plan.Changed, c.changed) || plan.Diagnostics != "" {
			t.Errorf("%s: got planned action %s, changed attributes %v, want %v; diagnostics %q", what, plan.Action, plan.Changed, c.changed,
				plan.Diagnostics)
		}
		r.MustApply(config)
	}
	kept := maps.Clone(declared)
	kept["registered_model/x/y"], kept["experiment/"+id] = "READ", "MANAGE"
	role := s.expectRole(t, name, kept, ana.name)

	// A role that is renamed or deleted is not found by its name.
	s.updateRole(t, role.id, "name", name+" of others")
	acctest.ExpectDiagnostics(
		t,
		r.Refresh(),
		"warning: Role not found, removed from state: Role \""+name,
		"deleted or renamed outside Terraform",
	)
	s.updateRole(t, role.id, "name", name)
	r.Provider = r.Restart()
	acctest.ExpectDiagnostics(t, r.Import(name), "")
	s.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": role.id})
	other := s.createRole(t, s.Name("gets the number")) // which SQLite assigns again
	acctest.ExpectDiagnostics(t, r.Apply(config), "warning: Role not found, removed from state")
	s.expectRole(t, name, declared)
	s.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": other})
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
}

func (s *server) updateRole(t *testing.T, id int, attribute, value string) {
	t.Helper()
	s.MustDo(t, "PATCH", rbacCalls+"roles/update", map[string]any{"role_id": id, attribute: value})
}

// existingRole checks that an existing role is rejected, or adopted with its members.
func existingRole(t *testing.T, s *server) {
	name, ana := s.Name("exists"), s.addUser(t)
	id := numberOf(s.createRole(t, name))
	s.addRow(t, id, "experiment/*", "MANAGE")
	s.addRow(t, id, "run/*", "READ")
	s.addRow(t, id, "prompt/bot", "READ")
	s.updateRole(t, id, "description", "Of others.")
	s.assign(t, id, ana.name)
	r := s.Provider(t, nil).Resource(kindRole)
	declared := map[string]string{"experiment/*": "READ", "workspace/*": "USE"}
	acctest.ExpectDiagnostics(
		t,
		r.Apply(roleConfig(name, declared)),
		"error at name: Could not create role: name already in use: Role \""+name,
		"adopt_existing = true",
		"moved block",
	)
	config := roleConfig(name, declared, "adopt_existing", true)
	acctest.ExpectDiagnostics(t, r.Apply(config), "warning at grants: Undeclared grants will be removed", "  - run/*: READ\n",
		"warning: Description will be cleared", "Of others.")
	if role := s.expectRole(t, name, map[string]string{"experiment/*": "READ", "workspace/*": "USE", "prompt/bot": "READ"},
		ana.name); role.id != id || !role.hasNoDescription {
		t.Errorf("role: got %+v", role)
	}
	config["adopt_existing"] = false
	r.MustApply(config)
	acctest.ExpectDiagnostics(t, r.Destroy(), "")

	// An adopted role is updated as declared, or an error reports the reason. Then the state is empty, and the next apply continues.
	id = numberOf(s.createRole(t, name))
	s.addRow(t, id, "run/*", "READ")
	broken := roleConfig(name, map[string]string{"experiment/*": "READ", "thing/*": "READ"}, "adopt_existing", true)
	acctest.ExpectDiagnostics(t, withoutWarnings(r.Apply(broken)), "error at grants: Could not add grant: READ on \"thing/*\" of role",
		"Invalid resource type 'thing'", "'experiment'")
	if r.Values() != nil {
		t.Errorf("state: got %v", r.Values())
	}
	s.expectRole(t, name, map[string]string{"experiment/*": "READ", "run/*": "READ"})
	r.Apply(roleConfig(name, declared, "adopt_existing", true))
	s.expectRole(t, name, declared)
	acctest.ExpectDiagnostics(t, r.Destroy(), "")
}

func numberOf(id any) int {
	number, _ := id.(float64)
	return int(number)
}

// roleFailures checks that a role is created completely or not at all, and that the state contains the completed part of a failed change.
func roleFailures(t *testing.T, s *server) {
	name := s.Name("fails")
	through, relay := newRelayBackend(t, s.Backend)
	r := through.Provider(t, nil).Resource(kindRole)
	acctest.ExpectDiagnostics(t, r.Apply(roleConfig(name, map[string]string{"experiment/*": "READ", "thing/*": "READ"})),
		"error at grants: Could not add grant", "Invalid resource type")
	if r.Values() != nil || s.readRole(t, "default", name).found {
		t.Errorf("got an incomplete role and state %v, want neither", r.Values())
	}
	// Lost responses.
	for _, path := range []string{"roles/create", "roles/permissions/add"} {
		relay.interceptPath(rbacCalls+path, loseResponse())
		r.MustApply(roleConfig(name, map[string]string{"experiment/*": "READ"}))
		s.expectRole(t, name, map[string]string{"experiment/*": "READ"})
		relay.interceptPath(rbacCalls+path, nil)
		acctest.ExpectDiagnostics(t, r.Destroy(), "")
	}
	r.MustApply(roleConfig(name, map[string]string{"experiment/*": "READ", "run/*": "READ"}, "description", "one"))
	relay.interceptPath(rbacCalls+"roles/permissions/remove", respondWith(http.StatusForbidden,
		`{"error_code":"PERMISSION_DENIED","message":"no luck"}`))
	next := roleConfig(name+" renamed", map[string]string{"experiment/*": "EDIT", "scorer/*": "READ"}, "description", "two")
	acctest.ExpectDiagnostics(
		t,
		r.Apply(next),
		"error at grants: Could not revoke grant: READ on \"run/*\" of role",
		"no luck",
		"a server admin",
	)
	if got := r.Values(); got["name"] != next["name"] || fmt.Sprint(got["grants"]) != "map[experiment/*:EDIT run/*:READ scorer/*:READ]" {
		t.Errorf("state: got %v", got)
	}
	relay.interceptPath(rbacCalls+"roles/permissions/remove", nil)
	if plan := planned(r, next); !slices.Equal(plan.Changed, []string{"grants"}) {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	r.MustApply(next)
	s.expectRole(t, name+" renamed", map[string]string{"experiment/*": "EDIT", "scorer/*": "READ"})

	taken, _ := s.addRole(t)
	acctest.ExpectDiagnostics(t, r.Apply(roleConfig(taken, map[string]string{"experiment/*": "READ"})),
		"error at name: Could not rename role: name already in use", taken)
	s.expectRole(t, name+" renamed", map[string]string{"experiment/*": "EDIT", "scorer/*": "READ"})
	acctest.ExpectDiagnostics(t, r.Destroy(), "")

	for diags, config := range map[string]map[string]any{
		"error at grants: Invalid grant: \"experiment\" has no pattern": roleConfig(name,
			map[string]string{"experiment": "READ"}),
		"error at grants: Invalid permission level: \"CAN_EDIT\" is not a permission level": roleConfig(name,
			map[string]string{"experiment/*": "CAN_EDIT"}),
		"error at grants: Invalid grant: The type run supports only the pattern \"*\"": roleConfig(name, map[string]string{"run/1": "READ"}),
		"error at grants: Invalid permission level: EDIT cannot be granted on a workspace": roleConfig(name,
			map[string]string{"workspace/*": "EDIT"}),
		"error at name: Invalid role name: ": roleConfig("__user_1__", nil),
	} {
		acctest.ExpectDiagnostics(t, r.Plan(config).Diagnostics, diags)
	}
	acctest.ExpectDiagnostics(t, r.Apply(roleConfig(name, map[string]string{"experiment/*": "OWN"})), "error at grants: Could not add grant",
		"Invalid permission 'OWN'")
	acctest.ExpectDiagnostics(t, planned(r, roleConfig(name, map[string]string{"experiment/987654321": "READ"})).Diagnostics,
		"warning at grants: Experiment not found", "987654321")
}
