package governance

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

var _ function.Function = (*reviewSnapshotFunction)(nil)

// reviewSnapshotFunction writes a review as JSON. It sends no request.
type reviewSnapshotFunction struct{}

// NewReviewSnapshotFunction returns the function review_snapshot.
func NewReviewSnapshotFunction() function.Function { return &reviewSnapshotFunction{} }

// Metadata implements [function.Function].
func (f *reviewSnapshotFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "review_snapshot"
}

// Definition implements [function.Function].
func (f *reviewSnapshotFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Renders a permission review as JSON for version control",
		MarkdownDescription: "Renders a permission review as a JSON document to keep in version control and to compare with " +
			"`review_diff`. The same grants always result in the same text, with one experiment or grant per line. Dates, owners, " +
			"tags, and the caller are not included, because they change independently of the grants.",
		Parameters: []function.Parameter{reviewParameter()},
		Return:     function.StringReturn{},
	}
}

// Run implements [function.Function].
func (f *reviewSnapshotFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 1, func(arguments []tftypes.Value) (any, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return nil, inArgument(0, err)
		}
		text, err := review.Snapshot(reviewed)
		return string(text), inArgument(0, err)
	})
}
