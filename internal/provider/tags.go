package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// tagsValidator refuses keys that no server would let the user manage. Length and characters depend on the server and are checked in the plan. A
// tag whose value is null counts as absent.
type tagsValidator struct{}

func (tagsValidator) Description(context.Context) string {
	return "keys must not be empty, nor be kept by the server or by another attribute"
}

func (v tagsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (tagsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, key := range sortedKeys(elements) {
		if reason := refuseTagKey(key); reason != "" && !elements[key].IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), "Tag key not allowed", reason)
		}
	}
}

// refuseTagKey says why a key can't be managed as a tag, "" when it can.
func refuseTagKey(key string) string {
	switch {
	case key == "":
		return "A tag needs a key. Name it, or leave the tag out."
	case key == mlflow.TagDescription:
		return fmt.Sprintf("%q holds the description that the UI shows. Set the experiment's `description` instead.", key)
	case mlflow.IsServerTag(key):
		return fmt.Sprintf("%q is written by the server itself and would change again. Leave it out.", key)
	default:
		return ""
	}
}

// checkTags checks the known tags of a map against the server's limits, without asking it.
func checkTags(at path.Path, tags types.Map, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	for key, value := range tags.Elements() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() {
			continue
		}
		if err := client.CheckTag(mlflow.Tag{Key: key, Value: text.ValueString()}); err != nil {
			diags.AddAttributeError(at.AtMapKey(key), "Tag not allowed", upperFirst(err.Error())+".")
		}
	}
	return diags
}

// stringMap gives the known strings of a map; null and unknown ones are left out.
func stringMap(m types.Map) map[string]string {
	out := make(map[string]string, len(m.Elements()))
	for key, value := range m.Elements() {
		if text, ok := value.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			out[key] = text.ValueString()
		}
	}
	return out
}

// mapOf makes a map of strings.
func mapOf(m map[string]string) types.Map {
	elements := make(map[string]types.String, len(m))
	for key, value := range m {
		elements[key] = types.StringValue(value)
	}
	return mapValue(elements)
}

// mapValue makes a map of strings that may be unknown.
func mapValue(elements map[string]types.String) types.Map {
	values := make(map[string]attr.Value, len(elements))
	for key, value := range elements {
		values[key] = value
	}
	return types.MapValueMust(types.StringType, values)
}

// sameStrings reports whether two maps of strings, neither of which is null, contain the same: an entry that is null counts as absent. Nothing
// sortedKeys gives a map's keys in order, so that calls and messages come in the same order each time.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// unionOf gives the keys of both maps; values are of no account. It is null only when both are.
func unionOf(a, b types.Map) types.Map {
	if a.IsNull() {
		return b
	}
	return mergeTags(a, b)
}
