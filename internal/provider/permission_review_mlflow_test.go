//go:build mlflow

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permissionReview compares a review with what the server itself says, for servers that list grants.
func permissionReview(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t), s.addUser(t), s.addUser(t)
	first, second := s.name("reviewed"), s.name("reviewed")
	ids := []string{s.create(t, first, nil), s.create(t, second, nil)}
	s.grant(t, ids[0], ana, "EDIT")
	s.grant(t, ids[1], ben, "READ")
	role := ""
	if s.kind.grants == rbacGrants {
		var id any
		role, id = s.addRole(t)
		s.mustCall(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": carl.name, "role_id": id})
		s.mustCall(t, "POST", rbacCalls+"roles/permissions/add",
			map[string]any{"role_id": id, "resource_type": "experiment", "resource_pattern": ids[0], "permission": "MANAGE"})
		s.grant(t, ids[1], carl, "DENY")
	}
	selected := map[string]any{"name_regex": "^(" + regexp.QuoteMeta(first) + "|" + regexp.QuoteMeta(second) + ")$"}

	state, grants, says := s.provider(t, nil).review(selected)
	s.expectReviewed(t, grants, map[string]string{first: ids[0], second: ids[1]}, ana, ben, carl)
	if says != "" || len(unreadable(state)) > 0 || len(objects(state["experiments"])) != 2 {
		t.Errorf("the review says %q, reads %v and can't read %v", says, state["experiments"], unreadable(state))
	}
	if s.kind.grants != rbacGrants {
		if state["members"] != nil || state["default_level"] != nil {
			t.Errorf("without roles there are the members %v and the default level %v", state["members"], state["default_level"])
		}
		return
	}
	members, _ := state["members"].(map[string]any)
	if got := fmt.Sprint(members[role]); got != "["+carl.name+"]" {
		t.Errorf("the role's members are %s", got)
	}
	want := "CAN_READ"
	if s.kind.workspaces { // there nobody has anything without a role
		want = "NO_PERMISSIONS"
	}
	if state["default_level"] != want {
		t.Errorf("the default level is %v, want %s", state["default_level"], want)
	}
	s.reviewRoles(t, selected, role, carl, ana)
}

// expectReviewed checks the grants of a review. The server's own list has no admin, who may do everything.
func (s *server) expectReviewed(t *testing.T, grants []seen, ids map[string]string, people ...person) {
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
		if others := strings.Contains(g.grant, " group ") && strings.HasSuffix(g.grant, " inherited"); !others { // roles of other scenarios
			got = append(got, g.grant)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the review finds %q, want %q", got, want)
	}
}

// reviewRoles checks what roles and a DENY mean, and that nobody but an admin is told of members.
func (s *server) reviewRoles(t *testing.T, selected map[string]any, role string, member, other person) {
	t.Helper()
	selected["principals"] = []string{member.name}
	state, grants, _ := s.provider(t, nil).review(selected)
	if len(grants) != 2 {
		t.Errorf("a member of a role holds %v", grants)
	}
	for _, g := range objects(state["grants"]) {
		if !isTrue(g["effective"]) || g["level"] != "DENY" && g["principal"] != role {
			t.Errorf("a member of a role has the grant %v", g)
		}
	}
	if s.kind.workspaces {
		return // without a role there nobody sees anything
	}
	delete(selected, "principals")
	state, grants, says := s.as(other).provider(t, nil).review(selected)
	if says != "" || len(grants) == 0 || state["members"] != nil || state["default_level"] != nil {
		t.Errorf("somebody else finds %v, the members %v and the default level %v, and is told %q", grants, state["members"], state["default_level"], says)
	}
}
