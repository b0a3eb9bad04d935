package review

import (
	"cmp"
	"slices"
	"strings"
)

// principal identifies a principal.
type principal struct{ kind, name string }

func (g Grant) principal() principal { return principal{g.Kind, g.Principal} }

func comparePrincipals(a, b principal) int {
	return cmp.Or(cmp.Compare(kindOrder(a.kind), kindOrder(b.kind)), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

// kindOrder sorts groups before users, and users before service principals.
func kindOrder(kind string) int {
	return slices.Index([]string{KindGroup, KindUser, KindServicePrincipal}, kind)
}

// namedPrincipal is a principal with its display name, which can be empty.
type namedPrincipal struct {
	principal

	displayName string
}

// label returns the name of a principal. The application ID of a service principal follows its display name.
func (p namedPrincipal) label() string {
	if p.displayName != "" && p.kind == KindServicePrincipal {
		return p.displayName + " (" + p.name + ")"
	}
	return p.name
}

// noun returns the kind of a principal in words.
func (p namedPrincipal) noun() string { return strings.ReplaceAll(p.kind, "_", " ") }

// displayNames returns one display name for each principal of the grants. Some of its grants can lack it.
func displayNames(grants []Grant) map[principal]string {
	names := map[principal]string{}
	for _, g := range grants {
		names[g.principal()] = max(names[g.principal()], g.DisplayName)
	}
	return names
}

// SelectPrincipals returns the keys of the principals with the given names, and of the groups that have one of them as a member. A name
// can be that of a group, a user, or a service principal. members lists the users of each group. key returns the key of a principal:
// two principals are the same if their keys are equal. The result is nil if there are no names.
func SelectPrincipals[K comparable](names []string, members map[string][]string, key func(kind, name string) K) map[K]bool {
	if len(names) == 0 {
		return nil
	}
	selected := map[K]bool{}
	for _, name := range names {
		for _, kind := range []string{KindGroup, KindUser, KindServicePrincipal} {
			selected[key(kind, name)] = true
		}
	}
	for group, users := range members {
		if slices.ContainsFunc(users, func(name string) bool { return selected[key(KindUser, name)] }) {
			selected[key(KindGroup, group)] = true
		}
	}
	return selected
}
