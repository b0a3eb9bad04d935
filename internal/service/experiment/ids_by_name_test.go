package experiment

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestExperimentsDataSource_idsByName(t *testing.T) {
	t.Parallel()
	active := mlflow.Experiment{ID: "active", Name: "a", LifecycleStage: "active", CreationTime: 1}
	older := mlflow.Experiment{ID: "older", Name: "a", LifecycleStage: "deleted", CreationTime: 2}
	newer := mlflow.Experiment{ID: "newer", Name: "a", LifecycleStage: "deleted", CreationTime: 3}
	for _, c := range []struct {
		found []mlflow.Experiment
		want  string
	}{
		{[]mlflow.Experiment{older, newer}, "newer"},
		{[]mlflow.Experiment{newer, older}, "newer"},
		{[]mlflow.Experiment{active, newer}, "active"},
		{[]mlflow.Experiment{newer, active, older}, "active"},
	} {
		if got := idsByName(c.found); len(got) != 1 || got["a"] != c.want {
			t.Errorf("got IDs %v, want %s", got, c.want)
		}
	}
}
