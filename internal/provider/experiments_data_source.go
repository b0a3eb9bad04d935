package provider

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

var (
	_ datasource.DataSourceWithConfigure        = (*experimentsDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*experimentsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig   = (*experimentsDataSource)(nil)
)

// experimentsDataSource searches experiments.
type experimentsDataSource struct{ dataSourceBase }

type experimentsModel struct {
	Filter      types.String        `tfsdk:"filter"`
	OrderBy     types.List          `tfsdk:"order_by"`
	NamePrefix  types.String        `tfsdk:"name_prefix"`
	NameRegex   types.String        `tfsdk:"name_regex"`
	Tags        types.Map           `tfsdk:"tags"`
	ViewType    types.String        `tfsdk:"view_type"`
	Limit       types.Int64         `tfsdk:"limit"`
	Experiments []experimentDetails `tfsdk:"experiments"`
	IDs         types.Map           `tfsdk:"ids"`
}

func newExperimentsDataSource() datasource.DataSource { return &experimentsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *experimentsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiments"
}

// Schema implements [datasource.DataSource].
func (d *experimentsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	notBlank := stringvalidator.LengthAtLeast(1)
	resp.Schema = schema.Schema{
		MarkdownDescription: "Searches experiments and gives every match, however many pages that takes. Without arguments: all active experiments that you " +
			"may read. `ids` goes straight into a `for_each`.",
		Attributes: map[string]schema.Attribute{
			"filter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Filter in the server's search language, such as `name LIKE '/Shared/%' AND tags.team = 'risk'`. It knows `AND` alone, " +
					"`LIKE` and `ILIKE` in capitals, and no escapes. Can't be combined with `name_prefix` and `tags`, which write the filter for you. Default: none.",
			},
			"order_by": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notBlank)},
				MarkdownDescription: "Order of `experiments` in the server's search language, such as `[\"last_update_time DESC\"]`. With `limit` it decides " +
					"which ones are given. Default: by name.",
			},
			"name_prefix": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notBlank},
				MarkdownDescription: "Only experiments whose name begins so, such as `/Shared/risk/`; capitals count, `%` and `_` stand for themselves. On " +
					"Databricks with or without the `/Workspace` prefix. Default: any name.",
			},
			"name_regex": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Only experiments whose name matches this [regular expression](https://github.com/google/re2/wiki/Syntax) somewhere, on top of " +
					"all other arguments. Anchor it with `^` and `$` to match whole names. The provider applies it to what the server found, so narrow the " +
					"search with `name_prefix`, `tags` or `filter` in a big workspace. Default: any name.",
			},
			"tags": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notBlank)},
				MarkdownDescription: "Only experiments that have all these tags with exactly these values. Default: any tags.",
			},
			"view_type": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf("ACTIVE_ONLY", "DELETED_ONLY", "ALL")},
				MarkdownDescription: "`ACTIVE_ONLY`, `DELETED_ONLY` or `ALL`. Default: `ACTIVE_ONLY`.",
			},
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "Give at most so many experiments, the first by `order_by`, and stop asking the server. Default: all.",
			},
			"experiments": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: experimentDetailAttributes()},
				MarkdownDescription: "What was found, each once, in the order of `order_by`, else by name.",
			},
			"ids": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Ids by name of what was found. Of several experiments with one name the active one counts, else the newest.",
			},
		},
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *experimentsDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("name_prefix")),
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("tags")),
	}
}

// ValidateConfig refuses what can't be searched for before the server is asked.
func (d *experimentsDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config experimentsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags := config.selection(config.NamePrefix.ValueString())
	resp.Diagnostics.Append(diags...)
}

// Read implements [datasource.DataSource].
func (d *experimentsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ready(&resp.Diagnostics)
	var model experimentsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := model.find(ctx, client)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Experiments = make([]experimentDetails, 0, len(found))
	for _, e := range found {
		details, err := newExperimentDetails(ctx, client, e)
		if err != nil {
			addError(&resp.Diagnostics, "read experiment", named(e.ID, e.Name), err)
			return
		}
		model.Experiments = append(model.Experiments, details)
	}
	model.IDs = mapOf(idsByName(found))
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// selection is which experiments are wanted: what the server is asked for, and what is checked on each answer.
type selection struct {
	filter string
	prefix string
	tags   map[string]string
	regex  *regexp.Regexp
}

// selection gives what the arguments select; prefix is name_prefix in the server's spelling. Unknown arguments select everything.
func (m experimentsModel) selection(prefix string) (selection, diag.Diagnostics) {
	s := selection{prefix: prefix, tags: stringMap(m.Tags)}
	var diags diag.Diagnostics
	s.filter, diags = searchFilter(s.prefix, s.tags)
	if s.filter == "" {
		s.filter = m.Filter.ValueString()
	}
	var err error
	if s.regex, err = regexp.Compile(m.NameRegex.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("name_regex"), "Not a regular expression", upperFirst(err.Error())+".")
	}
	return s, diags
}

// matches checks what the server found once more: it compares names by patterns, and not every server's database tells small letters
// from capitals.
func (s selection) matches(e mlflow.Experiment) bool {
	for key, value := range s.tags {
		if !slices.Contains(e.Tags, mlflow.Tag{Key: key, Value: value}) {
			return false
		}
	}
	return strings.HasPrefix(e.Name, s.prefix) && s.regex.MatchString(e.Name)
}

// find searches. It stops asking once the limit is reached.
func (m experimentsModel) find(ctx context.Context, client *mlflow.Client) ([]mlflow.Experiment, diag.Diagnostics) {
	wanted, diags := m.selection(normalizePrefix(client, m.NamePrefix.ValueString()))
	search := mlflow.Search{Filter: wanted.filter, ViewType: m.ViewType.ValueString()}
	diags.Append(m.OrderBy.ElementsAs(ctx, &search.OrderBy, false)...)
	if diags.HasError() {
		return nil, diags
	}
	limit := int(m.Limit.ValueInt64())
	if limit > 0 && len(search.OrderBy) == 0 {
		search.OrderBy = []string{"name"} // so that the same ones are given each time
	}
	var found []mlflow.Experiment
	seen := map[string]bool{} // a page may repeat what moved while the pages were read
	for e, err := range client.SearchExperiments(ctx, search) {
		if err != nil {
			return nil, append(diags, m.searchFailure(err))
		}
		if seen[e.ID] || !wanted.matches(e) {
			continue
		}
		seen[e.ID] = true
		found = append(found, e)
		if len(found) == limit {
			break
		}
	}
	if m.OrderBy.IsNull() {
		slices.SortFunc(found, func(a, b mlflow.Experiment) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
	}
	return found, diags
}

// searchFailure puts the error at the argument that the server refused, where only one can be it.
func (m experimentsModel) searchFailure(err error) diag.Diagnostic {
	const could = "Could not search experiments"
	switch filtered, ordered := !m.Filter.IsNull(), !m.OrderBy.IsNull(); {
	case mlflow.IsInvalid(err) && filtered && !ordered:
		return diag.NewAttributeErrorDiagnostic(path.Root("filter"), could, failure("filter "+m.Filter.ValueString(), err,
			"Comparisons are joined by AND alone. Names and tags compare with =, !=, LIKE and ILIKE (in capitals) to a quoted value, times with "+
				"numbers. name_prefix and tags write the filter for you."))
	case mlflow.IsInvalid(err) && ordered && !filtered:
		return diag.NewAttributeErrorDiagnostic(path.Root("order_by"), could, failure("order_by", err,
			"The order is by name, creation_time or last_update_time, each with ASC or DESC behind it or nothing."))
	default:
		return diag.NewErrorDiagnostic(could, failure("the search", err))
	}
}

// idsByName gives the ids by name: of several experiments with one name the active one, else the newest.
func idsByName(found []mlflow.Experiment) map[string]string {
	best := make(map[string]mlflow.Experiment, len(found))
	for _, e := range found {
		b, taken := best[e.Name]
		if !taken || b.Deleted() && (!e.Deleted() || e.CreationTime > b.CreationTime) {
			best[e.Name] = e
		}
	}
	ids := make(map[string]string, len(best))
	for name, e := range best {
		ids[name] = e.ID
	}
	return ids
}
