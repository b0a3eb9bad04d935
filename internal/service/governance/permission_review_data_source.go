// Package governance contains the objects for reviews of permissions: the data sources mlflow_permission_review and mlflow_principals, and
// the functions that process their results.
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

// permissionReviewDataSource returns who has access to many experiments.
type permissionReviewDataSource struct{ framework.DataSourceBase }

type permissionReviewModel struct {
	framework.SearchArguments
	Principals types.List   `tfsdk:"principals"`
	MinLevel   types.String `tfsdk:"min_level"`
	Admins     types.Bool   `tfsdk:"include_admins"`
	Workspace  types.String `tfsdk:"workspace"`

	Experiments  []reviewedExperimentModel   `tfsdk:"experiments"`
	Grants       []reviewGrantModel          `tfsdk:"grants"`
	Unreadable   []unreadableExperimentModel `tfsdk:"unreadable"`
	Members      map[string][]string         `tfsdk:"members"`
	DefaultLevel types.String                `tfsdk:"default_level"`
	Server       types.String                `tfsdk:"server"`
	Caller       types.String                `tfsdk:"caller"`
	Counts       *reviewCounts               `tfsdk:"counts"`
}

// reviewedExperimentModel is an experiment whose grants could be read.
type reviewedExperimentModel struct {
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

type unreadableExperimentModel struct {
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
	grant["inherited_from_path"] = text("Path of the folder that the grant is inherited from, for example `/Shared`. The provider " +
		"compares which experiments inherit from the folder, and looks up at most 5 folders if that is ambiguous (for a single " +
		"experiment, at most its parent folders). Null for a direct grant, and if the folder cannot be determined.")
	maps.Copy(grant, map[string]schema.Attribute{
		"experiment_id":   text("ID of the experiment."),
		"experiment_name": text("Name of the experiment, spelled as on the server."),
		"display_name":    text("Display name of the user or service principal. Null if the server does not return one."),
		"effective": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether this grant determines the effective level of the principal on the experiment: " +
				"the highest level, a direct grant first. A principal with `CAN_EDIT` and `CAN_RUN`, neither of which includes the " +
				"other, has an effective grant for each. Group membership is not resolved: a user can have a higher level through a " +
				"group. See the function `effective_access`.",
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns who has access to which experiments: all direct and inherited grants on the selected experiments. " +
			"Select experiments with the arguments of `mlflow_experiments`; by default, the review contains all active experiments that " +
			"the current user can read.\n\nOn Databricks, reading the permissions of an experiment requires `CAN_MANAGE`. Experiments " +
			"whose permissions cannot be read are listed in `unreadable` and do not fail the review.",
		Attributes: framework.WithSearchAttributes(map[string]schema.Attribute{
			"principals": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(),
					listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
				},
				MarkdownDescription: "Names of the users, groups, and service principals (application IDs) whose grants to return. On " +
					"Databricks, group names are case-sensitive, and all other names are case-insensitive. On an MLflow server, the " +
					"roles of a listed user (see `members`) are included. Defaults to all principals.",
			},
			"min_level": schema.StringAttribute{
				Optional: true, Validators: []validator.String{framework.LevelValidator{CommonOnly: true}},
				MarkdownDescription: "Minimum level of the grants to return: `CAN_READ`, `CAN_RUN`, `CAN_EDIT`, or `CAN_MANAGE`. Grants " +
					"are excluded only if their level is known to be lower: `CAN_EDIT` also returns `CAN_RUN` and vice versa, and " +
					"unknown levels are always returned. Defaults to any level.",
			},
			"include_admins": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Return the grants of admins, who have access to everything: on Databricks, those " +
					"of the group `admins`; on an MLflow server, the rights of server admins. Defaults to `true`.",
			},
			framework.AttributeWorkspace: exportedWorkspace(),
			"experiments": list("Selected experiments whose grants could be read, in `order_by` order, by default by name. Experiments "+
				"without matching grants are included.",
				map[string]schema.Attribute{
					"id":    text("ID of the experiment."),
					"name":  text("Name of the experiment, spelled as on the server."),
					"owner": text("Owner: email, username, or application ID. Null if the server does not return one."),
					"tags": schema.MapAttribute{
						ElementType: types.StringType, Computed: true,
						MarkdownDescription: "Tags of the experiment, including `mlflow.note.content` (the description), without tags " +
							"set by the server.",
					},
					"last_update_time": text("Time of the last update in RFC 3339 format. Null if the server does not return one."),
				}),
			"grants": list("Grants that match the filters, in the order of `experiments`, then by kind and principal, direct grants "+
				"first.", grant),
			"unreadable": list("Selected experiments whose grants could not be read, in the same order.", map[string]schema.Attribute{
				"experiment_id":   text("ID of the experiment."),
				"experiment_name": text("Name of the experiment."),
				"experiment_kind": text("`workspace`, or `notebook` or `git_folder` for an experiment that has the permissions of a " +
					"notebook."),
				"reason": text("Reason, with the response of the server."),
			}),
			"members": schema.MapAttribute{
				ElementType: types.ListType{ElemType: types.StringType}, Computed: true,
				MarkdownDescription: "On an MLflow server, the users in each role, by role name. Null on Databricks (see " +
					"`mlflow_principals`), on servers without roles, and if the identity that runs Terraform is neither a server admin " +
					"nor a manager of the MLflow workspace.",
			},
			"default_level": text("On an MLflow server, the level that every user has on every experiment unless denied " +
				"(`default_permission` of the server). On a server with MLflow workspaces, where that default does not apply, " +
				"`NO_PERMISSIONS`: a user without a grant has no access. Null on Databricks, on servers before MLflow 3.13, where each " +
				"user has a grant, and if the identity that runs Terraform is neither a server admin nor a manager of the MLflow " +
				"workspace."),
			"server": text("URL of the server. On Databricks, it contains the workspace ID as `?w=` if the provider knows it."),
			"caller": text("Identity that ran the review: email, username, or application ID. Null if the server does not return it."),
			"counts": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "Totals of the review.",
				Attributes: map[string]schema.Attribute{
					"experiments": number("Number of selected experiments, including unreadable ones."),
					"unreadable":  number("Number of experiments whose grants could not be read."),
					"grants":      number("Number of grants that match the filters."),
					"principals":  number("Number of principals with these grants."),
				},
			},
		}),
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *permissionReviewDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return framework.SearchConflicts()
}

// ValidateConfig rejects invalid search arguments before a request is sent.
func (d *permissionReviewDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
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
	found, diags := model.FindMapped(ctx, client, keepReviewFields)
	resp.Diagnostics.Append(diags...)
	var principals []string
	resp.Diagnostics.Append(model.Principals.ElementsAs(ctx, &principals, false)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r := &reviewer{
		client: client, minLevel: model.MinLevel.ValueString(), folders: d.Folders(),
		excludeAdmins: !model.Admins.IsNull() && !model.Admins.ValueBool(),
	}
	if err := r.readAll(ctx, found, principals); err != nil {
		framework.AddError(&resp.Diagnostics, "review permissions", client.BackendName(), err)
		return
	}
	if r.accessContext.MembersHidden && len(principals) > 0 {
		resp.Diagnostics.AddAttributeWarning(path.Root("principals"), "Role members are hidden", "The MLflow server returns the members "+
			"of roles only to server admins and managers of the workspace. Grants that a listed user has through a role are missing from "+
			"the review, unless the role is also listed.")
	}
	model.setFromReview(r)
	if err := model.setOrigin(ctx, client); err != nil {
		framework.AddError(&resp.Diagnostics, "look up the current user", client.BackendName(), err)
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

// exportedWorkspace returns the schema of the argument workspace, which also exports the MLflow workspace of the provider.
func exportedWorkspace() schema.StringAttribute {
	attribute := framework.WorkspaceDataAttribute()
	attribute.Computed = true
	attribute.MarkdownDescription += " Null if neither is set."
	return attribute
}

// setOrigin sets the server that was reviewed, its MLflow workspace, and the identity that ran the review.
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
		err = nil // some servers do not return it to every identity
	}
	m.Caller = framework.OrNull(caller)
	return err
}

// isServerFailure reports whether the server did not process a request, so that a retry can succeed.
func isServerFailure(err error) bool {
	var apiError *rest.APIError
	var unreachable *rest.UnreachableError
	if errors.As(err, &apiError) {
		return isTemporary(apiError) || rest.IsUnauthenticated(err)
	}
	return errors.As(err, &unreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// setFromReview sets the computed attributes.
func (m *permissionReviewModel) setFromReview(r *reviewer) {
	m.Experiments, m.Grants, m.Unreadable = []reviewedExperimentModel{}, []reviewGrantModel{}, []unreadableExperimentModel{}
	grantees := map[mlflow.PrincipalKey]bool{}
	for _, result := range r.results {
		e := result.experiment
		if result.reason != "" {
			m.Unreadable = append(m.Unreadable, unreadableExperimentModel{e.ID, e.Name, e.Kind(), result.reason})
			continue
		}
		owner, _ := e.Tag(mlflow.TagOwnerEmail)
		m.Experiments = append(m.Experiments, reviewedExperimentModel{
			ID: types.StringValue(e.ID), Name: types.StringValue(e.Name), Owner: framework.OrNull(owner),
			Tags: userTags(e), LastUpdateTime: framework.FormatTime(e.LastUpdated()),
		})
		for _, g := range result.grants {
			g.SetOriginPath(r.paths)
			m.Grants = append(m.Grants, g)
			grantees[r.principalKey(g.Kind, g.Principal)] = true
		}
	}
	m.Members, m.DefaultLevel = r.accessContext.Members, framework.OrNull(r.accessContext.DefaultLevel)
	m.Counts = &reviewCounts{
		Experiments: int64(len(r.results)), Unreadable: int64(len(m.Unreadable)),
		Grants: int64(len(m.Grants)), Principals: int64(len(grantees)),
	}
}
