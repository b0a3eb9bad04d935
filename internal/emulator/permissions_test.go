package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// rules lists an access control list as "principal: level, level(from)".
func rules(a answer) []string {
	var all []string
	for _, rule := range list(a.json, "access_control_list") {
		var levels []string
		for _, p := range list(rule, "all_permissions") {
			level := text(p, "permission_level")
			if p["inherited"] != false {
				level += fmt.Sprint(p["inherited_from_object"])
			}
			levels = append(levels, level)
		}
		for _, field := range []string{"user_name", "group_name", "service_principal_name"} {
			if name, ok := rule[field]; ok {
				all = append(all, fmt.Sprintf("%s %s: %s", field, name, strings.Join(levels, ", ")))
			}
		}
	}
	return all
}

func folderID(p person, path string) string {
	p.t.Helper()
	return text(p.ok("GET", "/api/2.0/workspace/get-status?path="+path, nil).json, "resource_id")
}

func TestInheritedPermissions(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.AddGroup("science")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("science"), "CAN_RUN")
	w.GrantFolder("/Projects/churn", emulator.GroupPrincipal("science"), "CAN_EDIT")
	projects, churn := folderID(admin, "/Projects"), folderID(admin, "/Projects/churn")
	const admins = "group_name admins: CAN_MANAGE[/directories/]"
	cases := []struct {
		fact, owner, name string
		grant             *emulator.Grant
		want              []string
	}{
		{
			"in the home folder nothing is direct", emulator.User, home + "x", nil,
			[]string{admins, "user_name " + emulator.User + ": CAN_MANAGE[/directories/" + folderID(admin, "/Users/"+emulator.User) + "]"},
		},
		{
			"in /Shared all users manage", emulator.User, "/Shared/x", nil,
			[]string{admins, "group_name users: CAN_MANAGE[/directories/" + folderID(admin, "/Shared") + "]"},
		},
		{
			"from every folder above, nearest first; the creator manages directly", emulator.ServicePrincipal, "/Projects/churn/x", nil,
			[]string{
				admins, "group_name science: CAN_EDIT[/directories/" + churn + "], CAN_READ[/directories/" + projects + "]",
				"service_principal_name " + emulator.ServicePrincipal + ": CAN_MANAGE",
			},
		},
		{
			"direct and inherited side by side", emulator.Admin, "/Projects/y", &emulator.Grant{emulator.GroupPrincipal("admins"), "CAN_MANAGE"},
			[]string{
				"group_name admins: CAN_MANAGE, CAN_MANAGE[/directories/]", "group_name science: CAN_READ[/directories/" + projects + "]",
			},
		},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			id := w.CreateExperiment(c.owner, c.name, nil)
			if c.grant != nil {
				w.Grant(id, c.grant.Principal, c.grant.Level)
			}
			a := admin.ok("GET", permissionsAPI+id, nil)
			if a.json["object_id"] != "/experiments/"+id || a.json["object_type"] != "mlflowExperiment" {
				t.Errorf("object = %v %v", a.json["object_id"], a.json["object_type"])
			}
			if got := rules(a); !slices.Equal(got, c.want) {
				t.Errorf("rules = %q\nwant    %q", got, c.want)
			}
		})
	}
}

func TestWritePermissions(t *testing.T) {
	entry := func(field, name, level string) object { return object{field: name, "permission_level": level} }
	ana, ben := emulator.Grant{emulator.UserPrincipal(emulator.User), "CAN_MANAGE"}, emulator.Grant{emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"}
	robot := emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal)
	cases := []struct {
		fact, method string
		list         []object
		want         []emulator.Grant
	}{
		{"PUT replaces all direct entries, the caller's too", "PUT", []object{entry("user_name", emulator.OtherUser, "CAN_READ")}, []emulator.Grant{ben}},
		{"PUT of an empty list removes all", "PUT", []object{}, nil},
		{"PUT of no list removes all", "PUT", nil, nil},
		{"of a repeated principal the last entry wins", "PUT", []object{entry("user_name", emulator.OtherUser, "CAN_MANAGE"), entry("user_name", emulator.OtherUser, "CAN_READ")}, []emulator.Grant{ben}},
		{"PATCH adds", "PATCH", []object{entry("user_name", emulator.OtherUser, "CAN_READ")}, []emulator.Grant{ana, ben}},
		{"PATCH changes", "PATCH", []object{entry("user_name", emulator.User, "CAN_EDIT")}, []emulator.Grant{{emulator.UserPrincipal(emulator.User), "CAN_EDIT"}}},
		{"PATCH of an empty list changes nothing", "PATCH", []object{}, []emulator.Grant{ana}},
		{"users are found in any case and come back as the directory spells them", "PUT", []object{entry("user_name", "BEN@Example.com", "CAN_READ")}, []emulator.Grant{ben}},
		{"a service principal by its own field", "PUT", []object{entry("service_principal_name", strings.ToUpper(emulator.ServicePrincipal), "CAN_EDIT")}, []emulator.Grant{{robot, "CAN_EDIT"}}},
		{"a service principal in the user's field comes back in its own", "PUT", []object{entry("user_name", emulator.ServicePrincipal, "CAN_EDIT")}, []emulator.Grant{{robot, "CAN_EDIT"}}},
		{"admins can be granted what they have", "PUT", []object{entry("group_name", "admins", "CAN_MANAGE")}, []emulator.Grant{{emulator.GroupPrincipal("admins"), "CAN_MANAGE"}}},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			id := w.CreateExperiment(emulator.User, "/Projects/x", nil) // Ana manages it directly
			a := admin.as(emulator.UserToken).ok(c.method, permissionsAPI+id, object{"access_control_list": c.list})
			if got := w.Grants(id); !slices.Equal(got, c.want) {
				t.Errorf("grants = %v, want %v", got, c.want)
			}
			if after := admin.get(permissionsAPI + id); a.raw != after.raw {
				t.Errorf("%s answers %s\na GET after it %s", c.method, a.raw, after.raw)
			}
			if !strings.Contains(a.raw, `"group_name":"admins"`) {
				t.Errorf("the inherited entry is gone: %s", a.raw)
			}
		})
	}
}

func TestWritePermissionsRefusals(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	cases := []struct {
		fact          string
		entry         object
		status        int
		code, message string
	}{
		{"an unknown user", object{"user_name": "x@example.com", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST", "Principal: UserName(x@example.com) does not exist"},
		{"an unknown group", object{"group_name": "none", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST", "Principal: GroupName(none) does not exist"},
		{"a group in another case", object{"group_name": "Users", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST", "Principal: GroupName(Users) does not exist"},
		{"a service principal by its display name", object{"service_principal_name": "deployer", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST", "Principal: ServicePrincipalName(deployer) does not exist"},
		{"an unknown level", object{"user_name": emulator.User, "permission_level": "IS_OWNER"}, 400, "INVALID_PARAMETER_VALUE", "'IS_OWNER'"},
		{"a folder's level", object{"user_name": emulator.User, "permission_level": "CAN_RUN"}, 400, "INVALID_PARAMETER_VALUE", "'CAN_RUN'"},
		{"less for admins", object{"group_name": "admins", "permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE", "Cannot change permissions for group 'admins'"},
		{"two principals in one entry", object{"user_name": emulator.User, "group_name": "users", "permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE", "Exactly one"},
		{"no principal", object{"permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE", "Exactly one"},
	}
	for _, c := range cases {
		for _, method := range []string{"PUT", "PATCH"} {
			t.Run(method+" of "+c.fact, func(t *testing.T) {
				good := object{"user_name": emulator.OtherUser, "permission_level": "CAN_READ"}
				admin.do(method, permissionsAPI+id, object{"access_control_list": []object{good, c.entry}}).
					wantRefused(t, c.status, c.code, c.message)
				if got := w.Grants(id); got != nil {
					t.Errorf("refused, but written in part: %v", got)
				}
			})
		}
	}
	admin.get(permissionsAPI+"42").wantRefused(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node ID 42 does not exist.")
	admin.get(permissionsAPI+folderID(admin, "/Shared")).wantRefused(t, 400, "INVALID_PARAMETER_VALUE", "is not a experiment")
}

func TestFolderPermissions(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Mkdirs("/Projects/churn")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn/x", nil)
	projects := folderID(admin, "/Projects")
	admin.ok("PATCH", "/api/2.0/permissions/directories/"+projects, object{
		"access_control_list": []object{{"user_name": emulator.User, "permission_level": "CAN_RUN"}},
	})
	got := rules(admin.ok("GET", "/api/2.0/permissions/directories/"+folderID(admin, "/Projects/churn"), nil))
	want := []string{"group_name admins: CAN_MANAGE[/directories/]", "user_name " + emulator.User + ": CAN_RUN[/directories/" + projects + "]"}
	if !slices.Equal(got, want) {
		t.Errorf("rules = %q\nwant    %q", got, want)
	}
	admin.as(emulator.UserToken).experiment(id) // readable by inheritance now

	admin.do("PUT", "/api/2.0/permissions/directories/"+folderID(admin, "/"), object{}).
		wantRefused(t, 400, "INVALID_PARAMETER_VALUE", "Cannot change permissions for group 'admins' to None.")
}

func TestPermissionLevels(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	id := admin.create("/Shared/x")
	a := admin.ok("GET", permissionsAPI+id+"/permissionLevels", nil)
	var got []string
	for _, l := range list(a.json, "permission_levels") {
		if text(l, "description") == "" {
			t.Error("a level without a description")
		}
		got = append(got, text(l, "permission_level"))
	}
	if want := []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE"}; !slices.Equal(got, want) {
		t.Errorf("levels = %q, want %q", got, want)
	}
}

// TestAccess checks every operation with every level: the lowest level with which it works.
func TestAccess(t *testing.T) {
	levels := []string{"", "CAN_READ", "CAN_EDIT", "CAN_MANAGE"}
	cases := []struct {
		operation, method, path string
		body                    object
		lowest                  string
	}{
		{"get", "GET", experimentsAPI + "get?experiment_id=ID", nil, "CAN_READ"},
		{"get by name", "GET", byName("/Projects/x"), nil, "CAN_READ"},
		{"set a tag", "POST", experimentsAPI + "set-experiment-tag", object{"experiment_id": "ID", "key": "k", "value": "v"}, "CAN_EDIT"},
		{"rename", "POST", experimentsAPI + "update", object{"experiment_id": "ID", "new_name": home + "x"}, "CAN_EDIT"},
		{"delete", "POST", experimentsAPI + "delete", object{"experiment_id": "ID"}, "CAN_MANAGE"},
		{"read permissions", "GET", permissionsAPI + "ID", nil, "CAN_MANAGE"},
		{"replace permissions", "PUT", permissionsAPI + "ID", object{}, "CAN_MANAGE"},
		{"change permissions", "PATCH", permissionsAPI + "ID", object{}, "CAN_MANAGE"},
		{"read levels", "GET", permissionsAPI + "ID/permissionLevels", nil, "CAN_READ"},
		{"search runs", "POST", "/api/2.0/mlflow/runs/search", object{"experiment_ids": []string{"ID"}}, "CAN_READ"},
		{"add a run", "POST", "/api/2.0/mlflow/runs/create", object{"experiment_id": "ID"}, "CAN_EDIT"},
		{"see it in the tree", "GET", "/api/2.0/workspace/get-status?path=/Projects/x", nil, "CAN_READ"},
	}
	for _, c := range cases {
		for _, level := range levels {
			for _, by := range []emulator.Principal{emulator.UserPrincipal(emulator.User), emulator.GroupPrincipal("users")} {
				t.Run(fmt.Sprintf("%s with %q by %s", c.operation, level, by.Kind), func(t *testing.T) {
					w, admin := start(t, emulator.Options{})
					id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
					if level != "" {
						w.Grant(id, by, level)
					}
					a := admin.as(emulator.UserToken).do(c.method, strings.ReplaceAll(c.path, "ID", id), withID(c.body, id))
					if slices.Index(levels, level) >= slices.Index(levels, c.lowest) {
						if a.status != 200 {
							t.Errorf("refused: %d %s", a.status, a.raw)
						}
						return
					}
					a.wantRefused(t, 403, "PERMISSION_DENIED", emulator.User+" does not have ")
				})
			}
		}
	}
}

// withID puts the id where the body of a table's case says ID.
func withID(body object, id string) any {
	if body == nil {
		return nil
	}
	filled := object{}
	for key, value := range body {
		switch v := value.(type) {
		case string:
			filled[key] = strings.ReplaceAll(v, "ID", id)
		case []string:
			filled[key] = []string{id}
		}
	}
	return filled
}

func TestAccessToFolders(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Mkdirs("/Projects")
	ana := admin.as(emulator.UserToken)
	create := func(name string) answer { return ana.post(experimentsAPI+"create", object{"name": name}) }
	mkdirs := func(path string) answer { return ana.post("/api/2.0/workspace/mkdirs", object{"path": path}) }
	const denied = "PERMISSION_DENIED"

	create("/Projects/x").wantRefused(t, 403, denied, emulator.User+" does not have Edit permissions on /Projects")
	create("/x").wantRefused(t, 403, denied, "")
	create("/Users/"+emulator.OtherUser+"/x").wantRefused(t, 403, denied, "")
	mkdirs("/Projects/a/b").wantRefused(t, 403, denied, "")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("users"), "CAN_RUN")
	create("/Projects/x").wantRefused(t, 403, denied, "")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("users"), "CAN_EDIT")
	if a := create("/Projects/x"); a.status != 200 {
		t.Errorf("create with CAN_EDIT on the folder: %s", a.raw)
	}
	if a := mkdirs("/Projects/a/b"); a.status != 200 {
		t.Errorf("mkdirs with CAN_EDIT on the folder: %s", a.raw)
	}
	want := "user_name " + emulator.User + ": CAN_MANAGE"
	if got := rules(ana.ok("GET", "/api/2.0/permissions/directories/"+folderID(ana, "/Projects/a"), nil)); !slices.Contains(got, want) {
		t.Errorf("the maker of a folder manages it: %q", got)
	}
	id := ana.create(home + "y")
	ana.post(experimentsAPI+"update", object{"experiment_id": id, "new_name": "/y"}).wantRefused(t, 403, denied, "")
}

func TestLockedOut(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/x", nil)
	ana := admin.as(emulator.UserToken)
	ana.ok("PUT", permissionsAPI+id, object{})
	ana.get(experimentsAPI+"get?experiment_id="+id).wantRefused(t, 403, "PERMISSION_DENIED", "")
	ana.get(permissionsAPI+id).wantRefused(t, 403, "PERMISSION_DENIED", emulator.User+" does not have Manage permissions on /experiments/"+id)
}

func TestWhoeverCouldDeleteCanRestore(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/x", nil)
	ana := admin.as(emulator.UserToken)
	ana.ok("POST", experimentsAPI+"delete", object{"experiment_id": id})
	if got := ana.experiment(id)["name"]; got != "/Users/"+emulator.OtherUser+"/Trash/x" {
		t.Errorf("name = %v, want it in its owner's Trash", got)
	}
	ana.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
}

func TestManagersAreAdded(t *testing.T) {
	const (
		admins = "group_name admins: CAN_MANAGE, CAN_MANAGE[/directories/]"
		ben    = "user_name " + emulator.OtherUser + ": CAN_READ"
	)
	w, admin := start(t, emulator.Options{AddsManagers: true})
	id := w.CreateExperiment(emulator.User, home+"x", nil)
	owner := "user_name " + emulator.User + ": %sCAN_MANAGE[/directories/" + folderID(admin, "/Users/"+emulator.User) + "]"
	before := []string{"group_name admins: CAN_MANAGE[/directories/]", fmt.Sprintf(owner, "")}
	if got := rules(admin.get(permissionsAPI + id)); !slices.Equal(got, before) {
		t.Errorf("before a write: %q, want %q", got, before)
	}
	list := func(user, level string) object {
		return object{"access_control_list": []object{{"user_name": user, "permission_level": level}}}
	}
	for _, method := range []string{"PUT", "PATCH"} {
		want := []string{admins, fmt.Sprintf(owner, "CAN_MANAGE, "), ben}
		if got := rules(admin.ok(method, permissionsAPI+id, list(emulator.OtherUser, "CAN_READ"))); !slices.Equal(got, want) {
			t.Errorf("after %s: %q, want %q", method, got, want)
		}
	}
	want := []string{admins, fmt.Sprintf(owner, "CAN_READ, ")}
	if got := rules(admin.ok("PUT", permissionsAPI+id, list(emulator.User, "CAN_READ"))); !slices.Equal(got, want) {
		t.Errorf("an owner that the list names: %q, want %q", got, want)
	}
	w.Mkdirs("/Projects")
	projects := "/api/2.0/permissions/directories/" + folderID(admin, "/Projects")
	if got := rules(admin.ok("PUT", projects, list(emulator.OtherUser, "CAN_READ"))); !slices.Equal(got, []string{admins, ben}) {
		t.Errorf("a folder: %q", got)
	}
}

func TestGroupNamesInAnyCase(t *testing.T) {
	w, admin := start(t, emulator.Options{FoldsGroupNames: true})
	id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
	w.AddGroup("DATA-SCIENCE") // the one that is there
	list := func(group, level string) object {
		return object{"access_control_list": []object{{"group_name": group, "permission_level": level}}}
	}
	want := []string{"group_name admins: CAN_MANAGE[/directories/]", "group_name data-science: CAN_EDIT"}
	if got := rules(admin.ok("PUT", permissionsAPI+id, list("Data-Science", "CAN_EDIT"))); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	admin.do("PUT", permissionsAPI+id, list("Admins", "CAN_READ")).wantRefused(t, 400, "INVALID_PARAMETER_VALUE", "group 'admins'")
}

func TestFolderRights(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint(strict), func(t *testing.T) {
			w, admin := start(t, emulator.Options{FolderRights: strict})
			user, ana := admin.as(emulator.UserToken), emulator.UserPrincipal(emulator.User)
			w.GrantFolder("/Editors", ana, "CAN_EDIT")
			w.GrantFolder("/Managers", ana, "CAN_MANAGE")
			refusals := func(id, name string) (refused []string) {
				for _, c := range []struct {
					call string
					body object
				}{
					{"update", object{"experiment_id": id, "new_name": name}},
					{"delete", object{"experiment_id": id}},
					{"restore", object{"experiment_id": id}},
				} {
					if a := user.post(experimentsAPI+c.call, c.body); a.status == 403 {
						refused = append(refused, c.call)
					} else if a.status != 200 {
						t.Errorf("%s: %d %s", c.call, a.status, a.raw)
					}
				}
				return refused
			}
			// By the experiment alone, by a folder where she may edit, by one that she manages.
			granted := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
			w.Grant(granted, ana, "CAN_MANAGE")
			own := user.create("/Editors/x")
			theirs := w.CreateExperiment(emulator.Admin, "/Editors/y", nil)
			below := w.CreateExperiment(emulator.Admin, "/Managers/x", nil)
			for _, c := range []struct {
				fact, id, name string
				plain, strict  []string
			}{
				{"granted by the experiment", granted, "/Editors/granted", nil, []string{"update", "delete", "restore"}},
				{"own in a folder to edit", own, "/Editors/renamed", nil, []string{"update"}},
				{"theirs in a folder to edit", theirs, "/Editors/theirs", []string{"delete", "restore"}, []string{"update"}},
				{"in a folder to manage", below, "/Managers/renamed", nil, nil},
				{"into a folder to edit", below, "/Editors/moved", []string{"delete", "restore"}, []string{"update"}},
			} {
				want := c.plain
				if strict {
					want = c.strict
				}
				if got := refusals(c.id, c.name); !slices.Equal(got, want) {
					t.Errorf("%s: refused %q, want %q", c.fact, got, want)
				}
			}
		})
	}
}
