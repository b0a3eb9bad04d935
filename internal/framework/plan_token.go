package framework

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

const planTokenKey = "plan_token"

// PlanToken returns a token that is unique to one resource address: the stored one, or a new one that it stores. The CLI plans a
// replacement twice, the second time without the state, but with the private state of the first time.
func PlanToken(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) string {
	if req.Plan.Raw.IsNull() {
		return ""
	}
	token, diags := keepPlanToken(ctx, req.Private, resp.Private)
	resp.Diagnostics.Append(diags...)
	return token
}

// StorePlanToken stores a token if there is none. Create and Read call it: a plan without changes does not store private state, and a
// refresh that stores more than Create is a change for plan -refresh-only.
func StorePlanToken(ctx context.Context, private PrivateState) diag.Diagnostics {
	_, diags := keepPlanToken(ctx, private, private)
	return diags
}

func keepPlanToken(ctx context.Context, from, to PrivateState) (string, diag.Diagnostics) {
	value, diags := from.GetKey(ctx, planTokenKey)
	token, err := strconv.Unquote(string(value))
	if err != nil {
		token = rand.Text()
		diags.Append(to.SetKey(ctx, planTokenKey, strconv.AppendQuote(nil, token))...)
	}
	return token, diags
}
