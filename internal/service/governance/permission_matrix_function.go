package governance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
var matrixFormats = map[string]func(*review.Matrix) (string, error){
	"markdown": func(m *review.Matrix) (string, error) { return m.Markdown(), nil },
	"csv":      func(m *review.Matrix) (string, error) { return m.CSV(), nil },
	"html":     func(m *review.Matrix) (string, error) { return m.HTML(review.PageOptions{}) },
}

// Metadata implements [function.Function].
func (f *permissionMatrixFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "permission_matrix"
}

// Definition implements [function.Function].
func (f *permissionMatrixFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Shows who may do what as a table or a page",
		MarkdownDescription: "Renders grants, as the data source `mlflow_permission_review` gives them, for people to look at: one line an " +
			"experiment. The order does not depend on that of the grants. Where a principal holds several levels on an experiment, the one that " +
			"counts is shown.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name: "grants",
				MarkdownDescription: "A list of grants: objects with `experiment_name`, `principal`, `kind`, `level` and `inherited`; " +
					"what else the review gives is used when it is there. Or an object with that list as `grants`, such as the whole review: " +
					"then experiments without grants, what could not be read (`unreadable`) and the server's `default_level` are shown too.",
			},
			function.StringParameter{
				Name: "format",
				MarkdownDescription: "`markdown`: a table with a column a level, for pull requests and chats. `csv`: a column a " +
					"principal, for spreadsheets; every cell is quoted, and an apostrophe marks as text what a spreadsheet would evaluate as a formula, " +
					"whatever the separator of its locale. `html`: one page that needs nothing else, with filters, to look at and to print.",
				Validators: []function.StringParameterValidator{stringvalidator.OneOf(framework.SortedKeys(matrixFormats)...)},
			},
		},
		Return: function.StringReturn{},
	}
}

// Run implements [function.Function].
func (f *permissionMatrixFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var (
		given  types.Dynamic
		format string
	)
	if resp.Error = req.Arguments.Get(ctx, &given, &format); resp.Error != nil {
		return
	}
	value, err := given.UnderlyingValue().ToTerraformValue(ctx)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	if !value.IsFullyKnown() {
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
		return
	}
	reviewed, err := decodeReview(value)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	text, err := matrixFormats[format](review.NewMatrix(reviewed))
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// decodeReview decodes a list of grants, or an object that contains one as a review does.
func decodeReview(value tftypes.Value) (review.Review, error) {
	var decoded review.Review
	list := value
	attributes, isObject := objectOf(value)
	if isObject {
		var given bool
		if list, given = attributes["grants"]; !given {
			return decoded, errors.New("the object has no attribute \"grants\": give a list of grants, or a review")
		}
	}
	err := each(list, "grants", func(o object) error {
		g, err := o.grant()
		decoded.Grants = append(decoded.Grants, g)
		return err
	})
	if err != nil {
		return decoded, err
	}
	err = each(attributes["experiments"], "experiments", func(o object) error {
		decoded.Experiments = append(decoded.Experiments, review.Experiment{ID: o.text("id"), Name: o.text("name")})
		return nil
	})
	if err != nil {
		return decoded, err
	}
	decoded.DefaultLevel = attributes.text("default_level")
	return decoded, each(attributes["unreadable"], "unreadable", func(o object) error {
		decoded.Unreadable = append(decoded.Unreadable, review.Unreadable{Experiment: o.text("experiment_name"), Reason: o.text("reason")})
		return nil
	})
}

// object is an object or a map of the configuration language.
type object map[string]tftypes.Value

func objectOf(value tftypes.Value) (object, bool) {
	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil || attributes == nil {
		return nil, false
	}
	return attributes, true
}

// each calls do with every object in a list, set or tuple. A null or missing list has none.
func each(list tftypes.Value, name string, do func(object) error) error {
	if list.Type() == nil || list.IsNull() {
		return nil
	}
	var elements []tftypes.Value
	if err := list.As(&elements); err != nil {
		return fmt.Errorf("%s is not a list", name)
	}
	for i, element := range elements {
		o, ok := objectOf(element)
		if !ok {
			return fmt.Errorf("%s[%d] is not an object", name, i)
		}
		if err := do(o); err != nil {
			return fmt.Errorf("%s[%d]: %w", name, i, err)
		}
	}
	return nil
}

// text returns a string attribute, "" if there is none.
func (o object) text(name string) string {
	var text string
	if value, ok := o[name]; ok && !value.IsNull() && value.As(&text) == nil {
		return text
	}
	return ""
}

// flag returns a bool attribute, false if there is none.
func (o object) flag(name string) bool {
	var flag bool
	value, ok := o[name]
	return ok && !value.IsNull() && value.As(&flag) == nil && flag
}

// grant decodes one grant.
func (o object) grant() (review.Grant, error) {
	for _, name := range []string{"experiment_name", "principal", "kind", "level"} {
		if o.text(name) == "" {
			return review.Grant{}, fmt.Errorf("%q is missing or not a text", name)
		}
	}
	var from []string
	if path := o.text("inherited_from_path"); path != "" {
		from = []string{path}
	} else if value, ok := o["inherited_from"]; ok {
		var objects []tftypes.Value
		_ = value.As(&objects) // anything but a list is ignored
		for _, object := range objects {
			from = append(from, asText(object))
		}
	}
	return review.Grant{
		Experiment: o.text("experiment_name"), ExperimentID: o.text("experiment_id"),
		Kind: o.text("kind"), Principal: o.text("principal"), DisplayName: o.text("display_name"),
		Level: o.text("level"), Inherited: o.flag("inherited"), Effective: o.flag("effective"), InheritedFrom: strings.Join(from, ", "),
	}, nil
}

func asText(value tftypes.Value) string { return object{"": value}.text("") }
