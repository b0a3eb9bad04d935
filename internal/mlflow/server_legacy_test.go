package mlflow_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// listedRecorded is MLflow 3.12 as recorded when ben holds EDIT on experiment 1, and the admin, who created it, MANAGE.
func listedRecorded(t *testing.T) *scripted {
	t.Helper()
	s := newRecorded(t, listedServer)
	s.answers("users/permissions/get: the probe", "permissions/get: the probe", "users/list: admin", "users/get: admin", "users/get: ana",
		"users/get: with rows", "get", "get: missing")
	s.holds("ben", "EDIT")
	s.holds("ana", "")
	s.holds("nobody", "")
	return s
}

func legacyGet(username string) string {
	return "GET " + legacyCalls + "get?experiment_id=1&username=" + username
}

// legacyRow is one row as the server answers it.
func legacyRow(level string) string {
	return fmt.Sprintf(`{"experiment_permission":{"experiment_id":"1","permission":%q,"user_id":3}}`, level)
}

// rowAnswer is what a user's row is answered, "" for none.
func (s *scripted) rowAnswer(level string) answer {
	if level == "" {
		return s.as("permissions/get: no row")
	}
	return ok(legacyRow(level))
}

// holds says which row a user has on experiment 1.
func (s *scripted) holds(username, level string) { s.read(legacyGet(username), s.rowAnswer(level)) }

// legacyWrite writes a user's row: POST creates, PATCH changes and DELETE deletes it.
func (s *scripted) legacyWrite(method, username, level string) write {
	of := map[string]string{"POST": "create", "PATCH": "update", "DELETE": "delete"}[method]
	w := write{call: method + " " + legacyCalls + of, body: fmt.Sprintf(`{"experiment_id":"1","username":%q,"permission":%q}`, username, level), answer: s.as("permissions/" + of)}
	if method == "DELETE" {
		w.body = fmt.Sprintf(`{"experiment_id":"1","username":%q}`, username)
	}
	w.then = map[string]answer{legacyGet(username): s.rowAnswer(level)}
	return w
}

func TestLegacy_readsUserByUser(t *testing.T) {
	t.Parallel()
	s := listedRecorded(t)
	access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
	acl, err := access.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	expectHeld(t, acl, map[string]string{"user admin": "CAN_MANAGE; CAN_MANAGE from admin", "user ben": "CAN_EDIT"})
	if n := s.count("GET " + userCalls + "get"); n != 3 {
		t.Errorf("%d users were read, of 3", n)
	}
	s.seen()
	if acl, err = access.GetListed(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	expectHeld(t, acl, map[string]string{"user admin": "CAN_MANAGE; CAN_MANAGE from admin"})
	s.expectSeen()
}

// TestLegacy_readsNotAll: where not all grants can be read, single ones can be managed.
func TestLegacy_readsNotAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ recording, answer, says string }{
		"no list of users":     {unlistedServer, "users/list: admin", "cannot list its users"},
		"a list for admins":    {listedServer, "users/list: ana", "only for its admins"},
		"an admin no more":     {listedServer, "users/get: another", "only for its admins"},
		"an error is an error": {listedServer, "get: missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, tc.recording)
			s.answers("users/permissions/get: the probe", "permissions/get: the probe")
			s.read("GET "+userCalls+"list", s.as(tc.answer))
			_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Get(t.Context(), "1")
			var unsupported *mlflow.UnsupportedError
			if errors.As(err, &unsupported) != (tc.says != "") || err == nil {
				t.Fatalf("error %v", err)
			}
			if tc.says != "" {
				expectError(t, err, tc.says)
				if !unsupported.Single {
					t.Error("it does not say that single grants can be managed")
				}
			}
		})
	}
	t.Run("one user can't be read", func(t *testing.T) {
		t.Parallel()
		s := listedRecorded(t)
		s.read("GET "+userCalls+"get?username=ana", s.as("users/get: another"))
		if acl, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Get(t.Context(), "1"); err == nil {
			t.Errorf("the list %v misses one", holdings(acl))
		}
	})
	t.Run("another user is answered", func(t *testing.T) {
		t.Parallel()
		s := listedRecorded(t)
		s.read("GET "+userCalls+"get?username=ana", s.as("users/get: with rows"))
		if acl, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Get(t.Context(), "1"); err == nil {
			t.Errorf("the list %v has ben's grants twice", holdings(acl))
		}
	})
}

func TestLegacy_changesOneGrant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		username, to string
		writes       func(s *scripted) []write
		says         string
	}{
		"a new grant":           {"ana", mlflow.LevelRead, func(s *scripted) []write { return []write{s.legacyWrite("POST", "ana", "READ")} }, ""},
		"another level":         {"ben", "NO_PERMISSIONS", func(s *scripted) []write { return []write{s.legacyWrite("PATCH", "ben", "NO_PERMISSIONS")} }, ""},
		"the same level":        {"ben", mlflow.LevelEdit, func(*scripted) []write { return nil }, ""},
		"an end":                {"ben", "", func(s *scripted) []write { return []write{s.legacyWrite("DELETE", "ben", "")} }, ""},
		"an end of what is not": {"ana", "", func(*scripted) []write { return nil }, ""},
		"an end that is none": {"ben", "", func(s *scripted) []write {
			w := s.legacyWrite("DELETE", "ben", "")
			w.then = nil
			return []write{w}
		}, `still lists the grant to "ben"`},
		"a lost new grant": {"ana", mlflow.LevelRead, func(s *scripted) []write {
			return []write{s.legacyWrite("POST", "ana", "READ").answered(lost), s.legacyWrite("POST", "ana", "READ").answered(s.as("permissions/create: there is one"))}
		}, ""},
		"a lost end": {"ben", "", func(s *scripted) []write {
			return []write{s.legacyWrite("DELETE", "ben", "").answered(lost), s.legacyWrite("DELETE", "ben", "").answered(s.as("permissions/delete: no row"))}
		}, ""},
		"somebody else's grant in between": {"ana", mlflow.LevelRead, func(s *scripted) []write {
			return []write{s.legacyWrite("POST", "ana", "READ").answered(s.as("permissions/create: there is one"))}
		}, "already exists"},
		"a proxy's answer": {"ana", mlflow.LevelRead, func(s *scripted) []write {
			return []write{s.legacyWrite("POST", "ana", "READ").answered(ok(`{"status":"ok"}`))}
		}, "experiment_permission"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := listedRecorded(t)
				s.expect(tc.writes(s)...)
				access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
				var err error
				if tc.to == "" {
					err = access.Revoke(t.Context(), "1", user(tc.username))
				} else {
					_, err = access.Grant(t.Context(), "1", mlflow.Grant{Principal: user(tc.username), Level: tc.to})
				}
				expectError(t, err, tc.says)
			})
		})
	}
}

func TestLegacy_Level(t *testing.T) {
	t.Parallel()
	s := listedRecorded(t)
	access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
	for username, want := range map[string]string{"ben": mlflow.LevelEdit, "ana": "", "nobody": ""} {
		held, err := access.Level(t.Context(), "1", user(username))
		if err != nil || held.Level != want || held.Created.IsZero() {
			t.Errorf("%s holds %+v, error %v; want %q", username, held, err, want)
		}
	}
	s.read(legacyGet("ben"), ok(`{"experiment_permission":{"experiment_id":"7","permission":"EDIT","user_id":3}}`))
	if held, err := access.Level(t.Context(), "1", user("ben")); err == nil {
		t.Errorf("the row of another experiment counts: %+v", held)
	}
}

func TestLegacy_Set(t *testing.T) {
	t.Parallel()
	s := listedRecorded(t)
	readWith := s.as("users/get: with rows")
	remaining := answer{status: 200, mediaType: readWith.mediaType, body: `{"user":{"experiment_permissions":[{"experiment_id":"1","permission":"READ","user_id":3}],"id":3,` +
		`"is_admin":false,"registered_model_permissions":[],"scorer_permissions":[],"username":"ben"}}`}
	s.expect(s.legacyWrite("POST", "ana", "MANAGE"), s.legacyWrite("PATCH", "ben", "READ"))
	last := s.legacyWrite("DELETE", "admin", "")
	last.then = map[string]answer{
		"GET " + userCalls + "get?username=admin": ok(`{"user":{"experiment_permissions":[],"id":1,"is_admin":true,"username":"admin"}}`),
		"GET " + userCalls + "get?username=ana":   ok(`{"user":{"experiment_permissions":[{"experiment_id":"1","permission":"MANAGE","user_id":2}],"id":2,"username":"ana"}}`),
		"GET " + userCalls + "get?username=ben":   remaining,
	}
	s.expect(last)
	acl, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Set(t.Context(), "1", []mlflow.Grant{
		{Principal: user("ana"), Level: mlflow.LevelManage}, {Principal: user("ben"), Level: mlflow.LevelRead},
	})
	if err != nil {
		t.Fatal(err)
	}
	expectHeld(t, acl, map[string]string{"user ana": "CAN_MANAGE", "user ben": "CAN_READ", "user admin": "CAN_MANAGE from admin"})
}

func TestLegacy_principals(t *testing.T) {
	t.Parallel()
	t.Run("a user who is not there", func(t *testing.T) {
		t.Parallel()
		s := listedRecorded(t)
		s.expect(s.legacyWrite("POST", "nobody", "READ").answered(s.as("permissions/create: no such user")))
		_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Grant(t.Context(), "1", mlflow.Grant{Principal: user("nobody"), Level: mlflow.LevelRead})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != user("nobody") {
			t.Errorf("missing %v, error %v", missing, err)
		}
	})
	for name, p := range map[string]mlflow.Principal{"groups": group("risk"), "service principals": {Kind: mlflow.KindServicePrincipal, Name: "robot"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listedRecorded(t)
			access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
			grant := mlflow.Grant{Principal: p, Level: mlflow.LevelRead}
			if _, err := access.Grant(t.Context(), "1", grant); err == nil {
				t.Error("granted")
			}
			if _, err := access.Set(t.Context(), "1", []mlflow.Grant{grant}); err == nil {
				t.Error("set")
			}
			if _, err := access.Level(t.Context(), "1", p); err == nil {
				t.Error("read")
			}
		})
	}
}

func TestLegacy_caller(t *testing.T) {
	t.Parallel()
	s := listedRecorded(t)
	caller, err := s.client(&mlflow.Server{Username: "admin"}).Caller(t.Context())
	if err != nil || caller.Principal != user("admin") || !caller.Admin || caller.ID != "1" {
		t.Errorf("caller %+v, error %v", caller, err)
	}
	s.read("GET "+grantCalls+"get?resource_id=0&resource_type=experiment&username=", s.as("absent call"))
	s.read("GET "+legacyCalls+"get?experiment_id=0&username=", s.as("permissions/get: no such user"))
	_, err = s.client(&mlflow.Server{}).Caller(t.Context())
	expectError(t, err, "no username is configured")
}
