package governance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// CAN_EDIT and CAN_RUN do not include each other: both are effective, and each meets the other one as min_level.
func TestReviewer_editAndRun(t *testing.T) {
	t.Parallel()
	run := func(object string) mlflow.Permission {
		return mlflow.Permission{Level: mlflow.LevelRun, Inherited: true, InheritedFrom: []string{object}}
	}
	acl := mlflow.ACL{Entries: []mlflow.ACLEntry{
		{Principal: mlflowtest.Group("risk"), Permissions: []mlflow.Permission{
			run("/directories/1"), {Level: mlflow.LevelEdit}, run("/directories/2"),
		}},
		{Principal: mlflowtest.Group("science"), Permissions: []mlflow.Permission{run("/directories/1"), {Level: mlflow.LevelRead}}},
	}}
	client := mlflowtest.Connect(t, emulator.New(emulator.Options{}), emulator.AdminToken)
	const risk, science = "risk CAN_EDIT true, risk CAN_RUN true, risk CAN_RUN false", "science CAN_RUN true"
	for minLevel, want := range map[string]string{
		"": risk + ", science CAN_READ false, " + science, "CAN_READ": risk + ", science CAN_READ false, " + science,
		"CAN_RUN": risk + ", " + science, "CAN_EDIT": risk + ", " + science, "CAN_MANAGE": "",
	} {
		r := &reviewer{client: client, minLevel: minLevel}
		var found []string
		for _, g := range r.grants(mlflow.Experiment{ID: "1"}, acl) {
			found = append(found, fmt.Sprint(g.Principal, " ", g.Level, " ", g.Effective))
		}
		if got := strings.Join(found, ", "); got != want {
			t.Errorf("min_level %q: got %q, want %q", minLevel, got, want)
		}
	}
}
