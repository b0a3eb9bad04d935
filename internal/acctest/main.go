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

// Main runs a package's tests without the person's own settings, so that none can reach a real server. It returns the exit code.
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

// keepGoFolders keeps Go's caches where they are with another home folder: some tests build the provider.
func keepGoFolders() {
	for _, name := range []string{"GOCACHE", "GOPATH"} {
		folder, err := exec.CommandContext(context.Background(), "go", "env", name).Output()
		if err != nil {
			panic(err)
		}
		_ = os.Setenv(name, strings.TrimSpace(string(folder)))
	}
}

// UnitTest runs steps through the real CLI, side by side with other tests.
func UnitTest(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: Factories(), Steps: steps})
}

// Factories make the provider's server as main serves it.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	server := provider.Server("test")
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlflow": func() (tfprotov6.ProviderServer, error) { return server(), nil },
	}
}
