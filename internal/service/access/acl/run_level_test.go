package acl

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// TestWarnIneffective_run: an inherited CAN_RUN makes CAN_READ ineffective, but not CAN_EDIT.
func TestWarnIneffective_run(t *testing.T) {
	list := mlflow.ACL{Entries: []mlflow.ACLEntry{{Principal: mlflowtest.Group("science"), Permissions: []mlflow.Permission{
		{Level: mlflow.LevelRun, Inherited: true, InheritedFrom: []string{"/directories/1"}}, {Level: mlflow.LevelRead},
	}}}}
	l := listOf(mlflowtest.Connect(t, emulator.New(emulator.Options{}), emulator.AdminToken), "1")
	for level, want := range map[string]int{"CAN_READ": 1, "CAN_RUN": 0, "CAN_EDIT": 0, "CAN_MANAGE": 0, "CAN_FLY": 0} {
		var diags diag.Diagnostics
		l.warnIneffective(&diags, permissionsOf(levels{"science": level}, nil, nil), list)
		if diags.WarningsCount() != want {
			t.Errorf("%s: %d warnings, want %d", level, diags.WarningsCount(), want)
		}
	}
}
