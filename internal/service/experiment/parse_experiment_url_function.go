package experiment

import (
	"context"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var _ function.Function = (*parseExperimentURLFunction)(nil)

// parseExperimentURLFunction takes the address of an experiment's page apart. It asks no server.
type parseExperimentURLFunction struct{}

// NewParseExperimentURLFunction returns the function parse_experiment_url.
func NewParseExperimentURLFunction() function.Function { return &parseExperimentURLFunction{} }

// Metadata implements [function.Function].
func (f *parseExperimentURLFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_experiment_url"
}

var experimentURLParts = map[string]attr.Type{
	"host": types.StringType, "workspace_id": types.StringType, "experiment_id": types.StringType,
}

// Definition implements [function.Function].
func (f *parseExperimentURLFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Takes the address of an experiment's page apart",
		MarkdownDescription: "Takes the address of an experiment's page, on Databricks or on an MLflow server, and gives an object with `host` (the server's address, " +
			"such as `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`), `workspace_id` (null where the address has none) and `experiment_id`.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "url", MarkdownDescription: "Address as copied from a browser, such as `https://mlflow.example.com/#/experiments/12`.",
		}},
		Return: function.ObjectReturn{AttributeTypes: experimentURLParts},
	}
}

// Run implements [function.Function].
func (f *parseExperimentURLFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	parts, err := parseExperimentPage(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, framework.UpperFirst(err.Error()))
		return
	}
	resp.Error = resp.Result.Set(ctx, parts)
}

type experimentPageParts struct {
	Host         types.String `tfsdk:"host"`
	WorkspaceID  types.String `tfsdk:"workspace_id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
}

// parseExperimentPage reads an address. What stands before the page's own part belongs to the server: an MLflow server may sit below a
// path.
func parseExperimentPage(text string) (experimentPageParts, error) {
	ref, err := framework.ParseExperimentURL(text)
	if err != nil {
		return experimentPageParts{}, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return experimentPageParts{}, err
	}
	base, _, _ := strings.Cut(u.Path, "/ml/experiments/")
	query := u.Query()
	workspace := query.Get("w")
	for _, older := range []string{"o", "workspace_id"} {
		if workspace == "" {
			workspace = query.Get(older)
		}
	}
	host := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(base, "/")}).String()
	return experimentPageParts{types.StringValue(host), framework.OrNull(workspace), types.StringValue(ref.ID)}, nil
}
