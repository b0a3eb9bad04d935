package acctest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/provider"
)

// Main runs the tests of a package without the settings and credentials of the user, so that no test reaches a real server. It returns the
// exit code.
func Main(m *testing.M) int {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"DATABRICKS_", "MLFLOW_", "ARM_", "GOOGLE_CREDENTIALS", "ACTIONS_ID_TOKEN_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	keepGoFolders()
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("HOME", home)
	code := m.Run()
	_ = os.RemoveAll(home)
	return code
}

// keepGoFolders keeps the folders of Go when HOME changes, because some tests build the provider.
func keepGoFolders() {
	for _, name := range []string{"GOCACHE", "GOPATH"} {
		folder, err := exec.CommandContext(context.Background(), "go", "env", name).Output()
		if err != nil {
			panic(err)
		}
		_ = os.Setenv(name, strings.TrimSpace(string(folder)))
	}
}

// UnitTest runs steps with the real CLI, in parallel with other tests.
func UnitTest(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: Factories(), Steps: steps})
}

// Factories returns the factory of the provider server, as terraform-plugin-testing expects it.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	server := provider.Server("test")
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlflow": func() (tfprotov6.ProviderServer, error) { return server(), nil },
	}
}
