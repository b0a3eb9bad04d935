//go:build clients

package clienttest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The accounts of the MLflow server: its admin, and a user without grants.
const (
	adminName = "admin"
	otherName = "ana"
	password  = "clients-password-1234"
)

// guarded is a shell script that becomes the command of its arguments, and ends its whole process group when file 3 is closed.
const guarded = `(cat <&3; kill -KILL 0) & exec 3<&- "$@"`

// startMLflow starts an MLflow server with authentication, on which users without a grant can read, and returns its URL. It ends with the
// test: its process group also ends when the test is interrupted and the system closes its end of a pipe.
func startMLflow(t *testing.T) (url string) {
	t.Helper()
	installed, version := os.Getenv("TEST_MLFLOW_DIR"), os.Getenv("TEST_MLFLOW_NEWEST")
	if installed == "" || version == "" {
		t.Fatal("TEST_MLFLOW_DIR and TEST_MLFLOW_NEWEST are not set: run the tests with `make test-clients`")
	}
	dir, bin, port := t.TempDir(), filepath.Join(installed, version, "bin"), freePort(t)
	config := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///%s\nadmin_username = %s\nadmin_password = %s\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 3600\n",
		filepath.Join(dir, "auth.db"), adminName, password)
	must(t, os.WriteFile(filepath.Join(dir, "auth.ini"), []byte(config), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	must(t, err)
	theirs, ours, err := os.Pipe()
	must(t, err)
	// The test's context ends before its cleanup.
	cmd := exec.CommandContext(context.Background(), "sh", "-c", guarded, "sh", filepath.Join(bin, "mlflow"),
		"server", "--app-name", "basic-auth", "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", "artifacts", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--workers", "1")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = dir, log, log, []*os.File{theirs}
	cmd.Env = []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "MLFLOW_DISABLE_TELEMETRY=true",
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "MLFLOW_AUTH_CONFIG_PATH=auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY=for-tests-only",
	}
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
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the log of the MLflow server:\n%s", text)
		}
	})
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	await(t, url, ended)
	other := fmt.Sprintf(`{"username": %q, "password": %q}`, otherName, password)
	if status := send(t, http.MethodPost, url+"/api/2.0/mlflow/users/create", other); status != http.StatusOK {
		t.Fatalf("creating a user: status %d", status)
	}
	return url
}

// await polls until the server answers.
func await(t *testing.T, url string, ended <-chan struct{}) {
	t.Helper()
	deadline, tick := time.After(10*time.Minute), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			t.Fatal("the MLflow server ended before it answered")
		case <-deadline:
			t.Fatal("the MLflow server does not answer")
		case <-tick.C:
			if send(t, http.MethodGet, url+"/health", "") == http.StatusOK {
				return
			}
		}
	}
}

// send sends a request as the admin, and returns the status, or 0 if there is no response.
func send(t *testing.T, method, url, body string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	r.SetBasicAuth(adminName, password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
