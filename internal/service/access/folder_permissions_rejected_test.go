package access_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_invalidPaths: validation rejects paths whose permissions cannot be managed, and names the alternative. It sends no
// request.
func TestFolderPermissions_invalidPaths(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	d := w.Provider(t, emulator.AdminToken)
	for want, paths := range map[string][]string{
		`is the root of the workspace`:       {"/", "/Workspace", "/Workspace/", "/Workspace/Workspace"},
		`in which all users have CAN_MANAGE`: {"/Shared", "/Shared/", "/Workspace/Shared", "/Workspace/Shared/"},
		`contains the home folders`:          {"/Users", "/Users/", "/Workspace/Users", "/Workspace/Users/"},
		`databricks_permissions and repo_path`: {"/Repos", "/Repos/", "/Workspace/Repos/", "/Repos/ana@example.com",
			"/Workspace/Repos/ana@example.com/code/"},
		`is not an absolute workspace path`: {"", "Projects", "Projects/retail", "./Projects", "Workspace/Projects", "~"},
		`has an empty path element`: {"//", "//Projects", "/Projects//retail", "/Projects/retail//", "/Workspace//Projects",
			"/Shared//"},
		`has the prefix /Workspace twice`: {"/Workspace/Workspace/Shared", "/Workspace/Workspace/Projects/retail"},
		`has a path element that is "." or ".."`: {"/Projects/..", "/Projects/../Shared", "/./Projects", "/Projects/.",
			"/Workspace/../Shared"},
	} {
		for _, path := range paths {
			got := d.Plan(folderKind, folderConfig(path, readers))
			if !strings.HasPrefix(got, "error at path: Invalid folder path: ") || !strings.Contains(got, want) {
				t.Errorf("%q: got diagnostics %q, want %q", path, got, want)
			}
		}
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("got requests %v, want none", calls)
	}
	for _, path := range []string{
		"/Teams/retail", "/Workspace/Teams/retail/", "/Shared/retail", "/Users/ana@example.com", "/Workspace/Users/ana@example.com/",
		"/Repository", "/Users2", "/Teams/...", "/Teams/.hidden",
	} {
		if path != "/Teams/retail" && path != "/Workspace/Teams/retail/" {
			w.Mkdirs(path)
		}
		if got := w.Provider(t, emulator.AdminToken).Plan(folderKind, folderConfig(path, readers)); got != "" {
			t.Errorf("%q: got diagnostics %q, want none", path, got)
		}
	}
}

// TestFolderPermissions_rejected checks rejected configurations with Terraform.
func TestFolderPermissions_rejected(t *testing.T) {
	w := newFolders(t)
	w.AddNotebookExperiment(emulator.Admin, "/Teams/notebook")
	w.CreateExperiment(emulator.Admin, "/Teams/churn", nil)
	w.AddGitFolder("/Teams/code", false)
	w.AddGitFolder("/Teams/code-with-cli-access", true)
	on := func(path, attributes string) string { return w.Config(folderPermissions(path, attributes)) }
	const folder = "/Teams/retail"
	acctest.UnitTest(t,
		rejectedStep(on("/Workspace/Shared/", ""), `Invalid folder path.*all users have CAN_MANAGE`),
		rejectedStep(on("/Teams/code", ""), `Path is not a folder.*it is a Git folder, not a folder.*databricks_permissions and repo_path`),
		rejectedStep(on("/Teams/code-with-cli-access", ""), `Path is not a folder.*it is a Git folder, not a folder`),
		rejectedStep(on("/Teams/notebook", ""),
			`Path is not a folder.*it is an object of type NOTEBOOK, not a folder.*Use the path of a folder`),
		rejectedStep(on("/Teams/churn", ""), `Path is not a folder.*it is an object of type MLFLOW_EXPERIMENT, not a folder`),
		rejectedStep(on(folder, `groups = { admins = "CAN_MANAGE" }`), `Invalid principal.*Workspace admins`),
		rejectedStep(on(folder, `groups = { risk = "can_edit" }`), `Invalid permission level.*CAN_EDIT`),
		rejectedStep(on(folder, `groups = { risk = "CAN_WRITE" }`), `Invalid permission level.*CAN_EDIT`),
		rejectedStep(on(folder, `users = { "ana@example.com" = "RUN" }`), `Invalid permission level.*CAN_RUN`),
		rejectedStep(on(folder, `users = { "ana@example.com" = "" }`), `Invalid permission level`),
		rejectedStep(on(folder, `users = { "Ana@example.com" = "CAN_READ", "ana@example.com" = "CAN_EDIT" }`), `Duplicate principal`),
		rejectedStep(on(folder,
			"users = { \"ana@example.com\" = \"CAN_READ\" }\n  service_principals = { \"Ana@example.com\" = \"CAN_EDIT\" }"),
			`Duplicate principal`),
		rejectedStep(w.ConfigAs(emulator.UserToken, "", folderPermissions(folder, "")),
			`Could not set permissions.*needs CAN_MANAGE on the folder`),
	)
	w.ExpectWrites(t)
}

// TestFolderPermissions_levels: each level is sent unchanged; an unknown one is a warning.
func TestFolderPermissions_levels(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	for _, level := range []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"} {
		b.MustApply(folderConfig("/Teams/retail", acctest.MapOfOne("risk", level)))
		mustHaveFolderGrants(t, w, "/Teams/retail", "group risk "+level)
	}
	acctest.ExpectDiagnostics(t, b.Destroy(), "")
	for level, known := range map[string]bool{"CAN_RUN": true, "CAN_DEPLOY": false, "USE": false} {
		config := folderConfig("/Teams/retail", acctest.MapOfOne("risk", level))
		b.Provider = b.Restart()
		says := b.Plan(config).Diagnostics
		if known {
			acctest.ExpectDiagnostics(t, says, "")
		} else {
			acctest.ExpectDiagnostics(t, says, "warning at groups: Unknown permission level", level, "CAN_READ, CAN_RUN, CAN_EDIT, CAN_MANAGE")
		}
	}
	config := folderConfig("/Teams/retail", acctest.MapOfOne("risk", "CAN_DEPLOY"))
	b.Provider = b.Restart()
	acctest.ExpectDiagnostics(
		t,
		b.ApplyPlan(b.Plan(config), config),
		"error: Could not set permissions: Folder \"/Teams/retail\": ",
		"CAN_DEPLOY",
	)
	mustHaveFolderGrants(t, w, "/Teams/retail")
}

// TestFolderPermissions_ineffective: a declared level is reported to have no effect only if an inherited one includes it, on creation and
// on changes.
func TestFolderPermissions_ineffective(t *testing.T) {
	t.Parallel()
	for inherited, ineffective := range map[string][]string{
		"CAN_READ": nil, "CAN_RUN": {"CAN_READ"}, "CAN_EDIT": {"CAN_READ"}, "CAN_MANAGE": {"CAN_READ", "CAN_RUN", "CAN_EDIT"},
	} {
		t.Run(inherited, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			w.GrantFolder("/Teams", emulator.GroupPrincipal("risk"), inherited)
			id := w.CreateExperiment(emulator.Admin, "/Teams/retail/churn", nil)
			for kind, object := range map[string][]any{folderKind: {"path", "/Teams/retail"},
				"mlflow_experiment_permissions": {"experiment_id", id}} {
				config := func(level string) map[string]any {
					return acctest.AttributeValues(append(object, "groups", acctest.MapOfOne("risk", level))...)
				}
				for _, level := range []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"} {
					if kind != folderKind && level == "CAN_RUN" {
						continue
					}
					expect := func(when, says string) {
						t.Helper()
						want := strings.Contains(" "+strings.Join(ineffective, " ")+" ", " "+level+" ")
						if got := strings.Contains(says, "warning at groups: Permission level has no effect"); got != want || !want &&
							says != "" {
							t.Errorf("%s, %s of %s, inherited %s: got diagnostics %q, want the warning: %t", kind, when, level, inherited, says,
								want)
						}
					}
					b := w.Backend().Provider(t, nil).Resource(kind)
					expect("creation", b.Plan(config(level)).Diagnostics)
					other := w.Backend().Provider(t, nil).Resource(kind)
					other.Apply(config("CAN_MANAGE"))
					if level != "CAN_MANAGE" {
						acctest.ExpectDiagnostics(t, other.Refresh(), "")
						expect("change", other.Plan(config(level)).Diagnostics)
					}
					other.Destroy()
				}
			}
		})
	}
}
