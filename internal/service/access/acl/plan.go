package acl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// CheckSpelling rejects a different spelling of a principal if a level in the same map is unknown, at the entry of the plan.
func CheckSpelling(diags *diag.Diagnostics, rules mlflow.NameRules, state, plan *Declared) {
	planned := plan.maps()
	for i, prior := range state.maps() {
		if key, before := respelledKey(rules, prior.kind, *prior.levels, *planned[i].levels); key != "" {
			diags.AddAttributeError(path.Root(prior.attribute).AtMapKey(key), "Principal spelled differently",
				fmt.Sprintf("The state contains this principal as %q, and another level in the map is unknown until apply, so the plan "+
					"cannot determine whether only the spelling changes.\n\nKeep the spelling %q for this apply, and change it in the "+
					"next one.", before, before))
		}
	}
}

// CheckTwoMaps rejects a principal in two maps, which is a duplicate on any server with service principals. Whether names that differ only
// in case are duplicates depends on the server, so [List.PlanWrite] checks that.
func CheckTwoMaps(diags *diag.Diagnostics, config *Declared) {
	for _, d := range config.duplicates(framework.RulesOf(mlflow.KindDatabricks)) {
		if d.entry.attribute != d.earlier.attribute {
			d.addError(diags)
		}
	}
}

// PlanWrite checks a plan that writes the list: no duplicate and no invalid principal, and the caller keeps its access. The ID of the
// object can be unknown.
func (l *List) PlanWrite(ctx context.Context, plan *Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, d := range plan.duplicates(l.Client) {
		d.addError(&diags)
	}
	for _, d := range plan.Entries() {
		CheckGrant(&diags, l.Client, l.Object.Levels, d.Grant, d.Path(), d.Path())
	}
	if plan.KeepCallerAccess.IsUnknown() || !plan.shouldKeepCaller() || !slices.ContainsFunc(plan.Entries(), Entry.isRestrictive) {
		return diags // no entry can lower the access of the caller
	}
	if caller, ok := Caller(ctx, l.Client, &diags); ok {
		diags.Append(plan.checkCaller(l.Client, caller, l.Object)...)
	}
	return diags
}

// PlanAdopt reads the list of an object whose permissions the plan adopts, and reports the changes that the plan itself does not show. An
// apply in the same run uses this list.
func (l *List) PlanAdopt(ctx context.Context, plan *Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	lock := l.lock()
	lock.Lock()
	defer lock.Unlock()
	list, problem := l.Read(ctx)
	if problem != nil {
		problem.AddPlanError(&diags)
		return diags
	}
	lock.Planned = &list
	l.warnIneffective(&diags, plan, list)
	if plan.Groups.IsUnknown() || plan.Users.IsUnknown() || plan.ServicePrincipals.IsUnknown() {
		return diags // the undeclared grants are unknown
	}
	l.warnRemoved(ctx, &diags, plan, list)
	return diags
}

// PlanChange reports what the plan of an update does not show: the undeclared grants that it keeps and, if the refresh has read the list,
// the levels without effect.
func (l *List) PlanChange(ctx context.Context, plan *Declared, retained types.Map) diag.Diagnostics {
	var diags diag.Diagnostics
	lock := l.lock()
	lock.Lock()
	defer lock.Unlock()
	var kept []mlflow.Grant
	if plan.shouldKeepCaller() {
		kept = slices.DeleteFunc(plan.retainedGrants(l.Client, retained), l.isOwnerGrant)
		l.warnKept(&diags, kept)
	}
	if lock.Refreshed == nil {
		return diags
	}
	l.warnIneffective(&diags, plan, *lock.Refreshed)
	if !plan.isKnown() {
		return diags
	}
	owners := l.undeclaredOwnerGrants(plan, *lock.Refreshed)
	if len(owners) > 0 && !isRetained(l.Client, retained, owners[0]) {
		diags.AddWarning(summaryKept, fmt.Sprintf("Apply keeps the grant of the owner of %s, which is not in the "+
			"configuration:\n%s\n\nTo manage the grant, declare it.",
			l.Object.Name, framework.DescribeGrants(owners)))
	}
	if own, _ := l.callerGrantToKeep(ctx, &diags, plan, slices.Concat(plan.Grants(), kept, owners), *lock.Refreshed); own.Level != "" {
		l.warnCallerGrant(&diags, own, *lock.Refreshed)
	}
	return diags
}

// warnRemoved reports the undeclared grants that an adoption removes, and the caller's own grant that it keeps.
func (l *List) warnRemoved(ctx context.Context, diags *diag.Diagnostics, plan *Declared, list mlflow.ACL) {
	removed, note := slices.DeleteFunc(plan.undeclared(l.Client, list), l.isOwnerGrant), ""
	own, caller := l.callerGrantToKeep(ctx, diags, plan, append(plan.Grants(), l.undeclaredOwnerGrants(plan, list)...), list)
	if diags.HasError() {
		return
	}
	isOwn := func(g mlflow.Grant) bool {
		return g.Level == mlflow.LevelManage && isIndividual(g) && SamePrincipal(l.Client, caller, g.Principal)
	}
	switch {
	case own.Level != "":
		l.warnCallerGrant(diags, own, list)
		removed = slices.DeleteFunc(removed, isOwn)
	case slices.ContainsFunc(removed, isOwn):
		note = fmt.Sprintf(" %q is the identity that runs Terraform, and can manage the %s without its own grant.",
			caller.Name, l.Object.Noun)
	}
	if len(removed) > 0 {
		diags.AddWarning("Undeclared permissions will be removed", fmt.Sprintf(
			"%s has direct grants that are not in the configuration. Apply removes them:\n%s\n\nDeclare the grants to keep.%s",
			framework.UpperFirst(l.Object.Name), framework.DescribeGrants(removed), note))
	}
}

// undeclaredOwnerGrants returns the grant of the owner of the object if the plan does not declare it. A write keeps it.
func (l *List) undeclaredOwnerGrants(plan *Declared, list mlflow.ACL) []mlflow.Grant {
	return slices.DeleteFunc(plan.undeclared(l.Client, list), func(g mlflow.Grant) bool { return !l.isOwnerGrant(g) })
}

// callerGrantToKeep returns the caller's own CAN_MANAGE if a write of the planned grants keeps or adds it; otherwise, its level is empty.
// It looks up the caller only if the write revokes CAN_MANAGE from a principal; otherwise, caller is empty.
func (l *List) callerGrantToKeep(
	ctx context.Context, diags *diag.Diagnostics, plan *Declared, planned []mlflow.Grant, list mlflow.ACL,
) (own mlflow.Grant, caller mlflow.Principal) {
	levels := LevelsOf(l.Client, planned)
	loses := slices.ContainsFunc(DirectGrants(list), func(g mlflow.Grant) bool {
		return g.Level == mlflow.LevelManage && g.Principal != list.Admins &&
			levels[l.Client.PrincipalKey(g.Principal)] != mlflow.LevelManage
	})
	if !plan.shouldKeepCaller() || !loses {
		return own, caller
	}
	current, ok := Caller(ctx, l.Client, diags)
	_, isPlanned := levels[l.Client.PrincipalKey(current.Principal)]
	if ok && !isPlanned && !HasManage(l.Client, current, planned, list) {
		own = mlflow.Grant{Principal: current.Principal, Level: mlflow.LevelManage}
	}
	return own, current.Principal
}

// summaryKept is the summary of the warnings about undeclared grants that a write keeps.
const summaryKept = "Undeclared access is kept"

// warnCallerGrant reports that a write keeps or adds the caller's own grant.
func (l *List) warnCallerGrant(diags *diag.Diagnostics, own mlflow.Grant, list mlflow.ACL) {
	if LevelsOf(l.Client, DirectGrants(list))[l.Client.PrincipalKey(own.Principal)] == own.Level {
		l.warnKept(diags, []mlflow.Grant{own})
		return
	}
	diags.AddWarning(summaryKept, fmt.Sprintf("Apply grants %s on %s to %s %q, which is the identity that runs Terraform, because no "+
		"other grant provides it.\n\nTo manage the grant, declare it. To keep only declared grants, set keep_caller_access = false.",
		own.Level, l.Object.Name, framework.KindNoun(own.Principal.Kind), own.Principal.Name))
}

// warnKept reports the undeclared grants that a write keeps.
func (l *List) warnKept(diags *diag.Diagnostics, kept []mlflow.Grant) {
	if len(kept) == 0 {
		return
	}
	diags.AddWarning(summaryKept, fmt.Sprintf("Apply keeps these grants on %s, which are not in the configuration, so that the "+
		"identities that run Terraform keep their access:\n%s\n\nTo manage a grant, declare it. To keep only declared grants, set "+
		"keep_caller_access = false.",
		l.Object.Name, framework.DescribeGrants(kept)))
}

// retainedGrants returns the grants that an earlier run retained and the plan does not declare. `retained` contains users and service
// principals without their kind. Only Databricks has both, where they share a namespace and only service principals are named by UUID.
func (m *Declared) retainedGrants(rules mlflow.NameRules, retained types.Map) []mlflow.Grant {
	var grants []mlflow.Grant
	levels := framework.StringMap(retained)
	for _, name := range framework.SortedKeys(levels) {
		p := mlflow.Principal{Kind: mlflow.KindUser, Name: name}
		asServicePrincipal := mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: name}
		if databricks.IsApplicationID(name) && SamePrincipal(rules, p, asServicePrincipal) {
			p = asServicePrincipal
		}
		grants = append(grants, mlflow.Grant{Principal: p, Level: levels[name]})
	}
	return withoutPrincipals(rules, grants, LevelsOf(rules, m.Grants()))
}

// warnIneffective reports the declared levels that have no effect because a higher level, or DENY, is inherited.
func (l *List) warnIneffective(diags *diag.Diagnostics, plan *Declared, list mlflow.ACL) {
	inherited := map[mlflow.PrincipalKey]mlflow.ACLEntry{}
	for _, e := range list.Entries {
		inherited[l.Client.PrincipalKey(e.Principal)] = e
	}
	for _, d := range plan.Entries() {
		e, verb := inherited[l.Client.PrincipalKey(d.Principal)], "lower"
		more := slices.DeleteFunc(e.Inherited(), func(level string) bool {
			return level == d.Level || !mlflow.IncludesLevel(level, d.Level)
		})
		if d.Level != mlflow.LevelDeny && isDeniedByInheritance(e) {
			more, verb = []string{mlflow.LevelDeny}, "override"
		}
		if len(more) == 0 {
			continue
		}
		levels := strings.Join(more, " and ")
		from, advice := inheritedSource(e, more[0])
		diags.AddAttributeWarning(d.Path(), "Permission level has no effect", fmt.Sprintf("The %s %q inherits %s %s. An entry here cannot "+
			"%s it, so %s on %s has no effect.\n\n%s, or declare %s.",
			framework.KindNoun(d.Principal.Kind), d.Principal.Name, levels, from, verb, d.Level, l.Object.Name, advice, levels))
	}
}

// isDeniedByInheritance reports whether an inherited DENY, which exists on MLflow servers only, overrides the other grants of a principal.
func isDeniedByInheritance(e mlflow.ACLEntry) bool {
	return !slices.ContainsFunc(e.Permissions, mlflow.Permission.FromAdminRole) &&
		slices.ContainsFunc(e.Permissions, func(p mlflow.Permission) bool { return p.Inherited && p.Level == mlflow.LevelDeny })
}

// inheritedSource describes where a principal inherits a level from, and how to change that.
func inheritedSource(e mlflow.ACLEntry, level string) (from, advice string) {
	i := slices.IndexFunc(e.Permissions, func(p mlflow.Permission) bool { return p.Inherited && p.Level == level })
	switch origins := e.Permissions[i].InheritedFrom; {
	case slices.Contains(origins, mlflow.FromAdmin):
		return "as a server admin", "Remove the admin status of the user"
	case slices.Contains(origins, mlflow.FromWorkspace):
		return "as a manager of the MLflow workspace", "Change the grant on the MLflow workspace"
	case slices.Contains(origins, mlflow.FromEveryExperiment):
		return "from a grant on every experiment", "Change that grant"
	default:
		return "from a parent folder", "Change the permissions of that folder"
	}
}

// otherManageActions returns the other actions, for a message, that CAN_MANAGE on the object allows.
func (o Object) otherManageActions() string {
	if o.Noun == "experiment" {
		return " or delete the experiment"
	}
	return " or the experiments in the " + o.Noun
}
