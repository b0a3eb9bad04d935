package provider_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestMocks_traceLocation runs the tests of a module that passes a trace location, with a mock of the provider: null, without a prefix, and
// complete. The mock of Terraform generates effective_table_prefix; that of OpenTofu leaves it null.
func TestMocks_traceLocation(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.skipBelow(t, 7, "mocks need Terraform 1.7")
	dir := t.TempDir()
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), `
		terraform {
		  required_providers {
		    mlflow = { source = "mlflow-terraform/mlflow" }
		  }
		}
		variable "traces" {
		  type    = object({ catalog = string, schema = string, table_prefix = optional(string) })
		  default = null
		}
		resource "mlflow_experiment" "test" {
		  name           = "/Shared/churn"
		  trace_location = var.traces
		}
		output "traces" { value = mlflow_experiment.test.trace_location }
	`)
	acctest.WriteFile(t, filepath.Join(dir, "traces.tftest.hcl"), `
		mock_provider "mlflow" {}
		run "none" {}
		run "planned" {
		  command = plan
		  variables { traces = { catalog = "main", schema = "traces" } }
		  assert {
		    condition     = mlflow_experiment.test.trace_location.schema == "traces"
		    error_message = "the schema is not the declared one"
		  }
		}
		run "complete" {
		  variables { traces = { catalog = "main", schema = "traces", table_prefix = "churn" } }
		  assert {
		    condition     = output.traces.table_prefix == "churn" && contains(keys(output.traces), "effective_table_prefix")
		    error_message = "the output is not complete"
		  }
		}
	`)
	w := acctest.NewWorkspace(t)
	out := s.run(t, w, dir, "terraform init\nterraform test")
	if !strings.Contains(out, "Success! 3 passed, 0 failed.") || len(w.Journal()) > 0 {
		t.Errorf("got %d requests and this output, want no request and success:\n%s", len(w.Journal()), tail(out))
	}
}

// TestTraceLocation_importByIdentity checks that the Read after an import by identity returns the trace location. Older CLIs do not support
// identities.
func TestTraceLocation_importByIdentity(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	w.BindTraceLocation(id, "main", "traces", "churn")
	d := w.Provider(t, emulator.AdminToken)
	state, diags := importIdentity(d, "mlflow_experiment", map[string]any{"experiment_id": id})
	if diags != "" {
		t.Fatalf("import: got diagnostics %q", diags)
	}
	state, diags = d.Read("mlflow_experiment", state)
	if bound, _ := state["trace_location"].(map[string]any); diags != "" || bound["effective_table_prefix"] != "churn" {
		t.Errorf("the state has %v, diagnostics %q", state["trace_location"], diags)
	}
}
