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

// parseExperimentURLFunction is the function parse_experiment_url. It sends no request.
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
		Summary: "Parses an experiment URL",
		MarkdownDescription: "Parses the URL of an experiment, on Databricks or on an MLflow server, and returns an object with `host` (the " +
			"URL of the server, for example `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`), `workspace_id` (null if the URL contains none), " +
			"and `experiment_id`.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "url", MarkdownDescription: "URL of an experiment, as copied from a browser, for example " +
				"`https://mlflow.example.com/#/experiments/12`.",
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
	parts, err := parseURLParts(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, framework.UpperFirst(err.Error())+".")
		return
	}
	resp.Error = resp.Result.Set(ctx, parts)
}

type urlParts struct {
	Host         types.String `tfsdk:"host"`
	WorkspaceID  types.String `tfsdk:"workspace_id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
}

// parseURLParts parses an experiment URL. The part of the path before the experiment belongs to the server, which may have a base path.
func parseURLParts(text string) (urlParts, error) {
	ref, err := framework.ParseExperimentURL(text)
	if err != nil {
		return urlParts{}, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return urlParts{}, err
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
	return urlParts{types.StringValue(host), framework.OrNull(workspace), types.StringValue(ref.ID)}, nil
}
