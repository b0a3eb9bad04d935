package acctest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// DescribeDiagnostics returns diagnostics as text, one per line: "error at ATTRIBUTE: SUMMARY: DETAIL".
func DescribeDiagnostics(diagnostics []*tfprotov6.Diagnostic) string {
	var lines []string
	for _, d := range diagnostics {
		line := strings.ToLower(d.Severity.String())
		if d.Attribute != nil && len(d.Attribute.Steps()) > 0 {
			if name, ok := d.Attribute.Steps()[0].(tftypes.AttributeName); ok {
				line += " at " + string(name)
			}
		}
		lines = append(lines, line+": "+d.Summary+": "+d.Detail)
	}
	return strings.Join(lines, "\n")
}

// HasError reports whether described diagnostics contain an error.
func HasError(says string) bool { return ErrorLine.MatchString(says) }

// ErrorLine matches the line of an error in described diagnostics.
var ErrorLine = regexp.MustCompile(`(?m)^error( at \w+)?: `)

// JoinLines joins the texts that are not empty.
func JoinLines(texts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" }), "\n")
}

// ExpectDiagnostics checks that described diagnostics start with a text and contain other texts. If begins is empty, there must be none.
func ExpectDiagnostics(t *testing.T, got, begins string, contains ...string) {
	t.Helper()
	if begins == "" && got != "" || !strings.HasPrefix(got, begins) {
		t.Errorf("diagnostics are %q, want %q", got, begins)
	}
	for _, part := range contains {
		if !strings.Contains(got, part) {
			t.Errorf("diagnostics are %q, want %q in them", got, part)
		}
	}
}
