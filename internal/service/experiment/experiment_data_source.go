package experiment

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	_ datasource.DataSourceWithConfigure        = (*experimentDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*experimentDataSource)(nil)
)

// experimentDataSource reads one experiment by name or id.
type experimentDataSource struct{ framework.DataSourceBase }

// experimentDetails is an experiment as the data sources show it.
type experimentDetails struct {
	ID               types.String `tfsdk:"id"`
	ExperimentID     types.String `tfsdk:"experiment_id"`
	Name             types.String `tfsdk:"name"`
	ArtifactLocation types.String `tfsdk:"artifact_location"`
	TraceLocation    types.Object `tfsdk:"trace_location"`
	LifecycleStage   types.String `tfsdk:"lifecycle_stage"`
	CreationTime     types.String `tfsdk:"creation_time"`
	LastUpdateTime   types.String `tfsdk:"last_update_time"`
	Tags             types.Map    `tfsdk:"tags"`
	Description      types.String `tfsdk:"description"`
	Owner            types.String `tfsdk:"owner"`
	Kind             types.String `tfsdk:"kind"`
	URL              types.String `tfsdk:"url"`
}

// experimentDataModel is an mlflow_experiment data source.
type experimentDataModel struct {
	experimentDetails
	Workspace types.String `tfsdk:"workspace"`
}

// newExperimentDetails converts an experiment. It fails only when the server's address can't be told.
func newExperimentDetails(ctx context.Context, client *mlflow.Client, e mlflow.Experiment) (experimentDetails, error) {
	url, err := client.ExperimentURL(ctx, e.ID)
	if err != nil {
		return experimentDetails{}, err
	}
	description, _ := e.Tag(mlflow.TagDescription)
	owner, _ := e.Tag(mlflow.TagOwnerEmail)
	return experimentDetails{
		ID:               types.StringValue(e.ID),
		ExperimentID:     types.StringValue(e.ID),
		Name:             types.StringValue(e.Name),
		ArtifactLocation: framework.OrNull(e.ArtifactLocation),
		TraceLocation:    newTraceLocation(e.TraceTables()),
		LifecycleStage:   framework.OrNull(e.LifecycleStage),
		CreationTime:     framework.FormatTime(e.Created()),
		LastUpdateTime:   framework.FormatTime(e.LastUpdated()),
		Tags:             framework.StringMapValue(e.TagMap()),
		Description:      framework.OrNull(description),
		Owner:            framework.OrNull(owner),
		Kind:             types.StringValue(e.Kind()),
		URL:              types.StringValue(url),
	}, nil
}

// experimentDetailAttributes is the schema of [experimentDetails], all computed.
func experimentDetailAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":                text("Id of the experiment, the same as `experiment_id`."),
		"experiment_id":     text("Id of the experiment."),
		"name":              text("Name in the server's spelling. On Databricks it is a workspace path without the `/Workspace` prefix; a deleted one is in Trash."),
		"artifact_location": text("Where the runs' artifacts are stored, as a URI."),
		attributeTraceLocation: schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "Unity Catalog tables in which Databricks stores the traces of the experiment. Null if the experiment is not bound to any, and on " +
				"an MLflow server.",
			Attributes: map[string]schema.Attribute{
				"catalog":                text("Catalog of the tables."),
				"schema":                 text("Schema of the tables, without the catalog."),
				"table_prefix":           text("Prefix of the tables that was set when the location was bound. Null if the server derived one."),
				"effective_table_prefix": text("Prefix in use. The tables are named `PREFIX_otel_…`."),
			},
		},
		"lifecycle_stage": text("`active` or `deleted`."),
		"creation_time":   text("When the experiment was created, RFC 3339 in UTC. Null when the server doesn't know."),
		"last_update_time": text("When the experiment was last updated, RFC 3339 in UTC. Null when the server doesn't know. Other people's work " +
			"moves it: a resource that uses it may change with each plan."),
		"tags": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "All tags, with those that the server writes itself (`mlflow.…`).",
		},
		"description": text("Description that the UI shows (tag `mlflow.note.content`). Null when there is none."),
		"owner":       text("User name of the owner, or application id when it is a service principal (tag `mlflow.ownerEmail`). Null where the server keeps no owner."),
		"kind": text("`workspace` for an experiment that stands by itself, `notebook` for that of a notebook, `git_folder` for that of a notebook in a " +
			"Git folder. The latter two have no permissions of their own. Always `workspace` on an MLflow server."),
		"url": text("Link to the experiment in the UI."),
	}
}

// NewExperimentDataSource returns the data source mlflow_experiment.
func NewExperimentDataSource() datasource.DataSource { return &experimentDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *experimentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment"
}

// Schema implements [datasource.DataSource].
func (d *experimentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := experimentDetailAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Name of the experiment to read; give either this or `experiment_id`. On Databricks an absolute workspace path, with or " +
				"without the `/Workspace` prefix; it stays as written. Only active experiments are found by name. Given an id, the name in the server's spelling.",
		},
		"experiment_id": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Id of the experiment to read; give either this or `name`. Deleted experiments are found too: `lifecycle_stage` tells.",
		},
	})
	attributes[framework.AttributeWorkspace] = framework.WorkspaceDataAttribute()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one experiment by name or id: all its fields and tags.",
		Attributes:          attributes,
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *experimentDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("name"), path.MatchRoot("experiment_id")),
	}
}

// Read implements [datasource.DataSource].
func (d *experimentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config experimentDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	client := d.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id, name := config.ExperimentID.ValueString(), config.Name.ValueString()
	attribute, find := path.Root("experiment_id"), func() (mlflow.Experiment, error) { return client.GetExperiment(ctx, id) }
	if id == "" {
		attribute, find = path.Root("name"), func() (mlflow.Experiment, error) { return client.GetExperimentByName(ctx, name) }
	}
	e, err := find()
	if err != nil {
		resp.Diagnostics.AddAttributeError(attribute, "Could not read experiment", framework.ErrorDetail(framework.DescribeExperiment(id, name), err, lookUpAdvice(client, id, name, err)...))
		return
	}
	if id == "" && e.Deleted() { // an MLflow server finds them by name too
		resp.Diagnostics.AddAttributeError(attribute, "Could not read experiment", fmt.Sprintf("%s is deleted.\n\nRestore it, or read it with "+
			"experiment_id = %q.", framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)), e.ID))
		return
	}
	details, err := newExperimentDetails(ctx, client, e)
	if err != nil {
		framework.AddError(&resp.Diagnostics, "read experiment", framework.DescribeExperiment(id, name), err)
		return
	}
	if !config.Name.IsNull() {
		details.Name = config.Name
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, experimentDataModel{details, config.Workspace})...)
}

// lookUpAdvice says what to do when an experiment can't be read; none when the error itself tells.
func lookUpAdvice(client *mlflow.Client, id, name string, err error) []string {
	switch nameErr := client.CheckName(name); {
	case id == "" && nameErr != nil && (rest.IsNotFound(err) || rest.IsInvalid(err)):
		return []string{framework.UpperFirst(nameErr.Error()) + "."}
	case id == "" && rest.IsAlreadyExists(err):
		// Databricks answers so for a path that is there and no experiment.
		return []string{"Something else than an experiment has this name, such as a folder or a notebook. Check the name."}
	case id == "" && rest.IsNotFound(err):
		return []string{"Check the spelling. A deleted experiment, and on Databricks one in a folder that you may not see, is not found by name."}
	case strings.Contains(id, "/"):
		return []string{"This looks like a name. Set name instead of experiment_id."}
	case rest.IsNotFound(err):
		return []string{"Check the id: it is the number after /experiments/ in the address of the experiment's page."}
	default:
		return nil
	}
}
