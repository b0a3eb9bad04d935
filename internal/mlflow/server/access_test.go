package server_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The requests that detect the permission API, for the user admin.
const (
	rbacProbe    = "GET " + mlflowtest.UserGrantsPath + "get?resource_id=0&resource_type=experiment&username=admin"
	legacyProbe  = "GET " + mlflowtest.LegacyGrantsPath + "get?experiment_id=0&username=admin"
	usersCurrent = "GET " + mlflowtest.UsersPath + "current"
)

// The levels of the permission APIs, which identify the detected API.
var (
	rbacLevels   = []string{mlflow.LevelRead, "USE", mlflow.LevelEdit, mlflow.LevelManage, "DENY"}
	legacyLevels = []string{"NO_PERMISSIONS", mlflow.LevelRead, "USE", mlflow.LevelEdit, mlflow.LevelManage}
)

func levelsOf(t *testing.T, access mlflow.AccessControl) ([]string, error) {
	t.Helper()
	infos, err := access.Levels(t.Context(), "1")
	var levels []string
	for _, info := range infos {
		levels = append(levels, info.Level)
		if info.Description == "" {
			t.Errorf("%s has no description", info.Level)
		}
	}
	return levels, err
}

func TestServerAccess_detectsPermissionAPI(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		recording string
		reads     map[string]string // recorded responses by call
		want      []string
		wantErr   string
	}{
		"MLflow 3.17":         {mlflowtest.RBACServer, map[string]string{rbacProbe: "users/permissions/get: the probe"}, rbacLevels, ""},
		"with workspaces":     {mlflowtest.WorkspacesServer, map[string]string{rbacProbe: "users/permissions/get: the probe"}, rbacLevels, ""},
		"an unknown username": {mlflowtest.RBACServer, map[string]string{rbacProbe: "users/permissions/get: missing"}, rbacLevels, ""},
		"another username":    {mlflowtest.RBACServer, map[string]string{rbacProbe: "users/permissions/get: another"}, rbacLevels, ""},
		"MLflow 3.12": {
			mlflowtest.LegacyServer, map[string]string{rbacProbe: "users/permissions/get: the probe", legacyProbe: "permissions/get: the probe"},
			legacyLevels, "",
		},
		"MLflow 3.12 as a user": {
			mlflowtest.LegacyServer, map[string]string{rbacProbe: "users/permissions/get: the probe",
				legacyProbe: "permissions/get: the probe of a user"}, legacyLevels, "",
		},
		"MLflow 2.22": {
			mlflowtest.LegacyServerWithoutList, map[string]string{rbacProbe: "users/permissions/get: the probe",
				legacyProbe: "permissions/get: the probe"}, legacyLevels, "",
		},
		"no authentication": {mlflowtest.RBACServer, map[string]string{rbacProbe: "absent call", legacyProbe: "absent call",
			usersCurrent: "absent call"}, nil, "without authentication"},
		"an ingress without /api/3.0": {
			mlflowtest.RBACServer, map[string]string{rbacProbe: "absent call", legacyProbe: "absent call", usersCurrent: "users/current: admin"},
			nil, "/api/3.0",
		},
		"a wrong password": {mlflowtest.RBACServer, map[string]string{rbacProbe: "users/permissions/get: wrong password"}, nil,
			"not authenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, tc.recording)
			for call, response := range tc.reads {
				s.Read(call, s.RecordedResponse(response))
			}
			access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
			levels, err := levelsOf(t, access)
			mlflowtest.ExpectError(t, err, tc.wantErr)
			if !slices.Equal(levels, tc.want) {
				t.Errorf("got levels %v, want %v", levels, tc.want)
			}
			s.Requests()
			if _, again := levelsOf(t, access); tc.wantErr == "" && (again != nil || len(s.Requests()) > 0) {
				t.Errorf("got another request, or error %v; want the cached API", again)
			}
		})
	}
}

// TestServerAccess_detectionFails checks that an error detects no permission API and is not cached.
func TestServerAccess_detectionFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]mlflowtest.Response{
		"an error of the server":      mlflowtest.Refuse(500, "INTERNAL_ERROR", "oops"),
		"a final error of the server": mlflowtest.Refuse(500, "INVALID_STATE", "oops"),
		"a page of a gateway":         mlflowtest.PageResponse(502, "bad gateway"),
		"busy":                        mlflowtest.Refuse(503, "TEMPORARILY_UNAVAILABLE", "busy"),
		"too many requests":           mlflowtest.Refuse(429, "REQUEST_LIMIT_EXCEEDED", "slowly"),
		"connection refused":          mlflowtest.ConnectionRefused,
		"lost response":               mlflowtest.LostResponse,
		"a rejection of a proxy":      mlflowtest.PageResponse(403, "<title>Blocked by policy</title>"),
		"a response of a proxy":       mlflowtest.OK(`{"status":"ok"}`),
		"nothing":                     mlflowtest.OK(`{}`),
		"a page":                      mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"an error with a success status": mlflowtest.OK(
			`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"User with username=admin not found"}`),
	} {
		for when, prepare := range map[string]func(s *mlflowtest.Scripted){
			"at the first probe": func(s *mlflowtest.Scripted) { s.Read(rbacProbe, failure) },
			"at the second": func(s *mlflowtest.Scripted) {
				s.Read(rbacProbe, s.RecordedResponse("absent call"))
				s.Read(legacyProbe, failure)
			},
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
					prepare(s)
					access := s.Client(&server.Backend{Username: "admin"}, mlflowtest.ShortRetryTimeout).AccessControl()
					levels, err := levelsOf(t, access)
					var unsupported *mlflow.UnsupportedError
					if err == nil || errors.As(err, &unsupported) {
						t.Fatalf("got levels %v, error %v; want an error other than unsupported", levels, err)
					}
					s.Replay("users/permissions/get: the probe")
					if levels, err = levelsOf(t, access); err != nil || !slices.Equal(levels, rbacLevels) {
						t.Errorf("after the error: got levels %v, error %v", levels, err)
					}
				})
			})
		}
	}
}

func TestServerAccess_Get_missing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ call, response string }{
		"missing": {"GET " + mlflowtest.ExperimentsPath + "get?experiment_id=1", "get: missing"},
		"deleted": {"GET " + mlflowtest.ExperimentsPath + "get?experiment_id=1", "get: deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			s.Read(tc.call, s.RecordedResponse(tc.response))
			access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
			if _, err := access.Get(t.Context(), "1"); !rest.IsNotFound(err) {
				t.Errorf("Get: got error %v, want not found", err)
			}
			if _, err := access.Level(t.Context(), "1", mlflowtest.User("ben")); !rest.IsNotFound(err) {
				t.Errorf("Level: got error %v, want not found", err)
			}
			// The server would grant a level on it.
			if _, err := access.Grant(t.Context(), "1", mlflow.Grant{Principal: mlflowtest.User("ben"),
				Level: mlflow.LevelRead}); !rest.IsNotFound(err) {
				t.Errorf("Grant: got error %v, want not found", err)
			}
			if tc.response == "get: deleted" {
				s.Read(rolesList, s.rolesResponse(map[string]string{"ben": "READ"}))
				s.Expect(s.withLevelsAfter(s.revokeWrite("ben"), nil))
				if err := access.Revoke(t.Context(), "1", mlflowtest.User("ben")); err != nil {
					t.Errorf("Revoke: got error %v, want none", err) // grants outlive experiments, and can be revoked
				}
			}
		})
	}
}

func TestServerAccess_Level(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
	for p, want := range map[mlflow.Principal]string{
		mlflowtest.User("ana"): mlflow.LevelEdit, mlflowtest.User("ben"): "DENY", mlflowtest.User("admin"): mlflow.LevelManage,
		mlflowtest.Group("risk"): mlflow.LevelRead, mlflowtest.Group("bosses"): "",
	} {
		granted, err := access.Level(t.Context(), "1", p)
		if err != nil || granted.Level != want || granted.Created.IsZero() {
			t.Errorf("%s: got %+v, error %v; want %q", p.Name, granted, err, want)
		}
	}
	if _, err := access.Level(t.Context(), "1", mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: "robot"}); err == nil {
		t.Error("service principal: got no error, want one")
	}
}

func TestServerAccess_Set(t *testing.T) {
	t.Parallel()
	grants := func(levels map[string]string) (list []mlflow.Grant) {
		for _, name := range []string{"admin", "ana", "ben", "nobody"} { // in this order
			if levels[name] != "" {
				list = append(list, mlflow.Grant{Principal: mlflowtest.User(name), Level: levels[name]})
			}
		}
		for _, name := range []string{"risk", "bosses", "nobodies"} {
			if levels[name] != "" {
				list = append(list, mlflow.Grant{Principal: mlflowtest.Group(name), Level: levels[name]})
			}
		}
		return list
	}
	for name, tc := range map[string]struct {
		from, to map[string]string
		writes   func(s recordedServer) []mlflowtest.Write
		wantErr  string
		want     map[string]string
	}{
		"grants before revokes": {
			from: map[string]string{"admin": "MANAGE", "risk": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "bosses": mlflow.LevelRead,
				"risk": mlflow.LevelEdit},
			writes: func(s recordedServer) []mlflowtest.Write {
				return []mlflowtest.Write{
					s.grantWrite("ana", "MANAGE"), s.updateWrite(101, "EDIT"), s.addWrite(5, "READ"),
					s.withLevelsAfter(s.revokeWrite("admin"), map[string]string{"ana": "MANAGE", "risk": "EDIT", "bosses": "READ"}),
				}
			},
			want: map[string]string{
				"user ana": "CAN_MANAGE", "group risk": "CAN_EDIT; USE from every experiment", "group bosses": "CAN_MANAGE from workspace; CAN_READ",
				"user admin": "CAN_MANAGE from admin",
			},
		},
		"existing grants": {
			from: map[string]string{"ana": "MANAGE", "ben": "DENY"}, to: map[string]string{"ana": mlflow.LevelManage, "ben": "DENY"},
			writes: func(recordedServer) []mlflowtest.Write { return nil },
			want: map[string]string{
				"user ana": "CAN_MANAGE", "user ben": "DENY", "group risk": "USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
				"user admin": "CAN_MANAGE from admin",
			},
		},
		"a missing user: no change": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "nobody": mlflow.LevelRead},
			writes: func(recordedServer) []mlflowtest.Write { return nil }, wantErr: `no user "nobody"`,
		},
		"a missing role: no change": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "nobodies": mlflow.LevelRead},
			writes: func(recordedServer) []mlflowtest.Write { return nil }, wantErr: `no role "nobodies"`,
		},
		"a revoke without an effect": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{},
			writes:  func(s recordedServer) []mlflowtest.Write { return []mlflowtest.Write{s.revokeWrite("ana")} },
			wantErr: `still lists the grant to "ana"`,
		},
		"a failed grant: no revoke": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ben": mlflow.LevelManage},
			writes: func(s recordedServer) []mlflowtest.Write {
				return []mlflowtest.Write{s.grantWrite("ben", "MANAGE").WithResponse(s.RecordedResponse("grant: denied"))}
			}, wantErr: "Permission denied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			s.Read(rolesList, s.rolesResponse(tc.from))
			s.Expect(tc.writes(s)...)
			acl, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Set(t.Context(), "1", grants(tc.to))
			mlflowtest.ExpectError(t, err, tc.wantErr)
			if err == nil {
				mlflowtest.ExpectLevels(t, acl, tc.want)
			}
		})
	}
	t.Run("service principals", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		robot := mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: "robot"}
		_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Set(t.Context(), "1",
			append(grants(map[string]string{"ana": mlflow.LevelManage}),
				mlflow.Grant{Principal: robot, Level: mlflow.LevelRead}))
		mlflowtest.ExpectError(t, err, "no service principals")
	})
}

// TestServerAccess_readsAgainAfterChange checks that the cached grants are read again after a change.
func TestServerAccess_readsAgainAfterChange(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	s.Read(rolesList, s.rolesResponse(nil))
	access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
	for range 3 {
		if _, err := access.GetListed(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Count("GET " + mlflowtest.RolesPath + "list"); n != 1 {
		t.Errorf("got %d lists of roles for three reads, want 1", n)
	}
	s.Expect(s.withLevelsAfter(s.grantWrite("ben", "READ"), map[string]string{"ben": "READ"}))
	if _, err := access.Grant(t.Context(), "1", mlflow.Grant{Principal: mlflowtest.User("ben"), Level: mlflow.LevelRead}); err != nil {
		t.Fatal(err)
	}
	acl, err := access.GetListed(t.Context(), "1")
	if granted := mlflowtest.Levels(acl)["user ben"]; err != nil || granted != mlflow.LevelRead {
		t.Errorf("ben: got level %q, error %v", granted, err)
	}
}

func TestServerAccess_AccessContext(t *testing.T) {
	t.Parallel()
	effective := "GET " + mlflowtest.UserGrantsPath + "get?resource_id=2&resource_type=experiment&username=ben"
	members := map[string][]string{"risk": {"ana"}, "bosses": {}}
	for name, tc := range map[string]struct {
		as   string
		ids  []string
		want mlflow.AccessContext
	}{
		"the default level is that of a user without grants": {"admin", []string{"1", "2"},
			mlflow.AccessContext{Members: members, DefaultLevel: mlflow.LevelRead}},
		"unknown default level, because each user has a grant": {"admin", []string{"1"}, mlflow.AccessContext{Members: members}},
		"not an admin": {"ana", []string{"1", "2"}, mlflow.AccessContext{MembersHidden: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			s.Replay("users/permissions/get: the probe of a user", "users/current: "+tc.as, "current/permissions: "+tc.as)
			s.Read(effective, s.RecordedResponse("users/permissions/get: by the default"))
			got, err := s.Client(&server.Backend{Username: tc.as}).AccessControl().AccessContext(t.Context(), tc.ids)
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, error %v; want %+v", got, err, tc.want)
			}
		})
	}
	t.Run("older servers", func(t *testing.T) {
		t.Parallel()
		s := newLegacyServer(t)
		got, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().AccessContext(t.Context(), []string{"1"})
		if err != nil || !reflect.DeepEqual(got, mlflow.AccessContext{}) {
			t.Errorf("got %+v, error %v; want no information", got, err)
		}
	})
}

// TestServerAccess_invalidResponses checks that the response of a proxy is an error, and neither an empty list nor "not found".
func TestServerAccess_invalidResponses(t *testing.T) {
	t.Parallel()
	wrong := map[string]mlflowtest.Response{
		"{}": mlflowtest.OK(`{}`), "a proxy": mlflowtest.OK(`{"status":"ok"}`), "nothing": {Status: 204}, "a list": mlflowtest.OK(`[]`),
		"a page":                         mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"an error with a success status": mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`),
	}
	for what, call := range map[string]string{
		"users": "GET " + mlflowtest.UsersPath + "list", "roles": rolesList, "experiment": "GET " + mlflowtest.ExperimentsPath +
			"get?experiment_id=1",
	} {
		for name, a := range wrong {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newRBACServer(t)
					s.Read(call, a)
					access := s.Client(&server.Backend{Username: "admin"}, mlflowtest.ShortRetryTimeout).AccessControl()
					acl, err := access.Get(t.Context(), "1")
					if err == nil || rest.IsNotFound(err) {
						t.Errorf("Get: got %v, error %v; want an error other than not found", mlflowtest.Levels(acl), err)
					}
					if what != "experiment" {
						if _, err := access.Set(t.Context(), "1", nil); err == nil {
							t.Error("Set: got no error, want one")
						}
					}
				})
			})
		}
	}
	for what, w := range map[string]func(s recordedServer) mlflowtest.Write{
		"grant": func(s recordedServer) mlflowtest.Write { return s.grantWrite("ben", "READ") },
		"role":  func(s recordedServer) mlflowtest.Write { return s.addWrite(1, "READ") },
	} {
		for _, name := range []string{"a proxy", "a list", "a page"} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newRBACServer(t)
				s.Read(rolesList, s.rolesResponse(nil))
				s.Expect(w(s).WithResponse(wrong[name]))
				p := map[string]mlflow.Principal{"grant": mlflowtest.User("ben"), "role": mlflowtest.Group("risk")}[what]
				if _, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Grant(t.Context(), "1",
					mlflow.Grant{Principal: p, Level: mlflow.LevelRead}); err == nil {
					t.Error("got no error, want one")
				}
			})
		}
	}
}
