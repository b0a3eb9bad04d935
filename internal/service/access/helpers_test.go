package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// anyACL is the pattern of the permissions requests.
const anyACL = "/api/2.0/permissions/*/*"

// expectDetail checks that there is a diagnostic with a summary, and that its detail contains parts.
func expectDetail(t *testing.T, diags diag.Diagnostics, summary string, parts ...string) {
	t.Helper()
	i := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Summary() == summary })
	if i < 0 {
		t.Errorf("got diagnostics %[2]v, want one with summary %[1]q", summary, diags)
		return
	}
	for _, part := range parts {
		if !strings.Contains(diags[i].Detail(), part) {
			t.Errorf("got detail %q, want it to contain %q", diags[i].Detail(), part)
		}
	}
}
