package access_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissionsResource_twice: of two resources for one experiment, the second is rejected, and the first is applied.
func TestPermissionsResource_twice(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	w.AddGroup("data")
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	block := func(name, group string) string {
		return fmt.Sprintf("resource \"mlflow_experiment_permissions\" %q {\n  experiment_id = %q\n  groups = { %s = \"CAN_READ\" }\n}\n",
			name, id, group)
	}
	acctest.UnitTest(t, resource.TestStep{
		Config:      w.Config(block("a", "risk") + block("b", "data")),
		ExpectError: regexp.MustCompile(`Permissions are managed by two resources`),
	})
}

// TestPermissionsResource_renamedKeepsRetained: a renamed resource retains the grants of earlier callers if the old address is destroyed
// first.
func TestPermissionsResource_renamedKeepsRetained(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(pipeline, "/Teams/churn", nil)
	list := func(token string) *acctest.Resource {
		return w.BackendAs(token).Provider(t, nil).Resource("mlflow_experiment_permissions")
	}
	config := map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}}
	first := list(emulator.ServicePrincipalToken)
	acctest.ExpectDiagnostics(t, first.Apply(config), "warning: Undeclared access is kept", pipeline)
	p := w.Backend().Provider(t, nil)
	old, renamed := p.Resource("mlflow_experiment_permissions"), p.Resource("mlflow_experiment_permissions")
	old.State, old.Private = first.State, first.Private
	if says := old.ApplyPlan(old.Plan(nil), nil); acctest.HasError(says) {
		t.Fatal(says)
	}
	if says := renamed.ApplyPlan(renamed.Plan(config), config); acctest.HasError(says) {
		t.Fatal(says)
	}
	if !canManage(t, w, emulator.ServicePrincipalToken, permissionsPath(id)) {
		t.Error("the pipeline lost its access")
	}
}

func TestPermissionsResource_unknownValues(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(level string) string {
		return w.Config(fmt.Sprintf(`
resource "terraform_data" "level" { input = %[1]q }
resource "terraform_data" "users" { input = { "ana@example.com" = %[1]q } }
resource "terraform_data" "keep" { input = true }
`, level) + acctest.PermissionsBlock(id, `
  groups             = { risk = terraform_data.level.output }
  users              = terraform_data.users.output
  keep_caller_access = terraform_data.keep.output`))
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config("CAN_READ"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("groups").AtMapKey("risk")),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("users")),
			),
			Check: expectGrants(w, id, "group risk CAN_READ", "user ana@example.com CAN_READ"),
		},
		resource.TestStep{
			Config: config("CAN_EDIT"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("groups").AtMapKey("risk")),
			),
			Check: expectGrants(w, id, "group risk CAN_EDIT", "user ana@example.com CAN_EDIT"),
		},
	)
}

func TestPermissionsResource_rejected(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	notebook := w.AddNotebookExperiment(emulator.Admin, "/Users/admin@example.com/notebook")
	w.AddGitFolder("/Repos/admin@example.com/models", false)
	gitNotebook := w.AddNotebookExperiment(emulator.Admin, "/Repos/admin@example.com/models/train")
	server := fmt.Sprintf("provider \"mlflow\" {\n  tracking_uri = %q\n  token = %q\n}\n", w.URL, emulator.AdminToken)
	acctest.UnitTest(t,
		rejectedStep(w.Config(acctest.PermissionsBlock("/Projects/churn", "")), `must be an experiment ID`),
		rejectedStep(w.Config(acctest.PermissionsBlock(id, `groups = { admins = "CAN_MANAGE" }`)), `Invalid principal.*Workspace admins`),
		rejectedStep(w.Config(acctest.PermissionsBlock(id, `
  users              = { "Ana@example.com" = "CAN_READ", "ana@example.com" = "CAN_EDIT" }
  service_principals = { "ana@example.com" = "" }`)),
			`Duplicate principal.*Invalid permission level|Invalid permission level.*Duplicate principal`),
		rejectedStep(w.Config(acctest.PermissionsBlock(notebook, "")),
			`Could not read permissions.*the notebook "/Users/admin@example.com/notebook"`),
		rejectedStep(w.Config(acctest.PermissionsBlock(gitNotebook, "")), `Could not read permissions.*in a Git folder`),
		rejectedStep(w.ConfigAs(emulator.UserToken, "", acctest.PermissionsBlock(id, "")),
			`Could not set permissions.*needs CAN_MANAGE on the experiment`),
		rejectedStep(w.Config(acctest.PermissionsBlock("12345", "")), `Could not set permissions.*The experiment does not exist`),
		rejectedStep(server+acctest.PermissionsBlock("1", ""), `Could not read permissions.*the MLflow server has no permissions`),
	)
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("rejected configurations: got writes %v, want none", writes)
	}
}

// TestPermissionsResource_unknownPrincipal fails at apply without a partial change. The next apply succeeds.
func TestPermissionsResource_unknownPrincipal(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	config := func(group string) string {
		return w.Config(acctest.PermissionsBlock(id, fmt.Sprintf(`
  users  = { "ana@example.com" = "CAN_EDIT" }
  groups = { %q = "CAN_READ" }`, group)))
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config("missing"),
			ExpectError: regexp.MustCompile(`(?s)Could not set permissions.*groups\s+=.*GroupName\(missing\).*Nothing was changed.*` +
				`assigned[\s│]+to[\s│]+the[\s│]+workspace`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.AddGroup("created")
				if n := w.Count("GET", "/api/2.0/mlflow/experiments/get"); n > 0 {
					t.Errorf("got %d lookups of the experiment for an unknown principal, want none", n)
				}
				if err := expectGrants(w, id, "user ben@example.com CAN_READ")(nil); err != nil {
					t.Error(err)
				}
				w.Inject(emulator.Fault{Method: "PUT", Path: permissionsPath(id), DropAfter: true}) // the response to the first PUT is lost
				w.ResetJournal()
			},
			Config:           config("created"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreate)),
			Check: resource.ComposeTestCheckFunc(expectGrants(w, id, "group created CAN_READ", "user ana@example.com CAN_EDIT"),
				expectWrites(w, "PUT "+permissionsPath(id), "PUT "+permissionsPath(id))),
		},
	)
}

// TestPermissionsResource_plannedAgain: Terraform plans again during apply, possibly with another identity, or after other resources were
// applied. Values that were known in the first plan must be the same, or Terraform fails.
func TestPermissionsResource_plannedAgain(t *testing.T) {
	t.Parallel()
	for name, created := range map[string]bool{"created": true, "changed": false} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
			as := func(token string) *acctest.Resource {
				return w.BackendAs(token).Provider(t, nil).Resource("mlflow_experiment_permissions")
			}
			first, second := as(emulator.UserToken), as(emulator.AdminToken)
			if !created {
				acctest.ExpectDiagnostics(t, first.Apply(acctest.AttributeValues("experiment_id", id, "users",
					acctest.MapOfOne(emulator.OtherUser, "CAN_READ"))), "warning: Undeclared access is kept")
				second.State, second.Private = first.State, first.Private
			}
			config := acctest.AttributeValues("experiment_id", id, "users", acctest.MapOfOne(emulator.OtherUser, "CAN_EDIT"))
			plannedAgain(t, w, first, second, config, "/Projects")
		})
	}
}

// TestPermissionsResource_providerUnknown: if the provider configuration is unknown, the plan keeps the state and sends no request.
func TestPermissionsResource_providerUnknown(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(trigger, level string) string {
		return unknownHost(w, trigger) + acctest.PermissionsBlock(id, fmt.Sprintf(`users = { "ana@example.com" = %q }`, level))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("a", "CAN_READ"), Check: expectGrants(w, id, "user ana@example.com CAN_READ")},
		resource.TestStep{
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"); w.ResetJournal() },
			Config:    config("b", "CAN_EDIT"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				expectNoRequests(w)),
			Check: expectGrants(w, id, "user ana@example.com CAN_EDIT"),
		},
	)
}
