package acl

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// DirectGrants returns the direct grants in a list, including those of `admins`.
func DirectGrants(list mlflow.ACL) []mlflow.Grant {
	var grants []mlflow.Grant
	for _, e := range list.Entries {
		if level, ok := e.Direct(); ok {
			grants = append(grants, mlflow.Grant{Principal: e.Principal, Level: level})
		}
	}
	return grants
}

// LevelsOf returns the level of each principal: that of its last grant, as the server would use.
func LevelsOf(rules mlflow.NameRules, grants []mlflow.Grant) map[mlflow.PrincipalKey]string {
	levels := make(map[mlflow.PrincipalKey]string, len(grants))
	for _, g := range grants {
		levels[rules.PrincipalKey(g.Principal)] = g.Level
	}
	return levels
}

// sameGrants reports whether two lists contain the same grants.
func sameGrants(rules mlflow.NameRules, a, b []mlflow.Grant) bool {
	return maps.Equal(LevelsOf(rules, a), LevelsOf(rules, b))
}

// SamePrincipal reports whether two names are those of one principal.
func SamePrincipal(rules mlflow.NameRules, p, q mlflow.Principal) bool {
	return rules.PrincipalKey(p) == rules.PrincipalKey(q)
}

// isIndividual reports whether a grant is to a user or service principal, not to a group.
func isIndividual(g mlflow.Grant) bool { return g.Principal.Kind != mlflow.KindGroup }

// isInherited reports whether the principal of a direct grant also inherits its level.
func isInherited(rules mlflow.NameRules, list mlflow.ACL, g mlflow.Grant) bool {
	return slices.ContainsFunc(list.Entries, func(e mlflow.ACLEntry) bool {
		includes := func(inherited string) bool { return mlflow.IncludesLevel(inherited, g.Level) }
		return SamePrincipal(rules, e.Principal, g.Principal) && slices.ContainsFunc(e.Inherited(), includes)
	})
}

// withoutPrincipals returns the grants except those of the principals in drop.
func withoutPrincipals[V any](rules mlflow.NameRules, grants []mlflow.Grant, drop map[mlflow.PrincipalKey]V) []mlflow.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g mlflow.Grant) bool {
		_, found := drop[rules.PrincipalKey(g.Principal)]
		return found
	})
}

// WithoutPrincipal returns the grants except that of one principal.
func WithoutPrincipal(rules mlflow.NameRules, grants []mlflow.Grant, p mlflow.Principal) []mlflow.Grant {
	return withoutPrincipals(rules, grants, map[mlflow.PrincipalKey]bool{rules.PrincipalKey(p): true})
}

// IsOwn reports whether a grant to the principal applies to the caller, directly or through a group.
func IsOwn(rules mlflow.NameRules, caller mlflow.Caller, p mlflow.Principal) bool {
	if p.Kind == mlflow.KindGroup {
		return slices.Contains(caller.Groups, p.Name)
	}
	return SamePrincipal(rules, caller.Principal, p)
}

// HasManage reports whether the caller would have CAN_MANAGE with exactly these direct grants and the inherited ones in the list, directly
// or through a group. A DENY takes precedence over everything except the role of an admin.
func HasManage(rules mlflow.NameRules, caller mlflow.Caller, direct []mlflow.Grant, list mlflow.ACL) bool {
	if caller.Admin {
		return true
	}
	manages, denied := false, false
	for _, g := range direct {
		if IsOwn(rules, caller, g.Principal) {
			manages = manages || g.Level == mlflow.LevelManage
			denied = denied || g.Level == mlflow.LevelDeny
		}
	}
	for _, e := range list.Entries {
		if !IsOwn(rules, caller, e.Principal) {
			continue
		}
		for _, p := range e.Permissions {
			switch {
			case !p.Inherited:
			case p.FromAdminRole():
				return true
			default:
				manages = manages || p.Level == mlflow.LevelManage
				denied = denied || p.Level == mlflow.LevelDeny
			}
		}
	}
	return manages && !denied
}

// withCaller adds the caller's own CAN_MANAGE to direct grants that would revoke it. Reading the list requires CAN_MANAGE, so the caller
// gains no access.
func withCaller(rules mlflow.NameRules, caller mlflow.Caller, direct []mlflow.Grant, list mlflow.ACL) []mlflow.Grant {
	if HasManage(rules, caller, direct, list) {
		return direct
	}
	others := WithoutPrincipal(rules, direct, caller.Principal)
	return append(others, mlflow.Grant{Principal: caller.Principal, Level: mlflow.LevelManage})
}

// isEquivalentMap reports whether two maps of one kind of principals have the same entries, except for the spelling. Null and {} differ, an
// unknown value equals no other, and a null entry differs from a missing one: an unknown level can turn out to be null.
func isEquivalentMap(rules mlflow.NameRules, kind mlflow.PrincipalKind, a, b types.Map) bool {
	if a.IsNull() || b.IsNull() || !fullyKnown(a) || !fullyKnown(b) {
		return false
	}
	fold := func(m types.Map) map[mlflow.PrincipalKey][]string {
		levels := map[mlflow.PrincipalKey][]string{} // of two spellings, one may be null
		for name, level := range m.Elements() {
			key := rules.PrincipalKey(mlflow.Principal{Kind: kind, Name: name})
			levels[key] = append(levels[key], level.String())
			slices.Sort(levels[key])
		}
		return levels
	}
	return maps.EqualFunc(fold(a), fold(b), slices.Equal)
}

// respelledKey returns a key of a planned map with an unknown level that the state contains in a different spelling; empty if there is
// none. The plan cannot determine whether such a map differs from the state only in spelling.
func respelledKey(rules mlflow.NameRules, kind mlflow.PrincipalKind, state, plan types.Map) (key, before string) {
	if plan.IsUnknown() || fullyKnown(plan) {
		return "", ""
	}
	spelling := map[mlflow.PrincipalKey]string{}
	for _, name := range framework.SortedKeys(state.Elements()) {
		spelling[rules.PrincipalKey(mlflow.Principal{Kind: kind, Name: name})] = name
	}
	for _, name := range framework.SortedKeys(plan.Elements()) {
		if was := spelling[rules.PrincipalKey(mlflow.Principal{Kind: kind, Name: name})]; was != "" && was != name {
			return name, was
		}
	}
	return "", ""
}

// fullyKnown reports whether neither the map nor a value in it is unknown.
func fullyKnown(m types.Map) bool {
	if m.IsUnknown() {
		return false
	}
	for _, value := range m.Elements() {
		if value.IsUnknown() {
			return false
		}
	}
	return true
}
