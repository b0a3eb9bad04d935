package tag

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// experimentTagKeyValidator validates the key of a tag. Unlike [framework.TagsValidator], it allows the key of the description, which is
// not an attribute of this resource.
type experimentTagKeyValidator struct{}

// Description implements [validator.Describer].
func (experimentTagKeyValidator) Description(context.Context) string {
	return "must not be empty or reserved by the server"
}

// MarkdownDescription implements [validator.Describer].
func (v experimentTagKeyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (experimentTagKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	key := req.ConfigValue
	if key.IsNull() || key.IsUnknown() || key.ValueString() == mlflow.TagDescription {
		return
	}
	if reason := framework.InvalidTagKeyReason(key.ValueString()); reason != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid tag key", reason)
	}
}

// ModifyPlan keeps the ID of an unchanged tag, and validates the tag against the limits of the server. It sends no request.
func (r *experimentTagResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if r.PlanWorkspace(ctx, req, state.workspaceObject(plan), resp) {
		return
	}
	if !req.State.Raw.IsNull() && plan.sameTag(state) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), state.ID)...)
	}
	client := r.Provider.Client // the limits are the same in all workspaces
	if client == nil || plan.Key.IsUnknown() {
		return
	}
	if err := client.CheckTag(mlflow.Tag{Key: plan.Key.ValueString()}); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Invalid tag", framework.UpperFirst(err.Error())+".")
		return
	}
	if err := client.CheckTag(plan.tag()); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("value"), "Invalid tag", framework.UpperFirst(err.Error())+".")
	}
}
