package access_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestCurrentUserDataSource(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddUser(emulator.User, "risk", "data-science")
	for token, want := range map[string]map[string]any{
		emulator.UserToken: {
			"name": emulator.User, "kind": "user", "display_name": "Ana", "groups": []any{"data-science", "risk", "users"},
			"home":      "/Users/" + emulator.User,
			"workspace": nil,
		},
		emulator.ServicePrincipalToken: {
			"name": emulator.ServicePrincipal, "kind": "service_principal", "display_name": "deployer", "groups": []any{"users"},
			"home":      "/Users/" + emulator.ServicePrincipal,
			"workspace": nil,
		},
	} {
		state, says := w.Provider(t, token).ReadDataSource("mlflow_current_user", map[string]any{})
		if id, _ := state["id"].(string); says != "" || id == "" {
			t.Errorf("got diagnostics %q and ID %q, want an ID", says, id)
		}
		delete(state, "id")
		if !reflect.DeepEqual(state, want) {
			t.Errorf("got %v, want %v", state, want)
		}
	}
	_, says := w.Provider(t, "invalid").ReadDataSource("mlflow_current_user", map[string]any{})
	if !strings.HasPrefix(says, "error: Could not read the current user: Databricks: ") {
		t.Errorf("invalid token: got diagnostics %q, want an error", says)
	}
}

func TestPermissionLevelsDataSource(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/deleted", nil)
	w.Trash(deleted)
	levels := func(token, id string) (string, string) {
		state, says := w.Provider(t, token).ReadDataSource("mlflow_experiment_permission_levels", map[string]any{"experiment_id": id})
		var found []string
		for _, l := range acctest.ObjectsOf(state["levels"]) {
			if text, _ := l["description"].(string); !strings.HasPrefix(text, "Can view") {
				t.Errorf("%v: got description %q, want the prefix Can view", l["level"], text)
			}
			level, _ := l["level"].(string)
			found = append(found, level)
		}
		return strings.Join(found, " "), says
	}
	if got, says := levels(emulator.AdminToken, id); got != "CAN_READ CAN_EDIT CAN_MANAGE" || says != "" {
		t.Errorf("got levels %q and diagnostics %q, want all levels", got, says)
	}
	for want, c := range map[string][2]string{
		"error: Could not read permission levels: Experiment " + deleted + ": Node ID": {emulator.AdminToken, deleted},
		"error: Could not read permission levels: Experiment " + id + ": " + emulator.User + " does not have View permissions": {
			emulator.UserToken, id,
		},
	} {
		if got, says := levels(c[0], c[1]); got != "" || !strings.HasPrefix(says, want) {
			t.Errorf("got levels %q and diagnostics %q, want %q", got, says, want)
		}
	}
}
