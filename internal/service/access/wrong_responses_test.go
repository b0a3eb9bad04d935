package access_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissions_groupInOtherSpelling: a server that matches groups case-insensitively lists them in the directory's spelling, which the
// next read would report as an undeclared grant.
func TestPermissions_groupInOtherSpelling(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{IgnoreGroupCase: true})
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_permissions": {"experiment_id": id, "groups": map[string]string{"Risk": "CAN_READ"}},
		"mlflow_experiment_permission":  {"experiment_id": id, "group_name": "Risk", "permission_level": "CAN_READ"},
	} {
		if state, says := w.Provider(t, emulator.AdminToken).Create(kind, config); state != nil ||
			!strings.Contains(says, `lists the grant of "Risk" as "risk"`) {
			t.Errorf("%s: got diagnostics %q and state %v, want an error and no state", kind, says, state)
		}
	}
}

// TestPermission_ownGrantWrongResponses: a wrong response does not show whether the caller has other access, so the caller's own grant is
// not revoked.
func TestPermission_ownGrantWrongResponses(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.WrongResponses {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.User, "/Teams/churn", nil)
			state := map[string]any{
				"id": id + "/user/" + emulator.User, "experiment_id": id, "user_name": emulator.User, "permission_level": "CAN_MANAGE",
			}
			fault.Method, fault.Path, fault.Times = http.MethodGet, permissionsPath(id), 2
			w.Inject(fault)
			_, says := w.Provider(t, emulator.UserToken).Apply("mlflow_experiment_permission", state, nil)
			w.ClearFaults()
			if !strings.HasPrefix(says, "error") || !canManage(t, w, emulator.UserToken, permissionsPath(id)) {
				t.Errorf("got diagnostics %q, caller manages the experiment: %t, want an error and true", says,
					canManage(t, w, emulator.UserToken, permissionsPath(id)))
			}
		})
	}
}
