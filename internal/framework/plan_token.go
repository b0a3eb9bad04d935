package framework

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

const planTokenKey = "plan_token"

// PlanToken returns what tells the plans of one resource address from those of all others: what KeepPlanToken stored, or a new one. For a
// replacement the CLI plans twice, the second time without the state, but with the private state of the first time.
func PlanToken(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) string {
	if req.Plan.Raw.IsNull() {
		return ""
	}
	token, diags := KeepPlanToken(ctx, req.Private, resp.Private)
	resp.Diagnostics.Append(diags...)
	return token
}

// KeepPlanToken returns the stored token of a resource address, and stores a new one if there is none. Read calls it too, since a plan that
// changes nothing stores nothing.
func KeepPlanToken(ctx context.Context, from, to PrivateState) (string, diag.Diagnostics) {
	value, diags := from.GetKey(ctx, planTokenKey)
	token, err := strconv.Unquote(string(value))
	if err != nil {
		token = rand.Text()
		diags.Append(to.SetKey(ctx, planTokenKey, strconv.AppendQuote(nil, token))...)
	}
	return token, diags
}
