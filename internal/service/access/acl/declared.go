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

// Declared are the attributes of a resource that declares all grants of an object. Embed it in the model of the resource.
type Declared struct {
	Groups            types.Map  `tfsdk:"groups"`
	Users             types.Map  `tfsdk:"users"`
	ServicePrincipals types.Map  `tfsdk:"service_principals"`
	KeepCallerAccess  types.Bool `tfsdk:"keep_caller_access"`
	Retained          types.Map  `tfsdk:"retained"`
}

// NullDeclared returns attributes that are all null, as an import leaves them.
func NullDeclared() Declared {
	null := types.MapNull(types.StringType)
	return Declared{Groups: null, Users: null, ServicePrincipals: null, Retained: null}
}

// principalMap is one of the three maps, with what its keys are.
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

// Entry is one entry of the maps and where it stands. Its level is "" while unknown.
type Entry struct {
	mlflow.Grant
	attribute string
}

// Path is where the entry stands in the configuration.
func (d Entry) Path() path.Path {
	return path.Root(d.attribute).AtMapKey(d.Principal.Name)
}

// Entries lists the entries of the maps in a fixed order, without those that are null, which count as absent. A map that is unknown as a whole
// has none.
func (m *Declared) Entries() []Entry {
	return m.entries(func(level attr.Value) bool { return !level.IsNull() })
}

// entries lists the entries of the maps whose level the caller wants, in a fixed order.
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

// Grants lists the entries of the maps as they are sent.
func (m *Declared) Grants() []mlflow.Grant {
	var grants []mlflow.Grant
	for _, d := range m.Entries() {
		grants = append(grants, d.Grant)
	}
	return grants
}

// duplicate is a principal that is declared twice: the server would let the last entry win.
type duplicate struct{ entry, earlier Entry }

// addError refuses the duplicate at its second entry.
func (d duplicate) addError(diags *diag.Diagnostics) {
	diags.AddAttributeError(d.entry.Path(), "Duplicate principal", fmt.Sprintf(
		"%q is the same principal as %s: on Databricks, users and service principals are compared case-insensitively, also across the maps. "+
			"Remove one of the two entries.", d.entry.Principal.Name, d.earlier.Path()))
}

// duplicates lists the principals that are declared twice. A level that is unknown may turn out to be null, and so does not count.
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

// shouldKeepCaller reports whether the caller's own access is protected. While the setting is unknown it may be.
func (m *Declared) shouldKeepCaller() bool {
	return m.KeepCallerAccess.IsNull() || m.KeepCallerAccess.IsUnknown() || m.KeepCallerAccess.ValueBool()
}

// isKnown reports whether everything is known that decides about the list.
func (m *Declared) isKnown() bool {
	return !m.KeepCallerAccess.IsUnknown() && fullyKnown(m.Groups) && fullyKnown(m.Users) && fullyKnown(m.ServicePrincipals)
}

// NeedsWrite reports whether the server's list has to be written to get from a state to this model. A new spelling, {} instead of
// nothing, and a service principal that moves from one map to the other change nothing there.
func (m *Declared) NeedsWrite(rules mlflow.NameRules, state *Declared) bool {
	return !m.isKnown() || m.shouldKeepCaller() != state.shouldKeepCaller() ||
		!sameGrants(rules, m.Grants(), state.Grants())
}

// SuppressEquivalent makes a plan of the proposed one. A map that differs from the state's in spelling alone keeps the state's spelling as a
// whole: Terraform accepts the prior value or the configured one, and no mixture. moves reports whether the plan is for another object than the
// state, or may be.
func (m *Declared) SuppressEquivalent(rules mlflow.NameRules, state *Declared, otherObject bool) {
	planned := m.maps()
	for i, prior := range state.maps() {
		if isEquivalentMap(rules, prior.kind, *prior.levels, *planned[i].levels) {
			*planned[i].levels = *prior.levels
		}
	}
	m.Retained = types.MapUnknown(types.StringType) // the answer to the write tells
	if !otherObject && !m.NeedsWrite(rules, state) {
		m.Retained = state.Retained
	}
}

// IsImport tells a state that import left: everything but the id is still to be read. Otherwise `retained` is never null.
func (m *Declared) IsImport() bool { return m.Retained.IsNull() }

// undeclared gives the direct grants that the maps don't have. Those of the server's own admins are not the resource's business.
func (m *Declared) undeclared(rules mlflow.NameRules, list mlflow.ACL) []mlflow.Grant {
	known := LevelsOf(rules, m.Grants())
	known[rules.PrincipalKey(list.Admins)] = ""
	return withoutPrincipals(rules, DirectGrants(list), known)
}

// isRetained reports whether a grant is one of the retained ones.
func isRetained(rules mlflow.NameRules, retained types.Map, g mlflow.Grant) bool {
	for name, level := range framework.StringMap(retained) {
		if level == g.Level && SamePrincipal(rules, g.Principal, mlflow.Principal{Kind: g.Principal.Kind, Name: name}) {
			return true
		}
	}
	return false
}

// SetFromACL takes over what the server holds. A principal that the maps have keeps its map and spelling, a new one goes by its kind. An entry that is
// null stays null, unless its principal has a grant after all. retained are grants that no map shows. Neither does a map show an undeclared grant that
// the principal inherits as well: servers add such entries by themselves, and removing them changes nobody's access. An import shows all.
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

// setRetained records what was kept although it is not declared; never null, so that an import can be told by it.
func (m *Declared) setRetained(grants []mlflow.Grant) {
	levels := map[string]string{}
	for _, g := range grants {
		levels[g.Principal.Name] = g.Level
	}
	m.Retained = framework.StringMapValue(levels)
}

// checkCaller refuses entries that would lower the caller's own access below CAN_MANAGE: the caller's own, and a DENY for one of the
// caller's groups.
func (m *Declared) checkCaller(rules mlflow.NameRules, caller mlflow.Caller, o Object) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, d := range m.Entries() {
		if !d.isRestrictive() || !IsOwn(rules, caller, d.Principal) || d.Level == mlflow.LevelDeny && caller.Admin {
			continue
		}
		diags.AddAttributeError(d.Path(), "Grant would lower your own access", fmt.Sprintf(
			"The provider is authenticated as %q, and this entry grants it %s. Without CAN_MANAGE, it can no longer change these permissions%s.\n\n"+
				"Declare CAN_MANAGE, remove the entry (then the provider keeps CAN_MANAGE if nothing else provides it), or set "+
				"keep_caller_access = false to proceed.", caller.Principal.Name, d.Level, o.otherManageActions()))
	}
	return diags
}

// isRestrictive reports whether the entry gives its principal less than CAN_MANAGE, as far as is known. A group's level lowers nobody's own, unless
// it is DENY.
func (d Entry) isRestrictive() bool {
	if d.Principal.Kind == mlflow.KindGroup {
		return d.Level == mlflow.LevelDeny
	}
	return d.Level != "" && d.Level != mlflow.LevelManage
}
