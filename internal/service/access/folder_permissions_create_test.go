package access_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestFolderPermissions_lifecycle(t *testing.T) {
	w := newFolders(t)
	w.AddGroup("data-science")
	const folder = "/Teams/retail"
	id := w.FolderID(folder)
	w.GrantFolder(folder, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	const sp = "service_principal " + emulator.ServicePrincipal
	acctest.UnitTest(t,
		resource.TestStep{
			Config: w.Config(folderPermissions(folder, `
  groups             = { "data-science" = "CAN_EDIT", risk = "CAN_RUN" }
  users              = { "Ana@Example.com" = "CAN_MANAGE" }
  service_principals = { "6F1C2A34-5B67-4C89-9D01-23456789ABCD" = "CAN_EDIT" }`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("retained")),
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("id")),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, folderPut(w, folder)), expectFolderGrants(w, folder,
				"group admins CAN_MANAGE", "group data-science CAN_EDIT", "group risk CAN_RUN", "user ana@example.com CAN_MANAGE",
				sp+" CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{
				folderState("id", knownvalue.StringExact(id)), folderState("path", knownvalue.StringExact(folder)),
				folderState("create_parents", knownvalue.Null()), folderMap("users", map[string]string{"Ana@Example.com": "CAN_MANAGE"}),
				folderMap("retained", nil),
			},
		},
		resource.TestStep{ // one level raised, one entry removed, one added
			PreConfig: w.ResetJournal,
			Config: w.Config(folderPermissions(folder, `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", map[string]any{"data-science": "CAN_EDIT", "risk": "CAN_RUN"},
					map[string]any{"data-science": "CAN_MANAGE"}),
			),
			Check: resource.ComposeTestCheckFunc(expectWrites(w, folderPut(w, folder)), expectFolderGrants(w, folder,
				"group admins CAN_MANAGE", "group data-science CAN_MANAGE", "user ana@example.com CAN_READ",
				"user ben@example.com CAN_EDIT")),
			ConfigStateChecks: []statecheck.StateCheck{folderState("service_principals", knownvalue.Null()), folderMap("retained", nil)},
		},
		resource.TestStep{ // a different spelling
			PreConfig: w.ResetJournal,
			Config: w.Config(folderPermissions("/Workspace/Teams/retail/", `
  groups = { "data-science" = "CAN_MANAGE" }
  users  = { "ANA@example.com" = "CAN_READ", "Ben@Example.com" = "CAN_EDIT" }`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan(), expectFolderRequests(w, 1, 1, 0)),
			Check:            expectWrites(w),
		},
		resource.TestStep{ // attributes that only the provider uses
			PreConfig: w.ResetJournal,
			Config: w.Config(folderPermissions(folder, `
  create_parents     = true
  groups             = { "data-science" = "CAN_MANAGE" }
  users              = { "ana@example.com" = "CAN_READ", "ben@example.com" = "CAN_EDIT" }
  service_principals = {}
  keep_caller_access = true`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(folderAddress, tfjsonpath.New("retained"), knownvalue.MapSizeExact(0)),
				plancheck.ExpectKnownValue(folderAddress, tfjsonpath.New("id"), knownvalue.StringExact(id)),
			),
			Check: expectWrites(w),
		},
	)
	mustHaveFolderGrants(t, w, folder, "group admins CAN_MANAGE") // the folder is kept
}

// expectFolderRequests checks the requests since the last reset: lookups of a path, reads of lists, lookups of the caller, and no write.
func expectFolderRequests(w *acctest.Workspace, paths, lists, callers int) plancheck.PlanCheck {
	return journalCheck(func() error {
		got := []int{w.Count("GET", statusPath), w.Count("GET", foldersPath), w.Count("GET", "/api/2.0/preview/scim/v2/Me")}
		if want := []int{paths, lists, callers}; !slices.Equal(got, want) || len(w.Writes()) > 0 {
			return fmt.Errorf("got %v lookups of paths, reads of lists, and lookups of the caller, want %v; got writes %v, want none", got,
				want, w.Writes())
		}
		return nil
	})
}

// TestFolderPermissions_createParents: a missing folder and its parent folders are created once per run, also if experiments in them need
// them.
func TestFolderPermissions_createParents(t *testing.T) {
	w := newFolders(t)
	const experiments = `
resource "mlflow_experiment" "e" {
  count          = 3
  name           = "/Projects/retail/churn-${count.index}"
  create_parents = true
}
`
	const groups = "create_parents = true\n  groups = { risk = \"CAN_EDIT\" }"
	granted := expectFolderGrants(w, "/Projects/retail", "group risk CAN_EDIT")
	acctest.UnitTest(t,
		resource.TestStep{
			Config: w.Config(experiments + folderPermissions("/Projects/retail", groups)),
			Check: resource.ComposeTestCheckFunc(granted, func(*terraform.State) error {
				if n := w.Count(http.MethodPost, "/api/2.0/workspace/mkdirs"); n != 1 {
					return fmt.Errorf("got %d requests to mkdirs, want 1", n)
				}
				for i := range 3 {
					if _, found := w.ExperimentByName(fmt.Sprintf("/Projects/retail/churn-%d", i)); !found {
						return fmt.Errorf("experiment %d not found", i)
					}
				}
				return nil
			}),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{ // the path changes to another missing one
			PreConfig: w.ResetJournal,
			Config:    w.Config(experiments + folderPermissions("/Projects/new/deep", groups)),
			Check: resource.ComposeTestCheckFunc(
				func(state *terraform.State) error { // the folders have IDs after the apply
					return expectWrites(w, mkdirs, folderPut(w, "/Projects/new/deep"), folderPut(w, "/Projects/retail"))(state)
				},
				expectFolderGrants(w, "/Projects/new/deep", "group risk CAN_EDIT"), expectFolderGrants(w, "/Projects/retail"),
			),
		},
	)
	if !w.HasFolder("/Projects/new/deep") || !w.HasFolder("/Projects/retail") {
		t.Error("destroy deleted a folder")
	}
}

// TestFolderPermissions_createdByUser: a caller that is not an admin creates folders in one that it can edit, and manages the topmost new
// one as its creator.
func TestFolderPermissions_createdByUser(t *testing.T) {
	w := newFolders(t)
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	config := func(level string) string {
		return w.ConfigAs(emulator.UserToken, "", folderPermissions("/Teams/new", `create_parents = true
		  groups = { risk = "`+level+`" }`))
	}
	own := map[string]string{emulator.User: "CAN_MANAGE"}
	var steps []resource.TestStep
	for _, level := range []string{"CAN_READ", "CAN_RUN"} {
		steps = append(steps, resource.TestStep{
			Config:            config(level),
			ConfigStateChecks: []statecheck.StateCheck{folderMap("retained", own), folderState("users", knownvalue.Null())},
			Check:             expectFolderGrants(w, "/Teams/new", "group risk "+level, "user "+emulator.User+" CAN_MANAGE"),
		})
	}
	acctest.UnitTest(t, steps...)
}

// TestFolderPermissions_missing: without create_parents, a missing folder is a warning in the plan and an error in the apply.
func TestFolderPermissions_missing(t *testing.T) {
	w := newFolders(t)
	acctest.UnitTest(t, rejectedStep(w.Config(folderPermissions("/Projects/retail", `groups = { risk = "CAN_READ" }`)),
		`Could not set permissions.*Path \(/Projects/retail\) doesn't exist.*create_parents = true`))
	w.ExpectWrites(t)

	plan := func(more ...any) string {
		return folderBlock(t, w, emulator.AdminToken).Plan(folderConfig("/Projects/retail", readers, more...)).Diagnostics
	}
	acctest.ExpectDiagnostics(t, plan(), `warning: Could not read permissions: Folder "/Projects/retail"`,
		"Apply fails unless the folder exists by then", "create_parents = true")
	for _, createParents := range []any{true, tftypes.UnknownValue} {
		acctest.ExpectDiagnostics(t, plan("create_parents", createParents), "")
	}
	if w.HasFolder("/Projects") {
		t.Error("the plan created a folder")
	}
}

// TestFolderPermissions_dependsOn: another resource can create the folder first.
func TestFolderPermissions_dependsOn(t *testing.T) {
	w := newFolders(t)
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(`
resource "mlflow_experiment" "e" {
  name           = "/Projects/retail/churn"
  create_parents = true
}
` + folderPermissions("/Projects/retail", "groups = { risk = \"CAN_READ\" }\n  depends_on = [mlflow_experiment.e]")),
		Check: expectFolderGrants(w, "/Projects/retail", "group risk CAN_READ"),
	})
}

// TestFolderPermissions_notCreated: a folder that cannot be created, or another object at its path, is an error, and no permissions are
// set.
func TestFolderPermissions_notCreated(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.CreateExperiment(emulator.Admin, "/Teams/churn", nil)
	for name, c := range map[string]struct {
		token, path string
		fault       *emulator.Fault
		summary     string
		detail      []string
	}{
		"no access": {emulator.UserToken, "/Teams/retail/new", nil,
			`error: Could not create folder: Folder "/Teams/retail/new": `, []string{"CAN_MANAGE on its parent folder"}},
		"under an experiment": {emulator.AdminToken, "/Teams/churn/new", nil, `error: Could not create folder: Folder "/Teams/churn/new": `,
			nil},
		"not found afterwards": {emulator.AdminToken, "/Teams/ghost",
			&emulator.Fault{Method: "POST", Path: "/api/2.0/workspace/mkdirs", RawBody: "{}", ContentType: "application/json"},
			`error: Could not set permissions: Folder "/Teams/ghost": `, []string{"no permissions were set", "Apply again"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.fault != nil {
				w.Inject(*c.fault)
				defer w.ClearFaults()
			}
			state, says := w.Provider(t, c.token).Create(folderKind, folderConfig(c.path, readers, "create_parents", true))
			acctest.ExpectDiagnostics(t, says, c.summary, c.detail...)
			if n := w.Count(http.MethodPut, foldersPath); n > 0 || state != nil {
				t.Errorf("got %d writes and state %v, want none", n, state)
			}
		})
	}
}
