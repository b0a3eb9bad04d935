package access

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// experimentPermissionModel is the model of mlflow_experiment_permission. Exactly one of the three names is set.
type experimentPermissionModel struct {
	ID                   types.String `tfsdk:"id"`
	ExperimentID         types.String `tfsdk:"experiment_id"`
	UserName             types.String `tfsdk:"user_name"`
	GroupName            types.String `tfsdk:"group_name"`
	ServicePrincipalName types.String `tfsdk:"service_principal_name"`
	PermissionLevel      types.String `tfsdk:"permission_level"`
	Workspace            types.String `tfsdk:"workspace"`

	// created is the creation time of the experiment in private state, see [framework.CreationTimeFrom].
	created string
}

// principalName is one of the three attributes that contain the name of a principal.
type principalName struct {
	attribute string
	kind      mlflow.PrincipalKind
	value     *types.String
}

func (m *experimentPermissionModel) names() []principalName {
	return []principalName{
		{"user_name", mlflow.KindUser, &m.UserName},
		{"group_name", mlflow.KindGroup, &m.GroupName},
		{"service_principal_name", mlflow.KindServicePrincipal, &m.ServicePrincipalName},
	}
}

// principalAttributes are the attributes in the order of names.
var principalAttributes = []string{"user_name", "group_name", "service_principal_name"}

func (m *experimentPermissionModel) identity() map[string]types.String {
	values := map[string]types.String{framework.IdentityExperimentID: m.ExperimentID, framework.AttributeWorkspace: m.Workspace}
	for _, n := range m.names() {
		values[n.attribute] = *n.value
	}
	return values
}

// principal returns the attribute that is set, and the principal that it names; the name is "" if it is unknown.
func (m *experimentPermissionModel) principal() (principalName, mlflow.Principal) {
	for _, n := range m.names() {
		if !n.value.IsNull() {
			return n, mlflow.Principal{Kind: n.kind, Name: n.value.ValueString()}
		}
	}
	return principalName{}, mlflow.Principal{}
}

// setID sets the ID, which is also the import ID.
func (m *experimentPermissionModel) setID() {
	_, p := m.principal()
	m.ID = types.StringValue(fmt.Sprintf("%s/%s/%s", m.ExperimentID.ValueString(), p.Kind, p.Name))
}

// keepSpelling keeps the spelling of the same principal in the state, and the ID of the grant if the experiment does not change.
func (m *experimentPermissionModel) keepSpelling(rules mlflow.NameRules, state *experimentPermissionModel) {
	mine, p := m.principal()
	theirs, q := state.principal()
	if mine.attribute != theirs.attribute || p.Name == "" || !acl.SamePrincipal(rules, p, q) {
		return
	}
	*mine.value = *theirs.value
	if m.ExperimentID.Equal(state.ExperimentID) {
		m.ID = state.ID
	}
}

// sameGrantee reports whether two models are for the same principal on the same experiment.
func (m *experimentPermissionModel) sameGrantee(rules mlflow.NameRules, o *experimentPermissionModel) bool {
	_, mine := m.principal()
	_, theirs := o.principal()
	return m.ExperimentID.Equal(o.ExperimentID) && acl.SamePrincipal(rules, mine, theirs)
}

// workspaceObject returns the grant in a state, with its workspace in the state and in a plan.
func (m *experimentPermissionModel) workspaceObject(plan *experimentPermissionModel) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: m.object(), ID: m.object(), State: m.Workspace, Plan: plan.Workspace}
}

// stateObject returns the grant as [framework.ResourceBase.CheckServer] identifies it.
func (m *experimentPermissionModel) stateObject() framework.StateObject {
	return framework.StateObject{Object: m.object(), ExperimentID: m.ExperimentID.ValueString(), Created: m.created}
}

// object describes the grant in messages.
func (m *experimentPermissionModel) object() string {
	_, p := m.principal()
	return fmt.Sprintf("%s %q on %s", framework.KindNoun(p.Kind), p.Name, framework.DescribeExperiment(m.ExperimentID.ValueString(), ""))
}
