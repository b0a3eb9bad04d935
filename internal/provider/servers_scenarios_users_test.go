//go:build mlflow

package provider_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

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
		"lifecycle of a user": userLifecycle, "a user that exists": existingUser, "users that a plan must not change": protectedUsers,
		"a user with permissions": userWithGrants,
		"a list of users":         listOfUsers, "users and callers": userCallers,
	}
	if kind.grants != unlistedGrants { // requests are slow there, and the other rows cover users
		maps.Copy(all, map[string]func(*testing.T, *server){
			"a user of another server": userElsewhere, "users through the CLI": usersThroughCLI,
			"passwords stay secret": passwordsStaySecret,
			"a user and failures":   userFailures, "examples of users": userExamples,
		})
	}
	return all
}

// userConfig returns the configuration of a user with a password and more attributes.
func userConfig(name string, more ...any) map[string]any {
	config := map[string]any{"username": name, "password_wo": firstPassword}
	for key, value := range acctest.AttributeValues(more...) {
		config[key] = value
	}
	return config
}

// userOf reads a user directly from the server. ok is false if it does not exist.
func (s *server) userOf(t *testing.T, name string) (admin, ok bool) {
	t.Helper()
	status, answer := s.Do(t, "GET", userCalls+"get?"+url.Values{"username": {name}}.Encode(), nil)
	user, _ := answer["user"].(map[string]any)
	admin, _ = user["is_admin"].(bool)
	return admin, status == http.StatusOK
}

// expectUser checks that a user exists, whether it is an admin, and its password unless it is "".
func (s *server) expectUser(t *testing.T, name string, admin bool, password string) {
	t.Helper()
	if got, ok := s.userOf(t, name); !ok || got != admin {
		t.Errorf("user %s is there: %t, and an admin: %t; want an admin: %t", name, ok, got, admin)
	}
	if password != "" && !s.authenticates(t, name, password) {
		t.Errorf("user %s has another password", name)
	}
}

// authenticates reports whether the server accepts a username and a password.
func (s *server) authenticates(t *testing.T, name, password string) bool {
	t.Helper()
	status, _ := s.as(person{name, password}).Do(t, "POST", acctest.ExperimentsPath+"search", map[string]any{"max_results": 1})
	return status == http.StatusOK
}

func (s *server) setAdmin(t *testing.T, name string, admin bool) {
	t.Helper()
	s.MustDo(t, "PATCH", userCalls+"update-admin", map[string]any{"username": name, "is_admin": admin})
}

func (s *server) deleteUser(t *testing.T, name string) {
	t.Helper()
	s.MustDo(t, "DELETE", userCalls+"delete", map[string]any{"username": name})
}

// newUser returns an unused username.
func (s *server) newUser() string { return s.Name("Ana O'Neil") }

// planned plans a configuration in a new process, like the CLI.
func planned(b *acctest.Resource, config map[string]any) acctest.Plan {
	b.T.Helper()
	b.Refresh()
	return b.Plan(config)
}

// userLifecycle creates a user, changes it, corrects drift, and deletes it.
func userLifecycle(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Resource("mlflow_user")
	u.MustApply(userConfig(name))
	s.expectUser(t, name, false, firstPassword)
	if got := u.Values(); got["id"] != name || got["username"] != name || got["password_wo"] != nil || acctest.IsTrue(got["admin"]) {
		t.Errorf("state: got %v", got)
	}
	u.MustApply(userConfig(name, "admin", true))
	s.expectUser(t, name, true, firstPassword)

	// Only a change of the version changes the password.
	other := userConfig(name, "admin", true, "password_wo", secondPassword)
	u.MustApply(other)
	s.expectUser(t, name, true, firstPassword)
	other["password_wo_version"] = 1
	if plan := planned(u, other); plan.Action != "update" || !slices.Equal(plan.Changed, []string{"password_wo_version"}) {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	u.MustApply(other)
	s.expectUser(t, name, true, secondPassword)
	if s.authenticates(t, name, firstPassword) {
		t.Error("the first password still works")
	}
	// The version and the password can be removed.
	u.MustApply(map[string]any{"username": name, "admin": true})
	s.expectUser(t, name, true, secondPassword)
	acctest.ExpectDiagnostics(t, u.Apply(map[string]any{"username": name, "admin": true, "password_wo_version": 2}), "error at "+
		"password_wo_version: Could not set password", name,
		"password_wo is not set")

	// Changes outside Terraform are planned and corrected.
	s.setAdmin(t, name, false)
	acctest.ExpectDiagnostics(t, u.Refresh(), "")
	if plan := planned(u, map[string]any{"username": name, "admin": true}); !slices.Equal(plan.Changed, []string{"admin"}) {
		t.Errorf("got planned action %s, changed attributes %v", plan.Action, plan.Changed)
	}
	u.MustApply(map[string]any{"username": name, "admin": true})
	u.MustApply(map[string]any{"username": name}) // which is admin = false
	s.expectUser(t, name, false, secondPassword)
	s.deleteUser(t, name)
	acctest.ExpectDiagnostics(t, u.Apply(userConfig(name)), "warning: User not found, removed from state", name, "deleted outside Terraform")
	s.expectUser(t, name, false, firstPassword)

	// A user that was deleted and created again outside Terraform has a new server ID, which is unmanaged.
	s.deleteUser(t, name)
	s.MustDo(t, "POST", userCalls+"create", map[string]any{"username": name, "password": secondPassword})
	u.MustApply(userConfig(name))

	imported := u.Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, imported.Import(name), "")
	imported.ExpectEmptyPlan(map[string]any{"username": name, "admin": false})
	acctest.ExpectDiagnostics(t, u.Resource("mlflow_user").Import(name+"?"), "error: Could not import user: User ",
		"was not found", "case-sensitive")
	state, diags := importIdentity(u.Provider, "mlflow_user", map[string]any{"username": name, "tracking_uri": s.URL + "/"})
	if diags != "" || state["username"] != name {
		t.Errorf("import by identity: got diagnostics %q and state %v", diags, state)
	}
	_, diags = importIdentity(u.Provider, "mlflow_user", map[string]any{"username": name, "tracking_uri": "https://mlflow.example.com"})
	acctest.ExpectDiagnostics(
		t,
		diags,
		"error: Could not import: different server",
		"The identity contains the server https://mlflow.example.com",
	)

	renamed := s.newUser()
	if plan := planned(u, userConfig(renamed)); plan.Action != "replace" {
		t.Errorf("another username is to %s", plan.Action)
	}
	u.MustApply(userConfig(renamed))
	if _, ok := s.userOf(t, name); ok {
		t.Error("the old user is still there")
	}
	s.expectUser(t, renamed, false, firstPassword)
	u.MustApply(userConfig(renamed, "deletion_policy", "retain"))
	acctest.ExpectDiagnostics(t, u.Destroy(), "")
	s.expectUser(t, renamed, false, firstPassword)
	again := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, again.Import(renamed), "")
	acctest.ExpectDiagnostics(t, again.Destroy(), "")
	if _, ok := s.userOf(t, renamed); ok {
		t.Error("destroying left the user")
	}
	again.MustApply(userConfig(renamed))
	s.deleteUser(t, renamed)
	again.Provider = again.Restart()
	acctest.ExpectDiagnostics(t, again.ApplyPlan(again.Plan(nil), nil), "") // already deleted
}

// existingUser checks that a username in use is an error, and that adopt_existing adopts the account.
func existingUser(t *testing.T, s *server) {
	ana := s.addUser(t)
	u := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, u.Apply(userConfig(ana.name)), "error at username: Could not create user: username already in "+
		"use", ana.name, "import {", "adopt_existing = true")
	s.expectUser(t, ana.name, false, ana.password)
	if u.Values() != nil {
		t.Error("the user is in the state")
	}
	u.MustApply(map[string]any{"username": ana.name, "adopt_existing": true, "admin": true})
	s.expectUser(t, ana.name, true, ana.password)
	acctest.ExpectDiagnostics(t, u.Destroy(), "")
	ben := s.addUser(t)
	s.setAdmin(t, ben.name, true)
	u.MustApply(userConfig(ben.name, "adopt_existing", true))
	s.expectUser(t, ben.name, false, firstPassword)
	acctest.ExpectDiagnostics(t, u.Destroy(), "")

	// A new account requires a password.
	name := s.newUser()
	for _, config := range []map[string]any{{"username": name}, {"username": name, "adopt_existing": true}} {
		acctest.ExpectDiagnostics(t, planned(u, config).Diagnostics, "error at password_wo: Could not create user", name, "Terraform 1.11 or "+
			"OpenTofu 1.11")
	}
	acctest.ExpectDiagnostics(
		t,
		planned(u, userConfig(name, "password_wo", "")).Diagnostics,
		"error at password_wo: Invalid password: The password "+
			"is empty",
	)
	if s.kind.grants == unlistedGrants { // the plan cannot know the version
		acctest.ExpectDiagnostics(t, u.Apply(userConfig(name, "password_wo", "short-pw")), "error: Could not create user: User "+
			"", name, "12 characters")
	} else {
		acctest.ExpectDiagnostics(t, planned(u, userConfig(name, "password_wo", "short-pw")).Diagnostics, "error at password_wo: Invalid "+
			"password", name, "8 characters")
	}
	if _, ok := s.userOf(t, name); ok {
		t.Error("the user was created")
	}
	u.MustApply(userConfig(name, "password_wo", "123456789012"))
	if s.kind.grants != unlistedGrants {
		acctest.ExpectDiagnostics(t, planned(u, userConfig(name, "password_wo", "short-pw", "password_wo_version", 1)).Diagnostics, "error at "+
			"password_wo: Invalid password", name)
	}
	acctest.ExpectDiagnostics(t, u.Destroy(), "")
}

// protectedUsers checks that no plan removes the account of the provider, or the last admin.
func protectedUsers(t *testing.T, s *server) {
	boss := s.addUser(t)
	s.setAdmin(t, boss.name, true)
	own := s.as(boss).Provider(t, nil)
	u := own.Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, u.Import(boss.name), "")
	kept := map[string]any{"username": boss.name, "admin": true}
	u.ExpectEmptyPlan(kept)
	const demoted, reset = "error at admin: Could not update user: User ", "error at password_wo_version: Could not set password: User "
	const deleted = "error: Could not delete user: User "
	attempts := map[string]struct {
		config map[string]any
		diags  string
	}{
		"admin = false":    {map[string]any{"username": boss.name, "admin": false}, demoted},
		"no admin":         {map[string]any{"username": boss.name}, demoted},
		"a password":       {userConfig(boss.name, "admin", true, "password_wo_version", 1), reset},
		"another username": {userConfig(s.newUser(), "admin", true), deleted},
		"a destroy":        {nil, deleted},
		"policy: delete":   {map[string]any{"username": boss.name, "deletion_policy": "delete"}, demoted},
		"both":             {userConfig(boss.name, "admin", false, "password_wo_version", 9), demoted},
	}
	for what, a := range attempts {
		acctest.ExpectDiagnostics(t, planned(u, a.config).Diagnostics, a.diags, boss.name, "is the account that the provider is authenticated as")
		s.expectUser(t, boss.name, true, boss.password)
		// The same if the plan could not know it, because another admin created it.
		stranger := s.Provider(t, nil).Resource("mlflow_user")
		stranger.State, stranger.Private = u.State, u.Private
		plan := planned(stranger, a.config)
		if plan.Action == "" || plan.Action == "none" {
			t.Errorf("%s: another admin: got diagnostics %q and planned action %s", what, plan.Diagnostics, plan.Action)
			continue
		}
		if plan.Action == "replace" {
			plan, a.config = planned(stranger, nil), nil
		}
		attempt := s.as(boss).Provider(t, nil).Resource("mlflow_user")
		attempt.State, attempt.Private = u.State, u.Private
		acctest.ExpectDiagnostics(t, attempt.ApplyPlan(plan, a.config), a.diags, "is the account that the provider is authenticated as")
		s.expectUser(t, boss.name, true, boss.password)
	}
	fresh := s.as(boss).Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(
		t,
		planned(fresh, userConfig(boss.name, "adopt_existing", true)).Diagnostics,
		"error at admin: Could not update "+
			"user",
		boss.name,
	)
	acctest.ExpectDiagnostics(t, planned(fresh, userConfig(boss.name, "adopt_existing", true, "admin", true)).Diagnostics, "error at "+
		"password_wo_version: Could not set password", boss.name)
	fresh = s.as(boss).Provider(t, nil).Resource("mlflow_user")
	harmless := map[string]any{"username": boss.name, "adopt_existing": true, "admin": true, "deletion_policy": "retain"}
	fresh.MustApply(harmless)
	acctest.ExpectDiagnostics(t, fresh.Destroy(), "")
	s.expectUser(t, boss.name, true, boss.password)
	lastAdmin(t, s, boss)
	s.setAdmin(t, boss.name, false)
}

// lastAdmin checks that one admin remains if two admins demote each other.
func lastAdmin(t *testing.T, s *server, boss person) {
	t.Helper()
	second := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, second.Import(boss.name), "")
	demote := map[string]any{"username": boss.name}
	plan := planned(second, demote)
	first := s.as(boss).Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, first.Import(adminName), "")
	other := planned(first, map[string]any{"username": adminName})
	acctest.ExpectDiagnostics(t, second.ApplyPlan(plan, demote), "")
	if diags := first.ApplyPlan(other, map[string]any{"username": adminName}); !acctest.HasError(diags) {
		t.Errorf("last admin was demoted: got diagnostics %q", diags)
	}
	s.expectUser(t, adminName, true, adminPassword)
	s.setAdmin(t, boss.name, true)
}

// userWithGrants tests an older server, which does not delete a user with permissions.
func userWithGrants(t *testing.T, s *server) {
	name := s.newUser()
	u := s.Provider(t, nil).Resource("mlflow_user")
	u.MustApply(userConfig(name))
	id := s.CreateExperiment(t, s.Name("granted"), nil)
	ana := person{name, firstPassword}
	s.grant(t, id, ana, "READ")
	diags := u.Destroy()
	if s.kind.grants == rbacGrants {
		acctest.ExpectDiagnostics(t, diags, "")
		return
	}
	acctest.ExpectDiagnostics(t, diags, "error: Could not delete user: User ", name, "Revoke its permissions on experiments", "retain")
	s.expectUser(t, name, false, firstPassword)
	s.revoke(t, id, ana)
	acctest.ExpectDiagnostics(t, u.Destroy(), "")
}
