package server_test

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
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// rolesList lists the roles of the workspace default.
const rolesList = "GET " + mlflowtest.RolesPath + "list?workspace=default"

// recordedServer is a recorded server whose grants the tests change.
type recordedServer struct{ *mlflowtest.Scripted }

// newRBACServer returns MLflow 3.17 as recorded with each kind of grant on experiment 1: the role risk has READ, and USE on all
// experiments; its member ana has EDIT, ben DENY, and the creator admin MANAGE. The role bosses manages the workspace and has no members.
func newRBACServer(t *testing.T) recordedServer {
	t.Helper()
	s := recordedServer{mlflowtest.NewRecorded(t, mlflowtest.RBACServer)}
	s.Replay("users/permissions/get: the probe", "users/list: picture", "roles/list: picture", "get", "get: missing", "users/current: admin",
		"current/permissions: admin")
	return s
}

// rolesResponse returns the recorded list of roles with other grants on experiment 1: the server's level by user or role.
func (s recordedServer) rolesResponse(levels map[string]string) mlflowtest.Response {
	s.T.Helper()
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
	recorded := s.RecordedResponse("roles/list: picture")
	if err := json.Unmarshal([]byte(recorded.Body), &list); err != nil {
		s.T.Fatal(err)
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
		s.T.Fatal(err)
	}
	recorded.Body = string(body)
	return recorded
}

// grantWrite and revokeWrite return the request to grant a level to a user, and to revoke it.
func (s recordedServer) grantWrite(username, level string) mlflowtest.Write {
	return mlflowtest.Write{
		Call: "POST " + mlflowtest.UserGrantsPath + "grant", Response: s.RecordedResponse("grant"),
		Body: fmt.Sprintf(`{"username":%q,"resource_type":"experiment","resource_id":"1","permission":%q}`, username, level),
	}
}

func (s recordedServer) revokeWrite(username string) mlflowtest.Write {
	return mlflowtest.Write{
		Call: "POST " + mlflowtest.UserGrantsPath + "revoke", Response: s.RecordedResponse("revoke"),
		Body: fmt.Sprintf(`{"username":%q,"resource_type":"experiment","resource_id":"1"}`, username),
	}
}

// addWrite, updateWrite, and removeWrite return the requests to grant a level to a role, to change it, and to revoke it.
func (s recordedServer) addWrite(role int, level string) mlflowtest.Write {
	return mlflowtest.Write{
		Call: "POST " + mlflowtest.RolesPath + "permissions/add", Response: s.RecordedResponse("roles/permissions/add"),
		Body: fmt.Sprintf(`{"role_id":%d,"resource_type":"experiment","resource_pattern":"1","permission":%q}`, role, level),
	}
}

func (s recordedServer) updateWrite(row int, level string) mlflowtest.Write {
	return mlflowtest.Write{
		Call: "PATCH " + mlflowtest.RolesPath + "permissions/update", Response: s.RecordedResponse("roles/permissions/update"),
		Body: fmt.Sprintf(`{"role_permission_id":%d,"permission":%q}`, row, level),
	}
}

func (s recordedServer) removeWrite(row int) mlflowtest.Write {
	return mlflowtest.Write{
		Call: "DELETE " + mlflowtest.RolesPath + "permissions/remove", Response: s.RecordedResponse("roles/permissions/remove"),
		Body: fmt.Sprintf(`{"role_permission_id":%d}`, row),
	}
}

// withLevelsAfter returns a write after which experiment 1 has these grants.
func (s recordedServer) withLevelsAfter(w mlflowtest.Write, levels map[string]string) mlflowtest.Write {
	w.Then = map[string]mlflowtest.Response{rolesList: s.rolesResponse(levels)}
	return w
}

func TestRBAC_readsEachKindOfGrant(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
	acl, err := access.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	mlflowtest.ExpectLevels(t, acl, map[string]string{
		"user admin": "CAN_MANAGE; CAN_MANAGE from admin", "user ana": "CAN_EDIT", "user ben": "DENY",
		"group risk": "CAN_READ; USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
	})
	if !acl.Created.Equal(time.UnixMilli(1700000000000)) {
		t.Errorf("got creation time %s", acl.Created)
	}
	s.ExpectRequests("GET "+mlflowtest.UserGrantsPath+"get", "GET "+mlflowtest.UsersPath+"list", "GET "+mlflowtest.RolesPath+"list",
		"GET "+mlflowtest.ExperimentsPath+"get")
	if acl, err = access.GetListed(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	mlflowtest.ExpectLevels(t, acl, map[string]string{
		"user admin": "CAN_MANAGE from admin", "group risk": "USE from every experiment", "group bosses": "CAN_MANAGE from workspace",
	})
	s.ExpectRequests() // the grants on all experiments are read once
}

func TestRBAC_changesOneGrant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		principal mlflow.Principal
		from, to  string
		writes    func(recordedServer) []mlflowtest.Write
	}{
		"a new grant": {mlflowtest.User("ben"), "", "READ",
			func(s recordedServer) []mlflowtest.Write { return []mlflowtest.Write{s.grantWrite("ben", "READ")} }},
		"another level: revoke, then grant": {mlflowtest.User("ben"), "READ", "MANAGE", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.revokeWrite("ben"), s.grantWrite("ben", "MANAGE")}
		}},
		"the same level": {mlflowtest.User("ben"), "READ", "READ", func(recordedServer) []mlflowtest.Write { return nil }},
		"a revoke": {mlflowtest.User("ben"), "READ", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.withLevelsAfter(s.revokeWrite("ben"), nil)}
		}},
		"a revoke without a grant": {mlflowtest.User("ben"), "", "", func(recordedServer) []mlflowtest.Write { return nil }},
		"a new grant to a role": {mlflowtest.Group("risk"), "", "READ",
			func(s recordedServer) []mlflowtest.Write { return []mlflowtest.Write{s.addWrite(1, "READ")} }},
		"another level of a role": {mlflowtest.Group("risk"), "READ", "EDIT",
			func(s recordedServer) []mlflowtest.Write { return []mlflowtest.Write{s.updateWrite(101, "EDIT")} }},
		"a revoke from a role": {mlflowtest.Group("risk"), "READ", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.withLevelsAfter(s.removeWrite(101), nil)}
		}},
		"a level with the server's name": {mlflowtest.User("ben"), "", "USE",
			func(s recordedServer) []mlflowtest.Write { return []mlflowtest.Write{s.grantWrite("ben", "USE")} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			s.Read(rolesList, s.rolesResponse(map[string]string{tc.principal.Name: tc.from}))
			s.Expect(tc.writes(s)...)
			access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
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
				t.Errorf("got creation time %s, error %v", created, err)
			}
		})
	}
}

// TestRBAC_restoresLevel checks that the previous level is granted again if a change fails between its revoke and its grant.
func TestRBAC_restoresLevel(t *testing.T) {
	t.Parallel()
	busy := mlflowtest.Refuse(503, "TEMPORARILY_UNAVAILABLE", "busy")
	for name, tc := range map[string]struct {
		writes  func(s recordedServer, cancel func()) []mlflowtest.Write
		wantErr []string
	}{
		"the grant is rejected": {func(s recordedServer, _ func()) []mlflowtest.Write {
			return []mlflowtest.Write{s.revokeWrite("ben"), s.grantWrite("ben", "MANAGE").WithResponse(s.RecordedResponse("grant: bad level")),
				s.grantWrite("ben", "READ")}
		}, []string{"Invalid permission"}},
		"the run is canceled after the revoke": {func(s recordedServer, cancel func()) []mlflowtest.Write {
			revoke := s.revokeWrite("ben")
			revoke.Meanwhile = cancel
			return []mlflowtest.Write{revoke, s.grantWrite("ben", "READ")}
		}, []string{"context canceled"}},
		"the revoke has no clear response and no effect": {func(s recordedServer, cancel func()) []mlflowtest.Write {
			revoke := s.revokeWrite("ben").WithResponse(busy)
			revoke.Meanwhile = cancel
			return []mlflowtest.Write{revoke, s.grantWrite("ben", "READ").WithResponse(s.RecordedResponse("grant: there is one"))}
		}, []string{"context canceled"}},
		"the level cannot be restored": {func(s recordedServer, _ func()) []mlflowtest.Write {
			return []mlflowtest.Write{
				s.revokeWrite("ben"), s.grantWrite("ben", "MANAGE").WithResponse(s.RecordedResponse("grant: bad level")),
				s.grantWrite("ben", "READ").WithResponse(s.RecordedResponse("grant: denied")),
			}
		}, []string{"Invalid permission", "CAN_READ", `"ben"`, "Permission denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newRBACServer(t)
				s.Read(rolesList, s.rolesResponse(map[string]string{"ben": "READ"}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s.Expect(tc.writes(s, cancel)...)
				_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Grant(ctx, "1",
					mlflow.Grant{Principal: mlflowtest.User("ben"), Level: mlflow.LevelManage})
				mlflowtest.ExpectError(t, err, tc.wantErr...)
			})
		})
	}
}

// TestRBAC_lostResponses checks that, if the second try of a call is rejected, a read decides whether the first one had the effect.
func TestRBAC_lostResponses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		principal mlflow.Principal
		from, to  string
		writes    func(s recordedServer) []mlflowtest.Write
		wantErr   string
	}{
		"grant": {mlflowtest.User("ben"), "", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{
				s.withLevelsAfter(s.grantWrite("ben", "READ").WithResponse(mlflowtest.LostResponse), map[string]string{"ben": "READ"}),
				s.grantWrite("ben", "READ").WithResponse(s.RecordedResponse("grant: there is one")),
			}
		}, ""},
		"grant, and another client granted another level": {mlflowtest.User("ben"), "", mlflow.LevelRead,
			func(s recordedServer) []mlflowtest.Write {
				return []mlflowtest.Write{
					s.withLevelsAfter(s.grantWrite("ben", "READ").WithResponse(mlflowtest.LostResponse), map[string]string{"ben": "EDIT"}),
					s.grantWrite("ben", "READ").WithResponse(s.RecordedResponse("grant: there is one")),
				}
			}, "already exists"},
		"revoke": {mlflowtest.User("ben"), "READ", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.withLevelsAfter(s.revokeWrite("ben").WithResponse(mlflowtest.LostResponse), nil),
				s.revokeWrite("ben").WithResponse(s.RecordedResponse("revoke: no grant"))}
		}, ""},
		"revoke, and the grant still exists": {mlflowtest.User("ben"), "READ", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.revokeWrite("ben").WithResponse(mlflowtest.LostResponse),
				s.revokeWrite("ben").WithResponse(s.RecordedResponse("revoke: no grant"))}
		}, "not found"},
		"add": {mlflowtest.Group("risk"), "", mlflow.LevelRead, func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{
				s.withLevelsAfter(s.addWrite(1, "READ").WithResponse(mlflowtest.LostResponse), map[string]string{"risk": "READ"}),
				s.addWrite(1, "READ").WithResponse(s.RecordedResponse("roles/permissions/add: there is one")),
			}
		}, ""},
		"remove": {mlflowtest.Group("risk"), "READ", "", func(s recordedServer) []mlflowtest.Write {
			return []mlflowtest.Write{s.withLevelsAfter(s.removeWrite(101).WithResponse(mlflowtest.LostResponse), nil),
				s.removeWrite(101).WithResponse(s.RecordedResponse("roles/permissions/remove: no such row"))}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newRBACServer(t)
				s.Read(rolesList, s.rolesResponse(map[string]string{tc.principal.Name: tc.from}))
				s.Expect(tc.writes(s)...)
				access := s.Client(&server.Backend{Username: "admin"}).AccessControl()
				var err error
				if tc.to == "" {
					err = access.Revoke(t.Context(), "1", tc.principal)
				} else {
					_, err = access.Grant(t.Context(), "1", mlflow.Grant{Principal: tc.principal, Level: tc.to})
				}
				mlflowtest.ExpectError(t, err, tc.wantErr)
			})
		})
	}
}

// TestRBAC_revokeIsVerified checks that a revoke without an effect is an error.
func TestRBAC_revokeIsVerified(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	s.Read(rolesList, s.rolesResponse(map[string]string{"ben": "READ"}))
	s.Expect(s.revokeWrite("ben")) // the response is {}, and nothing changes
	err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Revoke(t.Context(), "1", mlflowtest.User("ben"))
	mlflowtest.ExpectError(t, err, `still lists the grant to "ben"`)
}

func TestRBAC_missingPrincipals(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]mlflow.Principal{
		"user": mlflowtest.User("nobody"), "a user in another case": mlflowtest.User("Ben"), "role": mlflowtest.Group("nobodies"),
		"hidden role": mlflowtest.Group("__user_3__"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Grant(t.Context(), "1",
				mlflow.Grant{Principal: p, Level: mlflow.LevelRead})
			if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != p {
				t.Errorf("got missing principal %v, error %v", missing, err)
			}
		})
	}
	t.Run("deleted after the lookup", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Read(rolesList, s.rolesResponse(nil))
		s.Expect(s.grantWrite("ben", "READ").WithResponse(s.RecordedResponse("grant: no such user")))
		_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Grant(t.Context(), "1",
			mlflow.Grant{Principal: mlflowtest.User("ben"), Level: mlflow.LevelRead})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != mlflowtest.User("ben") ||
			!strings.Contains(err.Error(), "User with username=nobody not found") {
			t.Errorf("got missing principal %v, error %v", missing, err)
		}
	})
}

func TestRBAC_notInARole(t *testing.T) {
	t.Parallel()
	s := newRBACServer(t)
	s.Read(rolesList, s.RecordedResponse("roles/list: in no role"))
	_, err := s.Client(&server.Backend{Username: "admin"}).AccessControl().Get(t.Context(), "1")
	var unsupported *mlflow.UnsupportedError
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "a role in the workspace") {
		t.Errorf("got error %v, want unsupported", err)
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
		"a member, with a configured workspace": {as: "ana", workspace: "default", groups: []string{"risk"}},
		"a member, in another workspace":        {as: "ana", workspace: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRBACServer(t)
			s.Replay("users/current: "+tc.as, "current/permissions: "+tc.as)
			caller, err := s.Client(&server.Backend{Username: "admin", Workspace: tc.workspace}).Caller(t.Context())
			if err != nil || caller.Principal != mlflowtest.User(tc.as) || caller.Admin != tc.admin ||
				!reflect.DeepEqual(caller.Groups, tc.groups) || caller.Home != "" {
				t.Errorf("got caller %+v, error %v", caller, err)
			}
		})
	}
	t.Run("with a wrong password", func(t *testing.T) {
		t.Parallel()
		s := newRBACServer(t)
		s.Replay("users/current: wrong password")
		if _, err := s.Client(&server.Backend{Username: "admin"}).Caller(t.Context()); !rest.IsUnauthenticated(err) {
			t.Errorf("got error %v, want unauthenticated", err)
		}
	})
}
