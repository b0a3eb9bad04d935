package provider_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestRefresh_wrongResponses checks that a refresh with an invalid response fails, and does not change the state.
func TestRefresh_wrongResponses(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	d := w.Provider(t, emulator.AdminToken)
	experiment, diags := d.Create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}})
	if diags != "" {
		t.Fatal(diags)
	}
	id := textOf(experiment["id"])
	managed := map[string]map[string]any{"mlflow_experiment": experiment}
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "owner", "value": "ana"},
		"mlflow_experiment_permission":  {"experiment_id": id, "group_name": "risk", "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}},
	} {
		state, diags := d.Create(kind, config)
		if strings.Contains(diags, "error") {
			t.Fatal(diags)
		}
		managed[kind] = state
	}
	for name, lie := range acctest.WrongResponses {
		t.Run(name, func(t *testing.T) {
			for _, route := range []string{"/api/2.0/mlflow/experiments/*", "/api/2.0/permissions/experiments/*"} {
				lie.Path, lie.Times = route, -1
				w.Inject(lie)
			}
			defer w.ClearFaults()
			for kind, state := range managed {
				after, diags := w.Provider(t, emulator.AdminToken).Read(kind, state)
				if !strings.HasPrefix(diags, "error: Could not read") || !reflect.DeepEqual(after, state) {
					t.Errorf("%s: the refresh: got diagnostics %q and state %v, was %v", kind, diags, after, state)
				}
			}
		})
	}
}
