//go:build mlflow

package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// userElsewhere checks that the state of a user on one server is not used for another server.
func userElsewhere(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Resource("mlflow_user")
	u.MustApply(userConfig(name))
	through, _ := newRelayBackend(t, s.Backend)
	elsewhere := through.Provider(t, nil).Resource("mlflow_user")
	elsewhere.State, elsewhere.Private = u.State, u.Private
	acctest.ExpectDiagnostics(
		t,
		elsewhere.Refresh(),
		"error: Could not read user: different server: User ",
		name,
		s.URL,
		through.URL,
		"Nothing was changed",
	)
	acctest.ExpectDiagnostics(t, planned(elsewhere, nil).Diagnostics, "error: Could not delete user: different server", name)
	acctest.ExpectDiagnostics(
		t,
		planned(elsewhere, userConfig(name, "password_wo_version", 1)).Diagnostics,
		"error: Could not update user: different server",
		name,
	)
	acctest.ExpectDiagnostics(t, elsewhere.ApplyPlan(planned(u, nil), nil), "error: Could not delete user: different server", name)
	acctest.ExpectDiagnostics(
		t,
		elsewhere.ApplyPlan(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)),
		"error: Could not update user: different server",
		name,
	)
	s.expectUser(t, name, false, firstPassword)
	acctest.ExpectDiagnostics(t, u.Destroy(), "")
}

// userFailures tests a lost response, and failures between requests.
func userFailures(t *testing.T, s *server) {
	through, relay := newRelayBackend(t, s.Backend)
	lost := func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
		pass.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	refused := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error_code":"INTERNAL_ERROR","message":"no"}`)
		return true
	}
	name := s.newUser()
	u := through.Provider(t, nil).Resource("mlflow_user")
	relay.interceptPath(userCalls+"create", lost)
	u.MustApply(userConfig(name))
	s.expectUser(t, name, false, firstPassword)
	relay.interceptPath(userCalls+"update-password", lost)
	if diags := u.Apply(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1)); !strings.HasPrefix(diags, "error: Could "+
		"not set password: User ") {
		t.Errorf("a password whose response is always lost: got diagnostics %q", diags)
	}
	relay.interceptPath(userCalls+"update-password", nil)
	u.MustApply(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1))
	s.expectUser(t, name, false, secondPassword)

	// The update of admin succeeds and the one of the password fails: the state contains the new value of admin.
	relay.interceptPath(userCalls+"update-password", refused)
	both := userConfig(name, "admin", true, "password_wo_version", 2)
	acctest.ExpectDiagnostics(t, u.Apply(both), "error: Could not set password: User ", name)
	if got := u.Values(); !acctest.IsTrue(got["admin"]) {
		t.Errorf("state: got %v", got)
	}
	relay.interceptPath("", nil)
	u.MustApply(both)
	s.expectUser(t, name, true, firstPassword)
	acctest.ExpectDiagnostics(t, u.Destroy(), "")

	// A new account that could not be made an admin stays in the state, and the next apply makes it one.
	relay.interceptPath(userCalls+"update-admin", refused)
	name = s.newUser()
	u = through.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(
		t,
		u.ApplyPlan(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)),
		"warning: Could not "+
			"make the user a server admin",
		name,
		"The next plan shows admin",
	)
	relay.interceptPath("", nil)
	acctest.ExpectDiagnostics(t, u.Refresh(), "")
	if plan := planned(u, userConfig(name, "admin", true)); !slices.Equal(plan.Changed, []string{"admin"}) {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	u.MustApply(userConfig(name, "admin", true))
	acctest.ExpectDiagnostics(t, u.Destroy(), "")

	// An account that cannot be adopted completely is not in the state.
	ana := s.addUser(t)
	relay.interceptPath(userCalls+"update-admin", refused)
	acctest.ExpectDiagnostics(t, u.Apply(userConfig(ana.name, "adopt_existing", true, "admin", true)), "error: Could not adopt user: User "+
		"", ana.name)
	if u.Values() != nil {
		t.Error("the account is in the state")
	}
	s.deleteUser(t, ana.name)
}

// usersWithoutAuthentication checks that the plan fails with advice on a server without users.
func usersWithoutAuthentication(t *testing.T, s *server) {
	d := s.Provider(t, nil)
	u := d.Resource("mlflow_user")
	plan := planned(u, userConfig("ana"))
	acctest.ExpectDiagnostics(t, plan.Diagnostics, "error: Users are not supported", "without authentication", "basic-auth")
	_, diags := d.ReadDataSource("mlflow_users", map[string]any{})
	acctest.ExpectDiagnostics(t, diags, "error: Could not read users", "without authentication", "basic-auth")
}

// listOfUsers reads the data source as an admin.
func listOfUsers(t *testing.T, s *server) {
	ana := s.addUser(t)
	s.setAdmin(t, ana.name, true)
	defer s.setAdmin(t, ana.name, false)
	d := s.Provider(t, nil)
	state, diags := d.ReadDataSource("mlflow_users", map[string]any{})
	if s.kind.grants == unlistedGrants {
		acctest.ExpectDiagnostics(t, diags, "error: Could not read users", "needs MLflow 3.11 or newer")
		return
	}
	users := acctest.ObjectsOf(state["users"])
	var names, admins []string
	for _, u := range users {
		name, _ := u["username"].(string)
		names = append(names, name)
		if acctest.IsTrue(u["admin"]) {
			admins = append(admins, name)
		}
	}
	complete := slices.IsSorted(names) && slices.Contains(names, ana.name)
	complete = complete && slices.Contains(admins, ana.name) && slices.Contains(admins, adminName)
	if diags != "" || !complete || acctest.IsTrue(state["incomplete"]) {
		t.Errorf("got diagnostics %q, admins %v, and state %v", diags, admins, state)
	}
	if s.kind.grants != rbacGrants {
		return
	}
	role, id := s.addRole(t)
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": id})
	state, diags = s.Provider(t, nil).ReadDataSource("mlflow_users", map[string]any{})
	for _, u := range acctest.ObjectsOf(state["users"]) {
		if u["username"] == ana.name && fmt.Sprint(u["roles"]) != fmt.Sprint([]any{map[string]any{"workspace": "default", "name": role}}) {
			t.Errorf("got diagnostics %q and roles %v", diags, u["roles"])
		}
	}
}

// userCallers checks that a user who is not an admin gets an error with the requirement, and an incomplete list.
func userCallers(t *testing.T, s *server) {
	ben, ana := s.addUser(t), s.addUser(t)
	d := s.as(ben).Provider(t, nil)
	u := d.Resource("mlflow_user")
	name := s.newUser()
	acctest.ExpectDiagnostics(
		t,
		u.Apply(userConfig(name)),
		"error: Could not create user: User ",
		name,
		"Only a server admin can manage users",
	)
	if u.Values() != nil {
		t.Error("the user is in the state")
	}
	managed := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, managed.Import(ana.name), "")
	for could, config := range map[string]map[string]any{
		"update user": {"username": ana.name, "admin": true}, "delete user": nil,
		"set password": userConfig(ana.name, "password_wo_version", 1),
	} {
		attempt := s.as(ben).Provider(t, nil).Resource("mlflow_user")
		attempt.State, attempt.Private = managed.State, managed.Private
		acctest.ExpectDiagnostics(t, attempt.ApplyPlan(planned(managed, config), config), "error: Could not "+
			""+could+": User ", ana.name, "Only a server admin can manage users")
	}
	s.expectUser(t, ana.name, false, ana.password)
	if s.kind.grants != rbacGrants || s.kind.workspaces { // others may not list users
		return
	}
	state, diags := d.ReadDataSource("mlflow_users", map[string]any{})
	if diags != "" || !acctest.IsTrue(state["incomplete"]) {
		t.Errorf("got diagnostics %q and state %v", diags, state)
	}
}
