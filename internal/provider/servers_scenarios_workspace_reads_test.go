//go:build mlflow

package provider_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// workspaceData checks that data sources and list resources read the workspace that they select.
func workspaceData(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	name := s.Name("found")
	id, outside := inRisk.CreateExperiment(t, name, nil), s.CreateExperiment(t, name, nil)
	d := s.Provider(t, nil)
	for _, c := range []struct {
		workspace any
		id        string
	}{{risk, id}, {nil, outside}, {"default", outside}} {
		found, diags := d.ReadDataSource("mlflow_experiment", map[string]any{"name": name, "workspace": c.workspace})
		if diags != "" || found["id"] != c.id || found["workspace"] != c.workspace {
			t.Errorf("in %v: got experiment %v and diagnostics %q", c.workspace, found["id"], diags)
		}
		searched, diags := d.ReadDataSource("mlflow_experiments", map[string]any{"name_prefix": name, "workspace": c.workspace})
		if ids, _ := searched["ids"].(map[string]any); diags != "" || !reflect.DeepEqual(ids, map[string]any{name: c.id}) {
			t.Errorf("in %v: got search results %v and diagnostics %q", c.workspace, ids, diags)
		}
		permissions, diags := d.ReadDataSource("mlflow_experiment_permissions", map[string]any{"experiment_id": c.id, "workspace": c.workspace})
		if diags != "" || len(acctest.ObjectsOf(permissions["grants"])) < 2 { // the creator, and the same one as an admin
			t.Errorf("in %v: got grants %v and diagnostics %q", c.workspace, permissions["grants"], diags)
		}
		for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_permissions"} {
			listed := acctest.NewProvider(t, s.ProviderConfig(nil)).
				ListResources(kind, map[string]any{"name_prefix": name, "workspace": c.workspace}, 0, true)
			if len(listed) != 1 || listed[0].Diagnostics != "" || listed[0].Resource["id"] != c.id ||
				listed[0].Resource["workspace"] != c.workspace {
				t.Errorf("in %v, %s lists %+v", c.workspace, kind, listed)
			}
		}
	}
	_, diags := d.ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": id})
	acctest.ExpectDiagnostics(t, diags, "error at experiment_id: Could not read experiment")
	_, diags = d.ReadDataSource("mlflow_experiment", map[string]any{"name": name, "workspace": "no-such-workspace"})
	acctest.ExpectDiagnostics(t, diags, "error at name: Could not read experiment", "Check workspace")

	ana := s.addUser(t)
	same := acctest.UniqueName("same")
	there := inRisk.createRole(t, same)
	s.createRole(t, same)
	s.MustDo(
		t,
		"POST",
		rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": there, "resource_type": "workspace", "resource_pattern": "*", "permission": "USE"},
	)
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": there})
	own := s.as(ana).Provider(t, nil)
	for workspace, want := range map[any]string{risk: "[" + same + "]", nil: "[]"} {
		user, diags := own.ReadDataSource("mlflow_current_user", map[string]any{"workspace": workspace})
		if diags != "" || fmt.Sprint(user["groups"]) != want {
			t.Errorf("in %v: got groups %v and diagnostics %q", workspace, user["groups"], diags)
		}
	}
}

// workspaceReview checks that a review contains the grants in the workspace, as far as the server shows them to the user.
func workspaceReview(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	ana, boss, member, guest, denied, outsider := s.addUser(t), s.addUser(t), s.addUser(t), s.addUser(t), s.addUser(t), s.addUser(t)
	name := s.Name("reviewed")
	id := inRisk.CreateExperiment(t, name, nil)
	same := acctest.UniqueName("same")
	role := func(there *server, name string, who person, kind, pattern, level string) {
		id := there.createRole(t, name)
		s.MustDo(
			t,
			"POST",
			rbacCalls+"roles/permissions/add",
			map[string]any{"role_id": id, "resource_type": kind, "resource_pattern": pattern, "permission": level},
		)
		s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": who.name, "role_id": id})
	}
	role(inRisk, same, ana, "experiment", id, "EDIT")
	role(s, same, outsider, "experiment", "*", "MANAGE") // of another workspace
	role(inRisk, "managers", boss, "workspace", "*", "MANAGE")
	role(inRisk, "members", member, "workspace", "*", "USE")
	inRisk.grant(t, id, guest, "READ")
	inRisk.grant(t, id, denied, "DENY")
	want := []string{
		name + " group managers CAN_MANAGE inherited", name + " group " + same + " CAN_EDIT direct", name + " user admin CAN_MANAGE direct",
		name + " user admin CAN_MANAGE inherited", name + " user " + guest.name + " CAN_READ direct",
		name + " user " + denied.name + " DENY direct",
		name + " group admin CAN_MANAGE inherited", // comes with each workspace
	}
	slices.Sort(want)
	for who, knows := range map[*acctest.Backend]bool{s.Backend: true, s.as(boss): true, s.as(member): false} {
		state, grants, diags := who.Provider(t, nil).Review(map[string]any{"workspace": risk})
		var got []string
		for _, g := range grants {
			got = append(got, g.Grant)
		}
		slices.Sort(got)
		if diags != "" || !slices.Equal(got, want) || len(acctest.Unreadable(state)) > 0 {
			t.Errorf("review: got %q, want %q; unreadable %v, diagnostics %q", got, want, acctest.Unreadable(state), diags)
		}
		members, _ := state["members"].(map[string]any)
		if knows && (fmt.Sprint(members[same]) != "["+ana.name+"]" || state["default_level"] != "NO_PERMISSIONS") {
			t.Errorf("members: got %v and default %v", members, state["default_level"])
		}
		if !knows && (state["members"] != nil || state["default_level"] != nil) {
			t.Errorf("a member is told the members %v and the default %v", state["members"], state["default_level"])
		}
	}
	_, _, diags := s.as(member).Provider(t, nil).Review(map[string]any{"workspace": risk, "principals": []string{ana.name}})
	acctest.ExpectDiagnostics(t, diags, "warning at principals: Role members are hidden")

	state, _, diags := s.as(guest).Provider(t, nil).Review(map[string]any{"workspace": risk})
	unreadable := acctest.Unreadable(state)
	if diags != "" || len(unreadable) != 1 ||
		!strings.Contains(
			fmt.Sprint(state["unreadable"]),
			"lists the grants in workspace \""+risk+"\" only for server admins and for users with a role",
		) {
		t.Errorf("user with a grant and no role: got unreadable %v and diagnostics %q", state["unreadable"], diags)
	}
	_, _, diags = s.as(outsider).Provider(t, nil).Review(map[string]any{"workspace": risk})
	acctest.ExpectDiagnostics(
		t,
		diags,
		"error: Could not review permissions",
		"for users with a role in the workspace that grants USE or MANAGE on it",
	)
	p := s.as(guest).Provider(t, nil).Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(
		t,
		p.Apply(map[string]any{"experiment_id": id, "workspace": risk, "users": map[string]string{guest.name: "CAN_MANAGE"}}),
		"error: Could not read permissions",
		"lists the grants in workspace \""+risk+"\" only for server admins",
	)
}
