package provider

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

var (
	_ list.ListResourceWithConfigure        = (*experimentList)(nil)
	_ list.ListResourceWithConfigValidators = (*experimentList)(nil)
	_ list.ListResourceWithValidateConfig   = (*experimentList)(nil)
)

// experimentList lists experiments for `terraform query`.
type experimentList struct {
	experimentResource
	listValidation
}

func newExperimentList() list.ListResource { return &experimentList{} }

// listModel selects experiments, as the data source mlflow_experiments does.
type listModel struct {
	Filter     types.String `tfsdk:"filter"`
	OrderBy    types.List   `tfsdk:"order_by"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	NameRegex  types.String `tfsdk:"name_regex"`
	Tags       types.Map    `tfsdk:"tags"`
}

func (m listModel) search(limit int64) searchArguments {
	search := searchArguments{Filter: m.Filter, OrderBy: m.OrderBy, NamePrefix: m.NamePrefix, NameRegex: m.NameRegex, Tags: m.Tags}
	if limit > 0 {
		search.Limit = types.Int64Value(limit)
	}
	return search
}

// listValidation refuses what can't be searched for before the server is asked, as in `terraform validate -query`.
type listValidation struct{}

// ListResourceConfigValidators implements [list.ListResourceWithConfigValidators].
func (listValidation) ListResourceConfigValidators(context.Context) []list.ConfigValidator {
	return []list.ConfigValidator{
		listresourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("name_prefix")),
		listresourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("tags")),
	}
}

// ValidateListResourceConfig implements [list.ListResourceWithValidateConfig].
func (listValidation) ValidateListResourceConfig(ctx context.Context, req list.ValidateConfigRequest, resp *list.ValidateConfigResponse) {
	var model listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.search(0).check()...)
}

// listSchema describes the arguments of a list block.
func listSchema(description string) schema.Schema {
	notBlank := stringvalidator.LengthAtLeast(1)
	return schema.Schema{
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"filter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Filter in the server's search language. Can't be combined with `name_prefix` and `tags`. Default: none.",
			},
			"order_by": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notBlank)},
				MarkdownDescription: "Order in the server's search language, such as `[\"last_update_time DESC\"]`. Default: by name.",
			},
			"name_prefix": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Only experiments whose name begins so. Default: any name.",
			},
			"name_regex": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Only experiments whose name matches this regular expression, on top of all other arguments. Default: any name.",
			},
			"tags": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notBlank)},
				MarkdownDescription: "Only experiments that have all these tags with exactly these values. Default: any tags.",
			},
		},
	}
}

// ListResourceConfigSchema implements [list.ListResource].
func (l *experimentList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listSchema("Lists active experiments, to look at or to import (Terraform 1.14 and newer).")
}

// List implements [list.ListResource].
func (l *experimentList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = l.results(ctx, req, func(e mlflow.Experiment, result *list.ListResult) {
		model := experimentModel{ID: types.StringValue(e.ID)}
		result.Diagnostics.Append(l.identify(ctx, result.Identity, model.identity())...)
		if req.IncludeResource {
			l.refresh(ctx, &model, e, true, &result.Diagnostics)
			result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
		}
	})
}

// results yields one result for each selected experiment. Whatever fails is pushed into the stream: the framework has read it by then.
func (b *resourceBase) results(ctx context.Context, req list.ListRequest, fill func(mlflow.Experiment, *list.ListResult)) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		found, diags := b.selected(ctx, req.Config, req.Limit)
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, e := range found {
			result := req.NewListResult(ctx)
			result.DisplayName = e.Name
			fill(e, &result)
			if !push(result) {
				return
			}
		}
	}
}

func (b *resourceBase) selected(ctx context.Context, config tfsdk.Config, limit int64) ([]mlflow.Experiment, diag.Diagnostics) {
	var diags diag.Diagnostics
	if b.client() == nil {
		diags.AddError("Could not list: the mlflow provider's configuration is not known yet", b.provider.notReady())
		return nil, diags
	}
	var model listModel
	diags.Append(config.Get(ctx, &model)...)
	if diags.HasError() {
		return nil, diags
	}
	return model.search(limit).find(ctx, b.client())
}
