package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// RunDirectories gives each step the provider: the test library wants that where the configuration is a directory. It destroys in a step
// of its own: the library's own way of doing so can't read a state with for_each in it.
func RunDirectories(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	if first := steps[0]; !first.PlanOnly {
		steps = append(steps, resource.TestStep{ConfigDirectory: first.ConfigDirectory, ConfigVariables: first.ConfigVariables, Destroy: true})
	}
	for i := range steps {
		steps[i].ProtoV6ProviderFactories = Factories()
	}
	resource.UnitTest(t, resource.TestCase{Steps: steps})
}

// RootModule makes a root module of a configuration.
func RootModule(t *testing.T, text string) string {
	t.Helper()
	directory := t.TempDir()
	WriteFile(t, filepath.Join(directory, "main.tf"), LocalSource(text))
	return directory
}

// LocalSource names the provider as the test library does.
func LocalSource(text string) string {
	return strings.ReplaceAll(text, `"mlflow-terraform/mlflow"`, `"hashicorp/mlflow"`)
}

// WriteFile writes a file and makes the folders above it.
func WriteFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
