package framework

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

const planTokenKey = "plan_token"

// PlanToken returns a token that is unique to one resource address: the one that KeepPlanToken stored, or a new one. The CLI plans a
// replacement twice, the second time without the state, but with the private state of the first time.
func PlanToken(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) string {
	if req.Plan.Raw.IsNull() {
		return ""
	}
	token, diags := KeepPlanToken(ctx, req.Private, resp.Private)
	resp.Diagnostics.Append(diags...)
	return token
}

// KeepPlanToken returns the stored token of a resource address, and stores a new one if there is none. Create and Read also call it: a plan
// without changes does not store private state, and a refresh that stores more than Create is a change for plan -refresh-only.
func KeepPlanToken(ctx context.Context, from, to PrivateState) (string, diag.Diagnostics) {
	value, diags := from.GetKey(ctx, planTokenKey)
	token, err := strconv.Unquote(string(value))
	if err != nil {
		token = rand.Text()
		diags.Append(to.SetKey(ctx, planTokenKey, strconv.AppendQuote(nil, token))...)
	}
	return token, diags
}
