package governance

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

var _ function.Function = (*reviewDecisionsFunction)(nil)

// reviewDecisionsFunction applies decisions to the grants of a review. It sends no request.
type reviewDecisionsFunction struct{}

// NewReviewDecisionsFunction returns the function review_decisions.
func NewReviewDecisionsFunction() function.Function { return &reviewDecisionsFunction{} }

var (
	decidedType = newObjectType(map[string]attr.Type{
		"fingerprint": types.StringType, "experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType,
		"principal": types.StringType, "display_name": types.StringType, "level": types.StringType, "inherited": types.BoolType,
		"inherited_from": types.StringType, "decision": types.StringType, "decided_level": types.StringType, "reviewer": types.StringType,
		"reason": types.StringType, "until": types.StringType,
	})
	goneType = newObjectType(map[string]attr.Type{
		"fingerprint": types.StringType, "level": types.StringType, "decision": types.StringType, "reviewer": types.StringType,
		"reason": types.StringType, "until": types.StringType,
	})
	countsType = newObjectType(map[string]attr.Type{
		"grants": types.Int64Type, "undecided": types.Int64Type, "approved": types.Int64Type, "revoked": types.Int64Type,
		"deferred": types.Int64Type, "expired": types.Int64Type, "stale": types.Int64Type, "gone": types.Int64Type,
	})
	decisionsType = newObjectType(map[string]attr.Type{
		"undecided": decidedType.list(), "approved": decidedType.list(), "revoked": decidedType.list(), "deferred": decidedType.list(),
		"expired": decidedType.list(), "stale": decidedType.list(), "gone": goneType.list(), "counts": countsType.ObjectType,
		"to_decide": types.StringType,
	})
)

// Metadata implements [function.Function].
func (f *reviewDecisionsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "review_decisions"
}

// Definition implements [function.Function].
func (f *reviewDecisionsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns which grants are approved, to be revoked, or not decided",
		MarkdownDescription: "Applies the decisions of reviewers to the grants of a permission review. Returns an object with the grants by the state of their decision, " +
			"and the number of each.",
		Parameters: []function.Parameter{
			reviewParameter(),
			function.DynamicParameter{
				Name: "decisions", CustomType: anyType{},
				MarkdownDescription: "A list of objects with `fingerprint`, `level`, and `decision` (`approve`, `revoke`, `defer`, or empty), and optionally `reviewer`, " +
					"`reason`, and `until` (the last day on which the decision is valid, as `YYYY-MM-DD`): usually `csvdecode` of a file that " +
					"`permission_matrix(review, \"lines\")` wrote. Other attributes are ignored.",
			},
			function.StringParameter{
				Name: "today",
				MarkdownDescription: "Date on which the decisions apply, as `YYYY-MM-DD` or in RFC 3339 format, for example `plantimestamp()`. Decisions with an earlier " +
					"`until` are expired.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: decisionsType.AttrTypes},
	}
}

// Run implements [function.Function].
func (f *reviewDecisionsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 3, decisionsType.ObjectType, func(arguments []tftypes.Value) (tftypes.Value, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return tftypes.Value{}, inArgument(0, err)
		}
		decisions, err := decodeDecisions(arguments[1])
		if err != nil {
			return tftypes.Value{}, inArgument(1, err)
		}
		text, _ := asText(arguments[2])
		today, err := review.ParseDate(text)
		if err != nil {
			return tftypes.Value{}, inArgument(2, err)
		}
		result, err := review.Decide(reviewed, decisions, today)
		return decisionsValue(result, review.LinesToDecide(reviewed, decisions, result)), inArgument(1, err)
	})
}

func decisionsValue(d review.Decisions, toDecide string) tftypes.Value {
	decided := func(grants []review.DecidedGrant) tftypes.Value { return listOf(decidedType, grants, decidedValue) }
	return decisionsType.value(map[string]tftypes.Value{
		"undecided": decided(d.Undecided), "approved": decided(d.Approved), "revoked": decided(d.Revoked), "deferred": decided(d.Deferred),
		"expired": decided(d.Expired), "stale": decided(d.Stale), "gone": listOf(goneType, d.Gone, goneValue),
		"counts": countsType.value(map[string]tftypes.Value{
			"grants": numberValue(d.Counts.Grants), "undecided": numberValue(d.Counts.Undecided), "approved": numberValue(d.Counts.Approved),
			"revoked": numberValue(d.Counts.Revoked), "deferred": numberValue(d.Counts.Deferred), "expired": numberValue(d.Counts.Expired),
			"stale": numberValue(d.Counts.Stale), "gone": numberValue(d.Counts.Gone),
		}),
		"to_decide": textValue(toDecide),
	})
}

func decidedValue(d review.DecidedGrant) tftypes.Value {
	g, made := d.Grant, d.Decision
	return decidedType.value(map[string]tftypes.Value{
		"fingerprint": textValue(d.Fingerprint), "experiment_id": optionalText(g.ExperimentID), "experiment_name": textValue(g.Experiment),
		"kind": textValue(g.Kind), "principal": textValue(g.Principal), "display_name": optionalText(g.DisplayName), "level": textValue(g.Level),
		"inherited": flagValue(g.Inherited), "inherited_from": optionalText(g.InheritedFrom), "decision": optionalText(made.Decision),
		"decided_level": optionalText(made.Level), "reviewer": optionalText(made.Reviewer), "reason": optionalText(made.Reason),
		"until": optionalText(made.Until),
	})
}

func goneValue(d review.Decision) tftypes.Value {
	return goneType.value(map[string]tftypes.Value{
		"fingerprint": textValue(d.Fingerprint), "level": textValue(d.Level), "decision": textValue(d.Decision),
		"reviewer": optionalText(d.Reviewer), "reason": optionalText(d.Reason), "until": optionalText(d.Until),
	})
}
