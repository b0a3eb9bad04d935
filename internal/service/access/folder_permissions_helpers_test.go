package access_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	folderKind    = "mlflow_folder_permissions"
	folderAddress = folderKind + ".p"
	// The calls for folders.
	foldersPath = "/api/2.0/permissions/directories/*"
	statusPath  = "/api/2.0/workspace/get-status"
	mkdirs      = "POST /api/2.0/workspace/mkdirs"
)

// folderPermissions is the resource for one folder; attributes is what follows path.
func folderPermissions(path, attributes string) string {
	return fmt.Sprintf("resource %q \"p\" {\n  path = %q\n%s\n}\n", folderKind, path, attributes)
}

// folderPut is the call that replaces the list of a folder.
func folderPut(w *acctest.Workspace, path string) string {
	return "PUT /api/2.0/permissions/directories/" + w.FolderID(path)
}

// folderGrants lists the direct grants on a folder, each written as "kind name level".
func folderGrants(w *acctest.Workspace, path string) []string {
	var got []string
	for _, g := range w.FolderGrants(path) {
		got = append(got, g.Kind+" "+g.Name+" "+g.Level)
	}
	slices.Sort(got)
	return got
}

// expectFolderGrants checks the direct grants that the workspace has on a folder.
func expectFolderGrants(w *acctest.Workspace, path string, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		slices.Sort(want)
		if got := folderGrants(w, path); !slices.Equal(got, want) {
			return fmt.Errorf("folder %s has the grants %q, want %q", path, got, want)
		}
		return nil
	}
}

// mustHaveFolderGrants is expectFolderGrants for tests that run no CLI.
func mustHaveFolderGrants(t *testing.T, w *acctest.Workspace, path string, want ...string) {
	t.Helper()
	if err := expectFolderGrants(w, path, want...)(nil); err != nil {
		t.Error(err)
	}
}

// expectFolderWrites is [expectWrites] for calls that are known only after the apply.
func expectFolderWrites(w *acctest.Workspace, want func() []string) resource.TestCheckFunc {
	return func(state *terraform.State) error { return expectWrites(w, want()...)(state) }
}

// folderMap checks a map of the folder's permissions in the state; nil is an empty map.
func folderMap(attribute string, want map[string]string) statecheck.StateCheck {
	exact := map[string]knownvalue.Check{}
	for name, level := range want {
		exact[name] = knownvalue.StringExact(level)
	}
	return folderState(attribute, knownvalue.MapExact(exact))
}

func folderState(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(folderAddress, tfjsonpath.New(attribute), want)
}

// refusedStep is a step that ends with an error. The CLI breaks its lines anywhere.
func refusedStep(config, message string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(message, " ", `[\s│]+`))}
}

// folderBlock is a block without a state, in a provider process of the owner of a token.
func folderBlock(t *testing.T, w *acctest.Workspace, token string) *acctest.Block {
	t.Helper()
	return w.BackendAs(token).Provider(t, nil).Block(folderKind)
}

// folderConfig grants groups a level each on a folder, with more attributes.
func folderConfig(path string, groups map[string]string, more ...any) map[string]any {
	config := acctest.AttributeValues(more...)
	config["path"], config["groups"] = path, groups
	return config
}

var (
	readers = map[string]string{"risk": "CAN_READ"}
	editors = map[string]string{"risk": "CAN_EDIT"}
)

// newFolders is a workspace with the group risk and the folder /Teams/retail.
func newFolders(t *testing.T, options ...emulator.Options) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, options...)
	w.AddGroup("risk")
	w.Mkdirs("/Teams/retail")
	return w
}

func replaceID(text, id string) string {
	return strings.ReplaceAll(text, "ID is still ID", "ID is still "+id)
}
