package acl

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// expectPaths checks the attribute paths of the diagnostics, in order, with path.Empty for one without a path.
func expectPaths(t *testing.T, diags diag.Diagnostics, want ...path.Path) {
	t.Helper()
	var got []path.Path
	for _, d := range diags {
		location := path.Empty()
		if located, ok := d.(diag.DiagnosticWithPath); ok {
			location = located.Path()
		}
		got = append(got, location)
	}
	if !slices.EqualFunc(got, want, path.Path.Equal) {
		t.Errorf("got paths %v, want %v: %v", got, want, diags)
	}
}

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
