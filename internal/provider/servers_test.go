//go:build mlflow

package provider_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// The admin of every server with authentication.
const (
	adminName     = mlflowtest.AdminName
	adminPassword = "admin-password-1234"
	// postgresFolder is the folder with the socket of a PostgreSQL server, or the reason that there is none (see scripts/postgres.sh).
	postgresFolder = "TEST_POSTGRES"
)

// grantsAPI is a generation of a server's permission API.
type grantsAPI string

const (
	noGrants grantsAPI = ""
	// rbacGrants: users and roles, completely visible only to admins.
	rbacGrants grantsAPI = "rbac"
	// listedGrants: requests for each experiment, and a list of users. unlistedGrants: without that list.
	listedGrants   grantsAPI = "listed"
	unlistedGrants grantsAPI = "unlisted"
)

// serverKind is one row of the matrix: a version of MLflow, its options, and its features.
type serverKind struct {
	// version is the environment variable with the version number.
	version    string
	grants     grantsAPI
	workspaces bool
	// postgres: its databases are on PostgreSQL, not SQLite.
	postgres bool
	// anyHost: every host name is accepted.
	anyHost bool
	// deletesTags and maxTagValue: see acctest.Backend.
	deletesTags bool
	maxTagValue int
}

// serverKinds is the matrix. Each server is started once for all tests of its row.
var serverKinds = map[string]serverKind{
	"newest plain":           {version: "TEST_MLFLOW_NEWEST", deletesTags: true, maxTagValue: 20000},
	"newest basic auth":      {version: "TEST_MLFLOW_NEWEST", deletesTags: true, maxTagValue: 20000, grants: rbacGrants},
	"newest with workspaces": {version: "TEST_MLFLOW_NEWEST", deletesTags: true, maxTagValue: 20000, grants: rbacGrants, workspaces: true},
	"newest on PostgreSQL": {
		version: "TEST_MLFLOW_NEWEST", deletesTags: true, maxTagValue: 20000, grants: rbacGrants, workspaces: true, postgres: true,
	},
	"3.12 basic auth": {version: "TEST_MLFLOW_LEGACY", deletesTags: true, maxTagValue: 5000, grants: listedGrants},
	"2.22 plain":      {version: "TEST_MLFLOW_OLD", maxTagValue: 5000, anyHost: true},
	"2.22 basic auth": {version: "TEST_MLFLOW_OLD", maxTagValue: 5000, anyHost: true, grants: unlistedGrants},
}

func TestServers(t *testing.T) {
	for row, kind := range serverKinds {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, kind)
			for name, scenario := range serverScenarios(kind) {
				t.Run(name, func(t *testing.T) { scenario(t, s) })
			}
			if kind.grants != unlistedGrants { // requests are slow there, and the row "2.22 plain" runs the same version
				runScenarios(t, s.Backend)
			}
		})
	}
}

// server is a running MLflow server.
type server struct {
	*acctest.Backend
	kind    serverKind
	process *mlflowtest.Server
}

// startServer starts a server, and stops it at the end of the test.
func startServer(t *testing.T, kind serverKind) *server {
	t.Helper()
	version := os.Getenv(kind.version)
	if version == "" || os.Getenv(mlflowtest.Installations) == "" {
		t.Fatalf("%s and %s are not set: run the tests with `make test-mlflow`", mlflowtest.Installations, kind.version)
	}
	postgres := ""
	if kind.postgres {
		postgres = os.Getenv(postgresFolder)
		if why, missing := strings.CutPrefix(postgres, "not available: "); missing {
			t.Skipf("NOT RUN: %s", why)
		} else if postgres == "" {
			t.Fatalf("%s is not set: run the tests with `make test-mlflow`", postgresFolder)
		}
	}
	options := mlflowtest.ServerOptions{Version: version, Workspaces: kind.workspaces, Postgres: postgres, Make: "make test-mlflow"}
	if kind.grants != noGrants {
		options.Password = adminPassword
	}
	s := &server{kind: kind, process: mlflowtest.StartServer(t, options)}
	s.Backend = s.describe(s.process.URL)
	return s
}

// version is the server's version of MLflow.
func (s *server) version() string { return os.Getenv(s.kind.version) }

// describe describes the features of the server.
func (s *server) describe(url string) *acctest.Backend {
	b := &acctest.Backend{
		URL: url, URLArgument: "tracking_uri", Settings: map[string]any{}, Header: http.Header{},
		DeletesTags: s.kind.deletesTags, ReservesNames: true, SetsArtifactLocation: !s.kind.workspaces, MaxTagValue: s.kind.maxTagValue,
		RejectedTags: map[string]string{
			strings.Repeat("k", 251): "too long a key", "long value": strings.Repeat("v", 20001), "a@b": "x", "a/../b": "x", "./a": "x", "/a": "x",
			"a//b": "x",
			"a/":   "x", ".": "x", "..": "x", "a,b": "x", "emoji ☃": "x",
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

// purge purges a deleted experiment, like an operator of the server.
func (s *server) purge(t *testing.T, id string) {
	t.Helper()
	cmd := s.process.Command(t.Context(), "gc", "--backend-store-uri", s.process.Database("tracking"), "--experiment-ids", id)
	cmd.Env = append(cmd.Env, "MLFLOW_TRACKING_URI="+s.URL, "MLFLOW_TRACKING_USERNAME="+adminName, "MLFLOW_TRACKING_PASSWORD="+adminPassword)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mlflow gc: %s\n%s", err, out)
	}
}

// person is a user who is not an admin.
type person struct{ name, password string }

// addUser creates a user.
func (s *server) addUser(t *testing.T) person {
	t.Helper()
	p := person{name: acctest.UniqueName("user"), password: "users-password-1234"}
	s.MustDo(t, "POST", "/api/2.0/mlflow/users/create", map[string]any{"username": p.name, "password": p.password})
	return p
}

// settings returns the credentials for a provider block.
func (p person) settings() map[string]any {
	return map[string]any{"username": p.name, "password": p.password}
}

// as returns the backend with the credentials of another user.
func (s *server) as(p person) *acctest.Backend {
	b := *s.Backend
	b.Settings = maps.Clone(b.Settings)
	maps.Copy(b.Settings, p.settings())
	b.Header = b.Header.Clone()
	b.Header.Set("Authorization", basic(p.name, p.password))
	return &b
}
