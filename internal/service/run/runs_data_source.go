package run

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// maxRuns is the maximum number of runs that the data source returns.
const maxRuns = 1000

var _ datasource.DataSourceWithConfigure = (*runsDataSource)(nil)

// runsDataSource searches runs.
type runsDataSource struct{ framework.DataSourceBase }

type runsModel struct {
	ExperimentIDs []string     `tfsdk:"experiment_ids"`
	Filter        types.String `tfsdk:"filter"`
	OrderBy       []string     `tfsdk:"order_by"`
	Status        []string     `tfsdk:"status"`
	ViewType      types.String `tfsdk:"view_type"`
	Limit         types.Int64  `tfsdk:"limit"`
	Metrics       []string     `tfsdk:"metrics"`
	Params        []string     `tfsdk:"params"`
	Tags          []string     `tfsdk:"tags"`
	Runs          []runDetails `tfsdk:"runs"`
	HasMore       types.Bool   `tfsdk:"has_more"`
	Workspace     types.String `tfsdk:"workspace"`
}

// NewRunsDataSource returns the data source mlflow_runs.
func NewRunsDataSource() datasource.DataSource { return &runsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *runsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_runs"
}

// Schema implements [datasource.DataSource].
func (d *runsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	keys := func(noun string) schema.SetAttribute {
		return schema.SetAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
			MarkdownDescription: fmt.Sprintf("Keys of the %s to return in `runs`. Other %s are not stored in the state. Defaults to "+
				"none.", noun, noun),
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Searches the runs of experiments and returns at most `limit` of them, by default the newest ones.",
		Attributes: map[string]schema.Attribute{
			attributeExperimentIDs: schema.ListAttribute{
				ElementType: types.StringType, Required: true,
				Validators: experimentIDsValidators(),
				MarkdownDescription: "IDs of the experiments to search, at least one. Fails if one does not exist. The runs of a deleted experiment " +
					"are deleted: see `view_type`.",
			},
			attributeFilter: schema.StringAttribute{
				Optional: true, Validators: []validator.String{filterValidator{}},
				MarkdownDescription: "MLflow search filter, for example `metrics.auc > 0.9 AND tags.release = 'yes'`. Supports `AND` only; write " +
					"`LIKE` and `ILIKE` in upper case, and put a key such as `` params.`learning rate` `` in backticks. Defaults to no filter.",
			},
			attributeOrderBy: schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: stringListValidators(stringvalidator.LengthAtLeast(1)),
				MarkdownDescription: "Order of `runs` in the search language of MLflow, for example `[\"metrics.auc DESC\"]`. Runs without the key " +
					"are last. Equal runs are ordered by start time, newest first, then by ID. Defaults to `[\"attributes.start_time DESC\"]`.",
			},
			"status": schema.SetAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1), setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.OneOf(mlflow.RunStatuses...)),
				},
				MarkdownDescription: "Return only runs with one of these statuses: `RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED`, `KILLED`. Combined " +
					"with `filter`. Defaults to any status.",
			},
			"view_type": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.OneOf(string(mlflow.ViewActive), string(mlflow.ViewDeleted), string(mlflow.ViewAll)),
				},
				MarkdownDescription: "Runs to return: `ACTIVE_ONLY`, `DELETED_ONLY` (deleted and not purged), or `ALL`. Defaults to `ACTIVE_ONLY`.",
			},
			attributeLimit: schema.Int64Attribute{
				Required: true, Validators: []validator.Int64{int64validator.Between(1, maxRuns)},
				MarkdownDescription: fmt.Sprintf("Maximum number of runs to return, from 1 to %s, in `order_by` order.", formatCount(maxRuns)),
			},
			"metrics": keys("metrics"),
			"params":  keys("parameters"),
			"tags":    keys("tags"),
			"runs": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Matching runs, in `order_by` order. Empty if none match.",
				NestedObject: schema.NestedAttributeObject{Attributes: runDetailAttributes("requested ")},
			},
			"has_more": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether more than `limit` runs match."},

			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
		},
	}
}

func experimentIDsValidators() []validator.List {
	return stringListValidators(framework.ExperimentIDValidator)
}

// stringListValidators returns validators of a list that contains different strings, at least one.
func stringListValidators(each validator.String) []validator.List {
	return []validator.List{
		listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(each),
	}
}

const (
	attributeExperimentIDs = "experiment_ids"
	attributeFilter        = "filter"
	attributeOrderBy       = "order_by"
	attributeLimit         = "limit"
)

// Read implements [datasource.DataSource].
func (d *runsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data runsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := d.ClientIn(ctx, data.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	found, err := client.SearchRuns(ctx, mlflow.RunQuery{
		ExperimentIDs: data.ExperimentIDs, Filter: andFilters(statusFilter(data.Status), data.Filter.ValueString()), OrderBy: data.OrderBy,
		ViewType: mlflow.ViewType(data.ViewType.ValueString()), Limit: int(data.Limit.ValueInt64()),
	})
	if err != nil {
		data.addError(&resp.Diagnostics, err)
		return
	}
	data.setRuns(found)
	data.check(ctx, client, found.Runs, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// setRuns sets the runs to return.
func (m *runsModel) setRuns(found mlflow.RunList) {
	metrics, params, tags := setOf(m.Metrics), setOf(m.Params), setOf(m.Tags)
	m.HasMore = types.BoolValue(found.More)
	m.Runs = make([]runDetails, 0, len(found.Runs))
	for _, r := range found.Runs {
		d := newRunDetails(r)
		d.removeUnrequested(metrics, params, tags)
		m.Runs = append(m.Runs, d)
	}
}

func setOf(keys []string) map[string]bool {
	set := make(map[string]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// check rejects a run with a status that was not requested, and an experiment that does not exist, for which an MLflow server returns no
// runs. Experiments with a run in the result exist, and so do those that this process has read before.
func (m *runsModel) check(ctx context.Context, client *mlflow.Client, found []mlflow.Run, diags *diag.Diagnostics) {
	exists := map[string]bool{}
	for _, r := range found {
		exists[r.ExperimentID] = true
		if len(m.Status) > 0 && !slices.Contains(m.Status, r.Status) {
			diags.AddAttributeError(path.Root("status"), "Could not search runs", fmt.Sprintf("The server returned run %q with the status %q, "+
				"which was not requested. The provider does not support this status: omit status, and select from the result with a for "+
				"expression.", r.ID, r.Status))
			return
		}
	}
	checkExperiments(ctx, client, m.ExperimentIDs, exists, diags)
}

// checkExperiments adds an error for each experiment that cannot be read. It does not read those that are known to exist.
func checkExperiments(ctx context.Context, client *mlflow.Client, ids []string, exist map[string]bool, diags *diag.Diagnostics) {
	errs := make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(maxConcurrentRequests)
	for i, id := range ids {
		if exist[id] || !client.CreatedAt(id).IsZero() {
			continue
		}
		group.Go(func() error {
			_, errs[i] = client.GetExperiment(ctx, id)
			return nil
		})
	}
	_ = group.Wait()
	for i, err := range errs {
		if err != nil {
			diags.AddAttributeError(path.Root(attributeExperimentIDs).AtListIndex(i), "Could not search runs",
				framework.ErrorDetail(framework.DescribeExperiment(ids[i], ""), err, missingExperimentAdvice(err)...))
		}
	}
}

// missingExperimentAdvice returns the advice for an experiment that does not exist, none for other errors.
func missingExperimentAdvice(err error) []string {
	if !rest.IsNotFound(err) {
		return nil
	}
	return []string{"Check the ID. The data source mlflow_experiment looks up an experiment by name."}
}

var orderText = regexp.MustCompile(`(?i)order[_ ]by|ordering`)

// addError reports a failed search at the argument that the server rejected, if it can be determined.
func (m *runsModel) addError(diags *diag.Diagnostics, err error) {
	const orderAdvice = "Order by attributes.KEY, metrics.KEY, params.KEY, or tags.KEY, each followed by ASC, DESC, or nothing, and use " +
		"each key once."
	refusal, _ := rest.AsRefusal(err)
	if rest.IsInvalid(err) && len(m.OrderBy) > 0 && (m.Filter.IsNull() || orderText.MatchString(refusal.Message)) {
		object := fmt.Sprintf("order [%s]", strings.Join(m.OrderBy, ", "))
		diags.AddAttributeError(path.Root(attributeOrderBy), "Could not search runs", framework.ErrorDetail(object, err, orderAdvice))
		return
	}
	addSearchError(diags, m.ExperimentIDs, m.Filter, err)
}

// addSearchError reports a failed search of experiments at the filter if there is one and the server rejected the search.
func addSearchError(diags *diag.Diagnostics, experimentIDs []string, filter types.String, err error) {
	if rest.IsInvalid(err) && !filter.IsNull() {
		detail := framework.ErrorDetail("filter "+filter.ValueString(), err, filterAdvice)
		diags.AddAttributeError(path.Root(attributeFilter), "Could not search runs", detail)
		return
	}
	object := "runs of experiments " + strings.Join(experimentIDs, ", ")
	diags.AddError("Could not search runs", framework.ErrorDetail(object, err, missingExperimentAdvice(err)...))
}
