package review

import "slices"

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
