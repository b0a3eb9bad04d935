package role_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
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
