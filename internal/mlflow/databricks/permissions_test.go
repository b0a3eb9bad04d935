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

// shared makes a workspace with an experiment in /Shared, where all users manage, and grants on it. The admins hold one of their own.
func shared(t *testing.T, grants ...emulator.Grant) (*emulator.Workspace, *mlflow.Client, string) {
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

// direct gives the direct grants on an experiment, "NAME: LEVEL", by kind and name.
func direct(w *emulator.Workspace, id string) (list []string) {
	for _, g := range w.Grants(id) {
		list = append(list, g.Name+": "+g.Level)
	}
	return list
}

func TestDatabricksACL_Get(t *testing.T) {
	t.Parallel()
	w, client, id := shared(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.User), Level: "CAN_EDIT"},
		emulator.Grant{Principal: emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.GroupPrincipal("science"), Level: "CAN_MANAGE"})
	acl, err := client.AccessControl().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	held := mlflowtest.Levels(acl)
	for who, want := range map[string]string{
		"user " + emulator.User: "CAN_EDIT", "service_principal " + emulator.ServicePrincipal: "CAN_READ", "group science": "CAN_MANAGE",
		"group admins": "CAN_MANAGE from /directories/",
	} {
		if held[who] != want {
			t.Errorf("%s holds %q, want %q", who, held[who], want)
		}
	}
	if !strings.HasPrefix(held["group users"], "CAN_MANAGE from /directories/") || acl.Admins != mlflowtest.Group("admins") || !acl.Created.IsZero() {
		t.Errorf("the list is %v, of admins %v, created %s", held, acl.Admins, acl.Created)
	}
	listed, err := client.AccessControl().GetListed(t.Context(), id)
	if err != nil || !reflect.DeepEqual(listed, acl) || w.Count("GET", permissionsPath+id) != 2 {
		t.Errorf("listed: %v, error %v", mlflowtest.Levels(listed), err)
	}
	accessContext, err := client.AccessControl().AccessContext(t.Context(), []string{id})
	if err != nil || !reflect.DeepEqual(accessContext, mlflow.AccessContext{}) {
		t.Errorf("access context %+v, error %v", accessContext, err)
	}
	if _, err := client.AccessControl().Get(t.Context(), "42"); !rest.IsNotFound(err) {
		t.Errorf("of what is not there: got error %v, want not found", err)
	}
}

func TestDatabricksACL_Set(t *testing.T) {
	t.Parallel()
	w, client, id := shared(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"})
	acl, err := client.AccessControl().Set(t.Context(), id, []mlflow.Grant{
		{Principal: mlflowtest.User(emulator.User), Level: mlflow.LevelEdit}, {Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead}, {Principal: mlflowtest.ServicePrincipal, Level: mlflow.LevelManage},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"science: CAN_READ", emulator.ServicePrincipal + ": CAN_MANAGE", emulator.User + ": CAN_EDIT"}
	if got := direct(w, id); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("granted are %q, want %q", got, want)
	}
	if held := mlflowtest.Levels(acl)["user "+emulator.User]; held != "CAN_EDIT" {
		t.Errorf("the response has %q", held)
	}
	if n := len(w.Journal()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestDatabricksACL_Grant(t *testing.T) {
	t.Parallel()
	w, client, id := shared(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"})
	for _, level := range []string{mlflow.LevelRead, mlflow.LevelEdit} {
		if _, err := client.AccessControl().Grant(t.Context(), id, mlflow.Grant{Principal: mlflowtest.User(strings.ToUpper(emulator.User)), Level: level}); err != nil {
			t.Fatal(err)
		}
		held, err := client.AccessControl().Level(t.Context(), id, mlflowtest.User(emulator.User))
		if err != nil || held.Level != level {
			t.Errorf("holds %+v, error %v", held, err)
		}
	}
	if got := direct(w, id); !slices.Contains(got, emulator.OtherUser+": CAN_MANAGE") {
		t.Errorf("others were changed: %q", got)
	}
	if held, err := client.AccessControl().Level(t.Context(), id, mlflowtest.Group("users")); err != nil || held.Level != "" {
		t.Errorf("what is inherited is no grant: %+v, error %v", held, err)
	}
	if held, err := client.AccessControl().Level(t.Context(), id, mlflowtest.User("carl@example.com")); err != nil || held.Level != "" {
		t.Errorf("carl holds %+v, error %v", held, err)
	}
}

func TestDatabricksACL_Revoke(t *testing.T) {
	t.Parallel()
	w, client, id := shared(t, emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"},
		emulator.Grant{Principal: emulator.UserPrincipal(emulator.User), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.GroupPrincipal("admins"), Level: "CAN_MANAGE"})
	if err := client.AccessControl().Revoke(t.Context(), id, mlflowtest.User(strings.ToUpper(emulator.User))); err != nil {
		t.Fatal(err)
	}
	want := []string{"admins: CAN_MANAGE", emulator.OtherUser + ": CAN_MANAGE"}
	if got := direct(w, id); !slices.Equal(got, want) {
		t.Errorf("granted are %q, want %q", got, want)
	}
	w.ResetJournal()
	for _, p := range []mlflow.Principal{mlflowtest.User(emulator.User), mlflowtest.Group("users")} { // gone, and inherited only
		if err := client.AccessControl().Revoke(t.Context(), id, p); err != nil {
			t.Errorf("again: %v", err)
		}
	}
	if n := w.Count(http.MethodPut, permissionsPath+id); n != 0 {
		t.Errorf("%d writes for what is not there", n)
	}
}

func TestDatabricksACL_Levels(t *testing.T) {
	t.Parallel()
	_, client, id := shared(t)
	levels, err := levelsOfExperiment(t, client, id)
	if err != nil || !slices.Equal(levels, []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage}) {
		t.Errorf("levels %v, error %v", levels, err)
	}
}

// TestDatabricksACL_Leftover: Databricks uses no ID again.
func TestDatabricksACL_Leftover(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	grants, err := s.Client(databricks.Backend{}).AccessControl().Leftover(t.Context(), "1")
	if err != nil || len(grants) > 0 || len(s.Requests()) > 0 {
		t.Errorf("left are %v, error %v", grants, err)
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

// listAnswer is an access control list as Databricks responses it, with direct entries: "FIELD NAME LEVEL".
func listAnswer(id string, entries ...string) mlflowtest.Response {
	list := make([]string, len(entries))
	for i, e := range entries {
		f := strings.Fields(e)
		list[i] = fmt.Sprintf(`{%q:%q,"all_permissions":[{"permission_level":%q,"inherited":false}]}`, f[0], f[1], f[2])
	}
	return mlflowtest.OK(fmt.Sprintf(`{"object_id":"/experiments/%s","object_type":"mlflowExperiment","access_control_list":[%s]}`, id, strings.Join(list, ",")))
}

const listCall = "GET " + permissionsPath + "1"

// setting is a write of the whole list.
func setting(method, entries string, a mlflowtest.Response) mlflowtest.Write {
	return mlflowtest.Write{Call: method + " " + permissionsPath + "1", Body: `{"access_control_list":[` + entries + `]}`, Response: a}
}

// TestDatabricksACL_RevokeChecksTheAnswer: done is only what the list shows.
func TestDatabricksACL_RevokeChecksTheAnswer(t *testing.T) {
	t.Parallel()
	const remaining = `{"user_name":"ben","permission_level":"CAN_EDIT"}`
	before := listAnswer("1", "user_name ana CAN_READ", "user_name ben CAN_EDIT")
	for name, tc := range map[string]struct {
		response mlflowtest.Response
		says     string
	}{
		"it is gone":               {listAnswer("1", "user_name ben CAN_EDIT"), ""},
		"it is there":              {before, `lists the grant to "ana"`},
		"in other letters":         {listAnswer("1", "user_name ben CAN_EDIT", "user_name ANA CAN_READ"), `lists the grant to "ana"`},
		"the other one was lost":   {listAnswer("1"), "ben"},
		"the other one is changed": {listAnswer("1", "user_name ben CAN_READ"), "ben"},
		"no list":                  {mlflowtest.OK(`{}`), "object_id"},
		"nothing":                  {mlflowtest.Response{Status: 204}, "empty"},
		"another one's list":       {listAnswer("2", "user_name ben CAN_EDIT"), `"2" instead of "1"`},
		"somebody is not there": {
			mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Principal: UserName(ben) does not exist"), "UserName(ben)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(listCall, before)
			s.Expect(setting(http.MethodPut, remaining, tc.response))
			mlflowtest.ExpectError(t, s.Client(databricks.Backend{}).AccessControl().Revoke(t.Context(), "1", mlflowtest.User("ana")), tc.says)
		})
	}
}

// TestDatabricksACL_writesAreChecked: a grant that the response lacks is an error, also when it is there under another name or level.
func TestDatabricksACL_writesAreChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		grant    mlflow.Grant
		sent     string
		response mlflowtest.Response
		says     string
		listed   mlflow.Principal
	}{
		"as sent": {
			mlflow.Grant{Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead}, `{"group_name":"science","permission_level":"CAN_READ"}`,
			listAnswer("1", "group_name science CAN_READ"), "", mlflow.Principal{},
		},
		"a user in other letters": {
			mlflow.Grant{Principal: mlflowtest.User("Ana"), Level: mlflow.LevelRead}, `{"user_name":"Ana","permission_level":"CAN_READ"}`,
			listAnswer("1", "user_name ana CAN_READ"), "", mlflow.Principal{},
		},
		"a service principal that was sent as a user": {
			mlflow.Grant{Principal: mlflowtest.User(mlflowtest.ServicePrincipal.Name), Level: mlflow.LevelRead}, `{"user_name":"` + mlflowtest.ServicePrincipal.Name + `","permission_level":"CAN_READ"}`,
			listAnswer("1", "service_principal_name "+mlflowtest.ServicePrincipal.Name+" CAN_READ"), "", mlflow.Principal{},
		},
		"a group in other letters": {
			mlflow.Grant{Principal: mlflowtest.Group("science"), Level: mlflow.LevelRead}, `{"group_name":"science","permission_level":"CAN_READ"}`,
			listAnswer("1", "group_name Science CAN_READ"), `"science" as "Science"`, mlflowtest.Group("Science"),
		},
		"another level": {
			mlflow.Grant{Principal: mlflowtest.User("ana"), Level: mlflow.LevelEdit}, `{"user_name":"ana","permission_level":"CAN_EDIT"}`,
			listAnswer("1", "user_name ana CAN_READ"), "accepted CAN_EDIT", mlflowtest.User("ana"),
		},
		"not at all": {
			mlflow.Grant{Principal: mlflowtest.User("ana"), Level: mlflow.LevelEdit}, `{"user_name":"ana","permission_level":"CAN_EDIT"}`,
			listAnswer("1", "user_name ben CAN_EDIT"), "does not list it", mlflow.Principal{},
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
				s.Expect(setting(method, tc.sent, tc.response))
				err := write(s.Client(databricks.Backend{}).AccessControl())
				mlflowtest.ExpectError(t, err, tc.says)
				var lost *mlflow.NotGrantedError
				if tc.says != "" && (!errors.As(err, &lost) || lost.Listed != tc.listed || lost.Grant != tc.grant) {
					t.Errorf("error %#v", err)
				}
			})
		}
	}
}

func TestDatabricksACL_wrongAnswers(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]mlflowtest.Response{
		"{}": mlflowtest.OK(`{}`), "a proxy": mlflowtest.OK(`{"status":"ok"}`), "nothing": {Status: 204}, "a page": mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"another one's":     listAnswer("12", "user_name ana CAN_READ"),
		"an error as 200":   mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`),
		"an entry of none":  mlflowtest.OK(`{"object_id":"/experiments/1","object_type":"mlflowExperiment","access_control_list":[{"all_permissions":[]}]}`),
		"a notebook's list": mlflowtest.OK(`{"object_id":"/notebooks/1","object_type":"notebook","access_control_list":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(listCall, a)
			access := s.Client(databricks.Backend{}).AccessControl()
			acl, err := access.Get(t.Context(), "1")
			if err == nil || rest.IsNotFound(err) || len(acl.Entries) > 0 {
				t.Errorf("Get gives %v, error %v", mlflowtest.Levels(acl), err)
			}
			if _, err := access.Level(t.Context(), "1", mlflowtest.User("ana")); err == nil {
				t.Error("Level believed it")
			}
			if err := access.Revoke(t.Context(), "1", mlflowtest.User("ana")); err == nil {
				t.Error("Revoke believed it")
			}
			s.Expect(setting(http.MethodPut, "", a))
			if _, err := access.Set(t.Context(), "1", nil); err == nil {
				t.Error("Set believed it")
			}
			var object *mlflow.ObjectError
			if is := errors.As(err, &object); is != (name == "a notebook's list") || is && object.Type != "notebook" {
				t.Errorf("error %#v", err)
			}
			s.Read(listCall+"/permissionLevels", a)
			if levels, err := levelsOfExperiment(t, s.Client(databricks.Backend{}), "1"); err == nil {
				t.Errorf("levels %v", levels)
			}
		})
	}
}

// TestDatabricksACL_missingPrincipal: the server's words name the one that it does not know.
func TestDatabricksACL_missingPrincipal(t *testing.T) {
	t.Parallel()
	w, client, id := shared(t)
	for _, p := range []mlflow.Principal{
		mlflowtest.User("nobody@example.com"), mlflowtest.Group("nobodies"), mlflowtest.Group("data (EU) science"), mlflowtest.Group("a)b"),
		{Kind: mlflow.KindServicePrincipal, Name: "00000000-0000-0000-0000-000000000000"},
	} {
		_, err := client.AccessControl().Set(t.Context(), id, []mlflow.Grant{{Principal: mlflowtest.User(emulator.User), Level: mlflow.LevelRead}, {Principal: p, Level: mlflow.LevelRead}})
		if missing, ok := mlflow.MissingPrincipal(err); !ok || missing != p || !strings.Contains(err.Error(), p.Name) {
			t.Errorf("%s: missing %v, error %v", p.Name, missing, err)
		}
		var refusal *rest.APIError
		if !errors.As(err, &refusal) {
			t.Errorf("%s: the refusal is lost in %#v", p.Name, err)
		}
	}
	if got := direct(w, id); len(got) != 0 {
		t.Errorf("granted were %q all the same", got)
	}
	if _, ok := mlflow.MissingPrincipal(errors.New("x")); ok {
		t.Error("any error counts")
	}
}

// TestIDsAreNoPaths: an id can't lead to another call.
func TestIDsAreNoPaths(t *testing.T) {
	t.Parallel()
	for _, id := range []string{".", "..", "1/../2", "1?x=y", "1/permissionLevels"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var path string
			client := mlflowtest.Client(mlflowtest.RoundTripFunc(func(r *http.Request) (*http.Response, error) {
				path = r.URL.EscapedPath() + r.URL.RawQuery
				return nil, fmt.Errorf("enough")
			}), databricks.Backend{}, mlflowtest.ShortRetryTimeout)
			if _, err := client.AccessControl().Get(t.Context(), id); err == nil {
				t.Error("no error")
			}
			sent := strings.TrimPrefix(path, permissionsPath)
			if dots := id == "." || id == ".."; dots && path != "" || !dots && (sent == path || strings.ContainsAny(sent, "/?")) {
				t.Errorf("sent to %q", path)
			}
		})
	}
}
