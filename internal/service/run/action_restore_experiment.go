package run

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	fwpath "github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	attributeExperimentID = "experiment_id"
	attributeName         = "name"

	// tagSourceName is the tag in which Databricks stores the original name of an experiment in the Trash.
	tagSourceName = "mlflow.experiment.sourceName"
	// maxCandidates is the maximum number of deleted experiments to compare with a name.
	maxCandidates = 1000
)

var (
	_ action.ActionWithConfigure  = (*restoreExperimentAction)(nil)
	_ action.ActionWithModifyPlan = (*restoreExperimentAction)(nil)
)

// restoreExperimentAction restores a deleted experiment.
type restoreExperimentAction struct{ framework.ActionBase }

type restoreExperimentModel struct {
	ExperimentID types.String `tfsdk:"experiment_id"`
	Name         types.String `tfsdk:"name"`
	Workspace    types.String `tfsdk:"workspace"`
}

// NewRestoreExperimentAction returns the action mlflow_restore_experiment.
func NewRestoreExperimentAction() action.Action { return &restoreExperimentAction{} }

// Metadata implements [action.Action].
func (a *restoreExperimentAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_restore_experiment"
}

// Schema implements [action.Action].
func (a *restoreExperimentAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Restores a deleted experiment with its runs. An active experiment is not changed. A purged experiment cannot be " +
			"restored.",
		Attributes: map[string]schema.Attribute{
			attributeExperimentID: schema.StringAttribute{
				Optional: true, Validators: []validator.String{
					framework.ExperimentIDValidator,
					stringvalidator.ExactlyOneOf(fwpath.MatchRoot(attributeExperimentID), fwpath.MatchRoot(attributeName)),
				},
				MarkdownDescription: "ID of the experiment. Exactly one of `experiment_id` and `name` must be set.",
			},
			attributeName: schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Name of the experiment when it was deleted. On Databricks, several deleted experiments can have had the same " +
					"name: the action then fails.",
			},
			framework.AttributeWorkspace: framework.WorkspaceActionAttribute(),
		},
	}
}

// ModifyPlan implements [action.ActionWithModifyPlan]. It reports the experiment that the action restores.
func (a *restoreExperimentAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config restoreExperimentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.ExperimentID.IsUnknown() || config.Name.IsUnknown() {
		return
	}
	client := a.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	if e, ok := config.find(ctx, client, &resp.Diagnostics); ok && e.Deleted() {
		resp.Diagnostics.AddWarning("Action restores experiment", fmt.Sprintf("The action restores %s with its "+
			"runs.", framework.DescribeExperiment(e.ID, e.Name)))
	}
}

// Invoke implements [action.Action].
func (a *restoreExperimentAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config restoreExperimentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientOrError(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	e, ok := config.find(ctx, client, &resp.Diagnostics)
	if !ok {
		return
	}
	described := framework.DescribeExperiment(e.ID, e.Name)
	if !e.Deleted() {
		resp.SendProgress(action.InvokeProgressEvent{Message: framework.UpperFirst(described) + " is active already"})
		return
	}
	if err := client.RestoreExperiment(ctx, e.ID); err != nil {
		framework.AddError(&resp.Diagnostics, "restore experiment", described, err, restoreExperimentAdvice(client, err)...)
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: "Restored " + described})
}

func restoreExperimentAdvice(client *mlflow.Client, err error) []string {
	switch {
	case rest.IsNotFound(err):
		return []string{"The server has purged the experiment, or it was restored in the meantime. A purged experiment cannot be restored."}
	case rest.IsAlreadyExists(err):
		return []string{"Another experiment now has this name. Rename or delete it, then invoke the action again."}
	}
	return client.FolderAdvice(err)
}

// find returns the experiment with the ID or the name.
func (m *restoreExperimentModel) find(ctx context.Context, client *mlflow.Client, diags *diag.Diagnostics) (mlflow.Experiment, bool) {
	at, described := fwpath.Root(attributeExperimentID), framework.DescribeExperiment(m.ExperimentID.ValueString(), m.Name.ValueString())
	var (
		e   mlflow.Experiment
		err error
	)
	if m.Name.IsNull() {
		e, err = client.GetExperiment(ctx, m.ExperimentID.ValueString())
	} else {
		at = fwpath.Root(attributeName)
		e, err = findByName(ctx, client, client.NormalizeName(m.Name.ValueString()))
	}
	ambiguous, several := errors.AsType[*ambiguousError](err)
	switch {
	case several:
		diags.AddAttributeError(at, "Experiment name is ambiguous", framework.UpperFirst(ambiguous.Error())+".\n\nSet experiment_id "+
			"instead of name.")
	case rest.IsNotFound(err):
		diags.AddAttributeError(at, "Could not read experiment", framework.ErrorDetail(described, err,
			"The experiment never existed, or the server has purged it. A purged experiment cannot be restored."))
	case err != nil:
		diags.AddAttributeError(at, "Could not read experiment", framework.ErrorDetail(described, err))
	}
	return e, err == nil
}

// ambiguousError means that a name does not identify one experiment.
type ambiguousError struct {
	name   string
	exact  bool // whether the experiments had this name; if not, their names only end in the same way
	others []mlflow.Experiment
}

// Error implements error.
func (e *ambiguousError) Error() string {
	var list []string
	for _, o := range e.others {
		list = append(list, fmt.Sprintf("%s (now %q)", o.ID, o.Name))
	}
	if e.exact {
		return fmt.Sprintf("several deleted experiments had the name %q: %s", e.name, strings.Join(list, ", "))
	}
	return fmt.Sprintf("no deleted experiment is known to have had the name %q, but these have similar names: "+
		"%s", e.name, strings.Join(list, ", "))
}

// findByName returns the active experiment with a name, or the deleted one that had it. Errors: [rest.IsNotFound], *[ambiguousError].
func findByName(ctx context.Context, client *mlflow.Client, name string) (mlflow.Experiment, error) {
	e, err := client.GetExperimentByName(ctx, name)
	if client.DeletedKeepName() || err != nil && !rest.IsNotFound(err) || err == nil && !e.Deleted() {
		return e, err
	}
	// In the Trash, an experiment has a different folder, and can have a number after its name.
	last := strings.Map(func(r rune) rune {
		if strings.ContainsRune("'\"`\\%", r) {
			return '_' // any character
		}
		return r
	}, path.Base(name))
	var exact, similar []mlflow.Experiment
	search := mlflow.Search{Filter: "name LIKE '%/" + last + "%'", ViewType: string(mlflow.ViewDeleted), PageSize: maxCandidates}
	for candidate, searchErr := range client.SearchExperiments(ctx, search) {
		if searchErr != nil {
			return e, searchErr
		}
		source, _ := candidate.Tag(tagSourceName)
		switch {
		case candidate.Name == name, client.NormalizeName(source) == name:
			exact = append(exact, candidate)
		case isInTrash(candidate.Name, path.Base(name)):
			similar = append(similar, candidate)
		}
		if len(exact)+len(similar) > maxCandidates {
			break
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) > 1:
		return e, &ambiguousError{name, true, exact}
	case len(similar) > 0:
		return e, &ambiguousError{name, false, similar}
	}
	return e, err
}

// isInTrash reports whether a deleted experiment can have had a name that ends in last. The Trash adds a number to a name in use.
func isInTrash(name, last string) bool {
	base, number, _ := strings.Cut(path.Base(name), last)
	return base == "" && (number == "" || strings.HasPrefix(number, " ("))
}
