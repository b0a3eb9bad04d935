package provider_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// noChanges checks that a plan has no changes, except for moves.
type noChanges struct{}

// CheckPlan implements [plancheck.PlanCheck].
func (noChanges) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, rc := range req.Plan.ResourceChanges {
		if !rc.Change.Actions.NoOp() {
			resp.Error = fmt.Errorf("%s: %v", rc.Address, rc.Change.Actions)
		}
	}
}

// vendorProvider replaces the Databricks provider. Its resources return the state that they are given.
type vendorProvider struct{}

func (*vendorProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "databricks"
}

func (*vendorProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (*vendorProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (*vendorProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*vendorProvider) Resources(context.Context) []func() frameworkresource.Resource {
	return []func() frameworkresource.Resource{
		func() frameworkresource.Resource {
			return &vendorResource{"mlflow_experiment", map[string]schema.Attribute{
				"name": schema.StringAttribute{Computed: true}, "artifact_location": schema.StringAttribute{Computed: true},
				"creation_time": schema.Int64Attribute{Computed: true}, "lifecycle_stage": schema.StringAttribute{Computed: true},
			}}
		},
		func() frameworkresource.Resource {
			entry := map[string]schema.Attribute{}
			for _, name := range []string{"user_name", "group_name", "service_principal_name", "permission_level"} {
				entry[name] = schema.StringAttribute{Computed: true}
			}
			return &vendorResource{"permissions", map[string]schema.Attribute{
				"object_type":    schema.StringAttribute{Computed: true},
				"access_control": schema.SetNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: entry}},
			}}
		},
	}
}

type vendorResource struct {
	name       string
	attributes map[string]schema.Attribute
}

func (r *vendorResource) Metadata(_ context.Context, req frameworkresource.MetadataRequest, resp *frameworkresource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.name
}

func (r *vendorResource) Schema(_ context.Context, _ frameworkresource.SchemaRequest, resp *frameworkresource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true}, "recorded": schema.StringAttribute{Required: true},
	}}
	for name, a := range r.attributes {
		resp.Schema.Attributes[name] = a
	}
}

// Create turns the recorded JSON into the state.
func (r *vendorResource) Create(ctx context.Context, req frameworkresource.CreateRequest, resp *frameworkresource.CreateResponse) {
	var recorded types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("recorded"), &recorded)...)
	object := resp.State.Schema.Type().TerraformType(ctx)
	var values map[string]any
	if err := json.Unmarshal([]byte(recorded.ValueString()), &values); err != nil {
		resp.Diagnostics.AddError("recorded", err.Error())
		return
	}
	values["recorded"] = recorded.ValueString()
	known, _ := object.(tftypes.Object)
	for name := range values {
		if _, ok := known.AttributeTypes[name]; !ok {
			delete(values, name)
		}
	}
	data, _ := json.Marshal(values)
	value, err := tftypes.ValueFromJSON(data, object) //nolint:staticcheck // the way to a state from JSON
	if err != nil {
		resp.Diagnostics.AddError("recorded", err.Error())
		return
	}
	resp.State.Raw = value
}

func (r *vendorResource) Read(context.Context, frameworkresource.ReadRequest, *frameworkresource.ReadResponse) {
}

func (r *vendorResource) Update(context.Context, frameworkresource.UpdateRequest, *frameworkresource.UpdateResponse) {
}

func (r *vendorResource) Delete(context.Context, frameworkresource.DeleteRequest, *frameworkresource.DeleteResponse) {
}
