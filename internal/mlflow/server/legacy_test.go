package server_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// newLegacyServer returns MLflow 3.12 as recorded when ben has EDIT on experiment 1, and its creator admin MANAGE.
func newLegacyServer(t *testing.T) recordedServer {
	t.Helper()
	s := recordedServer{mlflowtest.NewRecorded(t, mlflowtest.LegacyServer)}
	s.Replay("users/permissions/get: the probe", "permissions/get: the probe", "users/list: admin", "users/get: admin", "users/get: ana",
		"users/get: with rows", "get", "get: missing")
	s.setLegacyLevel("ben", "EDIT")
	s.setLegacyLevel("ana", "")
	s.setLegacyLevel("nobody", "")
	return s
}

func legacyGet(username string) string {
	return "GET " + mlflowtest.LegacyGrantsPath + "get?experiment_id=1&username=" + username
}

// legacyRow returns the response about a grant.
func legacyRow(level string) string {
	return fmt.Sprintf(`{"experiment_permission":{"experiment_id":"1","permission":%q,"user_id":3}}`, level)
}

// legacyResponse returns the response about the grant of a user, "" for none.
func (s recordedServer) legacyResponse(level string) mlflowtest.Response {
	if level == "" {
		return s.RecordedResponse("permissions/get: no row")
	}
	return mlflowtest.OK(legacyRow(level))
}

// setLegacyLevel sets the grant of a user on experiment 1.
func (s recordedServer) setLegacyLevel(username, level string) {
	s.Read(legacyGet(username), s.legacyResponse(level))
}

// legacyWrite returns the request to create (POST), change (PATCH), or delete (DELETE) the grant of a user.
func (s recordedServer) legacyWrite(method, username, level string) mlflowtest.Write {
	of := map[string]string{"POST": "create", "PATCH": "update", "DELETE": "delete"}[method]
	w := mlflowtest.Write{Call: method + " " + mlflowtest.LegacyGrantsPath + of,
		Body:     fmt.Sprintf(`{"experiment_id":"1","username":%q,"permission":%q}`, username, level),
		Response: s.RecordedResponse("permissions/" + of)}
	if method == "DELETE" {
		w.Body = fmt.Sprintf(`{"experiment_id":"1","username":%q}`, username)
	}
	w.Then = map[string]mlflowtest.Response{legacyGet(username): s.legacyResponse(level)}
	return w
}

func TestLegacy_readsUserByUser(t *testing.T) {
	t.Parallel()
	s := newLegacyServer(t)
	access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
	acl, err := access.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	mlflowtest.ExpectLevels(t, acl, map[string]string{"user admin": "CAN_MANAGE; CAN_MANAGE from admin", "user ben": "CAN_EDIT"})
	if n := s.Count("GET " + mlflowtest.UsersPath + "get"); n != 3 {
		t.Errorf("got %d reads of users, want 3", n)
	}
	s.Requests()
	if acl, err = access.GetListed(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	mlflowtest.ExpectLevels(t, acl, map[string]string{"user admin": "CAN_MANAGE; CAN_MANAGE from admin"})
	s.ExpectRequests()
}

// TestLegacy_cannotReadAll checks that the error reports that single grants can be managed.
func TestLegacy_cannotReadAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ recording, response, wantErr string }{
		"no list of users":   {mlflowtest.LegacyServerWithoutList, "users/list: admin", "cannot list its users"},
		"not a server admin": {mlflowtest.LegacyServer, "users/list: ana", "only for server admins"},
		"no longer an admin": {mlflowtest.LegacyServer, "users/get: another", "only for server admins"},
		"another error":      {mlflowtest.LegacyServer, "get: missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, tc.recording)
			s.Replay("users/permissions/get: the probe", "permissions/get: the probe")
			s.Read("GET "+mlflowtest.UsersPath+"list", s.RecordedResponse(tc.response))
			_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Get(t.Context(), "1")
			var unsupported *mlflow.UnsupportedError
			if errors.As(err, &unsupported) != (tc.wantErr != "") || err == nil {
				t.Fatalf("got error %v", err)
			}
			if tc.wantErr != "" {
				mlflowtest.ExpectError(t, err, tc.wantErr)
				if !unsupported.Single {
					t.Error("got Single false, want true")
				}
			}
		})
	}
	t.Run("one user cannot be read", func(t *testing.T) {
		t.Parallel()
		s := newLegacyServer(t)
		s.Read("GET "+mlflowtest.UsersPath+"get?username=ana", s.RecordedResponse("users/get: another"))
		if acl, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Get(t.Context(), "1"); err == nil {
			t.Errorf("got %v without the grants of a user, want an error", mlflowtest.Levels(acl))
		}
	})
	t.Run("the response is about another user", func(t *testing.T) {
		t.Parallel()
		s := newLegacyServer(t)
		s.Read("GET "+mlflowtest.UsersPath+"get?username=ana", s.RecordedResponse("users/get: with rows"))
		if acl, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Get(t.Context(), "1"); err == nil {
			t.Errorf("got %v with the grants of ben twice, want an error", mlflowtest.Levels(acl))
		}
	})
}

func TestLegacy_changesOneGrant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		username, to string
		writes       func(s recordedServer) []mlflowtest.Write
		wantErr      string
	}{
		"a new grant": {"ana", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("POST", "ana", "READ")}
		}, ""},
		"another level": {"ben", "NO_PERMISSIONS", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("PATCH", "ben", "NO_PERMISSIONS")}
		}, ""},
		"the same level": {"ben", mlflow.LevelEdit, func(recordedServer) []mlflowtest.Write { return nil }, ""},
		"revoke": {"ben", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("DELETE", "ben", "")}
		}, ""},
		"revoke without a grant": {"ana", "", func(recordedServer) []mlflowtest.Write { return nil }, ""},
		"revoke without an effect": {"ben", "", func(s recordedServer) []mlflowtest.Write {
			w := s.legacyWrite("DELETE", "ben", "")
			w.Then = nil
			return []mlflowtest.Write{w}
		}, `still lists the grant to "ben"`},
		"a grant with a lost response": {"ana", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("POST", "ana", "READ").WithResponse(mlflowtest.LostResponse),
				s.legacyWrite("POST", "ana", "READ").WithResponse(s.RecordedResponse("permissions/create: there is one"))}
		}, ""},
		"a revoke with a lost response": {"ben", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("DELETE", "ben", "").WithResponse(mlflowtest.LostResponse),
				s.legacyWrite("DELETE", "ben", "").WithResponse(s.RecordedResponse("permissions/delete: no row"))}
		}, ""},
		"a grant by another client meanwhile": {"ana", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("POST", "ana", "READ").WithResponse(s.RecordedResponse("permissions/create: there is one"))}
		}, "already exists"},
		"a response of a proxy": {"ana", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.legacyWrite("POST", "ana", "READ").WithResponse(mlflowtest.OK(`{"status":"ok"}`))}
		}, "experiment_permission"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newLegacyServer(t)
				s.Expect(tc.writes(s)...)
				access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
				var err error
				if tc.to == "" {
					err = access.Revoke(t.Context(), "1", mlflowtest.User(tc.username))
				} else {
					_, err = access.Grant(t.Context(), "1", mlflow.Grant{Principal: mlflowtest.User(tc.username), Level: tc.to})
				}
				mlflowtest.ExpectError(t, err, tc.wantErr)
			})
		})
	}
}

func TestLegacy_Level(t *testing.T) {
	t.Parallel()
	s := newLegacyServer(t)
	access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
	for username, want := range map[string]string{"ben": mlflow.LevelEdit, "ana": "", "nobody": ""} {
		granted, err := access.Level(t.Context(), "1", mlflowtest.User(username))
		if err != nil || granted.Level != want || granted.Created.IsZero() {
			t.Errorf("%s: got %+v, error %v; want %q", username, granted, err, want)
		}
	}
	s.Read(legacyGet("ben"), mlflowtest.OK(`{"experiment_permission":{"experiment_id":"7","permission":"EDIT","user_id":3}}`))
	if granted, err := access.Level(t.Context(), "1", mlflowtest.User("ben")); err == nil {
		t.Errorf("got %+v from the grant on another experiment, want an error", granted)
	}
}

func TestLegacy_Set(t *testing.T) {
	t.Parallel()
	s := newLegacyServer(t)
	readWith := s.RecordedResponse("users/get: with rows")
	remaining := mlflowtest.Response{Status: 200, MediaType: readWith.MediaType,
		Body: `{"user":{"experiment_permissions":[{"experiment_id":"1","permission":"READ","user_id":3}],"id":3,` +
			`"is_admin":false,"registered_model_permissions":[],"scorer_permissions":[],"username":"ben"}}`}
	s.Expect(s.legacyWrite("POST", "ana", "MANAGE"), s.legacyWrite("PATCH", "ben", "READ"))
	last := s.legacyWrite("DELETE", "admin", "")
	last.Then = map[string]mlflowtest.Response{
		"GET " + mlflowtest.UsersPath + "get?username=admin": mlflowtest.OK(`{"user":{"experiment_permissions":[],"id":1,"is_admin":true,` +
			`"username":"admin"}}`),
		"GET " + mlflowtest.UsersPath + "get?username=ana": mlflowtest.OK(`{"user":{"experiment_permissions":[{"experiment_id":"1",` +
			`"permission":"MANAGE","user_id":2}],"id":2,"username":"ana"}}`),
		"GET " + mlflowtest.UsersPath + "get?username=ben": remaining,
	}
	s.Expect(last)
	acl, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Set(t.Context(), "1", []mlflow.Grant{
		{Principal: mlflowtest.User("ana"), Level: mlflow.LevelManage}, {Principal: mlflowtest.User("ben"), Level: mlflow.LevelRead},
	})
	if err != nil {
		t.Fatal(err)
	}
	mlflowtest.ExpectLevels(t, acl, map[string]string{"user ana": "CAN_MANAGE", "user ben": "CAN_READ", "user admin": "CAN_MANAGE from admin"})
}

func TestLegacy_principals(t *testing.T) {
	t.Parallel()
	t.Run("an unknown user", func(t *testing.T) {
		t.Parallel()
		s := newLegacyServer(t)
		s.Expect(s.legacyWrite("POST", "nobody", "READ").WithResponse(s.RecordedResponse("permissions/create: no such user")))
		_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Grant(t.Context(), "1",
			mlflow.Grant{Principal: mlflowtest.User("nobody"), Level: mlflow.LevelRead})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != mlflowtest.User("nobody") {
			t.Errorf("got missing principal %v, error %v", missing, err)
		}
	})
	for name, p := range map[string]mlflow.Principal{"groups": mlflowtest.Group("risk"),
		"service principals": {Kind: mlflow.KindServicePrincipal, Name: "robot"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLegacyServer(t)
			access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
			grant := mlflow.Grant{Principal: p, Level: mlflow.LevelRead}
			if _, err := access.Grant(t.Context(), "1", grant); err == nil {
				t.Error("Grant: got no error, want one")
			}
			if _, err := access.Set(t.Context(), "1", []mlflow.Grant{grant}); err == nil {
				t.Error("Set: got no error, want one")
			}
			if _, err := access.Level(t.Context(), "1", p); err == nil {
				t.Error("Level: got no error, want one")
			}
		})
	}
}

func TestLegacy_caller(t *testing.T) {
	t.Parallel()
	s := newLegacyServer(t)
	caller, err := s.Client(&server.Backend{Username: "admin"}).Caller(t.Context())
	if err != nil || caller.Principal != mlflowtest.User("admin") || !caller.Admin || caller.ID != "1" {
		t.Errorf("got caller %+v, error %v", caller, err)
	}
	s.Read("GET "+mlflowtest.UserGrantsPath+"get?resource_id=0&resource_type=experiment&username=", s.RecordedResponse("absent call"))
	s.Read("GET "+mlflowtest.LegacyGrantsPath+"get?experiment_id=0&username=", s.RecordedResponse("permissions/get: no such user"))
	_, err = s.Client(&server.Backend{}).Caller(t.Context())
	mlflowtest.ExpectError(t, err, "no username is configured")
}
