package access_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	folderKind    = "mlflow_folder_permissions"
	folderAddress = folderKind + ".p"
	// Requests for folders.
	foldersPath = "/api/2.0/permissions/directories/*"
	statusPath  = "/api/2.0/workspace/get-status"
	mkdirs      = "POST /api/2.0/workspace/mkdirs"
)

// folderPermissions returns the resource for a folder, with attributes after path.
func folderPermissions(path, attributes string) string {
	return fmt.Sprintf("resource %q \"p\" {\n  path = %q\n%s\n}\n", folderKind, path, attributes)
}

// folderPath returns the request path of the list of a folder.
func folderPath(w *acctest.Workspace, path string) string {
	return "/api/2.0/permissions/directories/" + w.FolderID(path)
}

// folderPut returns the request that replaces the list of a folder.
func folderPut(w *acctest.Workspace, path string) string { return "PUT " + folderPath(w, path) }

// expectFolderGrants is [expectGrants] for a folder.
func expectFolderGrants(w *acctest.Workspace, path string, want ...string) resource.TestCheckFunc {
	return expectGrantsOf("folder "+path, func() []emulator.Grant { return w.FolderGrants(path) }, want)
}

// mustHaveFolderGrants is expectFolderGrants for tests that do not run Terraform.
func mustHaveFolderGrants(t *testing.T, w *acctest.Workspace, path string, want ...string) {
	t.Helper()
	if err := expectFolderGrants(w, path, want...)(nil); err != nil {
		t.Error(err)
	}
}

// folderMap is [expectMap] for a folder.
func folderMap(attribute string, want map[string]string) statecheck.StateCheck {
	return folderState(attribute, levelMap(want))
}

func folderState(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(folderAddress, tfjsonpath.New(attribute), want)
}

// rejectedStep returns a step that fails with a message.
func rejectedStep(config, message string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: brokenLines(message)}
}

// brokenLines matches a message, which is a pattern, in the output of Terraform, which breaks lines anywhere.
func brokenLines(message string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)` + strings.ReplaceAll(message, " ", `[\s│]+`))
}

// folderBlock returns a resource without a state, in a provider process with a token.
func folderBlock(t *testing.T, w *acctest.Workspace, token string) *acctest.Resource {
	t.Helper()
	return w.BackendAs(token).Provider(t, nil).Resource(folderKind)
}

// folderConfig returns a configuration with the levels of groups on a folder, and more attributes.
func folderConfig(path string, groups map[string]string, more ...any) map[string]any {
	config := acctest.AttributeValues(more...)
	config["path"], config["groups"] = path, groups
	return config
}

var (
	readers = map[string]string{"risk": "CAN_READ"}
	editors = map[string]string{"risk": "CAN_EDIT"}
)

// newFolders returns a workspace with the group risk and the folder /Teams/retail.
func newFolders(t *testing.T, options ...emulator.Options) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, options...)
	w.AddGroup("risk")
	w.Mkdirs("/Teams/retail")
	return w
}
