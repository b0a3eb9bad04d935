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
	decidedType = newListType(map[string]attr.Type{
		"fingerprint": types.StringType, "experiment_id": types.StringType, "experiment_name": types.StringType, "kind": types.StringType,
		"principal": types.StringType, "display_name": types.StringType, "level": types.StringType, "inherited": types.BoolType,
		"inherited_from": types.StringType, "decision": types.StringType, "decided_level": types.StringType, "reviewer": types.StringType,
		"reason": types.StringType, "until": types.StringType,
	})
	unmatchedType = newListType(map[string]attr.Type{
		"fingerprint": types.StringType, "level": types.StringType, "decision": types.StringType, "reviewer": types.StringType,
		"reason": types.StringType, "until": types.StringType,
	})
	countsType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"grants": types.Int64Type, "undecided": types.Int64Type, "approved": types.Int64Type, "revoked": types.Int64Type,
		"deferred": types.Int64Type, "expired": types.Int64Type, "stale": types.Int64Type, "gone": types.Int64Type,
	}}
	decisionsType = map[string]attr.Type{
		"undecided": decidedType, "approved": decidedType, "revoked": decidedType, "deferred": decidedType,
		"expired": decidedType, "stale": decidedType, "gone": unmatchedType, "counts": countsType,
		"to_decide": types.StringType,
	}
)

// Metadata implements [function.Function].
func (f *reviewDecisionsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "review_decisions"
}

// Definition implements [function.Function].
func (f *reviewDecisionsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns grants by the state of their decision",
		MarkdownDescription: "Applies the decisions of reviewers to the grants of a permission review. Returns an object with the " +
			"grants by the state of their decision, and the number of each.",
		Parameters: []function.Parameter{
			reviewParameter(),
			function.DynamicParameter{
				Name: "decisions", CustomType: anyType{},
				MarkdownDescription: "A list of objects with `fingerprint`, `level`, and `decision` (`approve`, `revoke`, `defer`, or " +
					"empty), and optionally `reviewer`, `reason`, and `until` (the last day on which the decision is valid, as " +
					"`YYYY-MM-DD`): usually `csvdecode` of a file that `permission_matrix(review, \"lines\")` wrote. Other attributes " +
					"are ignored.",
			},
			function.StringParameter{
				Name: "today",
				MarkdownDescription: "Date on which the decisions apply, as `YYYY-MM-DD` or in RFC 3339 format, for example " +
					"`plantimestamp()`. Decisions with an earlier `until` are expired.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: decisionsType},
	}
}

// Run implements [function.Function].
func (f *reviewDecisionsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 3, func(arguments []tftypes.Value) (any, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return nil, inArgument(0, err)
		}
		decisions, err := decodeDecisions(arguments[1])
		if err != nil {
			return nil, inArgument(1, err)
		}
		text, _ := asText(arguments[2])
		today, err := review.ParseDate(text)
		if err != nil {
			return nil, inArgument(2, err)
		}
		result, err := review.Decide(reviewed, decisions, today)
		return encodeDecisions(result, review.LinesToDecide(reviewed, decisions, result)), inArgument(1, err)
	})
}

// encodedDecisions is the result.
type encodedDecisions struct {
	Undecided []encodedDecided  `msgpack:"undecided"`
	Approved  []encodedDecided  `msgpack:"approved"`
	Revoked   []encodedDecided  `msgpack:"revoked"`
	Deferred  []encodedDecided  `msgpack:"deferred"`
	Expired   []encodedDecided  `msgpack:"expired"`
	Stale     []encodedDecided  `msgpack:"stale"`
	Unmatched []encodedDecision `msgpack:"gone"`
	Counts    encodedCounts     `msgpack:"counts"`
	ToDecide  string            `msgpack:"to_decide"`
}

type encodedDecided struct {
	Fingerprint    string       `msgpack:"fingerprint"`
	ExperimentID   optionalText `msgpack:"experiment_id"`
	ExperimentName string       `msgpack:"experiment_name"`
	Kind           string       `msgpack:"kind"`
	Principal      string       `msgpack:"principal"`
	DisplayName    optionalText `msgpack:"display_name"`
	Level          string       `msgpack:"level"`
	Inherited      bool         `msgpack:"inherited"`
	InheritedFrom  optionalText `msgpack:"inherited_from"`
	Decision       optionalText `msgpack:"decision"`
	DecidedLevel   optionalText `msgpack:"decided_level"`
	Reviewer       optionalText `msgpack:"reviewer"`
	Reason         optionalText `msgpack:"reason"`
	Until          optionalText `msgpack:"until"`
}

type encodedDecision struct {
	Fingerprint string       `msgpack:"fingerprint"`
	Level       string       `msgpack:"level"`
	Decision    string       `msgpack:"decision"`
	Reviewer    optionalText `msgpack:"reviewer"`
	Reason      optionalText `msgpack:"reason"`
	Until       optionalText `msgpack:"until"`
}

type encodedCounts struct {
	Grants    int `msgpack:"grants"`
	Undecided int `msgpack:"undecided"`
	Approved  int `msgpack:"approved"`
	Revoked   int `msgpack:"revoked"`
	Deferred  int `msgpack:"deferred"`
	Expired   int `msgpack:"expired"`
	Stale     int `msgpack:"stale"`
	Unmatched int `msgpack:"gone"`
}

func encodeDecisions(d review.Decisions, toDecide string) encodedDecisions {
	return encodedDecisions{
		Undecided: listOf(d.Undecided, encodeDecided), Approved: listOf(d.Approved, encodeDecided), Revoked: listOf(d.Revoked, encodeDecided),
		Deferred: listOf(d.Deferred, encodeDecided), Expired: listOf(d.Expired, encodeDecided), Stale: listOf(d.Stale, encodeDecided),
		Unmatched: listOf(d.Unmatched, encodeDecision), Counts: encodedCounts(d.Counts), ToDecide: toDecide,
	}
}

func encodeDecided(d review.DecidedGrant) encodedDecided {
	g, decision := d.Grant, d.Decision
	return encodedDecided{
		Fingerprint: d.Fingerprint, ExperimentID: optionalText(g.ExperimentID), ExperimentName: g.Experiment,
		Kind: g.Kind, Principal: g.Principal,
		DisplayName: optionalText(g.DisplayName), Level: g.Level, Inherited: g.Inherited, InheritedFrom: optionalText(g.InheritedFrom),
		Decision: optionalText(decision.Decision), DecidedLevel: optionalText(decision.Level), Reviewer: optionalText(decision.Reviewer),
		Reason: optionalText(decision.Reason), Until: optionalText(decision.Until),
	}
}

func encodeDecision(d review.Decision) encodedDecision {
	return encodedDecision{
		Fingerprint: d.Fingerprint, Level: d.Level, Decision: d.Decision,
		Reviewer: optionalText(d.Reviewer), Reason: optionalText(d.Reason), Until: optionalText(d.Until),
	}
}
