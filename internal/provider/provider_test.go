package provider_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/provider"
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

// runTests runs a package's tests without the person's own settings, so that none can reach a real server. It returns the exit code.
func runTests(m *testing.M) int {
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

// workspace is a local workspace of one test.
type workspace struct {
	*emulator.Workspace
	url string
}

func newWorkspace(t *testing.T, options ...emulator.Options) *workspace {
	t.Helper()
	var o emulator.Options
	if len(options) > 0 {
		o = options[0]
	}
	w := emulator.New(o)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return &workspace{Workspace: w, url: server.URL}
}

// config puts a provider block for the admin before a configuration.
func (w *workspace) config(body string) string {
	return w.configAs(emulator.AdminToken, "", body)
}

// configAs puts a provider block with a token and further settings before a configuration.
func (w *workspace) configAs(token, settings, body string) string {
	return fmt.Sprintf("provider \"mlflow\" {\n  host  = %q\n  token = %q\n  retry_timeout_seconds = 20\n%s\n}\n%s", w.url, token, settings, body)
}

// writes counts the calls since the last reset that could have changed something.
func (w *workspace) writes() []string {
	var writes []string
	for _, c := range w.Journal() {
		reads := c.Method == "GET" || strings.HasSuffix(c.Path, "/search") || strings.HasSuffix(c.Path, "/token")
		if !reads {
			writes = append(writes, c.Method+" "+c.Path)
		}
	}
	return writes
}

// unitTest runs steps through the real CLI, side by side with other tests.
func unitTest(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: steps})
}

// factories make the provider's server as main serves it.
func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	server := provider.Server("test")
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlflow": func() (tfprotov6.ProviderServer, error) { return server(), nil },
	}
}
