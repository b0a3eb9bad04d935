package provider_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const permissionsAddress = "mlflow_experiment_permissions.p"

// permissionsBlock is the resource for one experiment; attributes is what follows experiment_id.
func permissionsBlock(experimentID, attributes string) string {
	return fmt.Sprintf("resource \"mlflow_experiment_permissions\" \"p\" {\n  experiment_id = %q\n%s\n}\n", experimentID, attributes)
}

// expectGrants checks the direct grants that the workspace has, each written as "kind name level".
func expectGrants(w *workspace, id string, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var got []string
		for _, g := range w.Grants(id) {
			got = append(got, g.Kind+" "+g.Name+" "+g.Level)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("experiment %s has the grants %q, want %q", id, got, want)
		}
		return nil
	}
}

// expectWrites checks which calls since the last reset could have changed something.
func expectWrites(w *workspace, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := w.writes(); !slices.Equal(got, want) {
			return fmt.Errorf("written was %q, want %q", got, want)
		}
		return nil
	}
}

func permissionsPath(id string) string { return "/api/2.0/permissions/experiments/" + id }

// planCheck is a plan check that is a function of the resource's attributes, before and after.
type planCheck func(before, after any) error

func (check planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, rc := range req.Plan.ResourceChanges {
		if rc.Address == permissionsAddress {
			resp.Error = check(rc.Change.Before, rc.Change.After)
			return
		}
	}
	resp.Error = fmt.Errorf("no change of %s in the plan", permissionsAddress)
}

// expectMapChange checks a map attribute before and after; nil is null.
func expectMapChange(attribute string, before, after map[string]any) plancheck.PlanCheck {
	asMap := func(object any) map[string]any {
		attributes, _ := object.(map[string]any)
		m, _ := attributes[attribute].(map[string]any)
		return m
	}
	return planCheck(func(resourceBefore, resourceAfter any) error {
		b, a := asMap(resourceBefore), asMap(resourceAfter)
		if !reflect.DeepEqual(b, before) || !reflect.DeepEqual(a, after) {
			return fmt.Errorf("%s changes from %v to %v, want from %v to %v", attribute, b, a, before, after)
		}
		return nil
	})
}

func expectMap(attribute string, want map[string]string) statecheck.StateCheck {
	exact := map[string]knownvalue.Check{}
	for name, level := range want {
		exact[name] = knownvalue.StringExact(level)
	}
	return statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New(attribute), knownvalue.MapExact(exact))
}

func expectNull(attribute string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New(attribute), knownvalue.Null())
}

func TestPermissionsResource_lifecycle(t *testing.T) {
	w := newWorkspace(t)
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
	unitTest(t,
		resource.TestStep{
			Config:           w.config(permissionsBlock(id, declared)),
			ConfigPlanChecks: before(callCounts(w, 1, 1), plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("retained"))),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, "PUT "+permissionsPath(id)), expectGrants(w, id,
				"group admins CAN_MANAGE", "group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE", sp+" CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("id"), knownvalue.StringExact(id)),
				expectMap("users", map[string]string{"Ana@Example.com": "CAN_MANAGE"}), expectMap("retained", nil),
			},
		},
		resource.TestStep{ // a level up, one entry gone, one new
			PreConfig: w.ResetJournal,
			Config: w.config(permissionsBlock(id, `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", map[string]any{"data-science": "CAN_EDIT", "risk": "CAN_READ"}, map[string]any{"data-science": "CAN_MANAGE"}),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, "PUT "+permissionsPath(id)), expectGrants(w, id,
				"group admins CAN_MANAGE", "group data-science CAN_MANAGE", "user ana@example.com CAN_READ", "user ben@example.com CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{expectNull("service_principals"), expectMap("retained", nil)},
		},
		resource.TestStep{ // the same in another spelling
			PreConfig: w.ResetJournal,
			Config: w.config(permissionsBlock(id, `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ANA@example.com" = "CAN_READ", "Ben@Example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan(), callCounts(w, 1, 0)),
		},
		resource.TestStep{ // what the provider alone looks at makes no call
			PreConfig: w.ResetJournal,
			Config: w.config(permissionsBlock(id, `
  groups             = { "data-science" = "CAN_MANAGE" }
  users              = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }
  service_principals = {}
  keep_caller_access = true`)),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("retained"), knownvalue.MapSizeExact(0)),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w), func(*terraform.State) error {
				if n := w.Count("GET", permissionsPath("*")); n != 1 {
					return fmt.Errorf("the list was read %d times, want once, for the refresh", n)
				}
				return nil
			}),
		},
	)
}

func TestPermissionsResource_drift(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	// A service principal under users is the same one that the server answers elsewhere.
	config := w.config(permissionsBlock(id, fmt.Sprintf(`
  groups = { risk = "CAN_READ" }
  users  = { "Ana@example.com" = "CAN_EDIT", %q = "CAN_EDIT" }`, emulator.ServicePrincipal)))
	grants := expectGrants(w, id, "group risk CAN_READ", "user ana@example.com CAN_EDIT", "service_principal "+emulator.ServicePrincipal+" CAN_EDIT")
	declared := map[string]any{"Ana@example.com": "CAN_EDIT", emulator.ServicePrincipal: "CAN_EDIT"}
	unitTest(t,
		resource.TestStep{Config: config, Check: grants},
		resource.TestStep{
			PreConfig: func() {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")    // changed
				w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ") // foreign
				w.Revoke(id, emulator.GroupPrincipal("risk"))                       // removed
				w.GrantFolder("/Projects", emulator.GroupPrincipal("risk"), "CAN_EDIT")
			},
			Config: config,
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", nil, map[string]any{"risk": "CAN_READ"}),
				expectMapChange("users", map[string]any{
					"Ana@example.com": "CAN_MANAGE", "ben@example.com": "CAN_READ", emulator.ServicePrincipal: "CAN_EDIT"}, declared),
			),
			Check: grants,
		},
		resource.TestStep{ // somebody else's change between plan and apply goes too, their admins entry stays
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ") },
			Config:    config,
			ConfigPlanChecks: before(planCheck(func(_, _ any) error {
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
	w := newWorkspace(t)
	from := w.CreateExperiment(emulator.Admin, "/Projects/old", nil)
	to := w.CreateExperiment(emulator.Admin, "/Projects/new", nil)
	w.Grant(to, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	const users = `users = { "ana@example.com" = "CAN_EDIT" }`
	unknown := func(input, id string) string {
		return w.config(fmt.Sprintf(`
resource "terraform_data" "id" {
  input            = %q
  triggers_replace = %q
}
resource "mlflow_experiment_permissions" "p" {
  experiment_id = terraform_data.id.output
  %s
}`, id, input, users))
	}
	unitTest(t,
		resource.TestStep{Config: w.config(permissionsBlock(from, users)), Check: expectGrants(w, from, "user ana@example.com CAN_EDIT")},
		resource.TestStep{
			PreConfig:        w.ResetJournal,
			Config:           w.config(permissionsBlock(to, users)),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate)),
			Check: resource.ComposeTestCheckFunc(expectGrants(w, from), expectGrants(w, to, "user ana@example.com CAN_EDIT"),
				expectWrites(w, "PUT "+permissionsPath(to), "PUT "+permissionsPath(from))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("id"), knownvalue.StringExact(to)),
			},
		},
		resource.TestStep{ // unknown while planning, and the same in the end: nobody loses anything on the way
			PreConfig: w.ResetJournal,
			Config:    unknown("a", to),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("experiment_id")),
			),
			Check: expectWrites(w),
		},
		resource.TestStep{ // unknown while planning, and another one; the old experiment is gone by then
			PreConfig: func() { w.Grant(from, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ") },
			Config:    unknown("b", from),
			ConfigPlanChecks: before(planCheck(func(_, _ any) error {
				w.Trash(to)
				return nil
			})),
			Check: expectGrants(w, from, "user ana@example.com CAN_EDIT"),
		},
	)
}

// TestPermissionsResource_replaced makes Terraform replace the resource on the same experiment, in both orders.
func TestPermissionsResource_replaced(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(trigger string, createFirst bool) string {
		return w.config(fmt.Sprintf("resource \"terraform_data\" \"trigger\" { input = %q }\n", trigger) + permissionsBlock(id, fmt.Sprintf(`
  users = { "ana@example.com" = "CAN_EDIT" }
  lifecycle {
    replace_triggered_by  = [terraform_data.trigger]
    create_before_destroy = %v
  }`, createFirst)))
	}
	kept := expectGrants(w, id, "user ana@example.com CAN_EDIT")
	unitTest(t,
		resource.TestStep{Config: config("a", true), Check: kept},
		resource.TestStep{
			Config: config("b", true), Check: kept,
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreateBeforeDestroy)),
		},
		resource.TestStep{
			Config: config("c", false), Check: kept,
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionDestroyBeforeCreate)),
		},
	)
}

func TestPermissionsResource_unknownValues(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(level string) string {
		return w.config(fmt.Sprintf(`
resource "terraform_data" "level" { input = %[1]q }
resource "terraform_data" "users" { input = { "ana@example.com" = %[1]q } }
resource "terraform_data" "keep" { input = true }
`, level) + permissionsBlock(id, `
  groups             = { risk = terraform_data.level.output }
  users              = terraform_data.users.output
  keep_caller_access = terraform_data.keep.output`))
	}
	unitTest(t,
		resource.TestStep{
			Config: config("CAN_READ"),
			ConfigPlanChecks: before(
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("groups").AtMapKey("risk")),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("users")),
			),
			Check: expectGrants(w, id, "group risk CAN_READ", "user ana@example.com CAN_READ"),
		},
		resource.TestStep{
			Config: config("CAN_EDIT"),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("groups").AtMapKey("risk")),
			),
			Check: expectGrants(w, id, "group risk CAN_EDIT", "user ana@example.com CAN_EDIT"),
		},
	)
}

func TestPermissionsResource_refused(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	notebook := w.AddNotebookExperiment(emulator.Admin, "/Users/admin@example.com/notebook")
	w.AddGitFolder("/Repos/admin@example.com/models")
	gitNotebook := w.AddNotebookExperiment(emulator.Admin, "/Repos/admin@example.com/models/train")
	refused := func(config, message string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(message, " ", `[\s│]+`))}
	}
	server := fmt.Sprintf("provider \"mlflow\" {\n  tracking_uri = %q\n  token = %q\n}\n", w.url, emulator.AdminToken)
	unitTest(t,
		refused(w.config(permissionsBlock("/Projects/churn", "")), `must be an experiment's id`),
		refused(w.config(permissionsBlock(id, `groups = { admins = "CAN_MANAGE" }`)), `Principal not allowed.*Workspace admins`),
		refused(w.config(permissionsBlock(id, `
  users              = { "Ana@example.com" = "CAN_READ", "ana@example.com" = "CAN_EDIT" }
  service_principals = { "ana@example.com" = "" }`)), `Duplicate principal.*Invalid permission level|Invalid permission level.*Duplicate principal`),
		refused(w.config(permissionsBlock(notebook, "")), `Could not read permissions.*the notebook "/Users/admin@example.com/notebook"`),
		refused(w.config(permissionsBlock(gitNotebook, "")), `Could not read permissions.*in a Git folder`),
		refused(w.configAs(emulator.UserToken, "", permissionsBlock(id, "")), `Could not set permissions.*needs CAN_MANAGE on the experiment`),
		refused(w.config(permissionsBlock("12345", "")), `Could not set permissions.*There is no such experiment`),
		refused(server+permissionsBlock("1", ""), `Could not read permissions.*the MLflow server has no permissions`),
	)
	if writes := w.writes(); len(writes) > 0 {
		t.Errorf("refused configurations made %v", writes)
	}
}

// TestPermissionsResource_unknownPrincipal fails at apply, with nothing half-made, and then goes on as if nothing had been.
func TestPermissionsResource_unknownPrincipal(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	config := func(group string) string {
		return w.config(permissionsBlock(id, fmt.Sprintf(`
  users  = { "ana@example.com" = "CAN_EDIT" }
  groups = { %q = "CAN_READ" }`, group)))
	}
	unitTest(t,
		resource.TestStep{
			Config: config("nobody"),
			ExpectError: regexp.MustCompile(`(?s)Could not set permissions.*groups\s+=.*GroupName\(nobody\).*Nothing was changed.*` +
				`assigned[\s│]+to[\s│]+the[\s│]+workspace`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.AddGroup("somebody")
				if n := w.Count("GET", "/api/2.0/mlflow/experiments/get"); n > 0 {
					t.Errorf("the experiment was suspected %d times of what is wrong with the principal", n)
				}
				if err := expectGrants(w, id, "user ben@example.com CAN_READ")(nil); err != nil {
					t.Error(err)
				}
				w.Inject(emulator.Fault{Method: "PUT", Path: permissionsPath(id), DropAfter: true}) // the answer to the first PUT is lost
				w.ResetJournal()
			},
			Config:           config("somebody"),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreate)),
			Check: resource.ComposeTestCheckFunc(expectGrants(w, id, "group somebody CAN_READ", "user ana@example.com CAN_EDIT"),
				expectWrites(w, "PUT "+permissionsPath(id), "PUT "+permissionsPath(id))),
		},
	)
}

// TestPermissionsResource_callerKept runs as a user whose only access is a direct grant.
func TestPermissionsResource_callerKept(t *testing.T) {
	w := newWorkspace(t)
	w.AddUser(emulator.User, "owners")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	config := func(attributes string) string {
		return w.configAs(emulator.UserToken, "", permissionsBlock(id, attributes))
	}
	const ben = `"ben@example.com" = "CAN_READ"`
	unitTest(t,
		resource.TestStep{
			Config: config(`users = { ` + ben + ` }`),
			Check:  expectGrants(w, id, "user ana@example.com CAN_MANAGE", "user ben@example.com CAN_READ"),
			ConfigStateChecks: []statecheck.StateCheck{
				expectMap("users", map[string]string{"ben@example.com": "CAN_READ"}),
				expectMap("retained", map[string]string{"ana@example.com": "CAN_MANAGE"}),
			},
		},
		resource.TestStep{
			Config:      config(`users = { ` + ben + `, "Ana@example.com" = "CAN_EDIT" }`),
			ExpectError: regexp.MustCompile(`(?s)pre-apply plan.*Grant would lower your own access.*keep_caller_access[\s│]+=[\s│]+false`),
		},
		resource.TestStep{ // what was kept for one caller is no drift for another one
			Config:   w.config(permissionsBlock(id, `users = { `+ben+` }`)),
			PlanOnly: true,
		},
		resource.TestStep{ // declared: nothing to keep any more
			Config:            config(`users = { ` + ben + `, "Ana@example.com" = "CAN_MANAGE" }`),
			Check:             expectGrants(w, id, "user ana@example.com CAN_MANAGE", "user ben@example.com CAN_READ"),
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", nil)},
		},
		resource.TestStep{ // declared for a group of the caller's
			Config:            config(`groups = { owners = "CAN_MANAGE" }`),
			Check:             expectGrants(w, id, "group owners CAN_MANAGE"),
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", nil), expectNull("users")},
		},
		resource.TestStep{ // destroy takes the group's grant, and so has to leave the caller one
			Config: config(`groups = { owners = "CAN_MANAGE" }`), Destroy: true,
			Check: expectGrants(w, id, "user ana@example.com CAN_MANAGE"),
		},
	)
}

// TestPermissionsResource_plannedAgain: the CLI plans once more while it applies, perhaps as somebody else than before, or after what comes first in
// the apply. Whatever the first plan knew has to come out the same, or the CLI ends with an error of its own.
func TestPermissionsResource_plannedAgain(t *testing.T) {
	t.Parallel()
	for name, created := range map[string]bool{"created": true, "changed": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
			as := func(token string) *block {
				b := &backend{url: w.url, address: "host", settings: map[string]any{"token": token}}
				return b.provider(t, nil).block("mlflow_experiment_permissions")
			}
			first, second := as(emulator.UserToken), as(emulator.AdminToken)
			if !created {
				expectSays(t, first.up(values("experiment_id", id, "users", oneTag(emulator.OtherUser, "CAN_READ"))), "warning: Undeclared access is kept")
				second.state, second.private = first.state, first.private
			}
			config := values("experiment_id", id, "users", oneTag(emulator.OtherUser, "CAN_EDIT"))
			before := first.object(first.plan(config).resp.PlannedState)
			w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
			for attribute, again := range second.object(second.plan(config).resp.PlannedState) {
				if known := before[attribute]; known.IsFullyKnown() && !known.Equal(again) {
					t.Errorf("%s was planned as %s, and then as %s", attribute, known, again)
				}
			}
		})
	}
}

// TestPermissionsResource_callerGivenUp gives the caller's access away on purpose. Destroy can do nothing then, and must not fail.
func TestPermissionsResource_callerGivenUp(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	unitTest(t, resource.TestStep{
		Config: w.configAs(emulator.UserToken, "", permissionsBlock(id, `
  users              = { "ben@example.com" = "CAN_MANAGE", "ana@example.com" = "CAN_READ" }
  keep_caller_access = false`)),
		ConfigPlanChecks: before(plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("retained"))),
		Check:            expectGrants(w, id, "user ana@example.com CAN_READ", "user ben@example.com CAN_MANAGE"),
		ExpectError:      regexp.MustCompile(`(?s)Could not read permissions.*needs[\s│]+CAN_MANAGE`), // the plan after the apply
	})
	if err := expectGrants(w, id, "user ana@example.com CAN_READ", "user ben@example.com CAN_MANAGE")(nil); err != nil {
		t.Error(err)
	}
}

// TestPermissionsResource_withExperiment manages an experiment and its permissions as a user whose only access is a direct grant: through
// a replacement of the experiment, and through the destroy of both at the end.
func TestPermissionsResource_withExperiment(t *testing.T) {
	w := newWorkspace(t)
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	config := func(location string) string {
		return w.configAs(emulator.UserToken, "", fmt.Sprintf(`
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
			return errors.New("there is no experiment")
		}
		return expectGrants(w, e.ID, "user ana@example.com CAN_MANAGE", "user ben@example.com CAN_READ")(nil)
	}
	unitTest(t,
		resource.TestStep{
			Config: config("s3://bucket/a"), Check: granted,
			ConfigStateChecks: []statecheck.StateCheck{expectMap("retained", map[string]string{"ana@example.com": "CAN_MANAGE"})},
		},
		resource.TestStep{
			Config: config("s3://bucket/b"), Check: granted,
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction("mlflow_experiment.e", plancheck.ResourceActionDestroyBeforeCreate),
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
			),
		},
	)
	for _, e := range w.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("experiment %s is left over", e.ID)
		}
	}
}

// TestPermissionsResource_gone deletes the experiment outside, before the refresh and between plan and destroy.
func TestPermissionsResource_gone(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := w.config(permissionsBlock(id, `users = { "ana@example.com" = "CAN_EDIT" }`))
	unitTest(t,
		resource.TestStep{Config: config},
		resource.TestStep{ // out of the state, and then there is nothing to make permissions for
			PreConfig:        func() { w.Trash(id) },
			Config:           config,
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreate)),
			ExpectError:      regexp.MustCompile(`(?s)Could not set permissions.*The[\s│]+experiment[\s│]+is[\s│]+deleted`),
		},
		resource.TestStep{
			PreConfig:        func() { w.Restore(id); w.Revoke(id, emulator.UserPrincipal(emulator.User)) },
			Config:           config,
			ConfigPlanChecks: before(expectMapChange("users", nil, map[string]any{"ana@example.com": "CAN_EDIT"})),
			Check:            expectGrants(w, id, "user ana@example.com CAN_EDIT"),
		},
		resource.TestStep{
			Config: config, Destroy: true,
			ConfigPlanChecks: before(planCheck(func(_, _ any) error {
				w.Trash(id)
				return nil
			})),
		},
	)
}

func TestPermissionsResource_import(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	config := w.configAs(emulator.UserToken, "", permissionsBlock(id, `users = { "ben@example.com" = "CAN_READ", "ana@example.com" = "CAN_MANAGE" }`))
	steps := []resource.TestStep{{Config: config}}
	for _, form := range []string{id, "/experiments/" + id, "/Workspace/Projects/churn", "name=/Projects/churn", w.url + "/ml/experiments/" + id + "/runs?o=1"} {
		steps = append(steps, resource.TestStep{
			ResourceName: permissionsAddress, ImportState: true, ImportStateId: form, ImportStateVerify: true,
		})
	}
	steps = append(steps, resource.TestStep{
		ResourceName: permissionsAddress, ImportState: true, ImportStateId: "/Projects/nothing",
		ExpectError: regexp.MustCompile(`(?s)Could not import experiment.*no experiment of this name`),
	})
	unitTest(t, steps...)
}

// TestPermissionsResource_importGenerated lets Terraform write the configuration of what is there, the caller's own grant included, and
// then applies an import block with a matching configuration.
func TestPermissionsResource_importGenerated(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	importBlock := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", permissionsAddress, id)
	unitTest(t,
		resource.TestStep{
			Config: w.configAs(emulator.UserToken, "", ""), ResourceName: permissionsAddress,
			ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id, GenerateConfig: true,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionNoop),
			}},
		},
		resource.TestStep{
			PreConfig: w.ResetJournal,
			Config: w.configAs(emulator.UserToken, "", importBlock+permissionsBlock(id, `
  groups = { risk = "CAN_READ" }
  users  = { "ana@example.com" = "CAN_MANAGE" }`)),
			ConfigPlanChecks:  before(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionNoop)),
			Check:             expectWrites(w),
			ConfigStateChecks: []statecheck.StateCheck{expectNull("service_principals"), expectMap("retained", nil)},
		},
	)
}

// TestPermissionsResource_refreshCalls refreshes five lists with a retained grant, which is known without a look-up of the caller.
func TestPermissionsResource_refreshCalls(t *testing.T) {
	w := newWorkspace(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, fmt.Sprintf("%q", w.CreateExperiment(emulator.ServicePrincipal, fmt.Sprintf("/Projects/churn-%d", i), nil)))
	}
	config := w.configAs(emulator.ServicePrincipalToken, "", fmt.Sprintf(`
resource "mlflow_experiment_permissions" "p" {
  count         = 5
  experiment_id = [%s][count.index]
  users         = { "ana@example.com" = "CAN_EDIT" }
}`, strings.Join(ids, ", ")))
	unitTest(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(permissionsAddress+"[4]", tfjsonpath.New("retained"),
				knownvalue.MapExact(map[string]knownvalue.Check{emulator.ServicePrincipal: knownvalue.StringExact("CAN_MANAGE")}))},
		},
		resource.TestStep{
			PreConfig: w.ResetJournal,
			Config:    config,
			PlanOnly:  true,
			// The step has planned twice by then, and once of these without a refresh.
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{callCounts(w, 5, 0)}},
		},
	)
}

// callCounts checks how many calls were made since the last reset: reads of access control lists, and look-ups of the caller.
func callCounts(w *workspace, lists, callers int) plancheck.PlanCheck {
	return journalCheck(func() error {
		gotLists, gotCallers := w.Count("GET", permissionsPath("*")), w.Count("GET", "/api/2.0/preview/scim/v2/Me")
		if gotLists != lists || gotCallers != callers || len(w.writes()) > 0 {
			return fmt.Errorf("%d reads of lists, %d look-ups of the caller, writes %v; want %d, %d and none", gotLists, gotCallers, w.writes(), lists, callers)
		}
		return nil
	})
}

// journalCheck is a plan check that looks at the workspace alone.
type journalCheck func() error

func (check journalCheck) CheckPlan(_ context.Context, _ plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = check()
}

// TestPermissionsResource_providerUnknown plans while the provider's configuration is unknown: the state is kept, and nobody is called.
func TestPermissionsResource_providerUnknown(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(trigger, level string) string {
		return fmt.Sprintf(`
resource "terraform_data" "host" {
  input            = %q
  triggers_replace = %q
}
provider "mlflow" {
  host  = terraform_data.host.output
  token = %q
}
`, w.url, trigger, emulator.AdminToken) + permissionsBlock(id, fmt.Sprintf(`users = { "ana@example.com" = %q }`, level))
	}
	unitTest(t,
		resource.TestStep{Config: config("a", "CAN_READ"), Check: expectGrants(w, id, "user ana@example.com CAN_READ")},
		resource.TestStep{
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"); w.ResetJournal() },
			Config:    config("b", "CAN_EDIT"),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				planCheck(func(_, _ any) error {
					if calls := w.Journal(); len(calls) > 0 {
						return fmt.Errorf("the plan made %d calls, first %s", len(calls), calls[0].Path)
					}
					return nil
				}),
			),
			Check: expectGrants(w, id, "user ana@example.com CAN_EDIT"),
		},
	)
}
