package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// RunDirectories runs steps whose configuration is a directory, each with the provider, as terraform-plugin-testing requires. It destroys
// in a separate step, because terraform-plugin-testing cannot read a state with for_each when it destroys.
func RunDirectories(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	if first := steps[0]; !first.PlanOnly {
		steps = append(
			steps,
			resource.TestStep{ConfigDirectory: first.ConfigDirectory, ConfigVariables: first.ConfigVariables, Destroy: true},
		)
	}
	for i := range steps {
		steps[i].ProtoV6ProviderFactories = Factories()
	}
	resource.UnitTest(t, resource.TestCase{Steps: steps})
}

// RootModule writes a configuration into a new directory, and returns the directory.
func RootModule(t *testing.T, text string) string {
	t.Helper()
	directory := t.TempDir()
	WriteFile(t, filepath.Join(directory, "main.tf"), LocalSource(text))
	return directory
}

// LocalSource replaces the source address of the provider with that of terraform-plugin-testing.
func LocalSource(text string) string {
	return strings.ReplaceAll(text, `"mlflow-terraform/mlflow"`, `"hashicorp/mlflow"`)
}

// WriteFile writes a file, and creates its parent folders.
func WriteFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
