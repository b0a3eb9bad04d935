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

// movedExperiment is the state of a databricks_mlflow_experiment, as far as it is taken over. The Read that follows fills the rest.
type movedExperiment struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	ArtifactLocation string          `json:"artifact_location"`
	CreationTime     rest.Int64      `json:"creation_time"`
	TraceLocation    json.RawMessage `json:"trace_location"`
}

// movedTraceLocation is the one block of trace_location. It contains the block uc_trace_location, or the tables themselves.
type movedTraceLocation struct {
	mlflow.TraceTables
	UnityCatalog []mlflow.TraceTables `json:"uc_trace_location"`
}

// tables returns the trace tables of a moved state, nil if there are none. Another shape has none either: the Read that follows fills them in.
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

// MoveState takes over experiments of the Databricks provider.
func (r *experimentResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveDatabricksExperiment}}
}

func moveDatabricksExperiment(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	// The provider's address is not looked at: registries and mirrors differ, and OpenTofu was seen to pass the target's instead.
	if req.SourceTypeName != "databricks_mlflow_experiment" {
		return
	}
	var source movedExperiment
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil || source.ID == "" {
		resp.Diagnostics.AddError("Could not move experiment", "The state of the databricks_mlflow_experiment holds no id. Remove it from the state and import the "+
			"experiment instead.")
		return
	}
	e := mlflow.Experiment{ID: source.ID, ArtifactLocation: source.ArtifactLocation, CreationTime: source.CreationTime}
	target := experimentModel{
		Name: framework.OrNull(source.Name), Tags: types.MapNull(types.StringType), TagsAll: types.MapNull(types.StringType),
	}
	target.fill(e, "")
	target.TraceLocation = newTraceLocation(source.tables())
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, target)...)
	resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, importedKey, []byte(byMove))...)
}
