//go:build mlflow

package provider_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// credentials checks that errors about credentials are reported without the HTML page of the server.
func credentials(t *testing.T, s *server) {
	e := acctest.ExperimentAttributes(s.Name("refused"), nil)
	refused := map[string]map[string]any{
		"wrong password": {"password": "wrong"},
		"unknown user":   {"username": "nobody"},
		"none":           {"username": nil, "password": nil},
	}
	if s.kind.grants == unlistedGrants { // MLflow 3 with a cache of passwords fails instead of rejecting a token
		refused["a bearer token"] = map[string]any{"username": nil, "password": nil, "token": "bearer"}
	}
	for what, settings := range refused {
		t.Run(what, func(t *testing.T) {
			d := s.Provider(t, settings)
			acctest.ExpectDiagnostics(
				t,
				d.Resource("mlflow_experiment").Apply(e),
				"error: Could not look up experiment: ",
				"HTTP 401",
				"The server rejected the credentials",
			)
			for _, kind := range []string{"mlflow_experiment_permissions", "mlflow_experiment_permission"} {
				config := map[string]any{
					"experiment_id":    "0",
					"users":            map[string]string{"x": "CAN_READ"},
					"user_name":        "x",
					"permission_level": "CAN_READ",
				}
				acctest.ExpectDiagnostics(t, d.Resource(kind).Apply(config), "error: Could not ", "HTTP 401", "The server rejected the credentials")
			}
		})
	}
}

// bothServersExample applies examples/both-servers, with users if the server has permissions.
func bothServersExample(t *testing.T, s *server) {
	users := []map[string]string{{}}
	var people []person
	if s.kind.grants != noGrants {
		people = []person{s.addUser(t), s.addUser(t)}
		users = []map[string]string{{people[0].name: "CAN_MANAGE", people[1].name: "CAN_READ"}, {people[0].name: "CAN_EDIT"}}
	}
	prefix := s.Name("retail") + "/"
	find := s.Provider(t, nil)
	applyBothServers(t, bothServers{
		connection: hcl(s.ProviderConfig(nil)), prefix: prefix, users: users,
		check: func(t *testing.T, users map[string]string) {
			t.Helper()
			for name, want := range map[string]map[string]string{
				"churn": {"managed_by": "terraform", "team": "data-science", "risk/reviewed": "2026-03-31",
					"mlflow.note.content": "Customers who are likely to leave."},
				"demand": {"managed_by": "terraform", "team": "data-science", "mlflow.note.content": "Weekly demand by store."},
			} {
				found, diags := find.ReadDataSource("mlflow_experiment", map[string]any{"name": prefix + name})
				id, _ := found["id"].(string)
				if diags != "" {
					t.Fatalf("%s: %s", name, diags)
				}
				s.ExpectExperiment(t, id, prefix+name, "active", want)
				var held []string
				for user, level := range users {
					held = append(held, "user "+user+" "+strings.TrimPrefix(level, "CAN_"))
				}
				if s.kind.grants == rbacGrants { // the creator of an experiment can manage it
					held = append(held, "user "+adminName+" MANAGE")
				}
				if s.kind.grants != noGrants {
					s.expectLevels(t, id, people, held...)
				}
			}
		},
	})
}

// behindPath connects to the server through a proxy that adds a base path.
func behindPath(t *testing.T, s *server) {
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	front := httptest.NewServer(http.StripPrefix("/ml/flow", proxy))
	t.Cleanup(front.Close)
	through := *s.Backend
	through.URL = front.URL + "/ml/flow"
	e := through.ExperimentResource(t)
	name := s.Name("below")
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	s.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{"team": "risk"})
	if want := through.URL + "/#/experiments/" + e.Text("id"); e.Text("url") != want {
		t.Errorf("page: got %q, want %q", e.Text("url"), want)
	}
	imported := e.Resource("mlflow_experiment")
	acctest.ExpectDiagnostics(t, imported.Import(e.Text("url")), "")

	through.URL = front.URL + "/elsewhere"
	acctest.ExpectDiagnostics(
		t,
		through.ExperimentResource(t).Apply(acctest.ExperimentAttributes(name, nil)),
		"error: Could not look up experiment: ",
		"has no such endpoint",
		"that its base path is correct",
	)
}

// invalidHost connects to the server with a host name that it does not accept. MLflow 2 accepts any.
func invalidHost(t *testing.T, s *server) {
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Host = "mlflow.example.com"
	}})
	t.Cleanup(front.Close)
	through := *s.Backend
	through.URL = front.URL
	e := through.ExperimentResource(t)
	if s.kind.anyHost {
		e.MustApply(acctest.ExperimentAttributes(s.Name("host"), nil))
		return
	}
	acctest.ExpectDiagnostics(
		t,
		e.Apply(acctest.ExperimentAttributes(s.Name("host"), nil)),
		"error: Could not look up experiment: ",
		"Invalid Host header",
		"--allowed-hosts",
	)
}

// workspaceDisabled sets a workspace on a server without workspaces.
func workspaceDisabled(t *testing.T, s *server) {
	d := s.Provider(t, map[string]any{"workspace": "team-a"})
	acctest.ExpectDiagnostics(
		t,
		d.Resource("mlflow_experiment").Apply(acctest.ExperimentAttributes(s.Name("refused"), nil)),
		"error: Could not look up experiment: ",
		"workspaces are not enabled",
		"--enable-workspaces",
	)
}

// addWorkspace creates a workspace, and returns the server with that workspace selected.
func (s *server) addWorkspace(t *testing.T, name string) *server {
	t.Helper()
	s.MustDo(t, "POST", rbacCalls+"workspaces", map[string]any{"name": name})
	return s.in(name)
}

// in returns the server with a workspace selected.
func (s *server) in(name string) *server {
	there, b := *s, *s.Backend
	there.Backend = &b
	b.Settings = maps.Clone(s.Settings)
	b.Settings["workspace"] = name
	b.Header = s.Header.Clone()
	b.Header.Set("X-MLFLOW-WORKSPACE", name)
	return &there
}

// unsetWorkspace removes the setting, so that the provider uses the default workspace, which has none of the objects in the state.
func unsetWorkspace(t *testing.T, s *server) {
	there := s.addWorkspace(t, "team-c")
	e := there.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(s.Name("forgotten"), nil))
	id, ana := e.Text("id"), s.addUser(t)
	configs := map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "team", "value": "risk"},
		"mlflow_experiment_permission":  {"experiment_id": id, "user_name": ana.name, "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "users": map[string]string{ana.name: "CAN_READ"}},
	}
	blocks := []*acctest.Resource{e}
	for kind, config := range configs {
		b := there.Provider(t, nil).Resource(kind)
		b.Apply(config)
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		state := b.Values()
		for what, do := range map[string]func() string{"a refresh": b.Read, "a destroy": func() string { return b.ApplyPlan(b.Plan(nil), nil) }} {
			b.Provider = s.Provider(t, nil)
			diags := do()
			if !acctest.HasError(diags) || !strings.Contains(diags, `belongs to MLflow workspace "team-c"`) ||
				!strings.Contains(diags, `set workspace (or MLFLOW_WORKSPACE) to "team-c"`) {
				t.Errorf("%s of %s: got diagnostics %q", what, b.TypeName, diags)
			}
			if b.Values() == nil || !reflect.DeepEqual(b.Values(), state) {
				t.Errorf("%s of %s: got state %v", what, b.TypeName, b.Values())
			}
		}
		b.Provider = there.Provider(t, nil)
		acctest.ExpectDiagnostics(t, b.Read(), "")
	}
	there.ExpectExperiment(t, id, e.Text("name"), "active", map[string]string{"team": "risk"})
	there.expectLevels(t, id, nil, "user "+ana.name+" READ")
}

// workspaces checks that each workspace has its own experiments and grants.
func workspaces(t *testing.T, s *server) {
	there := s.addWorkspace(t, "team-a")
	name := s.Name("shared name")
	outside := s.CreateExperiment(t, name, nil)
	e := there.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	id := e.Text("id")
	there.ExpectExperiment(t, id, name, "active", map[string]string{"team": "risk"})
	if e.Text("id") == outside || s.Experiment(t, id).Stage != "" {
		t.Errorf("experiment %s is seen outside its workspace: %+v", id, s.Experiment(t, id))
	}
	s.ExpectExperiment(t, outside, name, "active", map[string]string{})

	diags := there.ExperimentResource(t).
		Apply(acctest.ExperimentAttributes(s.Name("placed"), map[string]any{"artifact_location": "s3://bucket/a"}))
	acctest.ExpectDiagnostics(t, diags, "error", "artifact_location cannot be specified when workspaces are enabled")

	ana := s.addUser(t)
	readers, _ := there.addRole(t)
	p := there.Provider(t, nil).Resource("mlflow_experiment_permissions")
	p.Apply(
		grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}, "groups": map[string]string{readers: "CAN_READ"}}),
	)
	there.expectLevels(t, id, nil, "user "+ana.name+" EDIT", "role "+readers+" READ")

	// A workspace that does not exist is a configuration error, and removes nothing from the state.
	lost := s.Provider(t, map[string]any{"workspace": "team-b"}).Resource("mlflow_experiment")
	lost.State, lost.Private = e.State, e.Private
	acctest.ExpectDiagnostics(t, lost.Refresh(), "error: Could not read experiment: ", "Workspace 'team-b' not found", "Check workspace")
	if lost.Values() == nil {
		t.Error("the experiment was dropped from the state")
	}
	acctest.ExpectDiagnostics(
		t,
		lost.Resource("mlflow_experiment").Apply(acctest.ExperimentAttributes(name, nil)),
		"error: Could not look up experiment: ",
		"Workspace 'team-b' not found",
	)
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	acctest.ExpectDiagnostics(t, e.Destroy(), "")
}
