package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// refusedDeletions are configurations of mlflow_delete_runs with a value that must not delete anything, and what the error says.
var refusedDeletions = map[string]struct {
	config map[string]any
	says   string
}{
	"an age that is none":   {map[string]any{"older_than": "90 days"}, "Invalid age"},
	"neither age nor time":  {map[string]any{"older_than": nil}, "older_than,before"},
	"both":                  {map[string]any{"before": "2026-01-01T00:00:00Z"}, "older_than,before"},
	"a time that is none":   {map[string]any{"older_than": nil, "before": "yesterday"}, "Invalid time"},
	"no limit":              {map[string]any{"max_runs": 0}, "max_runs"},
	"no experiment":         {map[string]any{"experiment_ids": []string{}}, "experiment_ids"},
	"a filter with an OR":   {map[string]any{"filter": "tags.a = 'b' OR tags.c = 'd'"}, "Invalid filter"},
	"a filter that is none": {map[string]any{"filter": " "}, "Invalid filter"},
}

// TestServer_validatesActions: the values of variables, which Terraform does not know when it validates, are checked before they have an effect.
func TestServer_validatesActions(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	w.SeedRuns(id, 20, time.Now().Add(-1000*time.Hour), time.Hour)
	deletion := w.Action(t, emulator.AdminToken, "mlflow_delete_runs")
	for name, c := range refusedDeletions {
		config := map[string]any{"experiment_ids": []string{id}, "older_than": "1h", "max_runs": 10}
		maps.Copy(config, c.config)
		maps.DeleteFunc(config, func(_ string, value any) bool { return value == nil })
		if progress, says := deletion.Invoke(config); !strings.Contains(strings.ReplaceAll(says, "\n", " "), c.says) || !strings.HasPrefix(says, "error at ") || len(progress) > 0 {
			t.Errorf("%s: the invocation says %q, progress %q, want %q", name, says, progress, c.says)
		}
		server, _ := deletion.Server.(tfprotov6.ActionServer)
		encoded := deletion.Encode(deletion.Schemas.ActionSchemas["mlflow_delete_runs"].Schema, config)
		planned, err := server.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: "mlflow_delete_runs", Config: encoded})
		if err != nil || !strings.HasPrefix(acctest.DescribeDiagnostics(planned.Diagnostics), "error at ") {
			t.Errorf("%s: the plan says %q (%v)", name, acctest.DescribeDiagnostics(planned.Diagnostics), err)
		}
	}
	w.ExpectWrites(t)
	deletion.MustInvoke(map[string]any{"experiment_ids": []string{id}, "older_than": "1h", "max_runs": 10})
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
		ProtoV6ProviderFactories: acctest.Factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		Steps: []resource.TestStep{{Config: config, ExpectError: pageMessage("Invalid age")}},
	})
	w.ExpectWrites(t)
}
