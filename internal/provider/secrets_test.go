package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// builtProvider builds the provider once for all tests that run it as a program.
var builtProvider = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provider")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "terraform-provider-mlflow")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "github.com/mlflow-terraform/terraform-provider-mlflow")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the provider: %w: %s", err, out)
	}
	return path, nil
})

// program is a configuration that the CLI runs with the built provider.
type program struct {
	t   *testing.T
	dir string
	env []string
}

func newProgram(t *testing.T, config string, env ...string) *program {
	t.Helper()
	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &program{t: t, dir: dir}
	rc := filepath.Join(dir, "cli.tfrc")
	p.write(
		"cli.tfrc",
		fmt.Sprintf(
			"disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"mlflow-terraform/mlflow\" = %q\n  }\n  direct {}\n}\n",
			filepath.Dir(provider),
		),
	)
	p.write(
		"main.tf",
		"terraform {\n  required_providers {\n    mlflow = {\n      source = \"mlflow-terraform/mlflow\"\n    }\n  }\n}\n"+config,
	)
	p.env = append(
		os.Environ(),
		"TF_CLI_CONFIG_FILE="+rc,
		"CHECKPOINT_DISABLE=1",
		"TF_LOG=TRACE",
		"TF_LOG_PATH="+filepath.Join(dir, "trace.log"),
	)
	p.env = append(p.env, env...)
	return p
}

func (p *program) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// cli returns a command of the CLI.
func (p *program) cli(ctx context.Context, args ...string) *exec.Cmd {
	p.t.Helper()
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		p.t.Fatal("neither terraform nor tofu is on PATH")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// run runs a command, and stores its output in a file, to be searched.
func (p *program) run(args ...string) (out string, err error) {
	p.t.Helper()
	data, err := p.cli(p.t.Context(), args...).CombinedOutput()
	p.write("output-"+strings.Join(args, "_"), string(data))
	return string(data), err
}

// find lists the files that contain a text: logs, state, plan, and output.
func (p *program) find(text string) []string {
	p.t.Helper()
	var found []string
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

const secretsConfig = `
	provider "mlflow" {
	  retry_timeout_seconds = 5
	}
	resource "mlflow_experiment" "test" {
	  name = "/Shared/churn"
	  tags = { team = "risk" }
	}
`

// TestSecretsStaySecret runs plan, apply, and show at TRACE with each kind of credentials, valid and invalid, and searches all files for
// them.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const badToken, badSecret, password = "dapi-bad-token-7777", "bad-client-secret-8888", "basic-password-9999"
	for name, c := range map[string]struct {
		env     []string
		secrets []string
		fails   bool
	}{
		"a token":     {env: []string{"DATABRICKS_TOKEN=" + emulator.AdminToken}, secrets: []string{emulator.AdminToken}},
		"a bad token": {env: []string{"DATABRICKS_TOKEN=" + badToken}, secrets: []string{badToken}, fails: true},
		"a client secret": {env: []string{"DATABRICKS_CLIENT_ID=" + emulator.ServicePrincipal,
			"DATABRICKS_CLIENT_SECRET=" + emulator.ServicePrincipalSecret}, secrets: []string{emulator.ServicePrincipalSecret}},
		"a bad secret": {env: []string{"DATABRICKS_CLIENT_ID=" + emulator.ServicePrincipal, "DATABRICKS_CLIENT_SECRET=" + badSecret},
			secrets: []string{badSecret}, fails: true},
		"a basic password": {env: []string{"MLFLOW_TRACKING_USERNAME=admin", "MLFLOW_TRACKING_PASSWORD=" + password},
			secrets: []string{password, "YWRtaW46YmFzaWMtcGFzc3dvcmQtOTk5OQ"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			where := "DATABRICKS_HOST=" + w.URL
			if strings.HasPrefix(c.env[0], "MLFLOW_") {
				where = "MLFLOW_TRACKING_URI=" + w.URL
			}
			p := newProgram(t, secretsConfig, append(c.env, where)...)
			_, planErr := p.run("plan", "-no-color", "-input=false", "-out=saved.plan")
			out, err := p.run("apply", "-no-color", "-input=false", "-auto-approve")
			if failed := planErr != nil || err != nil; failed != c.fails {
				t.Errorf("apply failed: got %t, want %t:\n%s", failed, c.fails, out)
			}
			if !c.fails {
				_, _ = p.run("show", "-json", "saved.plan")
			}
			for _, secret := range append(c.secrets, "Bearer ", "Authorization") {
				if files := p.find(secret); len(files) > 0 {
					t.Errorf("%q is in %v", secret, files)
				}
			}
			if log := p.find("@module=mlflow"); !c.fails && len(log) == 0 {
				t.Error("the log contains no requests, so the test proves nothing")
			}
		})
	}
}
