package governance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissionReview_levelsThatAllowNothing: DENY and NO_PERMISSIONS are in a review without min_level, and meet no min_level.
func TestPermissionReview_levelsThatAllowNothing(t *testing.T) {
	t.Parallel()
	for minLevel, want := range map[string][]string{
		"":           {"admin CAN_MANAGE", "ana NO_PERMISSIONS", "ben DENY", "bosses CAN_MANAGE", "risk USE"},
		"CAN_READ":   {"admin CAN_MANAGE", "bosses CAN_MANAGE", "risk USE"},
		"CAN_EDIT":   {"admin CAN_MANAGE", "bosses CAN_MANAGE"},
		"CAN_MANAGE": {"admin CAN_MANAGE", "bosses CAN_MANAGE"},
	} {
		t.Run(minLevel, func(t *testing.T) {
			t.Parallel()
			s := acctest.NewRecordedServer(t, map[string]string{"ana": "NO_PERMISSIONS", "ben": "DENY"})
			config := map[string]any{}
			if minLevel != "" {
				config["min_level"] = minLevel
			}
			state, says := s.Provider(t, nil).ReadDataSource("mlflow_permission_review", config)
			var found []string
			for _, g := range acctest.ObjectsOf(state["grants"]) {
				found = append(found, fmt.Sprintf("%s %s", g["principal"], g["level"]))
			}
			slices.Sort(found)
			if says != "" || !slices.Equal(found, want) || len(acctest.ObjectsOf(state["unreadable"])) > 0 {
				t.Errorf("got %q, diagnostics %q, unreadable experiments %v, want %q", found, says, state["unreadable"], want)
			}
		})
	}
}

// include_admins = false excludes the rights of server admins, but no grants of roles.
func TestPermissionReview_withoutServerAdmins(t *testing.T) {
	t.Parallel()
	s := acctest.NewRecordedServer(t, map[string]string{"ana": "NO_PERMISSIONS", "ben": "DENY"})
	state, says := s.Provider(t, nil).ReadDataSource("mlflow_permission_review", map[string]any{"include_admins": false})
	var found []string
	for _, g := range acctest.ObjectsOf(state["grants"]) {
		found = append(found, fmt.Sprintf("%s %s", g["principal"], g["level"]))
	}
	slices.Sort(found)
	if want := []string{"ana NO_PERMISSIONS", "ben DENY", "bosses CAN_MANAGE", "risk USE"}; says != "" || !slices.Equal(found, want) {
		t.Errorf("got %q and diagnostics %q, want %q", found, says, want)
	}
}

// min_level accepts the levels that all servers rank, and CAN_RUN.
func TestPermissionReview_minLevels(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	for level, want := range map[string]string{
		"CAN_RUN": "", "RUN": "Use CAN_RUN.", "can_run": "Use CAN_RUN.",
		"USE": "cannot be used here. Use CAN_READ, CAN_RUN, CAN_EDIT, or CAN_MANAGE.",
	} {
		_, says := d.ReadDataSource("mlflow_permission_review", map[string]any{"min_level": level})
		if (want == "") != (says == "") || !strings.Contains(says, want) {
			t.Errorf("min_level %s: got diagnostics %q, want %q", level, says, want)
		}
	}
}
