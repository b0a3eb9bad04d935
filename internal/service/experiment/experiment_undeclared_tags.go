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

// unappliedKey marks, in private state, that nothing was applied since an import or a move. What the configuration does not declare then was never
// ours, and stays on the server. The first update ends it, and nothing else does: how many refreshes come before it is a matter of chance.
const unappliedKey = "unapplied"

// undeclared lists what an import took into the state and the plan does not have: keys of tags, the one of the description among them. There is
// nothing after an apply.
func (m *experimentModel) undeclared(ctx context.Context, private framework.PrivateState, plan experimentModel) ([]string, diag.Diagnostics) {
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

// leaveUndeclared removes from a state what is not declared since an import, so that an update leaves it on the server.
func (m *experimentModel) leaveUndeclared(ctx context.Context, private framework.PrivateState, plan experimentModel) diag.Diagnostics {
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

// warnUndeclared says that the tags and the description which the plan shows as removed stay on the server.
func warnUndeclared(ctx context.Context, private framework.PrivateState, state, plan experimentModel) diag.Diagnostics {
	keys, diags := state.undeclared(ctx, private, plan)
	if len(keys) == 0 {
		return diags
	}
	advice := "To manage them, declare them in tags"
	if slices.Contains(keys, mlflow.TagDescription) {
		advice += ", and " + mlflow.TagDescription + " as description"
	}
	diags.AddWarning("Undeclared tags kept", fmt.Sprintf("%s was imported with tags that are not in the configuration: %s. Apply removes them from the state, "+
		"but not from the server.\n\n%s.", framework.UpperFirst(framework.DescribeExperiment(state.ID.ValueString(), state.Name.ValueString())), strings.Join(keys, ", "), advice))
	return diags
}
