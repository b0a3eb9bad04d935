package mlflow_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// The probes of an admin.
const (
	rbacProbe   = "GET " + grantCalls + "get?resource_id=0&resource_type=experiment&username=admin"
	legacyProbe = "GET " + legacyCalls + "get?experiment_id=0&username=admin"
	currentCall = "GET " + userCalls + "current"
)

// The levels by which tests tell which permission API was found.
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

func TestServerAccess_findsThePermissionAPI(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		recording string
		reads     map[string]string // recorded answers by call
		want      []string
		says      string
	}{
		"MLflow 3.17":                   {rbacServer, map[string]string{rbacProbe: "users/permissions/get: the probe"}, rbacLevels, ""},
		"with workspaces":               {workspacesServer, map[string]string{rbacProbe: "users/permissions/get: the probe"}, rbacLevels, ""},
		"a user name that is not there": {rbacServer, map[string]string{rbacProbe: "users/permissions/get: missing"}, rbacLevels, ""},
		"somebody else's name":          {rbacServer, map[string]string{rbacProbe: "users/permissions/get: another"}, rbacLevels, ""},
		"MLflow 3.12": {
			listedServer, map[string]string{rbacProbe: "users/permissions/get: the probe", legacyProbe: "permissions/get: the probe"}, legacyLevels, "",
		},
		"MLflow 3.12 as a user": {
			listedServer, map[string]string{rbacProbe: "users/permissions/get: the probe", legacyProbe: "permissions/get: the probe of a user"}, legacyLevels, "",
		},
		"MLflow 2.22": {
			unlistedServer, map[string]string{rbacProbe: "users/permissions/get: the probe", legacyProbe: "permissions/get: the probe"}, legacyLevels, "",
		},
		"no authentication": {rbacServer, map[string]string{rbacProbe: "absent call", legacyProbe: "absent call", currentCall: "absent call"}, nil, "without authentication"},
		"an ingress without /api/3.0": {
			rbacServer, map[string]string{rbacProbe: "absent call", legacyProbe: "absent call", currentCall: "users/current: admin"}, nil, "/api/3.0",
		},
		"a wrong password": {rbacServer, map[string]string{rbacProbe: "users/permissions/get: wrong password"}, nil, "not authenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, tc.recording)
			for call, answer := range tc.reads {
				s.read(call, s.as(answer))
			}
			access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
			levels, err := levelsOf(t, access)
			expectError(t, err, tc.says)
			if !slices.Equal(levels, tc.want) {
				t.Errorf("levels %v, want %v", levels, tc.want)
			}
			s.seen()
			if _, again := levelsOf(t, access); tc.says == "" && (again != nil || len(s.seen()) > 0) {
				t.Errorf("asked again, with error %v", again)
			}
		})
	}
}

// TestServerAccess_anErrorProvesNoAPI: what fails tells nothing about the server and is not remembered; the next call asks again.
func TestServerAccess_anErrorProvesNoAPI(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]answer{
		"an error of the server":          refuse(500, "INTERNAL_ERROR", "oops"),
		"a final error of the server":     refuse(500, "INVALID_STATE", "oops"),
		"a page of a gateway":             pageAnswer(502, "bad gateway"),
		"busy":                            refuse(503, "TEMPORARILY_UNAVAILABLE", "busy"),
		"too many requests":               refuse(429, "REQUEST_LIMIT_EXCEEDED", "slowly"),
		"a connection that never stood":   notReached,
		"a connection that broke":         lost,
		"a proxy's own refusal":           pageAnswer(403, "<title>Blocked by policy</title>"),
		"a proxy's answer":                ok(`{"status":"ok"}`),
		"nothing":                         ok(`{}`),
		"a page":                          pageAnswer(200, "<title>Sign in</title>"),
		"an error that calls itself fine": ok(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"User with username=admin not found"}`),
	} {
		for when, prepare := range map[string]func(s *scripted){
			"at the first probe": func(s *scripted) { s.read(rbacProbe, failure) },
			"at the second": func(s *scripted) {
				s.read(rbacProbe, s.as("absent call"))
				s.read(legacyProbe, failure)
			},
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newRecorded(t, rbacServer)
					prepare(s)
					access := s.client(&mlflow.Server{Username: "admin"}, quickly).AccessControl()
					levels, err := levelsOf(t, access)
					var unsupported *mlflow.UnsupportedError
					if err == nil || errors.As(err, &unsupported) {
						t.Fatalf("levels %v, error %v", levels, err)
					}
					s.answers("users/permissions/get: the probe")
					if levels, err = levelsOf(t, access); err != nil || !slices.Equal(levels, rbacLevels) {
						t.Errorf("then levels %v, error %v", levels, err)
					}
				})
			})
		}
	}
}

func TestServerAccess_Get_gone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ call, answer string }{
		"missing": {"GET " + experimentCalls + "get?experiment_id=1", "get: missing"},
		"deleted": {"GET " + experimentCalls + "get?experiment_id=1", "get: deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			s.read(tc.call, s.as(tc.answer))
			access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
			if _, err := access.Get(t.Context(), "1"); !mlflow.IsNotFound(err) {
				t.Errorf("Get: error %v", err)
			}
			if _, err := access.Level(t.Context(), "1", user("ben")); !mlflow.IsNotFound(err) {
				t.Errorf("Level: error %v", err)
			}
			// The server would grant on it all the same.
			if _, err := access.Grant(t.Context(), "1", mlflow.Grant{Principal: user("ben"), Level: mlflow.LevelRead}); !mlflow.IsNotFound(err) {
				t.Errorf("Grant: error %v", err)
			}
			if tc.answer == "get: deleted" {
				s.read(rolesCall, s.withLevels(map[string]string{"ben": "READ"}))
				s.expect(s.revoking("ben").leaving(s, nil))
				if err := access.Revoke(t.Context(), "1", user("ben")); err != nil {
					t.Errorf("Revoke: error %v", err) // grants outlive experiments, and can be revoked then
				}
			}
		})
	}
}

func TestServerAccess_Level(t *testing.T) {
	t.Parallel()
	s := rbacRecorded(t)
	access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
	for p, want := range map[mlflow.Principal]string{
		user("ana"): mlflow.LevelEdit, user("ben"): "DENY", user("admin"): mlflow.LevelManage, group("risk"): mlflow.LevelRead, group("bosses"): "",
	} {
		held, err := access.Level(t.Context(), "1", p)
		if err != nil || held.Level != want || held.Created.IsZero() {
			t.Errorf("%s holds %+v, error %v; want %q", p.Name, held, err, want)
		}
	}
	if _, err := access.Level(t.Context(), "1", mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: "robot"}); err == nil {
		t.Error("service principals are unknown on an MLflow server")
	}
}

func TestServerAccess_Set(t *testing.T) {
	t.Parallel()
	grants := func(levels map[string]string) (list []mlflow.Grant) {
		for _, name := range []string{"admin", "ana", "ben", "nobody"} { // in this order
			if levels[name] != "" {
				list = append(list, mlflow.Grant{Principal: user(name), Level: levels[name]})
			}
		}
		for _, name := range []string{"risk", "bosses", "nobodies"} {
			if levels[name] != "" {
				list = append(list, mlflow.Grant{Principal: group(name), Level: levels[name]})
			}
		}
		return list
	}
	for name, tc := range map[string]struct {
		from, to map[string]string
		writes   func(s *scripted) []write
		says     string
		want     map[string]string
	}{
		"grants come before what goes": {
			from: map[string]string{"admin": "MANAGE", "risk": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "bosses": mlflow.LevelRead, "risk": mlflow.LevelEdit},
			writes: func(s *scripted) []write {
				return []write{
					s.granting("ana", "MANAGE"), s.updating(101, "EDIT"), s.adding(5, "READ"),
					s.revoking("admin").leaving(s, map[string]string{"ana": "MANAGE", "risk": "EDIT", "bosses": "READ"}),
				}
			},
			want: map[string]string{
				"user ana": "CAN_MANAGE", "group risk": "CAN_EDIT; USE from every experiment", "group bosses": "CAN_MANAGE from workspace; CAN_READ",
				"user admin": "CAN_MANAGE from admin",
			},
		},
		"what is there is left alone": {
			from: map[string]string{"ana": "MANAGE", "ben": "DENY"}, to: map[string]string{"ana": mlflow.LevelManage, "ben": "DENY"},
			writes: func(*scripted) []write { return nil },
			want: map[string]string{
				"user ana": "CAN_MANAGE", "user ben": "DENY", "group risk": "USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
				"user admin": "CAN_MANAGE from admin",
			},
		},
		"nothing is changed when a user is missing": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "nobody": mlflow.LevelRead},
			writes: func(*scripted) []write { return nil }, says: `no user "nobody"`,
		},
		"nor when a role is": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ana": mlflow.LevelManage, "nobodies": mlflow.LevelRead},
			writes: func(*scripted) []write { return nil }, says: `no role "nobodies"`,
		},
		"a removal that did not take place": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{},
			writes: func(s *scripted) []write { return []write{s.revoking("ana")} }, says: `still lists the grant to "ana"`,
		},
		"what fails ends it, before anything goes": {
			from: map[string]string{"ana": "READ"}, to: map[string]string{"ben": mlflow.LevelManage},
			writes: func(s *scripted) []write { return []write{s.granting("ben", "MANAGE").answered(s.as("grant: denied"))} }, says: "Permission denied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			s.read(rolesCall, s.withLevels(tc.from))
			s.expect(tc.writes(s)...)
			acl, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Set(t.Context(), "1", grants(tc.to))
			expectError(t, err, tc.says)
			if err == nil {
				expectHeld(t, acl, tc.want)
			}
		})
	}
	t.Run("service principals", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		robot := mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: "robot"}
		_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Set(t.Context(), "1", append(grants(map[string]string{"ana": mlflow.LevelManage}),
			mlflow.Grant{Principal: robot, Level: mlflow.LevelRead}))
		expectError(t, err, "no service principals")
	})
}

// TestServerAccess_readsAgainAfterAWrite: what is shared by readers is old once something was written.
func TestServerAccess_readsAgainAfterAWrite(t *testing.T) {
	t.Parallel()
	s := rbacRecorded(t)
	s.read(rolesCall, s.withLevels(nil))
	access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
	for range 3 {
		if _, err := access.GetListed(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.count("GET " + roleCalls + "list"); n != 1 {
		t.Errorf("%d reads for three readers", n)
	}
	s.expect(s.granting("ben", "READ").leaving(s, map[string]string{"ben": "READ"}))
	if _, err := access.Grant(t.Context(), "1", mlflow.Grant{Principal: user("ben"), Level: mlflow.LevelRead}); err != nil {
		t.Fatal(err)
	}
	acl, err := access.GetListed(t.Context(), "1")
	if held := holdings(acl)["user ben"]; err != nil || held != mlflow.LevelRead {
		t.Errorf("ben holds %q, error %v", held, err)
	}
}

func TestServerAccess_Background(t *testing.T) {
	t.Parallel()
	effective := "GET " + grantCalls + "get?resource_id=2&resource_type=experiment&username=ben"
	members := map[string][]string{"risk": {"ana"}, "bosses": {}}
	for name, tc := range map[string]struct {
		as   string
		ids  []string
		want mlflow.Background
	}{
		"the default is what a user may do who holds nothing": {"admin", []string{"1", "2"}, mlflow.Background{Members: members, DefaultLevel: mlflow.LevelRead}},
		"with a grant for everybody the default is not known": {"admin", []string{"1"}, mlflow.Background{Members: members}},
		"those who are no admins are told nothing":            {"ana", []string{"1", "2"}, mlflow.Background{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			s.answers("users/current: "+tc.as, "current/permissions: "+tc.as)
			s.read(effective, s.as("users/permissions/get: by the default"))
			got, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Background(t.Context(), tc.ids)
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
	t.Run("older servers tell nothing", func(t *testing.T) {
		t.Parallel()
		s := listedRecorded(t)
		got, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Background(t.Context(), []string{"1"})
		if err != nil || !reflect.DeepEqual(got, mlflow.Background{}) {
			t.Errorf("got %+v, error %v", got, err)
		}
	})
}

// TestServerAccess_wrongAnswers: what a proxy says in place of the server is an error, never "nobody holds anything" or "gone".
func TestServerAccess_wrongAnswers(t *testing.T) {
	t.Parallel()
	wrong := map[string]answer{
		"{}": ok(`{}`), "a proxy": ok(`{"status":"ok"}`), "nothing": {status: 204}, "a list": ok(`[]`), "a page": pageAnswer(200, "<title>Sign in</title>"),
		"an error that calls itself fine": ok(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`),
	}
	for what, call := range map[string]string{
		"users": "GET " + userCalls + "list", "roles": rolesCall, "experiment": "GET " + experimentCalls + "get?experiment_id=1",
	} {
		for name, a := range wrong {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := rbacRecorded(t)
					s.read(call, a)
					access := s.client(&mlflow.Server{Username: "admin"}, quickly).AccessControl()
					acl, err := access.Get(t.Context(), "1")
					if err == nil || mlflow.IsNotFound(err) {
						t.Errorf("list %v, error %v", holdings(acl), err)
					}
					if what != "experiment" {
						if _, err := access.Set(t.Context(), "1", nil); err == nil {
							t.Error("Set believed it")
						}
					}
				})
			})
		}
	}
	for what, w := range map[string]func(s *scripted) write{
		"grant": func(s *scripted) write { return s.granting("ben", "READ") }, "role": func(s *scripted) write { return s.adding(1, "READ") },
	} {
		for _, name := range []string{"a proxy", "a list", "a page"} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				s := rbacRecorded(t)
				s.read(rolesCall, s.withLevels(nil))
				s.expect(w(s).answered(wrong[name]))
				p := map[string]mlflow.Principal{"grant": user("ben"), "role": group("risk")}[what]
				if _, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Grant(t.Context(), "1", mlflow.Grant{Principal: p, Level: mlflow.LevelRead}); err == nil {
					t.Error("it was believed")
				}
			})
		}
	}
}
