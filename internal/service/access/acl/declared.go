package acl

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Declared contains the attributes of a resource that declares all grants on an object. Embed it in the model of the resource.
type Declared struct {
	Groups            types.Map  `tfsdk:"groups"`
	Users             types.Map  `tfsdk:"users"`
	ServicePrincipals types.Map  `tfsdk:"service_principals"`
	KeepCallerAccess  types.Bool `tfsdk:"keep_caller_access"`
	Retained          types.Map  `tfsdk:"retained"`
}

// NullDeclared returns attributes that are all null, as in the state of an import before its first read.
func NullDeclared() Declared {
	null := types.MapNull(types.StringType)
	return Declared{Groups: null, Users: null, ServicePrincipals: null, Retained: null}
}

// principalMap is one of the three maps, with the kind of its keys.
type principalMap struct {
	attribute string
	kind      mlflow.PrincipalKind
	levels    *types.Map
}

func (m *Declared) maps() []principalMap {
	return []principalMap{
		{"groups", mlflow.KindGroup, &m.Groups},
		{"users", mlflow.KindUser, &m.Users},
		{"service_principals", mlflow.KindServicePrincipal, &m.ServicePrincipals},
	}
}

// Entry is one entry of the maps, with the attribute that contains it. Its level is "" if it is unknown.
type Entry struct {
	mlflow.Grant
	attribute string
}

// Path returns the path of the entry in the configuration.
func (d Entry) Path() path.Path {
	return path.Root(d.attribute).AtMapKey(d.Principal.Name)
}

// Entries returns the entries of the maps in a fixed order, without null ones, which are ignored. An unknown map has no entries.
func (m *Declared) Entries() []Entry {
	return m.entries(func(level attr.Value) bool { return !level.IsNull() })
}

// entries returns the entries of the maps whose level satisfies want, in a fixed order.
func (m *Declared) entries(want func(level attr.Value) bool) []Entry {
	var all []Entry
	for _, pm := range m.maps() {
		levels, elements := framework.StringMap(*pm.levels), pm.levels.Elements()
		for _, name := range framework.SortedKeys(elements) {
			if want(elements[name]) {
				principal := mlflow.Principal{Kind: pm.kind, Name: name}
				all = append(all, Entry{mlflow.Grant{Principal: principal, Level: levels[name]}, pm.attribute})
			}
		}
	}
	return all
}

// Grants returns the entries of the maps as grants.
func (m *Declared) Grants() []mlflow.Grant {
	var grants []mlflow.Grant
	for _, d := range m.Entries() {
		grants = append(grants, d.Grant)
	}
	return grants
}

// duplicate is a principal that is declared twice. The server would use only the last entry.
type duplicate struct{ entry, earlier Entry }

// addError reports the duplicate at its second entry.
func (d duplicate) addError(diags *diag.Diagnostics) {
	diags.AddAttributeError(d.entry.Path(), "Duplicate principal", fmt.Sprintf(
		"%q is the same principal as %s: on Databricks, users and service principals are compared case-insensitively, even across "+
			"maps. Remove one of the two entries.", d.entry.Principal.Name, d.earlier.Path()))
}

// duplicates returns the principals that are declared twice. Entries with an unknown level are ignored, because the level can turn out to
// be null.
func (m *Declared) duplicates(rules mlflow.NameRules) []duplicate {
	var all []duplicate
	first := map[mlflow.PrincipalKey]Entry{}
	for _, d := range m.entries(func(level attr.Value) bool { return !level.IsNull() && !level.IsUnknown() }) {
		earlier, found := first[rules.PrincipalKey(d.Principal)]
		if found {
			all = append(all, duplicate{d, earlier})
			continue
		}
		first[rules.PrincipalKey(d.Principal)] = d
	}
	return all
}

// shouldKeepCaller reports whether the caller keeps its access. It is true if keep_caller_access is unknown.
func (m *Declared) shouldKeepCaller() bool {
	return m.KeepCallerAccess.IsNull() || m.KeepCallerAccess.IsUnknown() || m.KeepCallerAccess.ValueBool()
}

// isKnown reports whether no value is unknown that affects the list.
func (m *Declared) isKnown() bool {
	return !m.KeepCallerAccess.IsUnknown() && fullyKnown(m.Groups) && fullyKnown(m.Users) && fullyKnown(m.ServicePrincipals)
}

// NeedsWrite reports whether the list on the server must be written to get from a state to this plan. A different spelling, {} instead of
// null, and a service principal in the other map need no write.
func (m *Declared) NeedsWrite(rules mlflow.NameRules, state *Declared) bool {
	return !m.isKnown() || m.shouldKeepCaller() != state.shouldKeepCaller() ||
		!sameGrants(rules, m.Grants(), state.Grants())
}

// SuppressEquivalent completes a proposed plan. A map that differs from the one in the state only in spelling is planned as the latter as a
// whole: Terraform accepts only the prior or the configured value. `retained` stays known if nothing is written. otherObject is true if the
// plan is, or can be, for another object than the state.
func (m *Declared) SuppressEquivalent(rules mlflow.NameRules, state *Declared, otherObject bool) {
	planned := m.maps()
	for i, prior := range state.maps() {
		if isEquivalentMap(rules, prior.kind, *prior.levels, *planned[i].levels) {
			*planned[i].levels = *prior.levels
		}
	}
	m.Retained = types.MapUnknown(types.StringType) // determined by the response to the write
	if !otherObject && !m.NeedsWrite(rules, state) {
		m.Retained = state.Retained
	}
}

// IsImport reports whether the state is that of an import before its first read. In any other state, `retained` is not null.
func (m *Declared) IsImport() bool { return m.Retained.IsNull() }

// undeclared returns the direct grants that are not in the maps, except those of the admins group, which are unmanaged.
func (m *Declared) undeclared(rules mlflow.NameRules, list mlflow.ACL) []mlflow.Grant {
	known := LevelsOf(rules, m.Grants())
	known[rules.PrincipalKey(list.Admins)] = ""
	return withoutPrincipals(rules, DirectGrants(list), known)
}

// isRetained reports whether a grant is in `retained`, which contains only users and service principals: a group can have the same name.
func isRetained(rules mlflow.NameRules, retained types.Map, g mlflow.Grant) bool {
	for name, level := range framework.StringMap(retained) {
		if isIndividual(g) && level == g.Level && SamePrincipal(rules, g.Principal, mlflow.Principal{Kind: g.Principal.Kind, Name: name}) {
			return true
		}
	}
	return false
}

// SetFromACL sets the maps from the list on the server. A principal in a map keeps its map and spelling; a new principal is added to the
// map of its kind. A null entry stays null, unless its principal has a grant. The maps omit the retained grants, and undeclared grants that
// their principal also inherits: servers add these themselves, and removing them does not change access. An import omits none of the
// latter.
func (m *Declared) SetFromACL(rules mlflow.NameRules, list mlflow.ACL, retained []mlflow.Grant) {
	place := map[mlflow.PrincipalKey]Entry{}
	found := map[mlflow.PrincipalKind]map[string]types.String{
		mlflow.KindGroup: {}, mlflow.KindUser: {}, mlflow.KindServicePrincipal: {},
	}
	for _, d := range m.entries(attr.Value.IsNull) {
		place[rules.PrincipalKey(d.Principal)] = d
		found[d.Principal.Kind][d.Principal.Name] = types.StringNull()
	}
	for _, d := range m.Entries() {
		place[rules.PrincipalKey(d.Principal)] = d
	}
	hidden := LevelsOf(rules, retained)
	hidden[rules.PrincipalKey(list.Admins)] = ""
	for _, g := range withoutPrincipals(rules, DirectGrants(list), hidden) {
		p := g.Principal
		d, declared := place[rules.PrincipalKey(p)]
		switch {
		case declared:
			p = d.Principal
		case !m.IsImport() && isInherited(rules, list, g):
			continue
		}
		found[p.Kind][p.Name] = types.StringValue(g.Level)
	}
	for _, pm := range m.maps() {
		switch levels := found[pm.kind]; {
		case len(levels) > 0:
			*pm.levels = framework.MapValue(levels)
		case len(pm.levels.Elements()) > 0:
			*pm.levels = types.MapNull(types.StringType)
		}
	}
	m.setRetained(retained)
}

// setRetained sets `retained`. It is never null, so that IsImport can use it.
func (m *Declared) setRetained(grants []mlflow.Grant) {
	levels := map[string]string{}
	for _, g := range grants {
		levels[g.Principal.Name] = g.Level
	}
	m.Retained = framework.StringMapValue(levels)
}

// checkCaller rejects entries that would lower the access of the caller below CAN_MANAGE: its own entry, and a DENY for one of its groups.
func (m *Declared) checkCaller(rules mlflow.NameRules, caller mlflow.Caller, o Object) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, d := range m.Entries() {
		if !d.isRestrictive() || !IsOwn(rules, caller, d.Principal) || d.Level == mlflow.LevelDeny && caller.Admin {
			continue
		}
		diags.AddAttributeError(d.Path(), "Grant would lower your own access", fmt.Sprintf(
			"The provider is authenticated as %q, and this entry grants it %s. Without CAN_MANAGE, it can no longer change these "+
				"permissions%s.\n\nDeclare CAN_MANAGE, remove the entry so that the provider keeps your access, or set "+
				"keep_caller_access = false.", caller.Principal.Name, d.Level, o.otherManageActions()))
	}
	return diags
}

// isRestrictive reports whether the entry can leave its principal, or a member of it, without CAN_MANAGE. A group can only do so with DENY.
// An unknown level is not restrictive.
func (d Entry) isRestrictive() bool {
	if d.Principal.Kind == mlflow.KindGroup {
		return d.Level == mlflow.LevelDeny
	}
	return d.Level != "" && d.Level != mlflow.LevelManage
}
