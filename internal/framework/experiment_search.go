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

// SearchArguments say which experiments a data source is about.
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
	notBlank := stringvalidator.LengthAtLeast(1)
	maps.Copy(attributes, map[string]schema.Attribute{
		"filter": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notBlank},
			MarkdownDescription: "Filter in the search language of the server, for example `name LIKE '/Shared/%' AND tags.team = 'risk'`. The language has only `AND`, " +
				"`LIKE` and `ILIKE` in capitals, and no escapes. Conflicts with `name_prefix` and `tags`, from which the provider creates the filter.",
		},
		"order_by": schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notBlank)},
			MarkdownDescription: "Order of `experiments` in the search language of the server, for example `[\"last_update_time DESC\"]`. With `limit`, the first " +
				"experiments in this order are returned. Defaults to the order of names.",
		},
		"name_prefix": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notBlank},
			MarkdownDescription: "Start of the names of the experiments, for example `/Shared/risk/`. Case-sensitive, without wildcards. On Databricks, the prefix " +
				"`/Workspace` is optional. Defaults to any name.",
		},
		"name_regex": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "[Regular expression](https://github.com/google/re2/wiki/Syntax) that a part of the name must match, in addition to all other arguments. " +
				"To match the whole name, use `^` and `$`. The provider applies it to the result of the search: in a large workspace, also set " +
				"`name_prefix`, `tags`, or `filter`. Defaults to any name.",
		},
		"tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			Validators:          []validator.Map{mapvalidator.NoNullValues(), mapvalidator.KeysAre(notBlank)},
			MarkdownDescription: "Tags that the experiments must have, with exactly these values. Defaults to any tags.",
		},
		"view_type": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("ACTIVE_ONLY", "DELETED_ONLY", "ALL")},
			MarkdownDescription: "State of the experiments: `ACTIVE_ONLY`, `DELETED_ONLY`, or `ALL`. Defaults to `ACTIVE_ONLY`.",
		},
		"limit": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "Maximum number of experiments to return, the first ones in `order_by` order. Defaults to all.",
		},
	})
	return attributes
}

// SearchConflicts refuses arguments that can't be combined.
func SearchConflicts() []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("name_prefix")),
		datasourcevalidator.Conflicting(path.MatchRoot("filter"), path.MatchRoot("tags")),
	}
}

// Validate refuses what can't be searched for, before the server is known.
func (a SearchArguments) Validate() diag.Diagnostics {
	_, diags := a.selection(a.NamePrefix.ValueString())
	return diags
}

// selection is which experiments are wanted: what the server is asked for, and what is checked on each answer.
type selection struct {
	filter string
	prefix string
	tags   map[string]string
	regex  *regexp.Regexp
}

// selection gives what the arguments select; prefix is name_prefix in the server's spelling. Unknown arguments select everything.
func (a SearchArguments) selection(prefix string) (selection, diag.Diagnostics) {
	s := selection{prefix: prefix, tags: StringMap(a.Tags)}
	var diags diag.Diagnostics
	s.filter, diags = searchFilter(s.prefix, s.tags)
	if s.filter == "" {
		s.filter = a.Filter.ValueString()
	}
	var err error
	if s.regex, err = regexp.Compile(a.NameRegex.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("name_regex"), "Not a regular expression: name_regex", UpperFirst(err.Error())+".")
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

// Find searches. It stops asking once the limit is reached.
func (a SearchArguments) Find(ctx context.Context, client *mlflow.Client) ([]mlflow.Experiment, diag.Diagnostics) {
	return a.FindMapped(ctx, client, func(e mlflow.Experiment) mlflow.Experiment { return e })
}

// FindMapped is find for those who need little of each match: keep gives that little, the id and the name at least.
func (a SearchArguments) FindMapped(
	ctx context.Context, client *mlflow.Client, keep func(mlflow.Experiment) mlflow.Experiment,
) ([]mlflow.Experiment, diag.Diagnostics) {
	wanted, diags := a.selection(normalizePrefix(client, a.NamePrefix.ValueString()))
	search := mlflow.Search{Filter: wanted.filter, ViewType: a.ViewType.ValueString()}
	diags.Append(a.OrderBy.ElementsAs(ctx, &search.OrderBy, false)...)
	if diags.HasError() {
		return nil, diags
	}
	limit := int(a.Limit.ValueInt64())
	if limit > 0 && len(search.OrderBy) == 0 {
		search.OrderBy = []string{"name"} // so that the same ones are given each time
	}
	var found []mlflow.Experiment
	seen := map[string]bool{} // a page may repeat what moved while the pages were read
	for e, err := range client.SearchExperiments(ctx, search) {
		if err != nil {
			return nil, append(diags, a.searchFailure(err))
		}
		if seen[e.ID] || !wanted.matches(e) {
			continue
		}
		seen[e.ID] = true
		found = append(found, keep(e))
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

// searchFailure puts the error at the argument that the server refused, where only one can be it.
func (a SearchArguments) searchFailure(err error) diag.Diagnostic {
	const could = "Could not search experiments"
	switch filtered, ordered := !a.Filter.IsNull(), !a.OrderBy.IsNull(); {
	case rest.IsInvalid(err) && filtered && !ordered:
		return diag.NewAttributeErrorDiagnostic(path.Root("filter"), could, ErrorDetail("filter "+a.Filter.ValueString(), err,
			"Comparisons are joined by AND alone. Names and tags compare with =, !=, LIKE and ILIKE (in capitals) to a quoted value, times with "+
				"numbers. name_prefix and tags write the filter for you."))
	case rest.IsInvalid(err) && ordered && !filtered:
		return diag.NewAttributeErrorDiagnostic(path.Root("order_by"), could, ErrorDetail("order_by", err,
			"The order is by name, creation_time or last_update_time, each with ASC or DESC behind it or nothing."))
	default:
		return diag.NewErrorDiagnostic(could, ErrorDetail("the search", err))
	}
}
