package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// experimentPermissionsModel is the model of mlflow_experiment_permissions.
type experimentPermissionsModel struct {
	acl.Declared

	ID           types.String `tfsdk:"id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
	Workspace    types.String `tfsdk:"workspace"`

	// created is the creation time of the experiment in private state, "" if there is none.
	created string
}

func (m *experimentPermissionsModel) identity() map[string]types.String {
	return map[string]types.String{framework.IdentityExperimentID: m.ExperimentID, framework.AttributeWorkspace: m.Workspace}
}

// workspaceObject returns the permissions in a state, with their workspace in the state and in a plan.
func (m *experimentPermissionsModel) workspaceObject(plan *experimentPermissionsModel) framework.WorkspaceObject {
	object := m.stateObject().Object
	return framework.WorkspaceObject{Object: object, ID: object, State: m.Workspace, Plan: plan.Workspace}
}

// stateObject returns the permissions as [framework.ResourceBase.CheckServer] identifies them.
func (m *experimentPermissionsModel) stateObject() framework.StateObject {
	id := m.ExperimentID.ValueString()
	return framework.StateObject{Object: "permissions of " + framework.DescribeExperiment(id, ""), ExperimentID: id, Created: m.created}
}

// list returns the access control list of the model.
func (m *experimentPermissionsModel) list(b *framework.ResourceBase) *acl.List {
	return experimentList(b.Client(), &b.Provider.Run, m.ExperimentID.ValueString(), m.created)
}

// experimentList returns the access control list of an experiment. created is its creation time in private state, "" if there is none.
func experimentList(client *mlflow.Client, run *framework.RunState, id, created string) *acl.List {
	return &acl.List{
		Client: client, Run: run, Store: client.AccessControl(),
		Object: acl.Object{
			ID: id, Noun: "experiment", Name: framework.DescribeExperiment(id, ""), Created: created, Levels: client.KnownLevels(),
			AccessAdvice: client.AccessAdvice(), Additive: "mlflow_experiment_permission",
		},
		Explain: func(ctx context.Context, object acl.Object, err error) *acl.Problem {
			return explainExperiment(ctx, client, object, err)
		},
	}
}

// explainExperiment returns the cause of an error about the permissions of an experiment. It reads the experiment, which can be deleted or
// have its permissions elsewhere.
func explainExperiment(ctx context.Context, client *mlflow.Client, object acl.Object, err error) *acl.Problem {
	e, readErr := client.GetExperiment(ctx, object.ID)
	problem := acl.Problem{Object: object, Err: err}
	switch {
	case rest.IsNotFound(readErr):
		problem.ObjectMissing = true
		problem.Advice = []string{"The experiment does not exist. Check experiment_id."}
	case readErr != nil:
		problem.Err = rest.FollowedBy(err, "reading the experiment also failed", readErr)
	case e.Deleted():
		problem.ObjectMissing = true
		problem.Advice = []string{"The experiment is deleted. Restore it in the UI, or remove its permissions from the configuration."}
	case framework.NotebookPermissionsDetail(e) != "":
		problem.Advice = []string{framework.NotebookPermissionsDetail(e)}
	}
	return &problem
}

// idReused reports whether the ID now belongs to a different experiment.
func (m *experimentPermissionsModel) idReused(list mlflow.ACL) bool {
	return framework.IDReused(m.created, list.Created)
}

// hasOtherExperiment reports whether a plan is, or can be, for another experiment than the state.
func (m *experimentPermissionsModel) hasOtherExperiment(state *experimentPermissionsModel) bool {
	return !m.ExperimentID.Equal(state.ExperimentID)
}
