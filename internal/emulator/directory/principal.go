package directory

import "cmp"

// The kinds of principals.
const (
	KindUser             = "user"
	KindGroup            = "group"
	KindServicePrincipal = "service_principal"
)

// Principal is a user, a group, or a service principal, to which access can be granted. Kind is "user", "group", or "service_principal";
// Name is an email, the name of a group, or an application ID.
type Principal struct{ Kind, Name string }

// User returns the user with this email.
func User(email string) Principal { return Principal{KindUser, email} }

// Group returns the group with this name.
func Group(name string) Principal { return Principal{KindGroup, name} }

// ServicePrincipal returns the service principal with this application ID.
func ServicePrincipal(applicationID string) Principal {
	return Principal{KindServicePrincipal, applicationID}
}

// Compare orders by kind, then by name.
func (p Principal) Compare(other Principal) int {
	return cmp.Or(cmp.Compare(p.Kind, other.Kind), cmp.Compare(p.Name, other.Name))
}
