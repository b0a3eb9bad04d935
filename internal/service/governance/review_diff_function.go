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
	changesType = newListType(map[string]attr.Type{
		"experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType, "principal": types.StringType,
		"display_name": types.StringType, "before": types.StringType, "after": types.StringType,
		"grants_before": types.ListType{ElemType: types.StringType}, "grants_after": types.ListType{ElemType: types.StringType},
	})
	renamesType = newListType(map[string]attr.Type{
		"experiment_id": types.StringType, "before": types.StringType, "after": types.StringType,
	})
	listedType = newListType(map[string]attr.Type{"experiment_id": types.StringType, "experiment_name": types.StringType})
	reasonType = newListType(map[string]attr.Type{
		"experiment_id": types.StringType, "experiment_name": types.StringType, "reason": types.StringType,
	})
	diffType = map[string]attr.Type{
		"changed": types.BoolType, "summary": types.StringType,
		"added": changesType, "removed": changesType, "raised": changesType, "lowered": changesType,
		"other_level": changesType, "other_source": changesType, "renamed": renamesType,
		"newly_unreadable": reasonType, "newly_readable": listedType, "newly_listed": listedType, "no_longer_listed": listedType,
		"default_level_before": types.StringType, "default_level_after": types.StringType,
	}
)

// Metadata implements [function.Function].
func (f *reviewDiffFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "review_diff"
}

// Definition implements [function.Function].
func (f *reviewDiffFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	const snapshot = " Or a string that `review_snapshot` returned, for example `file(\"review.json\")`."
	before := function.DynamicParameter{Name: "before", CustomType: anyType{}, MarkdownDescription: "The earlier review. " +
		"" + reviewDescription + snapshot}
	after := function.DynamicParameter{Name: "after", CustomType: anyType{}, MarkdownDescription: "The later review, in the same forms " +
		"as `before`."}
	resp.Definition = function.Definition{
		Summary: "Compares two permission reviews",
		MarkdownDescription: "Compares two permission reviews of the same experiments. Returns an object with the changes. Experiments " +
			"are compared by ID, so a renamed experiment keeps its grants.",
		Parameters: []function.Parameter{before, after},
		Return:     function.ObjectReturn{AttributeTypes: diffType},
	}
}

// Run implements [function.Function].
func (f *reviewDiffFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 2, func(arguments []tftypes.Value) (any, error) {
		before, err := decodeReviewOrSnapshot(arguments[0])
		if err != nil {
			return nil, inArgument(0, err)
		}
		after, err := decodeReviewOrSnapshot(arguments[1])
		if err != nil {
			return nil, inArgument(1, err)
		}
		return encodeDiff(review.Diff(before, after)), nil
	})
}

// encodedDiff is the result.
type encodedDiff struct {
	Changed            bool                `msgpack:"changed"`
	Summary            string              `msgpack:"summary"`
	Added              []encodedChange     `msgpack:"added"`
	Removed            []encodedChange     `msgpack:"removed"`
	Raised             []encodedChange     `msgpack:"raised"`
	Lowered            []encodedChange     `msgpack:"lowered"`
	OtherLevel         []encodedChange     `msgpack:"other_level"`
	OtherSource        []encodedChange     `msgpack:"other_source"`
	Renamed            []encodedRename     `msgpack:"renamed"`
	NewlyUnreadable    []encodedReason     `msgpack:"newly_unreadable"`
	NewlyReadable      []encodedExperiment `msgpack:"newly_readable"`
	NewlyListed        []encodedExperiment `msgpack:"newly_listed"`
	NoLongerListed     []encodedExperiment `msgpack:"no_longer_listed"`
	DefaultLevelBefore optionalText        `msgpack:"default_level_before"`
	DefaultLevelAfter  optionalText        `msgpack:"default_level_after"`
}

type encodedChange struct {
	encodedExperiment

	Kind         string       `msgpack:"kind"`
	Principal    string       `msgpack:"principal"`
	DisplayName  optionalText `msgpack:"display_name"`
	Before       optionalText `msgpack:"before"`
	After        optionalText `msgpack:"after"`
	GrantsBefore textList     `msgpack:"grants_before"`
	GrantsAfter  textList     `msgpack:"grants_after"`
}

type encodedRename struct {
	ExperimentID optionalText `msgpack:"experiment_id"`
	Before       string       `msgpack:"before"`
	After        string       `msgpack:"after"`
}

type encodedExperiment struct {
	ExperimentID   optionalText `msgpack:"experiment_id"`
	ExperimentName string       `msgpack:"experiment_name"`
}

type encodedReason struct {
	encodedExperiment

	Reason optionalText `msgpack:"reason"`
}

func encodeDiff(c review.Changes) encodedDiff {
	return encodedDiff{
		Changed: c.Any(), Summary: c.Markdown(),
		Added: listOf(c.Added, encodeChange), Removed: listOf(c.Removed, encodeChange), Raised: listOf(c.Raised, encodeChange),
		Lowered: listOf(c.Lowered, encodeChange), OtherLevel: listOf(c.Changed, encodeChange), OtherSource: listOf(c.SourceChanged, encodeChange),
		Renamed: listOf(c.Renamed, encodeRename), NewlyUnreadable: listOf(c.NewlyUnreadable, encodeReason),
		NewlyReadable: listOf(c.NewlyReadable, encodeExperiment), NewlyListed: listOf(c.NewlyListed, encodeExperiment),
		NoLongerListed:     listOf(c.NoLongerListed, encodeExperiment),
		DefaultLevelBefore: optionalText(c.DefaultLevelBefore), DefaultLevelAfter: optionalText(c.DefaultLevelAfter),
	}
}

func encodeChange(c review.Change) encodedChange {
	return encodedChange{
		encodedExperiment: encodedExperiment{optionalText(c.ExperimentID), c.Experiment},
		Kind:              c.Kind, Principal: c.Principal, DisplayName: optionalText(c.DisplayName),
		Before: optionalText(c.Before), After: optionalText(c.After), GrantsBefore: c.GrantsBefore, GrantsAfter: c.GrantsAfter,
	}
}

func encodeRename(r review.Rename) encodedRename {
	return encodedRename{optionalText(r.ExperimentID), r.Before, r.After}
}

func encodeExperiment(e review.Experiment) encodedExperiment {
	return encodedExperiment{optionalText(e.ID), e.Name}
}

func encodeReason(u review.Unreadable) encodedReason {
	return encodedReason{encodedExperiment{optionalText(u.ExperimentID), u.Experiment}, optionalText(u.Reason)}
}
