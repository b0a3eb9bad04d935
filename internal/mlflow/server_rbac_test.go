package mlflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// rolesCall lists the roles of the workspace default.
const rolesCall = "GET " + roleCalls + "list?workspace=default"

// rbacRecorded is MLflow 3.17 as recorded with every kind of grant on experiment 1: the role risk has READ, and USE on every experiment, ana in it
// has EDIT, ben DENY, and the admin, who created it, MANAGE. The role bosses manages the workspace and has no members.
func rbacRecorded(t *testing.T) *scripted {
	t.Helper()
	s := newRecorded(t, rbacServer)
	s.answers("users/permissions/get: the probe", "users/list: picture", "roles/list: picture", "get", "get: missing", "users/current: admin",
		"current/permissions: admin")
	return s
}

// withLevels is the recorded list of roles with other grants on experiment 1: by user or role, in the server's words.
func (s *scripted) withLevels(levels map[string]string) answer {
	s.t.Helper()
	type permission struct {
		ID      int    `json:"id"`
		RoleID  int    `json:"role_id"`
		Type    string `json:"resource_type"`
		Pattern string `json:"resource_pattern"`
		Level   string `json:"permission"`
	}
	var list struct {
		Roles []struct {
			ID          int          `json:"id"`
			Name        string       `json:"name"`
			Workspace   string       `json:"workspace"`
			Permissions []permission `json:"permissions"`
		} `json:"roles"`
	}
	recorded := s.as("roles/list: picture")
	if err := json.Unmarshal([]byte(recorded.body), &list); err != nil {
		s.t.Fatal(err)
	}
	of := map[string]string{"__user_1__": "admin", "__user_2__": "ana", "__user_3__": "ben", "risk": "risk", "bosses": "bosses"}
	for i, r := range list.Roles {
		rows := []permission{}
		for _, row := range r.Permissions {
			if row.Type != "experiment" || row.Pattern != "1" {
				rows = append(rows, row)
			}
		}
		if level := levels[of[r.Name]]; level != "" {
			rows = append(rows, permission{ID: 100 + r.ID, RoleID: r.ID, Type: "experiment", Pattern: "1", Level: level})
		}
		list.Roles[i].Permissions = rows
	}
	body, err := json.Marshal(list)
	if err != nil {
		s.t.Fatal(err)
	}
	recorded.body = string(body)
	return recorded
}

// granting and revoking are a user's grant and its end, as recorded.
func (s *scripted) granting(username, level string) write {
	return write{
		call: "POST " + grantCalls + "grant", answer: s.as("grant"),
		body: fmt.Sprintf(`{"username":%q,"resource_type":"experiment","resource_id":"1","permission":%q}`, username, level),
	}
}

func (s *scripted) revoking(username string) write {
	return write{
		call: "POST " + grantCalls + "revoke", answer: s.as("revoke"),
		body: fmt.Sprintf(`{"username":%q,"resource_type":"experiment","resource_id":"1"}`, username),
	}
}

// adding, updating and removing are writes of a role's row.
func (s *scripted) adding(role int, level string) write {
	return write{
		call: "POST " + roleCalls + "permissions/add", answer: s.as("roles/permissions/add"),
		body: fmt.Sprintf(`{"role_id":%d,"resource_type":"experiment","resource_pattern":"1","permission":%q}`, role, level),
	}
}

func (s *scripted) updating(row int, level string) write {
	return write{
		call: "PATCH " + roleCalls + "permissions/update", answer: s.as("roles/permissions/update"),
		body: fmt.Sprintf(`{"role_permission_id":%d,"permission":%q}`, row, level),
	}
}

func (s *scripted) removing(row int) write {
	return write{
		call: "DELETE " + roleCalls + "permissions/remove", answer: s.as("roles/permissions/remove"), body: fmt.Sprintf(`{"role_permission_id":%d}`, row),
	}
}

// answered is a write that gets another answer.
func (w write) answered(a answer) write {
	w.answer = a
	return w
}

// leaving is a write after which there are these grants on experiment 1.
func (w write) leaving(s *scripted, levels map[string]string) write {
	w.then = map[string]answer{rolesCall: s.withLevels(levels)}
	return w
}

// quickly bounds the retries of a client.
func quickly(o *mlflow.Options) { o.RetryTimeout = 5 * time.Second }

func TestRBAC_readsEveryKindOfGrant(t *testing.T) {
	t.Parallel()
	s := rbacRecorded(t)
	access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
	acl, err := access.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	expectHeld(t, acl, map[string]string{
		"user admin": "CAN_MANAGE; CAN_MANAGE from admin", "user ana": "CAN_EDIT", "user ben": "DENY",
		"group risk": "CAN_READ; USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
	})
	if !acl.Created.Equal(time.UnixMilli(1700000000000)) {
		t.Errorf("created %s", acl.Created)
	}
	s.expectSeen("GET "+grantCalls+"get", "GET "+userCalls+"list", "GET "+roleCalls+"list", "GET "+experimentCalls+"get")
	if acl, err = access.GetListed(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	expectHeld(t, acl, map[string]string{
		"user admin": "CAN_MANAGE from admin", "group risk": "USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
	})
	s.expectSeen() // one read of all grants serves every experiment
}

func TestRBAC_changesOneGrant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		principal mlflow.Principal
		from, to  string
		writes    func(*scripted) []write
	}{
		"a new grant": {user("ben"), "", "READ", func(s *scripted) []write { return []write{s.granting("ben", "READ")} }},
		"another level is revoke and grant": {user("ben"), "READ", "MANAGE", func(s *scripted) []write {
			return []write{s.revoking("ben"), s.granting("ben", "MANAGE")}
		}},
		"the same level":              {user("ben"), "READ", "READ", func(*scripted) []write { return nil }},
		"an end":                      {user("ben"), "READ", "", func(s *scripted) []write { return []write{s.revoking("ben").leaving(s, nil)} }},
		"an end of what is not":       {user("ben"), "", "", func(*scripted) []write { return nil }},
		"a new grant of a role":       {group("risk"), "", "READ", func(s *scripted) []write { return []write{s.adding(1, "READ")} }},
		"another level of a role":     {group("risk"), "READ", "EDIT", func(s *scripted) []write { return []write{s.updating(101, "EDIT")} }},
		"an end of a role's grant":    {group("risk"), "READ", "", func(s *scripted) []write { return []write{s.removing(101).leaving(s, nil)} }},
		"a level of the server's own": {user("ben"), "", "USE", func(s *scripted) []write { return []write{s.granting("ben", "USE")} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			s.read(rolesCall, s.withLevels(map[string]string{tc.principal.Name: tc.from}))
			s.expect(tc.writes(s)...)
			access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
			if tc.to == "" {
				if err := access.Revoke(t.Context(), "1", tc.principal); err != nil {
					t.Error(err)
				}
				return
			}
			level := map[string]string{"READ": mlflow.LevelRead, "EDIT": mlflow.LevelEdit, "MANAGE": mlflow.LevelManage}[tc.to]
			if level == "" {
				level = tc.to
			}
			created, err := access.Grant(t.Context(), "1", mlflow.Grant{Principal: tc.principal, Level: level})
			if err != nil || !created.Equal(time.UnixMilli(1700000000000)) {
				t.Errorf("created %s, error %v", created, err)
			}
		})
	}
}

// TestRBAC_givesALevelBack: a change is revoke and grant. When the grant fails, the old level is granted again, whatever ended the change.
func TestRBAC_givesALevelBack(t *testing.T) {
	t.Parallel()
	busy := refuse(503, "TEMPORARILY_UNAVAILABLE", "busy")
	for name, tc := range map[string]struct {
		writes func(s *scripted, cancel func()) []write
		says   []string
	}{
		"the grant is refused": {func(s *scripted, _ func()) []write {
			return []write{s.revoking("ben"), s.granting("ben", "MANAGE").answered(s.as("grant: bad level")), s.granting("ben", "READ")}
		}, []string{"Invalid permission"}},
		"the run is cancelled after the revoke": {func(s *scripted, cancel func()) []write {
			revoke := s.revoking("ben")
			revoke.meanwhile = cancel
			return []write{revoke, s.granting("ben", "READ")}
		}, []string{"context canceled"}},
		"the revoke gets no clear answer and nothing was done": {func(s *scripted, cancel func()) []write {
			revoke := s.revoking("ben").answered(busy)
			revoke.meanwhile = cancel
			return []write{revoke, s.granting("ben", "READ").answered(s.as("grant: there is one"))}
		}, []string{"context canceled"}},
		"nor can it be given back": {func(s *scripted, _ func()) []write {
			return []write{
				s.revoking("ben"), s.granting("ben", "MANAGE").answered(s.as("grant: bad level")), s.granting("ben", "READ").answered(s.as("grant: denied")),
			}
		}, []string{"Invalid permission", "CAN_READ", `"ben"`, "Permission denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := rbacRecorded(t)
				s.read(rolesCall, s.withLevels(map[string]string{"ben": "READ"}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s.expect(tc.writes(s, cancel)...)
				_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Grant(ctx, "1", mlflow.Grant{Principal: user("ben"), Level: mlflow.LevelManage})
				expectError(t, err, tc.says...)
			})
		})
	}
}

// TestRBAC_lostAnswers: the second try of a call that took effect is refused, and only a read reports whether the refusal means success.
func TestRBAC_lostAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		principal mlflow.Principal
		from, to  string
		writes    func(s *scripted) []write
		says      string
	}{
		"grant": {user("ben"), "", mlflow.LevelRead, func(s *scripted) []write {
			return []write{
				s.granting("ben", "READ").answered(lost).leaving(s, map[string]string{"ben": "READ"}), s.granting("ben", "READ").answered(s.as("grant: there is one")),
			}
		}, ""},
		"grant, and somebody else granted another level": {user("ben"), "", mlflow.LevelRead, func(s *scripted) []write {
			return []write{
				s.granting("ben", "READ").answered(lost).leaving(s, map[string]string{"ben": "EDIT"}), s.granting("ben", "READ").answered(s.as("grant: there is one")),
			}
		}, "already exists"},
		"revoke": {user("ben"), "READ", "", func(s *scripted) []write {
			return []write{s.revoking("ben").answered(lost).leaving(s, nil), s.revoking("ben").answered(s.as("revoke: no grant"))}
		}, ""},
		"revoke, and the row is there all the same": {user("ben"), "READ", "", func(s *scripted) []write {
			return []write{s.revoking("ben").answered(lost), s.revoking("ben").answered(s.as("revoke: no grant"))}
		}, "not found"},
		"add": {group("risk"), "", mlflow.LevelRead, func(s *scripted) []write {
			return []write{
				s.adding(1, "READ").answered(lost).leaving(s, map[string]string{"risk": "READ"}), s.adding(1, "READ").answered(s.as("roles/permissions/add: there is one")),
			}
		}, ""},
		"remove": {group("risk"), "READ", "", func(s *scripted) []write {
			return []write{s.removing(101).answered(lost).leaving(s, nil), s.removing(101).answered(s.as("roles/permissions/remove: no such row"))}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := rbacRecorded(t)
				s.read(rolesCall, s.withLevels(map[string]string{tc.principal.Name: tc.from}))
				s.expect(tc.writes(s)...)
				access := s.client(&mlflow.Server{Username: "admin"}).AccessControl()
				var err error
				if tc.to == "" {
					err = access.Revoke(t.Context(), "1", tc.principal)
				} else {
					_, err = access.Grant(t.Context(), "1", mlflow.Grant{Principal: tc.principal, Level: tc.to})
				}
				expectError(t, err, tc.says)
			})
		})
	}
}

// TestRBAC_revokedMeansGone: the server's word alone does not do.
func TestRBAC_revokedMeansGone(t *testing.T) {
	t.Parallel()
	s := rbacRecorded(t)
	s.read(rolesCall, s.withLevels(map[string]string{"ben": "READ"}))
	s.expect(s.revoking("ben")) // it answers {}, and nothing changes
	err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Revoke(t.Context(), "1", user("ben"))
	expectError(t, err, `still lists the grant to "ben"`)
}

func TestRBAC_missingPrincipals(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]mlflow.Principal{
		"user": user("nobody"), "a user in other letters": user("Ben"), "role": group("nobodies"), "hidden role": group("__user_3__"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Grant(t.Context(), "1", mlflow.Grant{Principal: p, Level: mlflow.LevelRead})
			if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != p {
				t.Errorf("missing %v, error %v", missing, err)
			}
		})
	}
	t.Run("deleted after the look", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		s.read(rolesCall, s.withLevels(nil))
		s.expect(s.granting("ben", "READ").answered(s.as("grant: no such user")))
		_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Grant(t.Context(), "1", mlflow.Grant{Principal: user("ben"), Level: mlflow.LevelRead})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != user("ben") || !strings.Contains(err.Error(), "User with username=nobody not found") {
			t.Errorf("missing %v, error %v", missing, err)
		}
	})
}

func TestRBAC_hidesGrantsFromOutsiders(t *testing.T) {
	t.Parallel()
	s := rbacRecorded(t)
	s.read(rolesCall, s.as("roles/list: in no role"))
	_, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Get(t.Context(), "1")
	var unsupported *mlflow.UnsupportedError
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "a role in the workspace") {
		t.Errorf("error %v", err)
	}
}

func TestRBAC_caller(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		as, workspace string
		groups        []string
		admin         bool
	}{
		"an admin":                              {as: "admin", admin: true},
		"a member":                              {as: "ana", groups: []string{"risk"}},
		"a member in the workspace by its name": {as: "ana", workspace: "default", groups: []string{"risk"}},
		"a member, in another workspace":        {as: "ana", workspace: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rbacRecorded(t)
			s.answers("users/current: "+tc.as, "current/permissions: "+tc.as)
			caller, err := s.client(&mlflow.Server{Username: "admin", Workspace: tc.workspace}).Caller(t.Context())
			if err != nil || caller.Principal != user(tc.as) || caller.Admin != tc.admin || !reflect.DeepEqual(caller.Groups, tc.groups) || caller.Home != "" {
				t.Errorf("caller %+v, error %v", caller, err)
			}
		})
	}
	t.Run("with a wrong password", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		s.answers("users/current: wrong password")
		if _, err := s.client(&mlflow.Server{Username: "admin"}).Caller(t.Context()); !mlflow.IsUnauthenticated(err) {
			t.Errorf("error %v", err)
		}
	})
}

// expectError checks that an error holds some texts, or that there is none when there is no text.
func expectError(t *testing.T, err error, texts ...string) {
	t.Helper()
	wanted := strings.Join(texts, "")
	if err == nil && wanted != "" {
		t.Errorf("no error, want %q", texts)
	}
	if err != nil && wanted == "" {
		t.Errorf("error %v", err)
	}
	for _, text := range texts {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, want %q in it", err, text)
		}
	}
}
