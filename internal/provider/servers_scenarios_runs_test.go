//go:build mlflow

package provider_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// runsWithoutAccess: the server omits the runs of experiments that the user cannot read, without an error. That must not look like an
// experiment without runs.
func runsWithoutAccess(t *testing.T, s *server) {
	readable, denied := s.CreateExperiment(t, s.Name("readable"), nil), s.CreateExperiment(t, s.Name("denied"), nil)
	ana := s.addUser(t)
	for id, level := range map[string]string{readable: "CAN_READ", denied: "DENY"} {
		p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
		if diags := withoutWarnings(p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level}}))); acctest.HasError(
			diags,
		) {
			t.Fatal(diags)
		}
	}
	trainedRun{name: "shown", status: "FINISHED"}.log(t, s.Backend, readable, 0)
	hidden, _ := trainedRun{name: "hidden", status: "FINISHED"}.log(t, s.Backend, denied, 0)
	d := s.as(ana).Provider(t, nil)
	if found, diags := d.ReadDataSource("mlflow_runs", map[string]any{"experiment_ids": []string{readable}, "limit": 10}); diags != "" ||
		runNames(found) != "shown" {
		t.Errorf("runs %q, diagnostics %q", runNames(found), diags)
	}
	_, diags := d.ReadDataSource("mlflow_runs", map[string]any{"experiment_ids": []string{readable, denied}, "limit": 10})
	acctest.ExpectDiagnostics(t, diags, "error at experiment_ids: Could not search runs: Experiment "+denied+": ", "HTTP 403")
	for kind, begin := range map[string]string{"mlflow_run": "error at run_id: Could not read run: ",
		"mlflow_run_artifacts": "error at run_id: Could not list artifacts: "} {
		_, diags := d.ReadDataSource(kind, map[string]any{"run_id": hidden})
		acctest.ExpectDiagnostics(t, diags, begin, "HTTP 403")
	}
}
