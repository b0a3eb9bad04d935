package access

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Create implements [resource.Resource]. An existing grant is adopted.
func (r *experimentPermissionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseCreateWorkspace(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		plan.setID()
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		created := r.LookUpCreationTime(ctx, plan.ExperimentID.ValueString(), plan.created)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}

// grant creates the grant or changes its level. It rejects a change that would lower the caller's own access. Like revoke, it keeps the
// lock from the check to the write: a concurrent write could revoke the access that the check found.
func (r *experimentPermissionResource) grant(ctx context.Context, plan *experimentPermissionModel, diags *diag.Diagnostics) bool {
	id, level := plan.ExperimentID.ValueString(), plan.PermissionLevel.ValueString()
	name, p := plan.principal()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	reused, err := r.idReused(ctx, plan)
	if err != nil {
		r.problem(ctx, id, err).AddError(diags, "grant permission")
		return false
	}
	if reused {
		diags.AddError("Could not grant permission", fmt.Sprintf("%s: the experiment no longer exists, and its ID now belongs to a "+
			"different experiment. Nothing was changed.\n\nRun terraform plan again: the refresh removes the grant from the state.",
			framework.UpperFirst(plan.object())))
		return false
	}
	if level != mlflow.LevelManage {
		lost, ok := r.lostAccess(ctx, id, p, level, diags)
		if !ok {
			return false
		}
		if lost != "" {
			diags.AddAttributeError(path.Root("permission_level"), "Grant would lower your own access",
				fmt.Sprintf("%s With %s, it can no longer change permissions or delete the experiment.\n\nDeclare CAN_MANAGE, or first "+
					"grant it to the identity that runs Terraform or to another of its groups.", lost, level))
			return false
		}
	}
	lock.Planned = nil // outdated after the write
	created, err := r.Client().AccessControl().Grant(ctx, id, mlflow.Grant{Principal: p, Level: level})
	if err == nil {
		lock.DeclareGrant(r.Client(), p)
		plan.created = cmp.Or(framework.FormatCreationTime(created), plan.created)
		return true
	}
	if _, missing := mlflow.MissingPrincipal(err); missing {
		diags.AddAttributeError(path.Root(name.attribute), "Could not grant permission", framework.ErrorDetail(plan.object(), err,
			"Nothing was changed. "+r.Client().PrincipalAdvice(p)))
		return false
	}
	problem := r.problem(ctx, id, err)
	framework.AddError(diags, "grant permission", plan.object(), problem.Err, problem.Advice...)
	return false
}
