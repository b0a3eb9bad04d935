//go:build mlflow

package provider_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// The admin of every server with authentication, and the folder of its installations (see scripts/mlflow-servers.sh).
const (
	adminName     = "admin"
	adminPassword = "admin-password-1234"
	installations = "TEST_MLFLOW_DIR"
	// postgresFolder is the folder of a PostgreSQL server's socket, or says why there is none (see scripts/postgres.sh).
	postgresFolder = "TEST_POSTGRES"
)

// grantsAPI is a generation of a server's permission API.
type grantsAPI string

const (
	noGrants grantsAPI = ""
	// rbacGrants: users and roles, read whole by admins.
	rbacGrants grantsAPI = "rbac"
	// listedGrants: the calls for each experiment, and a list of users. unlistedGrants: without that list.
	listedGrants   grantsAPI = "listed"
	unlistedGrants grantsAPI = "unlisted"
)

// serverKind is one row of the matrix: a version of MLflow, how it is started, and what it can do then.
type serverKind struct {
	// version is the variable that holds the version's number.
	version    string
	grants     grantsAPI
	workspaces bool
	// postgres: its databases are on PostgreSQL, not SQLite.
	postgres bool
	// anyHost: no host name is refused.
	anyHost bool
	// DeletesTags and LongestValue: see backend.
	deletesTags  bool
	longestValue int
}

// serverKinds is the matrix. Each server is started once, and serves all tests of its row.
var serverKinds = map[string]serverKind{
	"newest plain":           {version: "TEST_MLFLOW_NEWEST", deletesTags: true, longestValue: 20000},
	"newest basic auth":      {version: "TEST_MLFLOW_NEWEST", deletesTags: true, longestValue: 20000, grants: rbacGrants},
	"newest with workspaces": {version: "TEST_MLFLOW_NEWEST", deletesTags: true, longestValue: 20000, grants: rbacGrants, workspaces: true},
	"newest on PostgreSQL": {
		version: "TEST_MLFLOW_NEWEST", deletesTags: true, longestValue: 20000, grants: rbacGrants, workspaces: true, postgres: true,
	},
	"3.12 basic auth": {version: "TEST_MLFLOW_LEGACY", deletesTags: true, longestValue: 5000, grants: listedGrants},
	"2.22 plain":      {version: "TEST_MLFLOW_OLD", longestValue: 5000, anyHost: true},
	"2.22 basic auth": {version: "TEST_MLFLOW_OLD", longestValue: 5000, anyHost: true, grants: unlistedGrants},
}

func TestServers(t *testing.T) {
	for row, kind := range serverKinds {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, kind)
			for name, scenario := range serverScenarios(kind) {
				t.Run(name, func(t *testing.T) { scenario(t, s) })
			}
			if kind.grants != unlistedGrants { // every call costs there, and the plain one says it all
				runScenarios(t, s.Backend)
			}
		})
	}
}

// server is a running MLflow server.
type server struct {
	*acctest.Backend
	kind serverKind
	// folder holds its databases; bin is where its mlflow command is.
	folder, bin string
}

// startServer starts a server, waits until it answers, and ends it with the test.
func startServer(t *testing.T, kind serverKind) *server {
	t.Helper()
	version := os.Getenv(kind.version)
	if version == "" || os.Getenv(installations) == "" {
		t.Fatalf("%s and %s are not set: run the tests with `make test-mlflow`", installations, kind.version)
	}
	s := &server{kind: kind, folder: t.TempDir(), bin: filepath.Join(os.Getenv(installations), version, "bin")}
	if why, missing := strings.CutPrefix(os.Getenv(postgresFolder), "not available: "); kind.postgres && missing {
		t.Skipf("NOT RUN: %s", why)
	} else if kind.postgres && os.Getenv(postgresFolder) == "" {
		t.Fatalf("%s is not set: run the tests with `make test-mlflow`", postgresFolder)
	}
	port := freePort(t)
	s.Backend = s.describe(fmt.Sprintf("http://127.0.0.1:%d", port))
	arguments := []string{
		"server", "--backend-store-uri", s.database("tracking"), "--artifacts-destination", "artifacts", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--workers", "1",
	}
	if kind.grants != noGrants {
		s.writeAuthConfig(t)
		arguments = append(arguments, "--app-name", "basic-auth")
	}
	if kind.workspaces {
		arguments = append(arguments, "--enable-workspaces")
	}
	log := filepath.Join(s.folder, "log")
	t.Cleanup(func() {
		if t.Failed() {
			showLog(t, log)
		}
	})
	started := time.Now()
	ended := s.run(t, log, arguments)
	s.await(t, ended)
	t.Logf("MLflow %s answers after %s", version, time.Since(started).Round(100*time.Millisecond))
	return s
}

// version is the server's version of MLflow.
func (s *server) version() string { return os.Getenv(s.kind.version) }

// describe tells what the server can do.
func (s *server) describe(url string) *acctest.Backend {
	b := &acctest.Backend{
		URL: url, Address: "tracking_uri", Settings: map[string]any{}, Header: http.Header{},
		DeletesTags: s.kind.deletesTags, KeepsNames: true, PlacesArtifacts: !s.kind.workspaces, LongestValue: s.kind.longestValue,
		BadTags: map[string]string{
			strings.Repeat("k", 251): "too long a key", "long value": strings.Repeat("v", 20001), "a@b": "x", "a/../b": "x", "./a": "x", "/a": "x", "a//b": "x",
			"a/": "x", ".": "x", "..": "x", "a,b": "x", "emoji ☃": "x",
		},
	}
	if s.kind.grants != noGrants {
		b.Settings = map[string]any{"username": adminName, "password": adminPassword}
		b.Header.Set("Authorization", basic(adminName, adminPassword))
	}
	return b
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// database is the address of a database of the server, tracking or auth.
func (s *server) database(name string) string {
	if s.kind.postgres {
		return "postgresql+psycopg2://mlflow@/" + name + "?host=" + os.Getenv(postgresFolder)
	}
	return "sqlite:///" + filepath.Join(s.folder, name+".db")
}

func (s *server) writeAuthConfig(t *testing.T) {
	t.Helper()
	// Checking a password takes a tenth of a second on purpose. The cache spares that from 3.12 on; MLflow 2 does not know it.
	config := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = %s\nadmin_username = %s\nadmin_password = %s\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 3600\n",
		s.database("auth"), adminName, adminPassword)
	if err := os.WriteFile(filepath.Join(s.folder, "auth.ini"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is an mlflow command with the server's settings.
func (s *server) command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "mlflow"), arguments...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	if s.kind.grants != noGrants {
		cmd.Env = append(cmd.Env, "MLFLOW_AUTH_CONFIG_PATH=auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY=for-tests-only")
	}
	return cmd
}

// guarded is a shell script that becomes the command of its arguments, and ends its whole process group when file 3 is closed.
const guarded = `(cat <&3; kill -KILL 0) & exec 3<&- "$@"`

// run starts the server in a process group of its own, for it has workers. The test ends the group by its id; when the test is
// interrupted and can't, the system closes its end of the pipe, which ends the group too.
func (s *server) run(t *testing.T, log string, arguments []string) (ended <-chan error) {
	t.Helper()
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command(context.Background(), arguments...) // the test's context ends before its cleanup
	cmd.Args = append([]string{"sh", "-c", guarded, "sh", cmd.Path}, arguments...)
	cmd.Path = "/bin/sh"
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stdout, cmd.Stderr = file, file
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
			t.Errorf("end the server: %s", err)
		}
		<-waited
		_ = file.Close()
		_ = ours.Close()
	})
	return done
}

// await polls until the server answers. A first start makes the databases, which takes its time on a busy machine.
func (s *server) await(t *testing.T, ended <-chan error) {
	t.Helper()
	deadline := time.After(10 * time.Minute)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			t.Fatalf("the server ended before it answered: %v. Is MLflow installed in %s? `make test-mlflow` installs it", err, s.bin)
		case <-deadline:
			t.Fatal("the server does not answer")
		case <-tick.C:
			if s.healthy(t) {
				return
			}
		}
	}
}

func (s *server) healthy(t *testing.T) bool {
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

// freePort asks the system for a port that nobody uses.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("the address is a %T", listener.Addr())
	}
	return address.Port
}

// showLog puts what the server complained about into the test's log. Its list of requests is left out.
func showLog(t *testing.T, log string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Log(err)
		return
	}
	complaints := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.Contains(line, "INFO") })
	const most = 200
	t.Logf("the end of the server's log:\n%s", strings.Join(complaints[max(0, len(complaints)-most):], "\n"))
}

// purge removes a deleted experiment for good, as whoever operates the server does.
func (s *server) purge(t *testing.T, id string) {
	t.Helper()
	cmd := s.command(t.Context(), "gc", "--backend-store-uri", s.database("tracking"), "--experiment-ids", id)
	cmd.Env = append(cmd.Env, "MLFLOW_TRACKING_URI="+s.URL, "MLFLOW_TRACKING_USERNAME="+adminName, "MLFLOW_TRACKING_PASSWORD="+adminPassword)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mlflow gc: %s\n%s", err, out)
	}
}

// person is a user who is no admin.
type person struct{ name, password string }

// addUser makes a user.
func (s *server) addUser(t *testing.T) person {
	t.Helper()
	p := person{name: fmt.Sprintf("user-%d", acctest.Counter.Add(1)), password: "users-password-1234"}
	s.MustCall(t, "POST", "/api/2.0/mlflow/users/create", map[string]any{"username": p.name, "password": p.password})
	return p
}

// settings are the credentials in a provider block.
func (p person) settings() map[string]any {
	return map[string]any{"username": p.name, "password": p.password}
}

// as gives the backend as another person sees it.
func (s *server) as(p person) *acctest.Backend {
	b := *s.Backend
	b.Settings = maps.Clone(b.Settings)
	maps.Copy(b.Settings, p.settings())
	b.Header = b.Header.Clone()
	b.Header.Set("Authorization", basic(p.name, p.password))
	return &b
}
