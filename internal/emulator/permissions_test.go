package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// rules returns an access control list as "principal: level, level(from)".
func rules(a response) []string {
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

func folderID(p client, path string) string {
	p.t.Helper()
	return text(p.ok("GET", statusAPI+path, nil).json, "resource_id")
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
				admins, "group_name science: CAN_EDIT[/directories/" + churn + "], CAN_RUN[/directories/" + projects + "]",
				"service_principal_name " + emulator.ServicePrincipal + ": CAN_MANAGE",
			},
		},
		{
			"direct and inherited side by side", emulator.Admin, "/Projects/y", &emulator.Grant{emulator.GroupPrincipal("admins"), "CAN_MANAGE"},
			[]string{
				"group_name admins: CAN_MANAGE, CAN_MANAGE[/directories/]", "group_name science: CAN_RUN[/directories/" + projects + "]",
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
				t.Errorf("object: got %v %v", a.json["object_id"], a.json["object_type"])
			}
			if got := rules(a); !slices.Equal(got, c.want) {
				t.Errorf("rules: got %q\nwant    %q", got, c.want)
			}
		})
	}
}

func TestWritePermissions(t *testing.T) {
	entry := func(field, name, level string) object { return object{field: name, "permission_level": level} }
	ana := emulator.Grant{emulator.UserPrincipal(emulator.User), "CAN_MANAGE"}
	ben := emulator.Grant{emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"}
	robot := emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal)
	cases := []struct {
		fact, method string
		list         []object
		want         []emulator.Grant
	}{
		{"PUT replaces all direct entries, the caller's too", "PUT", []object{entry("user_name", emulator.OtherUser, "CAN_READ")},
			[]emulator.Grant{ben}},
		{"PUT of an empty list removes all", "PUT", []object{}, nil},
		{"PUT of no list removes all", "PUT", nil, nil},
		{"the last entry of a repeated principal applies", "PUT", []object{
			entry("user_name", emulator.OtherUser, "CAN_MANAGE"), entry("user_name", emulator.OtherUser, "CAN_READ"),
		}, []emulator.Grant{ben}},
		{"PATCH adds", "PATCH", []object{entry("user_name", emulator.OtherUser, "CAN_READ")}, []emulator.Grant{ana, ben}},
		{"PATCH changes", "PATCH", []object{entry("user_name", emulator.User, "CAN_EDIT")},
			[]emulator.Grant{{emulator.UserPrincipal(emulator.User), "CAN_EDIT"}}},
		{"PATCH of an empty list changes nothing", "PATCH", []object{}, []emulator.Grant{ana}},
		{"users are case-insensitive and returned as the directory spells them", "PUT",
			[]object{entry("user_name", "BEN@Example.com", "CAN_READ")}, []emulator.Grant{ben}},
		{"a service principal by its own field", "PUT",
			[]object{entry("service_principal_name", strings.ToUpper(emulator.ServicePrincipal), "CAN_EDIT")},
			[]emulator.Grant{{robot, "CAN_EDIT"}}},
		{"a service principal in the user's field is returned in its own", "PUT",
			[]object{entry("user_name", emulator.ServicePrincipal, "CAN_EDIT")}, []emulator.Grant{{robot, "CAN_EDIT"}}},
		{"admins can be granted what they have", "PUT", []object{entry("group_name", "admins", "CAN_MANAGE")},
			[]emulator.Grant{{emulator.GroupPrincipal("admins"), "CAN_MANAGE"}}},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			id := w.CreateExperiment(emulator.User, "/Projects/x", nil) // Ana manages it directly
			a := admin.as(emulator.UserToken).ok(c.method, permissionsAPI+id, object{"access_control_list": c.list})
			if got := w.Grants(id); !slices.Equal(got, c.want) {
				t.Errorf("grants: got %v, want %v", got, c.want)
			}
			if after := admin.get(permissionsAPI + id); a.raw != after.raw {
				t.Errorf("%s returns %s\na GET after it %s", c.method, a.raw, after.raw)
			}
			if !strings.Contains(a.raw, `"group_name":"admins"`) {
				t.Errorf("the inherited entry is missing: %s", a.raw)
			}
		})
	}
}

func TestWritePermissions_rejected(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	cases := []struct {
		fact          string
		entry         object
		status        int
		code, message string
	}{
		{"an unknown user", object{"user_name": "x@example.com", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST",
			"Principal: UserName(x@example.com) does not exist"},
		{"an unknown group", object{"group_name": "none", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST",
			"Principal: GroupName(none) does not exist"},
		{"a group in another case", object{"group_name": "Users", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST",
			"Principal: GroupName(Users) does not exist"},
		{"a service principal by its display name", object{"service_principal_name": "deployer", "permission_level": "CAN_READ"}, 404,
			"RESOURCE_DOES_NOT_EXIST", "Principal: ServicePrincipalName(deployer) does not exist"},
		{"an unknown level", object{"user_name": emulator.User, "permission_level": "IS_OWNER"}, 400, "INVALID_PARAMETER_VALUE", "'IS_OWNER'"},
		{"a folder's level", object{"user_name": emulator.User, "permission_level": "CAN_RUN"}, 400, "INVALID_PARAMETER_VALUE", "'CAN_RUN'"},
		{"less for admins", object{"group_name": "admins", "permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE",
			"Cannot change permissions for group 'admins'"},
		{"two principals in one entry", object{"user_name": emulator.User, "group_name": "users", "permission_level": "CAN_READ"}, 400,
			"INVALID_PARAMETER_VALUE", "Exactly one"},
		{"no principal", object{"permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE", "Exactly one"},
	}
	for _, c := range cases {
		for _, method := range []string{"PUT", "PATCH"} {
			t.Run(method+" of "+c.fact, func(t *testing.T) {
				good := object{"user_name": emulator.OtherUser, "permission_level": "CAN_READ"}
				admin.do(method, permissionsAPI+id, object{"access_control_list": []object{good, c.entry}}).
					wantError(t, c.status, c.code, c.message)
				if got := w.Grants(id); got != nil {
					t.Errorf("rejected, but partly written: %v", got)
				}
			})
		}
	}
	admin.get(permissionsAPI+"42").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node ID 42 does not exist.")
	admin.get(permissionsAPI+folderID(admin, "/Shared")).wantError(t, 400, "INVALID_PARAMETER_VALUE", "is not a experiment")
}

func TestAddManagers(t *testing.T) {
	const (
		admins = "group_name admins: CAN_MANAGE, CAN_MANAGE[/directories/]"
		ben    = "user_name " + emulator.OtherUser + ": CAN_READ"
	)
	w, admin := start(t, emulator.Options{AddManagers: true})
	id := w.CreateExperiment(emulator.User, home+"x", nil)
	owner := "user_name " + emulator.User + ": %sCAN_MANAGE[/directories/" + folderID(admin, "/Users/"+emulator.User) + "]"
	before := []string{"group_name admins: CAN_MANAGE[/directories/]", fmt.Sprintf(owner, "")}
	if got := rules(admin.get(permissionsAPI + id)); !slices.Equal(got, before) {
		t.Errorf("before a write: got %q, want %q", got, before)
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
		t.Errorf("an owner in the list: got %q, want %q", got, want)
	}
}

func TestIgnoreGroupCase(t *testing.T) {
	w, admin := start(t, emulator.Options{IgnoreGroupCase: true})
	id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
	w.AddGroup("DATA-SCIENCE") // an existing group
	list := func(group, level string) object {
		return object{"access_control_list": []object{{"group_name": group, "permission_level": level}}}
	}
	want := []string{"group_name admins: CAN_MANAGE[/directories/]", "group_name data-science: CAN_EDIT"}
	if got := rules(admin.ok("PUT", permissionsAPI+id, list("Data-Science", "CAN_EDIT"))); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	admin.do("PUT", permissionsAPI+id, list("Admins", "CAN_READ")).wantError(t, 400, "INVALID_PARAMETER_VALUE", "group 'admins'")
}
