package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// aclProblem is why the access control list of an experiment can't be read or written, and what to do about it.
type aclProblem struct {
	experimentID string
	err          error
	// gone: the experiment is deleted, or there never was one.
	gone   bool
	advice []string
}

// addError reports the problem. could is such as "read permissions".
func (p *aclProblem) addError(diags *diag.Diagnostics, could string) {
	framework.AddError(diags, could, framework.DescribeExperiment(p.experimentID, ""), p.err, p.advice...)
}

// denied: the caller lacks CAN_MANAGE.
func (p *aclProblem) denied() bool { return rest.IsPermissionDenied(p.err) }

// readACL reads an experiment's access control list.
func readACL(ctx context.Context, client *mlflow.Client, id string) (mlflow.ACL, *aclProblem) {
	acl, err := client.AccessControl().Get(ctx, id)
	if err != nil {
		return acl, explainACL(ctx, client, id, err)
	}
	return acl, nil
}

// readACLForWrite returns the list for a write: as the plan of the same resource has just read it, or else by a read.
func readACLForWrite(ctx context.Context, client *mlflow.Client, lock *framework.ACLLock, id string) (mlflow.ACL, *aclProblem) {
	if planned := lock.Planned; planned != nil {
		lock.Planned = nil
		return *planned, nil
	}
	return readACL(ctx, client, id)
}

// writeACL replaces the direct grants of an experiment, unless they are the same already, and returns the list as it is then.
func writeACL(ctx context.Context, client *mlflow.Client, id string, before mlflow.ACL, grants []mlflow.Grant) (mlflow.ACL, *aclProblem) {
	if sameGrants(client, directGrants(before), grants) {
		return before, nil
	}
	after, err := client.AccessControl().Set(ctx, id, grants)
	if err != nil {
		return after, explainACL(ctx, client, id, err)
	}
	return after, nil
}

// explainACL finds out what a refusal means. A missing principal answers 404 too, and has nothing to do with the experiment.
func explainACL(ctx context.Context, client *mlflow.Client, id string, err error) *aclProblem {
	p := &aclProblem{experimentID: id, err: err}
	var object *mlflow.ObjectError
	var unsupported *mlflow.UnsupportedError
	var still *mlflow.StillGrantedError
	switch missing, ok := mlflow.MissingPrincipal(err); {
	case ok:
		p.advice = []string{fmt.Sprintf("The entry of %s %q stands in the way: the server does not know it (any more), and rejects every list that contains it. Remove the "+
			"grant in the UI, or restore the %s, then apply again.", framework.KindNoun(missing.Kind), missing.Name, framework.KindNoun(missing.Kind))}
		return p
	case errors.As(err, &object):
		return lookAtExperiment(ctx, client, p)
	case errors.As(err, &still):
		p.advice = []string{"Some servers put grants back by themselves, for example that of the experiment's owner. If this is one, remove the resource from the state: " +
			"terraform state rm ADDRESS."}
		return p
	case errors.As(err, &unsupported) && unsupported.Single:
		p.advice = []string{"Use mlflow_experiment_permission, which manages the grant of one principal."}
		return p
	case p.denied():
		p.advice = []string{client.AccessAdvice()}
		return p
	case rest.IsNotFound(err), rest.IsInvalid(err):
		return lookAtExperiment(ctx, client, p)
	default:
		return p
	}
}

// lookAtExperiment asks for the experiment itself: it may be deleted, or keep its permissions elsewhere.
func lookAtExperiment(ctx context.Context, client *mlflow.Client, p *aclProblem) *aclProblem {
	e, err := client.GetExperiment(ctx, p.experimentID)
	switch {
	case rest.IsNotFound(err):
		p.gone = true
		p.advice = []string{"There is no such experiment. Check experiment_id."}
	case err != nil:
		p.err = errors.Join(p.err, err)
	case e.Deleted():
		p.gone = true
		p.advice = []string{"The experiment is deleted. Restore it in the UI, or leave its permissions out."}
	case framework.PermissionsElsewhere(e) != "":
		p.advice = []string{framework.PermissionsElsewhere(e)}
	}
	return p
}

// callerOf asks who the credentials belong to; the client remembers the answer.
func callerOf(ctx context.Context, client *mlflow.Client, diags *diag.Diagnostics) (mlflow.Caller, bool) {
	caller, err := client.Caller(ctx)
	var unsupported *mlflow.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		framework.AddError(diags, "manage permissions", client.BackendName(), err)
		return caller, false
	case err != nil:
		framework.AddError(diags, "look up the caller", client.BackendName(), err,
			"The provider needs to know who it runs as, so that it takes nobody's own access away by mistake.")
		return caller, false
	}
	return caller, true
}
