package access_test

import (
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// fixedClock returns a clock with a constant time: folders with the same creation time in two workspaces are the same.
func fixedClock(minute int) func() time.Time {
	return func() time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
}

// TestFolderPermissions_otherServer: no object of another server is read into the state, changed, or revoked.
func TestFolderPermissions_otherServer(t *testing.T) {
	t.Parallel()
	const folder = "/Teams/retail"
	for name, c := range map[string]struct {
		options emulator.Options
		change  func(w *acctest.Workspace)
		says    string
	}{
		"created at another time": {options: emulator.Options{Now: fixedClock(1)}, says: "is a different folder, created at another time"},
		"another object ID": {emulator.Options{Now: fixedClock(0)}, func(w *acctest.Workspace) { w.DeleteFolder(folder); w.Mkdirs(folder) },
			"is a different folder: its object ID is"},
		"none": {emulator.Options{Now: fixedClock(0)}, func(w *acctest.Workspace) { w.DeleteFolder(folder) },
			`The configured server has no folder "` + folder + `".`},
		"a Git folder": {emulator.Options{Now: fixedClock(0)},
			func(w *acctest.Workspace) { w.DeleteFolder(folder); w.AddGitFolder(folder, false) },
			"The provider could not check whether both are the same server: it is a Git folder"},
		"not readable": {emulator.Options{Now: fixedClock(0)}, func(w *acctest.Workspace) {
			w.Inject(emulator.Fault{Path: statusPath, Status: 403, Code: "PERMISSION_DENIED", Message: "no", Times: 99})
		}, "The provider could not check whether both are the same server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, other := newFolders(t, emulator.Options{Now: fixedClock(0)}), newFolders(t, c.options)
			config, changed := folderConfig(folder, readers), folderConfig(folder, editors)
			b := folderBlock(t, own, emulator.AdminToken)
			b.MustApply(config)
			if own.FolderID(folder) != other.FolderID(folder) {
				t.Fatal("got different folder IDs, want equal ones")
			}
			if c.change != nil {
				c.change(other)
			}
			state := b.Values()
			for action, do := range map[string]func() string{
				"a refresh":                     b.Read,
				"an update with -refresh=false": func() string { return b.ApplyPlan(b.Plan(changed), changed) },
				"a destroy with -refresh=false": func() string { return b.ApplyPlan(b.Plan(nil), nil) },
				"a new path, -refresh=false": func() string {
					config := folderConfig("/Teams", readers)
					return b.ApplyPlan(b.Plan(config),
						config)
				},
				"a different spelling, -refresh=false": func() string { b.Plan(folderConfig(folder+"/", readers)); return b.Read() },
				"another attribute, -refresh=false": func() string {
					config := folderConfig(folder, readers, "create_parents", true)
					return b.ApplyPlan(b.Plan(config), config)
				},
			} {
				b.Provider = other.Backend().Provider(t, nil)
				other.ResetJournal()
				own.ResetJournal()
				says := do()
				if !strings.Contains(says, "error: Could not ") ||
					!strings.Contains(says, "different server: Permissions of folder \""+folder+"\": The state belongs to "+own.URL) ||
					!strings.Contains(says, c.says) {
					t.Errorf("%s: got diagnostics %q, want %q", action, says, c.says)
				}
				if !reflect.DeepEqual(b.Values(), state) || len(own.Calls()) > 0 {
					t.Errorf("%s: got state %v and requests to the own server %v, want no change and none", action, b.Values(), own.Calls())
				}
				other.ExpectWrites(t)
			}
		})
	}
}

// TestFolderPermissions_sameServer: a server with another URL is the same if it has the folder with its creation time.
func TestFolderPermissions_sameServer(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]emulator.Options{"with creation times": {}, "without": {OmitFolderTimes: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t, options)
			b := folderBlock(t, w, emulator.AdminToken)
			b.MustApply(folderConfig("/Teams/retail", readers))
			second := httptest.NewServer(w)
			t.Cleanup(second.Close)
			moved := w.Backend()
			moved.URL = second.URL
			b.Provider = moved.Provider(t, nil)
			b.MustApply(folderConfig("/Teams/retail", editors))
			mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_EDIT")
			w.ResetJournal()
			acctest.ExpectDiagnostics(t, b.Read(), "")
			if n := w.Count("GET", statusPath); n != 1 { // the new URL is stored
				t.Errorf("got %d lookups of the path, want 1", n)
			}
			b.Provider = w.Backend().Provider(t, nil)
			acctest.ExpectDiagnostics(t, b.Destroy(), "")
			mustHaveFolderGrants(t, w, "/Teams/retail")
		})
	}
}

// TestFolderPermissions_mlflowServer: MLflow servers have no folders, and the error names the alternative.
func TestFolderPermissions_mlflowServer(t *testing.T) {
	t.Parallel()
	s := acctest.NewRecordedServer(t, map[string]string{"admin": "MANAGE"})
	says := s.Provider(t, nil).Resource(folderKind).Plan(folderConfig("/Teams/retail", readers)).Diagnostics
	acctest.ExpectDiagnostics(t, says, "error at path: Folders are not supported: ", "mlflow_role")

	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	b.MustApply(folderConfig("/Teams/retail", readers))
	state := b.Values()
	b.Provider = s.Provider(t, nil)
	for _, says := range []string{b.Read(), b.ApplyPlan(b.Plan(nil), nil)} {
		if !strings.Contains(says, "error: Could not ") || !strings.Contains(says, "The state belongs to workspace") ||
			!strings.Contains(says, w.URL) {
			t.Errorf("got diagnostics %q, want an error about another server", says)
		}
	}
	if !reflect.DeepEqual(b.Values(), state) {
		t.Errorf("got state %v, want %v", b.Values(), state)
	}
	says = s.Provider(t, nil).Resource(folderKind).Import("/Teams/retail")
	acctest.ExpectDiagnostics(t, says, "error at path: Folders are not supported: ")
	if written := s.Writes(); len(written) > 0 {
		t.Errorf("got writes %v, want none", written)
	}
}
