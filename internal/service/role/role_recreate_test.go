package role_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// dsRole returns a server with a role that has a member and two grants on single objects.
func dsRole(t *testing.T) *rolesServer {
	t.Helper()
	return newRolesServer(t, map[string]*servedRole{"ds": {grants: map[string]string{
		"experiment/*": "READ", "prompt/mine": "EDIT", "prompt/others": "EDIT"}, members: []string{"ana"}}})
}

func roleConfig(adopts bool, keys ...string) map[string]any {
	grants := map[string]string{"experiment/*": "READ"}
	for _, key := range keys {
		grants[key] = "EDIT"
	}
	return map[string]any{"name": "ds", "adopt_existing": adopts, "grants": grants}
}

// adoptedRole returns the resource of a role in the state, in a new run.
func (s *rolesServer) adoptedRole(t *testing.T) *acctest.Resource {
	t.Helper()
	b := s.Provider(t, nil).Resource("mlflow_role")
	b.MustApply(roleConfig(true, "prompt/mine"))
	b.Provider = b.Restart()
	return b
}

// TestRole_adoptionFails checks that the old address of a renamed resource does not delete the role if the new one fails to adopt it.
func TestRole_adoptionFails(t *testing.T) {
	t.Parallel()
	s := dsRole(t)
	old := s.adoptedRole(t)
	s.refused["prompt/new"] = true
	config := roleConfig(true, "prompt/mine", "prompt/new")
	gone, plan := old.Plan(nil), old.Resource("mlflow_role").Plan(config)
	acctest.ExpectDiagnostics(t, gone.Diagnostics+plan.Diagnostics, "")
	adopting := old.Resource("mlflow_role")
	acctest.ExpectDiagnostics(t, adopting.ApplyPlan(plan, config), "error at grants")
	acctest.ExpectDiagnostics(t, old.ApplyPlan(gone, nil), "warning: Role removed from state, not deleted")
	s.expectRole(t, "ds", map[string]string{"experiment/*": "READ", "prompt/mine": "EDIT", "prompt/others": "EDIT"}, "ana")
}

// TestRole_recreated checks that the members and the unmanaged grants of a role that is deleted and recreated in one apply are restored,
// also if the server rejects some of them.
func TestRole_recreated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refused string
		config  map[string]any
		holds   []string
		grants  map[string]string
		members []string
	}{
		"nothing rejected": {"", roleConfig(true, "prompt/mine"), []string{"members (1) and grants on single objects (1) were restored"},
			map[string]string{"experiment/*": "READ", "prompt/mine": "EDIT", "prompt/others": "EDIT"}, []string{"ana"}},
		"a grant of the old state": {"", roleConfig(true), nil,
			map[string]string{"experiment/*": "READ", "prompt/others": "EDIT"}, []string{"ana"}},
		"declared grant rejected": {"experiment/*", roleConfig(true), []string{"experiment/*: READ", "not here"},
			map[string]string{"prompt/others": "EDIT"}, []string{"ana"}},
		"undeclared grant rejected": {"prompt/others", roleConfig(true), []string{"prompt/others: EDIT", "not here"},
			map[string]string{"experiment/*": "READ"}, []string{"ana"}},
		"member rejected": {"ana", roleConfig(true), []string{`member "ana"`, "not here"},
			map[string]string{"experiment/*": "READ", "prompt/others": "EDIT"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dsRole(t)
			old := s.adoptedRole(t)
			created := old.Resource("mlflow_role")
			gone, plan := old.Plan(nil), created.Plan(c.config)
			acctest.ExpectDiagnostics(t, gone.Diagnostics+plan.Diagnostics, "")
			acctest.ExpectDiagnostics(t, old.ApplyPlan(gone, nil), "")
			s.refused[c.refused] = c.refused != ""
			acctest.ExpectDiagnostics(t, created.ApplyPlan(plan, c.config), "warning: Role deleted and recreated", c.holds...)
			s.expectRole(t, "ds", c.grants, c.members...)
			if created.Text("id") != "default/ds" {
				t.Errorf("got state %v, want the ID default/ds", created.Values())
			}
		})
	}
}
