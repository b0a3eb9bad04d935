package tag

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

type experimentTagModel struct {
	ID           types.String `tfsdk:"id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
	Key          types.String `tfsdk:"key"`
	Value        types.String `tfsdk:"value"`
	Workspace    types.String `tfsdk:"workspace"`

	// created is when the experiment was created, from private state: see CreationTimeFrom.
	created string
}

func (m experimentTagModel) identity() map[string]types.String {
	return map[string]types.String{framework.IdentityExperimentID: m.ExperimentID, "key": m.Key, framework.AttributeWorkspace: m.Workspace}
}

// placed is the tag of a state, with its workspace there and in a plan.
func (m experimentTagModel) placed(plan experimentTagModel) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: m.object(), ID: m.object(), State: m.Workspace, Plan: plan.Workspace}
}

func (m experimentTagModel) tag() mlflow.Tag {
	return mlflow.Tag{Key: m.Key.ValueString(), Value: m.Value.ValueString()}
}

// sameTag reports whether two models are about the same tag of the same experiment, as far as is known.
func (m experimentTagModel) sameTag(o experimentTagModel) bool {
	return m.ExperimentID.Equal(o.ExperimentID) && m.Key.Equal(o.Key)
}

// setID fills the id, which is the import id as well.
func (m *experimentTagModel) setID() {
	m.ID = types.StringValue(m.ExperimentID.ValueString() + "/" + m.Key.ValueString())
}

// remembered is the tag as [ResourceBase.CheckServer] looks for it.
func (m experimentTagModel) remembered() framework.StateObject {
	return framework.StateObject{Object: m.object(), ExperimentID: m.ExperimentID.ValueString(), Created: m.created}
}

// object describes the tag in messages.
func (m experimentTagModel) object() string {
	return fmt.Sprintf("tag %q of %s", m.Key.ValueString(), framework.DescribeExperiment(m.ExperimentID.ValueString(), ""))
}
