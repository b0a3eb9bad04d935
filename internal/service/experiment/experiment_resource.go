// Package experiment implements the resource and the list resource mlflow_experiment, the data sources that look up and search
// experiments, and the function parse_experiment_url.
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
		MarkdownDescription: "Manages an MLflow experiment with its description and tags.",
		Attributes:          experimentAttributes(),
	}
}

func experimentAttributes() map[string]schema.Attribute {
	// UseStateForUnknown would also copy null, and so never fill in what Create could not read.
	stable := []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()}
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "ID of the experiment.",
		},
		"name": schema.StringAttribute{
			Required:   true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Name of the experiment. On Databricks, an absolute workspace path, for example `/Shared/churn`; the " +
				"`/Workspace` prefix and a trailing slash are optional. On an MLflow server, free text. Updated in place: changing it renames " +
				"the experiment, which on Databricks can move it to another folder.",
		},
		// ModifyPlan decides about replacement, because it does not see what a RequiresReplace here would decide.
		"artifact_location": schema.StringAttribute{
			Optional: true, Computed: true, PlanModifiers: stable,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Absolute URI of the location where runs store artifacts. Changing it **forces replacement, which deletes the " +
				"experiment and its runs** if `deletion_policy` allows that. Defaults to a location chosen by the server.",
		},
		attributeTraceLocation: traceLocationAttribute(),
		"description": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Description of the experiment, in Markdown (tag `mlflow.note.content`). An empty string is the same as null. " +
				"Unmanaged if it was never set; removing it from the configuration clears it. An imported experiment keeps a description that is not " +
				"declared.",
		},
		"tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Map{framework.TagsValidator{}},
			MarkdownDescription: "Tags to manage. The provider creates, updates, and removes only these keys and ignores all other tags. " +
				"A tag overrides the one in `default_tags` with the same key. A tag with a null value counts as absent. On Databricks and on " +
				"MLflow servers before 3.2, which cannot delete tags, a removed tag keeps an empty value.",
		},
		"tags_all": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "All managed tags: `tags` merged over the provider's `default_tags`, without null values. Plans show these " +
				"values even if they are sensitive in `tags`.",
		},
		"adopt_existing": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Adopt an active experiment that already has this name instead of failing. Its tags and description are set to " +
				"the declared values; everything else is unchanged. Fails if its artifact location or trace location differs from a declared one. " +
				"Used only on create. Defaults to `false`.",
		},
		"if_deleted": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(ifDeletedError, ifDeletedRestore, ifDeletedSupersede)},
			MarkdownDescription: "Action if a deleted experiment reserves the name: `error` fails; `restore` restores the deleted experiment with " +
				"its runs and adopts it; `supersede` renames it, leaves it deleted, and creates a new experiment. Rarely applies on Databricks, " +
				"where deleting an experiment frees its name. Used only on create. Defaults to `error`.",
		},
		"create_parents": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Create missing parent folders on create and on rename. They are not deleted with the experiment. Ignored on " +
				"MLflow servers, which have no folders. Defaults to `false`.",
		},
		"deletion_policy": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(deletionDelete, deletionDeleteIfEmpty, deletionRetain, deletionPrevent)},
			MarkdownDescription: "Action on destroy and on replacement: `delete_if_empty` deletes the experiment, but fails if it contains active " +
				"runs, traces, or logged models, or if the provider cannot determine that; `delete` deletes the experiment with its content; " +
				"`retain` only removes it from the state; `prevent` fails. Destroy uses the value in the state, so apply a new value first. Defaults " +
				"to `delete_if_empty`.",
		},
		"creation_time": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "Creation time, in RFC 3339 format and UTC. Null if the server does not return one.",
		},
		"url": schema.StringAttribute{
			Computed: true, PlanModifiers: stable,
			MarkdownDescription: "URL of the experiment in the UI. Null if the provider could not determine it.",
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
	if resp.Diagnostics.HasError() || !r.CheckServer(ctx, req.Private, "read experiment", state.stateObject(), &resp.Diagnostics) {
		return
	}
	id := state.ID.ValueString()
	e, err := r.Client().RefreshExperiment(ctx, id, func(e mlflow.Experiment) bool {
		return imported == nil && r.matchesState(ctx, state, e)
	})
	reason, err := missingReason(state, e, err)
	switch {
	case err != nil:
		framework.AddError(&resp.Diagnostics, "read experiment", state.object(), err)
	case reason != "" && string(imported) == byImport:
		resp.Diagnostics.AddError("Could not import experiment", r.importErrorDetail(id, e, reason))
	case reason != "":
		r.addNotFoundWarning(&resp.Diagnostics, state, e, reason)
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

func (r *experimentResource) refresh(
	ctx context.Context, state *experimentModel, e mlflow.Experiment, imported bool, diags *diag.Diagnostics,
) {
	url, err := r.Client().ExperimentURL(ctx, e.ID)
	if err != nil {
		addURLWarning(diags, framework.DescribeExperiment(e.ID, e.Name), err)
	}
	if imported {
		state.importTags(e, framework.StringMap(r.Provider.DefaultTags))
	}
	state.refresh(r.Client(), e, url)
}

// addURLWarning warns that the URL of an experiment could not be determined.
func addURLWarning(diags *diag.Diagnostics, object string, err error) {
	framework.AddWarning(diags, "determine the experiment URL", object, err)
}

// matchesState reports whether a refresh with an experiment would leave the state as it is.
func (r *experimentResource) matchesState(ctx context.Context, state experimentModel, e mlflow.Experiment) bool {
	var diags diag.Diagnostics
	fresh := state
	r.refresh(ctx, &fresh, e, false, &diags)
	return len(diags) == 0 && !e.Deleted() && !idReused(state, e) && fresh.equal(state)
}

// missingReason returns why the experiment of a state no longer exists, as the end of a sentence; empty if it exists. It returns any
// error other than "not found".
func missingReason(state experimentModel, e mlflow.Experiment, err error) (reason string, other error) {
	switch {
	case rest.IsNotFound(err):
		return "no longer exists", nil
	case err != nil:
		return "", err
	case e.Deleted():
		return "is deleted", nil
	case idReused(state, e):
		return "no longer exists; its ID now belongs to a different experiment, created " + framework.FormatCreationTime(e.Created()), nil
	}
	return "", nil
}

// idReused reports whether the ID in the state now belongs to a different experiment: an MLflow server reuses the IDs of purged
// experiments.
func idReused(state experimentModel, e mlflow.Experiment) bool {
	return framework.IDReused(state.CreationTime.ValueString(), e.Created())
}

func (r *experimentResource) addNotFoundWarning(diags *diag.Diagnostics, state experimentModel, e mlflow.Experiment, reason string) {
	next, advice := "the next apply creates a new one", "It can no longer be restored."
	switch reservesName := r.Client().DeletedKeepName(); {
	case e.Deleted() && reservesName:
		next = "the next apply fails unless if_deleted is set, because a deleted experiment reserves its name"
		advice = "Set if_deleted = \"restore\" to restore it with its runs, or if_deleted = \"supersede\" to rename it and create a new " +
			"experiment."
	case !reservesName:
		advice = "To restore it with its runs, restore it from the Trash of the workspace, or with the API, then import it."
	case e.ID == "":
		advice = strings.TrimSpace(r.searchedWorkspace(state.ID.ValueString()))
	}
	diags.AddWarning("Experiment not found, removed from state", fmt.Sprintf("%s %s. It was removed from the state. If it is still in the "+
		"configuration, %s.\n\n%s", framework.UpperFirst(state.object()), reason, next, advice))
}
