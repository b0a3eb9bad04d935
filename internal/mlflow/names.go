package mlflow

import "strings"

// NameRules is how one kind of server compares names. It needs no server, so it also serves while the connection is unknown.
type NameRules interface {
	// NormalizeName returns the server's own spelling of an experiment name: two names are one experiment if these are equal.
	NormalizeName(name string) string
	// PrincipalKey returns a principal as the server compares it: two principals are one if these are equal.
	PrincipalKey(p Principal) PrincipalKey
}

// PrincipalKey is a principal as a server compares it, see [NameRules]. It is only good for comparison.
type PrincipalKey struct {
	kind PrincipalKind
	name string
}

// RulesOf returns the name rules of a kind of server, of which [Client.Kind] gives the name; nil for an unknown one.
func RulesOf(kind string) NameRules {
	switch kind {
	case KindDatabricks:
		return databricksNames{}
	case KindServer:
		return serverNames{}
	default:
		return nil
	}
}

// Kinds of servers.
const (
	KindDatabricks = "databricks"
	KindServer     = "mlflow"
)

// databricksNames: paths have a prefix and a trailing slash that mean nothing. Users and service principals share one name space and ignore
// case, since a service principal that was written as user_name is returned as service_principal_name; groups compare exactly.
type databricksNames struct{}

// NormalizeName implements [NameRules].
func (databricksNames) NormalizeName(name string) string {
	if rest, ok := strings.CutPrefix(name, "/Workspace/"); ok {
		name = "/" + rest
	}
	if len(name) > 1 {
		name = strings.TrimSuffix(name, "/")
	}
	return name
}

// PrincipalKey implements [NameRules].
func (databricksNames) PrincipalKey(p Principal) PrincipalKey {
	if p.Kind == KindGroup {
		return PrincipalKey{p.Kind, p.Name}
	}
	return PrincipalKey{KindUser, strings.ToLower(p.Name)}
}

// serverNames: all names are free text and compare exactly. The users ben and BEN are two.
type serverNames struct{}

// NormalizeName implements [NameRules].
func (serverNames) NormalizeName(name string) string { return name }

// PrincipalKey implements [NameRules].
func (serverNames) PrincipalKey(p Principal) PrincipalKey { return PrincipalKey{p.Kind, p.Name} }
