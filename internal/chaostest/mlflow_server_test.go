//go:build mlflow

package chaostest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// guarded is a shell script that becomes the command of its arguments, and ends its whole process group when file 3 is closed.
const guarded = `(cat <&3; kill -KILL 0) & exec 3<&- "$@"`

// startMLflow starts the newest MLflow server, with authentication, and ends it with the test: it has a process group of its own, for its
// workers, which also ends when the test is interrupted and the system closes its end of a pipe.
func startMLflow(t *testing.T) (address string) {
	t.Helper()
	installed, version := os.Getenv("TEST_MLFLOW_DIR"), os.Getenv("TEST_MLFLOW_NEWEST")
	if installed == "" || version == "" {
		t.Fatal("TEST_MLFLOW_DIR and TEST_MLFLOW_NEWEST are not set: run `make chaos BACKEND=mlflow`")
	}
	dir, bin := t.TempDir(), filepath.Join(installed, version, "bin")
	config := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///%s\nadmin_username = %s\nadmin_password = %s\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 3600\n",
		filepath.Join(dir, "auth.db"), adminName, password)
	must(t, os.WriteFile(filepath.Join(dir, "auth.ini"), []byte(config), 0o600))
	port := freePort(t)
	log, err := os.Create(filepath.Join(dir, "log"))
	must(t, err)
	theirs, ours, err := os.Pipe()
	must(t, err)
	cmd := exec.CommandContext(context.Background(), "sh", "-c", guarded, "sh", filepath.Join(bin, "mlflow"),
		"server", "--app-name", "basic-auth", "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", "artifacts", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--workers", "1")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = dir, log, log, []*os.File{theirs}
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "MLFLOW_DISABLE_TELEMETRY=true",
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "MLFLOW_AUTH_CONFIG_PATH=auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY=for-tests-only")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	_ = theirs.Close()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		_, _ = log.Close(), ours.Close()
	})
	address = fmt.Sprintf("http://127.0.0.1:%d", port)
	await(t, address, ended, log.Name())
	return address
}

// await polls until the server answers.
func await(t *testing.T, address string, ended <-chan struct{}, log string) {
	t.Helper()
	deadline, tick := time.After(10*time.Minute), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			text, _ := os.ReadFile(log)
			t.Fatalf("the server ended before it answered:\n%s", text)
		case <-deadline:
			t.Fatal("the server does not answer")
		case <-tick.C:
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/health", nil)
			must(t, err)
			if resp, err := http.DefaultClient.Do(r); err == nil {
				_ = resp.Body.Close()
				return
			}
		}
	}
}

// freePort asks the system for a port that nobody uses.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	must(t, err)
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("the address is a %T", listener.Addr())
	}
	return address.Port
}
