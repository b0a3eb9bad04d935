package access_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const pipeline = "6f1c2a34-5b67-4c89-9d01-23456789abcd"

func TestPermissionsResource_callersTakeTurns(t *testing.T) {
	w := acctest.NewWorkspace(t)
	callersTakeTurns(t, w, 10, permissionList{address: permissionsAddress, block: func(attributes string) string {
		return `
			resource "mlflow_experiment" "churn" { name = "/Teams/churn" }
			resource "mlflow_experiment_permissions" "p" {
			  experiment_id = mlflow_experiment.churn.id
			  ` + attributes + `
			}`
	}}, func() string { return permissionsPath(w.MustFind(t, "/Teams/churn").ID) })
}

// TestPermissionsResource_retainedUntil: a grant retained for an earlier caller is removed if another level is declared, if it was revoked
// outside Terraform, and with keep_caller_access = false. The plan reports it.
func TestPermissionsResource_retainedUntil(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(pipeline, "/Teams/churn", nil)
	as := func(token, attributes string) string {
		return w.ConfigAs(token, "", acctest.PermissionsBlock(id, attributes))
	}
	const read, edit = `groups = { risk = "CAN_READ" }`, `groups = { risk = "CAN_EDIT" }`
	kept := map[string]string{pipeline: "CAN_MANAGE"}
	step := func(config string, retained map[string]string, grants ...string) resource.TestStep {
		return resource.TestStep{
			Config: config, Check: expectGrants(w, id, grants...),
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", retained)},
		}
	}
	lowered := step(as(emulator.AdminToken, edit), nil, "group risk CAN_EDIT")
	lowered.PreConfig = func() { w.Grant(id, emulator.ServicePrincipalPrincipal(pipeline), "CAN_READ") } // a change outside Terraform
	acctest.UnitTest(t,
		step(as(emulator.ServicePrincipalToken, read), kept, "group risk CAN_READ", pipelineManages),
		step(as(emulator.AdminToken, edit), kept, "group risk CAN_EDIT", pipelineManages),
		step(as(emulator.AdminToken, edit+"\nkeep_caller_access = false"), nil, "group risk CAN_EDIT"),
		resource.TestStep{
			PreConfig: func() { w.Grant(id, emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE") },
			Config:    as(emulator.ServicePrincipalToken, edit),
			Check:     expectGrants(w, id, "group risk CAN_EDIT", pipelineManages),
		},
		step(as(emulator.AdminToken, edit+"\nservice_principals = { \""+pipeline+"\" = \"CAN_READ\" }"), nil, "group risk CAN_EDIT",
			fmt.Sprintf("service_principal %s CAN_READ", pipeline)),
		lowered,
	)
}

// TestPermissionsResource_planNamesKept: the plan of a change reports whose access it keeps.
func TestPermissionsResource_planNamesKept(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(pipeline, "/Teams/churn", nil)
	list := w.BackendAs(emulator.ServicePrincipalToken).Provider(t, nil).Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t, list.Apply(map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}}),
		"warning: Undeclared access is kept", pipeline)
	acctest.ExpectDiagnostics(t, list.Apply(map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_EDIT"}}),
		"warning: Undeclared access is kept", pipeline+`": CAN_MANAGE`)
}

// TestPermissionsResource_serverAddsManagers: grants that the server itself adds to each list are not drift, and cause no write.
func TestPermissionsResource_serverAddsManagers(t *testing.T) {
	w := acctest.NewWorkspace(t, emulator.Options{AddManagers: true})
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.OtherUser, "/Projects/churn", nil)
	config := func(attributes string) string { return w.Config(acctest.PermissionsBlock(id, attributes)) }
	step := func(attributes string) resource.TestStep {
		return resource.TestStep{
			Config: config(attributes),
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", map[string]string{emulator.OtherUser: "CAN_MANAGE"}),
				expectNull("users")},
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}
	}
	acctest.UnitTest(t, step(`groups = { risk = "CAN_READ" }`), step(`groups = { risk = "CAN_EDIT" }`),
		step("groups = { risk = \"CAN_EDIT\" }\nkeep_caller_access = false"))
}

// TestPermissionsResource_planBeforeAccess: if the caller cannot read the list, the plan reports a warning, because the apply can grant the
// access first.
func TestPermissionsResource_planBeforeAccess(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Teams/churn", nil)
	reads := 0
	w.Before(http.MethodGet, permissionsPath(id), func(*http.Request) {
		if reads++; reads == 2 { // after the plan, before the apply
			w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
		}
	})
	config := func(id string) string {
		return w.ConfigAs(emulator.UserToken, "", acctest.PermissionsBlock(id, `groups = { risk = "CAN_READ" }`))
	}
	acctest.UnitTest(t, resource.TestStep{
		Config: config(id),
		Check:  expectGrants(w, id, "group risk CAN_READ", "user "+emulator.User+" CAN_MANAGE"),
	}, resource.TestStep{
		Config:      config(w.CreateExperiment(emulator.Admin, "/Teams/other", nil)),
		ExpectError: regexp.MustCompile(`(?s)Could not set permissions.*CAN_MANAGE`),
	})
}

// TestPermissionsResource_destroyGrantRestored: a grant that the server restores in each list cannot be revoked, so a destroy succeeds with
// a warning.
func TestPermissionsResource_destroyGrantRestored(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{AddManagers: true})
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.OtherUser, "/Projects/churn", nil)
	state, says := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment_permissions", map[string]any{
		"experiment_id": id, "users": map[string]string{emulator.OtherUser: "CAN_MANAGE"}, "groups": map[string]string{"risk": "CAN_READ"},
	})
	if acctest.HasError(says) {
		t.Fatal(says)
	}
	left, says := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment_permissions", state, nil)
	acctest.ExpectDiagnostics(t, says, "warning: Grants restored by the server", emulator.OtherUser)
	if left != nil {
		t.Errorf("got state %v, want none", left)
	}
}

func TestPermissionsResource_callerKept(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	callerKept(t, w, listOnExperiment(w, id), "CAN_EDIT",
		regexp.MustCompile(`(?s)pre-apply plan.*Grant would lower your own access.*keep_caller_access[\s│]+=[\s│]+false`))
}

func TestPermissionsResource_callerNotKept(t *testing.T) {
	w := acctest.NewWorkspace(t)
	callerNotKept(t, w, listOnExperiment(w, w.CreateExperiment(emulator.User, "/Projects/churn", nil)), "CAN_READ")
}

// TestPermissionsResource_loweredCaller: the grant kept for the caller is retained while its level is CAN_MANAGE. Lowered outside
// Terraform, it is drift.
func TestPermissionsResource_loweredCaller(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddUser(emulator.User, "risk")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil) // the creator has CAN_MANAGE
	config := map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}}
	b := w.BackendAs(emulator.UserToken).Provider(t, nil).Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t, b.Apply(config), "warning: Undeclared access is kept")
	if got := b.Values()["retained"]; !reflect.DeepEqual(got, map[string]any{emulator.User: "CAN_MANAGE"}) {
		t.Fatalf("got retained %v, want the grant of %s", got, emulator.User)
	}
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_MANAGE") // so that the caller can still read the list
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ")
	if says := b.Refresh(); says != "" {
		t.Errorf("got diagnostics %q, want none", says)
	}
	values := b.Values()
	if got := values["users"]; !reflect.DeepEqual(got, map[string]any{emulator.User: "CAN_READ"}) {
		t.Errorf("got users %v, want CAN_READ of %s", got, emulator.User)
	}
	if got := values["retained"]; !reflect.DeepEqual(got, map[string]any{}) {
		t.Errorf("got retained %v, want none", got)
	}
	if p := b.Plan(config); p.Action != "update" {
		t.Errorf("got planned action %s, want update", p.Action)
	}
}
