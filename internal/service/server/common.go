package server

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// The values of deletion_policy that all objects of a server have.
const (
	deletionDelete = "delete"
	deletionRetain = "retain"
)

const planTokenKey = "plan_token"

// planToken returns what tells the plans of one resource address from those of all others in a run, empty for a plan without a state that is
// not the second one of a replacement. For a replacement the CLI plans twice, the second time without the state, but with the private state of
// the first time.
func planToken(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) string {
	switch {
	case req.Plan.Raw.IsNull():
		return ""
	case req.State.Raw.IsNull():
		value, diags := req.Private.GetKey(ctx, planTokenKey)
		resp.Diagnostics.Append(diags...)
		token, _ := strconv.Unquote(string(value))
		return token
	default: // a new one for each plan: the user may have copied the state
		token := rand.Text()
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, planTokenKey, strconv.AppendQuote(nil, token))...)
		return token
	}
}
