//go:build mlflow

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// principals looks up users and roles as an admin, and as a user who sees only some of them.
func principals(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t), s.addUser(t), s.addUser(t)
	s.deleteUser(t, carl.name)
	role := "none"
	if s.kind.grants == rbacGrants {
		var id any
		role, id = s.addRole(t)
		s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": id})
	}
	config := map[string]any{
		"users":  []string{adminName, ana.name, ben.name, carl.name, strings.ToUpper(ana.name)},
		"groups": []string{role, "no-" + role},
	}

	found := lookedUp(t, s.Backend, config)
	want := map[string]string{
		"user " + adminName: "exists active admin", "user " + ana.name: "exists active", "user " + ben.name: "exists active",
		"user " + carl.name:                 "",
		"user " + strings.ToUpper(ana.name): "",
	}
	members := []string{}
	if s.kind.grants == rbacGrants {
		want["group "+role], want["group no-"+role] = "exists active", ""
		members = []string{role + ": user " + ana.name}
	} else {
		want["group "+role], want["group no-"+role] = "incomplete", "incomplete"
	}
	found.expect(t, want, members)

	other := lookedUp(t, s.as(ben), config)
	if got := other.status["user "+ben.name]; got != "exists active" {
		t.Errorf("oneself: got %q", got)
	}
	if len(other.members) > 0 || other.status["group "+role] != "incomplete" {
		t.Errorf("who is no admin is shown the members %q, and the role %q", other.members, other.status["group "+role])
	}
	hidden := s.kind.workspaces || s.kind.grants != rbacGrants // only members of a workspace, or admins, may list users
	if got := other.status["user "+ana.name]; hidden && got != "incomplete" || !hidden && got != "exists active" {
		t.Errorf("another user: got %q", got)
	}
}

// lookedUpPrincipals is the result of the data source: flags, or "incomplete", by "KIND NAME".
type lookedUpPrincipals struct {
	status  map[string]string
	members []string
}

func (p lookedUpPrincipals) expect(t *testing.T, status map[string]string, members []string) {
	t.Helper()
	if fmt.Sprint(p.status) != fmt.Sprint(status) || !slices.Equal(p.members, members) {
		t.Errorf("found %v and the members %q, want %v and %q", p.status, p.members, status, members)
	}
}

func lookedUp(t *testing.T, s *acctest.Backend, config map[string]any) lookedUpPrincipals {
	t.Helper()
	state, diags := s.Provider(t, nil).ReadDataSource("mlflow_principals", config)
	if diags != "" {
		t.Fatalf("look-up: got diagnostics %q", diags)
	}
	found := lookedUpPrincipals{status: map[string]string{}, members: []string{}}
	for _, p := range acctest.ObjectsOf(state["principals"]) {
		var flags []string
		for _, flag := range []string{"exists", "active", "admin"} {
			if acctest.IsTrue(p[flag]) {
				flags = append(flags, flag)
			}
		}
		found.status[fmt.Sprintf("%s %s", p["kind"], p["name"])] = strings.Join(flags, " ")
	}
	for _, m := range acctest.ObjectsOf(state["members"]) {
		found.members = append(found.members, fmt.Sprintf("%s: %s %s", m["group"], m["kind"], m["name"]))
	}
	for _, i := range acctest.ObjectsOf(state["incomplete"]) {
		if i["reason"] == "" {
			t.Errorf("%v has no reason", i)
		}
		found.status[fmt.Sprintf("%s %s", i["kind"], i["name"])] = "incomplete"
	}
	return found
}
