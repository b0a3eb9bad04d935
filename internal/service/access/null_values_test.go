package access_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissionsResource_nullLevels: an entry with a null level is ignored.
func TestPermissionsResource_nullLevels(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	w.AddGroup("data")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(entries string) string {
		return w.Config(`resource "terraform_data" "null" { input = { text = null } }
			` + acctest.PermissionsBlock(id, entries))
	}
	var steps []resource.TestStep
	for _, s := range []struct {
		entries string
		grants  []string
	}{
		{`groups = { risk = "CAN_READ", data = null, admins = null }
		  users  = { "ana@example.com" = null, " " = null, late = terraform_data.null.output.text }`, []string{"group risk CAN_READ"}},
		{`groups = { risk = "CAN_READ", data = "CAN_EDIT" }
		  users  = { "ana@example.com" = "CAN_READ" }`, []string{"group data CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_READ"}},
		{`groups = { risk = "CAN_READ", data = null }
		  users  = { "Ana@example.com" = "CAN_READ", "ana@example.com" = null }`,
			[]string{"group risk CAN_READ", "user ana@example.com CAN_READ"}},
		{`groups = { risk = null, data = null }
		  users  = { "Ana@example.com" = null }`, nil},
	} {
		steps = append(steps, resource.TestStep{Config: config(s.entries), Check: expectGrants(w, id, s.grants...)})
	}
	last := steps[len(steps)-1]
	acctest.UnitTest(t, append(steps,
		resource.TestStep{
			PreConfig: w.ResetJournal, Config: config(`groups = { risk = null }
				users = {}`), Check: expectWrites(w),
		},
		resource.TestStep{ // a grant to a principal with a null level is drift
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal("ana@example.com"), "CAN_EDIT") },
			Config:    last.Config, Check: expectGrants(w, id),
			ConfigPlanChecks: acctest.PreApply(expectMapChange("users", map[string]any{"ana@example.com": "CAN_EDIT"},
				map[string]any{"Ana@example.com": nil})),
		},
	)...)
}

// TestPrincipalNames: names that look like those of another kind are reported before a request is sent.
func TestPrincipalNames(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		kind, attribute string
		value           any
		says            string
	}{
		"a user as group": {"mlflow_experiment_permissions", "groups", acctest.MapOfOne("ana@example.com", "CAN_READ"),
			`warning at groups: Group is named like a user`},
		"a user as the group of one grant": {"mlflow_experiment_permission", "group_name", "ana@example.com",
			"warning at group_name: Group is named like a user"},
		"a display name": {"mlflow_experiment_permissions", "service_principals", acctest.MapOfOne("ci", "CAN_READ"),
			`warning at service_principals: Name is not an application ID: "ci" is not a UUID.`},
		"a display name in one grant": {"mlflow_experiment_permission", "service_principal_name", "ci",
			`warning at service_principal_name: Name is not an application ID: "ci" is not a UUID.`},
		"a group with an at sign":        {"mlflow_experiment_permission", "group_name", "data@scale", ""},
		"null for a display name":        {"mlflow_experiment_permissions", "service_principals", map[string]any{"ci": nil}, ""},
		"an application ID in one grant": {"mlflow_experiment_permission", "service_principal_name", acctest.ApplicationID, ""},
		"a valid user":                   {"mlflow_experiment_permission", "user_name", "ana@example.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := acctest.AttributeValues("experiment_id", "1", c.attribute, c.value)
			if c.kind == "mlflow_experiment_permission" {
				config["permission_level"] = "CAN_READ"
			} else {
				config["experiment_id"] = tftypes.UnknownValue
			}
			if got := d.Plan(c.kind, config); !strings.HasPrefix(got, c.says) || c.says == "" && got != "" {
				t.Errorf("got diagnostics %q, want %q", got, c.says)
			}
		})
	}
}
