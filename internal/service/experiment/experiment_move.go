package experiment

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// movedExperiment has the attributes of a databricks_mlflow_experiment that a move uses. The refresh after the move sets the others.
type movedExperiment struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	ArtifactLocation string          `json:"artifact_location"`
	CreationTime     rest.Int64      `json:"creation_time"`
	TraceLocation    json.RawMessage `json:"trace_location"`
}

// movedTraceLocation is the only block of trace_location. It contains the block uc_trace_location, or the tables themselves.
type movedTraceLocation struct {
	mlflow.TraceTables
	UnityCatalog []mlflow.TraceTables `json:"uc_trace_location"`
}

// tables returns the trace tables of a moved state, nil if it has none or an unknown structure: the refresh after the move sets them.
func (m movedExperiment) tables() *mlflow.TraceTables {
	var locations []movedTraceLocation
	if json.Unmarshal(m.TraceLocation, &locations) != nil {
		return nil
	}
	for _, location := range locations {
		for _, tables := range append(location.UnityCatalog, location.TraceTables) {
			if tables.Catalog != "" && tables.Schema != "" {
				return &tables
			}
		}
	}
	return nil
}

// MoveState moves the state of experiments from the Databricks provider.
func (r *experimentResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveDatabricksExperiment}}
}

func moveDatabricksExperiment(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	// The source address of the provider is not checked: registries and mirrors differ, and OpenTofu sends that of the target instead.
	if req.SourceTypeName != "databricks_mlflow_experiment" {
		return
	}
	var source movedExperiment
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil || source.ID == "" {
		resp.Diagnostics.AddError("Could not move experiment", "The state of the databricks_mlflow_experiment does not contain an "+
			"ID.\n\nRemove it from the state with terraform state rm, then import the experiment.")
		return
	}
	e := mlflow.Experiment{ID: source.ID, ArtifactLocation: source.ArtifactLocation, CreationTime: source.CreationTime}
	target := experimentModel{
		Name: framework.OrNull(source.Name), Tags: types.MapNull(types.StringType), TagsAll: types.MapNull(types.StringType),
	}
	target.setComputed(e, "")
	target.TraceLocation = newTraceLocation(source.tables())
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, target)...)
	resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, importedKey, []byte(byMove))...)
}
