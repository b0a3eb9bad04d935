//go:build clients || mlflow

package mlflowtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Installations is the environment variable for the folder with an installation of MLflow for each version (see
// scripts/mlflow-servers.sh).
const Installations = "TEST_MLFLOW_DIR"

// AdminName is the username of the server admin, on servers with authentication.
const AdminName = "admin"

// ServerOptions configure a real MLflow server.
type ServerOptions struct {
	// Version is the version of MLflow.
	Version string
	// Password is that of the server admin, "" for no authentication. With authentication, users without a grant can read.
	Password string
	// Workspaces enables MLflow workspaces.
	Workspaces bool
	// Postgres is the folder with the socket of a PostgreSQL server (see scripts/postgres.sh), "" for SQLite.
	Postgres string
	// Make is the command that installs MLflow and runs the test, for messages.
	Make string
}

// Server is a real MLflow server.
type Server struct {
	URL     string
	options ServerOptions
	folder  string // the working directory, for the databases and the log
	bin     string // the folder of the mlflow command
}

// StartServer starts an empty server, waits until it responds, and stops it when the test ends. If the test fails, it logs the errors of
// the server.
func StartServer(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	installed := os.Getenv(Installations)
	if installed == "" || o.Version == "" {
		t.Fatalf("%s or the variable with the version of MLflow is not set: run the tests with `%s`", Installations, o.Make)
	}
	port := freePort(t)
	s := &Server{"http://127.0.0.1:" + port, o, t.TempDir(), filepath.Join(installed, o.Version, "bin")}
	arguments := []string{
		"server", "--backend-store-uri", s.Database("tracking"), "--artifacts-destination", "artifacts",
		"--host", "127.0.0.1", "--port", port, "--workers", "1",
	}
	if o.Password != "" {
		s.writeAuthConfig(t)
		arguments = append(arguments, "--app-name", "basic-auth")
	}
	if o.Workspaces {
		arguments = append(arguments, "--enable-workspaces")
	}
	started := time.Now()
	s.await(t, s.run(t, arguments))
	t.Logf("MLflow %s responds after %s", o.Version, time.Since(started).Round(100*time.Millisecond))
	return s
}

// Database returns the URI of one of the server's databases, tracking or auth.
func (s *Server) Database(name string) string {
	if s.options.Postgres != "" {
		return "postgresql+psycopg2://mlflow@/" + name + "?host=" + s.options.Postgres
	}
	return "sqlite:///" + filepath.Join(s.folder, name+".db")
}

func (s *Server) writeAuthConfig(t *testing.T) {
	t.Helper()
	// Checking a password takes a tenth of a second, by design. Since 3.12, auth_cache_ttl_seconds avoids this; MLflow 2 ignores it.
	config := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = %s\nadmin_username = %s\nadmin_password = %s\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 3600\n",
		s.Database("auth"), AdminName, s.options.Password)
	if err := os.WriteFile(filepath.Join(s.folder, "auth.ini"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Command returns an mlflow command in the server's folder. From the environment of the test, it inherits only PATH.
func (s *Server) Command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "mlflow"), arguments...)
	cmd.Dir = s.folder
	cmd.Env = []string{
		"PATH=" + s.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + s.folder, "TMPDIR=" + s.folder,
		"MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
	}
	if s.options.Password != "" {
		cmd.Env = append(cmd.Env, "MLFLOW_AUTH_CONFIG_PATH=auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY=for-tests-only")
	}
	return cmd
}

// guarded is a shell script that runs the command in its arguments, and ends its whole process group when file 3 is closed.
const guarded = `(cat <&3; kill -KILL 0) & exec 3<&- "$@"`

// run starts the server in a separate process group, because it has workers. The test ends the group by its ID. If the test is interrupted,
// the operating system closes its end of the pipe, which also ends the group.
func (s *Server) run(t *testing.T, arguments []string) (ended <-chan error) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.Command(context.Background(), arguments...) // the test's context ends before its cleanup
	cmd.Args = append([]string{"sh", "-c", guarded, "sh", cmd.Path}, arguments...)
	cmd.Path = "/bin/sh"
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	done, waited := make(chan error, 1), make(chan struct{})
	go func() {
		done <- cmd.Wait()
		close(waited)
	}()
	t.Cleanup(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("stopping the server: %s", err)
		}
		<-waited
		_, _ = log.Close(), ours.Close()
		if t.Failed() {
			showLog(t, log.Name())
		}
	})
	return done
}

// await polls until the server responds. The first start creates the databases, which can take minutes on a busy machine.
func (s *Server) await(t *testing.T, ended <-chan error) {
	t.Helper()
	deadline, tick := time.After(10*time.Minute), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			t.Fatalf("the server exited before it responded: %v. Is MLflow installed in %s? `%s` installs it", err, s.bin, s.options.Make)
		case <-deadline:
			t.Fatal("the server did not respond in time")
		case <-tick.C:
			if s.healthy(t) {
				return
			}
		}
	}
}

func (s *Server) healthy(t *testing.T) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// freePort returns a port that is not in use.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed immediately
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// showLog logs the end of the server's log, without its requests.
func showLog(t *testing.T, log string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Log(err)
		return
	}
	complaints := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.Contains(line, "INFO") })
	const most = 200
	t.Logf("end of the server log:\n%s", strings.Join(complaints[max(0, len(complaints)-most):], "\n"))
}
