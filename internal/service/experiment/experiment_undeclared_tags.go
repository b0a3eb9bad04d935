package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// unappliedKey marks, in private state, that there was no update since an import or a move. Until then, undeclared tags were never managed,
// and the provider leaves them on the server. The first update removes the mark; the number of refreshes before it does not matter.
const unappliedKey = "unapplied"

// undeclared returns the keys of the tags that an import added to the state and that are not in the plan, including that of the
// description. It returns none after the first update.
func (m *experimentModel) undeclared(
	ctx context.Context, private framework.PrivateState, plan experimentModel,
) ([]string, diag.Diagnostics) {
	mark, diags := private.GetKey(ctx, unappliedKey)
	if mark == nil || plan.Tags.IsUnknown() || plan.TagsAll.IsUnknown() {
		return nil, diags
	}
	declared := plan.TagsAll.Elements()
	var keys []string
	for _, key := range framework.SortedKeys(m.wantedTags()) {
		_, found := declared[key]
		if key == mlflow.TagDescription {
			found = plan.Description.IsUnknown() || plan.Description.ValueString() != ""
		}
		if !found {
			keys = append(keys, key)
		}
	}
	return keys, diags
}

// dropUndeclared removes the undeclared tags of an import from the state, so that an update does not remove them from the server.
func (m *experimentModel) dropUndeclared(ctx context.Context, private framework.PrivateState, plan experimentModel) diag.Diagnostics {
	keys, diags := m.undeclared(ctx, private, plan)
	tags, all := framework.StringMap(m.Tags), framework.StringMap(m.TagsAll)
	for _, key := range keys {
		delete(tags, key)
		delete(all, key)
		if key == mlflow.TagDescription {
			m.Description = types.StringNull()
		}
	}
	if len(keys) > 0 {
		m.Tags, m.TagsAll = framework.StringMapValue(tags), framework.StringMapValue(all)
	}
	return diags
}

// warnUndeclared warns that apply does not remove the tags, and the description, that the plan shows as removed.
func warnUndeclared(ctx context.Context, private framework.PrivateState, state, plan experimentModel) diag.Diagnostics {
	keys, diags := state.undeclared(ctx, private, plan)
	if len(keys) == 0 {
		return diags
	}
	advice := "To manage them, declare them in tags"
	if slices.Contains(keys, mlflow.TagDescription) {
		advice += ", and " + mlflow.TagDescription + " as description"
	}
	diags.AddWarning("Undeclared tags kept", fmt.Sprintf("%s was imported with tags that are not in the configuration: %s. Apply removes "+
		"them from the state, but not from the server.\n\n%s.", framework.UpperFirst(state.object()), strings.Join(keys, ", "), advice))
	return diags
}
