//go:build mlflow

package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const (
	rbacCalls   = "/api/3.0/mlflow/"
	legacyCalls = acctest.ExperimentsPath + "permissions/"
)

// serverScenarios run only on real servers, before the scenarios for all servers.
func serverScenarios(kind serverKind) map[string]func(*testing.T, *server) {
	all := map[string]func(*testing.T, *server){
		"server below a path": behindPath, "invalid Host header": invalidHost, "TLS with a private CA and client certificates": behindTLS,
		"the example for both backends": bothServersExample,
	}
	add := func(more map[string]func(*testing.T, *server)) { maps.Copy(all, more) }
	add(userScenarios(kind))
	add(roleScenarios(kind))
	if !kind.workspaces {
		add(map[string]func(*testing.T, *server){"purged, and the id used again": purgedExperiment})
	}
	switch kind.grants {
	case noGrants:
		add(map[string]func(*testing.T, *server){"permissions without authentication": noPermissions})
		if !kind.anyHost {
			add(map[string]func(*testing.T, *server){"a workspace where there are none": workspaceDisabled, "deletion of 2,000 runs": manyRuns})
		}
	case rbacGrants:
		add(map[string]func(*testing.T, *server){
			"users and roles": usersAndRoles, "a grant fails in the middle": failedLevelChange, "runs without access": runsWithoutAccess,
			"all levels": rbacLevels, "principals that are not there": missingPrincipals,
			"who can manage permissions": rbacCallers, "role named admins": adminsRole, "one principal": onePrincipal,
			"calls of a refresh of permissions": permissionCalls,
		})
	case listedGrants:
		add(map[string]func(*testing.T, *server){"users": legacyUsers, "principals that are not there": missingPrincipals})
	case unlistedGrants:
		add(map[string]func(*testing.T, *server){"no list of users": withoutUserList})
	}
	if kind.grants == listedGrants || kind.grants == unlistedGrants {
		add(map[string]func(*testing.T, *server){
			"a stale grant hides that a create succeeded": leftoverGrant, "one principal": onePrincipal, "who can manage permissions": legacyCallers,
		})
	}
	if kind.grants == rbacGrants || kind.grants == listedGrants {
		add(map[string]func(*testing.T, *server){"a permission review": permissionReview, "two addresses of grants": grantAddresses})
		if !kind.workspaces {
			add(map[string]func(*testing.T, *server){"the grants of a stranger under a used id": grantsAfterIDReuse})
		}
	}
	if kind.grants != noGrants {
		add(map[string]func(*testing.T, *server){"credentials": credentials, "principals": principals})
	}
	add(workspaceObjectScenarios(kind))
	if kind.workspaces {
		add(map[string]func(*testing.T, *server){"workspaces": workspaces, "a forgotten workspace": unsetWorkspace, "bootstrap": bootstrap})
		add(workspaceScenarios)
		if !kind.postgres { // they take minutes and do not depend on the database
			add(map[string]func(*testing.T, *server){"ways to lose something": preventedLosses})
		}
	}
	return all
}

// grants returns the levels on an experiment in the server's spelling, by "user NAME" and "role NAME". Before 3.13, it reads only the users
// that are passed.
func (s *server) grants(t *testing.T, id string, people ...person) map[string]string {
	t.Helper()
	held := map[string]string{}
	if s.kind.grants != rbacGrants {
		for _, p := range people {
			status, answer := s.Do(t, "GET", legacyCalls+"get?"+url.Values{"experiment_id": {id}, "username": {p.name}}.Encode(), nil)
			if permission, _ := answer["experiment_permission"].(map[string]any); status == http.StatusOK {
				held["user "+p.name] = fmt.Sprint(permission["permission"])
			}
		}
		return held
	}
	hidden := map[string]string{}
	users, _ := s.MustDo(t, "GET", "/api/2.0/mlflow/users/list", nil)["users"].([]any)
	for _, u := range users {
		user, _ := u.(map[string]any)
		hidden[fmt.Sprintf("__user_%v__", user["id"])] = fmt.Sprint(user["username"])
	}
	for _, r := range s.roles(t) {
		holder := "role " + r.Name
		if user, ok := hidden[r.Name]; ok {
			holder = "user " + user
		}
		for _, p := range r.Permissions {
			if p.Type == "experiment" && p.Pattern == id {
				held[holder] = p.Permission
			}
		}
	}
	return held
}

type role struct {
	ID          int
	Name        string
	Permissions []struct {
		Type       string `json:"resource_type"`
		Pattern    string `json:"resource_pattern"`
		Permission string
	}
}

func (s *server) roles(t *testing.T) []role {
	t.Helper()
	workspace := "default"
	if w := s.Header.Get("X-MLFLOW-WORKSPACE"); w != "" {
		workspace = w
	}
	data, err := json.Marshal(s.MustDo(t, "GET", rbacCalls+"roles/list?workspace="+workspace, nil)["roles"])
	if err != nil {
		t.Fatal(err)
	}
	var roles []role
	if err := json.Unmarshal(data, &roles); err != nil {
		t.Fatal(err)
	}
	return roles
}

// addRole creates a role without members.
func (s *server) addRole(t *testing.T) (name string, id any) {
	t.Helper()
	name = acctest.UniqueName("role")
	return name, s.createRole(t, name)
}

func (s *server) createRole(t *testing.T, name string) (id any) {
	t.Helper()
	workspace := "default"
	if w := s.Header.Get("X-MLFLOW-WORKSPACE"); w != "" {
		workspace = w
	}
	made, _ := s.MustDo(t, "POST", rbacCalls+"roles/create", map[string]any{"name": name, "workspace": workspace})["role"].(map[string]any)
	return made["id"]
}

// grant grants a level outside Terraform.
func (s *server) grant(t *testing.T, id string, p person, level string) {
	t.Helper()
	if s.kind.grants == rbacGrants {
		s.MustDo(t, "POST", rbacCalls+"users/permissions/grant",
			map[string]any{"username": p.name, "resource_type": "experiment", "resource_id": id, "permission": level})
		return
	}
	s.MustDo(t, "POST", legacyCalls+"create", map[string]any{"experiment_id": id, "username": p.name, "permission": level})
}

func (s *server) revoke(t *testing.T, id string, p person) {
	t.Helper()
	if s.kind.grants == rbacGrants {
		s.MustDo(t, "POST", rbacCalls+"users/permissions/revoke",
			map[string]any{"username": p.name, "resource_type": "experiment", "resource_id": id})
		return
	}
	s.MustDo(t, "DELETE", legacyCalls+"delete", map[string]any{"experiment_id": id, "username": p.name})
}

// expectLevels checks all grants on an experiment. want contains "user NAME LEVEL".
func (s *server) expectLevels(t *testing.T, id string, people []person, want ...string) {
	t.Helper()
	var got []string
	for holder, level := range s.grants(t, id, people...) {
		got = append(got, holder+" "+level)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("on experiment %s the grants are %q, want %q", id, got, want)
	}
}

func grantsConfig(id string, more map[string]any) map[string]any {
	config := map[string]any{"experiment_id": id}
	maps.Copy(config, more)
	return config
}

// admin is the identity of the provider, unless a test uses another one.
var admin = person{name: adminName, password: adminPassword}

// usersAndRoles tests the lifecycle of an authoritative list.
func usersAndRoles(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("granted"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	readers, readersID := s.addRole(t)
	s.grant(t, id, ben, "EDIT")
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	first := grantsConfig(id,
		map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}, "groups": map[string]string{readers: "CAN_READ"}})
	acctest.ExpectDiagnostics(t, p.Apply(first), "warning: Undeclared permissions will be removed", `user "`+ben.name+`": CAN_EDIT`,
		`user "admin": CAN_MANAGE`)
	s.expectLevels(t, id, nil, "user "+ana.name+" EDIT", "role "+readers+" READ")

	second := grantsConfig(id, map[string]any{
		"users": map[string]string{ana.name: "CAN_MANAGE", ben.name: "CAN_READ"}, "groups": map[string]string{readers: "CAN_EDIT"},
	})
	if planned := p.Plan(second); !slices.Equal(planned.Changed, []string{"groups", "retained", "users"}) {
		t.Errorf("got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
	p.MustApply(second)
	s.expectLevels(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" READ", "role "+readers+" EDIT")

	for what, c := range map[string]struct {
		behind  func()
		changed []string
	}{
		"a foreign grant": {func() { s.grant(t, id, s.addUser(t), "READ") }, []string{"retained", "users"}},
		"a lost grant":    {func() { s.revoke(t, id, ben) }, []string{"retained", "users"}},
		"another level":   {func() { s.revoke(t, id, ben); s.grant(t, id, ben, "MANAGE") }, []string{"retained", "users"}},
		"a foreign role": {func() {
			_, other := s.addRole(t)
			s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
				map[string]any{"role_id": other, "resource_type": "experiment", "resource_pattern": id, "permission": "READ"})
		}, []string{"groups", "retained"}},
	} {
		c.behind()
		acctest.ExpectDiagnostics(t, p.Refresh(), "")
		if planned := p.Plan(second); !slices.Equal(planned.Changed, c.changed) {
			t.Errorf("%s: got planned action %s, changed attributes %v, want %v", what, planned.Action, planned.Changed, c.changed)
		}
		p.MustApply(second)
		s.expectLevels(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" READ", "role "+readers+" EDIT")
	}

	// Grants on other objects are inherited, and unmanaged.
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": readersID, "resource_type": "experiment", "resource_pattern": "*", "permission": "READ"})
	p.ExpectEmptyPlan(second)
	shown, diags := p.ReadDataSource("mlflow_experiment_permissions", map[string]any{"experiment_id": id})
	if diags != "" || !strings.Contains(fmt.Sprint(shown["grants"]), "every experiment") {
		t.Errorf("data source: got grants %v and diagnostics %q", shown["grants"], diags)
	}

	imported := p.Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t, imported.Import(id), "")
	imported.ExpectEmptyPlan(second)
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	s.expectLevels(t, id, nil)
	s.DeleteExperiment(t, id)
	acctest.ExpectDiagnostics(t, imported.Refresh(), "warning: Experiment not found, permissions removed from state")
}

// failedLevelChange fails the second half of a change of a level. The provider restores the old level, and the error reports the result.
func failedLevelChange(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("broken"), nil)
	ana := s.addUser(t)
	through, relay := newRelayBackend(t, s.Backend)
	p := through.Provider(t, nil).Resource("mlflow_experiment_permissions")
	config := func(level string) map[string]any {
		return grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level}})
	}
	p.Apply(config("CAN_READ"))
	refuse := respondWith(http.StatusForbidden, `{"error_code":"PERMISSION_DENIED","message":"no luck"}`)
	refuseLevel := func(level string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
		return func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return strings.Contains(string(body), level) && refuse(w, r, pass)
		}
	}
	grant := rbacCalls + "users/permissions/grant"
	relay.interceptPath(grant, refuseLevel(`"EDIT"`))
	acctest.ExpectDiagnostics(t, p.Apply(config("CAN_EDIT")), "error: Could not set permissions: Experiment "+id, "no luck")
	s.expectLevels(t, id, nil, "user "+ana.name+" READ")
	relay.interceptPath(grant, refuse)
	acctest.ExpectDiagnostics(t, p.Apply(config("CAN_EDIT")), "error: Could not set permissions: Experiment "+id,
		"restoring CAN_READ also failed", fmt.Sprintf("%q now has no direct grant on the experiment", ana.name))
	s.expectLevels(t, id, nil)
	relay.interceptPath(grant, nil)
	p.MustApply(config("CAN_EDIT"))
	s.expectLevels(t, id, nil, "user "+ana.name+" EDIT")
	// A grant that took effect although its response was lost.
	relay.interceptPath(grant, loseResponse())
	p.MustApply(config("CAN_READ"))
	s.expectLevels(t, id, nil, "user "+ana.name+" READ")

	// Ctrl-C while a revoke hangs, before and after its effect: the old level is restored.
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	hangs := &hangingProxy{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
	front := httptest.NewServer(hangs)
	t.Cleanup(front.Close)
	behind := *s.Backend
	behind.URL = front.URL
	for _, after := range []bool{false, true} {
		one := behind.Provider(t, nil).Resource("mlflow_experiment_permissions")
		acctest.ExpectDiagnostics(t, one.Import(id), "")
		diags := cancelledApply{call: "POST " + rbacCalls + "users/permissions/revoke", after: after, config: config("CAN_EDIT")}.apply(t, hangs,
			one)
		acctest.ExpectDiagnostics(t, diags, "error: Could not set permissions: Experiment "+id)
		s.expectLevels(t, id, nil, "user "+ana.name+" READ")
	}
}

// adminsRole checks that a role named admins, the group of workspace admins on Databricks, is an ordinary role.
func adminsRole(t *testing.T, s *server) {
	id, role := s.CreateExperiment(t, s.Name("admins"), nil), s.createRole(t, "admins")
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	declared := grantsConfig(id, map[string]any{"groups": map[string]string{"admins": "CAN_READ"}})
	p.Apply(declared)
	s.expectLevels(t, id, nil, "role admins READ")
	none := grantsConfig(id, nil)
	p.MustApply(none)
	s.expectLevels(t, id, nil)
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "experiment", "resource_pattern": id, "permission": "MANAGE"})
	acctest.ExpectDiagnostics(t, p.Refresh(), "")
	if planned := p.Plan(none); !slices.Contains(planned.Changed, "groups") {
		t.Errorf("got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
}

// rbacLevels are the levels that this server has besides those of Databricks.
func rbacLevels(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("levels"), nil)
	ana := s.addUser(t)
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	for _, level := range []string{"CAN_READ", "USE", "CAN_EDIT", "CAN_MANAGE", "DENY"} {
		if diags := p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level}})); acctest.HasError(diags) {
			t.Errorf("%s: got diagnostics %q", level, diags)
		}
		s.expectLevels(t, id, nil, "user "+ana.name+" "+strings.TrimPrefix(level, "CAN_"))
	}
	acctest.ExpectDiagnostics(t, p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "NO_PERMISSIONS"}})),
		"error: Could not set permissions: Experiment "+id, "Invalid permission")
	s.expectLevels(t, id, nil, "user "+ana.name+" DENY")
}

// missingPrincipals checks that nothing is changed if a principal does not exist, and that the error names the entry.
func missingPrincipals(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("missing"), nil)
	ana := s.addUser(t)
	people := []person{admin, ana, {name: "nobody"}}
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t,
		withoutWarnings(p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_READ", "nobody": "CAN_READ"}}))),
		"error at users: Could not set permissions: Experiment "+id, `"nobody"`, "Nothing was changed")
	s.expectLevels(t, id, people, "user admin MANAGE")
	diags := withoutWarnings(p.Apply(grantsConfig(id, map[string]any{"groups": map[string]string{"nobodies": "CAN_READ"}})))
	if s.kind.grants == rbacGrants {
		acctest.ExpectDiagnostics(t, diags, "error at groups: Could not set permissions: Experiment "+id, `"nobodies"`, "Nothing was changed")
	} else {
		acctest.ExpectDiagnostics(t, diags, "error: Could not set permissions: Experiment "+id, "has no roles")
	}
	machine := "6f1c2a34-5b67-4c89-9d01-23456789abcd"
	acctest.ExpectDiagnostics(t,
		withoutWarnings(p.Apply(grantsConfig(id, map[string]any{"service_principals": map[string]string{machine: "CAN_READ"}}))),
		"error", "has no service principals")
	s.expectLevels(t, id, people, "user admin MANAGE")
	one := p.Resource("mlflow_experiment_permission")
	acctest.ExpectDiagnostics(t, one.Apply(grantsConfig(id, map[string]any{"user_name": "nobody", "permission_level": "CAN_READ"})),
		"error at user_name: Could not grant permission", "Nothing was changed")
	s.expectLevels(t, id, people, "user admin MANAGE")
}

// withoutWarnings removes the diagnostics before the first error.
func withoutWarnings(diags string) string {
	if at := acctest.ErrorLine.FindStringIndex(diags); at != nil {
		return diags[at[0]:]
	}
	return diags
}
