package server

import (
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// FuzzLevels checks that the conversion to a level of an MLflow server and back returns the same level, and that CAN_MANAGE is the highest.
func FuzzLevels(f *testing.F) {
	for _, level := range []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage, "READ", "USE", "DENY", "", "can_read",
		"NO_PERMISSIONS"} {
		f.Add(level)
	}
	f.Fuzz(func(t *testing.T, level string) {
		if known := level == "READ" || level == "EDIT" || level == "MANAGE"; !known && fromServerLevel(toServerLevel(level)) != level {
			t.Errorf("got %[2]q, want %[1]q", level, fromServerLevel(toServerLevel(level)))
		}
		if highest := mlflow.HighestLevels([]string{level, mlflow.LevelManage}); !slices.Equal(highest, []string{mlflow.LevelManage}) {
			t.Errorf("got the highest levels %q of %q and CAN_MANAGE, want CAN_MANAGE", highest, level)
		}
	})
}
