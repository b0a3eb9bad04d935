//go:build mlflow

package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// rbacCallers checks that users with a role in the workspace can read the grants there, that users with MANAGE on an experiment can change
// them, and that only managers of the workspace and admins can change grants of roles.
func rbacCallers(t *testing.T, s *server) {
	ana, boss, ben, nobody := s.addUser(t), s.addUser(t), s.addUser(t), s.addUser(t)
	managers, role := s.addRole(t)
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "workspace", "resource_pattern": "*", "permission": "MANAGE"})
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": boss.name, "role_id": role})
	members, role := s.addRole(t)
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": role, "resource_type": "workspace", "resource_pattern": "*", "permission": "USE"})
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"username": ana.name, "role_id": role})

	id := s.as(ana).CreateExperiment(t, s.Name("anas"), nil)
	s.expectLevels(t, id, nil, "user "+ana.name+" MANAGE")
	own := s.as(ana).Provider(t, nil)
	all, one := own.Resource("mlflow_experiment_permissions"), own.Resource("mlflow_experiment_permission")
	acctest.ExpectDiagnostics(t, all.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})),
		"warning: Undeclared access is kept", ana.name)
	if retained := fmt.Sprint(all.Values()["retained"]); retained != "map["+ana.name+":CAN_MANAGE]" {
		t.Errorf("retained: got %s", retained)
	}
	one.MustApply(grantsConfig(id, map[string]any{"user_name": ben.name, "permission_level": "CAN_EDIT"}))
	s.expectLevels(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")
	acctest.ExpectDiagnostics(t, all.Apply(grantsConfig(id, map[string]any{"groups": map[string]string{members: "CAN_READ"}})),
		"warning: Undeclared access is kept",
		"error: Could not set permissions: Experiment "+id, "Permission denied")

	other := s.as(nobody).Provider(t, nil)
	acctest.ExpectDiagnostics(t,
		other.Resource("mlflow_experiment_permissions").Apply(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})),
		"error: Could not read permissions: Experiment "+id, "for users with a role in the workspace")
	acctest.ExpectDiagnostics(t,
		other.Resource("mlflow_experiment_permission").Apply(grantsConfig(id,
			map[string]any{"user_name": ben.name, "permission_level": "CAN_READ"})),
		"error: Could not ", "for users with a role in the workspace")
	s.expectLevels(t, id, nil, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")

	all = s.as(boss).Provider(t, nil).Resource("mlflow_experiment_permissions")
	if diags := all.Apply(grantsConfig(id, map[string]any{
		"users":  map[string]string{ben.name: "CAN_READ", ana.name: "CAN_EDIT"},
		"groups": map[string]string{members: "CAN_READ", managers: "CAN_EDIT"},
	})); acctest.HasError(diags) {
		t.Errorf("a manager of the workspace: got diagnostics %q", diags)
	}
	s.expectLevels(t, id, nil, "user "+ana.name+" EDIT", "user "+ben.name+" READ", "role "+members+" READ", "role "+managers+" EDIT")
	if retained := fmt.Sprint(all.Values()["retained"]); retained != "map[]" {
		t.Errorf("the manager was given %s, though the role gives enough", retained)
	}
}

// onePrincipal tests the lifecycle of a non-authoritative grant.
func onePrincipal(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("one"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	people := []person{admin, ana, ben}
	s.grant(t, id, ben, "EDIT")
	p := s.Provider(t, nil).Resource("mlflow_experiment_permission")
	config := func(level string) map[string]any {
		return grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": level})
	}
	others := []string{"user admin MANAGE", "user " + ben.name + " EDIT"}
	p.MustApply(config("CAN_READ"))
	s.expectLevels(t, id, people, append(others, "user "+ana.name+" READ")...)
	acctest.ExpectDiagnostics(t, p.Refresh(), "") // in a new process, as each plan is
	if planned := p.Plan(config("CAN_EDIT")); !slices.Contains(planned.Changed, "permission_level") || planned.Action != "update" {
		t.Errorf("got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
	p.MustApply(config("CAN_EDIT"))
	s.expectLevels(t, id, people, append(others, "user "+ana.name+" EDIT")...)
	s.revoke(t, id, ana)
	s.grant(t, id, ana, "MANAGE")
	acctest.ExpectDiagnostics(t, p.Refresh(), "")
	p.MustApply(config("CAN_EDIT"))
	s.expectLevels(t, id, people, append(others, "user "+ana.name+" EDIT")...)
	s.revoke(t, id, ana)
	acctest.ExpectDiagnostics(t, p.Apply(config("CAN_EDIT")), "warning: Permission not found, removed from state")
	imported := p.Resource("mlflow_experiment_permission")
	acctest.ExpectDiagnostics(t, imported.Import(id+"/user/"+ana.name), "")
	imported.ExpectEmptyPlan(config("CAN_EDIT"))
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	s.expectLevels(t, id, people, others...)
	if s.kind.grants == rbacGrants {
		readers, _ := s.addRole(t)
		group := p.Resource("mlflow_experiment_permission")
		group.MustApply(grantsConfig(id, map[string]any{"group_name": readers, "permission_level": "CAN_READ"}))
		group.MustApply(grantsConfig(id, map[string]any{"group_name": readers, "permission_level": "CAN_EDIT"}))
		s.expectLevels(t, id, people, append(others, "role "+readers+" EDIT")...)
		acctest.ExpectDiagnostics(t, group.Destroy(), "")
		s.expectLevels(t, id, people, others...)
		return
	}
	p.MustApply(config("CAN_READ"))
	if diags := p.Apply(config("NO_PERMISSIONS")); acctest.HasError(diags) {
		t.Errorf("NO_PERMISSIONS: got diagnostics %q", diags)
	}
	s.expectLevels(t, id, people, append(others, "user "+ana.name+" NO_PERMISSIONS")...)
}

// permissionCalls checks that the grants on many experiments are read with two requests.
func permissionCalls(t *testing.T, s *server) {
	const n = 5
	through, relay := newRelayBackend(t, s.Backend)
	d := through.Provider(t, nil)
	lists := make([]*acctest.Resource, n)
	for i := range lists {
		id := s.CreateExperiment(t, s.Name("call"), nil)
		lists[i] = d.Resource("mlflow_experiment_permissions")
		lists[i].Apply(grantsConfig(id, map[string]any{"users": map[string]string{s.addUser(t).name: "CAN_READ"}}))
	}
	relay.reset()
	again := d.Restart()
	for _, l := range lists {
		l.Provider = again
		acctest.ExpectDiagnostics(t, l.Read(), "")
	}
	count := map[string]int{}
	for _, call := range relay.seen() {
		count[call]++
	}
	users, roles := count["GET /api/2.0/mlflow/users/list"], count["GET "+rbacCalls+"roles/list"]
	if users != 1 || roles != 1 || len(relay.seen()) > n+3 {
		t.Errorf("the refresh of %d lists sent the requests %v", n, count)
	}
}

// legacyUsers tests the lifecycle of an authoritative list on a server without roles.
func legacyUsers(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("granted"), nil)
	ana, ben := s.addUser(t), s.addUser(t)
	people := []person{admin, ana, ben}
	s.grant(t, id, ben, "EDIT")
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	config := grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}})
	acctest.ExpectDiagnostics(t, p.Apply(config), "warning: Undeclared permissions will be removed", `user "`+ben.name+`": CAN_EDIT`)
	s.expectLevels(t, id, people, "user "+ana.name+" EDIT")
	s.grant(t, id, ben, "MANAGE")
	acctest.ExpectDiagnostics(t, p.Refresh(), "")
	if planned := p.Plan(config); !slices.Contains(planned.Changed, "users") {
		t.Errorf("got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
	p.MustApply(config)
	config = grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_MANAGE"}})
	p.MustApply(config)
	s.expectLevels(t, id, people, "user "+ana.name+" MANAGE")
	imported := p.Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t, imported.Import(id), "")
	imported.ExpectEmptyPlan(config)
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	s.expectLevels(t, id, people)
}

// withoutUserList tests a server that cannot list its users, and so not all grants.
func withoutUserList(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("unlisted"), nil)
	ana := s.addUser(t)
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	acctest.ExpectDiagnostics(t, p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}})),
		"error: Could not read permissions: Experiment "+id, "cannot list its users", "mlflow_experiment_permission,")
	s.expectLevels(t, id, []person{admin, ana}, "user admin MANAGE")
}

// legacyCallers checks that a user with MANAGE on an experiment, who is not an admin, can manage one principal at a time.
func legacyCallers(t *testing.T, s *server) {
	ana, ben := s.addUser(t), s.addUser(t)
	id := s.as(ana).CreateExperiment(t, s.Name("anas"), nil)
	d := s.as(ana).Provider(t, nil)
	acctest.ExpectDiagnostics(t,
		d.Resource("mlflow_experiment_permissions").Apply(grantsConfig(id, map[string]any{"users": map[string]string{ben.name: "CAN_READ"}})),
		"error: Could not read permissions: Experiment "+id, "mlflow_experiment_permission,")
	p := d.Resource("mlflow_experiment_permission")
	for _, level := range []string{"CAN_READ", "CAN_EDIT"} {
		p.MustApply(grantsConfig(id, map[string]any{"user_name": ben.name, "permission_level": level}))
	}
	s.expectLevels(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE", "user "+ben.name+" EDIT")
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	s.expectLevels(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE")

	others := s.CreateExperiment(t, s.Name("admins"), nil)
	acctest.ExpectDiagnostics(t,
		d.Resource("mlflow_experiment_permission").Apply(grantsConfig(others,
			map[string]any{"user_name": ben.name, "permission_level": "CAN_READ"})),
		"error: Could not grant permission: ", "Permission denied")
	mine := d.Resource("mlflow_experiment_permission")
	acctest.ExpectDiagnostics(t, mine.Apply(grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": "CAN_READ"})),
		"error at permission_level: Grant would lower your own access")
	s.expectLevels(t, id, []person{ana, ben}, "user "+ana.name+" MANAGE")
}

func noPermissions(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("open"), nil)
	d := s.Provider(t, nil)
	acctest.ExpectDiagnostics(t,
		d.Resource("mlflow_experiment_permissions").Apply(grantsConfig(id, map[string]any{"users": map[string]string{"ana": "CAN_READ"}})),
		"error: Could not ", "runs without authentication", "--app-name basic-auth")
	acctest.ExpectDiagnostics(t,
		d.Resource("mlflow_experiment_permission").Apply(grantsConfig(id, map[string]any{"user_name": "ana", "permission_level": "CAN_READ"})),
		"error: Could not", "without authentication")
}

// purgedExperiment checks that an experiment that reuses the ID of a purged one is never changed.
func purgedExperiment(t *testing.T, s *server) {
	name := s.Name("purged")
	e := s.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	id := e.Text("id")
	tag := s.Provider(t, nil).Resource("mlflow_experiment_tag")
	tag.MustApply(acctest.AttributeValues("experiment_id", id, "key", "stage", "value", "dev"))
	before, beforeTag := *e, *tag
	s.DeleteExperiment(t, id)
	s.purge(t, id)
	acctest.ExpectDiagnostics(t, e.Refresh(), "warning: Experiment not found, removed from state", "no longer exists",
		`it was looked up in "default" only`)

	stranger := s.Name("stranger")
	s.Do(t, "POST", acctest.ExperimentsPath+"create", map[string]any{"name": stranger}) // a stale grant may make this look like a failure
	if s.Experiment(t, id).Name != stranger {
		t.Fatalf("id %s was not used again", id)
	}
	s.Do(t, "POST", acctest.ExperimentsPath+"set-experiment-tag", map[string]any{"experiment_id": id, "key": "stage", "value": "theirs"})
	tag.Provider = tag.Restart()
	acctest.ExpectDiagnostics(t, tag.Refresh(), "warning: Experiment tag not found, removed from state",
		"its ID now belongs to a different experiment")
	tag.State, tag.Private = beforeTag.State, beforeTag.Private
	acctest.ExpectDiagnostics(t, tag.ApplyPlan(tag.Plan(nil), nil), "warning: Experiment tag removed from state, not from the server",
		"the ID now belongs to a different experiment")
	strangers := map[string]string{"stage": "theirs"}

	e.State, e.Private = before.State, before.Private
	e.Provider = e.Restart()
	changed := acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "fraud"}})
	acctest.ExpectDiagnostics(t, e.ApplyPlan(e.Plan(changed), changed), "error: Could not update experiment", "Nothing was changed")
	e.State = before.State
	e.Provider = e.Restart()
	acctest.ExpectDiagnostics(t, e.ApplyPlan(e.Plan(nil), nil), "error: Could not delete experiment", "Nothing was deleted")
	s.ExpectExperiment(t, id, stranger, "active", strangers)

	e.State, e.Private = before.State, before.Private
	acctest.ExpectDiagnostics(t, e.Apply(acctest.ExperimentAttributes(name, nil)), "warning: Experiment not found, removed from state",
		"its ID now belongs to a different experiment")
	if e.Text("id") == id {
		t.Error("the stranger was taken over")
	}
	s.ExpectExperiment(t, id, stranger, "active", strangers)
	s.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{})
}

// grantAddresses moves grants to other resource addresses, also of the other type.
func grantAddresses(t *testing.T, s *server) {
	ana, ben := s.addUser(t), s.addUser(t)
	id := s.CreateExperiment(t, s.Name("two"), nil)
	s.grant(t, id, ben, "READ")
	one := func(level string) declaration {
		return declaration{"mlflow_experiment_permission", grantsConfig(id, map[string]any{"user_name": ana.name, "permission_level": level})}
	}
	list := func(level string) declaration {
		return declaration{"mlflow_experiment_permissions",
			grantsConfig(id, map[string]any{"users": map[string]string{ana.name: level, ben.name: "CAN_READ"}})}
	}
	for _, first := range []string{"delete", "create", "plan"} {
		for _, c := range []struct {
			from, to declaration
			ben      bool // has a grant that was not released
		}{
			{one("CAN_READ"), one("CAN_EDIT"), true},
			{one("CAN_READ"), list("CAN_EDIT"), true},
			{list("CAN_READ"), list("CAN_EDIT"), true},
			{list("CAN_READ"), one("CAN_EDIT"), false},
		} {
			switchAddress(t, s.Backend, c.from, c.to, first)
			held := s.grants(t, id, ana, ben)
			if _, ok := held["user "+ben.name]; held["user "+ana.name] != "EDIT" || ok != c.ben {
				t.Errorf("from %v to %v, %s first: the grants are %v", c.from, c.to, first, held)
			}
		}
		s.grant(t, id, ben, "READ")
	}
}

// grantsAfterIDReuse checks that the grants on an experiment that reuses an ID are unchanged.
func grantsAfterIDReuse(t *testing.T, s *server) {
	ana, ben, carl := s.addUser(t), s.addUser(t), s.addUser(t)
	id := s.CreateExperiment(t, s.Name("granted"), nil)
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	p.Apply(grantsConfig(id, map[string]any{"users": map[string]string{ana.name: "CAN_EDIT"}}))
	one := s.Provider(t, nil).Resource("mlflow_experiment_permission")
	one.MustApply(grantsConfig(id, map[string]any{"user_name": carl.name, "permission_level": "CAN_READ"}))
	before, beforeOne := *p, *one
	s.DeleteExperiment(t, id)
	s.purge(t, id)
	s.Do(t, "POST", acctest.ExperimentsPath+"create", map[string]any{"name": s.Name("stranger")})
	s.grant(t, id, ben, "EDIT")
	p.Provider = p.Restart()
	acctest.ExpectDiagnostics(t, p.Refresh(), "warning: Experiment not found, permissions removed from state",
		"now belongs to a different experiment")
	p.State, p.Private = before.State, before.Private
	acctest.ExpectDiagnostics(t, p.ApplyPlan(p.Plan(nil), nil), "warning: Permissions removed from state, not revoked",
		"now belongs to a different experiment")

	one.Provider = one.Restart()
	acctest.ExpectDiagnostics(t, one.Refresh(), "warning: Experiment not found, permission removed from state",
		"now belongs to a different experiment")
	one.State, one.Private = beforeOne.State, beforeOne.Private
	change := grantsConfig(id, map[string]any{"user_name": carl.name, "permission_level": "CAN_MANAGE"})
	acctest.ExpectDiagnostics(t, one.ApplyPlan(one.Plan(change), change), "error: Could not grant permission",
		"now belongs to a different experiment")
	one.State, one.Private = beforeOne.State, beforeOne.Private
	acctest.ExpectDiagnostics(t, one.ApplyPlan(one.Plan(nil), nil), "warning: Permission removed from state, not revoked",
		"now belongs to a different experiment")
	// The server keeps carl's grant when it purges an experiment.
	if held := s.grants(t, id, ben, carl); held["user "+ben.name] != "EDIT" || held["user "+carl.name] != "READ" {
		t.Errorf("on the stranger there are the grants %v", held)
	}
}

// leftoverGrant tests the grant of a purged experiment. The create of an experiment with the same ID then fails because the grant exists,
// although the experiment was created.
func leftoverGrant(t *testing.T, s *server) {
	id := s.CreateExperiment(t, s.Name("stale"), nil)
	s.DeleteExperiment(t, id)
	s.purge(t, id)
	name := s.Name("created")
	through, relay := newRelayBackend(t, s.Backend)
	e := through.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	if e.Text("id") != id {
		t.Fatalf("id: got %s, so the server had no stale grant for it; want %s", e.Text("id"), id)
	}
	creates := slices.DeleteFunc(relay.seen(), func(call string) bool { return call != "POST "+acctest.ExperimentsPath+"create" })
	if len(creates) != 1 {
		t.Errorf("%d creates", len(creates))
	}
	s.ExpectExperiment(t, id, name, "active", map[string]string{"team": "risk"})
}
