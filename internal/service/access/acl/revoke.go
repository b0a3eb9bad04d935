package acl

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Revoke removes the grants in the state from the list. Other grants and those of `admins` are kept. The caller keeps CAN_MANAGE regardless
// of keep_caller_access: deleting the object, which usually follows, requires it. If the object or the access to its list is missing, it is
// a warning.
func (l *List) Revoke(ctx context.Context, state *Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	lock := l.lock()
	lock.Lock()
	defer lock.Unlock()
	if lock.List != nil {
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("The permissions of %s are declared by another "+
			"resource in this apply, or by the replacement of this one, which now manages them.", l.Object.Name))
		return diags
	}
	before, problem := l.readForWrite(ctx, lock)
	if problem != nil {
		problem.AddRevokeError(&diags)
		return diags
	}
	if framework.IDReused(l.Object.Created, before.Created) {
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("%s no longer exists; its ID now belongs to a "+
			"different %s, whose permissions were not changed.", framework.UpperFirst(l.Object.Name), l.Object.Noun))
		return diags
	}
	caller, ok := Caller(ctx, l.Client, &diags)
	if !ok {
		return diags
	}
	released := slices.DeleteFunc(state.Grants(), l.isOwnerGrant)
	redeclared := slices.DeleteFunc(slices.Clone(released), func(g mlflow.Grant) bool {
		return !lock.Grants[l.Client.PrincipalKey(g.Principal)]
	})
	if len(redeclared) > 0 {
		released = withoutPrincipals(l.Client, released, lock.Grants)
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("Other resources in this apply declare some of the "+
			"grants on %s, and now manage them:\n%s", l.Object.Name, framework.DescribeGrants(redeclared)))
	}
	lock.Retained = state.Retained
	rest := withCaller(l.Client, caller, withoutPrincipals(l.Client, DirectGrants(before), LevelsOf(l.Client, released)), before)
	after, problem := l.set(ctx, before, rest)
	if problem != nil {
		problem.AddRevokeError(&diags)
		return diags
	}
	l.checkRevoked(ctx, withoutPrincipals(l.Client, released, LevelsOf(l.Client, rest)), after, &diags)
	return diags
}

// checkRevoked checks that a list does not contain the revoked grants after a write. If it contains the CAN_MANAGE of a user or service
// principal, the server itself restored it, as it does for owners: a destroy can never remove it, so that is a warning.
func (l *List) checkRevoked(ctx context.Context, revoked []mlflow.Grant, after mlflow.ACL, diags *diag.Diagnostics) {
	levels := LevelsOf(l.Client, revoked)
	var restored []mlflow.Grant
	for _, g := range DirectGrants(after) {
		switch _, isRevoked := levels[l.Client.PrincipalKey(g.Principal)]; {
		case !isRevoked:
		case isIndividual(g) && g.Level == mlflow.LevelManage:
			restored = append(restored, g)
		default:
			l.Problem(ctx, &mlflow.StillGrantedError{Principal: g.Principal}).AddError(diags, "remove permissions")
		}
	}
	if len(restored) > 0 {
		diags.AddWarning("Grants restored by the server", fmt.Sprintf("The server itself adds these grants on %s to each list. They "+
			"remain, unmanaged:\n%s",
			l.Object.Name, framework.DescribeGrants(restored)))
	}
}
