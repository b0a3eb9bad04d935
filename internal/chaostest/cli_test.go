package chaostest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// installation is the CLI and the CLI configuration that installs the provider.
type installation struct{ cli, config string }

const version = "0.1.0"

// install builds the provider, unless PROVIDER is the path of a build, and copies it into a mirror.
func install(t *testing.T) installation {
	t.Helper()
	dir := t.TempDir()
	provider := filepath.Join(dir, "provider")
	if built := os.Getenv("PROVIDER"); built != "" {
		// A copy, because another build would change the checksum that the CLI recorded at init.
		data, err := os.ReadFile(built)
		must(t, err)
		must(t, os.WriteFile(provider, data, 0o755))
	} else {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", provider, ".")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the provider: %v\n%s", err, out)
		}
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(dir, "mirror", registry, "mlflow-terraform", "mlflow", version, runtime.GOOS+"_"+runtime.GOARCH)
		must(t, os.MkdirAll(folder, 0o755))
		must(t, os.Symlink(provider, filepath.Join(folder, "terraform-provider-mlflow_v"+version)))
	}
	config := filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf(
		"disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.Join(dir, "mirror"),
	)
	must(t, os.WriteFile(config, []byte(text), 0o600))
	return installation{findCLI(t), config}
}

func findCLI(t *testing.T) string {
	t.Helper()
	if cli := os.Getenv("TF_ACC_TERRAFORM_PATH"); cli != "" {
		return cli
	}
	for _, name := range []string{"terraform", "tofu"} {
		if cli, err := exec.LookPath(name); err == nil {
			return cli
		}
	}
	t.Fatal("neither terraform nor tofu is on PATH: run make test or make chaos, which find one")
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// process runs the CLI in a folder, and kills the provider that it started.
type process struct {
	installation
	dir string
	pid atomic.Int64 // of the running CLI
	// count is the number of logs.
	count int
}

// run runs the CLI and returns its output, which is also written to a log in the folder.
func (p *process) run(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	p.count++
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), p.cli, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &out, &out
	// Without the environment of the user: no credential, no profile, no server.
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "TMPDIR=" + os.TempDir(), "TF_CLI_CONFIG_FILE=" + p.config, "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "NO_PROXY=*",
	}
	must(t, cmd.Start())
	p.pid.Store(int64(cmd.Process.Pid))
	err := cmd.Wait()
	p.pid.Store(0)
	log := filepath.Join(p.dir, fmt.Sprintf("%04d-%s.log", p.count, args[0]))
	must(t, os.WriteFile(log, out.Bytes(), 0o600))
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v", p.cli, args[0], err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// killProvider kills the child processes of the running CLI that are providers, and reports whether there was one. It requires /proc.
func (p *process) killProvider() bool {
	cli := strconv.FormatInt(p.pid.Load(), 10)
	found := false
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // the process has exited
		}
		// "PID (NAME) STATE PARENT …", the name truncated to 15 characters.
		name, rest, ok := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 2 || fields[1] != cli || !strings.Contains(name, "(terraform-provi") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		if provider, err := os.FindProcess(pid); err == nil && provider.Kill() == nil {
			found = true
		}
	}
	return found
}

// diagnostic is an error or a warning of an apply.
type diagnostic struct {
	Severity, Summary, Detail, Address string
}

// diagnosticsOf parses the JSON lines of an apply.
func diagnosticsOf(output string) []diagnostic {
	var all []diagnostic
	for line := range strings.Lines(output) {
		var message struct {
			Type       string     `json:"type"`
			Diagnostic diagnostic `json:"diagnostic"`
		}
		if json.Unmarshal([]byte(line), &message) == nil && message.Type == "diagnostic" {
			all = append(all, message.Diagnostic)
		}
	}
	return all
}

// state is the state of the CLI.
type state struct {
	Resources []struct {
		Type, Name string
		Instances  []struct {
			Status, Deposed string
			Attributes      struct{ ID string }
		}
	}
}

func (p *process) state(t *testing.T) state {
	t.Helper()
	var s state
	data, err := os.ReadFile(filepath.Join(p.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return s
	}
	must(t, err)
	must(t, json.Unmarshal(data, &s))
	return s
}

// ids returns the ID of each experiment in the state by its label.
func (s state) ids() map[string]string {
	ids := map[string]string{}
	for _, r := range s.Resources {
		for _, i := range r.Instances {
			if r.Type == "mlflow_experiment" {
				ids[r.Name] = i.Attributes.ID
			}
		}
	}
	return ids
}

// holds reports whether a resource is in the state.
func (s state) holds(kind, label string) bool {
	for _, r := range s.Resources {
		if r.Type == kind && r.Name == label {
			return len(r.Instances) > 0
		}
	}
	return false
}

// idOf returns the ID of a resource in the state, empty if it is missing.
func (s state) idOf(kind, label string) string {
	for _, r := range s.Resources {
		if r.Type == kind && r.Name == label && len(r.Instances) > 0 {
			return r.Instances[0].Attributes.ID
		}
	}
	return ""
}
