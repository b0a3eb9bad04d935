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

// TagsValidator rejects tag keys that cannot be managed on any server. Their length and characters depend on the server and are checked in
// the plan. It ignores tags with a null value, which count as absent.
type TagsValidator struct{}

// Description implements [validator.Describer].
func (TagsValidator) Description(context.Context) string {
	return "keys must not be empty or reserved by the server or another attribute"
}

// MarkdownDescription implements [validator.Describer].
func (v TagsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map].
func (TagsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, key := range SortedKeys(elements) {
		if reason := InvalidTagKeyReason(key); reason != "" && !elements[key].IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), "Invalid tag key", reason)
		}
	}
}

// InvalidTagKeyReason returns why a key cannot be managed as a tag, empty if it can.
func InvalidTagKeyReason(key string) string {
	switch {
	case key == "":
		return "The key is empty. Set a key, or remove the tag."
	case key == mlflow.TagDescription:
		return fmt.Sprintf("%q is the tag of the description. Set description of the mlflow_experiment instead.", key)
	case mlflow.IsServerTag(key):
		return fmt.Sprintf("%q is set by the server. Remove the tag.", key)
	default:
		return ""
	}
}

// CheckTags adds errors for known tags that exceed the limits of the server. It sends no request.
func CheckTags(at path.Path, tags types.Map, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	elements := tags.Elements()
	for _, key := range SortedKeys(elements) {
		text, ok := elements[key].(types.String)
		if !ok || text.IsNull() {
			continue
		}
		if err := client.CheckTag(mlflow.Tag{Key: key, Value: text.ValueString()}); err != nil {
			diags.AddAttributeError(at.AtMapKey(key), "Invalid tag", UpperFirst(err.Error())+".")
		}
	}
	return diags
}

// StringMap returns the strings of a map without null and unknown ones.
func StringMap(m types.Map) map[string]string {
	out := make(map[string]string, len(m.Elements()))
	for key, value := range m.Elements() {
		if text, ok := value.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			out[key] = text.ValueString()
		}
	}
	return out
}

// StringMapValue returns a map value of strings.
func StringMapValue(m map[string]string) types.Map {
	elements := make(map[string]types.String, len(m))
	for key, value := range m {
		elements[key] = types.StringValue(value)
	}
	return MapValue(elements)
}

// MapValue returns a map value of strings that may be null or unknown.
func MapValue(elements map[string]types.String) types.Map {
	values := make(map[string]attr.Value, len(elements))
	for key, value := range elements {
		values[key] = value
	}
	return types.MapValueMust(types.StringType, values)
}

// SortedKeys returns the keys of a map in order, so that the order of requests and messages is deterministic.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// UnionOf returns a map with the keys of both maps, null if both are. Its values are not significant.
func UnionOf(a, b types.Map) types.Map {
	if a.IsNull() {
		return b
	}
	return MergeTags(a, b)
}

// MergeTags returns tags merged over the default tags of the provider, without null values. The result is unknown if one of the maps is, or
// if a tag without a default has an unknown value, which may be null: Terraform does not accept a key that is planned and missing after
// apply.
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
