package tag

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// experimentTagModel is the resource mlflow_experiment_tag in a configuration, a plan, or a state.
type experimentTagModel struct {
	ID           types.String `tfsdk:"id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
	Key          types.String `tfsdk:"key"`
	Value        types.String `tfsdk:"value"`
	Workspace    types.String `tfsdk:"workspace"`

	// created is the creation time of the experiment, from private state: see [framework.CreationTimeFrom].
	created string
}

func (m experimentTagModel) identity() map[string]types.String {
	return map[string]types.String{framework.IdentityExperimentID: m.ExperimentID, "key": m.Key, framework.AttributeWorkspace: m.Workspace}
}

// workspaceObject returns the tag of a state, with its workspace in the state and in a plan.
func (m experimentTagModel) workspaceObject(plan experimentTagModel) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: m.object(), ID: m.object(), State: m.Workspace, Plan: plan.Workspace}
}

func (m experimentTagModel) tag() mlflow.Tag {
	return mlflow.Tag{Key: m.Key.ValueString(), Value: m.Value.ValueString()}
}

// sameTag reports whether two models have the same experiment and key. Unknown values are never the same.
func (m experimentTagModel) sameTag(o experimentTagModel) bool {
	return m.ExperimentID.Equal(o.ExperimentID) && m.Key.Equal(o.Key)
}

// setID sets the ID, which is also the import ID.
func (m *experimentTagModel) setID() {
	m.ID = types.StringValue(m.ExperimentID.ValueString() + "/" + m.Key.ValueString())
}

// stateObject returns the tag for [framework.ResourceBase.CheckServer].
func (m experimentTagModel) stateObject() framework.StateObject {
	return framework.StateObject{Object: m.object(), ExperimentID: m.ExperimentID.ValueString(), Created: m.created}
}

// object describes the tag in messages.
func (m experimentTagModel) object() string {
	return fmt.Sprintf("tag %q of %s", m.Key.ValueString(), framework.DescribeExperiment(m.ExperimentID.ValueString(), ""))
}
