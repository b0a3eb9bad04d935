// Package governance has the objects for reviews of permissions: the data sources mlflow_permission_review and mlflow_principals, and the functions
// that compute over what they return.
package governance

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
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
	_ datasource.DataSourceWithConfigure        = (*permissionReviewDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*permissionReviewDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig   = (*permissionReviewDataSource)(nil)
)

// permissionReviewDataSource tells who may do what on many experiments.
type permissionReviewDataSource struct{ framework.DataSourceBase }

type permissionReviewModel struct {
	framework.SearchArguments
	Principals types.List   `tfsdk:"principals"`
	MinLevel   types.String `tfsdk:"min_level"`
	Workspace  types.String `tfsdk:"workspace"`

	Experiments  []reviewedModel     `tfsdk:"experiments"`
	Grants       []reviewGrantModel  `tfsdk:"grants"`
	Unreadable   []unreadableModel   `tfsdk:"unreadable"`
	Members      map[string][]string `tfsdk:"members"`
	DefaultLevel types.String        `tfsdk:"default_level"`
	Server       types.String        `tfsdk:"server"`
	Caller       types.String        `tfsdk:"caller"`
	Counts       *reviewCounts       `tfsdk:"counts"`
}

// reviewedModel is an experiment whose grants could be read.
type reviewedModel struct {
	ID    types.String `tfsdk:"id"`
	Name  types.String `tfsdk:"name"`
	Owner types.String `tfsdk:"owner"`

	Tags           map[string]string `tfsdk:"tags"`
	LastUpdateTime types.String      `tfsdk:"last_update_time"`
}

type reviewGrantModel struct {
	ExperimentID   string `tfsdk:"experiment_id"`
	ExperimentName string `tfsdk:"experiment_name"`
	framework.GrantModel
	DisplayName *string `tfsdk:"display_name"`
	Effective   bool    `tfsdk:"effective"`
}

type unreadableModel struct {
	ExperimentID   string `tfsdk:"experiment_id"`
	ExperimentName string `tfsdk:"experiment_name"`
	ExperimentKind string `tfsdk:"experiment_kind"`
	Reason         string `tfsdk:"reason"`
}

type reviewCounts struct {
	Experiments int64 `tfsdk:"experiments"`
	Unreadable  int64 `tfsdk:"unreadable"`
	Grants      int64 `tfsdk:"grants"`
	Principals  int64 `tfsdk:"principals"`
}

// NewPermissionReviewDataSource returns the data source mlflow_permission_review.
func NewPermissionReviewDataSource() datasource.DataSource { return &permissionReviewDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *permissionReviewDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_permission_review"
}

// Schema implements [datasource.DataSource].
func (d *permissionReviewDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text, list := computedText, computedList
	number := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	grant := framework.GrantAttributes()
	grant["inherited_from_path"] = text("Path of the folder that the grant comes from, such as `/Shared`. It is determined by which experiments inherit " +
		"from the folder. If that is ambiguous, the provider looks up at most 5 folders (for a single experiment, at most those above it). Null if it cannot be " +
		"determined, and for a direct grant.")
	maps.Copy(grant, map[string]schema.Attribute{
		"experiment_id":   text("Id of the experiment."),
		"experiment_name": text("Name of the experiment in the server's spelling."),
		"display_name":    text("Name of the user or service principal to show to people. Null where the server tells none."),
		"effective": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "`true` for the one grant of the principal on the experiment that counts: its highest level, by the direct grant if " +
				"that is among them. Filter by it for one line a principal. A principal with both `CAN_EDIT` and `CAN_RUN`, of which neither includes the other, " +
				"has one for each. Membership in groups is not resolved: a user may have more by a group.",
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who may do what on which experiment: every grant on every experiment that is selected, direct or inherited. The arguments select " +
			"as those of `mlflow_experiments` do; without any, all active experiments that you may read. An experiment whose permissions you may not read " +
			"(on Databricks that takes `CAN_MANAGE`) does not fail the review: it stands under `unreadable` with the reason.",
		Attributes: framework.WithSearchAttributes(map[string]schema.Attribute{
			"principals": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
				},
				MarkdownDescription: "Only grants of these users, groups and service principals (by application id). Groups compare exactly, the others in any case. On " +
					"an MLflow server the roles that a listed user is a member of (see `members`) count too. Default: everybody's.",
			},
			"min_level": schema.StringAttribute{
				Optional: true, Validators: []validator.String{framework.LevelValidator{CommonOnly: true}},
				MarkdownDescription: "Only grants of this level (`CAN_READ`, `CAN_RUN`, `CAN_EDIT` or `CAN_MANAGE`) or a higher one. A level that is not known to be " +
					"lower is always included: `CAN_RUN` with `CAN_EDIT` and vice versa, and a level that the provider does not know. Defaults to any level.",
			},
			framework.AttributeWorkspace: exportedWorkspace(),
			"experiments": list("The experiments whose grants could be read, in the order of `order_by`, else by name. Also those without any grant that passes the filters.",
				map[string]schema.Attribute{
					"id":    text("Id of the experiment."),
					"name":  text("Name in the server's spelling."),
					"owner": text("User name of the owner, or application id when it is a service principal. Null where the server keeps no owner."),
					"tags": schema.MapAttribute{
						ElementType: types.StringType, Computed: true,
						MarkdownDescription: "Tags of the experiment, including `mlflow.note.content` (the description), without those that the server itself writes.",
					},
					"last_update_time": text("Time of the last update in RFC 3339 format. Null if the server does not return one."),
				}),
			"grants": list("Every grant that passes the filters, `admins` included: in the order of `experiments`, then by kind and principal, a direct one before the "+
				"inherited ones. Ready for the function `permission_matrix`.", grant),
			"unreadable": list("The experiments that were selected and whose grants could not be read, in the same order.", map[string]schema.Attribute{
				"experiment_id":   text("Id of the experiment."),
				"experiment_name": text("Name of the experiment."),
				"experiment_kind": text("`workspace`, or `notebook` and `git_folder` for experiments that have the permissions of a notebook."),
				"reason":          text("Why its grants could not be read, and what the server said."),
			}),
			"members": schema.MapAttribute{
				ElementType: types.ListType{ElemType: types.StringType}, Computed: true,
				MarkdownDescription: "On an MLflow server the users in each role, by the role's name: a grant to a role is one to all of them. Null on Databricks, where " +
					"groups are looked after elsewhere, on servers without roles, and unless you are an admin of the server or the workspace.",
			},
			"default_level": text("On an MLflow server the level that every user has at least on every experiment, unless denied (`default_permission` of the server). On a " +
				"server with workspaces `NO_PERMISSIONS`, since that default does not apply there: without a grant, users have no access. Null on Databricks, and where it can't be told: before MLflow " +
				"3.13, when every user holds a grant anyway, and unless you are an admin of the server or the workspace."),
			"server": text("URL of the server. On Databricks, it contains the workspace ID as `?w=` if the provider knows it."),
			"caller": text("Identity that ran the review: email, username, or application ID. Null if the server does not return it."),
			"counts": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "How much was reviewed.",
				Attributes: map[string]schema.Attribute{
					"experiments": number("Experiments that were selected, the unreadable ones too."),
					"unreadable":  number("Experiments whose grants could not be read."),
					"grants":      number("Grants that pass the filters."),
					"principals":  number("Different principals that hold them."),
				},
			},
		}),
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *permissionReviewDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return framework.SearchConflicts()
}

// ValidateConfig refuses what can't be searched for before the server is asked.
func (d *permissionReviewDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config permissionReviewModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.Validate()...)
}

// Read implements [datasource.DataSource].
func (d *permissionReviewDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model permissionReviewModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.ClientIn(ctx, model.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := model.FindMapped(ctx, client, forReview)
	resp.Diagnostics.Append(diags...)
	var principals []string
	resp.Diagnostics.Append(model.Principals.ElementsAs(ctx, &principals, false)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r := &reviewer{client: client, minLevel: model.MinLevel.ValueString(), folders: d.Folders()}
	if err := r.run(ctx, found, principals); err != nil {
		framework.AddError(&resp.Diagnostics, "review permissions", client.BackendName(), err)
		return
	}
	if r.background.MembersHidden && len(principals) > 0 {
		resp.Diagnostics.AddAttributeWarning(path.Root("principals"), "Role members are hidden", "The MLflow server shows the members of its roles only to its admins and to "+
			"managers of the workspace. Grants that a listed user has through a role are not in the review, unless the role is listed too.")
	}
	model.setFromReview(r)
	if err := model.setOrigin(ctx, client); err != nil {
		framework.AddError(&resp.Diagnostics, "read the current user", client.BackendName(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func computedList(description string, attributes map[string]schema.Attribute) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Computed: true, MarkdownDescription: description, NestedObject: schema.NestedAttributeObject{Attributes: attributes},
	}
}

// exportedWorkspace is the schema of the argument workspace, which also exports the workspace of the provider.
func exportedWorkspace() schema.StringAttribute {
	attribute := framework.WorkspaceDataAttribute()
	attribute.Computed = true
	attribute.MarkdownDescription += " Null if neither is set."
	return attribute
}

// setOrigin sets which server was reviewed, and by whom.
func (m *permissionReviewModel) setOrigin(ctx context.Context, client *mlflow.Client) error {
	endpoint, err := client.Endpoint(ctx)
	if err != nil {
		return err
	}
	server := *endpoint.BaseURL
	server.User, server.Path = nil, strings.TrimSuffix(server.Path, "/")
	if endpoint.WorkspaceID != "" {
		server.Path += "/"
		server.RawQuery = url.Values{"w": {endpoint.WorkspaceID}}.Encode()
	}
	m.Server = types.StringValue(server.String())
	if workspace := client.MLflowWorkspace(); m.Workspace.IsNull() && workspace != mlflow.DefaultWorkspace {
		m.Workspace = framework.OrNull(workspace)
	}
	caller, err := client.CallerName(ctx)
	if err != nil && !isServerFailure(err) {
		err = nil // not every server returns it to everybody
	}
	m.Caller = framework.OrNull(caller)
	return err
}

// isServerFailure reports whether the server did not process a request, so that another try can succeed.
func isServerFailure(err error) bool {
	var answered *rest.APIError
	var unanswered *rest.UnreachableError
	if errors.As(err, &answered) {
		return isTemporary(answered) || rest.IsUnauthenticated(err)
	}
	return errors.As(err, &unanswered) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// setFromReview sets the computed attributes.
func (m *permissionReviewModel) setFromReview(r *reviewer) {
	m.Experiments, m.Grants, m.Unreadable = []reviewedModel{}, []reviewGrantModel{}, []unreadableModel{}
	holders := map[mlflow.PrincipalKey]bool{}
	for _, result := range r.results {
		e := result.experiment
		if result.reason != "" {
			m.Unreadable = append(m.Unreadable, unreadableModel{e.ID, e.Name, e.Kind(), result.reason})
			continue
		}
		owner, _ := e.Tag(mlflow.TagOwnerEmail)
		m.Experiments = append(m.Experiments, reviewedModel{
			ID: types.StringValue(e.ID), Name: types.StringValue(e.Name), Owner: framework.OrNull(owner),
			Tags: userTags(e), LastUpdateTime: framework.FormatTime(e.LastUpdated()),
		})
		for _, g := range result.grants {
			g.Locate(r.paths)
			m.Grants = append(m.Grants, g)
			holders[r.principalKey(g.Kind, g.Principal)] = true
		}
	}
	m.Members, m.DefaultLevel = r.background.Members, framework.OrNull(r.background.DefaultLevel)
	m.Counts = &reviewCounts{
		Experiments: int64(len(r.results)), Unreadable: int64(len(m.Unreadable)), Grants: int64(len(m.Grants)), Principals: int64(len(holders)),
	}
}
