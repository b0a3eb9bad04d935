package role_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// managers returns a server on which the provider is not an admin and manages the workspace through these roles.
func managers(t *testing.T, names ...string) *rolesServer {
	t.Helper()
	roles := map[string]*servedRole{}
	for _, name := range names {
		roles[name] = &servedRole{grants: map[string]string{"workspace/*": "MANAGE"}, members: []string{"boss"}}
	}
	s := newRolesServer(t, roles)
	s.admin = false
	return s
}

// TestRole_lockOutUnlisted checks that the provider protects its own access on a server that does not let the current user list users.
func TestRole_lockOutUnlisted(t *testing.T) {
	t.Parallel()
	const removes = "error at name: Could not delete role: would remove your access"
	for name, c := range map[string]struct {
		roles            []string
		unlisted, hidden bool
		says             string
		holds            []string
	}{
		"the only role":             {[]string{"a"}, false, false, removes, []string{"only as"}},
		"one of two":                {[]string{"a", "b"}, false, false, "", nil},
		"unlisted, the only role":   {[]string{"a"}, true, false, removes, []string{"only as"}},
		"unlisted, one of two":      {[]string{"a", "b"}, true, false, "", nil},
		"unlisted and roles hidden": {[]string{"a", "b"}, true, true, removes, []string{"not report"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := managers(t, c.roles...)
			s.unlisted, s.unknown = c.unlisted, c.hidden
			b := s.Provider(t, nil).Resource("mlflow_role")
			acctest.ExpectDiagnostics(t, b.Import("a"), "")
			acctest.ExpectDiagnostics(t, b.Plan(nil).Diagnostics, c.says, c.holds...)
		})
	}
}

// TestRole_slowServer checks that a plan that looks up the current user waits for a slow server: only the first lookup, which a server
// that the configuration creates does not respond to, has a timeout of its own.
func TestRole_slowServer(t *testing.T) {
	t.Parallel()
	for kind, config := range map[string]map[string]any{
		"mlflow_role":         {"name": "a", "adopt_existing": true},
		"mlflow_role_members": {"role": "a", "users": []string{"ben"}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newRolesServer(t, map[string]*servedRole{"a": {grants: map[string]string{"workspace/*": "MANAGE"}, members: []string{"boss"}}})
			s.callerDelay = framework.PlanTimeout + time.Second
			says := s.Provider(t, nil).Resource(kind).Plan(config).Diagnostics
			if acctest.ExpectDiagnostics(t, says, "warning at ", "will be removed"); strings.Contains(says, "error") {
				t.Errorf("got diagnostics %q, want no error", says)
			}
		})
	}
}

// TestRoleMembers_otherConfiguration checks that the members of a role are written if another configuration of the provider creates the
// role in the same apply, after this one has read the roles.
func TestRoleMembers_otherConfiguration(t *testing.T) {
	t.Parallel()
	for kind, config := range map[string]map[string]any{
		"mlflow_role_member":  {"role": "new", "user": "ben"},
		"mlflow_role_members": {"role": "new", "users": []string{"ben"}},
	} {
		s := newRolesServer(t, nil)
		b := s.Provider(t, nil).Resource(kind)
		plan := b.Plan(config)
		s.mu.Lock()
		s.change("roles/create", roleRequest{Name: "new"})
		s.mu.Unlock()
		acctest.ExpectDiagnostics(t, b.ApplyPlan(plan, config), "")
		if got := s.roles["new"].members; len(got) != 1 || got[0] != "ben" {
			t.Errorf("%s: got members %q, want ben", kind, got)
		}
	}
}
