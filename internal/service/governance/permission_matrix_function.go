package governance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

var _ function.Function = (*permissionMatrixFunction)(nil)

// permissionMatrixFunction renders the grants of a review. It sends no request.
type permissionMatrixFunction struct{}

// NewPermissionMatrixFunction returns the function permission_matrix.
func NewPermissionMatrixFunction() function.Function { return &permissionMatrixFunction{} }

// matrixFormats are the formats of permission_matrix.
var matrixFormats = map[string]func(review.Review, review.PageOptions) (string, error){
	"markdown": func(r review.Review, _ review.PageOptions) (string, error) {
		return review.NewMatrix(r).Markdown(), nil
	},
	"csv":   func(r review.Review, _ review.PageOptions) (string, error) { return review.NewMatrix(r).CSV(), nil },
	"lines": func(r review.Review, _ review.PageOptions) (string, error) { return review.Lines(r), nil },
	"html":  func(r review.Review, o review.PageOptions) (string, error) { return review.NewMatrix(r).HTML(o) },
}

// Metadata implements [function.Function].
func (f *permissionMatrixFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "permission_matrix"
}

// Definition implements [function.Function].
func (f *permissionMatrixFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Renders a permission review as a table or a page",
		MarkdownDescription: "Renders a permission review, sorted by experiment and principal. If a principal has several grants on an " +
			"experiment, the tables show the effective level.",
		Parameters: []function.Parameter{
			reviewParameter(),
			function.StringParameter{
				Name: "format",
				MarkdownDescription: "`markdown`: a table with a column for each permission level, for pull requests and chats. `csv`: " +
					"a column for each principal, for spreadsheets. `lines`: a CSV file with all attributes of one grant per line, its " +
					"fingerprint, and empty columns for the decision, for auditors and `review_decisions`. In both CSV formats, every " +
					"cell is quoted, and an apostrophe escapes text that a spreadsheet would evaluate as a formula, with any separator of " +
					"its locale. `html`: one self-contained page with filters, to read and to print.",
				Validators: []function.StringParameterValidator{stringvalidator.OneOf(framework.SortedKeys(matrixFormats)...)},
			},
		},
		VariadicParameter: function.DynamicParameter{
			Name: "options", CustomType: anyType{}, AllowNullValue: true,
			MarkdownDescription: "At most one object with options for the `html` page, all optional: `title` (defaults to `Permission " +
				"review`), `as_of` (date of the review), `scope` (which experiments were reviewed), and `server` (defaults to the " +
				"`server` of the review). Other formats ignore it.",
		},
		Return: function.StringReturn{},
	}
}

// Run implements [function.Function].
func (f *permissionMatrixFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	call(ctx, req, resp, 3, func(arguments []tftypes.Value) (any, error) {
		reviewed, err := decodeReview(arguments[0])
		if err != nil {
			return nil, inArgument(0, err)
		}
		options, err := decodeOptions(arguments[2])
		if err != nil {
			return nil, inArgument(2, err)
		}
		format, _ := asText(arguments[1])
		return matrixFormats[format](reviewed, options)
	})
}

// decodeOptions decodes the tuple of the variadic arguments.
func decodeOptions(tuple tftypes.Value) (review.PageOptions, error) {
	var given []tftypes.Value
	if err := tuple.As(&given); err != nil {
		return review.PageOptions{}, err
	}
	if len(given) > 1 {
		return review.PageOptions{}, fmt.Errorf("%d option objects were passed. Use one object with all options", len(given))
	}
	if len(given) == 0 || given[0].IsNull() {
		return review.PageOptions{}, nil
	}
	const known = "title, as_of, scope, and server"
	f, ok := fieldsOf(given[0])
	if !ok {
		return review.PageOptions{}, errors.New("it is not an object. The options are " + known)
	}
	if unknown := f.unknownNames("title", "as_of", "scope", "server"); len(unknown) > 0 {
		return review.PageOptions{}, fmt.Errorf("there is no option %s. The options are %s", strings.Join(unknown, ", "), known)
	}
	options := review.PageOptions{Title: f.text("title"), AsOf: f.text("as_of"), Scope: f.text("scope"), Server: f.text("server")}
	return options, withAdvice(f.err, "The options must be strings")
}
