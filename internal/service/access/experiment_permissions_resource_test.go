package access_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const permissionsAddress = "mlflow_experiment_permissions.p"

func TestPermissionsResource_lifecycle(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("data-science")
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	const declared = `
  groups             = { "data-science" = "CAN_EDIT", risk = "CAN_READ" }
  users              = { "Ana@Example.com" = "CAN_MANAGE" }
  service_principals = { "6F1C2A34-5B67-4C89-9D01-23456789ABCD" = "CAN_EDIT" }`
	const sp = "service_principal " + emulator.ServicePrincipal
	acctest.UnitTest(t,
		resource.TestStep{
			Config: w.Config(acctest.PermissionsBlock(id, declared)),
			ConfigPlanChecks: acctest.PreApply(expectRequestCounts(w, 1, 1),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("retained"))),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, "PUT "+permissionsPath(id)), expectGrants(w, id,
				"group admins CAN_MANAGE", "group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE",
				sp+" CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("id"), knownvalue.StringExact(id)),
				expectMap("users", map[string]string{"Ana@Example.com": "CAN_MANAGE"}), expectMap("retained", nil),
			},
		},
		resource.TestStep{ // one level raised, one entry removed, one added
			PreConfig: w.ResetJournal,
			Config: w.Config(acctest.PermissionsBlock(id, `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", map[string]any{"data-science": "CAN_EDIT", "risk": "CAN_READ"},
					map[string]any{"data-science": "CAN_MANAGE"}),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, "PUT "+permissionsPath(id)), expectGrants(w, id,
				"group admins CAN_MANAGE", "group data-science CAN_MANAGE", "user ana@example.com CAN_READ",
				"user ben@example.com CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{expectNull("service_principals"), expectMap("retained", nil)},
		},
		resource.TestStep{ // a different spelling
			PreConfig: w.ResetJournal,
			Config: w.Config(acctest.PermissionsBlock(id, `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ANA@example.com" = "CAN_READ", "Ben@Example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan(), expectRequestCounts(w, 1, 0)),
		},
		resource.TestStep{ // attributes that only the provider uses
			PreConfig: w.ResetJournal,
			Config: w.Config(acctest.PermissionsBlock(id, `
  groups             = { "data-science" = "CAN_MANAGE" }
  users              = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }
  service_principals = {}
  keep_caller_access = true`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("retained"), knownvalue.MapSizeExact(0)),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w), func(*terraform.State) error {
				if n := w.Count("GET", permissionsPath("*")); n != 1 {
					return fmt.Errorf("got %d reads of the list, want 1 for the refresh", n)
				}
				return nil
			}),
		},
	)
}

func TestPermissionsResource_drift(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	// A service principal under users is the same one that the server returns as a service principal.
	config := w.Config(acctest.PermissionsBlock(id, fmt.Sprintf(`
  groups = { risk = "CAN_READ" }
  users  = { "Ana@example.com" = "CAN_EDIT", %q = "CAN_EDIT" }`, emulator.ServicePrincipal)))
	grants := expectGrants(w, id, "group risk CAN_READ", "user ana@example.com CAN_EDIT",
		"service_principal "+emulator.ServicePrincipal+" CAN_EDIT")
	declared := map[string]any{"Ana@example.com": "CAN_EDIT", emulator.ServicePrincipal: "CAN_EDIT"}
	acctest.UnitTest(t,
		resource.TestStep{Config: config, Check: grants},
		resource.TestStep{
			PreConfig: func() {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")    // changed
				w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ") // added
				w.Revoke(id, emulator.GroupPrincipal("risk"))                       // removed
				w.GrantFolder("/Projects", emulator.GroupPrincipal("risk"), "CAN_EDIT")
			},
			Config: config,
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", nil, map[string]any{"risk": "CAN_READ"}),
				expectMapChange("users", map[string]any{
					"Ana@example.com": "CAN_MANAGE", "ben@example.com": "CAN_READ", emulator.ServicePrincipal: "CAN_EDIT"}, declared),
			),
			Check: grants,
		},
		resource.TestStep{ // a change by another user between plan and apply is also reverted; a grant of admins remains
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ") },
			Config:    config,
			ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
				w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
				w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
				return nil
			})),
			Check: expectGrants(w, id, "group admins CAN_MANAGE", "group risk CAN_READ", "user ana@example.com CAN_EDIT",
				"service_principal "+emulator.ServicePrincipal+" CAN_EDIT"),
		},
	)
}

// TestPermissionsResource_move changes experiment_id: the new experiment gets its grants before the old one loses them.
func TestPermissionsResource_move(t *testing.T) {
	w := acctest.NewWorkspace(t)
	from := w.CreateExperiment(emulator.Admin, "/Projects/old", nil)
	to := w.CreateExperiment(emulator.Admin, "/Projects/new", nil)
	w.Grant(to, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	const users = `users = { "ana@example.com" = "CAN_EDIT" }`
	unknown := func(input, id string) string {
		return w.Config(fmt.Sprintf(`
resource "terraform_data" "id" {
  input            = %q
  triggers_replace = %q
}
resource "mlflow_experiment_permissions" "p" {
  experiment_id = terraform_data.id.output
  %s
}`, id, input, users))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: w.Config(acctest.PermissionsBlock(from, users)),
			Check: expectGrants(w, from, "user ana@example.com CAN_EDIT")},
		resource.TestStep{
			PreConfig:        w.ResetJournal,
			Config:           w.Config(acctest.PermissionsBlock(to, users)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate)),
			Check: resource.ComposeTestCheckFunc(expectGrants(w, from), expectGrants(w, to, "user ana@example.com CAN_EDIT"),
				expectWrites(w, "PUT "+permissionsPath(to), "PUT "+permissionsPath(from))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("id"), knownvalue.StringExact(to)),
			},
		},
		resource.TestStep{ // unknown during plan, and the same in the apply: no grant is revoked in between
			PreConfig: w.ResetJournal,
			Config:    unknown("a", to),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("experiment_id")),
			),
			Check: expectWrites(w),
		},
		resource.TestStep{ // unknown during plan, and a different one in the apply, when the old experiment is deleted
			PreConfig: func() { w.Grant(from, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ") },
			Config:    unknown("b", from),
			ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
				w.Trash(to)
				return nil
			})),
			Check: expectGrants(w, from, "user ana@example.com CAN_EDIT"),
		},
	)
}

// TestPermissionsResource_replaced makes Terraform replace the resource on the same experiment, in both orders.
func TestPermissionsResource_replaced(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(trigger string, createFirst bool) string {
		data := fmt.Sprintf("resource \"terraform_data\" \"trigger\" { input = %q }\n", trigger)
		return w.Config(data + acctest.PermissionsBlock(id, fmt.Sprintf(`
  users = { "ana@example.com" = "CAN_EDIT" }
  lifecycle {
    replace_triggered_by  = [terraform_data.trigger]
    create_before_destroy = %v
  }`, createFirst)))
	}
	kept := expectGrants(w, id, "user ana@example.com CAN_EDIT")
	acctest.UnitTest(t,
		resource.TestStep{Config: config("a", true), Check: kept},
		resource.TestStep{
			Config: config("b", true), Check: kept,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress,
				plancheck.ResourceActionCreateBeforeDestroy)),
		},
		resource.TestStep{
			Config: config("c", false), Check: kept,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress,
				plancheck.ResourceActionDestroyBeforeCreate)),
		},
	)
}

// TestPermissionsResource_withExperiment manages an experiment and its permissions as a user whose only access is a direct grant, including
// a replacement of the experiment and the destroy of both.
func TestPermissionsResource_withExperiment(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	config := func(location string) string {
		return w.ConfigAs(emulator.UserToken, "", fmt.Sprintf(`
resource "mlflow_experiment" "e" {
  name              = "/Projects/churn"
  artifact_location = %q
}
resource "mlflow_experiment_permissions" "p" {
  experiment_id = mlflow_experiment.e.id
  users         = { "ben@example.com" = "CAN_READ" }
}`, location))
	}
	granted := func(*terraform.State) error {
		e, found := w.ExperimentByName("/Projects/churn")
		if !found {
			return errors.New("experiment not found")
		}
		return expectGrants(w, e.ID, "user ana@example.com CAN_MANAGE", "user ben@example.com CAN_READ")(nil)
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config("s3://bucket/a"), Check: granted,
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", map[string]string{"ana@example.com": "CAN_MANAGE"})},
		},
		resource.TestStep{
			Config: config("s3://bucket/b"), Check: granted,
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction("mlflow_experiment.e", plancheck.ResourceActionDestroyBeforeCreate),
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
			),
		},
	)
	for _, e := range w.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("experiment %s is not deleted", e.ID)
		}
	}
}

// TestPermissionsResource_experimentDeleted deletes the experiment outside Terraform, before the refresh and between plan and destroy.
func TestPermissionsResource_experimentDeleted(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := w.Config(acctest.PermissionsBlock(id, `users = { "ana@example.com" = "CAN_EDIT" }`))
	acctest.UnitTest(t,
		resource.TestStep{Config: config},
		resource.TestStep{ // removed from the state, and the apply fails without an experiment
			PreConfig:        func() { w.Trash(id) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreate)),
			ExpectError:      regexp.MustCompile(`(?s)Could not set permissions.*The[\s│]+experiment[\s│]+is[\s│]+deleted`),
		},
		resource.TestStep{
			PreConfig:        func() { w.Restore(id); w.Revoke(id, emulator.UserPrincipal(emulator.User)) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(expectMapChange("users", nil, map[string]any{"ana@example.com": "CAN_EDIT"})),
			Check:            expectGrants(w, id, "user ana@example.com CAN_EDIT"),
		},
		resource.TestStep{
			Config: config, Destroy: true,
			ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
				w.Trash(id)
				return nil
			})),
		},
	)
}

// TestPermissionsResource_refreshCalls refreshes five lists with a retained grant, which requires no lookup of the caller.
func TestPermissionsResource_refreshCalls(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, fmt.Sprintf("%q", w.CreateExperiment(emulator.ServicePrincipal, fmt.Sprintf("/Projects/churn-%d", i), nil)))
	}
	config := w.ConfigAs(emulator.ServicePrincipalToken, "", fmt.Sprintf(`
resource "mlflow_experiment_permissions" "p" {
  count         = 5
  experiment_id = [%s][count.index]
  users         = { "ana@example.com" = "CAN_EDIT" }
}`, strings.Join(ids, ", ")))
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(permissionsAddress+"[4]", tfjsonpath.New("retained"),
				knownvalue.MapExact(map[string]knownvalue.Check{emulator.ServicePrincipal: knownvalue.StringExact("CAN_MANAGE")}))},
		},
		resource.TestStep{
			PreConfig: w.ResetJournal,
			Config:    config,
			PlanOnly:  true,
			// The step has planned twice by then, once without a refresh.
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{expectRequestCounts(w, 5, 0)}},
		},
	)
}

// expectRequestCounts checks the number of requests since the last reset: reads of access control lists, and lookups of the caller.
func expectRequestCounts(w *acctest.Workspace, lists, callers int) plancheck.PlanCheck {
	return journalCheck(func() error {
		gotLists, gotCallers := w.Count("GET", permissionsPath("*")), w.Count("GET", "/api/2.0/preview/scim/v2/Me")
		if gotLists != lists || gotCallers != callers || len(w.Writes()) > 0 {
			return fmt.Errorf("got %d reads of lists, %d lookups of the caller, writes %v, want %d, %d, and none", gotLists, gotCallers,
				w.Writes(), lists, callers)
		}
		return nil
	})
}

// journalCheck is a plan check on the requests to the workspace.
type journalCheck func() error

func (check journalCheck) CheckPlan(_ context.Context, _ plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = check()
}
