package access

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

var _ datasource.DataSourceWithConfigure = (*experimentPermissionsDataSource)(nil)

// experimentPermissionsDataSource tells who may do what on one experiment, and why.
type experimentPermissionsDataSource struct{ framework.DataSourceBase }

// NewExperimentPermissionsDataSource returns the data source mlflow_experiment_permissions.
func NewExperimentPermissionsDataSource() datasource.DataSource {
	return &experimentPermissionsDataSource{}
}

type permissionsDataModel struct {
	ExperimentID types.String           `tfsdk:"experiment_id"`
	Grants       []framework.GrantModel `tfsdk:"grants"`
	Effective    []effectiveModel       `tfsdk:"effective"`
	Workspace    types.String           `tfsdk:"workspace"`
}

type effectiveModel struct {
	Principal string `tfsdk:"principal"`
	Kind      string `tfsdk:"kind"`
	Level     string `tfsdk:"level"`
}

// Metadata implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permissions"
}

// Schema implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	who := framework.PrincipalLevelAttributes()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who may do what on an experiment: directly, by inheritance from its folders, and all in all. Reading it needs `CAN_MANAGE`.",
		Attributes: map[string]schema.Attribute{
			"experiment_id": schema.StringAttribute{
				Required: true, MarkdownDescription: "Id of the experiment.", Validators: []validator.String{framework.ExperimentIDValidator},
			},
			"grants": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: framework.GrantAttributes()},
				MarkdownDescription: "Every grant, `admins` included, by kind and principal; a direct one comes before the inherited ones.",
			},
			"effective": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: who},
				MarkdownDescription: "The highest level of each principal, by kind and principal. A principal that has both `CAN_EDIT` and `CAN_RUN`, of which " +
					"neither includes the other, has an element for each. Membership in groups is not resolved: a user may have more by a group.",
			},
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data permissionsDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	client := d.ClientIn(ctx, data.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	acl, problem := readACL(ctx, client, data.ExperimentID.ValueString())
	if problem != nil {
		problem.addError(&resp.Diagnostics, "read permissions")
		return
	}
	data.fill(acl, folderPaths(ctx, client, d.Folders(), data.ExperimentID.ValueString(), acl))
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

// fill lists the grants. folders has the paths of the objects that they are inherited from, as far as is known.
func (m *permissionsDataModel) fill(acl mlflow.ACL, folders map[string]string) {
	m.Grants, m.Effective = framework.GrantsOf(acl), []effectiveModel{}
	for i := range m.Grants {
		m.Grants[i].Locate(folders)
	}
	for _, e := range acl.Entries {
		for _, level := range e.Effective() {
			m.Effective = append(m.Effective, effectiveModel{Principal: e.Principal.Name, Kind: string(e.Principal.Kind), Level: level})
		}
	}
	slices.SortFunc(m.Effective, func(a, b effectiveModel) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Level, b.Level))
	})
}

// folderPaths returns the paths of the folders that grants on an experiment are inherited from, as far as they can be determined. It sends no
// request if the root is the only one.
func folderPaths(ctx context.Context, client *mlflow.Client, folders *databricks.FolderIndex, id string, acl mlflow.ACL) map[string]string {
	objects := map[string]map[string]bool{}
	if inherited := databricks.InheritedFolders(acl); len(inherited) > 0 {
		if e, err := client.GetExperiment(ctx, id); err == nil {
			objects[e.Name] = inherited
		}
	}
	return folders.Origins(ctx, client, objects)
}
