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

// listModel selects experiments, as the data source mlflow_experiments does.
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

// ListValidation refuses what can't be searched for before the server is asked, as in `terraform validate -query`.
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

// ListSchema describes the arguments of a list block.
func ListSchema(description string) schema.Schema {
	notBlank := stringvalidator.LengthAtLeast(1)
	return schema.Schema{
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"filter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Filter in the server's search language, for example `name LIKE '/Shared/%' AND tags.team = 'risk'`. Cannot be combined with " +
					"`name_prefix` and `tags`.",
			},
			"order_by": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notBlank)},
				MarkdownDescription: "Order of the results in the server's search language, for example `[\"last_update_time DESC\"]`. Together with the `limit` of the " +
					"block, it decides which experiments are listed. Defaults to the order of names.",
			},
			"name_prefix": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Prefix of the experiment names, for example `/Shared/risk/`. The comparison is case-sensitive.",
			},
			"name_regex": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "[Regular expression](https://github.com/google/re2/wiki/Syntax) that must match part of the experiment name, in addition to all " +
					"other arguments. The provider applies it to the search results.",
			},
			"tags": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notBlank)},
				MarkdownDescription: "Tags that the experiments must have, with these values.",
			},
			AttributeWorkspace: workspaceListAttribute(),
		},
	}
}

// ListedExperiment is an experiment of a list block, and the block's argument workspace.
type ListedExperiment struct {
	mlflow.Experiment
	Workspace types.String
}

// ListResults yields one result for each selected experiment. Whatever fails is pushed into the stream: the framework has read it by then. The
// operation acts in the workspace of the list block from then on.
func (b *ResourceBase) ListResults(ctx context.Context, req list.ListRequest, fill func(ListedExperiment, *list.ListResult)) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		found, workspace, diags := b.selected(ctx, req.Config, req.Limit)
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, e := range found {
			result := req.NewListResult(ctx)
			result.DisplayName = e.Name
			fill(ListedExperiment{e, workspace}, &result)
			if !push(result) {
				return
			}
		}
	}
}

func (b *ResourceBase) selected(
	ctx context.Context, config tfsdk.Config, limit int64,
) (found []mlflow.Experiment, workspace types.String, diags diag.Diagnostics) {
	if b.Client() == nil {
		diags.AddError("Could not list: the mlflow provider's configuration is not known yet", b.Provider.UnknownConfigDetail())
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
