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
	experiment, says := d.Create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}})
	if says != "" {
		t.Fatal(says)
	}
	id := textOf(experiment["id"])
	managed := map[string]map[string]any{"mlflow_experiment": experiment}
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "owner", "value": "ana"},
		"mlflow_experiment_permission":  {"experiment_id": id, "group_name": "risk", "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}},
	} {
		state, says := d.Create(kind, config)
		if strings.Contains(says, "error") {
			t.Fatal(says)
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
				after, says := w.Provider(t, emulator.AdminToken).Read(kind, state)
				if !strings.HasPrefix(says, "error: Could not read") || !reflect.DeepEqual(after, state) {
					t.Errorf("%s: the refresh says %q, and the state is %v, was %v", kind, says, after, state)
				}
			}
		})
	}
}
