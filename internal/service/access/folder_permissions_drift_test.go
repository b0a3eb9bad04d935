package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestFolderPermissions_drift(t *testing.T) {
	w := newFolders(t)
	const folder = "/Teams/retail"
	config := w.Config(folderPermissions(folder, `
  groups = { risk = "CAN_READ" }
  users  = { "Ana@example.com" = "CAN_EDIT", "`+emulator.ServicePrincipal+`" = "CAN_RUN" }`))
	grants := []string{"group risk CAN_READ", "user ana@example.com CAN_EDIT",
		"service_principal " + emulator.ServicePrincipal + " CAN_RUN"}
	acctest.UnitTest(t,
		resource.TestStep{Config: config, Check: expectFolderGrants(w, folder, grants...)},
		resource.TestStep{
			PreConfig: func() {
				w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_RUN")       // changed
				w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ") // added
				w.RevokeFolder(folder, emulator.GroupPrincipal("risk"))                       // removed
				w.GrantFolder("/Teams", emulator.GroupPrincipal("risk"), "CAN_EDIT")
			},
			Config: config,
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				expectMapChange("groups", nil, map[string]any{"risk": "CAN_READ"}),
				expectMapChange("users",
					map[string]any{"Ana@example.com": "CAN_RUN", "ben@example.com": "CAN_READ", emulator.ServicePrincipal: "CAN_RUN"},
					map[string]any{"Ana@example.com": "CAN_EDIT", emulator.ServicePrincipal: "CAN_RUN"}),
			),
			Check: expectFolderGrants(w, folder, grants...),
		},
		resource.TestStep{ // a change by another user between plan and apply is also reverted; a grant of admins remains
			PreConfig: func() { w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_READ") },
			Config:    config,
			ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
				w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
				w.GrantFolder(folder, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
				return nil
			})),
			Check: expectFolderGrants(w, folder, append([]string{"group admins CAN_MANAGE"}, grants...)...),
		},
	)
}

// TestFolderPermissions_notFound: if the folder is no longer at its path, the resource is removed from the state, and the warning contains
// the reason.
func TestFolderPermissions_notFound(t *testing.T) {
	t.Parallel()
	const folder = "/Teams/retail"
	for name, c := range map[string]struct {
		change func(w *acctest.Workspace)
		says   []string
	}{
		"deleted": {func(w *acctest.Workspace) { w.DeleteFolder(folder) },
			[]string{"was deleted outside Terraform", "No object exists at the path now"}},
		"renamed": {func(w *acctest.Workspace) { w.MoveFolder(folder, "/Teams/renamed") },
			[]string{"was moved or renamed outside Terraform", "Its object ID is still ID", "its grants remain, unmanaged",
				"No object exists at the path now"}},
		"recreated": {func(w *acctest.Workspace) { w.DeleteFolder(folder); w.Mkdirs(folder) },
			[]string{"was deleted outside Terraform", "a different folder, with the object ID", "unmanaged until the next apply"}},
		"renamed, and another in its place": {func(w *acctest.Workspace) { w.MoveFolder(folder, "/Teams/renamed"); w.Mkdirs(folder) },
			[]string{"Its object ID is still ID", "a different folder"}},
		"renamed, not readable, and another in its place": {func(w *acctest.Workspace) {
			w.MoveFolder(folder, "/Teams/renamed")
			w.Mkdirs(folder)
			w.Inject(emulator.Fault{Method: "GET", Path: foldersPath, Status: 403, Code: "PERMISSION_DENIED", Message: "no"})
		}, []string{"was moved or renamed outside Terraform", "Its object ID is still ID", "a different folder"}},
		"an experiment in its place": {func(w *acctest.Workspace) {
			w.DeleteFolder(folder)
			w.CreateExperiment(emulator.Admin, folder, nil)
		},
			[]string{"was deleted outside Terraform", "The path now belongs to an object of type MLFLOW_EXPERIMENT"}},
		"a Git folder in its place": {func(w *acctest.Workspace) { w.DeleteFolder(folder); w.AddGitFolder(folder, true) },
			[]string{"was deleted outside Terraform", "The path now belongs to a Git folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			b := folderBlock(t, w, emulator.AdminToken)
			b.MustApply(folderConfig(folder, readers))
			id := b.Text("id")
			c.change(w)
			w.ResetJournal()
			says := b.Refresh()
			for i := range c.says {
				c.says[i] = strings.ReplaceAll(c.says[i], "is still ID", "is still "+id)
			}
			acctest.ExpectDiagnostics(t, says, "warning: Folder not found, permissions removed from state: Folder \""+folder+"\": It was ",
				c.says[1:]...)
			acctest.ExpectDiagnostics(t, says, "warning", c.says...)
			if b.Values() != nil {
				t.Errorf("got state %v, want none", b.Values())
			}
			w.ExpectWrites(t)
			if !w.HasFolder(folder) {
				return
			}
			p := b.Plan(folderConfig(folder, readers))
			if c.says[len(c.says)-1] == "The path now belongs to a Git folder" {
				acctest.ExpectDiagnostics(t, p.Diagnostics, "error at path: Path is not a folder")
				return
			}
			acctest.ExpectDiagnostics(t, p.Diagnostics+b.ApplyPlan(p, folderConfig(folder, readers)), "")
			mustHaveFolderGrants(t, w, folder, "group risk CAN_READ")
		})
	}
}

// TestFolderPermissions_hidden: a folder that is not found at its path, and whose list cannot be read by object ID, can be hidden from an
// identity that lost its access. It is kept in the state.
func TestFolderPermissions_hidden(t *testing.T) {
	t.Parallel()
	const folder = "/Teams/retail"
	for name, list := range map[string]emulator.Fault{
		"denied": {Method: "GET", Path: foldersPath, Status: 403, Code: "PERMISSION_DENIED", Message: "no"},
		"broken": {Method: "GET", Path: foldersPath, Status: 400, Code: "INVALID_STATE", Message: "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			b := folderBlock(t, w, emulator.AdminToken)
			b.MustApply(folderConfig(folder, readers))
			w.Inject(emulator.Fault{Path: "/api/2.0/workspace/get-status", Status: 404, Code: "RESOURCE_DOES_NOT_EXIST",
				Message: "Path (" + folder + ") doesn't exist."})
			w.Inject(list)
			acctest.ExpectDiagnostics(t, b.Refresh(), "error: Could not read permissions", "can no longer view it", "terraform state rm")
			if b.Values() == nil {
				t.Error("got no state, want the resource")
			}
		})
	}
}

// TestFolderPermissions_recreated runs Terraform: with create_parents, a folder that was deleted is created again.
func TestFolderPermissions_recreated(t *testing.T) {
	w := newFolders(t)
	config := w.Config(folderPermissions("/Teams/retail", "create_parents = true\n  groups = { risk = \"CAN_READ\" }"))
	granted := func() resource.TestStep {
		return resource.TestStep{Config: config, Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_READ")}
	}
	again := granted()
	again.PreConfig = func() { w.DeleteFolder("/Teams/retail") }
	again.ConfigPlanChecks = acctest.PreApply(plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionCreate))
	deleted := resource.TestStep{ // between plan and destroy
		Config: config, Destroy: true,
		ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
			w.DeleteFolder("/Teams/retail")
			return nil
		})),
	}
	acctest.UnitTest(t, granted(), again, deleted)
}

// TestFolderPermissions_creationTime: if the server returns no creation times, only the object ID identifies the folder.
func TestFolderPermissions_creationTime(t *testing.T) {
	t.Parallel()
	w := newFolders(t, emulator.Options{OmitFolderTimes: true, Now: func() time.Time { return time.UnixMilli(1700000000000) }})
	b := folderBlock(t, w, emulator.AdminToken)
	b.MustApply(folderConfig("/Teams/retail", readers))
	b.MustApply(folderConfig("/Teams/retail", editors))
	w.DeleteFolder("/Teams/retail")
	w.Mkdirs("/Teams/retail")
	acctest.ExpectDiagnostics(t, b.Refresh(), "warning: Folder not found, permissions removed from state")
}

// TestFolderPermissions_denied: a list or a folder that the caller cannot read is an error of a refresh, and a warning of the plan of a new
// resource, because the apply can grant the access first.
func TestFolderPermissions_denied(t *testing.T) {
	t.Parallel()
	for name, level := range map[string]string{"the list": "CAN_EDIT", "the folder": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			ana := emulator.UserPrincipal(emulator.User)
			set := func(level string) {
				w.RevokeFolder("/Teams/retail", ana)
				if level != "" {
					w.GrantFolder("/Teams/retail", ana, level)
				}
			}
			set(level)
			config := folderConfig("/Teams/retail", readers)
			fresh := folderBlock(t, w, emulator.UserToken)
			p := fresh.Plan(config)
			acctest.ExpectDiagnostics(t, p.Diagnostics, "warning: Could not read permissions: Folder \"/Teams/retail\": ",
				"needs CAN_MANAGE on the folder",
				"let this resource depend on that grant")
			acctest.ExpectDiagnostics(t, fresh.ApplyPlan(p, config), "error: Could not set permissions: Folder \"/Teams/retail\": ",
				"needs CAN_MANAGE on the folder")
			set("CAN_MANAGE")
			b := folderBlock(t, w, emulator.UserToken)
			acctest.ExpectDiagnostics(t, b.Apply(config), "warning: Undeclared access is kept")
			set(level)
			state := b.Values()
			acctest.ExpectDiagnostics(t, b.Refresh(), "error: Could not read permissions: Folder \"/Teams/retail\": ",
				"needs CAN_MANAGE on the folder",
				"terraform destroy -refresh=false")
			if b.Values() == nil || len(b.Values()) != len(state) {
				t.Errorf("got state %v, want %v", b.Values(), state)
			}
			says := b.ApplyPlan(b.Plan(nil), nil)
			acctest.ExpectDiagnostics(t, says, "warning: Could not remove permissions: Folder \"/Teams/retail\": ", "They remain, unmanaged")
			if b.Values() != nil {
				t.Errorf("after destroy: got state %v, want none", b.Values())
			}
		})
	}
}
