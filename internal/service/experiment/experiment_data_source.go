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

// experimentDataSource is the data source mlflow_experiment.
type experimentDataSource struct{ framework.DataSourceBase }

// experimentDetails has the attributes of an experiment in the data sources.
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

// experimentDataModel is the data source mlflow_experiment in a configuration and in a state.
type experimentDataModel struct {
	experimentDetails
	Workspace types.String `tfsdk:"workspace"`
}

// newExperimentDetails converts an experiment. It returns an error if the experiment URL cannot be determined.
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

// experimentDetailAttributes returns the schema of [experimentDetails]. All attributes are computed.
func experimentDetailAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":            text("ID of the experiment, the same as `experiment_id`."),
		"experiment_id": text("ID of the experiment."),
		"name": text("Name of the experiment. On Databricks, a workspace path without the `/Workspace` prefix; that of a deleted " +
			"experiment is in the Trash."),
		"artifact_location": text("URI of the location where runs store artifacts."),
		attributeTraceLocation: schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "Unity Catalog tables in which Databricks stores the traces of the experiment. Null if no tables are bound, and " +
				"on an MLflow server.",
			Attributes: map[string]schema.Attribute{
				"catalog":                text("Catalog of the tables."),
				"schema":                 text("Schema of the tables, without the catalog."),
				"table_prefix":           text("Prefix of the tables that was set when the location was bound. Null if the server derived one."),
				"effective_table_prefix": text("Prefix in use. The tables are named `PREFIX_otel_…`."),
			},
		},
		"lifecycle_stage": text("`active` or `deleted`."),
		"creation_time":   text("Creation time, in RFC 3339 format and UTC. Null if the server does not return one."),
		"last_update_time": text("Time of the last update, in RFC 3339 format and UTC. Null if the server does not return one. On " +
			"Databricks, runs and tags change it, so a resource that depends on it can have changes in each plan."),
		"tags": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "All tags, including those that the server sets (`mlflow.…`).",
		},
		"description": text("Description of the experiment (tag `mlflow.note.content`). Null if there is none."),
		"owner":       text("Email of the owner, or application ID of a service principal (tag `mlflow.ownerEmail`). Null on an MLflow server."),
		"kind": text("`notebook` for the experiment of a notebook, `git_folder` for that of a notebook in a Git folder, or `workspace` for all " +
			"others. The first two have no permissions of their own. Always `workspace` on an MLflow server."),
		"url": text("URL of the experiment in the UI."),
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
			MarkdownDescription: "Name of the experiment to read. Exactly one of `name` and `experiment_id` must be set. On Databricks, an " +
				"absolute workspace path, with or without the `/Workspace` prefix. A deleted experiment is not found by name. With `experiment_id`, " +
				"the name is exported.",
		},
		"experiment_id": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "ID of the experiment to read. Exactly one of `experiment_id` and `name` must be set. A deleted experiment is " +
				"found by ID, with `lifecycle_stage = \"deleted\"`.",
		},
	})
	attributes[framework.AttributeWorkspace] = framework.WorkspaceDataAttribute()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns an experiment with its tags, by name or ID.",
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
		detail := framework.ErrorDetail(framework.DescribeExperiment(id, name), err, lookUpAdvice(client, id, name, err)...)
		resp.Diagnostics.AddAttributeError(attribute, "Could not read experiment", detail)
		return
	}
	if id == "" && e.Deleted() { // an MLflow server also finds deleted experiments by name
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

// lookUpAdvice returns what to do if an experiment cannot be read; nil if the error itself contains it.
func lookUpAdvice(client *mlflow.Client, id, name string, err error) []string {
	switch nameErr := client.CheckName(name); {
	case id == "" && nameErr != nil && (rest.IsNotFound(err) || rest.IsInvalid(err)):
		return []string{framework.UpperFirst(nameErr.Error()) + "."}
	case id == "" && rest.IsAlreadyExists(err):
		// Databricks returns this for a path that is not an experiment.
		return []string{"This path is not an experiment but, for example, a folder or a notebook. Check the name."}
	case id == "" && rest.IsNotFound(err):
		return []string{"Check the spelling. A deleted experiment is not found by name and, on Databricks, neither is one in a folder that you " +
			"do not have access to."}
	case strings.Contains(id, "/"):
		return []string{"This is a name, not an ID. Set name instead of experiment_id."}
	case rest.IsNotFound(err):
		return []string{"Check the ID: it is the number after /experiments/ in the experiment URL."}
	default:
		return nil
	}
}
