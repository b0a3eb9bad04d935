package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// directGrants lists what is granted on the experiment itself, `admins` included.
func directGrants(acl mlflow.ACL) []mlflow.Grant {
	var grants []mlflow.Grant
	for _, e := range acl.Entries {
		if level, ok := e.Direct(); ok {
			grants = append(grants, mlflow.Grant{Principal: e.Principal, Level: level})
		}
	}
	return grants
}

// levelsOf gives the level of each principal.
func levelsOf(rules mlflow.NameRules, grants []mlflow.Grant) map[mlflow.PrincipalKey]string {
	levels := make(map[mlflow.PrincipalKey]string, len(grants))
	for _, g := range grants {
		levels[rules.PrincipalKey(g.Principal)] = g.Level
	}
	return levels
}

// sameGrants reports whether two lists grant the same.
func sameGrants(rules mlflow.NameRules, a, b []mlflow.Grant) bool {
	return maps.Equal(levelsOf(rules, a), levelsOf(rules, b))
}

// samePrincipal reports whether two principals are one.
func samePrincipal(rules mlflow.NameRules, p, q mlflow.Principal) bool {
	return rules.PrincipalKey(p) == rules.PrincipalKey(q)
}

// without leaves out the grants of the principals that are in drop.
func without[V any](rules mlflow.NameRules, grants []mlflow.Grant, drop map[mlflow.PrincipalKey]V) []mlflow.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g mlflow.Grant) bool {
		_, found := drop[rules.PrincipalKey(g.Principal)]
		return found
	})
}

// withoutPrincipal leaves out the grant of one principal.
func withoutPrincipal(rules mlflow.NameRules, grants []mlflow.Grant, p mlflow.Principal) []mlflow.Grant {
	return without(rules, grants, map[mlflow.PrincipalKey]bool{rules.PrincipalKey(p): true})
}

// isOwn reports whether a grant to the principal is one to the caller: as the caller, or as a member of a group.
func isOwn(rules mlflow.NameRules, caller mlflow.Caller, p mlflow.Principal) bool {
	if p.Kind == mlflow.KindGroup {
		return slices.Contains(caller.Groups, p.Name)
	}
	return samePrincipal(rules, caller.Principal, p)
}

// hasManage reports whether the caller would have CAN_MANAGE if these were all the direct grants: by one of them or by what the
// experiment inherits, as the caller or as a member of a group. A DENY among them outweighs all but the role of an admin.
func hasManage(rules mlflow.NameRules, caller mlflow.Caller, direct []mlflow.Grant, acl mlflow.ACL) bool {
	if caller.Admin {
		return true
	}
	manages, denied := false, false
	for _, g := range direct {
		if isOwn(rules, caller, g.Principal) {
			manages = manages || g.Level == mlflow.LevelManage
			denied = denied || g.Level == mlflow.LevelDeny
		}
	}
	for _, e := range acl.Entries {
		if !isOwn(rules, caller, e.Principal) {
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

// withCaller adds the caller's own CAN_MANAGE to direct grants that would take it away. Only those who
// hold CAN_MANAGE can read the list, so nobody gains anything.
func withCaller(rules mlflow.NameRules, caller mlflow.Caller, direct []mlflow.Grant, acl mlflow.ACL) []mlflow.Grant {
	if hasManage(rules, caller, direct, acl) {
		return direct
	}
	others := withoutPrincipal(rules, direct, caller.Principal)
	return append(others, mlflow.Grant{Principal: caller.Principal, Level: mlflow.LevelManage})
}

// samePrincipals reports whether two maps of one kind of principals have the same entries, spelling aside. Null and {} differ, nothing
// equals what is unknown, and an entry that is null is not one that is absent: an unknown level may turn out to be null.
func samePrincipals(rules mlflow.NameRules, kind mlflow.PrincipalKind, a, b types.Map) bool {
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

// respelled returns a key of a map that is spelled otherwise in the state, while a level in the map is unknown; empty if there is none.
// Whether the map is the state's in another spelling is then not known yet, and a plan would have to guess.
func respelled(rules mlflow.NameRules, kind mlflow.PrincipalKind, state, plan types.Map) (key, before string) {
	if plan.IsUnknown() || fullyKnown(plan) {
		return "", ""
	}
	spelling := map[mlflow.PrincipalKey]string{}
	for name := range state.Elements() {
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

// principalsValidator checks the names and levels in a map of one kind of principals.
type principalsValidator struct{ kind mlflow.PrincipalKind }

func (v principalsValidator) Description(context.Context) string {
	return "keys must name a " + framework.KindNoun(v.kind) + ", values must be permission levels"
}

func (v principalsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v principalsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, name := range framework.SortedKeys(elements) {
		at := req.Path.AtMapKey(name)
		level, _ := elements[name].(types.String)
		if level.IsNull() {
			continue // counts as absent
		}
		if reason := v.refuseName(name); reason != "" {
			resp.Diagnostics.AddAttributeError(at, "Principal not allowed", reason)
			continue
		}
		warnPrincipalName(&resp.Diagnostics, at, mlflow.Principal{Kind: v.kind, Name: name})
		framework.CheckLevel(&resp.Diagnostics, at, level)
	}
}

// warnPrincipalName warns of a name that looks like one of another kind. Only the server knows: a role of an MLflow server may have any name.
func warnPrincipalName(diags *diag.Diagnostics, at path.Path, p mlflow.Principal) {
	switch {
	case p.Kind == mlflow.KindServicePrincipal && !databricks.IsApplicationID(p.Name):
		diags.AddAttributeWarning(at, "Not an application ID", fmt.Sprintf("%q is not a UUID. Use the application ID of the service principal, for example "+
			"\"6f1c2a34-5b67-4c89-9d01-23456789abcd\", not its display name.", p.Name))
	case p.Kind == mlflow.KindGroup && databricks.IsEmail(p.Name):
		diags.AddAttributeWarning(at, "Group is named like a user", fmt.Sprintf("%q is an email address, which names a user and seldom a group. To grant the level to the "+
			"user, declare it under users, or as user_name.", p.Name))
	}
}

// principalNameValidator checks an attribute that names one principal.
type principalNameValidator struct{ kind mlflow.PrincipalKind }

func (v principalNameValidator) Description(context.Context) string {
	return "must name a " + framework.KindNoun(v.kind)
}

func (v principalNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v principalNameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if name := req.ConfigValue; name.ValueString() != "" {
		warnPrincipalName(&resp.Diagnostics, req.Path, mlflow.Principal{Kind: v.kind, Name: name.ValueString()})
	}
}

// refuseName says why a name can't be managed, "" when it can.
func (v principalsValidator) refuseName(name string) string {
	if strings.TrimSpace(name) == "" {
		return fmt.Sprintf("The name of a %s is empty. Name it, or leave the entry out.", framework.KindNoun(v.kind))
	}
	return ""
}

// checkGrant refuses a principal that the server grants nothing to, at its attribute, and warns of a level that is not known there: a
// newer server may have more.
func checkGrant(diags *diag.Diagnostics, client *mlflow.Client, g mlflow.Grant, who, level path.Path) {
	if err := client.CheckPrincipal(g.Principal); err != nil {
		diags.AddAttributeError(who, "Principal not allowed", framework.UpperFirst(err.Error())+".")
	}
	if known := client.KnownLevels(); g.Level != "" && !slices.Contains(known, g.Level) {
		diags.AddAttributeWarning(level, "Unknown permission level", fmt.Sprintf("%q is not a known permission level of %s (%s). It is sent unchanged, "+
			"and the server may reject it.", g.Level, client.BackendName(), strings.Join(known, ", ")))
	}
}
