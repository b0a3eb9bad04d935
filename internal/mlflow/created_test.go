package mlflow_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestCreatedAt: when an experiment was created is known once it was read in any way, and costs no call.
func TestCreatedAt(t *testing.T) {
	t.Parallel()
	w, client := workspaceClient(t, emulator.Options{Seed: 100}, bulk)
	all := w.Experiments()
	if at := client.CreatedAt(all[0].ID); !at.IsZero() {
		t.Errorf("before any read it is %s", at)
	}
	if _, err := client.GetExperiment(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetExperimentByName(t.Context(), all[1].Name); err != nil {
		t.Fatal(err)
	}
	refresh(t, client, idsOf(w, 50)[2:]...)
	w.ResetJournal()
	for _, e := range all[:50] {
		if at := client.CreatedAt(e.ID); at.UnixMilli() != e.CreationTime {
			t.Errorf("%s was created at %s, want %d", e.ID, at, e.CreationTime)
		}
	}
	if calls := w.Journal(); len(calls) > 0 {
		t.Errorf("it made %d calls", len(calls))
	}
}
