package framework

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

// TagsValidator refuses keys that no server would let the user manage. Length and characters depend on the server and are checked in the plan. A
// tag whose value is null counts as absent.
type TagsValidator struct{}

// Description implements [validator.Describer].
func (TagsValidator) Description(context.Context) string {
	return "keys must not be empty, nor be kept by the server or by another attribute"
}

// MarkdownDescription implements [validator.Describer].
func (v TagsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map].
func (TagsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, key := range SortedKeys(elements) {
		if reason := InvalidTagKeyReason(key); reason != "" && !elements[key].IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), "Tag key not allowed", reason)
		}
	}
}

// InvalidTagKeyReason says why a key can't be managed as a tag, "" when it can.
func InvalidTagKeyReason(key string) string {
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

// CheckTags checks the known tags of a map against the server's limits, without asking it.
func CheckTags(at path.Path, tags types.Map, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	for key, value := range tags.Elements() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() {
			continue
		}
		if err := client.CheckTag(mlflow.Tag{Key: key, Value: text.ValueString()}); err != nil {
			diags.AddAttributeError(at.AtMapKey(key), "Tag not allowed", UpperFirst(err.Error())+".")
		}
	}
	return diags
}

// StringMap gives the known strings of a map; null and unknown ones are left out.
func StringMap(m types.Map) map[string]string {
	out := make(map[string]string, len(m.Elements()))
	for key, value := range m.Elements() {
		if text, ok := value.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			out[key] = text.ValueString()
		}
	}
	return out
}

// StringMapValue makes a map of strings.
func StringMapValue(m map[string]string) types.Map {
	elements := make(map[string]types.String, len(m))
	for key, value := range m {
		elements[key] = types.StringValue(value)
	}
	return MapValue(elements)
}

// MapValue makes a map of strings that may be unknown.
func MapValue(elements map[string]types.String) types.Map {
	values := make(map[string]attr.Value, len(elements))
	for key, value := range elements {
		values[key] = value
	}
	return types.MapValueMust(types.StringType, values)
}

// SortedKeys gives a map's keys in order, so that calls and messages come in the same order each time.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// UnionOf gives the keys of both maps; values are of no account. It is null only when both are.
func UnionOf(a, b types.Map) types.Map {
	if a.IsNull() {
		return b
	}
	return MergeTags(a, b)
}

// MergeTags returns tags over the provider's defaults, without those that are null. It is unknown as a whole if one of the maps is, and if
// a tag whose value is unknown and has no default may turn out to be null: Terraform accepts no key that vanishes between plan and apply.
func MergeTags(defaults, tags types.Map) types.Map {
	if defaults.IsUnknown() || tags.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	merged, withDefault := maps.Clone(defaults.Elements()), StringMap(defaults)
	for key, value := range tags.Elements() {
		if !value.IsNull() {
			merged[key] = value
		}
	}
	for key, value := range merged {
		if _, found := withDefault[key]; value.IsUnknown() && !found {
			return types.MapUnknown(types.StringType)
		}
		if value.IsNull() {
			delete(merged, key)
		}
	}
	return types.MapValueMust(types.StringType, merged)
}
