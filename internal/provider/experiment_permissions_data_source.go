package provider

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

var _ datasource.DataSourceWithConfigure = (*experimentPermissionsDataSource)(nil)

// experimentPermissionsDataSource tells who may do what on one experiment, and why.
type experimentPermissionsDataSource struct{ dataSourceBase }

func newExperimentPermissionsDataSource() datasource.DataSource {
	return &experimentPermissionsDataSource{}
}

type permissionsDataModel struct {
	ExperimentID types.String     `tfsdk:"experiment_id"`
	Grants       []grantModel     `tfsdk:"grants"`
	Effective    []effectiveModel `tfsdk:"effective"`
}

type grantModel struct {
	Principal         string   `tfsdk:"principal"`
	Kind              string   `tfsdk:"kind"`
	Level             string   `tfsdk:"level"`
	Inherited         bool     `tfsdk:"inherited"`
	InheritedFrom     []string `tfsdk:"inherited_from"`
	InheritedFromPath *string  `tfsdk:"inherited_from_path"`
}

type effectiveModel struct {
	Principal string `tfsdk:"principal"`
	Kind      string `tfsdk:"kind"`
	Level     string `tfsdk:"level"`
}

// principalLevelAttributes is the schema of [effectiveModel], all computed.
func principalLevelAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"principal": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The user's e-mail address, the group's name, or the service principal's application id.",
		},
		"kind":  schema.StringAttribute{Computed: true, MarkdownDescription: "`user`, `group` or `service_principal`."},
		"level": schema.StringAttribute{Computed: true, MarkdownDescription: "`CAN_READ`, `CAN_EDIT` or `CAN_MANAGE`; on an MLflow server also `USE`, `NO_PERMISSIONS` or `DENY`."},
	}
}

// grantAttributes is the schema of [grantModel], all computed.
func grantAttributes() map[string]schema.Attribute {
	attributes := principalLevelAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"inherited": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "`false` for a grant on the experiment itself, `true` for one that comes from a folder above it, or on an MLflow " +
				"server from a grant on all experiments.",
		},
		"inherited_from": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects that the grant comes from, such as `/directories/123`; `/directories/` is the workspace's root. " +
				"On an MLflow server `every experiment`, `workspace` (its admins) or `admin`. Empty for a direct grant.",
		},
		"inherited_from_path": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Path of the folder that the grant comes from, such as `/Shared`. Null for a direct grant, and when you may not see the folder.",
		},
	})
	return attributes
}

// Metadata implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permissions"
}

// Schema implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	who := principalLevelAttributes()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who may do what on an experiment: directly, by inheritance from its folders, and all in all. Reading it needs `CAN_MANAGE`.",
		Attributes: map[string]schema.Attribute{
			"experiment_id": schema.StringAttribute{
				Required: true, MarkdownDescription: "Id of the experiment.", Validators: []validator.String{experimentIDValidator},
			},
			"grants": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: grantAttributes()},
				MarkdownDescription: "Every grant, `admins` included, by kind and principal; a direct one comes before the inherited ones.",
			},
			"effective": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: who},
				MarkdownDescription: "The highest level of each principal, by kind and principal. Membership in groups is not resolved: a user may have more by a group.",
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ready(&resp.Diagnostics)
	var data permissionsDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	acl, problem := readACL(ctx, client, data.ExperimentID.ValueString())
	if problem != nil {
		problem.addError(&resp.Diagnostics, "read permissions")
		return
	}
	data.fill(acl, folderPaths(ctx, client, data.ExperimentID.ValueString(), acl))
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

// fill lists the grants. folders has the paths of the objects that they are inherited from, as far as is known.
func (m *permissionsDataModel) fill(acl mlflow.ACL, folders map[string]string) {
	m.Grants, m.Effective = grantsOf(acl), []effectiveModel{}
	for i := range m.Grants {
		m.Grants[i].locate(folders)
	}
	for _, e := range acl.Entries {
		m.Effective = append(m.Effective, effectiveModel{Principal: e.Principal.Name, Kind: string(e.Principal.Kind), Level: e.Effective()})
	}
	slices.SortFunc(m.Effective, func(a, b effectiveModel) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal))
	})
}

// grantsOf lists the grants by kind and name of the principal, direct ones first. Where they come from is still to be located.
func grantsOf(acl mlflow.ACL) []grantModel {
	grants := []grantModel{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			g := grantModel{Principal: e.Principal.Name, Kind: string(e.Principal.Kind), Level: p.Level, Inherited: p.Inherited}
			g.InheritedFrom = append([]string{}, p.InheritedFrom...)
			grants = append(grants, g)
		}
	}
	slices.SortFunc(grants, func(a, b grantModel) int {
		// A direct grant has no origin, and so comes first.
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal),
			slices.Compare(a.InheritedFrom, b.InheritedFrom), cmp.Compare(a.Level, b.Level))
	})
	return grants
}

// locate sets the path of the first object that a grant comes from whose path is known.
func (g *grantModel) locate(folders map[string]string) {
	for _, object := range g.InheritedFrom {
		if folder, ok := folders[object]; ok {
			g.InheritedFromPath = &folder
			return
		}
	}
}

// rootObject is how the server names the root folder that something is inherited from.
const rootObject = "/directories/"

// folderPaths finds the paths of the folders that grants come from: they lie above the experiment. It makes no call when the root is
// the only one, and leaves out what the caller may not see.
func folderPaths(ctx context.Context, client *mlflow.Client, id string, acl mlflow.ACL) map[string]string {
	wanted := map[string]bool{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			for _, object := range p.InheritedFrom {
				wanted[object] = true
			}
		}
	}
	delete(wanted, rootObject)
	paths := map[string]string{rootObject: "/"}
	if len(wanted) == 0 {
		return paths
	}
	experiment, err := client.GetExperiment(ctx, id)
	if err != nil {
		return paths
	}
	folder := path.Dir(experiment.Name)
	for ; len(wanted) > 0 && folder != "/" && folder != "."; folder = path.Dir(folder) {
		status, err := databricks.WorkspaceStatus(ctx, client, folder)
		if err != nil {
			continue
		}
		object := folderObject(status)
		if wanted[object] {
			paths[object] = folder
			delete(wanted, object)
		}
	}
	return paths
}
