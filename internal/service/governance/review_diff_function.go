package governance

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

var _ function.Function = (*reviewDiffFunction)(nil)

// reviewDiffFunction compares two reviews. It sends no request.
type reviewDiffFunction struct{}

// NewReviewDiffFunction returns the function review_diff.
func NewReviewDiffFunction() function.Function { return &reviewDiffFunction{} }

var (
	changeType = newObjectType(map[string]attr.Type{
		"experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType, "principal": types.StringType,
		"display_name": types.StringType, "before": types.StringType, "after": types.StringType,
		"grants_before": types.ListType{ElemType: types.StringType}, "grants_after": types.ListType{ElemType: types.StringType},
	})
	renameType = newObjectType(map[string]attr.Type{
		"experiment_id": types.StringType, "before": types.StringType, "after": types.StringType,
	})
	listedType = newObjectType(map[string]attr.Type{"experiment_id": types.StringType, "experiment_name": types.StringType})
	reasonType = newObjectType(map[string]attr.Type{
		"experiment_id": types.StringType, "experiment_name": types.StringType, "reason": types.StringType,
	})
	diffType = newObjectType(map[string]attr.Type{
		"changed": types.BoolType, "summary": types.StringType,
		"added": changeType.list(), "removed": changeType.list(), "raised": changeType.list(), "lowered": changeType.list(),
		"other_level": changeType.list(), "other_source": changeType.list(), "renamed": renameType.list(),
		"newly_unreadable": reasonType.list(), "newly_readable": listedType.list(), "newly_listed": listedType.list(), "no_longer_listed": listedType.list(),
		"default_level_before": types.StringType, "default_level_after": types.StringType,
	})
)

// Metadata implements [function.Function].
func (f *reviewDiffFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "review_diff"
}

// Definition implements [function.Function].
func (f *reviewDiffFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	const snapshot = " Or a string that `review_snapshot` returned, for example `file(\"review.json\")`."
	before := function.DynamicParameter{Name: "before", CustomType: anyType{}, MarkdownDescription: "The earlier review. " + reviewDescription + snapshot}
	after := function.DynamicParameter{Name: "after", CustomType: anyType{}, MarkdownDescription: "The later review, in one of the forms of `before`."}
	resp.Definition = function.Definition{
		Summary: "Compares two permission reviews",
		MarkdownDescription: "Compares two permission reviews of the same experiments. Returns an object with what changed. Experiments are compared by ID, so a renamed " +
			"experiment keeps its grants.",
		Parameters: []function.Parameter{before, after},
		Return:     function.ObjectReturn{AttributeTypes: diffType.AttrTypes},
	}
}

// Run implements [function.Function].
func (f *reviewDiffFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 2, diffType.ObjectType, func(arguments []tftypes.Value) (tftypes.Value, error) {
		before, err := decodeReviewOrSnapshot(arguments[0])
		if err != nil {
			return tftypes.Value{}, inArgument(0, err)
		}
		after, err := decodeReviewOrSnapshot(arguments[1])
		if err != nil {
			return tftypes.Value{}, inArgument(1, err)
		}
		return diffValue(review.Diff(before, after)), nil
	})
}

func diffValue(c review.Changes) tftypes.Value {
	changes := func(list []review.Change) tftypes.Value { return listOf(changeType, list, changeValue) }
	experiments := func(list []review.Experiment) tftypes.Value { return listOf(listedType, list, listedValue) }
	return diffType.value(map[string]tftypes.Value{
		"changed": flagValue(c.Any()), "summary": textValue(c.Markdown()),
		"added": changes(c.Added), "removed": changes(c.Removed), "raised": changes(c.Raised), "lowered": changes(c.Lowered),
		"other_level": changes(c.Changed), "other_source": changes(c.SourceChanged), "renamed": listOf(renameType, c.Renamed, renameValue),
		"newly_unreadable": listOf(reasonType, c.NewlyUnreadable, reasonValue), "newly_readable": experiments(c.NewlyReadable),
		"newly_listed": experiments(c.NewlyListed), "no_longer_listed": experiments(c.NoLongerListed),
		"default_level_before": optionalText(c.DefaultLevelBefore), "default_level_after": optionalText(c.DefaultLevelAfter),
	})
}

func changeValue(c review.Change) tftypes.Value {
	return changeType.value(map[string]tftypes.Value{
		"experiment_id": optionalText(c.ExperimentID), "experiment_name": textValue(c.Experiment), "kind": textValue(c.Kind),
		"principal": textValue(c.Principal), "display_name": optionalText(c.DisplayName), "before": optionalText(c.Before),
		"after": optionalText(c.After), "grants_before": textsValue(c.GrantsBefore), "grants_after": textsValue(c.GrantsAfter),
	})
}

func renameValue(r review.Rename) tftypes.Value {
	return renameType.value(map[string]tftypes.Value{
		"experiment_id": optionalText(r.ExperimentID), "before": textValue(r.Before), "after": textValue(r.After),
	})
}

func listedValue(e review.Experiment) tftypes.Value {
	return listedType.value(map[string]tftypes.Value{"experiment_id": optionalText(e.ID), "experiment_name": textValue(e.Name)})
}

func reasonValue(u review.Unreadable) tftypes.Value {
	return reasonType.value(map[string]tftypes.Value{
		"experiment_id": optionalText(u.ExperimentID), "experiment_name": textValue(u.Experiment), "reason": optionalText(u.Reason),
	})
}
