package acctest

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// ExperimentAttributes returns the attributes of an experiment: its name and the given ones.
func ExperimentAttributes(name string, more map[string]any) map[string]any {
	all := map[string]any{"name": name}
	maps.Copy(all, more)
	return all
}

// WithAdoptExisting returns the attributes of an experiment with adopt_existing, and the given ones.
func WithAdoptExisting(more map[string]any) map[string]any {
	config := ExperimentAttributes("/Shared/churn", map[string]any{"adopt_existing": true})
	maps.Copy(config, more)
	return config
}

// ExperimentAddress is the resource address of the experiment of [ExperimentConfig]. ExperimentsPath is the path of the endpoints for
// experiments.
const (
	ExperimentAddress = "mlflow_experiment.test"
	ExperimentsPath   = "/api/2.0/mlflow/experiments/"
)

// ExperimentConfig returns the configuration of an mlflow_experiment with these arguments.
func ExperimentConfig(arguments string) string {
	return "resource \"mlflow_experiment\" \"test\" {\n" + arguments + "\n}\n"
}

// ExperimentState checks an attribute of the experiment at [ExperimentAddress] in the state.
func ExperimentState(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(ExperimentAddress, tfjsonpath.New(attribute), want)
}

// PreApply returns the checks of a plan before it is applied.
func PreApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// StateOfExperiment returns the state of an experiment after an apply.
func StateOfExperiment(e emulator.Experiment, more map[string]any) map[string]any {
	state := map[string]any{
		"id": e.ID, "name": e.Name, "artifact_location": e.ArtifactLocation, "tags_all": map[string]string{},
		"creation_time": RFC3339(e.CreationTime), "url": "https://example.com/ml/experiments/" + e.ID,
	}
	maps.Copy(state, more)
	return state
}
