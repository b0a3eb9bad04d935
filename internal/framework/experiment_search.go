package framework

import (
	"cmp"
	"context"
	"maps"
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
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// SearchArguments are the arguments that select experiments in a data source.
type SearchArguments struct {
	Filter     types.String `tfsdk:"filter"`
	OrderBy    types.List   `tfsdk:"order_by"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	NameRegex  types.String `tfsdk:"name_regex"`
	Tags       types.Map    `tfsdk:"tags"`
	ViewType   types.String `tfsdk:"view_type"`
	Limit      types.Int64  `tfsdk:"limit"`
}

// WithSearchAttributes adds the schema of [SearchArguments] to other attributes.
func WithSearchAttributes(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	notEmpty := stringvalidator.LengthAtLeast(1)
	maps.Copy(attributes, map[string]schema.Attribute{
		"filter": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notEmpty},
			MarkdownDescription: "MLflow search filter, for example `name LIKE '/Shared/%' AND tags.team = 'risk'`. Supports `AND` only; write " +
				"`LIKE` and `ILIKE` in upper case. Quotes cannot be escaped. Conflicts with `name_prefix` and `tags`.",
		},
		"order_by": schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.List{
				listvalidator.SizeAtLeast(1),
				listvalidator.NoNullValues(),
				listvalidator.ValueStringsAre(notEmpty),
			},
			MarkdownDescription: "Order of `experiments`, for example `[\"last_update_time DESC\"]`. Defaults to the order of names.",
		},
		"name_prefix": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notEmpty},
			MarkdownDescription: "Prefix of the experiment names, for example `/Shared/risk/`. Case-sensitive; `%` and `_` are literal. On " +
				"Databricks, the `/Workspace` prefix is optional.",
		},
		"name_regex": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "[Regular expression](https://github.com/google/re2/wiki/Syntax) that must match a part of the name; to match " +
				"the whole name, use `^` and `$`. The provider applies it to the search results: in a large workspace, also set `name_prefix`, " +
				"`tags`, or `filter`.",
		},
		"tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notEmpty)},
			MarkdownDescription: "Tags that the experiments must have, with exactly these values.",
		},
		"view_type": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("ACTIVE_ONLY", "DELETED_ONLY", "ALL")},
			MarkdownDescription: "Lifecycle stage of the experiments: `ACTIVE_ONLY`, `DELETED_ONLY`, or `ALL`. Defaults to `ACTIVE_ONLY`.",
		},
		"limit": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "Maximum number of experiments to return, in `order_by` order. Defaults to no limit.",
		},
	})
	return attributes
}

// SearchConflicts returns the validators of arguments that conflict with each other.
func SearchConflicts() []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("name_prefix")),
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("tags")),
	}
}

// Validate adds errors for arguments that the search language cannot express. It does not need the server.
func (a SearchArguments) Validate() diag.Diagnostics {
	_, diags := a.selection(a.NamePrefix.ValueString())
	return diags
}

// selection is the filter of a search, and the conditions that the provider checks on each result.
type selection struct {
	filter string
	prefix string
	tags   map[string]string
	regex  *regexp.Regexp
}

// selection returns the selection of the arguments. prefix is name_prefix in the server's spelling. Unknown arguments match everything.
func (a SearchArguments) selection(prefix string) (selection, diag.Diagnostics) {
	s := selection{prefix: prefix, tags: StringMap(a.Tags)}
	var diags diag.Diagnostics
	s.filter, diags = searchFilter(s.prefix, s.tags)
	if s.filter == "" {
		s.filter = a.Filter.ValueString()
	}
	var err error
	if s.regex, err = regexp.Compile(a.NameRegex.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("name_regex"), "Invalid regular expression", UpperFirst(err.Error())+".")
	}
	return s, diags
}

// matches reports whether a search result is selected. The server compares names with patterns, and not every database is case-sensitive.
func (s selection) matches(e mlflow.Experiment) bool {
	for key, value := range s.tags {
		if !slices.Contains(e.Tags, mlflow.Tag{Key: key, Value: value}) {
			return false
		}
	}
	return strings.HasPrefix(e.Name, s.prefix) && s.regex.MatchString(e.Name)
}

// Find returns the selected experiments. It reads no further page after the limit is reached.
func (a SearchArguments) Find(ctx context.Context, client *mlflow.Client) ([]mlflow.Experiment, diag.Diagnostics) {
	return a.FindMapped(ctx, client, func(e mlflow.Experiment) mlflow.Experiment { return e })
}

// FindMapped is Find for callers that use only a part of each experiment. reduce returns this part, at least the ID and the name.
func (a SearchArguments) FindMapped(
	ctx context.Context, client *mlflow.Client, reduce func(mlflow.Experiment) mlflow.Experiment,
) ([]mlflow.Experiment, diag.Diagnostics) {
	selected, diags := a.selection(normalizePrefix(client, a.NamePrefix.ValueString()))
	search := mlflow.Search{Filter: selected.filter, ViewType: a.ViewType.ValueString()}
	diags.Append(a.OrderBy.ElementsAs(ctx, &search.OrderBy, false)...)
	if diags.HasError() {
		return nil, diags
	}
	limit := int(a.Limit.ValueInt64())
	if limit > 0 && len(search.OrderBy) == 0 {
		search.OrderBy = []string{"name"} // so that each run returns the same experiments
	}
	var found []mlflow.Experiment
	seen := map[string]bool{} // a later page can repeat an experiment that moved while the pages were read
	for e, err := range client.SearchExperiments(ctx, search) {
		if err != nil {
			return nil, append(diags, a.searchError(err))
		}
		if seen[e.ID] || !selected.matches(e) {
			continue
		}
		seen[e.ID] = true
		found = append(found, reduce(e))
		if len(found) == limit {
			break
		}
	}
	if a.OrderBy.IsNull() {
		slices.SortFunc(found, func(a, b mlflow.Experiment) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
	}
	return found, diags
}

// searchError returns the error of a search, at the argument that the server rejected if only one can be it.
func (a SearchArguments) searchError(err error) diag.Diagnostic {
	const summary = "Could not search experiments"
	switch hasFilter, hasOrder := !a.Filter.IsNull(), !a.OrderBy.IsNull(); {
	case rest.IsInvalid(err) && hasFilter && !hasOrder:
		return diag.NewAttributeErrorDiagnostic(path.Root("filter"), summary, ErrorDetail("filter "+a.Filter.ValueString(), err,
			"Combine comparisons with AND only. Compare names and tags to a quoted value with =, !=, LIKE, or ILIKE (in upper case), and times "+
				"to a number. Instead of a filter, you can set name_prefix and tags."))
	case rest.IsInvalid(err) && hasOrder && !hasFilter:
		return diag.NewAttributeErrorDiagnostic(path.Root("order_by"), summary, ErrorDetail("order_by", err,
			"Use name, creation_time, or last_update_time, each optionally followed by ASC or DESC."))
	default:
		return diag.NewErrorDiagnostic(summary, ErrorDetail("search of experiments", err))
	}
}
