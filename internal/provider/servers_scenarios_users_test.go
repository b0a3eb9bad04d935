//go:build mlflow

package provider_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const (
	userCalls   = "/api/2.0/mlflow/users/"
	userAddress = "mlflow_user.test"
	// Passwords contain what [acctest.SecretPattern] looks for.
	firstPassword, secondPassword = "first-password-1234", "second-password-5678"
)

// userScenarios are the scenarios of users, by the kind of server.
func userScenarios(kind serverKind) map[string]func(*testing.T, *server) {
	if kind.grants == noGrants {
		return map[string]func(*testing.T, *server){"users without authentication": usersWithoutAuthentication}
	}
	all := map[string]func(*testing.T, *server){
		"the life of a user": userLife, "a user that exists": existingUser, "users that a plan must not touch": protectedUsers, "a user with permissions": userWithGrants,
		"a list of users": listOfUsers, "users and callers": userCallers,
	}
	if kind.grants != unlistedGrants { // every call costs there, and the others say it all
		maps.Copy(all, map[string]func(*testing.T, *server){
			"a user of another server": userElsewhere, "users through the CLI": usersThroughCLI, "passwords stay secret": passwordsStaySecret,
			"a user and failures": userFailures, "examples of users": userExamples,
		})
	}
	return all
}

// userConfig is the configuration of a user with a password, and more.
func userConfig(name string, more ...any) map[string]any {
	config := map[string]any{"username": name, "password_wo": firstPassword}
	for key, value := range acctest.AttributeValues(more...) {
		config[key] = value
	}
	return config
}

// userOf reads a user behind Terraform's back; ok is false if there is none.
func (s *server) userOf(t *testing.T, name string) (admin, ok bool) {
	t.Helper()
	status, answer := s.Call(t, "GET", userCalls+"get?"+url.Values{"username": {name}}.Encode(), nil)
	user, _ := answer["user"].(map[string]any)
	admin, _ = user["is_admin"].(bool)
	return admin, status == http.StatusOK
}

// expectUser checks that there is a user, whether it is an admin, and that it has a password; "" does not check that.
func (s *server) expectUser(t *testing.T, name string, admin bool, password string) {
	t.Helper()
	if got, ok := s.userOf(t, name); !ok || got != admin {
		t.Errorf("user %s is there: %t, and an admin: %t; want an admin: %t", name, ok, got, admin)
	}
	if password != "" && !s.logsIn(t, name, password) {
		t.Errorf("user %s has another password", name)
	}
}

// logsIn reports whether a username and a password authenticate.
func (s *server) logsIn(t *testing.T, name, password string) bool {
	t.Helper()
	status, _ := s.as(person{name, password}).Call(t, "POST", acctest.ExperimentCalls+"search", map[string]any{"max_results": 1})
	return status == http.StatusOK
}

func (s *server) setAdmin(t *testing.T, name string, admin bool) {
	t.Helper()
	s.MustCall(t, "PATCH", userCalls+"update-admin", map[string]any{"username": name, "is_admin": admin})
}

func (s *server) deleteUser(t *testing.T, name string) {
	t.Helper()
	s.MustCall(t, "DELETE", userCalls+"delete", map[string]any{"username": name})
}

// newUser returns a username that nobody has.
func (s *server) newUser() string { return s.Name("Ana O'Neil") }

// planned plans a configuration in a new process, as each plan of the CLI is.
func planned(b *acctest.Block, config map[string]any) acctest.Plan {
	b.T.Helper()
	b.Refresh()
	return b.Plan(config)
}

// userLife creates a user, changes it, finds what others changed, and deletes it.
func userLife(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Block("mlflow_user")
	u.MustUp(userConfig(name))
	s.expectUser(t, name, false, firstPassword)
	if got := u.Values(); got["id"] != name || got["username"] != name || got["password_wo"] != nil || acctest.IsTrue(got["admin"]) {
		t.Errorf("the state is %v", got)
	}
	u.MustUp(userConfig(name, "admin", true))
	s.expectUser(t, name, true, firstPassword)

	// Another password alone changes nothing; its version does.
	other := userConfig(name, "admin", true, "password_wo", secondPassword)
	u.MustUp(other)
	s.expectUser(t, name, true, firstPassword)
	other["password_wo_version"] = 1
	if plan := planned(u, other); plan.Action != "update" || !slices.Equal(plan.Changed, []string{"password_wo_version"}) {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	u.MustUp(other)
	s.expectUser(t, name, true, secondPassword)
	if s.logsIn(t, name, firstPassword) {
		t.Error("the first password still works")
	}
	// The version may go, with the password.
	u.MustUp(map[string]any{"username": name, "admin": true})
	s.expectUser(t, name, true, secondPassword)
	acctest.ExpectSays(t, u.Up(map[string]any{"username": name, "admin": true, "password_wo_version": 2}), "error at password_wo_version: Could not set password", name,
		"password_wo is not set")

	// What others change shows up, and is repaired.
	s.setAdmin(t, name, false)
	acctest.ExpectSays(t, u.Refresh(), "")
	if plan := planned(u, map[string]any{"username": name, "admin": true}); !slices.Equal(plan.Changed, []string{"admin"}) {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	u.MustUp(map[string]any{"username": name, "admin": true})
	u.MustUp(map[string]any{"username": name}) // which is admin = false
	s.expectUser(t, name, false, secondPassword)
	s.deleteUser(t, name)
	acctest.ExpectSays(t, u.Up(userConfig(name)), "warning: User not found, removed from state", name, "deleted outside Terraform")
	s.expectUser(t, name, false, firstPassword)

	// A user who was deleted and created again outside has another number, and that is nobody's business.
	s.deleteUser(t, name)
	s.MustCall(t, "POST", userCalls+"create", map[string]any{"username": name, "password": secondPassword})
	u.MustUp(userConfig(name))

	imported := u.Process.Block("mlflow_user")
	acctest.ExpectSays(t, imported.Adopt(name), "")
	imported.ExpectSettled(map[string]any{"username": name, "admin": false})
	acctest.ExpectSays(t, u.Process.Block("mlflow_user").Adopt(name+"?"), "error: Could not import user", "The server has no user", "case-sensitive")
	state, says := importIdentity(u.Direct, "mlflow_user", map[string]any{"username": name, "tracking_uri": s.URL + "/"})
	if says != "" || state["username"] != name {
		t.Errorf("import by identity says %q, and the state is %v", says, state)
	}
	_, says = importIdentity(u.Direct, "mlflow_user", map[string]any{"username": name, "tracking_uri": "https://mlflow.example.com"})
	acctest.ExpectSays(t, says, "error: Could not import user", "The identity names the server https://mlflow.example.com")

	renamed := s.newUser()
	if plan := planned(u, userConfig(renamed)); plan.Action != "replace" {
		t.Errorf("another username is to %s", plan.Action)
	}
	u.MustUp(userConfig(renamed))
	if _, ok := s.userOf(t, name); ok {
		t.Error("the old user is still there")
	}
	s.expectUser(t, renamed, false, firstPassword)
	u.MustUp(userConfig(renamed, "deletion_policy", "retain"))
	acctest.ExpectSays(t, u.Destroy(), "")
	s.expectUser(t, renamed, false, firstPassword)
	again := s.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, again.Adopt(renamed), "")
	acctest.ExpectSays(t, again.Destroy(), "")
	if _, ok := s.userOf(t, renamed); ok {
		t.Error("destroying left the user")
	}
	again.MustUp(userConfig(renamed))
	s.deleteUser(t, renamed)
	again.Process = again.Again()
	acctest.ExpectSays(t, again.Apply(again.Plan(nil), nil), "") // gone already
}

// existingUser: a username in use is an error, and adopt_existing takes the account over.
func existingUser(t *testing.T, s *server) {
	ana := s.addUser(t)
	u := s.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, u.Up(userConfig(ana.name)), "error at username: Could not create user: username already in use", ana.name, "import {", "adopt_existing = true")
	s.expectUser(t, ana.name, false, ana.password)
	if u.Values() != nil {
		t.Error("the user is in the state")
	}
	u.MustUp(map[string]any{"username": ana.name, "adopt_existing": true, "admin": true})
	s.expectUser(t, ana.name, true, ana.password)
	acctest.ExpectSays(t, u.Destroy(), "")
	ben := s.addUser(t)
	s.setAdmin(t, ben.name, true)
	u.MustUp(userConfig(ben.name, "adopt_existing", true))
	s.expectUser(t, ben.name, false, firstPassword)
	acctest.ExpectSays(t, u.Destroy(), "")

	// Without an account there must be a password.
	name := s.newUser()
	for _, config := range []map[string]any{{"username": name}, {"username": name, "adopt_existing": true}} {
		acctest.ExpectSays(t, planned(u, config).Says, "error at password_wo: Could not create user", name, "Terraform 1.11 or OpenTofu 1.11")
	}
	acctest.ExpectSays(t, planned(u, userConfig(name, "password_wo", "")).Says, "error at password_wo: Invalid password: The password is empty")
	if s.kind.grants == unlistedGrants { // the plan cannot know the version
		acctest.ExpectSays(t, u.Up(userConfig(name, "password_wo", "short-pw")), "error: Could not create user: User ", name, "12 characters")
	} else {
		acctest.ExpectSays(t, planned(u, userConfig(name, "password_wo", "short-pw")).Says, "error at password_wo: Invalid password", name, "8 characters")
	}
	if _, ok := s.userOf(t, name); ok {
		t.Error("the user was created")
	}
	u.MustUp(userConfig(name, "password_wo", "123456789012"))
	if s.kind.grants != unlistedGrants {
		acctest.ExpectSays(t, planned(u, userConfig(name, "password_wo", "short-pw", "password_wo_version", 1)).Says, "error at password_wo: Invalid password", name)
	}
	acctest.ExpectSays(t, u.Destroy(), "")
}

// protectedUsers: no plan of ours takes the account that the provider uses, or the last admin.
func protectedUsers(t *testing.T, s *server) {
	boss := s.addUser(t)
	s.setAdmin(t, boss.name, true)
	own := s.as(boss).Provider(t, nil)
	u := own.Block("mlflow_user")
	acctest.ExpectSays(t, u.Adopt(boss.name), "")
	kept := map[string]any{"username": boss.name, "admin": true}
	u.ExpectSettled(kept)
	attempts := map[string]struct {
		config map[string]any
		says   string
	}{
		"admin = false":   {map[string]any{"username": boss.name, "admin": false}, "error at admin: Could not change user: User "},
		"no admin":        {map[string]any{"username": boss.name}, "error at admin: Could not change user: User "},
		"a password":      {map[string]any{"username": boss.name, "admin": true, "password_wo": secondPassword, "password_wo_version": 1}, "error at password_wo_version: Could not set password: User "},
		"another name":    {map[string]any{"username": s.newUser(), "admin": true, "password_wo": firstPassword}, "error: Could not delete user: User "},
		"nothing of it":   {nil, "error: Could not delete user: User "},
		"policy: delete":  {map[string]any{"username": boss.name, "deletion_policy": "delete"}, "error at admin: Could not change user: User "},
		"everything else": {map[string]any{"username": boss.name, "admin": false, "password_wo": secondPassword, "password_wo_version": 9}, "error at admin: Could not change user: User "},
	}
	for what, a := range attempts {
		acctest.ExpectSays(t, planned(u, a.config).Says, a.says, boss.name, "is the account that the provider is authenticated as")
		s.expectUser(t, boss.name, true, boss.password)
		// The same when the plan did not know it: one that another admin made.
		stranger := s.Provider(t, nil).Block("mlflow_user")
		stranger.State, stranger.Private = u.State, u.Private
		plan := planned(stranger, a.config)
		if plan.Action == "" || plan.Action == "none" {
			t.Errorf("%s: another admin is told %q, to %s", what, plan.Says, plan.Action)
			continue
		}
		if plan.Action == "replace" {
			plan, a.config = planned(stranger, nil), nil
		}
		attempt := s.as(boss).Provider(t, nil).Block("mlflow_user")
		attempt.State, attempt.Private = u.State, u.Private
		acctest.ExpectSays(t, attempt.Apply(plan, a.config), a.says, "is the account that the provider is authenticated as")
		s.expectUser(t, boss.name, true, boss.password)
	}
	fresh := s.as(boss).Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, planned(fresh, userConfig(boss.name, "adopt_existing", true)).Says, "error at admin: Could not change user", boss.name)
	acctest.ExpectSays(t, planned(fresh, userConfig(boss.name, "adopt_existing", true, "admin", true)).Says, "error at password_wo_version: Could not set password", boss.name)
	fresh = s.as(boss).Provider(t, nil).Block("mlflow_user")
	harmless := map[string]any{"username": boss.name, "adopt_existing": true, "admin": true, "deletion_policy": "retain"}
	fresh.MustUp(harmless)
	acctest.ExpectSays(t, fresh.Destroy(), "")
	s.expectUser(t, boss.name, true, boss.password)
	lastAdmin(t, s, boss)
	s.setAdmin(t, boss.name, false)
}

// lastAdmin: two admins, each of whom would demote the other, leave one.
func lastAdmin(t *testing.T, s *server, boss person) {
	t.Helper()
	second := s.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, second.Adopt(boss.name), "")
	demote := map[string]any{"username": boss.name}
	plan := planned(second, demote)
	first := s.as(boss).Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, first.Adopt(adminName), "")
	other := planned(first, map[string]any{"username": adminName})
	acctest.ExpectSays(t, second.Apply(plan, demote), "")
	if says := first.Apply(other, map[string]any{"username": adminName}); !acctest.IsError(says) {
		t.Errorf("the last admin was demoted, and said is %q", says)
	}
	s.expectUser(t, adminName, true, adminPassword)
	s.setAdmin(t, boss.name, true)
}

// userWithGrants: an older server does not delete a user with permissions.
func userWithGrants(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Block("mlflow_user")
	u.MustUp(userConfig(name))
	id := s.Create(t, s.Name("granted"), nil)
	ana := person{name, firstPassword}
	s.grant(t, id, ana, "READ")
	says := u.Destroy()
	if s.kind.grants == rbacGrants {
		acctest.ExpectSays(t, says, "")
		return
	}
	acctest.ExpectSays(t, says, "error: Could not delete user: User ", name, "Revoke its permissions first", "retain")
	s.expectUser(t, name, false, firstPassword)
	s.revoke(t, id, ana)
	acctest.ExpectSays(t, u.Destroy(), "")
}

// userElsewhere: the state of one server's user is not another server's user.
func userElsewhere(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Block("mlflow_user")
	u.MustUp(userConfig(name))
	through, _ := relayed(t, s.Backend)
	elsewhere := through.Provider(t, nil).Block("mlflow_user")
	elsewhere.State, elsewhere.Private = u.State, u.Private
	acctest.ExpectSays(t, elsewhere.Refresh(), "error: Could not read user: another server: User ", name, s.URL, through.URL, "Nothing was changed")
	acctest.ExpectSays(t, planned(elsewhere, nil).Says, "error: Could not delete user: another server", name)
	acctest.ExpectSays(t, planned(elsewhere, userConfig(name, "password_wo_version", 1)).Says, "error: Could not change user: another server", name)
	acctest.ExpectSays(t, elsewhere.Apply(planned(u, nil), nil), "error: Could not delete user: another server", name)
	acctest.ExpectSays(t, elsewhere.Apply(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)), "error: Could not change user: another server", name)
	s.expectUser(t, name, false, firstPassword)
	acctest.ExpectSays(t, u.Destroy(), "")
}

// userFailures: a lost answer, and failures in the middle.
func userFailures(t *testing.T, s *server) {
	through, relay := relayed(t, s.Backend)
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
	relay.spoilWith(userCalls+"create", lost)
	u.MustUp(userConfig(name))
	s.expectUser(t, name, false, firstPassword)
	relay.spoilWith(userCalls+"update-password", lost)
	if says := u.Up(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1)); !strings.HasPrefix(says, "error: Could not set password: User ") {
		t.Errorf("a password whose answer is always lost says %q", says)
	}
	relay.spoilWith(userCalls+"update-password", nil)
	u.MustUp(userConfig(name, "password_wo", secondPassword, "password_wo_version", 1))
	s.expectUser(t, name, false, secondPassword)

	// admin is set, and the password fails: what was done is in the state.
	relay.spoilWith(userCalls+"update-password", refused)
	both := userConfig(name, "admin", true, "password_wo_version", 2)
	acctest.ExpectSays(t, u.Up(both), "error: Could not set password: User ", name)
	if got := u.Values(); !acctest.IsTrue(got["admin"]) {
		t.Errorf("the state is %v", got)
	}
	relay.spoilWith("", nil)
	u.MustUp(both)
	s.expectUser(t, name, true, firstPassword)
	acctest.ExpectSays(t, u.Destroy(), "")

	// A new account that is not made an admin stays in the state, and the next apply makes it one.
	relay.spoilWith(userCalls+"update-admin", refused)
	name = s.newUser()
	u = through.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, u.Apply(planned(u, userConfig(name, "admin", true)), userConfig(name, "admin", true)), "warning: Could not make the user a server admin", name,
		"The next plan shows admin")
	relay.spoilWith("", nil)
	acctest.ExpectSays(t, u.Refresh(), "")
	if plan := planned(u, userConfig(name, "admin", true)); !slices.Equal(plan.Changed, []string{"admin"}) {
		t.Errorf("planned is to %s, changing %v", plan.Action, plan.Changed)
	}
	u.MustUp(userConfig(name, "admin", true))
	acctest.ExpectSays(t, u.Destroy(), "")

	// An account that cannot be adopted whole is not in the state.
	ana := s.addUser(t)
	relay.spoilWith(userCalls+"update-admin", refused)
	acctest.ExpectSays(t, u.Up(userConfig(ana.name, "adopt_existing", true, "admin", true)), "error: Could not adopt user: User ", ana.name)
	if u.Values() != nil {
		t.Error("the account is in the state")
	}
	s.deleteUser(t, ana.name)
}

// usersWithoutAuthentication: there is nothing to manage, and what to do is said at plan.
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
	if says != "" || !slices.IsSorted(names) || !slices.Contains(names, ana.name) || !slices.Contains(admins, ana.name) || !slices.Contains(admins, adminName) ||
		acctest.IsTrue(state["incomplete"]) {
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

// userCallers: who is no admin is told what is needed, and that a list is partial.
func userCallers(t *testing.T, s *server) {
	ben, ana := s.addUser(t), s.addUser(t)
	d := s.as(ben).Provider(t, nil)
	u := d.Block("mlflow_user")
	name := s.newUser()
	acctest.ExpectSays(t, u.Up(userConfig(name)), "error: Could not create user: User ", name, "Managing users needs a server admin")
	if u.Values() != nil {
		t.Error("the user is in the state")
	}
	managed := s.Provider(t, nil).Block("mlflow_user")
	acctest.ExpectSays(t, managed.Adopt(ana.name), "")
	for could, config := range map[string]map[string]any{
		"change user": {"username": ana.name, "admin": true}, "set password": userConfig(ana.name, "password_wo_version", 1), "delete user": nil,
	} {
		attempt := s.as(ben).Provider(t, nil).Block("mlflow_user")
		attempt.State, attempt.Private = managed.State, managed.Private
		acctest.ExpectSays(t, attempt.Apply(planned(managed, config), config), "error: Could not "+could+": User ", ana.name, "Managing users needs a server admin")
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

// usersThroughCLI: values that are unknown until apply, generated configuration, and renamed resources.
func usersThroughCLI(t *testing.T, s *server) {
	block := hcl(s.Block(nil))
	name, imported := s.newUser(), s.addUser(t)
	config := func(version, name string) string {
		return block + fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input            = { name = %q, password = %q, version = 1, admin = true }\n"+
			"  triggers_replace = %q\n}\n", name, firstPassword, version) + `
			resource "mlflow_user" "test" {
			  username            = terraform_data.late.output.name
			  password_wo         = terraform_data.late.output.password
			  password_wo_version = terraform_data.late.output.version
			  admin               = terraform_data.late.output.admin
			}`
	}
	written := func(label, more string) string {
		return block + fmt.Sprintf("resource \"mlflow_user\" %q {\n  username    = %q\n  password_wo = %q\n  admin       = true\n}\n%s", label, name, firstPassword, more)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: watchedFactories(t), Steps: []resource.TestStep{
		{Config: config("1", name), PostApplyFunc: func() { s.expectUser(t, name, true, firstPassword) }},
		{
			Config:           config("2", name), // unknown again, and the same
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(userAddress, plancheck.ResourceActionUpdate)}},
			PostApplyFunc:    func() { s.expectUser(t, name, true, firstPassword) },
		},
		{Config: config("3", s.newUser()), ExpectError: wrapped("Could not replace user")},
		{Config: written("test", "")},
		{Config: written("test", ""), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		{Config: written("renamed", ""), ExpectError: wrapped("User would be deleted and recreated")},
		{
			Config:           written("renamed", "moved {\n  from = mlflow_user.test\n  to   = mlflow_user.renamed\n}\n"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
		},
		{Config: written("renamed", "") + strings.ReplaceAll(written("twice", ""), block, ""), ExpectError: wrapped("username already in use")},
		{
			Config: block, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true, ImportStateId: imported.name, ResourceName: userAddress,
		},
		{
			Config: written("renamed", ""), ImportState: true, ImportStateVerify: true, ResourceName: "mlflow_user.renamed",
			ImportStateIdFunc: func(*terraform.State) (string, error) { return name, nil },
		},
		{
			Config: written("renamed", ""), Taint: []string{"mlflow_user.renamed"},
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("mlflow_user.renamed", plancheck.ResourceActionDestroyBeforeCreate),
			}},
		},
	}})
	if _, ok := s.userOf(t, name); ok {
		t.Error("destroying left the user")
	}
	two := strings.ReplaceAll(written("a", ""), name, s.newUser())
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: watchedFactories(t), Steps: []resource.TestStep{
		{Config: two + strings.ReplaceAll(strings.ReplaceAll(two, block, ""), `"a"`, `"b"`), ExpectError: wrapped("Duplicate user")},
	}})
}

// passwordsStaySecret runs the built provider at TRACE, and searches all that is left for the passwords and for hashes of them.
func passwordsStaySecret(t *testing.T, s *server) {
	taken := s.addUser(t)
	name := s.newUser()
	config := func(more string) string {
		return hcl(s.Block(map[string]any{"password": nil})) + fmt.Sprintf(`
			variable "password" {
			  type      = string
			  ephemeral = true
			}
			variable "version_of_password" {
			  default = 1
			}
			resource "mlflow_user" "test" {
			  username            = %q
			  password_wo         = var.password
			  password_wo_version = var.version_of_password
			}
			`, name) + more
	}
	p := newProgram(t, config(""), "MLFLOW_TRACKING_PASSWORD="+adminPassword, "TF_VAR_password="+firstPassword)
	must := func(command string, args ...string) {
		t.Helper()
		args = append([]string{command, "-no-color", "-input=false"}, args...)
		if out, err := p.run(args...); err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
	}
	must("plan", "-out=saved.plan")
	must("apply", "saved.plan")
	s.expectUser(t, name, false, firstPassword)
	p.env = append(p.env, "TF_VAR_password="+secondPassword)
	must("apply", "-auto-approve", "-var=version_of_password=2")
	s.expectUser(t, name, false, secondPassword)
	// The server answers the create of a username in use with a hash of the password, and a short password with a refusal.
	p.write("taken.tf", fmt.Sprintf("resource \"mlflow_user\" \"taken\" {\n  username    = %q\n  password_wo = var.password\n}\n", taken.name))
	if out, err := p.run("apply", "-no-color", "-input=false", "-auto-approve", "-var=version_of_password=2"); err == nil || !strings.Contains(out, "already in use") {
		t.Errorf("a username in use says %s", out)
	}
	p.write("taken.tf", "")
	const short = "pw-8765"
	p.env = append(p.env, "TF_VAR_password="+short)
	if out, err := p.run("apply", "-no-color", "-input=false", "-auto-approve", "-var=version_of_password=3"); err == nil || !strings.Contains(out, "characters") {
		t.Errorf("a short password says %s", out)
	}
	p.env = append(p.env, "TF_VAR_password="+secondPassword)
	shown, err := p.run("show", "-json", "saved.plan")
	if err != nil || !strings.Contains(shown, "password_wo_version") {
		t.Errorf("the plan is %s", shown)
	}
	must("destroy", "-auto-approve")
	for _, secret := range []string{firstPassword, secondPassword, short, adminPassword, "scrypt:", "pbkdf2", "$2b$"} {
		if files := p.find(secret); len(files) > 0 {
			t.Errorf("%q is in %v", secret, files)
		}
	}
	if log := p.find("users/create"); len(log) == 0 {
		t.Error("the log holds no calls, so nothing was proved")
	}
}

// wrapped matches a message that the CLI broke into lines.
func wrapped(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`))
}

// userExamples applies the examples of users, and runs the imports among them.
func userExamples(t *testing.T, s *server) {
	const password = "example-password-1234"
	e := examples["user"]
	s.MustCall(t, "POST", userCalls+"create", map[string]any{"username": "training", "password": secondPassword})
	p := newProgram(t, hcl(s.Block(nil))+e.text(t), "TF_VAR_ana_password="+password, fmt.Sprintf("TF_VAR_initial_passwords={ben=%q,carla=%q}", password, password))
	must := func(args ...string) {
		t.Helper()
		if out, err := p.run(args...); err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("plan", "-no-color", "-input=false", "-detailed-exitcode")
	for name, admin := range map[string]bool{"ana": false, "ben": false, "carla": true} {
		s.expectUser(t, name, admin, password)
	}
	s.expectUser(t, "training", false, secondPassword)
	for _, command := range e.importCommands(t) {
		must("state", "rm", command.address)
		must("import", "-no-color", "-input=false", command.address, command.id)
	}
	must("state", "rm", "mlflow_user.ana")
	p.write("import.tf", readFile(t, examplesDir+"/resources/mlflow_user/import-by-string-id.tf"))
	if out, err := p.run("plan", "-no-color", "-input=false"); err != nil || !strings.Contains(out, "1 to import, 0 to add, 1 to change, 0 to destroy") {
		t.Errorf("the import block says %s", out)
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	p.write("data.tf", examples["data source, users"].text(t))
	must("apply", "-no-color", "-input=false", "-auto-approve")
	if out, err := p.run("output", "-no-color", "server_admins"); err != nil || !strings.Contains(out, `"carla"`) || strings.Contains(out, `"ana"`) {
		t.Errorf("the server admins are %s", out)
	}
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	for _, name := range []string{"ana", "ben", "carla"} {
		if _, ok := s.userOf(t, name); ok {
			t.Errorf("destroying left %s", name)
		}
	}
	s.deleteUser(t, "training")
}
