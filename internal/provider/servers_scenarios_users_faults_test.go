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
	u := s.Provider(t, nil).Block("mlflow_user")
	u.MustUp(userConfig(name))
	through, _ := newRelayBackend(t, s.Backend)
	elsewhere := through.Provider(t, nil).Block("mlflow_user")
	elsewhere.State, elsewhere.Private = u.State, u.Private
	acctest.ExpectSays(t, elsewhere.Refresh(), "error: Could not read user: another server: User ", name, s.URL, through.URL, "Nothing "+
		"was changed")
	acctest.ExpectSays(t, planned(elsewhere, nil).Says, "error: Could not delete user: another server", name)
	acctest.ExpectSays(t, planned(elsewhere, userConfig(name, "password_wo_version", 1)).Says, "error: Could not update user: another "+
		"server", name)
	acctest.ExpectSays(t, elsewhere.Apply(planned(u, nil), nil), "error: Could not delete user: another server", name)
	acctest.ExpectSays(t, elsewhere.Apply(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)), "error: Could "+
		"not update user: another server", name)
	s.expectUser(t, name, false, firstPassword)
	acctest.ExpectSays(t, u.Destroy(), "")
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
	u := through.Provider(t, nil).Block("mlflow_user")
	relay.interceptPath(userCalls+"create", lost)
	u.MustUp(userConfig(name))
	s.expectUser(t, name, false, firstPassword)
	relay.interceptPath(userCalls+"update-password", lost)
	if says := u.Up(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1)); !strings.HasPrefix(says, "error: Could "+
		"not set password: User ") {
		t.Errorf("a password whose response is always lost says %q", says)
	}
	relay.interceptPath(userCalls+"update-password", nil)
	u.MustUp(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1))
	s.expectUser(t, name, false, secondPassword)

	// The update of admin succeeds and the one of the password fails: the state contains the new value of admin.
	relay.interceptPath(userCalls+"update-password", refused)
	both := userConfig(name, "admin", true, "password_wo_version", 2)
	acctest.ExpectSays(t, u.Up(both), "error: Could not set password: User ", name)
	if got := u.Values(); !acctest.IsTrue(got["admin"]) {
		t.Errorf("the state is %v", got)
	}
	relay.interceptPath("", nil)
	u.MustUp(both)
	s.expectUser(t, name, true, firstPassword)
	acctest.ExpectSays(t, u.Destroy(), "")

	// A new account that could not be made an admin stays in the state, and the next apply makes it one.
	relay.interceptPath(userCalls+"update-admin", refused)
	name = s.newUser()
	u = through.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, u.Apply(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)), "warning: Could not "+
		"make the user a server admin", name,
		"The next plan shows admin")
	relay.interceptPath("", nil)
	acctest.ExpectSays(t, u.Refresh(), "")
	if plan := planned(u, userConfig(name, "admin", true)); !slices.Equal(plan.Changed, []string{"admin"}) {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	u.MustUp(userConfig(name, "admin", true))
	acctest.ExpectSays(t, u.Destroy(), "")

	// An account that cannot be adopted completely is not in the state.
	ana := s.addUser(t)
	relay.interceptPath(userCalls+"update-admin", refused)
	acctest.ExpectSays(t, u.Up(userConfig(ana.name, "adopt_existing", true, "admin", true)), "error: Could not adopt user: User "+
		"", ana.name)
	if u.Values() != nil {
		t.Error("the account is in the state")
	}
	s.deleteUser(t, ana.name)
}

// usersWithoutAuthentication checks that the plan fails with advice on a server without users.
func usersWithoutAuthentication(t *testing.T, s *server) {
	d := s.Provider(t, nil)
	u := d.Block("mlflow_user")
	plan := planned(u, userConfig("ana"))
	acctest.ExpectSays(t, plan.Says, "error: Users not supported", "without authentication", "basic-auth")
	_, says := d.Data("mlflow_users", map[string]any{})
	acctest.ExpectSays(t, says, "error: Could not read users", "without authentication", "basic-auth")
}

// listOfUsers reads the data source as an admin.
func listOfUsers(t *testing.T, s *server) {
	ana := s.addUser(t)
	s.setAdmin(t, ana.name, true)
	defer s.setAdmin(t, ana.name, false)
	d := s.Provider(t, nil)
	state, says := d.Data("mlflow_users", map[string]any{})
	if s.kind.grants == unlistedGrants {
		acctest.ExpectSays(t, says, "error: Could not read users", "needs MLflow 3.11 or newer")
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
	if says != "" || !complete || acctest.IsTrue(state["incomplete"]) {
		t.Errorf("said is %q, admins are %v, and the state is %v", says, admins, state)
	}
	if s.kind.grants != rbacGrants {
		return
	}
	role, id := s.addRole(t)
	s.MustCall(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": id})
	state, says = s.Provider(t, nil).Data("mlflow_users", map[string]any{})
	for _, u := range acctest.ObjectsOf(state["users"]) {
		if u["username"] == ana.name && fmt.Sprint(u["roles"]) != fmt.Sprint([]any{map[string]any{"workspace": "default", "name": role}}) {
			t.Errorf("said is %q, and the roles are %v", says, u["roles"])
		}
	}
}

// userCallers checks that a user who is not an admin gets an error with the requirement, and an incomplete list.
func userCallers(t *testing.T, s *server) {
	ben, ana := s.addUser(t), s.addUser(t)
	d := s.as(ben).Provider(t, nil)
	u := d.Block("mlflow_user")
	name := s.newUser()
	acctest.ExpectSays(t, u.Up(userConfig(name)), "error: Could not create user: User ", name, "Only a server admin can manage users")
	if u.Values() != nil {
		t.Error("the user is in the state")
	}
	managed := s.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, managed.Adopt(ana.name), "")
	for could, config := range map[string]map[string]any{
		"update user": {"username": ana.name, "admin": true}, "delete user": nil,
		"set password": userConfig(ana.name, "password_wo_version", 1),
	} {
		attempt := s.as(ben).Provider(t, nil).Block("mlflow_user")
		attempt.State, attempt.Private = managed.State, managed.Private
		acctest.ExpectSays(t, attempt.Apply(planned(managed, config), config), "error: Could not "+
			""+could+": User ", ana.name, "Only a server admin can manage users")
	}
	s.expectUser(t, ana.name, false, ana.password)
	if s.kind.grants != rbacGrants || s.kind.workspaces { // others may not list users
		return
	}
	state, says := d.Data("mlflow_users", map[string]any{})
	if says != "" || !acctest.IsTrue(state["incomplete"]) {
		t.Errorf("said is %q, and the state is %v", says, state)
	}
}
