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

// HasError reports whether diagnostics, as [DescribeDiagnostics] returns them, contain an error.
func HasError(diagnostics string) bool { return ErrorLine.MatchString(diagnostics) }

// ErrorLine matches the start of an error in diagnostics, as [DescribeDiagnostics] returns them.
var ErrorLine = regexp.MustCompile(`(?m)^error( at \w+)?: `)

// JoinLines joins the texts that are not empty, one per line.
func JoinLines(texts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" }), "\n")
}

// ExpectDiagnostics checks that diagnostics, as [DescribeDiagnostics] returns them, start with a prefix and contain other texts. If the
// prefix is empty, there must be no diagnostics.
func ExpectDiagnostics(t *testing.T, got, prefix string, contains ...string) {
	t.Helper()
	if prefix == "" && got != "" || !strings.HasPrefix(got, prefix) {
		t.Errorf("got diagnostics %q, want %q", got, prefix)
	}
	for _, text := range contains {
		if !strings.Contains(got, text) {
			t.Errorf("got diagnostics %q, want them to contain %q", got, text)
		}
	}
}
