package framework

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework-validators/listresourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// listModel has the arguments of a list block that lists experiments.
type listModel struct {
	Filter     types.String `tfsdk:"filter"`
	OrderBy    types.List   `tfsdk:"order_by"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	NameRegex  types.String `tfsdk:"name_regex"`
	Tags       types.Map    `tfsdk:"tags"`
	Workspace  types.String `tfsdk:"workspace"`
}

func (m listModel) search(limit int64) SearchArguments {
	search := SearchArguments{Filter: m.Filter, OrderBy: m.OrderBy, NamePrefix: m.NamePrefix, NameRegex: m.NameRegex, Tags: m.Tags}
	if limit > 0 {
		search.Limit = types.Int64Value(limit)
	}
	return search
}

// ListValidation validates the arguments of a list block without a request, as in `terraform validate -query`.
type ListValidation struct{}

// ListResourceConfigValidators implements [list.ListResourceWithConfigValidators].
func (ListValidation) ListResourceConfigValidators(context.Context) []list.ConfigValidator {
	return []list.ConfigValidator{
		listresourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("name_prefix")),
		listresourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("tags")),
	}
}

// ValidateListResourceConfig implements [list.ListResourceWithValidateConfig].
func (ListValidation) ValidateListResourceConfig(ctx context.Context, req list.ValidateConfigRequest, resp *list.ValidateConfigResponse) {
	var model listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.search(0).Validate()...)
}

// ListSchema returns the schema of a list block that lists experiments.
func ListSchema(description string) schema.Schema {
	notEmpty := stringvalidator.LengthAtLeast(1)
	return schema.Schema{
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"filter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "MLflow search filter, for example `name LIKE '/Shared/%' AND tags.team = 'risk'`. Conflicts with `name_prefix` " +
					"and `tags`.",
			},
			"order_by": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notEmpty)},
				MarkdownDescription: "Order of the results, for example `[\"last_update_time DESC\"]`. With the `limit` of the block, the first " +
					"experiments in this order are listed. Defaults to the order of names.",
			},
			"name_prefix": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "Prefix of the experiment names, for example `/Shared/risk/`. Case-sensitive.",
			},
			"name_regex": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "[Regular expression](https://github.com/google/re2/wiki/Syntax) that must match a part of the experiment name. " +
					"The provider applies it to the search results.",
			},
			"tags": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notEmpty)},
				MarkdownDescription: "Tags that the experiments must have, with exactly these values.",
			},
			AttributeWorkspace: workspaceListAttribute(),
		},
	}
}

// ListedExperiment is an experiment in the results of a list block, with the workspace argument of the block.
type ListedExperiment struct {
	mlflow.Experiment
	Workspace types.String
}

// ListResults yields one result for each selected experiment, which setResult completes. It yields diagnostics as results, because the
// framework reads those of the stream before it starts. Later operations act in the workspace of the list block.
func (b *ResourceBase) ListResults(
	ctx context.Context, req list.ListRequest, setResult func(ListedExperiment, *list.ListResult),
) iter.Seq[list.ListResult] {
	return func(yield func(list.ListResult) bool) {
		found, workspace, diags := b.findListed(ctx, req.Config, req.Limit)
		if len(diags) > 0 && !yield(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, e := range found {
			result := req.NewListResult(ctx)
			result.DisplayName = e.Name
			setResult(ListedExperiment{e, workspace}, &result)
			if !yield(result) {
				return
			}
		}
	}
}

// findListed returns the experiments that a list block selects, and its workspace argument.
func (b *ResourceBase) findListed(
	ctx context.Context, config tfsdk.Config, limit int64,
) (found []mlflow.Experiment, workspace types.String, diags diag.Diagnostics) {
	if b.Client() == nil {
		diags.AddError("Could not list: provider configuration is unknown", b.Provider.UnknownConfigDetail())
		return nil, workspace, diags
	}
	var model listModel
	diags.Append(config.Get(ctx, &model)...)
	if diags.HasError() || !b.UseWorkspace(model.Workspace, &diags) {
		return nil, workspace, diags
	}
	found, diags = model.search(limit).Find(ctx, b.Client())
	return found, model.Workspace, diags
}
