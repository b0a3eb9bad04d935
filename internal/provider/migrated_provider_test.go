package provider_test

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// migratedProvider replaces the Databricks provider. It creates its objects in the workspace.
type migratedProvider struct {
	vendorProvider
	w *acctest.Workspace
}

func (p *migratedProvider) Resources(context.Context) []func() frameworkresource.Resource {
	return []func() frameworkresource.Resource{
		func() frameworkresource.Resource {
			return &migratedExperiment{vendorResource{name: "mlflow_experiment"}, p.w}
		},
		func() frameworkresource.Resource {
			return &migratedPermissions{vendorResource{name: "permissions"}, p.w}
		},
	}
}

type migratedExperiment struct {
	vendorResource
	w *acctest.Workspace
}

func (r *migratedExperiment) Schema(_ context.Context, _ frameworkresource.SchemaRequest, resp *frameworkresource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true}, "name": schema.StringAttribute{Required: true},
			"artifact_location": schema.StringAttribute{Computed: true}, "creation_time": schema.Int64Attribute{Computed: true},
		},
		Blocks: map[string]schema.Block{
			"tags": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"key": schema.StringAttribute{Required: true}, "value": schema.StringAttribute{Required: true},
			}}},
			"trace_location": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Blocks: map[string]schema.Block{
				"uc_trace_location": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"catalog": schema.StringAttribute{Required: true}, "schema": schema.StringAttribute{Required: true},
					"table_prefix": schema.StringAttribute{Optional: true}, "effective_table_prefix": schema.StringAttribute{Optional: true},
				}}},
			}}},
		},
	}
}

func (r *migratedExperiment) Create(ctx context.Context, req frameworkresource.CreateRequest, resp *frameworkresource.CreateResponse) {
	var m struct {
		ID               types.String `tfsdk:"id"`
		Name             types.String `tfsdk:"name"`
		ArtifactLocation types.String `tfsdk:"artifact_location"`
		CreationTime     types.Int64  `tfsdk:"creation_time"`
		Tags             []struct {
			Key   string `tfsdk:"key"`
			Value string `tfsdk:"value"`
		} `tfsdk:"tags"`
		TraceLocation []struct {
			Tables []struct {
				Catalog              string       `tfsdk:"catalog"`
				Schema               string       `tfsdk:"schema"`
				TablePrefix          types.String `tfsdk:"table_prefix"`
				EffectiveTablePrefix types.String `tfsdk:"effective_table_prefix"`
			} `tfsdk:"uc_trace_location"`
		} `tfsdk:"trace_location"`
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	tags := map[string]string{}
	for _, t := range m.Tags {
		tags[t.Key] = t.Value
	}
	e, _ := r.w.Experiment(r.w.CreateExperiment(emulator.Admin, strings.TrimPrefix(m.Name.ValueString(), "/Workspace"), tags))
	for _, l := range m.TraceLocation {
		r.w.BindTraceLocation(e.ID, l.Tables[0].Catalog, l.Tables[0].Schema, l.Tables[0].TablePrefix.ValueString())
	}
	m.ID, m.ArtifactLocation, m.CreationTime = types.StringValue(e.ID), types.StringValue(e.ArtifactLocation), types.Int64Value(e.CreationTime)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

type migratedPermissions struct {
	vendorResource
	w *acctest.Workspace
}

func (r *migratedPermissions) Schema(_ context.Context, _ frameworkresource.SchemaRequest, resp *frameworkresource.SchemaResponse) {
	optional := schema.StringAttribute{Optional: true}
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed: true,
			}, "object_type": schema.StringAttribute{Computed: true}, "experiment_id": optional, "directory_path": optional,
		},
		Blocks: map[string]schema.Block{
			"access_control": schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"user_name": optional, "group_name": optional, "service_principal_name": optional,
				"permission_level": schema.StringAttribute{Required: true},
			}}},
		},
	}
}

func (r *migratedPermissions) Create(ctx context.Context, req frameworkresource.CreateRequest, resp *frameworkresource.CreateResponse) {
	var id, folder types.String
	var entries []struct {
		User             types.String `tfsdk:"user_name"`
		Group            types.String `tfsdk:"group_name"`
		ServicePrincipal types.String `tfsdk:"service_principal_name"`
		Level            string       `tfsdk:"permission_level"`
	}
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("experiment_id"), &id)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("directory_path"), &folder)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("access_control"), &entries)...)
	object, kind, grant := "/experiments/"+id.ValueString(), "mlflowExperiment", r.w.Grant
	if !folder.IsNull() {
		id = folder
		object, kind, grant = "/directories/"+r.w.FolderID(folder.ValueString()), "directory", r.w.GrantFolder
	}
	for _, e := range entries {
		switch {
		case !e.User.IsNull():
			grant(id.ValueString(), emulator.UserPrincipal(e.User.ValueString()), e.Level)
		case !e.Group.IsNull():
			grant(id.ValueString(), emulator.GroupPrincipal(e.Group.ValueString()), e.Level)
		default:
			grant(id.ValueString(), emulator.ServicePrincipalPrincipal(e.ServicePrincipal.ValueString()), e.Level)
		}
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), object)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("object_type"), kind)...)
}
