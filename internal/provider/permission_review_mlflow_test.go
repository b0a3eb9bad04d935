//go:build mlflow

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// permissionReview compares a review with the grants that the server returns.
func permissionReview(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t), s.addUser(t), s.addUser(t)
	first, second := s.Name("reviewed"), s.Name("reviewed")
	ids := []string{s.CreateExperiment(t, first, nil), s.CreateExperiment(t, second, nil)}
	s.grant(t, ids[0], ana, "EDIT")
	s.grant(t, ids[1], ben, "READ")
	role := ""
	if s.kind.grants == rbacGrants {
		var id any
		role, id = s.addRole(t)
		s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": carl.name, "role_id": id})
		s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
			map[string]any{"role_id": id, "resource_type": "experiment", "resource_pattern": ids[0], "permission": "MANAGE"})
		s.grant(t, ids[1], carl, "DENY")
	}
	selected := map[string]any{"name_regex": "^(" + regexp.QuoteMeta(first) + "|" + regexp.QuoteMeta(second) + ")$"}

	state, grants, diags := s.Provider(t, nil).Review(selected)
	s.expectReviewed(t, grants, map[string]string{first: ids[0], second: ids[1]}, ana, ben, carl)
	if diags != "" || len(acctest.Unreadable(state)) > 0 || len(acctest.ObjectsOf(state["experiments"])) != 2 {
		t.Errorf("review: got diagnostics %q, experiments %v, and unreadable %v", diags, state["experiments"], acctest.Unreadable(state))
	}
	if s.kind.grants != rbacGrants {
		if state["members"] != nil || state["default_level"] != nil {
			t.Errorf("without roles there are the members %v and the default level %v", state["members"], state["default_level"])
		}
		return
	}
	members, _ := state["members"].(map[string]any)
	if got := fmt.Sprint(members[role]); got != "["+carl.name+"]" {
		t.Errorf("role's members: got %s", got)
	}
	want := "CAN_READ"
	if s.kind.workspaces { // there, users without a role have no access
		want = "NO_PERMISSIONS"
	}
	if state["default_level"] != want {
		t.Errorf("default level: got %v, want %s", state["default_level"], want)
	}
	s.reviewRoles(t, selected, role, carl, ana)
}

// expectReviewed checks the grants of a review. The list of the server does not contain admins.
func (s *server) expectReviewed(t *testing.T, grants []acctest.ReviewedGrant, ids map[string]string, people ...person) {
	t.Helper()
	levels := map[string]string{"READ": "CAN_READ", "EDIT": "CAN_EDIT", "MANAGE": "CAN_MANAGE", "DENY": "DENY"}
	people = append(people, person{name: adminName})
	var want []string
	for name, id := range ids {
		want = append(want, fmt.Sprintf("%s user %s CAN_MANAGE inherited", name, adminName))
		for holder, level := range s.grants(t, id, people...) {
			var kind, who string
			if _, err := fmt.Sscanf(holder, "%s %s", &kind, &who); err != nil {
				t.Fatal(err)
			}
			if kind == "role" {
				kind = "group"
			}
			want = append(want, fmt.Sprintf("%s %s %s %s direct", name, kind, who, levels[level]))
		}
	}
	var got []string
	for _, g := range grants {
		if others := strings.Contains(g.Grant, " group ") && strings.HasSuffix(g.Grant, " inherited"); !others { // roles of other scenarios
			got = append(got, g.Grant)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the review finds %q, want %q", got, want)
	}
}

// reviewRoles checks the effect of roles and of DENY, and that only admins see members.
func (s *server) reviewRoles(t *testing.T, selected map[string]any, role string, member, other person) {
	t.Helper()
	selected["principals"] = []string{member.name}
	state, grants, _ := s.Provider(t, nil).Review(selected)
	if len(grants) != 2 {
		t.Errorf("a member of a role has %v", grants)
	}
	for _, g := range acctest.ObjectsOf(state["grants"]) {
		if !acctest.IsTrue(g["effective"]) || g["level"] != "DENY" && g["principal"] != role {
			t.Errorf("a member of a role has the grant %v", g)
		}
	}
	if s.kind.workspaces {
		return // there, users without a role see nothing
	}
	delete(selected, "principals")
	state, grants, diags := s.as(other).Provider(t, nil).Review(selected)
	if diags != "" || len(grants) == 0 || state["members"] != nil || state["default_level"] != nil {
		t.Errorf(
			"another user finds %v, the members %v and the default level %v, and diagnostics %q",
			grants,
			state["members"],
			state["default_level"],
			diags,
		)
	}
}
