// Package experiment has the objects about experiments: the resource mlflow_experiment, the data sources that look up and search experiments, the
// list resource, and the function parse_experiment_url.
package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	_ resource.ResourceWithConfigure   = (*experimentResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*experimentResource)(nil)
	_ resource.ResourceWithImportState = (*experimentResource)(nil)
	_ resource.ResourceWithIdentity    = (*experimentResource)(nil)
	_ resource.ResourceWithMoveState   = (*experimentResource)(nil)
)

// importedKey marks, in private state, that the next Read belongs to an import or to a move from another resource type.
const (
	importedKey = "imported"
	byImport    = `"import"`
	byMove      = `"move"`
)

type experimentResource struct {
	framework.ResourceBase
}

// NewExperimentResource returns the resource mlflow_experiment.
func NewExperimentResource() resource.Resource { return &experimentResource{} }

func (r *experimentResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment"
	resp.ResourceBehavior.MutableIdentity = true
}

func (r *experimentResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.IdentitySchema(nil, nil)
}

func (r *experimentResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An MLflow experiment with its description and tags.",
		Attributes:          experimentAttributes(),
	}
}

func experimentAttributes() map[string]schema.Attribute {
	// UseStateForUnknown would also copy null, and so never fill in what Create could not read.
	stable := []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()}
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "Experiment id.",
		},
		"name": schema.StringAttribute{
			Required:   true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Name of the experiment. On Databricks an absolute workspace path such as `/Shared/churn`; `/Workspace/Shared/churn` and a " +
				"trailing slash mean the same. On an MLflow server free text. Changing it renames the experiment in place; on Databricks that can move it " +
				"to another folder.",
		},
		// ModifyPlan decides about replacement, because it does not see what a RequiresReplace here would decide.
		"artifact_location": schema.StringAttribute{
			Optional: true, Computed: true, PlanModifiers: stable,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Where runs keep their artifacts, as an absolute URI. Default: chosen by the server. It can't be changed: another value " +
				"**replaces the experiment, and its runs go with the old one**.",
		},
		attributeTraceLocation: traceLocationAttribute(),
		"description": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Description of the experiment, in Markdown (tag `mlflow.note.content`). An empty string is the same as null. Unmanaged if it was " +
				"never set; removing it from the configuration clears it. An imported experiment keeps a description that is not declared.",
		},
		"tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Map{framework.TagsValidator{}},
			MarkdownDescription: "Tags to manage. Exactly these keys are set, changed, and removed when they are taken out; tags that others set are left " +
				"alone and not shown. On Databricks, which has no call to remove a tag, a removed one is left with an empty value. A tag whose value is null counts as absent. Default: none.",
		},
		"tags_all": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "All managed tags: `tags` merged over the provider's `default_tags`, without those that are null. Plans show the values here even if they " +
				"are sensitive in `tags`.",
		},
		"adopt_existing": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "When the experiment is created and one of that name is there already, take it over instead of failing: its tags and description " +
				"are brought to what is declared, everything else stays. Refused when its artifact location differs from a declared one. Default: " +
				"`false`. Changing it later does nothing.",
		},
		"if_deleted": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(ifDeletedError, ifDeletedRestore, ifDeletedSupersede)},
			MarkdownDescription: "When the experiment is created and a deleted one holds the name: `error` fails and says what to do; `restore` brings it back with " +
				"its runs and takes it over; `supersede` renames the deleted one aside, leaves it deleted, and creates a new one. On Databricks deleting frees the " +
				"name, so this seldom applies there. Default: `error`. Changing it later does nothing.",
		},
		"create_parents": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "On Databricks, make the missing folders of `name` first, when the experiment is created or renamed. They are not removed again. " +
				"Default: `false`. Does nothing on an MLflow server, which has no folders.",
		},
		"deletion_policy": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(deletionDelete, deletionDeleteIfEmpty, deletionRetain, deletionPrevent)},
			MarkdownDescription: "What destroying or replacing the experiment does. `delete_if_empty` deletes it, and is refused at plan if it contains active runs, " +
				"traces, or logged models, or if that cannot be determined. `delete` deletes it with its content; the plan warns if there is any. `retain` removes " +
				"it only from the state. `prevent` is always refused. The policy in the state applies: to change it, apply before you destroy. Defaults to " +
				"`delete_if_empty`.",
		},
		"creation_time": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "When the experiment was created, in RFC 3339.",
		},
		"url": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "The experiment's page in the UI.",
		},
		framework.AttributeWorkspace: framework.WorkspaceAttribute(),
	}
}

func (r *experimentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	r.Provider.Run.MarkRead(state.ID.ValueString())
	r.UseStateWorkspace(state.Workspace)
	if r.KeepStateIfUnconfigured(&resp.Diagnostics) {
		return
	}
	imported, diags := req.Private.GetKey(ctx, importedKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || !r.CheckServer(ctx, req.Private, "read experiment", state.remembered(), &resp.Diagnostics) {
		return
	}
	id := state.ID.ValueString()
	e, err := r.Client().RefreshExperiment(ctx, id, func(e mlflow.Experiment) bool {
		return imported == nil && r.agrees(ctx, state, e)
	})
	reason, err := goneBecause(state, e, err)
	switch {
	case err != nil:
		framework.AddError(&resp.Diagnostics, "read experiment", framework.DescribeExperiment(id, state.Name.ValueString()), err)
	case reason != "" && string(imported) == byImport:
		resp.Diagnostics.AddError("Could not import experiment", r.notImported(id, e, reason))
	case reason != "":
		r.warnGone(&resp.Diagnostics, state, e, reason)
		resp.State.RemoveResource(ctx)
	default:
		r.refresh(ctx, &state, e, imported != nil, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		// A marker that remains would make every later Read one that follows an import.
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, nil)...)
		if imported != nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, unappliedKey, []byte("true"))...)
		}
		resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	}
}

func (r *experimentResource) refresh(ctx context.Context, state *experimentModel, e mlflow.Experiment, imported bool, diags *diag.Diagnostics) {
	page, err := r.Client().ExperimentURL(ctx, e.ID)
	if err != nil {
		framework.AddWarning(diags, "tell the address of the experiment's page", framework.DescribeExperiment(e.ID, e.Name), err)
	}
	if imported {
		state.takeTags(e, framework.StringMap(r.Provider.DefaultTags))
	}
	state.refresh(r.Client(), e, page)
}

// agrees reports whether an experiment shows nothing that a state does not have yet. It goes through the same conversion as what is saved.
func (r *experimentResource) agrees(ctx context.Context, state experimentModel, e mlflow.Experiment) bool {
	var diags diag.Diagnostics
	fresh := state
	r.refresh(ctx, &fresh, e, false, &diags)
	return len(diags) == 0 && !e.Deleted() && !isSomebodyElse(state, e) && fresh.equal(state)
}

// goneBecause tells why the experiment of a state is no longer there; "" when it is. Other errors are passed on.
func goneBecause(state experimentModel, e mlflow.Experiment, err error) (reason string, other error) {
	switch {
	case rest.IsNotFound(err):
		return "does not exist any more", nil
	case err != nil:
		return "", err
	case e.Deleted():
		return "is deleted", nil
	case isSomebodyElse(state, e):
		return fmt.Sprintf("is another one now: the id was used again, for an experiment created %s", framework.FormatTime(e.Created()).ValueString()), nil
	}
	return "", nil
}

// isSomebodyElse tells that the id belongs to another experiment than the one in state: an MLflow server uses ids again after
// deleted experiments were purged.
func isSomebodyElse(state experimentModel, e mlflow.Experiment) bool {
	return framework.IDReused(state.CreationTime.ValueString(), e.Created())
}

func (r *experimentResource) warnGone(diags *diag.Diagnostics, state experimentModel, e mlflow.Experiment, reason string) {
	next, advice := "the next apply creates a new one", "It can no longer be restored."
	switch keepsName := r.Client().DeletedKeepName(); {
	case e.Deleted() && keepsName:
		next = "the next apply fails unless if_deleted is set, because a deleted experiment reserves its name"
		advice = "Set if_deleted = \"restore\" to restore it with its runs, or if_deleted = \"supersede\" to rename it and create a new experiment."
	case !keepsName:
		advice = "To get it back with its runs, restore it from the Trash in the workspace, or with the restore call, then import it."
	case e.ID == "":
		advice = strings.TrimSpace(r.lookedIn(state.ID.ValueString()))
	}
	diags.AddWarning("Experiment is gone", fmt.Sprintf("Experiment %q (%s) %s. It was removed from the state. If it is still in the configuration, %s.\n\n%s",
		state.Name.ValueString(), state.ID.ValueString(), reason, next, advice))
}
