package access

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// inheritsRun returns a list in which two groups inherit CAN_RUN.
func inheritsRun() mlflow.ACL {
	run := mlflow.Permission{Level: mlflow.LevelRun, Inherited: true, InheritedFrom: []string{"/directories/1"}}
	return mlflow.ACL{Entries: []mlflow.ACLEntry{
		{Principal: mlflowtest.Group("science"), Permissions: []mlflow.Permission{run, {Level: mlflow.LevelRead}}},
		{Principal: mlflowtest.Group("risk"), Permissions: []mlflow.Permission{run, {Level: mlflow.LevelEdit}}},
	}}
}

// TestPermissionsDataModel_editAndRun: a principal with CAN_EDIT and CAN_RUN has both as effective levels.
func TestPermissionsDataModel_editAndRun(t *testing.T) {
	var model experimentPermissionsDataModel
	model.setFromACL(inheritsRun(), nil)
	var found []string
	for _, e := range model.Effective {
		found = append(found, fmt.Sprint(e.Principal, " ", e.Level))
	}
	if want := []string{"risk CAN_EDIT", "risk CAN_RUN", "science CAN_RUN"}; !slices.Equal(found, want) {
		t.Errorf("got effective levels %q, want %q", found, want)
	}
}
