//go:build mlflow

package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// workspaceWithContent checks that the plan rejects the destroy and the replacement of a workspace with any content, including deleted
// experiments.
func workspaceWithContent(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := workspaceConfig(name, map[string]any{"description": "kept"})
	w.MustApply(config)
	there := s.within(name)
	a, b := there.CreateExperiment(t, "churn", nil), there.CreateExperiment(t, "demand", nil)
	expectRefused := func(content string) {
		t.Helper()
		acctest.ExpectDiagnostics(t, w.Refresh(), "")
		acctest.ExpectDiagnostics(t, w.Plan(nil).Diagnostics, "error at deletion_policy: Could not destroy workspace: MLflow workspace",
			"It contains "+content+".", "Nothing was deleted.",
			"mlflow gc --workspace "+name, `apply deletion_policy = "retain"`)
		acctest.ExpectDiagnostics(
			t,
			w.Plan(workspaceConfig(newWorkspaceName(), nil)).Diagnostics,
			"error at name: Could not replace workspace: MLflow "+
				"workspace",
			"It contains "+content+".",
		)
		s.expectWorkspace(t, name, config)
	}
	expectRefused(`2 experiments ("demand", "churn")`)
	there.DeleteExperiment(t, a)
	expectRefused(`1 experiment ("demand") and 1 deleted experiment`)
	there.DeleteExperiment(t, b)
	expectRefused("2 deleted experiments")
	there.MustDo(t, "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{"name": "scorer"})
	there.MustDo(t, "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{
		"name": "support", "tags": []any{map[string]any{"key": "mlflow.prompt.is_prompt", "value": "true"}},
	})
	expectRefused("2 deleted experiments, 1 registered model, and 1 prompt")
	for _, model := range []string{"scorer", "support"} {
		there.MustDo(t, "DELETE", "/api/2.0/mlflow/registered-models/delete", map[string]any{"name": model})
	}
	if s.kind.postgres { // it takes long and does not depend on the database
		return
	}
	cmd := s.process.Command(t.Context(), "gc", "--backend-store-uri", s.process.Database("tracking"), "--workspace", name)
	cmd.Env = append(cmd.Env, "MLFLOW_TRACKING_URI="+s.URL, "MLFLOW_TRACKING_USERNAME="+adminName, "MLFLOW_TRACKING_PASSWORD="+adminPassword)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mlflow gc: %s\n%s", err, out)
	}
	acctest.ExpectDiagnostics(t, w.Destroy(), "")
	s.expectWorkspace(t, name, nil)
}

// workspaceFilled checks that content that is added between the plan and the apply is not lost, nor content that the plan does not check.
func workspaceFilled(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := workspaceConfig(name, nil)
	w.MustApply(config)
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	planned := w.Plan(nil)
	there := s.within(name)
	id := there.CreateExperiment(t, "churn", nil)
	acctest.ExpectDiagnostics(t, w.ApplyPlan(planned, nil), "error at deletion_policy: Could not destroy workspace: MLflow workspace",
		"1 resource(s)", `It contains 1 experiment ("churn").`)
	if w.Values() == nil {
		t.Error("the workspace was dropped from the state")
	}
	s.expectWorkspace(t, name, config)
	there.ExpectExperiment(t, id, "churn", "active", map[string]string{})
	w.ExpectEmptyPlan(config)
}

// workspaceRetained checks that a workspace with retain is kept with its content, also when it is replaced.
func workspaceRetained(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := workspaceConfig(name, nil)
	w.MustApply(config)
	id := s.within(name).CreateExperiment(t, "churn", nil)
	retained := workspaceConfig(name, map[string]any{"deletion_policy": "retain"})
	w.MustApply(retained)
	renamed := newWorkspaceName()
	w.MustApply(workspaceConfig(renamed, map[string]any{"deletion_policy": "retain"}))
	s.expectWorkspace(t, name, config)
	acctest.ExpectDiagnostics(t, w.Destroy(), "")
	s.expectWorkspace(t, renamed, workspaceConfig(renamed, nil))
	s.within(name).ExpectExperiment(t, id, "churn", "active", map[string]string{})
}

// workspaceRoles checks that the plan of a destroy warns about members, and about roles other than the two that a new workspace has.
func workspaceRoles(t *testing.T, s *server) {
	name := newWorkspaceName()
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	w.MustApply(workspaceConfig(name, nil))
	there := s.within(name)
	seeded := map[string]int{}
	for _, role := range there.roles(t) {
		seeded[role.Name] = role.ID
	}
	if len(seeded) != 2 || seeded["admin"] == 0 || seeded["user"] == 0 {
		t.Fatalf("a new workspace has the roles %v", seeded)
	}
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	acctest.ExpectDiagnostics(t, w.Plan(nil).Diagnostics, "")
	ana := s.addUser(t)
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": seeded["user"]})
	there.createRole(t, "ds")
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	acctest.ExpectDiagnostics(
		t,
		w.Plan(nil).Diagnostics,
		"warning: Roles will be deleted with the workspace: The server deletes the roles of MLflow "+
			"workspace",
		`"ds" (no members)`,
		`"user" (members: `+ana.name+`)`,
	)
	acctest.ExpectDiagnostics(t, w.Destroy(), "warning: Roles will be deleted with the workspace")
	if left, _ := s.MustDo(t, "GET", rbacCalls+"roles/list?workspace="+name, nil)["roles"].([]any); len(left) > 0 {
		t.Errorf("the deleted workspace leaves the roles %v", left)
	}
}

// workspaceAndContent creates a workspace and its experiments in one apply. One destroy deletes them if the workspace is retained;
// otherwise its plan fails with the reason.
func workspaceAndContent(t *testing.T, s *server) {
	name := newWorkspaceName()
	text := func(policy string) string {
		return hcl(s.ProviderConfig(nil)) + fmt.Sprintf(`
			resource "mlflow_workspace" "test" {
			  name            = %q
			  deletion_policy = %q
			}
			resource "mlflow_experiment" "test" {
			  count     = 3
			  workspace = mlflow_workspace.test.name
			  name      = "churn-${count.index}"
			}`, name, policy)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text("delete_if_empty")},
		{Config: text("delete_if_empty"), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		{
			Config: text("delete_if_empty"), Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)Could not destroy workspace.*It contains\s+3\s+experiments.*mlflow\s+gc\s+--workspace`),
		},
		{Config: text("retain")},
	}})
	s.expectWorkspace(t, name, workspaceConfig(name, nil))
	s.within(name).expectNoExperiments(t)
}

// expectNoExperiments checks that there is no active experiment.
func (s *server) expectNoExperiments(t *testing.T) {
	t.Helper()
	search := s.MustDo(t, "POST", acctest.ExperimentsPath+"search", map[string]any{"view_type": "ACTIVE_ONLY", "max_results": 10})
	if left, _ := search["experiments"].([]any); len(left) > 0 {
		t.Errorf("experiments are left: %v", left)
	}
}

// workspaceExamples applies the examples, which retain their workspaces.
func workspaceExamples(t *testing.T, s *server) {
	directory := config.StaticDirectory(acctest.RootModule(t, hcl(s.ProviderConfig(nil))+examples["workspace"].text(t)))
	acctest.RunDirectories(t, resource.TestStep{ConfigDirectory: directory}, resource.TestStep{
		ConfigDirectory: directory, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
	})
	s.expectWorkspace(t, "risk", nil)
	for name, description := range map[string]string{"forecasting": "Weekly demand and prices", "fraud": "Card payments"} {
		s.expectWorkspace(t, name, map[string]any{"name": name, "description": description, "default_artifact_root": "s3://ml-artifacts/" + name})
		s.within(name).expectNoExperiments(t)
	}
}
