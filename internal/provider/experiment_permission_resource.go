package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	_ resource.ResourceWithConfigure        = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithConfigValidators = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithImportState      = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithIdentity         = (*experimentPermissionResource)(nil)
)

// experimentPermissionResource is what one principal is granted on one experiment; it leaves all others alone.
type experimentPermissionResource struct{ resourceBase }

func newExperimentPermissionResource() resource.Resource { return &experimentPermissionResource{} }

// experimentPermissionModel is an mlflow_experiment_permission. Exactly one of the three names is set.
type experimentPermissionModel struct {
	ID                   types.String `tfsdk:"id"`
	ExperimentID         types.String `tfsdk:"experiment_id"`
	UserName             types.String `tfsdk:"user_name"`
	GroupName            types.String `tfsdk:"group_name"`
	ServicePrincipalName types.String `tfsdk:"service_principal_name"`
	PermissionLevel      types.String `tfsdk:"permission_level"`

	// created is when the experiment was created, from private state: see createdOf.
	created string
}

// principalName is one of the three attributes that name a principal.
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

// principalAttributes are the attributes of names.
var principalAttributes = []string{"user_name", "group_name", "service_principal_name"}

func (m *experimentPermissionModel) identity() map[string]types.String {
	values := map[string]types.String{identityExperimentID: m.ExperimentID}
	for _, n := range m.names() {
		values[n.attribute] = *n.value
	}
	return values
}

// principal gives the attribute that is set, and who it names; the name is "" while unknown.
func (m *experimentPermissionModel) principal() (principalName, mlflow.Principal) {
	for _, n := range m.names() {
		if !n.value.IsNull() {
			return n, mlflow.Principal{Kind: n.kind, Name: n.value.ValueString()}
		}
	}
	return principalName{}, mlflow.Principal{}
}

// setID fills the id, which is the import id as well.
func (m *experimentPermissionModel) setID() {
	_, p := m.principal()
	m.ID = types.StringValue(fmt.Sprintf("%s/%s/%s", m.ExperimentID.ValueString(), p.Kind, p.Name))
}

// keepSpelling keeps the state's spelling of a principal in the same attribute, whatever is known of the experiment, and the ID of the grant if
// nothing else changes.
func (m *experimentPermissionModel) keepSpelling(rules mlflow.NameRules, state *experimentPermissionModel) {
	mine, p := m.principal()
	theirs, q := state.principal()
	if mine.attribute != theirs.attribute || p.Name == "" || !samePrincipal(rules, p, q) {
		return
	}
	*mine.value = *theirs.value
	if m.ExperimentID.Equal(state.ExperimentID) {
		m.ID = state.ID
	}
}

// sameGrantee reports whether two models are about the same principal on the same experiment, as far as is known.
func (m *experimentPermissionModel) sameGrantee(rules mlflow.NameRules, o *experimentPermissionModel) bool {
	_, mine := m.principal()
	_, theirs := o.principal()
	return m.ExperimentID.Equal(o.ExperimentID) && samePrincipal(rules, mine, theirs)
}

// remembered is the grant as [resourceBase.checkServer] looks for it.
func (m *experimentPermissionModel) remembered() remembered {
	return remembered{object: m.object(), experimentID: m.ExperimentID.ValueString(), created: m.created}
}

// object describes the grant in messages.
func (m *experimentPermissionModel) object() string {
	_, p := m.principal()
	return fmt.Sprintf("%s %q on %s", kindNoun(p.Kind), p.Name, named(m.ExperimentID.ValueString(), ""))
}

// Metadata implements [resource.Resource].
func (r *experimentPermissionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permission"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentPermissionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema(nil, principalAttributes)
}

// Schema implements [resource.Resource].
func (r *experimentPermissionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name := func(kind mlflow.PrincipalKind, description string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), principalNameValidator{kind}},
			MarkdownDescription: description + " Exactly one of `user_name`, `group_name`, and `service_principal_name` must be set. When it changes, the new " +
				"grant is made first, then the old one is revoked.",
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "What one principal is granted on an experiment. The resource adds to what others granted and leaves it alone; use " +
			"`mlflow_experiment_permissions` instead where the configuration is to be the whole truth, and never both for one experiment.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "`EXPERIMENT_ID/KIND/NAME`."},
			"experiment_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{experimentIDValidator},
				MarkdownDescription: "ID of the experiment, for example `mlflow_experiment.churn.id`. When it changes, the grant is made on the new experiment first, then " +
					"revoked on the old one.",
			},
			"user_name":              name(mlflow.KindUser, "Email of a user (compared case-insensitively), or username on an MLflow server (compared exactly)."),
			"group_name":             name(mlflow.KindGroup, "Display name of a group, or on an MLflow server (3.13 and newer) the name of a role."),
			"service_principal_name": name(mlflow.KindServicePrincipal, "Application ID of a service principal. MLflow servers have none."),
			"permission_level": schema.StringAttribute{
				Required: true, Validators: []validator.String{levelValidator{}},
				MarkdownDescription: "`CAN_READ`, `CAN_EDIT` (also log runs) or `CAN_MANAGE` (also delete and change permissions). An MLflow server also has " +
					"levels of its own: `USE`, `DENY`, and before 3.13 `NO_PERMISSIONS`. Changing it changes the grant in place.",
			},
		},
	}
}

// ConfigValidators implements [resource.ResourceWithConfigValidators].
func (r *experimentPermissionResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(
		path.MatchRoot("user_name"), path.MatchRoot("group_name"), path.MatchRoot("service_principal_name"),
	)}
}

// ModifyPlan implements [resource.ResourceWithModifyPlan]: it keeps a spelling that means the same, and refuses what the server has not.
func (r *experimentPermissionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		plan.keepSpelling(r.rules(ctx, req.Private), &state)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if r.client() == nil {
		return
	}
	name, p := plan.principal()
	g := mlflow.Grant{Principal: p, Level: plan.PermissionLevel.ValueString()}
	checkGrant(&resp.Diagnostics, r.client(), g, path.Root(name.attribute), path.Root("permission_level"))
	if plan.ExperimentID.IsUnknown() || p.Name == "" {
		return
	}
	lock := r.provider.run.ACLLock(plan.ExperimentID.ValueString())
	if lock.PlanGrant(r.client(), p, plannedGrant{inState: !req.State.Raw.IsNull(), level: plan.PermissionLevel}) {
		resp.Diagnostics.AddAttributeError(path.Root(name.attribute), "Duplicate grant", fmt.Sprintf("Two resources in the configuration declare the grant to %s. A grant "+
			"can be managed by only one resource.\n\nRemove one of the two resources.", plan.object()))
	}
}

// Create implements [resource.Resource]. A grant that is there already is taken over.
func (r *experimentPermissionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		plan.setID()
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, r.askCreated(ctx, plan.ExperimentID.ValueString(), plan.created))...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
	}
}

// Read implements [resource.Resource].
func (r *experimentPermissionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentPermissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || r.kept(&resp.Diagnostics) {
		return
	}
	state.created = createdOf(ctx, req.Private)
	if !r.checkServer(ctx, req.Private, "read permission", state.remembered(), &resp.Diagnostics) {
		return
	}
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	held, err := r.client().AccessControl().Level(ctx, id, p)
	_, noSuchPrincipal := mlflow.MissingPrincipal(err)
	if err != nil && !noSuchPrincipal {
		problem := explainACL(ctx, r.client(), id, err)
		if !problem.gone {
			problem.addError(&resp.Diagnostics, "read permission")
			return
		}
		resp.Diagnostics.AddWarning("Permission is gone: so is the experiment", fmt.Sprintf("%s was dropped from the state. %s", upperFirst(state.object()),
			strings.Join(problem.advice, " ")))
		resp.State.RemoveResource(ctx)
		return
	}
	if reused(state.created, held.Created) {
		resp.Diagnostics.AddWarning("Permission is gone: the experiment is another one now", fmt.Sprintf("%s was dropped from the state: the id was used again, for "+
			"an experiment created %s. Its permissions are left alone.", upperFirst(state.object()), formatTime(held.Created).ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	if held.Level == "" {
		resp.Diagnostics.AddWarning("Permission is gone", fmt.Sprintf("%s holds no grant any more. It was removed from the state, and the next apply grants it "+
			"again if it is still configured.", upperFirst(state.object())))
		resp.State.RemoveResource(ctx)
		return
	}
	created := r.learnCreated(id, held.Created, state.created)
	if state.PermissionLevel.IsNull() { // an import
		created = r.askCreated(ctx, id, created)
	}
	state.PermissionLevel = types.StringValue(held.Level)
	state.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, created)...)
}

// Update implements [resource.Resource]. Another principal or experiment is no replacement: a plan in which it is unknown could not say whether it will
// be another one. The new grant is made before the old one is revoked.
func (r *experimentPermissionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	state.created = createdOf(ctx, req.Private)
	if plan.ExperimentID.Equal(state.ExperimentID) {
		plan.created = state.created
	}
	if resp.Diagnostics.HasError() || !r.checkServer(ctx, req.Private, "update permission", state.remembered(), &resp.Diagnostics) ||
		!r.grant(ctx, &plan, &resp.Diagnostics) {
		return
	}
	if !plan.sameGrantee(r.client(), &state) {
		r.revoke(ctx, &state, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return // the state still has the old grant, so that the next apply removes it
		}
	}
	plan.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, r.askCreated(ctx, plan.ExperimentID.ValueString(), plan.created))...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
}

// Delete implements [resource.Resource].
func (r *experimentPermissionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentPermissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	state.created = createdOf(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.checkServer(ctx, req.Private, "revoke permission", state.remembered(), &resp.Diagnostics) {
		r.revoke(ctx, &state, &resp.Diagnostics)
	}
}

// grant makes the grant, or changes its level. It refuses to lower the caller's own access where nothing else gives it. It holds
// the lock from the look to the write, as revoke does: each could take away what the other relies on.
func (r *experimentPermissionResource) grant(ctx context.Context, plan *experimentPermissionModel, diags *diag.Diagnostics) bool {
	id, level := plan.ExperimentID.ValueString(), plan.PermissionLevel.ValueString()
	name, p := plan.principal()
	lock := r.provider.run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	again, err := r.isReused(ctx, plan)
	if err != nil {
		explainACL(ctx, r.client(), id, err).addError(diags, "grant permission")
		return false
	}
	if again {
		diags.AddError("Could not grant permission", fmt.Sprintf("%s: the id was used again, for another experiment. Nothing was changed. Run plan again, which drops "+
			"the grant from the state.", upperFirst(plan.object())))
		return false
	}
	if level != mlflow.LevelManage {
		own, ok := r.ownAccess(ctx, id, p, level, diags)
		if !ok {
			return false
		}
		if own != "" {
			diags.AddAttributeError(path.Root("permission_level"), "Grant would lower your own access", fmt.Sprintf("%s With %s, it can no longer change permissions or "+
				"delete the experiment.\n\nDeclare CAN_MANAGE, or first grant it to the identity that runs Terraform or to another of its groups.", own, level))
			return false
		}
	}
	lock.Planned = nil // out of date after the write
	created, err := r.client().AccessControl().Grant(ctx, id, mlflow.Grant{Principal: p, Level: level})
	if err == nil {
		lock.DeclareGrant(r.client(), p)
		plan.created = cmp.Or(createdText(created), plan.created)
		return true
	}
	if _, missing := mlflow.MissingPrincipal(err); missing {
		diags.AddAttributeError(path.Root(name.attribute), "Could not grant permission", failure(plan.object(), err, "Nothing was changed. "+r.client().PrincipalAdvice(p)))
		return false
	}
	problem := explainACL(ctx, r.client(), id, err)
	addError(diags, "grant permission", plan.object(), problem.err, problem.advice...)
	return false
}

// revoke removes the grant, unless another resource of this run declares it. What can't be reached any more is no error, and the caller keeps
// access that comes from nowhere else.
func (r *experimentPermissionResource) revoke(ctx context.Context, state *experimentPermissionModel, diags *diag.Diagnostics) {
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	lock := r.provider.run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	if key := r.client().PrincipalKey(p); lock.Grants[key] || lock.List[key] {
		diags.AddWarning("Permission removed from state, not revoked", fmt.Sprintf("%s: another resource in this apply, or the replacement of this one, declares or "+
			"keeps this grant and now manages it.", upperFirst(state.object())))
		return
	}
	if lock.List != nil {
		return // the list that this run wrote does not have the grant
	}
	again, err := r.isReused(ctx, state)
	if err != nil {
		addReleaseProblem(diags, explainACL(ctx, r.client(), id, err))
		return
	}
	if again {
		diags.AddWarning("Permission left in place", fmt.Sprintf("%s: the id was used again, for another experiment. Its permissions are left alone.",
			upperFirst(state.object())))
		return
	}
	if state.PermissionLevel.ValueString() == mlflow.LevelManage {
		own, ok := r.ownAccess(ctx, id, p, "", diags)
		if own != "" {
			diags.AddWarning("Current user keeps its access", own+" The grant stays in place and is no longer managed.")
		}
		if !ok || own != "" {
			return
		}
	}
	lock.Planned = nil // out of date after the write
	err = r.client().AccessControl().Revoke(ctx, id, p)
	if missing, ok := mlflow.MissingPrincipal(err); ok && samePrincipal(r.client(), missing, p) {
		return // who does not exist holds no grant
	}
	if err != nil {
		addReleaseProblem(diags, explainACL(ctx, r.client(), id, err))
	}
}

// isReused tells that the id belongs to another experiment now. It asks only where ids are used again.
func (r *experimentPermissionResource) isReused(ctx context.Context, m *experimentPermissionModel) (bool, error) {
	if m.created == "" || !r.client().ReusesIDs() {
		return false, nil
	}
	_, p := m.principal()
	held, err := r.client().AccessControl().Level(ctx, m.ExperimentID.ValueString(), p)
	if _, missing := mlflow.MissingPrincipal(err); missing {
		err = nil // the call that follows tells
	}
	return reused(m.created, held.Created), err
}

// ownAccess says that the caller has CAN_MANAGE now and would not have it any more with another level, "" for none, for a principal: the
// caller, or a group that the caller is in. It is "" if the caller keeps CAN_MANAGE; ok is false after an error.
func (r *experimentPermissionResource) ownAccess(ctx context.Context, id string, p mlflow.Principal, level string, diags *diag.Diagnostics) (own string, ok bool) {
	client := r.client()
	caller, ok := callerOf(ctx, client, diags)
	if !ok || caller.Admin || !isOwn(client, caller, p) {
		return "", ok
	}
	acl, err := client.AccessControl().Get(ctx, id)
	if isUnreadable(err) {
		// Whoever can't see all grants can't see another source of access either. When the experiment is gone, this fails too.
		var held mlflow.Holding
		held, err = client.AccessControl().Level(ctx, id, p)
		if isUnreadable(err) || err == nil && held.Level != mlflow.LevelManage {
			return "", true
		}
	} else if err == nil {
		direct := directGrants(acl)
		after := withoutPrincipal(client, direct, p)
		if level != "" {
			after = append(after, mlflow.Grant{Principal: p, Level: level})
		}
		if hasManage(client, caller, after, acl) || !hasManage(client, caller, direct, acl) {
			return "", true
		}
	}
	if err != nil {
		explainACL(ctx, client, id, err).addError(diags, "check the access of the current user")
		return "", false
	}
	return fmt.Sprintf("The provider is authenticated as %q, which has CAN_MANAGE on %s only through the grant to %s %q.", caller.Principal.Name, named(id, ""),
		kindNoun(p.Kind), p.Name), true
}

// isUnreadable reports that the caller may not see grants, or that there are none to see. Any other error tells nothing about them.
func isUnreadable(err error) bool {
	var unsupported *mlflow.UnsupportedError
	return rest.IsNotFound(err) || rest.IsPermissionDenied(err) || errors.As(err, &unsupported)
}

// ImportState implements [resource.ResourceWithImportState].
func (r *experimentPermissionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, rest, _ := strings.Cut(req.ID, "/")
	kind, principal, _ := strings.Cut(rest, "/")
	var state experimentPermissionModel
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull() {
		values, ok := r.identityOf(ctx, req, principalAttributes, &resp.Diagnostics)
		if !ok {
			return
		}
		id = values[identityExperimentID]
		for _, n := range state.names() {
			if values[n.attribute] != "" {
				kind, principal = string(n.kind), values[n.attribute]
			}
		}
	}
	for _, n := range state.names() {
		if string(n.kind) == kind && principal != "" && experimentID.MatchString(id) {
			*n.value = types.StringValue(principal)
			state.ExperimentID = types.StringValue(id)
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
			return
		}
	}
	resp.Diagnostics.AddError("Import id not understood", fmt.Sprintf("%q is not of the form EXPERIMENT_ID/user/NAME, EXPERIMENT_ID/group/NAME or "+
		"EXPERIMENT_ID/service_principal/APPLICATION_ID. An identity needs experiment_id and one of %s.", req.ID, strings.Join(principalAttributes, ", ")))
}
