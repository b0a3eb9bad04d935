// Package acl manages the access control list of an experiment or a folder: the grants that a configuration declares, and the reads and
// writes that keep the list on the server consistent with them.
package acl

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// List is the access control list of one object on the server.
type List struct {
	Client *mlflow.Client
	// Run has the lock of the list, and the grants that other resources of the run declare.
	Run    *framework.RunState
	Object Object
	// Store reads and writes the list.
	Store mlflow.ACLStore
	// Explain returns the cause of an error that does not contain it, with advice. It can read the object.
	Explain func(ctx context.Context, object Object, err error) *Problem
}

// Object is the object that a list belongs to.
type Object struct {
	// ID is the ID of an experiment, or the object ID of a folder.
	ID string
	// Noun is "experiment" or "folder". Name describes the object in messages.
	Noun, Name string
	// Created is the creation time in private state, "" if there is none or the server does not reuse IDs.
	Created string
	// Levels are the known permission levels. AccessAdvice is the advice if the caller cannot read or change the list.
	Levels       []string
	AccessAdvice string
	// Owner is a user, for example that of a home folder, whose CAN_MANAGE is kept unless it is declared otherwise; zero if there is none.
	Owner mlflow.Principal
	// Additive is the type of the resource that manages the grant of one principal, "" if there is none.
	Additive string
}

// Problem is the reason why an access control list cannot be read or written, with advice.
type Problem struct {
	Object Object
	// Err is the error of the request.
	Err error
	// ObjectMissing reports whether the object is deleted or does not exist.
	ObjectMissing bool
	// Advice contains sentences with the cause and the next step.
	Advice []string
}

// AddError reports the problem. action is a verb and a noun, for example "read permissions".
func (p *Problem) AddError(diags *diag.Diagnostics, action string) {
	framework.AddError(diags, action, p.Object.Name, p.Err, p.Advice...)
}

// AddRefreshError reports a problem during a refresh.
func (p *Problem) AddRefreshError(diags *diag.Diagnostics) {
	advice := p.Advice
	if p.Denied() {
		advice = append(advice, "To destroy the resource without that access, which leaves the grants in place, use terraform "+
			"destroy -refresh=false.")
	}
	framework.AddError(diags, "read permissions", p.Object.Name, p.Err, advice...)
}

// AddPlanError reports a problem during the plan to adopt the permissions of the object. If the apply can still succeed, it is a warning.
func (p *Problem) AddPlanError(diags *diag.Diagnostics) {
	const action = "read permissions"
	switch {
	case p.ObjectMissing:
		// Not an error: Terraform also plans before a destroy, which must succeed if the object is deleted.
		framework.AddWarning(diags, action, p.Object.Name, p.Err, append(p.Advice, "Apply would fail.")...)
	case p.Denied():
		// The apply itself can grant the access first.
		framework.AddWarning(diags, action, p.Object.Name, p.Err, append(p.Advice, "If this apply first grants that access, for example "+
			"with another provider configuration, let this resource depend on that grant. Otherwise, apply fails. The plan cannot show "+
			"which grants apply would remove.")...)
	default:
		p.AddError(diags, action)
	}
}

// AddRevokeError reports a problem during a destroy. It is a warning if the object is missing or the caller has no access to its list.
func (p *Problem) AddRevokeError(diags *diag.Diagnostics) {
	const action = "remove permissions"
	switch {
	case p.ObjectMissing:
		framework.AddWarning(diags, action, p.Object.Name, p.Err, fmt.Sprintf("The %s no longer exists, and neither do its permissions. "+
			"No action is needed.", p.Object.Noun))
	case p.Denied():
		framework.AddWarning(diags, action, p.Object.Name, p.Err,
			"Removing them requires CAN_MANAGE. They remain, unmanaged: ask a user with CAN_MANAGE to remove them.")
	default:
		p.AddError(diags, action)
	}
}

// Denied reports whether the caller lacks CAN_MANAGE.
func (p *Problem) Denied() bool { return rest.IsPermissionDenied(p.Err) }

// lock returns the lock of the list.
func (l *List) lock() *framework.ACLLock { return l.Run.ACLLock(l.Object.ID) }

// Read reads the list, as [mlflow.ACLStore].Get.
func (l *List) Read(ctx context.Context) (mlflow.ACL, *Problem) {
	list, err := l.Store.Get(ctx, l.Object.ID)
	if err != nil {
		return list, l.Problem(ctx, err)
	}
	return list, nil
}

// readForWrite returns the list for a write: the one that the plan of the same run read, or the result of a read.
func (l *List) readForWrite(ctx context.Context, lock *framework.ACLLock) (mlflow.ACL, *Problem) {
	if planned := lock.Planned; planned != nil {
		lock.Planned = nil
		return *planned, nil
	}
	return l.Read(ctx)
}

// set replaces the direct grants of the object if they differ, and returns the new list.
func (l *List) set(ctx context.Context, before mlflow.ACL, grants []mlflow.Grant) (mlflow.ACL, *Problem) {
	if sameGrants(l.Client, DirectGrants(before), grants) {
		return before, nil
	}
	after, err := l.Store.Set(ctx, l.Object.ID, grants)
	if err != nil {
		return after, l.Problem(ctx, err)
	}
	return after, nil
}

// Problem returns the cause of an error, with advice. A missing principal also is a 404, and does not mean that the object is missing.
func (l *List) Problem(ctx context.Context, err error) *Problem {
	p := &Problem{Object: l.Object, Err: err}
	var object *mlflow.ObjectError
	var unsupported *mlflow.UnsupportedError
	var still *mlflow.StillGrantedError
	switch missing, ok := mlflow.MissingPrincipal(err); {
	case ok:
		p.Advice = []string{fmt.Sprintf("The list contains a grant to %s %q, which does not exist on the server. The server rejects "+
			"every list with that grant. Remove the grant in the UI, or restore the %s, then apply again.",
			framework.KindNoun(missing.Kind), missing.Name, framework.KindNoun(missing.Kind))}
	case errors.As(err, &still):
		p.Advice = []string{fmt.Sprintf("Some servers restore grants themselves, for example that of the owner of the %s. If yours "+
			"does, remove the resource from the state: terraform state rm ADDRESS.", l.Object.Noun)}
	case errors.As(err, &unsupported) && unsupported.Single && l.Object.Additive != "":
		p.Advice = []string{"Use " + l.Object.Additive + ", which manages the grant of one principal."}
	case p.Denied():
		p.Advice = []string{l.Object.AccessAdvice}
	case errors.As(err, &object), rest.IsNotFound(err), rest.IsInvalid(err):
		return l.Explain(ctx, l.Object, err)
	}
	return p
}

// Caller looks up the current user, which the client caches. It reports an error in diags, and returns false after one.
func Caller(ctx context.Context, client *mlflow.Client, diags *diag.Diagnostics) (mlflow.Caller, bool) {
	caller, err := client.Caller(ctx)
	var unsupported *mlflow.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		framework.AddError(diags, "manage permissions", client.BackendName(), err)
		return caller, false
	case err != nil:
		framework.AddError(diags, "look up the current user", client.BackendName(), err,
			"The provider looks up its own identity so that it does not revoke its own access.")
		return caller, false
	}
	return caller, true
}
