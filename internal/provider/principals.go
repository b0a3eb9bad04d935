package provider

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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// principalKey is a principal as the server compares it. Users and service principals share one name space and ignore case: a
// service principal that was written as user_name is answered as service_principal_name. Groups compare exactly.
type principalKey struct {
	group bool
	name  string
}

func keyOf(p mlflow.Principal) principalKey {
	if p.Kind == mlflow.KindGroup {
		return principalKey{group: true, name: p.Name}
	}
	return principalKey{name: strings.ToLower(p.Name)}
}

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
func levelsOf(grants []mlflow.Grant) map[principalKey]string {
	levels := make(map[principalKey]string, len(grants))
	for _, g := range grants {
		levels[keyOf(g.Principal)] = g.Level
	}
	return levels
}

// sameGrants tells whether two lists grant the same.
func sameGrants(a, b []mlflow.Grant) bool { return maps.Equal(levelsOf(a), levelsOf(b)) }

// without leaves out the grants of the principals that are in drop.
func without[V any](grants []mlflow.Grant, drop map[principalKey]V) []mlflow.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g mlflow.Grant) bool {
		_, found := drop[keyOf(g.Principal)]
		return found
	})
}

// hasManage tells whether the caller would hold CAN_MANAGE if these were all the direct grants: by one of them or by what the
// experiment inherits, as the caller or as a member of a group.
func hasManage(caller mlflow.Caller, direct []mlflow.Grant, acl mlflow.ACL) bool {
	own := map[principalKey]bool{keyOf(caller.Principal): true}
	for _, group := range caller.Groups {
		own[principalKey{group: true, name: group}] = true
	}
	return slices.ContainsFunc(direct, func(g mlflow.Grant) bool {
		return g.Level == mlflow.LevelManage && own[keyOf(g.Principal)]
	}) || slices.ContainsFunc(acl.Entries, func(e mlflow.ACLEntry) bool {
		return e.Inherited() == mlflow.LevelManage && own[keyOf(e.Principal)]
	})
}

// withCaller adds the caller's own CAN_MANAGE to direct grants that would take it away, and tells whether it had to. Only those who
// hold CAN_MANAGE can read the list, so nobody gains anything.
func withCaller(caller mlflow.Caller, direct []mlflow.Grant, acl mlflow.ACL) (grants []mlflow.Grant, added bool) {
	if hasManage(caller, direct, acl) {
		return direct, false
	}
	others := without(direct, map[principalKey]bool{keyOf(caller.Principal): true})
	return append(others, mlflow.Grant{Principal: caller.Principal, Level: mlflow.LevelManage}), true
}

// samePrincipals tells whether two maps of one kind of principals grant the same, spelling aside. Null and {} differ, and nothing
// equals what is unknown.
func samePrincipals(kind mlflow.PrincipalKind, a, b types.Map) bool {
	if a.IsNull() || b.IsNull() || !fullyKnown(a) || !fullyKnown(b) {
		return false
	}
	fold := func(m types.Map) map[principalKey]string {
		levels := map[principalKey]string{}
		for name, level := range stringMap(m) {
			levels[keyOf(mlflow.Principal{Kind: kind, Name: name})] = level
		}
		return levels
	}
	return maps.Equal(fold(a), fold(b))
}

// fullyKnown tells whether neither the map nor a value in it is unknown.
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

// kindNoun is how a kind of principal is called in messages.
func kindNoun(kind mlflow.PrincipalKind) string {
	return strings.ReplaceAll(string(kind), "_", " ")
}

// describeGrants lists grants for a message, one a line.
func describeGrants(grants []mlflow.Grant) string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, fmt.Sprintf("  - %s %q: %s", kindNoun(g.Principal.Kind), g.Principal.Name, g.Level))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// principalsValidator checks the names and levels in a map of one kind of principals.
type principalsValidator struct{ kind mlflow.PrincipalKind }

func (v principalsValidator) Description(context.Context) string {
	return "keys must name a " + kindNoun(v.kind) + ", values must be permission levels"
}

func (v principalsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v principalsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, name := range sortedKeys(elements) {
		at := req.Path.AtMapKey(name)
		level, _ := elements[name].(types.String)
		if reason := v.refuseName(name); reason != "" {
			resp.Diagnostics.AddAttributeError(at, "Principal not allowed", reason)
			continue
		}
		if level.IsNull() {
			resp.Diagnostics.AddAttributeError(at, "Permission level missing", fmt.Sprintf(
				"%q has no level. Write CAN_READ, CAN_EDIT or CAN_MANAGE, or leave the entry out.", name))
		}
		if v.kind == mlflow.KindServicePrincipal && !mlflow.IsApplicationID(name) {
			resp.Diagnostics.AddAttributeWarning(at, "Not an application id", fmt.Sprintf(
				"Service principals are named by application id, such as \"6f1c2a34-5b67-4c89-9d01-23456789abcd\". %q looks like something else, "+
					"perhaps the display name: the server will probably not know it.", name))
		}
	}
}

// refuseName says why a name can't be managed, "" when it can.
func (v principalsValidator) refuseName(name string) string {
	if strings.TrimSpace(name) == "" {
		return fmt.Sprintf("The name of a %s is empty. Name it, or leave the entry out.", kindNoun(v.kind))
	}
	return ""
}

// checkGrant refuses a principal that the server grants nothing to, at its attribute, and warns of a level that is not known there: a
// newer server may have more.
func checkGrant(diags *diag.Diagnostics, client *mlflow.Client, g mlflow.Grant, who, level path.Path) {
	if err := client.CheckPrincipal(g.Principal); err != nil {
		diags.AddAttributeError(who, "Principal not allowed", upperFirst(err.Error())+".")
	}
	if known := client.KnownLevels(); g.Level != "" && !slices.Contains(known, g.Level) {
		diags.AddAttributeWarning(level, "Unknown permission level", fmt.Sprintf("%q is none of the levels that %s is known to have: %s. It is sent as it "+
			"is written, and may be refused.", g.Level, client.BackendName(), strings.Join(known, ", ")))
	}
}
