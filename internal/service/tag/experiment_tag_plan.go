package tag

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// experimentTagKeyValidator is InvalidTagKeyReason, but for the description: where the experiment is managed elsewhere, no other attribute
// holds it.
type experimentTagKeyValidator struct{}

// Description implements [validator.Describer].
func (experimentTagKeyValidator) Description(context.Context) string {
	return "must not be empty, nor be kept by the server"
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
		resp.Diagnostics.AddAttributeError(req.Path, "Tag key not allowed", reason)
	}
}

// ModifyPlan keeps the id of a tag that stays the same, and checks the tag against the server's limits, without asking it.
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
	if r.PlanWorkspace(ctx, req, state.placed(plan), resp) {
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
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Tag not allowed", framework.UpperFirst(err.Error())+".")
		return
	}
	if err := client.CheckTag(plan.tag()); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("value"), "Tag not allowed", framework.UpperFirst(err.Error())+".")
	}
}
