package governance

import (
	"context"
	"slices"
	"strings"

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

var accessType = newListType(map[string]attr.Type{
	"experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType, "principal": types.StringType,
	"display_name": types.StringType, "level": types.StringType, "groups": types.ListType{ElemType: types.StringType},
	"ways": types.StringType,
})

// Metadata implements [function.Function].
func (f *effectiveAccessFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "effective_access"
}

// Definition implements [function.Function].
func (f *effectiveAccessFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns which users have access to which experiments",
		MarkdownDescription: "Resolves the grants of a permission review to users and service principals. Returns a list of objects, " +
			"one for each principal and experiment, with the highest permission level, the groups that provide access, and all access " +
			"paths.",
		Parameters: []function.Parameter{
			reviewParameter(),
			function.DynamicParameter{
				Name: "principals", CustomType: anyType{},
				MarkdownDescription: "The data source `mlflow_principals` with the `grants` of the review, or an object with its " +
					"attributes `principals`, `members`, `everybody`, and `incomplete`. Missing attributes are empty.",
			},
		},
		Return: function.ListReturn{ElementType: accessType.ElemType},
	}
}

// Run implements [function.Function].
func (f *effectiveAccessFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 2, func(arguments []tftypes.Value) (any, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return nil, inArgument(0, err)
		}
		principals, err := decodePrincipals(arguments[1])
		if err != nil {
			return nil, inArgument(1, err)
		}
		return listOf(review.EffectiveAccess(reviewed, principals), encodeAccess), nil
	})
}

// encodedAccess is a line of the result.
type encodedAccess struct {
	ExperimentID   optionalText `msgpack:"experiment_id"`
	ExperimentName string       `msgpack:"experiment_name"`
	Kind           string       `msgpack:"kind"`
	Principal      string       `msgpack:"principal"`
	DisplayName    optionalText `msgpack:"display_name"`
	Level          string       `msgpack:"level"`
	Groups         textList     `msgpack:"groups"`
	Paths          string       `msgpack:"ways"`
}

func encodeAccess(a review.Access) encodedAccess {
	groups, paths := textList{}, make([]string, len(a.Paths))
	for i, path := range a.Paths {
		paths[i] = path.String()
		if path.Group != "" && !slices.Contains(groups, path.Group) {
			groups = append(groups, path.Group)
		}
	}
	return encodedAccess{
		ExperimentID: optionalText(a.ExperimentID), ExperimentName: a.Experiment, Kind: a.Kind, Principal: a.Principal,
		DisplayName: optionalText(a.DisplayName), Level: a.Level, Groups: groups, Paths: strings.Join(paths, "; "),
	}
}
