package role

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The types and levels that have rules of their own, and the pattern that matches all objects of a type.
const (
	typeExperiment = "experiment"
	typeScorer     = "scorer"
	typeWorkspace  = "workspace"

	levelUse    = "USE"
	levelManage = "MANAGE"
	levelNone   = "NO_PERMISSIONS"

	wildcard = "*"
)

// roleLevels are the levels of a role in ascending order. DENY is last because it overrides the others.
var roleLevels = []string{"READ", levelUse, "EDIT", levelManage, "DENY"}

// wildcardOnlyTypes are the types that support only the pattern "*".
var wildcardOnlyTypes = []string{
	"assessment", "logged_model", "mcp_server_version", "prompt_version", "registered_model_version", "review_queue", "run", "scorer_version",
	"trace",
	typeWorkspace,
}

// roleLevelSynonyms maps words that other systems use to levels of a role.
var roleLevelSynonyms = map[string]string{
	"VIEW": "READ", "VIEWER": "READ", "READER": "READ", "WRITE": "EDIT", "WRITER": "EDIT", "EDITOR": "EDIT", "UPDATE": "EDIT",
	"ADMIN": levelManage, "MANAGER": levelManage, "OWNER": levelManage, "USER": levelUse, "MEMBER": levelUse, "NO_ACCESS": "DENY",
	"DENIED": "DENY",
}

// suggestRoleLevel returns the level that a similar word means, such as EDIT for "CAN_EDIT". It returns "" for a level and for other words.
func suggestRoleLevel(text string) string {
	word := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(strings.TrimSpace(text)))
	word = strings.TrimPrefix(strings.TrimPrefix(word, "CAN_"), "IS_")
	meant := roleLevelSynonyms[word]
	if slices.Contains(roleLevels, word) {
		meant = word
	}
	if meant == text {
		return ""
	}
	return meant
}

// grantKey returns the key of a grant in the map of grants: its type and pattern.
func grantKey(g mlflowserver.RoleGrant) string { return g.Type + "/" + g.Pattern }

// parseGrantKey returns the grant of a key, without a level. A pattern can contain slashes, a type cannot.
func parseGrantKey(key string) (g mlflowserver.RoleGrant, ok bool) {
	g.Type, g.Pattern, ok = strings.Cut(key, "/")
	return g, ok && strings.TrimSpace(g.Type) != "" && strings.TrimSpace(g.Pattern) != ""
}

// invalidGrantKeyReason returns the reason why a key of the map of grants is invalid, "" if it is valid. The server checks types that the
// provider does not know.
func invalidGrantKeyReason(key string) string {
	g, ok := parseGrantKey(key)
	switch {
	case !ok && !strings.Contains(key, "/") && strings.TrimSpace(key) != "":
		return fmt.Sprintf("%q has no pattern. Use %q for all objects, or \"TYPE/ID\" for one, for example \"experiment/12\".", key, key+"/*")
	case !ok:
		return fmt.Sprintf("%q does not have the form \"TYPE/PATTERN\", for example \"experiment/*\" or \"prompt/support-bot\".", key)
	case g.Pattern == wildcard:
		return ""
	case slices.Contains(wildcardOnlyTypes, g.Type):
		return fmt.Sprintf("The type %s supports only the pattern \"*\". Use \"%s/*\".", g.Type, g.Type)
	case g.Type == typeExperiment && !isExperimentID(g.Pattern):
		return fmt.Sprintf("%q is not an experiment ID. Use \"experiment/ID\" with mlflow_experiment.NAME.id, or \"experiment/*\" for "+
			"all experiments.", g.Pattern)
	case g.Type == typeScorer && !strings.Contains(g.Pattern, "/"):
		return fmt.Sprintf("%q is not a scorer. Use \"scorer/EXPERIMENT_ID/NAME\", or \"scorer/*\" for all scorers.", g.Pattern)
	}
	return ""
}

func isExperimentID(text string) bool { return strings.Trim(text, "0123456789") == "" }

// grantsValidator validates the keys and levels of the map of grants.
type grantsValidator struct{}

// Description implements [validator.Describer].
func (grantsValidator) Description(context.Context) string {
	return "keys must be of the form TYPE/PATTERN, values must be permission levels"
}

// MarkdownDescription implements [validator.Describer].
func (v grantsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map].
func (grantsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, key := range framework.SortedKeys(elements) {
		at := req.Path.AtMapKey(key)
		level, _ := elements[key].(types.String)
		if level.IsNull() {
			continue // ignored
		}
		if reason := invalidGrantKeyReason(key); reason != "" {
			resp.Diagnostics.AddAttributeError(at, "Invalid grant", reason)
			continue
		}
		g, _ := parseGrantKey(key)
		if g.Pattern != wildcard && strings.Contains(g.Pattern, wildcard) {
			resp.Diagnostics.AddAttributeWarning(at, "Pattern is not a wildcard", fmt.Sprintf("The server matches %q literally. Only the "+
				"pattern \"*\" matches more than one object.", g.Pattern))
		}
		if !level.IsUnknown() {
			checkRoleLevel(&resp.Diagnostics, at, g.Type, level.ValueString())
		}
	}
}

// checkRoleLevel rejects a level that no server has or that its type does not support. It warns of an unknown level, which a newer server
// may have.
func checkRoleLevel(diags *diag.Diagnostics, at path.Path, typ, level string) {
	known := strings.Join(roleLevels, ", ")
	switch meant := suggestRoleLevel(level); {
	case level == levelNone:
		diags.AddAttributeError(at, "Invalid permission level", "NO_PERMISSIONS cannot be granted. Remove the entry, or use DENY to override "+
			"other grants.")
	case meant != "":
		diags.AddAttributeError(at, "Invalid permission level", fmt.Sprintf("%q is not a permission level of a role. Use %s.", level, meant))
	case strings.TrimSpace(level) == "":
		diags.AddAttributeError(at, "Invalid permission level", fmt.Sprintf("%q is not a permission level of a role. Use one of %s.", level,
			known))
	case typ == typeWorkspace && level != levelUse && level != levelManage && slices.Contains(roleLevels, level):
		diags.AddAttributeError(at, "Invalid permission level", fmt.Sprintf("%s cannot be granted on a workspace. Use USE for its members, or "+
			"MANAGE for its managers.", level))
	case !slices.Contains(roleLevels, level):
		diags.AddAttributeWarning(at, "Unknown permission level", fmt.Sprintf("%q is not a known permission level of a role (%s). It is sent "+
			"unchanged, and the server may reject it.", level, known))
	}
}

// declaredGrants returns the levels that a map of grants declares, by key. It omits entries with a null level.
func declaredGrants(grants types.Map) map[string]string {
	levels := map[string]string{}
	for key, level := range framework.StringMap(grants) {
		if !grants.Elements()[key].IsNull() {
			levels[key] = level
		}
	}
	return levels
}

// grantChange is one change that brings the grants of a role closer to the declared ones.
type grantChange struct {
	kind grantChangeKind
	// grant is the current grant, or the declared one if it is added.
	grant mlflowserver.RoleGrant
	level string
}

type grantChangeKind int

// The kinds of changes, in the order in which they are made: a member has access at all times.
const (
	grantAdded grantChangeKind = iota
	grantLevelChanged
	grantRemoved
)

// grantChanges returns the changes that set the grants of a role to the declared ones. Undeclared grants on all objects of a type are
// removed; undeclared grants on single objects are removed only if they were declared before.
func grantChanges(role mlflowserver.Role, declared, before map[string]string) []grantChange {
	var changes []grantChange
	existing := map[string]bool{}
	for _, g := range role.Grants {
		key := grantKey(g)
		existing[key] = true
		level, isDeclared := declared[key]
		_, wasDeclared := before[key]
		switch {
		case isDeclared && level != g.Level:
			changes = append(changes, grantChange{grantLevelChanged, g, level})
		case !isDeclared && (g.Pattern == wildcard || wasDeclared):
			changes = append(changes, grantChange{kind: grantRemoved, grant: g})
		}
	}
	for key, level := range declared {
		if g, ok := parseGrantKey(key); ok && !existing[key] {
			g.Level = level
			changes = append(changes, grantChange{grantAdded, g, level})
		}
	}
	slices.SortFunc(changes, func(a, b grantChange) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(grantKey(a.grant), grantKey(b.grant)))
	})
	return changes
}

// managedGrants returns the grants of a role for the state: those on all objects of a type, and those on single objects that are in
// before. An import adds all others, except those on single experiments, which belong to the permissions of the experiments.
func managedGrants(role mlflowserver.Role, before map[string]string, isImported bool) map[string]string {
	levels := map[string]string{}
	for _, g := range role.Grants {
		_, declared := before[grantKey(g)]
		if g.Pattern == wildcard || declared || isImported && g.Type != typeExperiment {
			levels[grantKey(g)] = g.Level
		}
	}
	return levels
}

// managesWorkspace reports whether a role makes its members managers of its workspace.
func managesWorkspace(role mlflowserver.Role) bool {
	return slices.ContainsFunc(role.Grants, func(g mlflowserver.RoleGrant) bool {
		return g.Type == typeWorkspace && g.Pattern == wildcard && g.Level == levelManage
	})
}

// describeGrants lists grants for a message, one per line.
func describeGrants(grants []mlflowserver.RoleGrant) string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, fmt.Sprintf("  - %s: %s", grantKey(g), g.Level))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
