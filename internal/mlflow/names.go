package mlflow

import (
	"fmt"
	"regexp"
	"strings"
)

// NameRules is how one kind of server compares names. It needs no server, so it also serves while the connection is unknown.
type NameRules interface {
	// NormalizeName returns the server's own spelling of an experiment name: two names are one experiment if these are equal.
	NormalizeName(name string) string
	// PrincipalKey returns a principal as the server compares it: two principals are one if these are equal.
	PrincipalKey(p Principal) PrincipalKey
}

// PrincipalKey is a principal as a server compares it, see [NameRules]. It is only good for comparison.
type PrincipalKey Principal

// Kinds of servers.
const (
	KindDatabricks = "databricks"
	KindServer     = "mlflow"
)

// scheme is that of an artifact URI; a single letter is a Windows drive.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// CheckAbsoluteLocation refuses relative paths: the server resolves them against its own working directory, and answers with
// something else than what was declared.
func CheckAbsoluteLocation(location string) error {
	switch {
	case !scheme.MatchString(location) && !strings.HasPrefix(location, "/"):
		return fmt.Errorf("%q is a relative path, which the server would resolve. Use an absolute URI, such as \"dbfs:/…\", "+
			"\"s3://bucket/…\", \"abfss://…\", or \"gs://…\"", location)
	case strings.Contains(location, "#"):
		return fmt.Errorf("%q has a fragment (#…), which MLflow rejects. Remove it", location)
	}
	return nil
}
