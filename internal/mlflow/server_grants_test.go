package mlflow

import (
	"encoding/json"
	"reflect"
	"testing"
)

// What an admin of MLflow 3.17 is answered, shortened: ana is in the role risk, ben was denied, and boss manages the workspace.
const (
	usersBody = `[
		{"id": 1, "is_admin": true, "username": "admin", "roles": []},
		{"id": 2, "is_admin": false, "username": "ana", "roles": [{"id": 1, "name": "risk", "workspace": "default"}]},
		{"id": 3, "is_admin": false, "username": "ben", "roles": [{"id": 3, "name": "__user_3__", "workspace": "default"}]},
		{"id": 4, "is_admin": false, "username": "carl", "roles": [{"id": 9, "name": "risk", "workspace": "other"}]},
		{"id": 5, "is_admin": false, "username": "boss", "roles": [{"id": 4, "name": "bosses", "workspace": "default"}]}]`
	rolesBody = `[
		{"id": 1, "name": "risk", "permissions": [{"id": 3, "permission": "EDIT", "resource_pattern": "1", "resource_type": "experiment"}]},
		{"id": 2, "name": "people", "permissions": [{"id": 5, "permission": "USE", "resource_pattern": "*", "resource_type": "workspace"}]},
		{"id": 3, "name": "__user_3__", "permissions": [{"id": 4, "permission": "DENY", "resource_pattern": "1", "resource_type": "experiment"},
			{"id": 6, "permission": "MANAGE", "resource_pattern": "m", "resource_type": "registered_model"}]},
		{"id": 4, "name": "bosses", "permissions": [{"id": 7, "permission": "MANAGE", "resource_pattern": "*", "resource_type": "workspace"}]}]`
)

func grantsOfAnswers(t *testing.T) *serverGrants {
	t.Helper()
	var users []rbacUser
	var roles []rbacRole
	if err := json.Unmarshal([]byte(usersBody), &users); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(rolesBody), &roles); err != nil {
		t.Fatal(err)
	}
	return rbacGrants(users, roles)
}

func TestServerGrants(t *testing.T) {
	t.Parallel()
	all := grantsOfAnswers(t)
	if want := map[string][]string{"risk": {"ana"}, "people": {}, "bosses": {"boss"}}; !reflect.DeepEqual(all.members, want) {
		t.Errorf("the members are %v, want %v", all.members, want)
	}
	levels := map[Principal]string{}
	for _, e := range all.acl("1").Entries {
		levels[e.Principal] = e.Effective()
	}
	// Using the workspace is no right to an experiment.
	want := map[Principal]string{
		{KindUser, "admin"}: LevelManage, {KindUser, "ben"}: LevelDeny, {KindGroup, "risk"}: LevelEdit, {KindGroup, "bosses"}: LevelManage,
	}
	if !reflect.DeepEqual(levels, want) {
		t.Errorf("the levels are %v, want %v", levels, want)
	}
	for id, want := range map[string]string{"1": "carl", "2": "ana"} {
		if user, found := all.without(id); !found || user != want {
			t.Errorf("on experiment %s %q holds nothing, want %q", id, user, want)
		}
	}
	all.users = []string{"admin", "ana", "boss"}
	if user, found := all.without("1"); found {
		t.Errorf("%q holds nothing", user)
	}
}

func TestServerGrants_isAdmin(t *testing.T) {
	t.Parallel()
	all := grantsOfAnswers(t)
	user := func(name string) Principal { return Principal{Kind: KindUser, Name: name} }
	for name, c := range map[string]struct {
		caller Caller
		want   bool
	}{
		"an admin":                   {Caller{Principal: user("admin"), Admin: true}, true},
		"a manager of the workspace": {Caller{Principal: user("boss"), Groups: []string{"bosses"}}, true},
		"a user of the workspace":    {Caller{Principal: user("carl"), Groups: []string{"people", "risk"}}, false},
		"nobody":                     {Caller{Principal: user("bosses")}, false},
	} {
		if got := all.isAdmin(c.caller); got != c.want {
			t.Errorf("%s isAdmin: %t, want %t", name, got, c.want)
		}
	}
}

func TestACLEntry_Effective(t *testing.T) {
	t.Parallel()
	direct := func(level string) Permission { return Permission{Level: level} }
	from := func(level, origin string) Permission {
		return Permission{Level: level, Inherited: true, InheritedFrom: []string{origin}}
	}
	for name, c := range map[string]struct {
		permissions []Permission
		want        string
	}{
		"none":                                {nil, ""},
		"the highest":                         {[]Permission{direct(LevelRead), from(LevelManage, "/directories/1"), direct(LevelEdit)}, LevelManage},
		"use is more than read":               {[]Permission{direct(LevelUse), from(LevelRead, fromEveryExperiment)}, LevelUse},
		"use is less than edit":               {[]Permission{direct(LevelUse), from(LevelEdit, fromEveryExperiment)}, LevelEdit},
		"denied":                              {[]Permission{from(LevelManage, fromEveryExperiment), direct(LevelDeny)}, LevelDeny},
		"denied everywhere":                   {[]Permission{from(LevelDeny, fromEveryExperiment), direct(LevelManage)}, LevelDeny},
		"admins are not denied":               {[]Permission{direct(LevelDeny), from(LevelManage, fromAdmin)}, LevelManage},
		"managers of the workspace are not":   {[]Permission{direct(LevelDeny), from(LevelManage, fromWorkspace)}, LevelManage},
		"nothing is less than what is there":  {[]Permission{direct(LevelNone), from(LevelRead, fromEveryExperiment)}, LevelRead},
		"a level that is not known is lowest": {[]Permission{direct("CAN_FLY"), from(LevelRead, "/directories/1")}, LevelRead},
	} {
		if got := (ACLEntry{Permissions: c.permissions}).Effective(); got != c.want {
			t.Errorf("%s: effective is %q, want %q", name, got, c.want)
		}
	}
}
