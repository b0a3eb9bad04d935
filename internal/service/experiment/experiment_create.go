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

// Create obtains an experiment – a new one, or one that is there – and brings it to the declared state. Once there is an id it
// never fails: an error would taint the resource, and the next apply would destroy the experiment. What is missing shows up in the
// next plan, and Update repairs it.
func (r *experimentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseCreateWorkspace(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	e, ok := r.obtain(ctx, plan, &resp.Diagnostics)
	if !ok {
		return
	}
	r.complete(ctx, &plan, e, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

// obtain comes by the experiment of a plan, and claims it before another block of this apply can delete it.
func (r *experimentResource) obtain(ctx context.Context, plan experimentModel, diags *diag.Diagnostics) (mlflow.Experiment, bool) {
	lock := r.Provider.Run.NameLock(r.Client(), plan.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	o := obtaining{client: r.Client(), run: &r.Provider.Run, plan: plan, lock: lock, diags: diags}
	e, ok := o.experiment(ctx)
	if ok {
		r.Provider.Run.Claim(e.ID)
		lock.Deleted = mlflow.Experiment{}
	}
	return e, ok
}

// declareTags marks the tags that the plan wants, before the experiment is read.
func (r *experimentResource) declareTags(id string, plan *experimentModel) {
	for key := range plan.wantedTags() {
		r.Provider.Run.DeclareTag(id, key)
	}
}

// complete sets the tags that the experiment lacks, and fills the computed values. Whatever fails is a warning.
func (r *experimentResource) complete(ctx context.Context, plan *experimentModel, e mlflow.Experiment, diags *diag.Diagnostics) {
	r.declareTags(e.ID, plan)
	read, err := r.Client().GetExperiment(ctx, e.ID)
	if err == nil {
		e = read
		warnUnbound(*plan, e, diags)
	} else {
		framework.AddWarning(diags, "read the experiment that was created", framework.DescribeExperiment(e.ID, plan.Name.ValueString()), err, "The next plan reads it again.")
	}
	if missing, err := setTags(ctx, r.Client(), e.ID, e.TagMap(), plan.wantedTags()); err != nil {
		framework.AddWarning(diags, "set all tags of the experiment", framework.DescribeExperiment(e.ID, plan.Name.ValueString()), err,
			fmt.Sprintf("Missing: %s. The next plan shows them, and the next apply sets them.", strings.Join(missing, ", ")))
	}
	page, err := r.Client().ExperimentURL(ctx, e.ID)
	if err != nil {
		framework.AddWarning(diags, "tell the address of the experiment's page", framework.DescribeExperiment(e.ID, plan.Name.ValueString()), err)
	}
	plan.URL = types.StringNull()
	plan.fill(e, page)
}

// setTags sets the wanted tags that differ from the server's, in order of their keys, and notes in server what was set. At the first failure it
// returns the keys that are left.
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

// obtaining is one attempt to come by the experiment of a plan. Its methods report to diags, and tell whether they succeeded.
type obtaining struct {
	client *mlflow.Client
	run    *framework.RunState
	plan   experimentModel
	// lock knows what another resource of this apply did to the experiment of that name.
	lock  *framework.NameLock
	diags *diag.Diagnostics
}

func (o obtaining) name() string { return o.plan.Name.ValueString() }

// experiment looks for the name first: that is the conflict check, and what makes a lost answer recoverable.
func (o obtaining) experiment(ctx context.Context) (mlflow.Experiment, bool) {
	if o.takesBack() {
		return o.takeBack(ctx)
	}
	found, err := o.client.GetExperimentByName(ctx, o.name())
	switch {
	case rest.IsNotFound(err):
		return o.createFresh(ctx, rest.ServerDate(err))
	case rest.IsAlreadyExists(err):
		o.pathTaken(err)
		return found, false
	case err != nil:
		framework.AddError(o.diags, "look for experiment", framework.DescribeExperiment("", o.name()), err)
		return found, false
	case found.Deleted():
		return o.takeDeleted(ctx, found)
	default:
		return o.takeActive(ctx, found, nil)
	}
}

// createFresh creates the experiment after the look for its name found nothing. A deleted one that an earlier, interrupted apply
// moved aside is deleted again first.
func (o obtaining) createFresh(ctx context.Context, since time.Time) (mlflow.Experiment, bool) {
	if o.plan.IfDeleted.ValueString() == ifDeletedSupersede && !o.finishSuperseding(ctx) {
		return mlflow.Experiment{}, false
	}
	if o.plan.CreateParents.ValueBool() && !o.createParents(ctx) {
		return mlflow.Experiment{}, false
	}
	n := mlflow.NewExperiment{
		Name: o.name(), ArtifactLocation: o.plan.ArtifactLocation.ValueString(), Tags: createTags(o.plan.wantedTags()), TraceLocation: o.plan.wantedTraceLocation(),
	}
	id, err := o.client.CreateExperiment(ctx, n, since)
	var taken *mlflow.TakenError
	switch {
	case err == nil:
		o.warnLeftoverGrants(ctx, id)
		return mlflow.Experiment{ID: id, Name: o.name(), ArtifactLocation: n.ArtifactLocation, Tags: n.Tags}, true
	case errors.As(err, &taken) && !taken.Experiment.Deleted():
		return o.takeActive(ctx, taken.Experiment, err)
	default:
		o.createFailed(err)
		return mlflow.Experiment{}, false
	}
}

// warnLeftoverGrants warns who has access to the new experiment by grants that an earlier one of the same ID left.
func (o obtaining) warnLeftoverGrants(ctx context.Context, id string) {
	left, err := o.client.AccessControl().Leftover(ctx, id)
	if err != nil {
		framework.AddWarning(o.diags, "check for grants of an earlier experiment", framework.DescribeExperiment(id, o.name()), err,
			"The server may use the ID of a purged experiment again, with the grants on it. Check who has access to the new experiment.")
	}
	if len(left) > 0 {
		o.diags.AddWarning("Experiment is open to users of an earlier one", fmt.Sprintf("The server used the ID of a purged experiment again for %s, and the grants on that "+
			"one now give access to it:\n%s\n\nRevoke them, or manage all grants with mlflow_experiment_permissions, which removes those that are not declared.",
			framework.DescribeExperiment(id, o.name()), framework.DescribeGrants(left)))
	}
}

// createTags picks the tags that may go with the create request on every server; the others are set one by one.
func createTags(wanted map[string]string) []mlflow.Tag {
	var tags []mlflow.Tag
	for _, key := range framework.SortedKeys(wanted) {
		if len(tags) < mlflow.MaxCreateTags && len(wanted[key]) <= mlflow.MaxCreateTagValue {
			tags = append(tags, mlflow.Tag{Key: key, Value: wanted[key]})
		}
	}
	return tags
}

func (o obtaining) createParents(ctx context.Context) bool {
	err := o.run.CreateParents(ctx, o.client, o.name())
	if err != nil {
		parentsFailed(o.diags, o.name(), err)
	}
	return err == nil
}

// parentsFailed words that the folders of a name could not be made.
func parentsFailed(diags *diag.Diagnostics, name string, err error) {
	advice := "Make the folder by hand, or ask a workspace admin to."
	if rest.IsAlreadyExists(err) {
		advice = "Something that is no folder, such as a notebook or an experiment, stands in the way. Choose another path."
	}
	diags.AddAttributeError(path.Root("name"), "Could not create folder", framework.ErrorDetail(fmt.Sprintf("folder %q", stdpath.Dir(name)), err, advice))
}

func (o obtaining) createFailed(err error) {
	if addNameError(o.diags, "create experiment", framework.DescribeExperiment("", o.name()), o.name(), err) {
		return
	}
	var taken *mlflow.TakenError
	if errors.As(err, &taken) {
		o.deletedHoldsName(taken.Experiment)
		return
	}
	if rest.IsLocationRefused(err) {
		advice := "Leave artifact_location out: the server chooses where artifacts lie." // as an MLflow server with workspaces does
		if setting, ok := rest.RefusedScheme(err); ok {
			advice = "Set " + setting + " in the environment of the server, or choose a location in the artifact storage of the server."
		}
		o.diags.AddAttributeError(path.Root("artifact_location"), "Could not create experiment", framework.ErrorDetail(framework.DescribeExperiment("", o.name()), err, advice))
		return
	}
	advice, about := o.traceLocationAdvice(err)
	if about {
		o.diags.AddAttributeError(path.Root(attributeTraceLocation), "Could not create experiment", framework.ErrorDetail(framework.DescribeExperiment("", o.name()), err, advice...))
		return
	}
	framework.AddError(o.diags, "create experiment", framework.DescribeExperiment("", o.name()), err, append(o.client.FolderAdvice(err), advice...)...)
}

// addNameError reports the refusals that a name can meet on create and on rename, and whether it was one.
func addNameError(diags *diag.Diagnostics, could, object, name string, err error) bool {
	var advice string
	var taken *mlflow.TakenError
	switch {
	case rest.IsParentMissing(err):
		advice = fmt.Sprintf("Set create_parents = true, or make the folder %q first.", stdpath.Dir(name))
	case errors.As(err, &taken):
		return false
	case rest.IsAlreadyExists(err):
		advice = "The name is taken, by another experiment or, on Databricks, by a notebook or folder. Choose another one, or import what is there."
	case rest.IsInGitFolder(err):
		advice = "Databricks allows no experiments inside Git folders. Choose a path outside, such as one under /Shared or /Users."
	default:
		return false
	}
	diags.AddAttributeError(path.Root("name"), "Could not "+could, framework.ErrorDetail(object, err, advice))
	return true
}

func (o obtaining) pathTaken(err error) {
	o.diags.AddAttributeError(path.Root("name"), "Could not create experiment",
		framework.ErrorDetail(framework.DescribeExperiment("", o.name()), err, "Something else has this path, such as a notebook or a folder. Choose another name."))
}

// takeActive takes over an experiment that is there, or fails with what can be done. cause is the server's refusal, if there was one.
func (o obtaining) takeActive(ctx context.Context, e mlflow.Experiment, cause error) (mlflow.Experiment, bool) {
	if o.plan.IfDeleted.ValueString() == ifDeletedSupersede && o.isSuperseded(e) {
		return o.superseded(ctx, e)
	}
	if o.plan.AdoptExisting.ValueBool() {
		return e, o.isFree(e) && o.checkLocations(e) && o.claim(e)
	}
	if o.run.IsClaimed(e.ID) {
		addClaimedError(o.diags, e)
		return e, false
	}
	said := "It was there before this apply."
	if cause != nil {
		said = fmt.Sprintf("It came up while this apply created one: %s.", cause)
	}
	o.diags.AddAttributeError(path.Root("name"), "Could not create experiment: the name is taken", fmt.Sprintf(
		"There is an experiment %q with id %s. %s\n\nTo manage it, import it:\n\n  import {\n    to = mlflow_experiment.LABEL\n    id = %q\n  }\n\n"+
			"or set adopt_existing = true. Otherwise choose another name.", e.Name, e.ID, said, e.ID))
	return e, false
}

// checkLocations rejects an experiment whose artifacts or traces are stored somewhere else than declared, before anything is written.
func (o obtaining) checkLocations(e mlflow.Experiment) bool {
	if !o.hasDeclaredLocation(e) {
		o.diags.AddAttributeError(path.Root("artifact_location"), "Could not take over experiment", fmt.Sprintf(
			"Experiment %q (%s) keeps its artifacts in %q, which can't be changed, but %q is declared. Declare that location, leave it out, or choose another name.",
			e.Name, e.ID, e.ArtifactLocation, o.plan.ArtifactLocation.ValueString()))
		return false
	}
	if !o.hasDeclaredTraces(e) {
		o.addTracesError(e)
		return false
	}
	return true
}

// hasDeclaredLocation reports whether an experiment stores its artifacts where the plan declares them.
func (o obtaining) hasDeclaredLocation(e mlflow.Experiment) bool {
	declared := o.plan.ArtifactLocation
	return declared.IsUnknown() || declared.IsNull() || sameLocation(declared.ValueString(), e.ArtifactLocation)
}

// takeDeleted deals with a deleted experiment that holds the name.
func (o obtaining) takeDeleted(ctx context.Context, e mlflow.Experiment) (mlflow.Experiment, bool) {
	switch o.plan.IfDeleted.ValueString() {
	case ifDeletedRestore:
		if !o.checkLocations(e) {
			return e, false
		}
		if err := o.client.RestoreExperiment(ctx, e.ID); err != nil {
			framework.AddError(o.diags, "restore experiment", framework.DescribeExperiment(e.ID, e.Name), err, o.client.FolderAdvice(err)...)
			return e, false
		}
		return e, true
	case ifDeletedSupersede:
		return o.superseded(ctx, e)
	default:
		o.deletedHoldsName(e)
		return e, false
	}
}

func (o obtaining) deletedHoldsName(e mlflow.Experiment) {
	o.diags.AddAttributeError(path.Root("name"), "Could not create experiment: a deleted one holds the name", fmt.Sprintf(
		"Experiment %q (%s) is deleted but still holds its name.\n\nSet if_deleted = \"restore\" to bring it back with its runs, or if_deleted = \"supersede\" to "+
			"rename it aside and create a new one. Otherwise choose another name.", e.Name, e.ID))
}
