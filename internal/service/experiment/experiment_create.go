package experiment

import (
	"context"
	"errors"
	"fmt"
	stdpath "path"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Create creates an experiment or adopts an existing one, and sets its tags. It never fails once the experiment exists: an error would
// taint the resource, and the next apply would destroy the experiment. The next plan shows what is missing, and Update sets it.
func (r *experimentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseCreateWorkspace(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	e, ok := r.createOrAdopt(ctx, plan, &resp.Diagnostics)
	if !ok {
		return
	}
	r.finishCreate(ctx, &plan, e, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

// createOrAdopt creates or adopts the experiment of a plan, and claims it before another resource of this apply can delete it.
func (r *experimentResource) createOrAdopt(ctx context.Context, plan experimentModel, diags *diag.Diagnostics) (mlflow.Experiment, bool) {
	lock := r.Provider.Run.NameLock(r.Client(), plan.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	c := creator{client: r.Client(), run: &r.Provider.Run, plan: plan, lock: lock, diags: diags}
	e, ok := c.createOrAdopt(ctx)
	if ok {
		r.Provider.Run.Claim(e.ID)
		lock.Deleted = mlflow.Experiment{}
	}
	return e, ok
}

// declareTags records that this run declares the tags of a plan. Call it before the experiment is read.
func (r *experimentResource) declareTags(id string, plan *experimentModel) {
	for key := range plan.wantedTags() {
		r.Provider.Run.DeclareTag(id, key)
	}
}

// finishCreate sets the tags that the experiment does not have yet, and the computed attributes. It reports failures as warnings.
func (r *experimentResource) finishCreate(ctx context.Context, plan *experimentModel, e mlflow.Experiment, diags *diag.Diagnostics) {
	r.declareTags(e.ID, plan)
	object := framework.DescribeExperiment(e.ID, plan.Name.ValueString())
	read, err := r.Client().GetExperiment(ctx, e.ID)
	if err == nil {
		e = read
		warnUnbound(*plan, e, diags)
	} else {
		framework.AddWarning(diags, "read the new experiment", object, err, "The next plan reads it again.")
	}
	if missing, err := setTags(ctx, r.Client(), e.ID, e.TagMap(), plan.wantedTags()); err != nil {
		framework.AddWarning(diags, "set all tags of the experiment", object, err,
			fmt.Sprintf("Missing: %s. The next plan shows them, and the next apply sets them.", strings.Join(missing, ", ")))
	}
	url, err := r.Client().ExperimentURL(ctx, e.ID)
	if err != nil {
		addURLWarning(diags, object, err)
	}
	plan.URL = types.StringNull()
	plan.setComputed(e, url)
}

// setTags sets the wanted tags that differ from the server's, in order of their keys, and records in server what was set. If a request
// fails, it returns the keys that are not set.
func setTags(ctx context.Context, client *mlflow.Client, id string, server, wanted map[string]string) (left []string, err error) {
	for _, key := range framework.SortedKeys(wanted) {
		if value, ok := server[key]; !ok || value != wanted[key] {
			left = append(left, key)
		}
	}
	for len(left) > 0 {
		key := left[0]
		if err := client.SetTag(ctx, id, mlflow.Tag{Key: key, Value: wanted[key]}); err != nil {
			return left, err
		}
		server[key], left = wanted[key], left[1:]
	}
	return nil, nil
}

// creator creates or adopts the experiment of one plan. Its methods add errors to diags, and report whether they succeeded.
type creator struct {
	client *mlflow.Client
	run    *framework.RunState
	plan   experimentModel
	// lock has what other resources of this apply did to the experiment with this name.
	lock  *framework.NameLock
	diags *diag.Diagnostics
}

func (c creator) name() string { return c.plan.Name.ValueString() }

// object describes the planned experiment in messages.
func (c creator) object() string { return framework.DescribeExperiment("", c.name()) }

// createOrAdopt looks up the name before it creates an experiment: this detects conflicts, and an experiment that was created by a request
// whose response was lost.
func (c creator) createOrAdopt(ctx context.Context) (mlflow.Experiment, bool) {
	if c.shouldRestoreDeleted() {
		return c.restoreDeleted(ctx)
	}
	found, err := c.client.GetExperimentByName(ctx, c.name())
	switch {
	case rest.IsNotFound(err):
		return c.create(ctx, rest.ServerDate(err))
	case rest.IsAlreadyExists(err):
		c.addPathInUseError(err)
		return found, false
	case err != nil:
		framework.AddError(c.diags, "look up experiment", c.object(), err)
		return found, false
	case found.Deleted():
		return c.restoreOrSupersede(ctx, found)
	default:
		return c.adopt(ctx, found, nil)
	}
}

// create creates the experiment after the lookup of its name found none. It first deletes an experiment that an earlier, interrupted apply
// restored to supersede it.
func (c creator) create(ctx context.Context, since time.Time) (mlflow.Experiment, bool) {
	if c.plan.IfDeleted.ValueString() == ifDeletedSupersede && !c.resumeSupersede(ctx) {
		return mlflow.Experiment{}, false
	}
	if c.plan.CreateParents.ValueBool() && !c.createParents(ctx) {
		return mlflow.Experiment{}, false
	}
	n := mlflow.NewExperiment{
		Name: c.name(), ArtifactLocation: c.plan.ArtifactLocation.ValueString(), Tags: tagsForCreate(c.plan.wantedTags()),
		TraceLocation: c.plan.wantedTraceLocation(),
	}
	id, err := c.client.CreateExperiment(ctx, n, since)
	var taken *mlflow.TakenError
	switch {
	case err == nil:
		c.warnLeftoverGrants(ctx, id)
		return mlflow.Experiment{ID: id, Name: c.name(), ArtifactLocation: n.ArtifactLocation, Tags: n.Tags}, true
	case errors.As(err, &taken) && !taken.Experiment.Deleted():
		return c.adopt(ctx, taken.Experiment, err)
	default:
		c.addCreateError(err)
		return mlflow.Experiment{}, false
	}
}

// warnLeftoverGrants warns of grants on the new experiment that are left over from a purged experiment with the same ID.
func (c creator) warnLeftoverGrants(ctx context.Context, id string) {
	left, err := c.client.AccessControl().Leftover(ctx, id)
	if err != nil {
		framework.AddWarning(c.diags, "check for grants of a purged experiment", framework.DescribeExperiment(id, c.name()), err,
			"The server may reuse the ID of a purged experiment together with its grants. Check who has access to the new experiment.")
	}
	if len(left) > 0 {
		c.diags.AddWarning("New experiment has grants of a purged experiment", fmt.Sprintf("The server reused the ID of a purged "+
			"experiment for %s, so the grants on that experiment now apply to it:\n%s\n\nRevoke them, or manage all grants with "+
			"mlflow_experiment_permissions, which revokes undeclared ones.",
			framework.DescribeExperiment(id, c.name()), framework.DescribeGrants(left)))
	}
}

// tagsForCreate returns the tags that a create request can contain on every server. The others are set one by one.
func tagsForCreate(wanted map[string]string) []mlflow.Tag {
	var tags []mlflow.Tag
	for _, key := range framework.SortedKeys(wanted) {
		if len(tags) < mlflow.MaxCreateTags && len(wanted[key]) <= mlflow.MaxCreateTagValue {
			tags = append(tags, mlflow.Tag{Key: key, Value: wanted[key]})
		}
	}
	return tags
}

func (c creator) createParents(ctx context.Context) bool {
	err := c.run.CreateParents(ctx, c.client, c.name())
	if err != nil {
		addCreateParentsError(c.diags, c.name(), err)
	}
	return err == nil
}

// addCreateParentsError reports that the parent folders of a name could not be created.
func addCreateParentsError(diags *diag.Diagnostics, name string, err error) {
	advice := "Create the folder in the workspace, or ask a workspace admin to create it."
	if rest.IsAlreadyExists(err) {
		advice = "Part of this path is not a folder but, for example, a notebook or an experiment. Choose another path."
	}
	folder := fmt.Sprintf("folder %q", stdpath.Dir(name))
	diags.AddAttributeError(path.Root("name"), "Could not create folder", framework.ErrorDetail(folder, err, advice))
}

func (c creator) addCreateError(err error) {
	if addNameError(c.diags, "create experiment", c.object(), c.name(), err) {
		return
	}
	var taken *mlflow.TakenError
	if errors.As(err, &taken) {
		c.addDeletedNameError(taken.Experiment)
		return
	}
	if rest.IsLocationRefused(err) {
		advice := "Remove artifact_location from the configuration: the server chooses the location." // as an MLflow server with workspaces does
		if setting, ok := rest.RefusedScheme(err); ok {
			advice = "Set " + setting + " in the environment of the server, or choose a location in the artifact storage of the server."
		}
		c.diags.AddAttributeError(path.Root("artifact_location"), "Could not create experiment", framework.ErrorDetail(c.object(), err, advice))
		return
	}
	advice, about := c.traceLocationAdvice(err)
	if about {
		detail := framework.ErrorDetail(c.object(), err, advice...)
		c.diags.AddAttributeError(path.Root(attributeTraceLocation), "Could not create experiment", detail)
		return
	}
	framework.AddError(c.diags, "create experiment", c.object(), err, append(c.client.FolderAdvice(err), advice...)...)
}

// addNameError adds an error if the server rejected a name, on create or on rename. It reports whether it did.
func addNameError(diags *diag.Diagnostics, action, object, name string, err error) bool {
	var advice string
	var taken *mlflow.TakenError
	switch {
	case rest.IsParentMissing(err):
		advice = fmt.Sprintf("Set create_parents = true, or create the folder %q first.", stdpath.Dir(name))
	case errors.As(err, &taken):
		return false
	case rest.IsAlreadyExists(err):
		advice = "Another experiment or, on Databricks, a notebook or folder has this name. Choose another name, or import the experiment."
	case rest.IsInGitFolder(err):
		advice = "Databricks does not allow experiments in Git folders. Choose another path, for example under /Shared or /Users."
	default:
		return false
	}
	diags.AddAttributeError(path.Root("name"), "Could not "+action, framework.ErrorDetail(object, err, advice))
	return true
}

func (c creator) addPathInUseError(err error) {
	c.diags.AddAttributeError(path.Root("name"), "Could not create experiment",
		framework.ErrorDetail(c.object(), err, "This path is not an experiment but, for example, a notebook or a folder. Choose another name."))
}

// adopt adopts an active experiment, or adds an error if it is not to be adopted. cause is the error of the create request, nil if none was
// sent.
func (c creator) adopt(ctx context.Context, e mlflow.Experiment, cause error) (mlflow.Experiment, bool) {
	if c.plan.IfDeleted.ValueString() == ifDeletedSupersede && c.hasSupersedeMarker(e) {
		return c.supersede(ctx, e)
	}
	if c.plan.AdoptExisting.ValueBool() {
		return e, c.checkNotPendingDelete(e) && c.checkLocations(e) && c.claim(e)
	}
	if c.run.IsClaimed(e.ID) {
		addClaimedError(c.diags, e)
		return e, false
	}
	origin := "existed before this apply"
	if cause != nil {
		origin = "was created while this apply ran: " + cause.Error()
	}
	c.diags.AddAttributeError(path.Root("name"), "Could not create experiment: name already in use", fmt.Sprintf(
		"%s\n\nTo manage it, import it:\n\n  import {\n    to = mlflow_experiment.NAME\n    id = %q\n  }\n\nor set adopt_existing = true. "+
			"Otherwise, choose another name.",
		framework.EndSentences(framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name))+" "+origin), e.ID))
	return e, false
}

// checkLocations adds an error if an experiment to adopt or restore stores its artifacts or traces at another location than declared.
func (c creator) checkLocations(e mlflow.Experiment) bool {
	if !c.hasDeclaredArtifacts(e) {
		c.diags.AddAttributeError(path.Root("artifact_location"), adoptErrorSummary(e), fmt.Sprintf("%s stores its artifacts in %q, which "+
			"cannot be changed, but %q is declared. Nothing was changed.\n\nDeclare the artifact location of the experiment, remove "+
			"artifact_location from the configuration, or choose another name.",
			framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)), e.ArtifactLocation, c.plan.ArtifactLocation.ValueString()))
		return false
	}
	if !c.hasDeclaredTraces(e) {
		c.addTraceLocationError(e)
		return false
	}
	return true
}

// adoptErrorSummary returns the summary for an experiment that cannot be adopted, or restored if it is deleted.
func adoptErrorSummary(e mlflow.Experiment) string {
	if e.Deleted() {
		return "Could not restore experiment"
	}
	return "Could not adopt experiment"
}

// hasDeclaredArtifacts reports whether an experiment has the artifact location of the plan, if the plan declares one.
func (c creator) hasDeclaredArtifacts(e mlflow.Experiment) bool {
	declared := c.plan.ArtifactLocation
	return declared.IsUnknown() || declared.IsNull() || sameArtifactLocation(declared.ValueString(), e.ArtifactLocation)
}

// restoreOrSupersede does what if_deleted declares for a deleted experiment that reserves the name.
func (c creator) restoreOrSupersede(ctx context.Context, e mlflow.Experiment) (mlflow.Experiment, bool) {
	switch c.plan.IfDeleted.ValueString() {
	case ifDeletedRestore:
		if !c.checkLocations(e) {
			return e, false
		}
		if err := c.client.RestoreExperiment(ctx, e.ID); err != nil {
			framework.AddError(c.diags, "restore experiment", framework.DescribeExperiment(e.ID, e.Name), err, c.client.FolderAdvice(err)...)
			return e, false
		}
		return e, true
	case ifDeletedSupersede:
		return c.supersede(ctx, e)
	default:
		c.addDeletedNameError(e)
		return e, false
	}
}

func (c creator) addDeletedNameError(e mlflow.Experiment) {
	c.diags.AddAttributeError(path.Root("name"), "Could not create experiment: name reserved by a deleted experiment", fmt.Sprintf(
		"%s is deleted but still reserves its name.\n\nSet if_deleted = \"restore\" to restore it with its runs, or if_deleted = \"supersede\" "+
			"to rename it and create a new experiment. Otherwise, choose another name.",
		framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name))))
}
