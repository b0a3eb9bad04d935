package server

import (
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// FuzzLevels: what goes to an MLflow server comes back as it was, and the order of levels holds.
func FuzzLevels(f *testing.F) {
	for _, level := range []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage, "READ", "USE", "DENY", "", "can_read", "NO_PERMISSIONS"} {
		f.Add(level)
	}
	f.Fuzz(func(t *testing.T, level string) {
		if known := level == "READ" || level == "EDIT" || level == "MANAGE"; !known && fromServerLevel(toServerLevel(level)) != level {
			t.Errorf("%q comes back as %q", level, fromServerLevel(toServerLevel(level)))
		}
		if highest := mlflow.HighestLevels([]string{level, mlflow.LevelManage}); !slices.Equal(highest, []string{mlflow.LevelManage}) {
			t.Errorf("%q is higher than CAN_MANAGE", level)
		}
	})
}
