//go:build mlflow

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const (
	workspaceCalls   = rbacCalls + "workspaces"
	workspaceAddress = "mlflow_workspace.test"
)

// workspaceObjectScenarios test mlflow_workspace and mlflow_workspaces.
func workspaceObjectScenarios(kind serverKind) map[string]func(*testing.T, *server) {
	if !kind.workspaces {
		return map[string]func(*testing.T, *server){"workspaces that the server does not have": noWorkspaces}
	}
	return map[string]func(*testing.T, *server){
		"lifecycle of a workspace": workspaceLifecycle, "drift of a workspace": workspaceObjectDrift,
		"a workspace with content":                workspaceWithContent,
		"a workspace that gets content meanwhile": workspaceFilled, "a workspace that is kept": workspaceRetained,
		"the roles of a workspace":  workspaceRoles,
		"a workspace that is there": workspaceAdopted, "two addresses of a workspace": workspaceAddresses,
		"workspaces as users see them": workspaceUsers,
		"imported workspaces":          workspaceObjectImports, "the examples of workspaces": workspaceExamples,
		"a workspace and what is in it": workspaceAndContent,
	}
}

// newWorkspaceName returns an unused workspace name.
func newWorkspaceName() string { return acctest.UniqueName("ws") }

func workspaceConfig(name string, more map[string]any) map[string]any {
	config := map[string]any{"name": name}
	maps.Copy(config, more)
	return config
}

// expectWorkspace checks a workspace on the server. Nil means that it does not exist.
func (s *server) expectWorkspace(t *testing.T, name string, want map[string]any) {
	t.Helper()
	status, answer := s.Do(t, "GET", workspaceCalls+"/"+name, nil)
	got, _ := answer["workspace"].(map[string]any)
	if got["description"] == "" { // what was cleared
		delete(got, "description")
	}
	if status == http.StatusNotFound && want == nil {
		return
	}
	if status != http.StatusOK || !reflect.DeepEqual(got, want) {
		t.Errorf("workspace %s: got %d %v, want %v", name, status, got, want)
	}
}

// within returns the server with a workspace selected.
func (s *server) within(workspace string) *server {
	there, b := *s, *s.Backend
	there.Backend = &b
	b.Settings, b.Header = maps.Clone(s.Settings), s.Header.Clone()
	b.Settings["workspace"] = workspace
	b.Header.Set("X-MLFLOW-WORKSPACE", workspace)
	return &there
}

// noWorkspaces checks that the plan reports the requirements of the server.
func noWorkspaces(t *testing.T, s *server) {
	diags := "--enable-workspaces"
	if strings.HasPrefix(s.version(), "2.") {
		diags = "3.10"
	}
	d := s.Provider(t, nil)
	planned := d.Resource("mlflow_workspace").Plan(workspaceConfig("risk", nil))
	acctest.ExpectDiagnostics(t, planned.Diagnostics, "error: MLflow workspaces are not supported: ", diags)
	_, read := d.ReadDataSource("mlflow_workspaces", nil)
	acctest.ExpectDiagnostics(t, read, "error: MLflow workspaces are not supported: ", diags)
}

// workspaceLifecycle tests the create, the update of each attribute, the replacement, and the destroy.
func workspaceLifecycle(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, map[string]any{"workspace": name}).
		Resource("mlflow_workspace")
		// the provider may point to the workspace that it creates
	full := map[string]any{"description": "Risk models", "default_artifact_root": "s3://ml-risk/"}
	w.MustApply(workspaceConfig(name, full))
	s.expectWorkspace(t, name, map[string]any{"name": name, "description": "Risk models", "default_artifact_root": "s3://ml-risk/"})
	if w.Text("id") != name {
		t.Errorf("ID: got %q", w.Text("id"))
	}
	described := map[string]any{"description": "All", "default_artifact_root": "s3://ml-risk/"}
	moved := map[string]any{"description": "All", "default_artifact_root": "/srv/risk"}
	for _, step := range []struct {
		more    map[string]any
		changed []string
		want    map[string]any
	}{
		{described, []string{"description"}, described},
		{moved, []string{"default_artifact_root"}, moved},
		{map[string]any{"default_artifact_root": "/srv/risk"}, []string{"description"}, map[string]any{"default_artifact_root": "/srv/risk"}},
		{nil, []string{"default_artifact_root"}, nil},
		{map[string]any{"description": "", "default_artifact_root": ""}, []string{"default_artifact_root", "description"}, nil},
		{full, []string{"default_artifact_root", "description"}, full},
		{map[string]any{"description": "", "default_artifact_root": ""}, []string{"default_artifact_root", "description"}, nil},
		{map[string]any{"deletion_policy": "retain"}, []string{"default_artifact_root", "deletion_policy", "description"}, nil},
		{map[string]any{"deletion_policy": "delete_if_empty", "adopt_existing": true}, []string{"adopt_existing", "deletion_policy"}, nil},
	} {
		config := workspaceConfig(name, step.more)
		acctest.ExpectDiagnostics(t, w.Refresh(), "")
		if planned := w.Plan(config); planned.Action != "update" || !slices.Equal(planned.Changed, step.changed) {
			t.Errorf("%v: got planned action %s, changed attributes %v, want %v", step.more, planned.Action, planned.Changed, step.changed)
		}
		w.MustApply(config)
		s.expectWorkspace(t, name, workspaceConfig(name, step.want))
	}

	renamed := newWorkspaceName()
	w.MustApply(workspaceConfig(renamed, nil))
	s.expectWorkspace(t, name, nil)
	s.expectWorkspace(t, renamed, workspaceConfig(renamed, nil))
	acctest.ExpectDiagnostics(t, w.Destroy(), "")
	s.expectWorkspace(t, renamed, nil)
	acctest.ExpectDiagnostics(t, w.Destroy(), "")
}

// workspaceObjectDrift checks that changes outside Terraform are planned at their attribute, and corrected.
func workspaceObjectDrift(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := workspaceConfig(name, map[string]any{"description": "Risk models", "default_artifact_root": "s3://ml-risk"})
	bare := workspaceConfig(name, nil)
	for _, declared := range []map[string]any{config, bare} {
		w.MustApply(declared)
		for attribute, value := range map[string]string{"description": "theirs", "default_artifact_root": "s3://theirs"} {
			s.MustDo(t, "PATCH", workspaceCalls+"/"+name, map[string]any{attribute: value})
			acctest.ExpectDiagnostics(t, w.Refresh(), "")
			if planned := w.Plan(declared); !slices.Equal(planned.Changed, []string{attribute}) {
				t.Errorf("%s of %v: got planned action %s, changed attributes %v", attribute, declared, planned.Action, planned.Changed)
			}
			w.MustApply(declared)
			s.expectWorkspace(t, name, declared)
		}
	}
	s.MustDo(t, "PATCH", workspaceCalls+"/"+name, map[string]any{"trace_archival_config": map[string]any{"retention": "30d"}})
	w.ExpectEmptyPlan(bare)

	s.MustDelete(t, workspaceCalls+"/"+name)
	acctest.ExpectDiagnostics(t, w.Refresh(), "warning: Workspace not found, removed from state: MLflow workspace",
		"the next apply creates a new one")
	if planned := w.Plan(bare); planned.Action != "create" {
		t.Errorf("got planned action %s", planned.Action)
	}
	w.MustApply(bare)

	// Deleted between the plan and the apply.
	changing := w.Plan(config)
	s.MustDelete(t, workspaceCalls+"/"+name)
	acctest.ExpectDiagnostics(t, w.ApplyPlan(changing, config), "error: Could not update workspace: MLflow workspace",
		"no longer exists", "Run plan again")
	w.Apply(config)
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	deleting := w.Plan(nil)
	s.MustDelete(t, workspaceCalls+"/"+name)
	acctest.ExpectDiagnostics(t, w.ApplyPlan(deleting, nil), "")
}

// MustDelete sends a DELETE request, whose response is empty, and fails the test on an error.
func (s *server) MustDelete(t *testing.T, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, s.Header)
	req.Close = true // the server can close an idle connection while a request is sent on it
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode > 299 {
		t.Fatalf("DELETE %s: %v, %v", path, err, resp)
	}
	_ = resp.Body.Close()
}

// workspaceAdopted checks that an existing workspace is adopted only with adopt_existing.
func workspaceAdopted(t *testing.T, s *server) {
	name := newWorkspaceName()
	s.MustDo(t, "POST", workspaceCalls, map[string]any{"name": name, "description": "theirs", "default_artifact_root": "s3://theirs"})
	id := s.within(name).CreateExperiment(t, "churn", nil)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	acctest.ExpectDiagnostics(
		t,
		w.Apply(workspaceConfig(name, nil)),
		"error at name: Could not create workspace: name already in use: Workspace",
		fmt.Sprintf("id = %q", name),
		"adopt_existing = true",
	)
	s.expectWorkspace(t, name, map[string]any{"name": name, "description": "theirs", "default_artifact_root": "s3://theirs"})
	w.MustApply(workspaceConfig(name, map[string]any{"adopt_existing": true, "description": "ours", "deletion_policy": "retain"}))
	s.expectWorkspace(t, name, map[string]any{"name": name, "description": "ours"})
	s.within(name).ExpectExperiment(t, id, "churn", "active", map[string]string{})

	for name, diags := range map[string]string{
		"default": "It cannot be created or deleted",
		"api":     "is reserved by the MLflow server", "workspaces": "is reserved by the MLflow server", "a": "has 1 characters",
		"Risk": "characters that are not allowed", "-risk": "characters that are not allowed", "risk\n": "characters that are not allowed",
	} {
		acctest.ExpectDiagnostics(
			t,
			w.Resource("mlflow_workspace").Plan(workspaceConfig(name, nil)).Diagnostics,
			"error at name: Invalid workspace "+
				"name: ",
			diags,
		)
	}
	for diags, root := range map[string]string{"is a relative path": "relative", "white space": " s3://a"} {
		acctest.ExpectDiagnostics(
			t,
			w.Resource("mlflow_workspace").Plan(workspaceConfig(name, map[string]any{"default_artifact_root": root})).Diagnostics,
			"error at default_artifact_root: Invalid artifact root: ",
			diags,
		)
	}
}

// workspaceAddresses renames a resource without a moved block.
func workspaceAddresses(t *testing.T, s *server) {
	name := newWorkspaceName()
	config := workspaceConfig(name, map[string]any{"adopt_existing": true})
	a := s.Provider(t, nil).Resource("mlflow_workspace")
	a.MustApply(config)

	// A plan with both addresses is rejected.
	a.Provider = s.Provider(t, nil)
	acctest.ExpectDiagnostics(t, a.Read(), "")
	deleting := a.Plan(nil)
	acctest.ExpectDiagnostics(t, deleting.Diagnostics, "")
	acctest.ExpectDiagnostics(t, a.Resource("mlflow_workspace").Plan(config).Diagnostics, "error: Workspace would be deleted and recreated",
		"add a moved block")

	// Two plans, with the new address first: it adopts the workspace, and the old address does not delete it.
	p := s.Provider(t, nil)
	b := p.Resource("mlflow_workspace")
	a.Provider = p
	creating := b.Plan(config)
	acctest.ExpectDiagnostics(t, creating.Diagnostics, "")
	acctest.ExpectDiagnostics(t, b.ApplyPlan(creating, config), "")
	acctest.ExpectDiagnostics(t, a.ApplyPlan(deleting, nil), "warning: Workspace removed from state, not deleted: MLflow workspace")
	s.expectWorkspace(t, name, workspaceConfig(name, nil))
	b.ExpectEmptyPlan(config)

	// Two plans, with the old address first.
	p = s.Provider(t, nil)
	a, b.Provider = p.Resource("mlflow_workspace"), p
	acctest.ExpectDiagnostics(t, b.Read(), "")
	acctest.ExpectDiagnostics(t, a.Plan(config).Diagnostics, "")
	acctest.ExpectDiagnostics(t, b.Plan(nil).Diagnostics, "error: Workspace would be deleted and recreated")
	a.State, a.Private = b.State, b.Private // as with a moved block
	a.ExpectEmptyPlan(config)

	// Twice in one configuration, and in the state under two addresses.
	p = s.Provider(t, nil)
	one, two := p.Resource("mlflow_workspace"), p.Resource("mlflow_workspace")
	other := workspaceConfig(newWorkspaceName(), nil)
	acctest.ExpectDiagnostics(t, one.Plan(other).Diagnostics, "")
	acctest.ExpectDiagnostics(t, two.Plan(other).Diagnostics, "error at name: Workspace is managed by two resources")
	a.Provider, b.Provider, b.State, b.Private = p, p, a.State, a.Private
	acctest.ExpectDiagnostics(t, a.Plan(config).Diagnostics, "")
	acctest.ExpectDiagnostics(t, b.Plan(nil).Diagnostics, "error: Workspace is managed by two resources", "terraform state rm")
	s.expectWorkspace(t, name, workspaceConfig(name, nil))
}

// workspaceUsers checks that users see only the workspaces that they may enter, and cannot manage them.
func workspaceUsers(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	w.MustApply(workspaceConfig(name, map[string]any{"description": "Risk models"}))
	there, ana := s.within(name), s.addUser(t)
	listed := func(b *acctest.Backend) map[string]any {
		t.Helper()
		state, diags := b.Provider(t, nil).ReadDataSource("mlflow_workspaces", nil)
		acctest.ExpectDiagnostics(t, diags, "")
		byName, order := map[string]any{}, []string{}
		for _, one := range acctest.ObjectsOf(state["workspaces"]) {
			byName[fmt.Sprint(one["name"])] = one
			order = append(order, fmt.Sprint(one["name"]))
		}
		if !slices.IsSorted(order) {
			t.Errorf("order: got %v", order)
		}
		return byName
	}
	want := map[string]any{"name": name, "description": "Risk models", "default_artifact_root": nil}
	if all := listed(s.Backend); !reflect.DeepEqual(all[name], want) || all["default"] == nil {
		t.Errorf("an admin sees %v", all)
	}
	if all := listed(s.as(ana)); len(all) > 0 {
		t.Errorf("who is a member of no workspace sees %v", all)
	}
	for _, role := range there.roles(t) {
		if role.Name == "user" {
			s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": role.ID})
		}
	}
	if all := listed(s.as(ana)); !reflect.DeepEqual(all, map[string]any{name: want}) {
		t.Errorf("a member sees %v", all)
	}

	asAna := s.as(ana).Provider(t, nil)
	for _, config := range []map[string]any{
		workspaceConfig(newWorkspaceName(), nil), workspaceConfig(name, map[string]any{"adopt_existing": true}),
	} {
		acctest.ExpectDiagnostics(t, asAna.Resource("mlflow_workspace").Apply(config), "error: Could not create workspace: MLflow workspace",
			"HTTP 403", "Only a server admin")
	}
	w.Provider = asAna
	acctest.ExpectDiagnostics(t, w.Read(), "")
	acctest.ExpectDiagnostics(
		t,
		w.ApplyPlan(w.Plan(nil), nil),
		"error: Could not delete workspace: MLflow workspace",
		"HTTP 403",
		"Only a server admin",
	)
	s.expectWorkspace(t, name, map[string]any{"name": name, "description": "Risk models"})
}

// workspaceObjectImports imports by name and by identity, with generated configuration.
func workspaceObjectImports(t *testing.T, s *server) {
	name := newWorkspaceName()
	s.MustDo(t, "POST", workspaceCalls, map[string]any{"name": name, "description": "Risk models", "default_artifact_root": "s3://ml-risk/"})
	id := s.within(name).CreateExperiment(t, "churn", nil)
	full := workspaceConfig(name, map[string]any{"description": "Risk models", "default_artifact_root": "s3://ml-risk/"})
	for _, form := range []string{name, "name=" + name} {
		w := s.Provider(t, nil).Resource("mlflow_workspace")
		acctest.ExpectDiagnostics(t, w.Import(form), "")
		w.ExpectEmptyPlan(full)
	}
	acctest.ExpectDiagnostics(
		t,
		s.Provider(t, nil).Resource("mlflow_workspace").Import("nothing"),
		"error: Could not import workspace: MLflow "+
			"workspace \"nothing\" was not found",
	)
	acctest.ExpectDiagnostics(t, s.Provider(t, nil).Resource("mlflow_workspace").Import("default"), "error: Could not import workspace: ",
		"It cannot be created or deleted")
	acctest.ExpectDiagnostics(t, s.Provider(t, nil).Resource("mlflow_workspace").Import("Not/a name"), "error: Could not import workspace: ",
		"characters that are not allowed")

	d := s.Provider(t, nil)
	for _, identity := range []map[string]any{{"name": name}, {"name": name, "tracking_uri": s.URL + "/"}} {
		if state, diags := importIdentity(d, "mlflow_workspace", identity); diags != "" || state["name"] != name || state["id"] != name {
			t.Errorf("import of %v: got state %v and diagnostics %q", identity, state, diags)
		}
	}
	_, diags := importIdentity(d, "mlflow_workspace", map[string]any{"name": name, "tracking_uri": "https://elsewhere.example.com"})
	acctest.ExpectDiagnostics(
		t,
		diags,
		"error: Could not import: different server: The identity contains the server https://elsewhere.example.com",
	)
	_, diags = importIdentity(d, "mlflow_workspace", map[string]any{"name": "default"})
	acctest.ExpectDiagnostics(t, diags, "error: Could not import workspace: ", "It cannot be created or deleted")

	declared := hcl(s.ProviderConfig(nil)) + fmt.Sprintf(`
		resource "mlflow_workspace" "test" {
		  name                  = %q
		  description           = "Risk models"
		  default_artifact_root = "s3://ml-risk/"
		  deletion_policy       = "retain"
		}`, name)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			Config: hcl(s.ProviderConfig(nil)), ResourceName: workspaceAddress,
			ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: name, GenerateConfig: true,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionNoop),
			}},
		},
		{Config: declared + fmt.Sprintf("\nimport {\n  to = %s\n  id = %q\n}\n", workspaceAddress, name)},
		{Config: declared, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
	}})
	s.within(name).ExpectExperiment(t, id, "churn", "active", map[string]string{})
	s.expectWorkspace(t, name, full)
}
