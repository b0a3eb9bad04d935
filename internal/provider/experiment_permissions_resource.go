package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

var (
	_ resource.Resource                   = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithConfigure      = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithValidateConfig = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithImportState    = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithIdentity       = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithMoveState      = (*experimentPermissionsResource)(nil)
)

// experimentPermissionsResource is everything that is granted on one experiment directly.
type experimentPermissionsResource struct{ resourceBase }

func newExperimentPermissionsResource() resource.Resource { return &experimentPermissionsResource{} }

// Metadata implements [resource.Resource].
func (r *experimentPermissionsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permissions"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentPermissionsResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema(nil, nil)
}

// Schema implements [resource.Resource].
func (r *experimentPermissionsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages all direct grants on an experiment. The resource is authoritative: the plan shows direct grants that are not declared, and " +
			"apply removes them. Inherited permissions and the workspace admins are unmanaged. Use at most one per experiment, and do not combine it with " +
			"`mlflow_experiment_permission`.\n\nDestroying it revokes the declared grants and keeps the access of the identity that runs Terraform. Experiments of " +
			"notebooks have the permissions of the notebook or Git folder and cannot be managed here.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the experiment."},
			"experiment_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "ID of the experiment, for example `mlflow_experiment.churn.id`. When it changes, the grants are made on the new " +
					"experiment first, then revoked on the old one.",
				Validators: []validator.String{experimentIDValidator},
			},
			"groups": principalsAttribute(mlflow.KindGroup, "Map of group to permission level, by case-sensitive display name; on an MLflow server (3.13 and newer), "+
				"map of role to level. On Databricks, `admins` is not allowed: workspace admins always have `CAN_MANAGE`."),
			"users": principalsAttribute(mlflow.KindUser, "Map of user to permission level. On Databricks, users are emails, compared case-insensitively; on an MLflow server, usernames, compared exactly."),
			"service_principals": principalsAttribute(mlflow.KindServicePrincipal, "Map of service principal to permission level, by application ID (a UUID, not the display name), compared "+
				"case-insensitively. Not supported on MLflow servers."),
			"keep_caller_access": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Keep `CAN_MANAGE` for the identity that runs Terraform if no declared or inherited grant provides it, and for identities for which " +
					"earlier runs kept it; reject an entry that lowers the current one. The kept grants are exported as `retained`. With `false`, only the declared grants " +
					"apply, and you can lose access. Defaults to `true`.",
			},
			"retained": schema.MapAttribute{
				ElementType: types.StringType, Computed: true,
				MarkdownDescription: "Undeclared grants that are kept, as principal to level: `CAN_MANAGE` of the identities that ran Terraform so far and had no other " +
					"access, and grants that the server adds to the list by itself. A grant stays in it while it exists and is not declared; `keep_caller_access = false` " +
					"drops those of identities. Empty if none is needed.",
			},
		},
	}
}

func principalsAttribute(kind mlflow.PrincipalKind, description string) schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.StringType, Optional: true,
		MarkdownDescription: description + " Levels: `CAN_READ`, `CAN_EDIT` (also log runs), `CAN_MANAGE` (also delete and change permissions); MLflow servers also have " +
			"`USE`, `DENY`, and, before 3.13, `NO_PERMISSIONS`. Entries are updated in place. An entry whose level is null counts as absent.",
		Validators: []validator.Map{principalsValidator{kind}},
	}
}

// ValidateConfig implements [resource.ResourceWithValidateConfig]. Whether names that differ by case are one principal depends on the server, so
// the plan checks that; a principal in two maps is one on any server that has service principals.
func (r *experimentPermissionsResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config experimentPermissionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	for _, d := range config.duplicates(rulesOf(mlflow.KindDatabricks)) {
		if d.entry.attribute != d.earlier.attribute {
			d.addError(&resp.Diagnostics)
		}
	}
}

// Create implements [resource.Resource]. On an error it leaves no state: nothing was made that a later destroy would have to undo.
func (r *experimentPermissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.write(ctx, &plan, types.MapNull(types.StringType))...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, r.askCreated(ctx, plan.ExperimentID.ValueString(), plan.created))...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
	}
}

// Read implements [resource.Resource]. It makes one call, and asks for the caller only when a grant that is not declared may be
// the caller's.
func (r *experimentPermissionsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || r.kept(&resp.Diagnostics) {
		return
	}
	state.created = createdOf(ctx, req.Private)
	if !r.checkServer(ctx, req.Private, "read permissions", state.remembered(), &resp.Diagnostics) {
		return
	}
	acl, problem := readACL(ctx, r.client(), state.ExperimentID.ValueString())
	switch {
	case problem != nil && problem.gone && state.imported():
		problem.addError(&resp.Diagnostics, "import permissions")
		return
	case problem != nil && problem.gone:
		resp.Diagnostics.AddWarning("Permissions dropped from the state: the experiment is gone", fmt.Sprintf(
			"%s was deleted outside Terraform. To have it back with its permissions, restore it and import them again.",
			upperFirst(named(problem.experimentID, ""))))
		resp.State.RemoveResource(ctx)
		return
	case problem != nil && problem.denied():
		problem.advice = append(problem.advice, "To destroy the resource without that access, which leaves the grants in place, use "+
			"terraform destroy -refresh=false.")
		problem.addError(&resp.Diagnostics, "read permissions")
		return
	case problem != nil:
		problem.addError(&resp.Diagnostics, "read permissions")
		return
	case state.reused(acl):
		resp.Diagnostics.AddWarning("Permissions dropped from the state: the experiment is another one now", fmt.Sprintf(
			"The id of %s was used again, for an experiment created %s. Its permissions are left alone.", named(state.ExperimentID.ValueString(), ""),
			formatTime(acl.Created).ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	created := r.learnCreated(state.ExperimentID.ValueString(), acl.Created, state.created)
	if state.imported() {
		created = r.askCreated(ctx, state.ExperimentID.ValueString(), created)
	}
	resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, created)...)
	retained := r.retained(ctx, &state, acl, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	state.fill(r.client(), acl, retained)
	state.ID = state.ExperimentID
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// retained finds the undeclared grants that are no drift: those that an earlier run retained, and the caller's own CAN_MANAGE. An import takes
// every grant into the maps, so that nothing is hidden.
func (r *experimentPermissionsResource) retained(
	ctx context.Context, state *experimentPermissionsModel, acl mlflow.ACL, diags *diag.Diagnostics,
) []mlflow.Grant {
	if state.imported() {
		return nil
	}
	var retained []mlflow.Grant
	for _, g := range state.undeclared(r.client(), acl) {
		switch {
		case !isIndividual(g):
		case isRetained(r.client(), state.Retained, g):
			retained = append(retained, g)
		case state.keepsCaller() && g.Level == mlflow.LevelManage:
			caller, ok := callerOf(ctx, r.client(), diags)
			if !ok {
				return nil
			}
			if isOwn(r.client(), caller, g.Principal) {
				retained = append(retained, g)
			}
		}
	}
	return retained
}

// Update implements [resource.Resource]. An experiment id that changes is no replacement: while it is unknown nobody can tell
// whether it will, and destroying the grants to make the same ones again would lock everybody out in between.
func (r *experimentPermissionsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	state.created = createdOf(ctx, req.Private)
	if !r.checkServer(ctx, req.Private, "update permissions", state.remembered(), &resp.Diagnostics) {
		return
	}
	earlier := types.MapNull(types.StringType)
	if plan.ExperimentID.Equal(state.ExperimentID) {
		plan.created, earlier = state.created, state.Retained
	}
	if plan.writesOver(r.client(), &state) {
		resp.Diagnostics.Append(r.write(ctx, &plan, earlier)...)
	}
	if !resp.Diagnostics.HasError() && !plan.ExperimentID.Equal(state.ExperimentID) {
		resp.Diagnostics.Append(r.release(ctx, &state)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, r.askCreated(ctx, plan.ExperimentID.ValueString(), plan.created))...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
	}
}

// Delete implements [resource.Resource].
func (r *experimentPermissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	state.created = createdOf(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.checkServer(ctx, req.Private, "remove permissions", state.remembered(), &resp.Diagnostics) {
		resp.Diagnostics.Append(r.release(ctx, &state)...)
	}
}

// vendorID is the id that databricks_permissions has for an experiment.
var vendorID = regexp.MustCompile(`^` + vendorIDPrefix + `[0-9a-f]+$`)

const vendorIDPrefix = "/experiments/"

// ImportState implements [resource.ResourceWithImportState]. It takes an experiment's id, name or page, and the id that the Databricks
// provider has for its permissions. The Read that follows fills the maps.
func (r *experimentPermissionsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if vendorID.MatchString(req.ID) {
		req.ID = strings.TrimPrefix(req.ID, vendorIDPrefix)
	}
	id, ok := r.importedExperiment(ctx, req, &resp.Diagnostics)
	if ok {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("experiment_id"), id)...)
	}
}

// write makes the declared grants the direct grants of the experiment, together with those of `admins` that are there, with those that an
// mlflow_experiment_permission of this run granted, with those that an earlier run retained, and with the caller's own where it would be lost.
// It fills in `retained` from the answer, which also has what the server itself put back.
func (r *experimentPermissionsResource) write(ctx context.Context, plan *experimentPermissionsModel, earlier types.Map) diag.Diagnostics {
	var diags diag.Diagnostics
	client, id := r.client(), plan.ExperimentID.ValueString()
	lock := r.provider.run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	acl, problem := readACLForWrite(ctx, client, lock, id)
	if problem != nil {
		problem.addError(&diags, "set permissions")
		return diags
	}
	if plan.reused(acl) {
		diags.AddError("Could not set permissions", fmt.Sprintf("The id of %s was used again, for another experiment. Nothing was changed. Run plan again, which "+
			"drops it from the state.", named(id, "")))
		return diags
	}
	if lock.List != nil {
		diags.AddError("Permissions are managed by two resources", fmt.Sprintf("Another resource of this apply has already set all permissions of %s, and this one would "+
			"replace them. Remove one of the two resources, or declare all grants in one of them.", named(id, "")))
		return diags
	}
	grants := plan.grants()
	for _, g := range without(client, directGrants(acl), levelsOf(client, grants)) {
		kept := isRetained(client, earlier, g) || isRetained(client, lock.Retained, g)
		if g.Principal == acl.Admins || lock.Grants[client.PrincipalKey(g.Principal)] || plan.keepsCaller() && kept {
			grants = append(grants, g)
		}
	}
	if plan.keepsCaller() {
		caller, ok := callerOf(ctx, client, &diags)
		if !ok {
			return diags
		}
		if diags.Append(plan.checkCaller(client, caller)...); diags.HasError() {
			return diags
		}
		grants = withCaller(client, caller, grants, acl)
	}
	after, problem := writeACL(ctx, client, id, acl, grants)
	var unlisted *mlflow.NotGrantedError
	if problem == nil || errors.As(problem.err, &unlisted) { // written in both cases
		lock.DeclareList(client, grants)
	}
	if problem != nil {
		addWriteError(&diags, client, plan, problem)
		return diags
	}
	plan.created = cmp.Or(createdText(acl.Created), plan.created)
	plan.setRetained(slices.DeleteFunc(plan.undeclared(client, after), func(g mlflow.Grant) bool {
		return !isIndividual(g) || lock.Grants[client.PrincipalKey(g.Principal)]
	}))
	return diags
}

// addWriteError puts an unknown principal, and a grant that the server does not list as declared, at the entry that names it.
func addWriteError(diags *diag.Diagnostics, client *mlflow.Client, plan *experimentPermissionsModel, problem *aclProblem) {
	var unlisted *mlflow.NotGrantedError
	missing, isMissing := mlflow.MissingPrincipal(problem.err)
	switch {
	case isMissing:
		addEntryError(diags, client, plan, problem, missing, "Nothing was changed. "+client.PrincipalAdvice(missing))
	case errors.As(problem.err, &unlisted):
		addEntryError(diags, client, plan, problem, unlisted.Grant.Principal, "The list was written. Correct the entry, then apply again.")
	default:
		problem.addError(diags, "set permissions")
	}
}

// addEntryError reports the problem at the entry of a principal, or at none if the entry is not declared.
func addEntryError(diags *diag.Diagnostics, rules mlflow.NameRules, plan *experimentPermissionsModel, problem *aclProblem, p mlflow.Principal, advice string) {
	for _, d := range plan.declared() {
		if samePrincipal(rules, d.Principal, p) {
			diags.AddAttributeError(d.path(), "Could not set permissions", failure(named(problem.experimentID, ""), problem.err, advice))
			return
		}
	}
	problem.addError(diags, "set permissions")
}

// release removes the grants that the state has. Others stay, as do `admins`, and the caller keeps CAN_MANAGE whatever
// keep_caller_access says: deleting the experiment, which usually comes next, needs it. What can't be reached any more is no error.
func (r *experimentPermissionsResource) release(ctx context.Context, state *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	id := state.ExperimentID.ValueString()
	lock := r.provider.run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	if lock.List != nil {
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("The permissions of %s are declared by another resource in this apply, or by "+
			"the replacement of this one, which now manages them.", named(id, "")))
		return diags
	}
	acl, problem := readACLForWrite(ctx, r.client(), lock, id)
	if problem != nil {
		addReleaseProblem(&diags, problem)
		return diags
	}
	if state.reused(acl) {
		diags.AddWarning("Permissions left in place", fmt.Sprintf("The id of %s was used again, for another experiment. Its permissions are left alone.", named(id, "")))
		return diags
	}
	caller, ok := callerOf(ctx, r.client(), &diags)
	if !ok {
		return diags
	}
	released := state.grants()
	if left := slices.DeleteFunc(state.grants(), func(g mlflow.Grant) bool { return !lock.Grants[r.client().PrincipalKey(g.Principal)] }); len(left) > 0 {
		released = without(r.client(), released, lock.Grants)
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("Other resources in this apply declare some of the grants on %s, and now manage "+
			"them:\n%s", named(id, ""), describeGrants(left)))
	}
	lock.Retained = state.Retained
	rest := withCaller(r.client(), caller, without(r.client(), directGrants(acl), levelsOf(r.client(), released)), acl)
	after, problem := writeACL(ctx, r.client(), id, acl, rest)
	if problem != nil {
		addReleaseProblem(&diags, problem)
		return diags
	}
	r.checkReleased(ctx, id, without(r.client(), released, levelsOf(r.client(), rest)), after, &diags)
	return diags
}

// checkReleased checks that grants are gone from a list after a write. The CAN_MANAGE of an identity that is there again was put back by the server
// in its answer, as it does for owners; a destroy could never get rid of it.
func (r *experimentPermissionsResource) checkReleased(ctx context.Context, id string, gone []mlflow.Grant, after mlflow.ACL, diags *diag.Diagnostics) {
	released := levelsOf(r.client(), gone)
	var back []mlflow.Grant
	for _, g := range directGrants(after) {
		switch _, isReleased := released[r.client().PrincipalKey(g.Principal)]; {
		case !isReleased:
		case isIndividual(g) && g.Level == mlflow.LevelManage:
			back = append(back, g)
		default:
			explainACL(ctx, r.client(), id, &mlflow.StillGrantedError{Principal: g.Principal}).addError(diags, "remove permissions")
		}
	}
	if len(back) > 0 {
		diags.AddWarning("Grants put back by the server", fmt.Sprintf("The server adds these grants on %s to each list by itself. They stay in place, unmanaged:\n%s",
			named(id, ""), describeGrants(back)))
	}
}

func addReleaseProblem(diags *diag.Diagnostics, problem *aclProblem) {
	object := named(problem.experimentID, "")
	switch {
	case problem.gone:
		addWarning(diags, "remove permissions", object, problem.err, "The experiment is gone, and its permissions with it. Nothing is left to do.")
	case problem.denied():
		addWarning(diags, "remove permissions", object, problem.err,
			"Removing them needs CAN_MANAGE. They stay in place and are no longer managed: ask somebody with CAN_MANAGE to remove them.")
	default:
		problem.addError(diags, "remove permissions")
	}
}
