//go:build clients

package clienttest

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// interpreter is the variable with the path of a Python that has the packages of python/requirements.txt. `make test-clients` sets it.
const interpreter = "TEST_CLIENTS_PYTHON"

func TestDatabricksSDK(t *testing.T) {
	for name, modules := range map[string][]string{
		"experiments": {"sdk_experiments", "sdk_runs", "sdk_complete"},
		"identities":  {"sdk_identities"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, modules, "DATABRICKS_HOST="+serveWorkspace(t))
		})
	}
}

func TestMLflowClient(t *testing.T) {
	modules := []string{"mlflow_experiments", "mlflow_runs", "mlflow_content"}
	t.Run("local workspace", func(t *testing.T) {
		t.Parallel()
		run(t, modules, "MLFLOW_TRACKING_URI=databricks", "DATABRICKS_HOST="+serveWorkspace(t),
			"DATABRICKS_TOKEN="+emulator.AdminToken, "OTHER_DATABRICKS_TOKEN="+emulator.UserToken)
	})
	t.Run("MLflow server", func(t *testing.T) {
		t.Parallel()
		run(t, modules, "MLFLOW_TRACKING_URI="+startMLflow(t), "MLFLOW_TRACKING_USERNAME="+adminName,
			"MLFLOW_TRACKING_PASSWORD="+password, "OTHER_MLFLOW_TRACKING_USERNAME="+otherName, "OTHER_MLFLOW_TRACKING_PASSWORD="+password)
	})
}

// serveWorkspace serves an emulated workspace until the test ends, and returns its URL.
func serveWorkspace(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(emulator.New(emulator.Options{}))
	t.Cleanup(server.Close)
	return server.URL
}

// someTests matches the output of unittest if it ran tests. Without tests, it succeeds with some versions of Python.
var someTests = regexp.MustCompile(`(?m)^Ran [1-9]\d* tests? in `)

// run runs the tests of modules in one process, one module after the other, with only these environment variables and those that all tests
// need.
func run(t *testing.T, modules []string, environment ...string) {
	t.Helper()
	python := os.Getenv(interpreter)
	if python == "" {
		t.Fatalf("%s is not set: run the tests with `make test-clients`", interpreter)
	}
	folder, err := filepath.Abs("python")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-m", "unittest", "-v"}, modules...)...)
	cmd.Dir = home
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "PYTHONPATH=" + folder, "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=127.0.0.1",
		"MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_LOGGING_LEVEL=WARNING", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true",
		"GIT_PYTHON_REFRESH=quiet",
	}, environment...)
	out, err := cmd.CombinedOutput()
	if err != nil || !someTests.Match(out) {
		t.Fatalf("%v: %v\n%s", modules, err, out)
	}
	t.Logf("%s", out)
}
