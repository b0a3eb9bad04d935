package access_test

import (
	"reflect"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissionsResource_loweredCaller: the grant that was kept for the caller is hidden as long as it lets the caller manage. Lowered by somebody else it
// is drift like any other.
func TestPermissionsResource_loweredCaller(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddUser(emulator.User, "risk")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil) // the creator manages
	config := map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}}
	b := w.BackendAs(emulator.UserToken).Provider(t, nil).Block("mlflow_experiment_permissions")
	acctest.ExpectSays(t, b.Up(config), "warning: Undeclared access is kept")
	if got := b.Values()["retained"]; !reflect.DeepEqual(got, map[string]any{emulator.User: "CAN_MANAGE"}) {
		t.Fatalf("retained is %v", got)
	}
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_MANAGE") // so that the caller still sees the list
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ")
	if says := b.Refresh(); says != "" {
		t.Errorf("says %q", says)
	}
	values := b.Values()
	if got := values["users"]; !reflect.DeepEqual(got, map[string]any{emulator.User: "CAN_READ"}) {
		t.Errorf("users are %v", got)
	}
	if got := values["retained"]; !reflect.DeepEqual(got, map[string]any{}) {
		t.Errorf("retained is %v", got)
	}
	if p := b.Plan(config); p.Action != "update" {
		t.Errorf("the plan is to %s", p.Action)
	}
}
