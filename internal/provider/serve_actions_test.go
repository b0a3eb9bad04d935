package provider_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestServer_validatesActions: the CLI validates actions before it knows the values of variables. Invalid ones are rejected in the plan and
// in the invocation: without the cutoff, a deletion would delete all runs.
func TestServer_validatesActions(t *testing.T) {
	t.Parallel()
	const remove, restore, combination = "mlflow_delete_runs", "mlflow_restore_runs", "Invalid Attribute Combination"
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	runs := w.SeedRuns(id, 20, time.Now().Add(-1000*time.Hour), time.Hour)
	w.DeleteRun(runs[0])
	valid := map[string]map[string]any{
		remove: {"experiment_ids": []string{id}, "older_than": "1h", "max_runs": 10}, restore: {"experiment_ids": []string{id}, "max_runs": 10},
		"mlflow_set_run_tags": {"run_id": runs[1], "tags": map[string]any{"a": "b"}}, "mlflow_restore_experiment": {"experiment_id": id},
	}
	w.ResetJournal()
	for name, tc := range map[string]struct {
		kind   string
		change map[string]any
		// diags is the start of the error, and holds a part of it.
		diags, holds string
	}{
		"not an age": {remove, map[string]any{"older_than": "90 days"}, "error at older_than: Invalid age: ", ""},
		"not a time": {remove, map[string]any{"older_than": nil, "before": "2026-03-01"}, "error at before: Invalid time: ", ""},
		"no cutoff":  {remove, map[string]any{"older_than": nil}, "error at older_than: " + combination, "older_than,before"},
		"two cutoffs": {remove, map[string]any{"before": "2026-01-01T00:00:00Z"}, "error at older_than: " + combination,
			"older_than,before"},
		"an empty filter":     {remove, map[string]any{"filter": ""}, "error at filter: Invalid filter: ", ""},
		"a filter of spaces":  {remove, map[string]any{"filter": " "}, "error at filter: Invalid filter: ", ""},
		"a filter with an OR": {remove, map[string]any{"filter": "tags.a = 'b' OR tags.c = 'd'"}, "error at filter: Invalid filter: ", ""},
		"no experiments":      {remove, map[string]any{"experiment_ids": []string{}}, "error at experiment_ids: ", ""},
		"no limit":            {remove, map[string]any{"max_runs": 0}, "error at max_runs: ", ""},
		"too many runs":       {remove, map[string]any{"max_runs": 2_000_000}, "error at max_runs: ", ""},
		"restore, not an age": {restore, map[string]any{"older_than": "a week"}, "error at older_than: Invalid age: ", ""},
		"restore, not a time": {restore, map[string]any{"deleted_after": "yesterday"}, "error at deleted_after: Invalid time: ", ""},
		"restore, no limit":   {restore, map[string]any{"max_runs": nil}, "error at experiment_ids: " + combination, ""},
		"a run without a name": {"mlflow_set_run_tags", map[string]any{"tags": map[string]any{"mlflow.runName": nil}},
			"error at tags: Invalid tag value: ", ""},
		"an experiment by both": {"mlflow_restore_experiment", map[string]any{"name": "/Shared/a"}, "error at experiment_id: " + combination, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := maps.Clone(valid[tc.kind])
			maps.Copy(config, tc.change)
			action := w.Action(t, emulator.AdminToken, tc.kind)
			acctest.ExpectDiagnostics(t, action.PlanWithoutValidate(config), tc.diags, tc.holds)
			progress, diags := action.Invoke(config)
			if acctest.ExpectDiagnostics(t, diags, tc.diags, tc.holds); len(progress) > 0 {
				t.Errorf("progress: got %q", progress)
			}
		})
	}
	w.ExpectWrites(t)
	w.Action(t, emulator.AdminToken, remove).MustInvoke(valid[remove])
}

// TestActions_variables invokes an action through the CLI with variables that Terraform does not know when it validates.
func TestActions_variables(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	w.SeedRuns(id, 20, time.Now().Add(-1000*time.Hour), time.Hour)
	config := w.Config(fmt.Sprintf(`
		variable "age" {
		  type    = string
		  default = "90 days"
		}
		resource "terraform_data" "release" {
		  lifecycle {
		    action_trigger {
		      events  = [after_create]
		      actions = [action.mlflow_delete_runs.old]
		    }
		  }
		}
		action "mlflow_delete_runs" "old" {
		  config {
		    experiment_ids = [%q]
		    older_than     = var.age
		    max_runs       = 10
		  }
		}`, id))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		Steps:                    []resource.TestStep{{Config: config, ExpectError: pageMessage("Invalid age")}},
	})
	w.ExpectWrites(t)
}
