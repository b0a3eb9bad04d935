package access_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissions_groupInOtherSpelling: a server that matches groups case-insensitively lists them in the directory's spelling, which the
// next read would take for an undeclared grant.
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
			t.Errorf("%s says %q; the state is %v", kind, says, state)
		}
	}
}

// TestPermission_ownGrantWrongResponses: a wrong response does not show whether the caller has other access, so the caller's own grant is
// not revoked.
func TestPermission_ownGrantWrongResponses(t *testing.T) {
	t.Parallel()
	for name, lie := range acctest.WrongResponses {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.User, "/Teams/churn", nil)
			state := map[string]any{
				"id": id + "/user/" + emulator.User, "experiment_id": id, "user_name": emulator.User, "permission_level": "CAN_MANAGE",
			}
			lie.Method, lie.Path, lie.Times = http.MethodGet, permissionsPath(id), 2
			w.Inject(lie)
			_, says := w.Provider(t, emulator.UserToken).Apply("mlflow_experiment_permission", state, nil)
			w.ClearFaults()
			if !strings.HasPrefix(says, "error") || !canManage(t, w, emulator.UserToken, permissionsPath(id)) {
				t.Errorf("the destroy says %q; the caller manages the experiment: %t", says,
					canManage(t, w, emulator.UserToken, permissionsPath(id)))
			}
		})
	}
}
