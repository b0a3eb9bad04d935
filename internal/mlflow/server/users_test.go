package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	testPassword = "correct-horse-battery"
	usersWithBen = `{"users":[{"id":1,"username":"admin","is_admin":true,"roles":[]},{"id":3,"username":"ben","is_admin":false,"roles":[]}]}`
	benCreated   = `{"user":{"id":3,"is_admin":false,"username":"ben"}}`
	// takenWithHash is the response of a server if the name is in use.
	takenWithHash = `{"error_code":"RESOURCE_ALREADY_EXISTS",` +
		`"message":"User (username=ben) already exists. Error: scrypt:32768:8:1$HnFb$12e6b78d"}`
)

func TestUsers(t *testing.T) {
	t.Parallel()
	_, d := recordedDirectory(t, mlflowtest.RBACServer, "users/list: picture")
	users, err := d.Users(t.Context())
	if got, want := fmt.Sprint(users), "[{admin true []} {ana false [{default risk}]} {ben false []}]"; err != nil || got != want {
		t.Errorf("got %s, error %v; want %s", got, err, want)
	}
	if u, err := d.User(t.Context(), "ana"); err != nil || u.Name != "ana" {
		t.Errorf("got %v, error %v", u, err)
	}
	if _, err := d.User(t.Context(), "Ana"); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}
}

// TestUser_denied checks that a user who cannot list users can read their own account.
func TestUser_denied(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.WorkspacesServer, "users/get: oneself", "users/get: another")
	s.Read(usersList, s.RecordedResponse("users/list: ana"))
	u, err := d.User(t.Context(), "ana")
	if err != nil || u.Name != "ana" {
		t.Errorf("got %v, error %v", u, err)
	}
	if _, err := d.User(t.Context(), "ben"); !rest.IsPermissionDenied(err) {
		t.Errorf("got error %v, want permission denied", err)
	}
}

// TestCreateUser checks that a user is created once, also if the response is lost, and that no log and no error contains the password.
func TestCreateUser(t *testing.T) {
	t.Parallel()
	create := mlflowtest.Write{
		Call: "POST " + mlflowtest.UsersPath + "create", Body: `{"username":"ben","password":"` + testPassword + `"}`,
		Response: mlflowtest.OK(benCreated),
		Then:     map[string]mlflowtest.Response{usersList: mlflowtest.OK(usersWithBen)},
	}
	without := func(w mlflowtest.Write) mlflowtest.Write { w.Then = nil; return w }
	then := func(w mlflowtest.Write, a mlflowtest.Response) mlflowtest.Write {
		w.Then = map[string]mlflowtest.Response{usersList: a}
		return w
	}
	taken := mlflowtest.Response{Status: http.StatusBadRequest, MediaType: "application/json", Body: takenWithHash}
	for name, tc := range map[string]struct {
		users  string
		writes []mlflowtest.Write
		taken  bool
		want   string
	}{
		"created":                      {writes: []mlflowtest.Write{create}},
		"existing":                     {users: usersWithBen, taken: true},
		"created by another client":    {writes: []mlflowtest.Write{create.WithResponse(taken)}, taken: true},
		"lost response":                {writes: []mlflowtest.Write{create.WithResponse(mlflowtest.LostResponse)}},
		"gateway timeout, but created": {writes: []mlflowtest.Write{create.WithResponse(mlflowtest.PageResponse(504, "timeout"))}},
		"lost request":                 {writes: []mlflowtest.Write{without(create.WithResponse(mlflowtest.LostResponse)), create}},
		"lost response, then in use": {writes: []mlflowtest.Write{
			without(create.WithResponse(mlflowtest.LostResponse)), create.WithResponse(taken),
		}},
		"a sign-in page": {writes: []mlflowtest.Write{without(create.WithResponse(mlflowtest.PageResponse(200, testPassword)))},
			want: "not shown"},
		"rejected": {writes: []mlflowtest.Write{without(create.WithResponse(mlflowtest.Refuse(400, "INVALID_PARAMETER_VALUE",
			"Too simple: "+testPassword)))}, want: "Too simple: ***"},
		"lost response, failed lookup": {writes: []mlflowtest.Write{then(create.WithResponse(mlflowtest.LostResponse),
			mlflowtest.Refuse(400, "X", "no"))}, want: "could not verify whether it was created"},
		"a user with other values": {writes: []mlflowtest.Write{
			then(create.WithResponse(mlflowtest.LostResponse), mlflowtest.OK(strings.Replace(usersWithBen, `"ben","is_admin":false`,
				`"ben","is_admin":true`, 1))),
		}, taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Read(usersList, mlflowtest.OK(someUsers))
				if tc.users != "" {
					s.Read(usersList, mlflowtest.OK(tc.users))
				}
				s.Expect(tc.writes...)
				logged := ""
				d := directoryOf(t, s, func(o *mlflow.Options) {
					o.Log = func(_ context.Context, e rest.Exchange) { logged += fmt.Sprintf("%+v", e) }
				})
				err := d.CreateUser(t.Context(), "ben", testPassword)
				if tc.taken {
					expectTakenError(t, err, "user", "ben")
				} else {
					mlflowtest.ExpectError(t, err, tc.want)
				}
				for _, secret := range []string{testPassword, "scrypt"} {
					if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text+logged, secret) {
						t.Errorf("got error %s and log %s, want neither to contain %q", text, logged, secret)
					}
				}
			})
		})
	}
}

func TestCreateUser_recorded(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.RBACServer, "users/list: admin")
	var body struct{ Username, Password string }
	password := recordedBody(t, s.Exchange("users/create"), &body).Password
	s.Expect(s.RecordedWrite("users/create"))
	if err := d.CreateUser(t.Context(), "cleo", password); err != nil {
		t.Error(err)
	}
	s.Expect(s.RecordedWrite("users/create: short password"))
	mlflowtest.ExpectError(t, d.CreateUser(t.Context(), "dan", "short"), "Password must be at least 12 characters (INVALID")
	w := s.RecordedWrite("users/create: taken")
	w.Then = map[string]mlflowtest.Response{usersList: s.RecordedResponse("users/list: cleo")}
	s.Expect(w)
	expectTakenError(t, d.CreateUser(t.Context(), "cleo", password), "user", "cleo")
}

// TestUserWrites checks the responses of real servers to the other changes of users.
func TestUserWrites(t *testing.T) {
	t.Parallel()
	for _, recording := range mlflowtest.Servers {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			s, d := recordedDirectory(t, recording, "users/list: admin", "users/get: missing")
			s.Read("GET "+mlflowtest.UsersPath+"get?username=cleo", s.RecordedResponse("users/get: missing"))
			var body struct{ Username, Password string }
			s.Expect(s.RecordedWrite("users/update-password"), s.RecordedWrite("users/update-admin"), s.RecordedWrite("users/delete"),
				s.RecordedWrite("users/delete: missing"))
			for name, err := range map[string]error{
				"password": d.SetPassword(t.Context(), "cleo", recordedBody(t, s.Exchange("users/update-password"), &body).Password),
				"admin":    d.SetAdmin(t.Context(), "cleo", true),
				"delete":   d.DeleteUser(t.Context(), "cleo"),
				"again":    d.DeleteUser(t.Context(), "cleo"),
			} {
				if err != nil {
					t.Errorf("%s: got error %v, want none", name, err)
				}
			}
			s.Expect(s.RecordedWrite("users/update-password: missing"), s.RecordedWrite("users/update-admin: missing"))
			password := recordedBody(t, s.Exchange("users/update-password: missing"), &body).Password
			if err := d.SetPassword(t.Context(), "nobody", password); !rest.IsNotFound(err) {
				t.Errorf("got error %v, want not found", err)
			}
			if err := d.SetAdmin(t.Context(), "nobody", true); !rest.IsNotFound(err) {
				t.Errorf("got error %v, want not found", err)
			}
		})
	}
}

// TestDeleteUser checks that "not found" is success only if a lookup confirms it.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	remove := mlflowtest.Write{
		Call: "DELETE " + mlflowtest.UsersPath + "delete", Body: `{"username":"ben"}`,
		Response: mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "User with username=ben not found"),
	}
	for name, tc := range map[string]struct {
		writes []mlflowtest.Write
		left   string
		want   string
	}{
		"not found":            {[]mlflowtest.Write{remove}, someUsers, ""},
		"lost, then not found": {[]mlflowtest.Write{remove.WithResponse(mlflowtest.LostResponse), remove}, someUsers, ""},
		"still listed":         {[]mlflowtest.Write{remove}, usersWithBen, "not found"},
		"page of a gateway": {[]mlflowtest.Write{remove.WithResponse(mlflowtest.PageResponse(404, "nginx"))}, someUsers,
			"has no such endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Read(usersList, mlflowtest.OK(tc.left))
				s.Expect(tc.writes...)
				mlflowtest.ExpectError(t, directoryOf(t, s).DeleteUser(t.Context(), "ben"), tc.want)
			})
		})
	}
}

func TestDirectoryCaller(t *testing.T) {
	t.Parallel()
	_, d := recordedDirectory(t, mlflowtest.RBACServer, "users/current: admin", "current/permissions: admin")
	caller, err := d.Caller(t.Context())
	if err != nil || !caller.Admin || caller.Principal.Name != "admin" {
		t.Errorf("got %+v, error %v", caller, err)
	}
}
