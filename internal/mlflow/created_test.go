package mlflow_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// TestCreatedAt checks that the creation time is known after any read of the experiment, without a request.
func TestCreatedAt(t *testing.T) {
	t.Parallel()
	w, client := mlflowtest.Workspace(t, emulator.Options{Seed: 100}, bulk)
	all := w.Experiments()
	if at := client.CreatedAt(all[0].ID); !at.IsZero() {
		t.Errorf("before any read: got %s, want none", at)
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
		t.Errorf("got %d requests, want none", len(calls))
	}
}

// The time in an invalid response is not recorded.
func TestInvalidResponsesAreNotCached(t *testing.T) {
	for _, body := range []string{`{"experiment":{"experiment_id":"7","name":"/y","creation_time":1700000000000}}`,
		`{"experiment":{"experiment_id":"1"}}`} {
		c := mlflowtest.Client(mlflowtest.NewReplies(mlflowtest.Reply(200, body)), databricks.Backend{})
		e, err := c.GetExperiment(t.Context(), "1")
		if err == nil || e.ID != "" || !c.CreatedAt("7").IsZero() {
			t.Errorf("%s: got %+v, error %v, recorded time %s; want an error and no time", body, e, err, c.CreatedAt("7"))
		}
	}
}
