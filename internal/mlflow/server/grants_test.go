package server

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Responses of MLflow 3.17 for an admin, shortened: ana is in the role risk, ben has DENY, and boss manages the workspace.
const (
	usersBody = `[
		{"id": 1, "is_admin": true, "username": "admin", "roles": []},
		{"id": 2, "is_admin": false, "username": "ana", "roles": [{"id": 1, "name": "risk", "workspace": "default"}]},
		{"id": 3, "is_admin": false, "username": "ben", "roles": [{"id": 3, "name": "__user_3__", "workspace": "default"}]},
		{"id": 4, "is_admin": false, "username": "carl", "roles": [{"id": 9, "name": "risk", "workspace": "other"}]},
		{"id": 5, "is_admin": false, "username": "boss", "roles": [{"id": 4, "name": "bosses", "workspace": "default"}]}]`
	rolesBody = `[
		{"id": 1, "name": "risk", "workspace": "default", "permissions": [{"id": 3, "permission": "EDIT", "resource_pattern": "1",
			"resource_type": "experiment"}]},
		{"id": 2, "name": "people", "workspace": "default", "permissions": [{"id": 5, "permission": "USE", "resource_pattern": "*",
			"resource_type": "workspace"}]},
		{"id": 3, "name": "__user_3__", "workspace": "default", "permissions": [{"id": 4, "permission": "DENY", "resource_pattern": "1",
			"resource_type": "experiment"},
			{"id": 6, "permission": "MANAGE", "resource_pattern": "m", "resource_type": "registered_model"}]},
		{"id": 4, "name": "bosses", "workspace": "default", "permissions": [{"id": 7, "permission": "MANAGE", "resource_pattern": "*",
			"resource_type": "workspace"}]}]`
)

func grantsOfResponses(t *testing.T) *allGrants {
	t.Helper()
	var users []wire.User
	var roles []wire.Role
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
	all := grantsOfResponses(t)
	if want := map[string][]string{"risk": {"ana"}, "people": {}, "bosses": {"boss"}}; !reflect.DeepEqual(all.members, want) {
		t.Errorf("got members %v, want %v", all.members, want)
	}
	levels := map[mlflow.Principal]string{}
	for _, e := range all.acl("1").Entries {
		levels[e.Principal] = strings.Join(e.Effective(), " ")
	}
	// USE on the workspace includes no access to experiments.
	want := map[mlflow.Principal]string{
		{Kind: mlflow.KindUser, Name: "admin"}: mlflow.LevelManage, {Kind: mlflow.KindUser, Name: "ben"}: mlflow.LevelDeny,
		{Kind: mlflow.KindGroup, Name: "risk"}: mlflow.LevelEdit, {Kind: mlflow.KindGroup, Name: "bosses"}: mlflow.LevelManage,
	}
	if !reflect.DeepEqual(levels, want) {
		t.Errorf("got levels %v, want %v", levels, want)
	}
	for id, want := range map[string]string{"1": "carl", "2": "ana"} {
		if user, found := all.userWithoutGrant(id); !found || user != want {
			t.Errorf("experiment %s: got user %q without a grant, want %q", id, user, want)
		}
	}
	all.users = []string{"admin", "ana", "boss"}
	if user, found := all.userWithoutGrant("1"); found {
		t.Errorf("got user %q without a grant, want none", user)
	}
}

func TestServerGrants_isAdmin(t *testing.T) {
	t.Parallel()
	all := grantsOfResponses(t)
	user := func(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindUser, Name: name} }
	for name, c := range map[string]struct {
		caller mlflow.Caller
		want   bool
	}{
		"an admin":                   {mlflow.Caller{Principal: user("admin"), Admin: true}, true},
		"a manager of the workspace": {mlflow.Caller{Principal: user("boss"), Groups: []string{"bosses"}}, true},
		"a user of the workspace":    {mlflow.Caller{Principal: user("carl"), Groups: []string{"people", "risk"}}, false},
		"a user without roles":       {mlflow.Caller{Principal: user("bosses")}, false},
	} {
		if got := all.isAdmin(c.caller); got != c.want {
			t.Errorf("%s: got isAdmin %t, want %t", name, got, c.want)
		}
	}
}
