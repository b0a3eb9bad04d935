//go:build mlflow

package provider_test

import (
	"slices"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// manyRuns deletes 2,000 runs with one request for each, besides the pages of the search, and restores them.
func manyRuns(t *testing.T, s *server) {
	const n = 2000
	experiment := s.CreateExperiment(t, s.Name("many-runs"), nil)
	ids := slices.Sorted(slices.Values(logRuns(t, s.Backend, experiment, n)))
	through, relay := newRelayBackend(t, s.Backend)
	d := acctest.NewProvider(t, through.ProviderConfig(nil))
	config := map[string]any{
		"experiment_ids": []string{experiment},
		"before":         time.UnixMilli(firstRun + n*1000).UTC().Format(time.RFC3339),
		"max_runs":       n,
	}
	for _, kind := range []string{"mlflow_delete_runs", "mlflow_restore_runs"} {
		relay.reset()
		started := time.Now()
		progress, diags := d.Action(kind).Invoke(config)
		if diags != "" || len(progress) < 10 {
			t.Errorf("%s: got diagnostics %q, progress %q", kind, diags, progress)
		}
		t.Logf("%s took %s and %d requests", kind, time.Since(started), len(relay.seen()))
		if got := len(relay.seen()); got > n+4 { // three pages, and the experiment before a restore
			t.Errorf("%s took %d requests", kind, got)
		}
		want := ids
		if kind == "mlflow_restore_runs" {
			want = nil
		}
		if got := deletedRuns(t, s.Backend, experiment); !slices.Equal(got, want) {
			t.Errorf("after %s, %d runs are deleted", kind, len(got))
		}
	}
}
