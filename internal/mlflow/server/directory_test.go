package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

const (
	probeResponse     = `{"allowed":true,"permission":"NO_PERMISSIONS"}`
	usersList         = "GET " + mlflowtest.UsersPath + "list"
	rolesOfRisk       = "GET " + mlflowtest.RolesPath + "list?workspace=risk"
	serverInfo        = "GET /api/3.0/mlflow/server-info"
	workspacesList    = "GET " + mlflowtest.WorkspacesPath
	getRisk           = "GET " + mlflowtest.WorkspacesPath + "/risk"
	rolesListPath     = "GET " + mlflowtest.RolesPath + "list"
	notFoundPage      = "<title>404 Not Found</title>"
	workspacesEnabled = `{"store_type":"SqlStore","workspaces_enabled":true}`
	someUsers         = `{"users":[{"id":1,"username":"admin","is_admin":true,"roles":[]},{"id":2,"username":"ana","is_admin":false,` +
		`"roles":[]}]}`
	roleWithoutMembers = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[]}]}`
)

// directoryOf returns the directory of a scripted server, with the credentials of an admin.
func directoryOf(t *testing.T, s *mlflowtest.Scripted, change ...func(*mlflow.Options)) *server.Directory {
	t.Helper()
	d, err := server.DirectoryOf(s.Client(&server.Backend{Username: "admin"}, append([]func(*mlflow.Options){mlflowtest.ShortRetryTimeout},
		change...)...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// recordedDirectory returns a recorded server with its directory.
func recordedDirectory(t *testing.T, recording string, responses ...string) (*mlflowtest.Scripted, *server.Directory) {
	t.Helper()
	s := mlflowtest.NewRecorded(t, recording)
	s.Replay("users/permissions/get: the probe")
	s.Replay(responses...)
	return s, directoryOf(t, s)
}

// expectUnsupported checks that an error is an unsupported operation, with all texts.
func expectUnsupported(t *testing.T, err error, texts ...string) {
	t.Helper()
	if _, ok := errors.AsType[*mlflow.UnsupportedError](err); !ok {
		t.Errorf("got error %T: %v, want *UnsupportedError", err, err)
	}
	mlflowtest.ExpectError(t, err, texts...)
}

// expectTakenError checks that an error is a name in use.
func expectTakenError(t *testing.T, err error, noun, name string) {
	t.Helper()
	if taken, ok := errors.AsType[*server.TakenError](err); !ok || taken.Noun != noun || taken.Name != name {
		t.Errorf("got error %T: %v, want *TakenError of %s %q", err, err, noun, name)
	}
}

func TestDirectoryOf_databricks(t *testing.T) {
	t.Parallel()
	_, err := server.DirectoryOf(mlflowtest.NewScripted(t).Client(databricks.Backend{}))
	expectUnsupported(t, err, "databricks/databricks")
}

// TestDirectory_shared checks that the list of users, and that of the roles of a workspace, are read once until a change.
func TestDirectory_shared(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.RBACServer, "users/list: picture", "roles/list: picture")
	read := func(calls int) {
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { _, _ = d.User(t.Context(), "ana") })
			group.Go(func() { _, _ = d.Users(t.Context()) })
			group.Go(func() { _, _ = d.Role(t.Context(), "", "risk") })
			group.Go(func() { _, _ = d.Roles(t.Context(), "default") })
		}
		group.Wait()
		if users, roles := s.Count(usersList), s.Count(rolesListPath); users != 1 || roles != 1 || len(s.Requests()) != calls {
			t.Errorf("got %d lists of users and %d of roles, want 1 each", users, roles)
		}
	}
	read(3) // and one that detects the permission API
	s.Expect(s.RecordedWrite("users/update-admin"))
	if err := d.SetAdmin(t.Context(), "cleo", true); err != nil {
		t.Error(err)
	}
	s.Requests()
	read(2)
}

// TestDirectory_sharesWithPermissions checks that permissions on experiments share the list of users, and are read again after the
// directory changed an object in any workspace.
func TestDirectory_sharesWithPermissions(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	s.Read(rolesOfRisk, mlflowtest.OK(`{"roles":[]}`))
	client := s.Client(&server.Backend{Username: "admin"})
	inRisk, err := client.InWorkspace("risk")
	if err != nil {
		t.Fatal(err)
	}
	d, err := server.DirectoryOf(inRisk)
	if err != nil {
		t.Fatal(err)
	}
	read := func(lists int) {
		t.Helper()
		for _, c := range []*mlflow.Client{client, inRisk} {
			if _, err := c.AccessControl().GetListed(t.Context(), "1"); err != nil {
				t.Error(err)
			}
		}
		if _, err := d.Roles(t.Context(), "risk"); err != nil {
			t.Error(err)
		}
		if got := s.Count(usersList); got != lists {
			t.Errorf("got %d lists of users, want %d", got, lists)
		}
		s.Requests()
	}
	read(1)
	read(0)
	s.Expect(s.RecordedWrite("users/delete"))
	if err := d.DeleteUser(t.Context(), "cleo"); err != nil {
		t.Error(err)
	}
	s.Requests()
	read(1)
}

func TestDirectory_noAuthentication(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	for _, call := range []string{
		usersList, "GET " + mlflowtest.UsersPath + "get?username=ana", "GET " + mlflowtest.UsersPath + "current", rolesList,
		rbacProbe,
		"GET " + mlflowtest.LegacyGrantsPath + "get?experiment_id=0&username=admin",
	} {
		s.Read(call, mlflowtest.PageResponse(http.StatusNotFound, notFoundPage))
	}
	d := directoryOf(t, s)
	_, err := d.Users(t.Context())
	expectUnsupported(t, err, "without authentication", "--app-name basic-auth")
	_, err = d.User(t.Context(), "ana")
	expectUnsupported(t, err, "no users", "without authentication")
	_, err = d.Roles(t.Context(), "")
	expectUnsupported(t, err, "no roles", "without authentication")

	s.Read("GET "+mlflowtest.UsersPath+"current", mlflowtest.OK(`{"user":{"id":1,"username":"admin","is_admin":true}}`))
	_, err = d.Roles(t.Context(), "")
	expectUnsupported(t, err, "forward /api/3.0")
}

// TestDirectory_older checks the endpoints of older versions.
func TestDirectory_older(t *testing.T) {
	t.Parallel()
	t.Run("3.12", func(t *testing.T) {
		s, d := recordedDirectory(t, mlflowtest.LegacyServer, "users/list: admin", "users/get: admin", "users/get: ana", "users/get: ben",
			"permissions/get: the probe", "roles/list: admin", "server-info")
		for range 2 {
			users, err := d.Users(t.Context())
			if got, want := fmt.Sprint(users), "[{admin true []} {ana false []} {ben false []}]"; err != nil || got != want {
				t.Errorf("got %s, error %v; want %s", got, err, want)
			}
		}
		if s.Count(usersList) != 1 || len(s.Requests()) != 4 {
			t.Errorf("got other requests, want one list of users and one read of each")
		}
		if u, err := d.User(t.Context(), "ana"); err != nil || u.Name != "ana" || u.Admin {
			t.Errorf("got %v, error %v", u, err)
		}
		_, err := d.Roles(t.Context(), "")
		expectUnsupported(t, err, "needs MLflow 3.13 or newer", "roles")
		_, err = d.Workspaces(t.Context())
		expectUnsupported(t, err, "--enable-workspaces")
	})
	t.Run("2.22", func(t *testing.T) {
		_, d := recordedDirectory(t, mlflowtest.LegacyServerWithoutList, "users/list: admin", "users/get: admin", "users/get: ana",
			"users/get: missing",
			"permissions/get: the probe", "server-info")
		_, err := d.Users(t.Context())
		expectUnsupported(t, err, "needs MLflow 3.11 or newer", "a list of users")
		u, err := d.User(t.Context(), "admin")
		if err != nil || u.Name != "admin" || !u.Admin {
			t.Errorf("got %v, error %v", u, err)
		}
		if _, err = d.User(t.Context(), "nobody"); !rest.IsNotFound(err) {
			t.Errorf("got error %v, want not found", err)
		}
		_, err = d.Workspaces(t.Context())
		expectUnsupported(t, err, "MLflow 3.10 or newer")
		if has, err := d.HasWorkspaces(t.Context()); has || err != nil {
			t.Errorf("got workspaces %v, error %v", has, err)
		}
	})
}

// TestDirectory_headers checks that requests have no workspace, which may not exist yet, except that for the list of users, which
// members of a workspace can read.
func TestDirectory_headers(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	s.Read(rbacProbe, mlflowtest.OK(probeResponse))
	s.Read(rolesOfRisk, mlflowtest.OK(`{"roles":[]}`))
	s.Read(serverInfo, mlflowtest.OK(workspacesEnabled))
	s.Read(workspacesList, mlflowtest.OK(`{"workspaces":[{"name":"risk"}]}`))
	s.Read(usersList, mlflowtest.OK(someUsers))
	var sent []string
	spy := func(exists bool) *server.Directory {
		sent = nil
		transport := mlflowtest.RoundTripFunc(func(req *http.Request) (*http.Response, error) {
			workspace := req.Header.Get("X-MLFLOW-WORKSPACE")
			sent = append(sent, strings.TrimSpace(req.URL.Path[strings.LastIndex(req.URL.Path, "mlflow/")+7:]+" "+workspace))
			if workspace != "" && !exists {
				return mlflowtest.Reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Workspace 'risk' not found"}`)()
			}
			return s.RoundTrip(req)
		})
		d, err := server.DirectoryOf(mlflowtest.Client(transport, &server.Backend{Username: "admin", Workspace: "risk"}))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, exists := range []bool{true, false} {
		d := spy(exists)
		if _, err := d.Roles(t.Context(), ""); err != nil {
			t.Error(err)
		}
		if _, err := d.Workspace(t.Context(), "risk"); err != nil {
			t.Error(err)
		}
		want := []string{"users/permissions/get", "roles/list", "users/list risk", "users/list", "server-info", "workspaces"}
		if exists {
			want = slices.Delete(want, 3, 4)
		}
		if !slices.Equal(sent, want) {
			t.Errorf("got the requests %q, want %q", sent, want)
		}
	}
}

// TestDirectory_endedContext checks that an object is looked up after its create lost the response because the run ended.
func TestDirectory_endedContext(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	s.Read(usersList, mlflowtest.OK(someUsers))
	ctx, cancel := context.WithCancel(t.Context())
	s.Expect(mlflowtest.Write{
		Call: "POST " + mlflowtest.UsersPath + "create", Body: `{"username":"ben","password":"` + testPassword + `"}`,
		Response:  mlflowtest.LostResponse,
		Meanwhile: cancel, Then: map[string]mlflowtest.Response{usersList: mlflowtest.OK(usersWithBen)},
	})
	if err := directoryOf(t, s).CreateUser(ctx, "ben", testPassword); err != nil {
		t.Error(err)
	}
}
