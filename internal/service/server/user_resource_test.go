package server_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const password = "users-password-1234"

// userConfig returns the configuration of a user with a password and further attributes.
func userConfig(name string, more ...any) map[string]any {
	config := map[string]any{"username": name, "password_wo": password}
	maps.Copy(config, acctest.AttributeValues(more...))
	return config
}

// TestUser_plan checks the errors of a plan, and that a plan succeeds while the server is unreachable.
func TestUser_plan(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ana": false, "boss": true})
	absent := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(absent.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	databricks := acctest.NewWorkspace(t).Backend()
	at := func(url string) *acctest.Backend {
		return &acctest.Backend{URL: url, URLArgument: "tracking_uri", Settings: map[string]any{"retry_timeout_seconds": 1}}
	}
	for name, c := range map[string]struct {
		backend *acctest.Backend
		config  map[string]any
		says    string
		holds   []string
	}{
		"a user":              {s.Backend, userConfig("ben"), "", nil},
		"an unknown password": {s.Backend, userConfig("ben", "password_wo", tftypes.UnknownValue), "", nil},
		"an unknown username": {s.Backend, userConfig("", "username", tftypes.UnknownValue), "", nil},
		"no password": {s.Backend, map[string]any{"username": "ben"}, "error at password_wo: Could not create user",
			[]string{`User "ben"`, "ephemeral = true", "Terraform 1.11 or OpenTofu 1.11"}},
		"no account to adopt": {s.Backend, map[string]any{"username": "ben", "adopt_existing": true}, "error at password_wo: Could not " +
			"create user",
			[]string{`User "ben" does not exist, and cannot be created`}},
		"an account to adopt": {s.Backend, map[string]any{"username": "ana", "adopt_existing": true}, "", nil},
		"an empty password":   {s.Backend, userConfig("ben", "password_wo", ""), "error at password_wo: Invalid password", nil},
		"a short password": {s.Backend, userConfig("ben", "password_wo", "short-pw"), "error at password_wo: Invalid " +
			"password", []string{"has 8 characters"}},
		"twelve characters": {s.Backend, userConfig("ben", "password_wo", "ünïcödé-1234"), "", nil},
		"an empty username": {s.Backend, userConfig(""), "error at username: ", nil},
		"another policy":    {s.Backend, userConfig("ben", "deletion_policy", "cascade"), "error at deletion_policy: ", nil},
		"own account": {s.Backend, map[string]any{"username": "admin", "adopt_existing": true}, "error at admin: Could not update user",
			[]string{`User "admin" is the account that the provider is authenticated as`}},
		"own password": {s.Backend, userConfig("admin", "adopt_existing", true, "admin", true),
			"error at password_wo_version: Could not set password", nil},
		"own account as it is": {s.Backend, map[string]any{"username": "admin", "adopt_existing": true, "admin": true}, "", nil},
		"Databricks":           {databricks, userConfig("ben"), "error: Users are not supported", []string{"databricks_user"}},
		"no authentication":    {at(absent.URL), userConfig("ben"), "error: Users are not supported", []string{"basic-auth"}},
		"no server":            {at(closed.URL), userConfig("ben"), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := c.backend.Provider(t, nil).Resource("mlflow_user").Plan(c.config)
			acctest.ExpectDiagnostics(t, plan.Diagnostics, c.says, c.holds...)
			if strings.Contains(plan.Diagnostics, "short-pw") {
				t.Error("got the password in a diagnostic")
			}
		})
	}
	t.Cleanup(func() { s.expectWrites(t) })
}

// TestUser_raced checks an account that is created outside Terraform after the lookup. The error does not contain the server's message.
func TestUser_raced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		adopts bool
		says   string
		writes []string
	}{
		"rejected": {false, "error at username: Could not create user: username already in use", nil},
		"adopted":  {true, "", []string{"password ben", "admin ben true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newUsersServer(t, map[string]bool{"admin": true})
			s.before = func(call string) {
				if call == "POST "+userCalls+"create" {
					s.set("ben", false)
				}
			}
			u := s.Provider(t, nil).Resource("mlflow_user")
			acctest.ExpectDiagnostics(t, u.Apply(userConfig("ben", "adopt_existing", c.adopts, "admin", true)), c.says)
			s.expectWrites(t, c.writes...)
		})
	}
}

// TestUser_lastAdmin checks that the last admin is protected if the provider's account is demoted between plan and apply.
func TestUser_lastAdmin(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]map[string]any{"delete": nil, "demote": {"username": "boss"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newUsersServer(t, map[string]bool{"admin": true, "boss": true})
			u := s.Provider(t, nil).Resource("mlflow_user")
			acctest.ExpectDiagnostics(t, u.Import("boss"), "")
			plan := u.Plan(config)
			acctest.ExpectDiagnostics(t, plan.Diagnostics, "")
			s.set("admin", false)
			u.Provider = u.Restart()
			says := u.ApplyPlan(plan, config)
			acctest.ExpectDiagnostics(t, says, "error", `User "boss" is the only server admin`, "Nothing was changed")
			u.Provider = u.Restart()
			acctest.ExpectDiagnostics(t, u.Plan(config).Diagnostics, "error", `User "boss" is the only server admin`)
			s.expectWrites(t)
		})
	}
}

// TestUser_twoAddresses checks that the account of a renamed resource, which looks like two resources, is not deleted.
func TestUser_twoAddresses(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ana": false})
	// block returns a resource of a process, with or without a state.
	block := func(p *acctest.Provider, inState bool) *acctest.Resource {
		b := p.Resource("mlflow_user")
		if inState {
			acctest.ExpectDiagnostics(t, b.Import("ana"), "")
		}
		return b
	}
	type use struct {
		inState bool
		config  map[string]any
	}
	create, keep, remove := use{false, userConfig("ana")}, use{true, map[string]any{"username": "ana"}}, use{true, nil}
	adopt := use{false, map[string]any{"username": "ana", "adopt_existing": true}}
	for name, c := range map[string]struct {
		first, second use
		says          string
	}{
		"delete, create": {remove, create, "error: User would be deleted and recreated"},
		"create, delete": {create, remove, "error: User would be deleted and recreated"},
		"delete, keep":   {remove, keep, "error: User is managed by two resources"},
		"keep, delete":   {keep, remove, "error: User is managed by two resources"},
		"create, create": {create, create, "error at username: User is managed by two resources"},
		"keep, create":   {keep, create, "error at username: User is managed by two resources"},
		"keep, adopt":    {keep, adopt, "error at username: User is managed by two resources"},
		"adopt, keep":    {adopt, keep, "error at username: User is managed by two resources"},
		"keep, keep":     {keep, keep, "error at username: User is managed by two resources"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := s.Provider(t, nil)
			acctest.ExpectDiagnostics(t, block(p, c.first.inState).Plan(c.first.config).Diagnostics, "")
			acctest.ExpectDiagnostics(t, block(p, c.second.inState).Plan(c.second.config).Diagnostics, c.says)
		})
	}
	t.Run("replace", func(t *testing.T) { // the CLI plans the same address twice
		p := s.Provider(t, nil)
		kept, again := block(p, true).Plan(keep.config), block(p, false)
		again.Private = kept.Resp.PlannedPrivate
		acctest.ExpectDiagnostics(t, again.Plan(create.config).Diagnostics, "")
		acctest.ExpectDiagnostics(t, block(p, false).Plan(create.config).Diagnostics, "error at username: User is managed by two resources")
	})
	t.Run("adopted and deleted in one apply", func(t *testing.T) {
		config := map[string]any{"username": "ana", "adopt_existing": true}
		adopts, deletes := s.Provider(t, nil).Resource("mlflow_user").Plan(config), block(s.Provider(t, nil), true).Plan(nil)
		p := s.Provider(t, nil)
		acctest.ExpectDiagnostics(t, p.Resource("mlflow_user").ApplyPlan(adopts, config), "")
		acctest.ExpectDiagnostics(t, p.Resource("mlflow_user").ApplyPlan(adopts, config), "error at username: User is managed by two resources")
		acctest.ExpectDiagnostics(t, block(p, true).ApplyPlan(deletes, nil), "warning: User removed from state, not deleted")
	})
	t.Run("not adopted, and deleted in one apply", func(t *testing.T) {
		config := map[string]any{"username": "ana", "adopt_existing": true}
		adopts, deletes := s.Provider(t, nil).Resource("mlflow_user").Plan(config), block(s.Provider(t, nil), true).Plan(nil)
		p := s.Provider(t, map[string]any{"retry_timeout_seconds": 1})
		s.callBefore(func(string) { panic(http.ErrAbortHandler) })
		acctest.ExpectDiagnostics(t, p.Resource("mlflow_user").ApplyPlan(adopts, config), "error: Could not create user")
		s.callBefore(func(string) {})
		acctest.ExpectDiagnostics(t, block(p, true).ApplyPlan(deletes, nil), "warning: User removed from state, not deleted")
	})
	s.expectWrites(t)
}

// TestUser_unplannedReplacement checks that a replacement that no plan showed is rejected.
func TestUser_unplannedReplacement(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ana": false})
	u := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, u.Import("ana"), "")
	late := u.Plan(userConfig("", "username", tftypes.UnknownValue))
	if late.Diagnostics != "" || late.Action != "update" {
		t.Errorf("unknown username: got plan %s, %q, want update", late.Action, late.Diagnostics)
	}
	u.Provider = u.Restart() // the apply, which does not refresh
	acctest.ExpectDiagnostics(t, u.Plan(userConfig("ben")).Diagnostics, "error at username: Could not replace "+
		"user", `User "ana" cannot be renamed to "ben"`)
	acctest.ExpectDiagnostics(t, u.Refresh(), "")
	if plan := u.Plan(userConfig("ben")); plan.Action != "replace" {
		t.Errorf("new username: got plan %s, %q, want replace", plan.Action, plan.Diagnostics)
	}
	s.expectWrites(t)
}

// TestUser_unknownProvider checks that a refresh keeps the state and a plan succeeds while the provider configuration is unknown.
func TestUser_unknownProvider(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ana": false})
	u := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, u.Import("ana"), "")
	d := acctest.NewProvider(t, map[string]any{"tracking_uri": tftypes.UnknownValue})
	u.Provider = d
	acctest.ExpectDiagnostics(t, u.Read(), "warning: State not refreshed")
	if plan := u.Plan(userConfig("ana", "admin", true)); plan.Diagnostics != "" || plan.Action != "update" {
		t.Errorf("got plan %s, %q, want update", plan.Action, plan.Diagnostics)
	}
	_, says := d.ImportState("mlflow_user", "ana")
	acctest.ExpectDiagnostics(t, says, "error: Could not import")
}

// TestUser_oldCLI checks the error of a CLI that does not support write-only arguments.
func TestUser_oldCLI(t *testing.T) {
	t.Parallel()
	d := newUsersServer(t, map[string]bool{"admin": true}).Provider(t, nil)
	for config, want := range map[string]string{password: "error at password_wo: ", "": ""} {
		attributes := map[string]any{"username": "ana"}
		if config != "" {
			attributes["password_wo"] = config
		}
		resp, err := d.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: "mlflow_user", Config: d.Encode(d.Schemas.ResourceSchemas["mlflow_user"], attributes),
		})
		d.Check(err)
		says := acctest.DescribeDiagnostics(resp.Diagnostics)
		acctest.ExpectDiagnostics(t, says, want)
		if strings.Contains(says, password) || want != "" && !strings.Contains(says, "1.11") {
			t.Errorf("got diagnostics %q, want the version 1.11, without the password", says)
		}
	}
}

// TestUsers checks the order of the list, admin, and incomplete.
func TestUsers(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ben": false, "ana": true, "Zoe": false})
	for _, admin := range []bool{true, false} {
		s.set("admin", admin)
		state, says := s.Provider(t, nil).ReadDataSource("mlflow_users", map[string]any{})
		var names []string
		for _, u := range acctest.ObjectsOf(state["users"]) {
			name, _ := u["username"].(string)
			if acctest.IsTrue(u["admin"]) {
				name += "*"
			}
			names = append(names, name)
		}
		want := map[bool]string{true: "Zoe admin* ana* ben", false: "Zoe admin ana* ben"}[admin]
		if got := strings.Join(names, " "); says != "" || got != want || acctest.IsTrue(state["incomplete"]) == admin {
			t.Errorf("server admin %t: got %q, users %s, incomplete %v, want users %s", admin, says, got, state["incomplete"], want)
		}
	}
	_, says := acctest.NewWorkspace(t).Backend().Provider(t, nil).ReadDataSource("mlflow_users", map[string]any{})
	acctest.ExpectDiagnostics(t, says, "error: Users are not supported", "databricks")
}

// TestUser_anotherServer checks that a user with the same name on another server is not changed. The MLflow workspace of the provider
// does not matter.
func TestUser_anotherServer(t *testing.T) {
	t.Parallel()
	s := newUsersServer(t, map[string]bool{"admin": true, "ana": false})
	other := newUsersServer(t, map[string]bool{"admin": true, "ana": false})
	u := s.Provider(t, nil).Resource("mlflow_user")
	acctest.ExpectDiagnostics(t, u.Import("ana"), "")
	config := map[string]any{"username": "ana", "admin": true}
	changes, deletes := u.Plan(config), u.Restart().Resource("mlflow_user")
	deletes.State, deletes.Private = u.State, u.Private
	elsewhere := other.Provider(t, nil).Resource("mlflow_user")
	elsewhere.State, elsewhere.Private = u.State, u.Private
	for could, says := range map[string]string{
		"read": elsewhere.Read(), "update": elsewhere.ApplyPlan(changes, config), "delete": elsewhere.ApplyPlan(deletes.Plan(nil), nil),
	} {
		acctest.ExpectDiagnostics(t, says, "error: Could not "+could+" user: different server: User \"ana\"", s.URL, other.URL, "Nothing was "+
			"changed", "tracking_uri")
	}
	other.expectWrites(t)
	u.Provider = s.Provider(t, map[string]any{"workspace": "risk"})
	acctest.ExpectDiagnostics(t, u.Read(), "")
}
