package acctest

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// DatabricksProviderAddress is the registry address of the Databricks provider.
const DatabricksProviderAddress = "registry.terraform.io/databricks/databricks"

// DatabricksExperimentState returns the state of an experiment in the Databricks provider.
func DatabricksExperimentState(e emulator.Experiment) map[string]any {
	var tags []any
	for _, t := range e.Tags {
		tags = append(tags, map[string]any{"key": t.Key, "value": t.Value})
	}
	traces := []any{}
	if l := e.TraceLocation; l != nil {
		traces = []any{map[string]any{"uc_trace_location": []any{map[string]any{
			"catalog": l.Catalog, "schema": l.Schema, "table_prefix": l.TablePrefix, "effective_table_prefix": l.EffectiveTablePrefix,
		}}}}
	}
	return map[string]any{
		"id": e.ID, "experiment_id": e.ID, "name": e.Name, "artifact_location": e.ArtifactLocation, "lifecycle_stage": e.LifecycleStage,
		"creation_time": e.CreationTime, "last_update_time": e.LastUpdateTime, "description": nil,
		"tags": tags, "trace_location": traces, "timeouts": nil,
	}
}

// DatabricksPermissionsState returns the state of the permissions of an experiment in the Databricks provider.
func DatabricksPermissionsState(id string, grants ...emulator.Grant) map[string]any {
	var list []any
	for _, g := range grants {
		entry := map[string]any{"user_name": "", "group_name": "", "service_principal_name": "", "permission_level": g.Level}
		entry[g.Kind+"_name"] = g.Name
		list = append(list, entry)
	}
	return map[string]any{"id": "/experiments/" + id, "object_type": "mlflowExperiment", "experiment_id": id, "access_control": list}
}
