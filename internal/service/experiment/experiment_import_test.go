package experiment_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestExperiment_import(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn",
		map[string]string{"team": "risk", "owner": "platform", "mlflow.experimentKind": "genai", "blank": ""})
	w.SetTag(id, "mlflow.note.content", "Predicts churn")
	provider := w.ConfigAs(emulator.AdminToken, `default_tags = { owner = "platform" }`, "")
	matching := provider + acctest.ExperimentConfig("name = \"/Workspace/Shared/churn\"\ndescription = \"Predicts churn\"\ntags = { team = "+
		"\"risk\" }\ndeletion_policy = \"retain\"")
	block := "import {\n  to = mlflow_experiment.test\n  id = \"/Workspace/Shared/churn/\"\n}\n"
	check := []statecheck.StateCheck{
		acctest.ExperimentState("tags", textMap("team", "risk")), acctest.ExperimentState("tags_all",
			textMap("team", "risk", "owner", "platform")),
		acctest.ExperimentState("description", knownvalue.StringExact("Predicts churn")),
		acctest.ExperimentState("name", knownvalue.StringExact("/Shared/churn")),
	}
	t.Run("by command", func(t *testing.T) {
		acctest.UnitTest(t,
			resource.TestStep{Config: matching, ResourceName: acctest.ExperimentAddress, ImportState: true, ImportStateId: "/Shared/churn",
				ImportStatePersist: true},
			resource.TestStep{Config: matching, ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress,
				"deletion_policy")), ConfigStateChecks: check, PostApplyFunc: func() { w.ExpectWrites(t) }},
		)
	})
	t.Run("by block", func(t *testing.T) {
		acctest.UnitTest(t, resource.TestStep{
			Config:           matching + block,
			ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress, "deletion_policy")), ConfigStateChecks: check,
		})
	})
	t.Run("with generated configuration", func(t *testing.T) {
		acctest.UnitTest(t, resource.TestStep{
			Config: provider, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			ImportStateId: id, ResourceName: acctest.ExperimentAddress,
		})
	})
	t.Run("every form", func(t *testing.T) {
		d := w.Provider(t, emulator.AdminToken)
		for _, form := range []string{
			id, "/Shared/churn", "/Workspace/Shared/churn/", "name=/Shared/churn",
			w.URL + "/ml/experiments/" + id + "?o=" + emulator.WorkspaceID, w.URL + "/ml/experiments/" + id + "/runs?searchFilter=x", w.URL +
				"/#/experiments/" + id,
		} {
			if state, got := d.ImportState("mlflow_experiment", form); state["id"] != id || got != "" {
				t.Errorf("import of %q: got state %v and diagnostics %q, want ID %s", form, state, got, id)
			}
		}
	})
}

func TestExperiment_importDeleted(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	trashed := w.CreateExperiment(emulator.Admin, "/Shared/old", nil)
	w.Trash(trashed)
	got := w.Provider(t, emulator.AdminToken).ImportAndRead("mlflow_experiment", trashed)
	if !strings.HasPrefix(got, "error: Could not import experiment: Experiment "+trashed+" is deleted") {
		t.Errorf("read: got diagnostics %q, want an error", got)
	}
}
