package databricks_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const permissionsPath = "/api/2.0/permissions/experiments/"

// sharedExperiment returns a workspace with an experiment in /Shared, where all users inherit CAN_MANAGE, and with grants on it.
func sharedExperiment(t *testing.T, grants ...emulator.Grant) (*emulator.Workspace, *mlflow.Client, string) {
	t.Helper()
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	w.AddGroup("science")
	id := w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	for _, g := range grants {
		w.Grant(id, g.Principal, g.Level)
	}
	w.ResetJournal()
	return w, client, id
}

// directGrants returns the direct grants on an experiment as "NAME: LEVEL", in order of kind and name.
func directGrants(w *emulator.Workspace, id string) (list []string) {
	for _, g := range w.Grants(id) {
		list = append(list, g.Name+": "+g.Level)
	}
	return list
}

func TestDatabricksACL_Get(t *testing.T) {
	t.Parallel()
	w, client, id := sharedExperiment(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.User), Level: "CAN_EDIT"},
		emulator.Grant{Principal: emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.GroupPrincipal("science"), Level: "CAN_MANAGE"})
	acl, err := client.AccessControl().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	granted := mlflowtest.Levels(acl)
	for who, want := range map[string]string{
		"user " + emulator.User: "CAN_EDIT", "service_principal " + emulator.ServicePrincipal: "CAN_READ", "group science": "CAN_MANAGE",
		"group admins": "CAN_MANAGE from /directories/",
	} {
		if granted[who] != want {
			t.Errorf("%s: got level %q, want %q", who, granted[who], want)
		}
	}
	if !strings.HasPrefix(granted["group users"], "CAN_MANAGE from /directories/") || acl.Admins != mlflowtest.Group("admins") ||
		!acl.Created.IsZero() {
		t.Errorf("got levels %v, admins %v, creation time %s", granted, acl.Admins, acl.Created)
	}
	listed, err := client.AccessControl().GetListed(t.Context(), id)
	if err != nil || !reflect.DeepEqual(listed, acl) || w.Count("GET", permissionsPath+id) != 2 {
		t.Errorf("GetListed: got %v, error %v; want the same list", mlflowtest.Levels(listed), err)
	}
	accessContext, err := client.AccessControl().AccessContext(t.Context(), []string{id})
	if err != nil || !reflect.DeepEqual(accessContext, mlflow.AccessContext{}) {
		t.Errorf("got access context %+v, error %v; want no information", accessContext, err)
	}
	if _, err := client.AccessControl().Get(t.Context(), "42"); !rest.IsNotFound(err) {
		t.Errorf("unknown experiment: got error %v, want not found", err)
	}
}

func TestDatabricksACL_Set(t *testing.T) {
	t.Parallel()
	w, client, id := sharedExperiment(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"})
	acl, err := client.AccessControl().Set(t.Context(), id, []mlflow.Grant{
		{Principal: mlflowtest.User(emulator.User), Level: mlflow.LevelEdit}, {Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead},
		{Principal: mlflowtest.ServicePrincipal, Level: mlflow.LevelManage},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"science: CAN_READ", emulator.ServicePrincipal + ": CAN_MANAGE", emulator.User + ": CAN_EDIT"}
	if got := directGrants(w, id); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("got grants %q, want %q", got, want)
	}
	if granted := mlflowtest.Levels(acl)["user "+emulator.User]; granted != "CAN_EDIT" {
		t.Errorf("got level %q in the response, want CAN_EDIT", granted)
	}
	if n := len(w.Journal()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

func TestDatabricksACL_Grant(t *testing.T) {
	t.Parallel()
	w, client, id := sharedExperiment(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"})
	for _, level := range []string{mlflow.LevelRead, mlflow.LevelEdit} {
		if _, err := client.AccessControl().Grant(t.Context(), id, mlflow.Grant{Principal: mlflowtest.User(strings.ToUpper(emulator.User)),
			Level: level}); err != nil {
			t.Fatal(err)
		}
		granted, err := client.AccessControl().Level(t.Context(), id, mlflowtest.User(emulator.User))
		if err != nil || granted.Level != level {
			t.Errorf("got %+v, error %v; want %q", granted, err, level)
		}
	}
	if got := directGrants(w, id); !slices.Contains(got, emulator.OtherUser+": CAN_MANAGE") {
		t.Errorf("got grants %q, want an unchanged one of another user", got)
	}
	if granted, err := client.AccessControl().Level(t.Context(), id, mlflowtest.Group("users")); err != nil || granted.Level != "" {
		t.Errorf("inherited: got %+v, error %v; want no grant", granted, err)
	}
	if granted, err := client.AccessControl().Level(t.Context(), id, mlflowtest.User("carl@example.com")); err != nil || granted.Level != "" {
		t.Errorf("carl: got %+v, error %v; want no grant", granted, err)
	}
}

func TestDatabricksACL_Revoke(t *testing.T) {
	t.Parallel()
	w, client, id := sharedExperiment(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"},
		emulator.Grant{Principal: emulator.UserPrincipal(emulator.User), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.GroupPrincipal("admins"), Level: "CAN_MANAGE"})
	if err := client.AccessControl().Revoke(t.Context(), id, mlflowtest.User(strings.ToUpper(emulator.User))); err != nil {
		t.Fatal(err)
	}
	want := []string{"admins: CAN_MANAGE", emulator.OtherUser + ": CAN_MANAGE"}
	if got := directGrants(w, id); !slices.Equal(got, want) {
		t.Errorf("got grants %q, want %q", got, want)
	}
	w.ResetJournal()
	for _, p := range []mlflow.Principal{mlflowtest.User(emulator.User), mlflowtest.Group("users")} { // revoked, and only inherited
		if err := client.AccessControl().Revoke(t.Context(), id, p); err != nil {
			t.Errorf("no grant: got error %v, want none", err)
		}
	}
	if n := w.Count(http.MethodPut, permissionsPath+id); n != 0 {
		t.Errorf("got %d writes without a grant, want none", n)
	}
}

func TestDatabricksACL_Levels(t *testing.T) {
	t.Parallel()
	_, client, id := sharedExperiment(t)
	levels, err := levelsOfExperiment(t, client, id)
	if err != nil || !slices.Equal(levels, []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage}) {
		t.Errorf("got levels %v, error %v", levels, err)
	}
}

// TestDatabricksACL_Leftover checks that no request is sent: Databricks does not reuse IDs.
func TestDatabricksACL_Leftover(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	grants, err := s.Client(databricks.Backend{}).AccessControl().Leftover(t.Context(), "1")
	if err != nil || len(grants) > 0 || len(s.Requests()) > 0 {
		t.Errorf("got %v, error %v; want none, and no request", grants, err)
	}
}

func levelsOfExperiment(t *testing.T, client *mlflow.Client, id string) (levels []string, err error) {
	t.Helper()
	infos, err := client.AccessControl().Levels(t.Context(), id)
	for _, info := range infos {
		levels = append(levels, info.Level)
	}
	return levels, err
}

// aclResponse returns an access control list with direct entries, given as "FIELD NAME LEVEL".
func aclResponse(id string, entries ...string) mlflowtest.Response {
	list := make([]string, len(entries))
	for i, e := range entries {
		f := strings.Fields(e)
		list[i] = fmt.Sprintf(`{%q:%q,"all_permissions":[{"permission_level":%q,"inherited":false}]}`, f[0], f[1], f[2])
	}
	return mlflowtest.OK(fmt.Sprintf(`{"object_id":"/experiments/%s","object_type":"mlflowExperiment","access_control_list":[%s]}`, id,
		strings.Join(list, ",")))
}

const getACL = "GET " + permissionsPath + "1"

// aclWrite returns a request that writes entries of the list.
func aclWrite(method, entries string, a mlflowtest.Response) mlflowtest.Write {
	return mlflowtest.Write{Call: method + " " + permissionsPath + "1", Body: `{"access_control_list":[` + entries + `]}`, Response: a}
}

// TestDatabricksACL_RevokeChecksResponse checks that a revoke is successful only if the returned list confirms it.
func TestDatabricksACL_RevokeChecksResponse(t *testing.T) {
	t.Parallel()
	const remaining = `{"user_name":"ben","permission_level":"CAN_EDIT"}`
	before := aclResponse("1", "user_name ana CAN_READ", "user_name ben CAN_EDIT")
	for name, tc := range map[string]struct {
		response mlflowtest.Response
		wantErr  string
	}{
		"revoked":                        {aclResponse("1", "user_name ben CAN_EDIT"), ""},
		"still granted":                  {before, `lists the grant to "ana"`},
		"in another case":                {aclResponse("1", "user_name ben CAN_EDIT", "user_name ANA CAN_READ"), `lists the grant to "ana"`},
		"another grant is missing":       {aclResponse("1"), "ben"},
		"another grant is changed":       {aclResponse("1", "user_name ben CAN_READ"), "ben"},
		"no list":                        {mlflowtest.OK(`{}`), "object_id"},
		"nothing":                        {mlflowtest.Response{Status: 204}, "empty"},
		"the list of another experiment": {aclResponse("2", "user_name ben CAN_EDIT"), `"2" instead of "1"`},
		"a missing principal": {
			mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Principal: UserName(ben) does not exist"), "UserName(ben)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(getACL, before)
			s.Expect(aclWrite(http.MethodPut, remaining, tc.response))
			mlflowtest.ExpectError(t, s.Client(databricks.Backend{}).AccessControl().Revoke(t.Context(), "1", mlflowtest.User("ana")), tc.wantErr)
		})
	}
}

// TestDatabricksACL_writesAreChecked checks that a grant that the response does not contain is an error, also with another name or level.
func TestDatabricksACL_writesAreChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		grant    mlflow.Grant
		sent     string
		response mlflowtest.Response
		wantErr  string
		listed   mlflow.Principal
	}{
		"as sent": {
			mlflow.Grant{Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead}, `{"group_name":"science","permission_level":"CAN_READ"}`,
			aclResponse("1", "group_name science CAN_READ"), "", mlflow.Principal{},
		},
		"a user in another case": {
			mlflow.Grant{Principal: mlflowtest.User("Ana"), Level: mlflow.LevelRead}, `{"user_name":"Ana","permission_level":"CAN_READ"}`,
			aclResponse("1", "user_name ana CAN_READ"), "", mlflow.Principal{},
		},
		"a service principal that was sent as a user": {
			mlflow.Grant{Principal: mlflowtest.User(mlflowtest.ServicePrincipal.Name), Level: mlflow.LevelRead},
			`{"user_name":"` + mlflowtest.ServicePrincipal.Name + `","permission_level":"CAN_READ"}`,
			aclResponse("1", "service_principal_name "+mlflowtest.ServicePrincipal.Name+" CAN_READ"), "", mlflow.Principal{},
		},
		"a group in another case": {
			mlflow.Grant{Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead}, `{"group_name":"science","permission_level":"CAN_READ"}`,
			aclResponse("1", "group_name Science CAN_READ"), `"science" as "Science"`, mlflowtest.Group("Science"),
		},
		"another level": {
			mlflow.Grant{Principal: mlflowtest.User("ana"), Level: mlflow.LevelEdit}, `{"user_name":"ana","permission_level":"CAN_EDIT"}`,
			aclResponse("1", "user_name ana CAN_READ"), "accepted CAN_EDIT", mlflowtest.User("ana"),
		},
		"missing": {
			mlflow.Grant{Principal: mlflowtest.User("ana"), Level: mlflow.LevelEdit}, `{"user_name":"ana","permission_level":"CAN_EDIT"}`,
			aclResponse("1", "user_name ben CAN_EDIT"), "does not list it", mlflow.Principal{},
		},
	} {
		for method, write := range map[string]func(access mlflow.AccessControl) error{
			http.MethodPatch: func(access mlflow.AccessControl) error {
				_, err := access.Grant(t.Context(), "1", tc.grant)
				return err
			},
			http.MethodPut: func(access mlflow.AccessControl) error {
				_, err := access.Set(t.Context(), "1", []mlflow.Grant{tc.grant})
				return err
			},
		} {
			t.Run(name+" by "+method, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Expect(aclWrite(method, tc.sent, tc.response))
				err := write(s.Client(databricks.Backend{}).AccessControl())
				mlflowtest.ExpectError(t, err, tc.wantErr)
				var lost *mlflow.NotGrantedError
				if tc.wantErr != "" && (!errors.As(err, &lost) || lost.Listed != tc.listed || lost.Grant != tc.grant) {
					t.Errorf("got error %#v", err)
				}
			})
		}
	}
}

func TestDatabricksACL_invalidResponses(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]mlflowtest.Response{
		"{}": mlflowtest.OK(`{}`), "a proxy": mlflowtest.OK(`{"status":"ok"}`), "nothing": {Status: 204},
		"a page":             mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"another experiment": aclResponse("12", "user_name ana CAN_READ"),
		"an error as 200":    mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`),
		"an entry without a principal": mlflowtest.OK(`{"object_id":"/experiments/1","object_type":"mlflowExperiment",` +
			`"access_control_list":[{"all_permissions":[]}]}`),
		"a notebook's list": mlflowtest.OK(`{"object_id":"/notebooks/1","object_type":"notebook","access_control_list":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(getACL, a)
			access := s.Client(databricks.Backend{}).AccessControl()
			acl, err := access.Get(t.Context(), "1")
			if err == nil || rest.IsNotFound(err) || len(acl.Entries) > 0 {
				t.Errorf("Get: got %v, error %v; want an error other than not found", mlflowtest.Levels(acl), err)
			}
			if _, err := access.Level(t.Context(), "1", mlflowtest.User("ana")); err == nil {
				t.Error("Level: got no error, want one")
			}
			if err := access.Revoke(t.Context(), "1", mlflowtest.User("ana")); err == nil {
				t.Error("Revoke: got no error, want one")
			}
			s.Expect(aclWrite(http.MethodPut, "", a))
			if _, err := access.Set(t.Context(), "1", nil); err == nil {
				t.Error("Set: got no error, want one")
			}
			var object *mlflow.ObjectError
			if is := errors.As(err, &object); is != (name == "a notebook's list") || is && object.Type != "notebook" {
				t.Errorf("got error %#v", err)
			}
			s.Read(getACL+"/permissionLevels", a)
			if levels, err := levelsOfExperiment(t, s.Client(databricks.Backend{}), "1"); err == nil {
				t.Errorf("Levels: got %v, want an error", levels)
			}
		})
	}
}

// TestDatabricksACL_missingPrincipal checks that the missing principal is found in the message of the server.
func TestDatabricksACL_missingPrincipal(t *testing.T) {
	t.Parallel()
	w, client, id := sharedExperiment(t)
	for _, p := range []mlflow.Principal{
		mlflowtest.User("nobody@example.com"), mlflowtest.Group("nobodies"), mlflowtest.Group("data (EU) science"), mlflowtest.Group("a)b"),
		{Kind: mlflow.KindServicePrincipal, Name: "00000000-0000-0000-0000-000000000000"},
	} {
		_, err := client.AccessControl().Set(t.Context(), id, []mlflow.Grant{{Principal: mlflowtest.User(emulator.User), Level: mlflow.LevelRead},
			{Principal: p, Level: mlflow.LevelRead}})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != p || !strings.Contains(err.Error(), p.Name) {
			t.Errorf("%s: got missing principal %v, error %v", p.Name, missing, err)
		}
		var refusal *rest.APIError
		if !errors.As(err, &refusal) {
			t.Errorf("%s: got error %#v, want an API error in it", p.Name, err)
		}
	}
	if got := directGrants(w, id); len(got) != 0 {
		t.Errorf("got grants %q, want none", got)
	}
	if _, ok := mlflow.MissingPrincipal(errors.New("x")); ok {
		t.Error("got a missing principal for another error, want none")
	}
}

// TestIDsAreNoPaths checks that an ID cannot change the path of a request.
func TestIDsAreNoPaths(t *testing.T) {
	t.Parallel()
	for _, id := range []string{".", "..", "1/../2", "1?x=y", "1/permissionLevels"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var path string
			client := mlflowtest.Client(mlflowtest.RoundTripFunc(func(r *http.Request) (*http.Response, error) {
				path = r.URL.EscapedPath() + r.URL.RawQuery
				return nil, errors.New("not sent")
			}), databricks.Backend{}, mlflowtest.ShortRetryTimeout)
			if _, err := client.AccessControl().Get(t.Context(), id); err == nil {
				t.Error("got no error, want one")
			}
			sent := strings.TrimPrefix(path, permissionsPath)
			if dots := id == "." || id == ".."; dots && path != "" || !dots && (sent == path || strings.ContainsAny(sent, "/?")) {
				t.Errorf("got a request to %q", path)
			}
		})
	}
}
