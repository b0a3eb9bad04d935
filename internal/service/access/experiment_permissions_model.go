package access

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// experimentPermissionsModel is a mlflow_experiment_permissions.
type experimentPermissionsModel struct {
	acl.Declared

	ID           types.String `tfsdk:"id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
	Workspace    types.String `tfsdk:"workspace"`

	// created is when the experiment was created, as private state remembers it; "" when it does not.
	created string
}

func (m *experimentPermissionsModel) identity() map[string]types.String {
	return map[string]types.String{framework.IdentityExperimentID: m.ExperimentID, framework.AttributeWorkspace: m.Workspace}
}

// placed is the list of a state, with its workspace there and in a plan.
func (m *experimentPermissionsModel) placed(plan *experimentPermissionsModel) framework.WorkspaceObject {
	object := m.remembered().Object
	return framework.WorkspaceObject{Object: object, ID: object, State: m.Workspace, Plan: plan.Workspace}
}

// remembered is the list as [ResourceBase.CheckServer] looks for it.
func (m *experimentPermissionsModel) remembered() framework.StateObject {
	id := m.ExperimentID.ValueString()
	return framework.StateObject{Object: "permissions of " + framework.DescribeExperiment(id, ""), ExperimentID: id, Created: m.created}
}

// list is the access control list that the model is about.
func (m *experimentPermissionsModel) list(b *framework.ResourceBase) *acl.List {
	return experimentList(b.Client(), &b.Provider.Run, m.ExperimentID.ValueString(), m.created)
}

// experimentList is the access control list of an experiment. created is the creation time that private state has, "" if it has none.
func experimentList(client *mlflow.Client, run *framework.RunState, id, created string) *acl.List {
	return &acl.List{
		Client: client, Run: run, Store: client.AccessControl(),
		Object: acl.Object{
			ID: id, Noun: "experiment", Name: framework.DescribeExperiment(id, ""), Created: created, Levels: client.KnownLevels(),
			AccessAdvice: client.AccessAdvice(), Additive: "mlflow_experiment_permission",
		},
		Explain: func(ctx context.Context, p *acl.Problem) { explainExperiment(ctx, client, p) },
	}
}

// explainExperiment asks for the experiment itself: it may be deleted, or keep its permissions elsewhere.
func explainExperiment(ctx context.Context, client *mlflow.Client, p *acl.Problem) {
	e, err := client.GetExperiment(ctx, p.Object.ID)
	switch {
	case rest.IsNotFound(err):
		p.Gone = true
		p.Advice = []string{"There is no such experiment. Check experiment_id."}
	case err != nil:
		p.Err = errors.Join(p.Err, err)
	case e.Deleted():
		p.Gone = true
		p.Advice = []string{"The experiment is deleted. Restore it in the UI, or leave its permissions out."}
	case framework.NotebookPermissionsDetail(e) != "":
		p.Advice = []string{framework.NotebookPermissionsDetail(e)}
	}
}

// reused reports whether the ID belongs to another experiment than the one whose permissions are managed.
func (m *experimentPermissionsModel) reused(list mlflow.ACL) bool {
	return framework.IDReused(m.created, list.Created)
}

// moves reports whether a plan is for another experiment than the state, or may be.
func (m *experimentPermissionsModel) moves(state *experimentPermissionsModel) bool {
	return !m.ExperimentID.Equal(state.ExperimentID)
}
