package governance

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

var _ function.Function = (*effectiveAccessFunction)(nil)

// effectiveAccessFunction resolves the grants of a review to the principals that have access. It sends no request.
type effectiveAccessFunction struct{}

// NewEffectiveAccessFunction returns the function effective_access.
func NewEffectiveAccessFunction() function.Function { return &effectiveAccessFunction{} }

var accessType = newObjectType(map[string]attr.Type{
	"experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType, "principal": types.StringType,
	"display_name": types.StringType, "level": types.StringType, "groups": types.ListType{ElemType: types.StringType},
	"ways": types.ListType{ElemType: types.StringType},
})

// Metadata implements [function.Function].
func (f *effectiveAccessFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "effective_access"
}

// Definition implements [function.Function].
func (f *effectiveAccessFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns which users have access to which experiments",
		MarkdownDescription: "Resolves the grants of a permission review to users and service principals. Returns a list of objects, one for each principal and " +
			"experiment, with the highest permission level, the groups that the principal has access through, and all ways in which it has access.",
		Parameters: []function.Parameter{
			reviewParameter(),
			function.DynamicParameter{
				Name: "principals", CustomType: anyType{},
				MarkdownDescription: "The data source `mlflow_principals` with the `grants` of the review, or an object with its attributes `principals`, `members`, " +
					"`everybody`, and `incomplete`. Missing attributes are empty.",
			},
		},
		Return: function.ListReturn{ElementType: accessType.ObjectType},
	}
}

// Run implements [function.Function].
func (f *effectiveAccessFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 2, accessType.list(), func(arguments []tftypes.Value) (tftypes.Value, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return tftypes.Value{}, inArgument(0, err)
		}
		principals, err := decodePrincipals(arguments[1])
		if err != nil {
			return tftypes.Value{}, inArgument(1, err)
		}
		return listOf(accessType, review.EffectiveAccess(reviewed, principals), newAccessEncoder().access), nil
	})
}

// accessEncoder encodes lines of effective access. Equal values are encoded once: most lines share theirs with others.
type accessEncoder struct {
	ways  map[wayKey]tftypes.Value
	texts map[string]tftypes.Value
}

func newAccessEncoder() *accessEncoder {
	return &accessEncoder{ways: map[wayKey]tftypes.Value{}, texts: map[string]tftypes.Value{"": nullText}}
}

// wayKey identifies a way. The review shares the groups between of members of the same group, so their address identifies them.
type wayKey struct {
	level, group, inheritedFrom, source string
	inherited                           bool
	via                                 *string
	length                              int
}

// text returns null for an empty text.
func (x *accessEncoder) text(text string) tftypes.Value {
	value, known := x.texts[text]
	if !known {
		value = textValue(text)
		x.texts[text] = value
	}
	return value
}

func (x *accessEncoder) access(a review.Access) tftypes.Value {
	groups, ways := []tftypes.Value{}, make([]tftypes.Value, len(a.Ways))
	for i, w := range a.Ways {
		ways[i] = x.way(w)
		sameGroup := func(other review.Way) bool { return other.Group == w.Group }
		if w.Group != "" && !slices.ContainsFunc(a.Ways[:i], sameGroup) {
			groups = append(groups, x.text(w.Group))
		}
	}
	return accessType.value(map[string]tftypes.Value{
		"experiment_id": x.text(a.ExperimentID), "experiment_name": x.text(a.Experiment), "kind": x.text(a.Kind), "principal": x.text(a.Principal),
		"display_name": x.text(a.DisplayName), "level": x.text(a.Level),
		"groups": tftypes.NewValue(textsType, groups), "ways": tftypes.NewValue(textsType, ways),
	})
}

func (x *accessEncoder) way(w review.Way) tftypes.Value {
	key := wayKey{level: w.Level, group: w.Group, inheritedFrom: w.InheritedFrom, source: w.Source, inherited: w.Inherited, length: len(w.Via)}
	if len(w.Via) > 0 {
		key.via = &w.Via[0]
	}
	value, known := x.ways[key]
	if !known {
		value = textValue(w.String())
		x.ways[key] = value
	}
	return value
}
