package experiment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var (
	_ list.ListResourceWithConfigure        = (*experimentList)(nil)
	_ list.ListResourceWithConfigValidators = (*experimentList)(nil)
	_ list.ListResourceWithValidateConfig   = (*experimentList)(nil)
)

// experimentList lists experiments for `terraform query`.
type experimentList struct {
	experimentResource
	framework.ListValidation
}

// NewExperimentList returns the list resource mlflow_experiment.
func NewExperimentList() list.ListResource { return &experimentList{} }

// ListResourceConfigSchema implements [list.ListResource].
func (l *experimentList) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = framework.ListSchema("Lists active experiments, to inspect or import them with `terraform query` (Terraform 1.14 and " +
		"newer).")
}

// List implements [list.ListResource].
func (l *experimentList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = l.ListResults(ctx, req, func(e framework.ListedExperiment, result *list.ListResult) {
		model := experimentModel{ID: types.StringValue(e.ID), Workspace: e.Workspace}
		result.Diagnostics.Append(l.SetIdentity(ctx, result.Identity, model.identity())...)
		if req.IncludeResource {
			l.refresh(ctx, &model, e.Experiment, true, &result.Diagnostics)
			result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
		}
	})
}
