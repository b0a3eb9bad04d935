package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var _ function.Function = (*permissionMatrixFunction)(nil)

// permissionMatrixFunction renders grants for people. It asks no server.
type permissionMatrixFunction struct{}

func newPermissionMatrixFunction() function.Function { return &permissionMatrixFunction{} }

// matrixFormats are the formats of permission_matrix.
var matrixFormats = map[string]func(matrix) (string, error){"markdown": matrix.markdown, "csv": matrix.csv, "html": matrix.html}

// Metadata implements [function.Function].
func (f *permissionMatrixFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "permission_matrix"
}

// Definition implements [function.Function].
func (f *permissionMatrixFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Shows who may do what as a table or a page",
		MarkdownDescription: "Renders grants, as the data source `mlflow_permission_review` gives them, for people to look at: one line an experiment. The order does not " +
			"depend on that of the grants. Where a principal holds several levels on an experiment, the one that counts is shown.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name: "grants",
				MarkdownDescription: "A list of grants: objects with `experiment_name`, `principal`, `kind`, `level` and `inherited`; what else the review gives is used " +
					"when it is there. Or an object with that list as `grants`, such as the whole review: then experiments without grants, what could not be read (`unreadable`) " +
					"and the server's `default_level` are shown too.",
			},
			function.StringParameter{
				Name: "format",
				MarkdownDescription: "`markdown`: a table with a column a level, for pull requests and chats. `csv`: a column a principal, for spreadsheets; every cell is quoted, and " +
					"an apostrophe marks as text what a spreadsheet would evaluate as a formula, whatever the separator of its locale. `html`: one page that needs nothing else, with filters, to look at and to print.",
				Validators: []function.StringParameterValidator{stringvalidator.OneOf(sortedKeys(matrixFormats)...)},
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
	grants, err := matrixInputOf(value)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	text, err := matrixFormats[format](newMatrix(grants))
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// matrixInput is what permission_matrix is given.
type matrixInput struct {
	grants []matrixGrant
	// experiments are shown whether there is a grant on them or not.
	experiments  []matrixExperiment
	unreadable   []matrixUnreadable
	defaultLevel string
}

type matrixGrant struct {
	experiment matrixExperiment
	principal  matrixPrincipal
	level      string
	inherited  bool
	// from is where an inherited grant comes from, "" when that is not told.
	from string
	// effective is set for the grant that counts, where the review says so.
	effective bool
}

type matrixUnreadable struct{ Name, Reason string }

// matrixInputOf reads a list of grants, or an object that holds one as a review does.
func matrixInputOf(value tftypes.Value) (matrixInput, error) {
	var in matrixInput
	list := value
	review, isObject := objectOf(value)
	if isObject {
		var given bool
		if list, given = review["grants"]; !given {
			return in, errors.New("the object has no attribute \"grants\": give a list of grants, or a review")
		}
	}
	err := each(list, "grants", func(o object) error {
		g, err := o.grant()
		in.grants = append(in.grants, g)
		return err
	})
	if err != nil {
		return in, err
	}
	err = each(review["experiments"], "experiments", func(o object) error {
		in.experiments = append(in.experiments, matrixExperiment{Name: o.text("name"), ID: o.text("id")})
		return nil
	})
	if err != nil {
		return in, err
	}
	in.defaultLevel = review.text("default_level")
	return in, each(review["unreadable"], "unreadable", func(o object) error {
		in.unreadable = append(in.unreadable, matrixUnreadable{Name: o.text("experiment_name"), Reason: o.text("reason")})
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

// each calls a function with every object in a list, set or tuple. A null or missing list has none.
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

// text gives a string, "" when there is none.
func (o object) text(name string) string {
	var text string
	if value, ok := o[name]; ok && !value.IsNull() && value.As(&text) == nil {
		return text
	}
	return ""
}

// flag gives a bool, false when there is none.
func (o object) flag(name string) bool {
	var flag bool
	value, ok := o[name]
	return ok && !value.IsNull() && value.As(&flag) == nil && flag
}

// grant reads one grant.
func (o object) grant() (matrixGrant, error) {
	for _, name := range []string{"experiment_name", "principal", "kind", "level"} {
		if o.text(name) == "" {
			return matrixGrant{}, fmt.Errorf("%q is missing or not a text", name)
		}
	}
	var from []string
	if path := o.text("inherited_from_path"); path != "" {
		from = []string{path}
	} else if value, ok := o["inherited_from"]; ok {
		var objects []tftypes.Value
		_ = value.As(&objects) // what is no list tells nothing
		for _, object := range objects {
			from = append(from, asText(object))
		}
	}
	return matrixGrant{
		experiment: matrixExperiment{Name: o.text("experiment_name"), ID: o.text("experiment_id")},
		principal:  matrixPrincipal{Kind: o.text("kind"), Name: o.text("principal"), DisplayName: o.text("display_name")},
		level:      o.text("level"), inherited: o.flag("inherited"), effective: o.flag("effective"), from: strings.Join(from, ", "),
	}, nil
}

func asText(value tftypes.Value) string { return object{"": value}.text("") }
