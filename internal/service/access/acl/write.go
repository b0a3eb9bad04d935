package acl

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Write sets the direct grants of the object to the declared ones and those that it keeps: grants of `admins`, grants that a resource for
// one principal made in this run, grants that an earlier run retained, grants that [Declared.SetFromACL] omits, and the caller's own if it
// would otherwise be lost. state is the prior state for the same object, nil if the plan adopts it. Write sets `retained` from the
// response, which includes the grants that the server itself restored, and returns the list.
func (l *List) Write(ctx context.Context, plan, state *Declared, diags *diag.Diagnostics) mlflow.ACL {
	lock := l.lock()
	lock.Lock()
	defer lock.Unlock()
	before, problem := l.readForWrite(ctx, lock)
	switch {
	case problem != nil:
		problem.AddError(diags, "set permissions")
		return before
	case framework.IDReused(l.Object.Created, before.Created):
		diags.AddError("Could not set permissions", fmt.Sprintf("%s no longer exists; its ID now belongs to a different %s. Nothing was "+
			"changed.\n\nRun terraform plan again: the refresh removes the permissions from the state.",
			framework.UpperFirst(l.Object.Name), l.Object.Noun))
		return before
	case lock.List != nil:
		diags.AddError("Permissions are managed by two resources", fmt.Sprintf("Another resource in this apply has already set all "+
			"permissions of %s, and this one would replace them.\n\nDeclare all grants in one resource, and remove the other.",
			l.Object.Name))
		return before
	}
	grants, ok := l.grantsToWrite(ctx, plan, state, before, diags)
	if !ok {
		return before
	}
	after, problem := l.set(ctx, before, grants)
	var notGranted *mlflow.NotGrantedError
	if problem == nil || errors.As(problem.Err, &notGranted) { // the list was written in both cases
		lock.DeclareList(l.Client, grants)
	}
	if problem != nil {
		l.addWriteError(diags, plan, problem)
		return after
	}
	plan.setRetained(slices.DeleteFunc(plan.undeclared(l.Client, after), func(g mlflow.Grant) bool {
		return !isIndividual(g) || lock.Grants[l.Client.PrincipalKey(g.Principal)] ||
			isInherited(l.Client, after, g) && !l.wasRetained(state, g) && !l.isOwnerGrant(g)
	}))
	return after
}

// grantsToWrite returns the declared grants and those to keep. ok is false after an error.
func (l *List) grantsToWrite(
	ctx context.Context, plan, state *Declared, before mlflow.ACL, diags *diag.Diagnostics,
) (grants []mlflow.Grant, ok bool) {
	lock := l.lock()
	grants = plan.Grants()
	for _, g := range withoutPrincipals(l.Client, DirectGrants(before), LevelsOf(l.Client, grants)) {
		kept := plan.shouldKeepCaller() && l.wasRetained(state, g)
		if g.Principal == before.Admins || lock.Grants[l.Client.PrincipalKey(g.Principal)] || l.isOwnerGrant(g) || kept ||
			l.wasHidden(state, before, g) {
			grants = append(grants, g)
		}
	}
	if !plan.shouldKeepCaller() {
		return grants, true
	}
	caller, ok := Caller(ctx, l.Client, diags)
	if !ok {
		return nil, false
	}
	if diags.Append(plan.checkCaller(l.Client, caller, l.Object)...); diags.HasError() {
		return nil, false
	}
	return withCaller(l.Client, caller, grants, before), true
}

// wasRetained reports whether an earlier run retained a grant, for this resource or for one that this run destroyed.
func (l *List) wasRetained(state *Declared, g mlflow.Grant) bool {
	return state != nil && isRetained(l.Client, state.Retained, g) || isRetained(l.Client, l.lock().Retained, g)
}

// wasHidden reports whether the plan did not show an undeclared grant because its principal also inherits the level. An apply changes only
// what its plan shows.
func (l *List) wasHidden(state *Declared, before mlflow.ACL, g mlflow.Grant) bool {
	if state == nil || !isInherited(l.Client, before, g) || isRetained(l.Client, state.Retained, g) {
		return false
	}
	_, shown := LevelsOf(l.Client, state.Grants())[l.Client.PrincipalKey(g.Principal)]
	return !shown
}

// isOwnerGrant reports whether a grant is the CAN_MANAGE of the owner of the object.
func (l *List) isOwnerGrant(g mlflow.Grant) bool {
	return l.Object.Owner.Name != "" && g.Level == mlflow.LevelManage && SamePrincipal(l.Client, g.Principal, l.Object.Owner)
}

// addWriteError reports a missing principal, and a grant that the server lists differently, at the entry that declares it.
func (l *List) addWriteError(diags *diag.Diagnostics, plan *Declared, problem *Problem) {
	var notGranted *mlflow.NotGrantedError
	missing, isMissing := mlflow.MissingPrincipal(problem.Err)
	switch {
	case isMissing:
		addEntryError(diags, l.Client, plan, problem, missing, "Nothing was changed. "+l.Client.PrincipalAdvice(missing))
	case errors.As(problem.Err, &notGranted):
		addEntryError(diags, l.Client, plan, problem, notGranted.Grant.Principal, "The permissions were updated. Correct the entry, "+
			"then apply again.")
	default:
		problem.AddError(diags, "set permissions")
	}
}

// addEntryError reports the problem at the entry of a principal, or without a path if there is none.
func addEntryError(diags *diag.Diagnostics, rules mlflow.NameRules, plan *Declared, problem *Problem, p mlflow.Principal, advice string) {
	for _, d := range plan.Entries() {
		if SamePrincipal(rules, d.Principal, p) {
			diags.AddAttributeError(d.Path(), "Could not set permissions", framework.ErrorDetail(problem.Object.Name, problem.Err, advice))
			return
		}
	}
	problem.AddError(diags, "set permissions")
}

// Refresh sets the state from a list that was just read. It looks up the caller only if an undeclared grant can be the caller's. ok is
// false after an error.
func (l *List) Refresh(ctx context.Context, state *Declared, list mlflow.ACL, diags *diag.Diagnostics) (ok bool) {
	retained := l.retained(ctx, state, list, diags)
	if diags.HasError() {
		return false
	}
	state.SetFromACL(l.Client, list, retained)
	lock := l.lock()
	lock.Lock()
	defer lock.Unlock()
	lock.Refreshed = &list
	return true
}

// retained returns the undeclared grants that are not drift: those that an earlier run retained, the owner's, and the caller's own
// CAN_MANAGE. An import retains none: it reads every grant into the maps.
func (l *List) retained(ctx context.Context, state *Declared, list mlflow.ACL, diags *diag.Diagnostics) []mlflow.Grant {
	if state.IsImport() {
		return nil
	}
	var retained []mlflow.Grant
	for _, g := range state.undeclared(l.Client, list) {
		switch {
		case !isIndividual(g):
		case isRetained(l.Client, state.Retained, g), l.isOwnerGrant(g):
			retained = append(retained, g)
		case isInherited(l.Client, list, g):
		case state.shouldKeepCaller() && g.Level == mlflow.LevelManage:
			caller, ok := Caller(ctx, l.Client, diags)
			if !ok {
				return nil
			}
			if IsOwn(l.Client, caller, g.Principal) {
				retained = append(retained, g)
			}
		}
	}
	return retained
}
