package mlflow

import (
	"fmt"
	"regexp"
	"strings"
)

// NameRules compares names as a kind of server does. It sends no request, so it can be used while the connection is unknown.
type NameRules interface {
	// NormalizeName returns the server's own spelling of an experiment name. Two names denote the same experiment if these are equal.
	NormalizeName(name string) string
	// PrincipalKey returns a principal in the form in which the server compares it. Two principals are the same if these are equal.
	PrincipalKey(p Principal) PrincipalKey
}

// PrincipalKey is a principal in the form in which a server compares it, see [NameRules]. Use it only for comparison.
type PrincipalKey Principal

// Kinds of servers.
const (
	KindDatabricks = "databricks"
	KindServer     = "mlflow"
)

// scheme matches the scheme of an artifact URI. A single letter is a Windows drive.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// CheckAbsoluteLocation returns an error for a relative path, which the server resolves against its working directory and so returns in
// another form, and for a URI with a fragment.
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
