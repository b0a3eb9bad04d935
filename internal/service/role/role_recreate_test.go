package role_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// dsRole is a role with a member and two grants on single objects.
func dsRole(t *testing.T) *rolesServer {
	t.Helper()
	return newRolesServer(t, map[string]*servedRole{"ds": {rows: map[string]string{
		"experiment/*": "READ", "prompt/mine": "EDIT", "prompt/others": "EDIT"}, members: []string{"ana"}}})
}

func roleConfig(adopts bool, grants ...string) map[string]any {
	rows := map[string]string{"experiment/*": "READ"}
	for _, key := range grants {
		rows[key] = "EDIT"
	}
	return map[string]any{"name": "ds", "adopt_existing": adopts, "grants": rows}
}

// adoptedRole is the block of a role that another address has in the state, in a new run.
func (s *rolesServer) adoptedRole(t *testing.T) *acctest.Block {
	t.Helper()
	b := s.Provider(t, nil).Block("mlflow_role")
	b.MustUp(roleConfig(true, "prompt/mine"))
	b.Process = b.Again()
	return b
}

// TestRole_adoptionFails: a renamed block fails to adopt the role. Its old address does not delete what the new one was to manage.
func TestRole_adoptionFails(t *testing.T) {
	t.Parallel()
	s := dsRole(t)
	old := s.adoptedRole(t)
	s.refused["prompt/new"] = true
	config := roleConfig(true, "prompt/mine", "prompt/new")
	gone, plan := old.Plan(nil), old.Block("mlflow_role").Plan(config)
	acctest.ExpectSays(t, gone.Says+plan.Says, "")
	adopting := old.Block("mlflow_role")
	acctest.ExpectSays(t, adopting.Apply(plan, config), "error at grants")
	acctest.ExpectSays(t, old.Apply(gone, nil), "warning: Role removed from state, not deleted")
	s.expectRole(t, "ds", map[string]string{"experiment/*": "READ", "prompt/mine": "EDIT", "prompt/others": "EDIT"}, "ana")
}
