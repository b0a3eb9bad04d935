package access_test

import (
	"fmt"
	"reflect"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestFolderPermissions_import(t *testing.T) {
	w := newFolders(t)
	const folder = "/Teams/retail"
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	config := w.ConfigAs(emulator.UserToken, "", folderPermissions(folder, `
  groups = { risk = "CAN_RUN" }
  users  = { "ben@example.com" = "CAN_READ", "ana@example.com" = "CAN_MANAGE" }`))
	steps := []resource.TestStep{{Config: config}}
	for _, form := range []string{folder, w.FolderID(folder), "/directories/" + w.FolderID(folder)} {
		steps = append(steps,
			resource.TestStep{ResourceName: folderAddress, ImportState: true, ImportStateId: form, ImportStateVerify: true})
	}
	acctest.UnitTest(t, steps...)
}

// TestFolderPermissions_importSpelling: a folder that is imported by another spelling of its path plans nothing.
func TestFolderPermissions_importSpelling(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.GroupPrincipal("risk"), "CAN_RUN")
	for _, form := range []string{"/Teams/retail", "/Workspace/Teams/retail", "/Teams/retail/", w.FolderID("/Teams/retail")} {
		b := folderBlock(t, w, emulator.AdminToken)
		acctest.ExpectDiagnostics(t, b.Import(form), "")
		b.ExpectEmptyPlan(folderConfig("/Teams/retail", map[string]string{"risk": "CAN_RUN"}))
		b.ExpectEmptyPlan(folderConfig("/Workspace/Teams/retail/", map[string]string{"risk": "CAN_RUN"}))
	}
	w.ExpectWrites(t)
}

// TestFolderPermissions_importGenerated imports with a configuration that Terraform generates, including the grants of the caller and of
// the user of a home folder, and then with an import block and a matching configuration.
func TestFolderPermissions_importGenerated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token string
		id    func(w *acctest.Workspace) string
	}{
		"by path":              {emulator.UserToken, func(*acctest.Workspace) string { return home }},
		"by path, by an admin": {emulator.AdminToken, func(*acctest.Workspace) string { return home }},
		"by object ID":         {emulator.UserToken, func(w *acctest.Workspace) string { return w.FolderID(home) }},
		"by vendor ID":         {emulator.AdminToken, func(w *acctest.Workspace) string { return "/directories/" + w.FolderID(home) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFolders(t)
			w.GrantFolder(home, emulator.GroupPrincipal("risk"), "CAN_RUN")
			w.GrantFolder(home, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
			noop := []plancheck.PlanCheck{plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionNoop)}
			acctest.UnitTest(t, resource.TestStep{
				Config: w.ConfigAs(c.token, "", ""), ResourceName: folderAddress,
				ImportPlanChecks: resource.ImportPlanChecks{PreApply: noop},
				ImportState:      true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: c.id(w), GenerateConfig: true,
			}, resource.TestStep{
				PreConfig: w.ResetJournal,
				Config: w.ConfigAs(c.token, "", fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", folderAddress, c.id(w))+folderPermissions(home, `
  groups = { risk = "CAN_RUN" }
  users  = { "ana@example.com" = "CAN_MANAGE" }`)),
				ConfigPlanChecks: acctest.PreApply(noop...),
				Check:            expectWrites(w),
				ConfigStateChecks: []statecheck.StateCheck{folderState("service_principals", knownvalue.Null()),
					folderMap("retained", nil)},
			})
		})
	}
}

// TestFolderPermissions_importIdentity needs a Terraform version that imports by identity.
func TestFolderPermissions_importIdentity(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.GroupPrincipal("risk"), "CAN_RUN")
	block := folderPermissions("/Teams/retail", `groups = { risk = "CAN_RUN" }`)
	importing := func(identity string) string {
		return w.Config(fmt.Sprintf("import {\n  to       = %s\n  identity = { %s }\n}\n", folderAddress, identity) + block)
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      importing(`path = "/Teams/retail", tracking_uri = "https://elsewhere.example.com"`),
				ExpectError: regexp.MustCompile(`contains the server\s+https://elsewhere`),
			},
			rejectedStep(importing(`path = "/Shared"`), `Invalid folder path`),
			{
				Config:           importing(`path = "/Teams/retail"`),
				ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionNoop)),
			},
			{Config: w.Config(block), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
			// the test library adds an import block
			{ResourceName: folderAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestFolderPermissions_importRejected: a failed import reports the reason, and leaves no state.
func TestFolderPermissions_importRejected(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.AddGitFolder("/Teams/code", true)
	w.AddGitFolder("/Repos/ana@example.com/code", false)
	w.AddNotebookExperiment(emulator.Admin, "/Teams/notebook")
	churn := w.CreateExperiment(emulator.Admin, "/Teams/churn", nil)
	deleted := w.FolderID("/Teams/retail")
	w.DeleteFolder("/Teams/retail")
	for id, want := range map[string][]string{
		"churn":           {`error: Invalid import ID: "churn" is neither the path nor the object ID of a folder`},
		"":                {`error: Invalid import ID`},
		"/experiments/12": {`error: Could not import permissions: Folder "/experiments/12": `, "doesn't exist"},
		"/Shared/":        {`error: Invalid folder path: "/Shared/" is the folder in which all users have CAN_MANAGE`},
		"/":               {`error: Invalid folder path: "/" is the root`},
		"/Teams/none":     {`error: Could not import permissions: Folder "/Teams/none": `, "doesn't exist"},
		"/Teams/code":     {`error: Could not import permissions: Folder "/Teams/code": it is a Git folder, not a folder`, "repo_path"},
		"/Teams/notebook": {
			`error: Could not import permissions: Folder "/Teams/notebook": it is an object of type NOTEBOOK, not a folder`,
		},
		"/Teams/churn": {
			`error: Could not import permissions: Folder "/Teams/churn": it is an object of type MLFLOW_EXPERIMENT, not a folder`,
		},
		deleted: {`error: Could not import permissions: Folder ` + deleted + `: `, "does not exist",
			"use the path of the folder"},
		churn: {`error: Could not import permissions: Folder ` + churn + `: `, "is not a directory",
			"use the path of the folder"},
		"0":                   {`error: Invalid folder path: "/" is the root`},
		"/directories/0":      {`error: Invalid folder path: "/" is the root`},
		w.FolderID("/Shared"): {`error: Invalid folder path: "/Shared" is the folder in which all users have CAN_MANAGE`},
	} {
		b := folderBlock(t, w, emulator.AdminToken)
		acctest.ExpectDiagnostics(t, b.Import(id), want[0], want[1:]...)
	}
	w.ExpectWrites(t)
}

// TestFolderPermissions_moved moves the state of databricks_permissions, with the path of the folder and with only its ID. Nothing is
// written, and the plan is empty.
func TestFolderPermissions_moved(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	const folder = "/Teams/retail"
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_MANAGE") // databricks_permissions omits it
	w.GrantFolder(folder, emulator.GroupPrincipal("risk"), "CAN_RUN")
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	id := w.FolderID(folder)
	for name, path := range map[string]any{"by path": folder, "by path, different spelling": "/Workspace/Teams/retail/", "by ID": nil} {
		state := acctest.DatabricksPermissionsState(id, emulator.Grant{Principal: emulator.GroupPrincipal("risk"), Level: "CAN_RUN"},
			emulator.Grant{Principal: emulator.UserPrincipal("Ben@Example.com"), Level: "CAN_EDIT"})
		delete(state, "experiment_id")
		state["id"], state["object_type"], state["directory_path"], state["directory_id"] = "/directories/"+id, "directory", path, nil
		if path == nil {
			state["directory_id"] = id
		}
		b := folderBlock(t, w, emulator.UserToken)
		moved, says := b.Move(folderKind, "databricks_permissions", acctest.DatabricksProviderAddress, state)
		if says != "" || moved["id"] != id || !reflect.DeepEqual(moved["groups"], map[string]any{"risk": "CAN_RUN"}) ||
			!reflect.DeepEqual(moved["users"], map[string]any{"Ben@Example.com": "CAN_EDIT"}) ||
			!reflect.DeepEqual(moved["retained"], map[string]any{emulator.User: "CAN_MANAGE"}) {
			t.Errorf("%s: got state %v and diagnostics %q, want the declared and the retained grants", name, moved, says)
			continue
		}
		b.State = b.Encode(b.Schemas.ResourceSchemas[folderKind], moved)
		b.ExpectEmptyPlan(folderConfig(folder, map[string]string{"risk": "CAN_RUN"}, "users",
			acctest.MapOfOne(emulator.OtherUser, "CAN_EDIT")))
	}
	for kind, state := range map[string]map[string]any{
		"of /jobs/12 (job)":                     {"id": "/jobs/12", "object_type": "job", "job_id": "12"},
		"of /experiments/12 (mlflowExperiment)": acctest.DatabricksPermissionsState("12"),
	} {
		moved, says := w.Provider(t, emulator.AdminToken).Move(folderKind, "databricks_permissions", acctest.DatabricksProviderAddress, state)
		acctest.ExpectDiagnostics(t, says, "error at path: Could not move permissions: ", "manages the permissions "+kind,
			"Continue to manage it with the Databricks provider")
		if moved != nil {
			t.Errorf("got state %v, want none", moved)
		}
	}
	w.ExpectWrites(t)
}

// TestFolderPermissions_identity imports by identity without Terraform, and follows the identity through a change of the path.
func TestFolderPermissions_identity(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.Mkdirs("/Teams/new")
	b := folderBlock(t, w, emulator.AdminToken)
	text := map[string]tftypes.Type{"path": tftypes.String, "tracking_uri": tftypes.String}
	identity := func(path string) *tfprotov6.ResourceIdentityData {
		value, err := tfprotov6.NewDynamicValue(tftypes.Object{AttributeTypes: text},
			tftypes.NewValue(tftypes.Object{AttributeTypes: text}, map[string]tftypes.Value{
				"path": tftypes.NewValue(tftypes.String, path), "tracking_uri": tftypes.NewValue(tftypes.String, nil),
			}))
		b.Check(err)
		return &tfprotov6.ResourceIdentityData{IdentityData: &value}
	}
	pathOf := func(data *tfprotov6.ResourceIdentityData) (path string) {
		t.Helper()
		value, err := data.IdentityData.Unmarshal(tftypes.Object{AttributeTypes: text})
		b.Check(err)
		attributes := map[string]tftypes.Value{}
		b.Check(value.As(&attributes))
		b.Check(attributes["path"].As(&path))
		return path
	}
	for path, says := range map[string]string{"/Shared": "error: Invalid folder path", "retail": "error: Invalid import ID", "": "error"} {
		resp, err := b.Server.ImportResourceState(t.Context(),
			&tfprotov6.ImportResourceStateRequest{TypeName: folderKind, Identity: identity(path)})
		b.Check(err)
		acctest.ExpectDiagnostics(t, acctest.DescribeDiagnostics(resp.Diagnostics), says)
	}
	imported, err := b.Server.ImportResourceState(t.Context(),
		&tfprotov6.ImportResourceStateRequest{TypeName: folderKind, Identity: identity("/Teams/retail")})
	b.Check(err)
	acctest.ExpectDiagnostics(t, acctest.DescribeDiagnostics(imported.Diagnostics), "")
	object := imported.ImportedResources[0]
	read, err := b.Server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: folderKind, CurrentState: object.State, Private: object.Private, CurrentIdentity: object.Identity,
	})
	b.Check(err)
	acctest.ExpectDiagnostics(t, acctest.DescribeDiagnostics(read.Diagnostics), "")
	if got := pathOf(read.NewIdentity); got != "/Teams/retail" {
		t.Errorf("got path %q in the identity, want /Teams/retail", got)
	}
	b.State, b.Private = read.NewState, read.Private
	config := folderConfig("/Teams/new", readers)
	p := b.Plan(config)
	resp, err := b.Server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: folderKind, PriorState: b.State, PlannedState: p.Resp.PlannedState, PlannedPrivate: p.Resp.PlannedPrivate,
		PlannedIdentity: read.NewIdentity, Config: b.Encode(b.Schemas.ResourceSchemas[folderKind], config),
	})
	b.Check(err)
	acctest.ExpectDiagnostics(t, acctest.DescribeDiagnostics(resp.Diagnostics), "")
	if got := pathOf(resp.NewIdentity); got != "/Teams/new" {
		t.Errorf("after the change: got path %q in the identity, want /Teams/new", got)
	}
}
