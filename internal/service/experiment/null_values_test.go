package experiment_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_nullTags: a tag with a null value counts as absent, in tags and in default_tags, if it is null on create, becomes null, or
// is null after it was unknown.
func TestExperiment_nullTags(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(tags string) string {
		return w.ConfigAs(emulator.AdminToken, `default_tags = { owner = "platform", none = null, stage = "default" }`, `
			resource "terraform_data" "null" { input = { text = null } }
			locals { late = terraform_data.null.output.text }
			`+acctest.ExperimentConfig("name = \"/Shared/churn\"\ntags = "+tags))
	}
	apply := func(tags string, all knownvalue.Check, held map[string]string) resource.TestStep {
		return resource.TestStep{
			Config:            config(tags), // followed by a plan that must be empty
			ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("tags_all", all)},
			PostApplyFunc:     func() { w.ExpectTags(t, "/Shared/churn", held) },
		}
	}
	defaults := textMap("team", "risk", "owner", "platform", "stage", "default")
	held := map[string]string{"team": "risk", "owner": "platform", "stage": "default"}
	var id string
	acctest.UnitTest(t,
		apply(`{ team = "risk", stage = null, step = null, late = local.late }`, defaults, held),
		apply(`{ team = "risk", stage = "prod", step = "one" }`, textMap("team", "risk", "owner", "platform", "stage", "prod", "step", "one"),
			map[string]string{"team": "risk", "owner": "platform", "stage": "prod", "step": "one"}),
		apply(`{ team = "risk", stage = null, step = null }`, defaults,
			map[string]string{"team": "risk", "owner": "platform", "stage": "default", "step": ""}),
		resource.TestStep{ // a tag that is null is unmanaged, and another set of nulls writes nothing
			PreConfig: func() {
				id = w.MustFind(t, "/Shared/churn").ID
				w.SetTag(id, "step", "of others")
				w.ResetJournal()
			},
			Config:           config(`{ team = "risk", stage = null, other = null }`),
			ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress, "tags")),
			PostApplyFunc:    func() { w.ExpectWrites(t) },
		},
		resource.TestStep{ // only a key with a value has drift
			PreConfig: func() { w.SetTag(id, "team", "fraud") },
			Config:    config(`{ team = "risk", stage = null }`), ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress,
				"tags", "tags_all")),
			PostApplyFunc: func() {
				w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk", "owner": "platform", "stage": "default", "step": "of others"})
			},
		},
	)
}

// TestExperiment_emptyDescription: an empty description is the same as null, and clears a description.
func TestExperiment_emptyDescription(t *testing.T) {
	w := acctest.NewWorkspace(t)
	apply := func(description, held string) resource.TestStep {
		return resource.TestStep{
			Config: w.Config(acctest.ExperimentConfig(fmt.Sprintf("name = \"/Shared/churn\"\ndescription = %s", description))),
			PostApplyFunc: func() {
				var text string
				for _, tag := range w.MustFind(t, "/Shared/churn").Tags {
					if tag.Key == "mlflow.note.content" {
						text = tag.Value
					}
				}
				if text != held {
					t.Errorf("description = %s: got %q on the server, want %q", description, text, held)
				}
			},
		}
	}
	others := apply(`""`, "Ours is better")
	others.PreConfig = func() { w.SetTag(w.MustFind(t, "/Shared/churn").ID, "mlflow.note.content", "Ours is better") }
	others.ConfigPlanChecks = acctest.PreApply(plancheck.ExpectEmptyPlan())
	acctest.UnitTest(t, apply(`""`, ""), apply(`"Predicts churn"`, "Predicts churn"), apply(`""`, ""), apply(`null`, ""), apply(`""`, ""),
		others)
}

// TestExperiment_importKeepsUndeclared: undeclared tags and an undeclared description of an imported experiment remain on the server.
func TestExperiment_importKeepsUndeclared(t *testing.T) {
	for name, byBlock := range map[string]bool{"by block": true, "by command": false} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev"})
			w.SetTag(id, "mlflow.note.content", "Predicts churn")
			config := w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ntags = { stage = \"prod\" }"))
			imported := resource.TestStep{Config: config, ResourceName: acctest.ExperimentAddress, ImportState: true, ImportStateId: id,
				ImportStatePersist: true}
			applied := resource.TestStep{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					acctest.ExperimentState("tags", textMap("stage", "prod")), acctest.ExperimentState("tags_all", textMap("stage", "prod")),
					acctest.ExperimentState("description", knownvalue.Null()),
				},
				PostApplyFunc: func() {
					w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "prod", "mlflow.note.content": "Predicts churn"})
				},
			}
			removed := resource.TestStep{ // from here on, removing a declared tag removes it
				Config: w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"")),
				PostApplyFunc: func() {
					w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "", "mlflow.note.content": "Predicts churn"})
				},
			}
			if byBlock {
				applied.Config += "import {\n  to = mlflow_experiment.test\n  id = \"/Shared/churn\"\n}\n"
				acctest.UnitTest(t, applied, removed)
			} else {
				acctest.UnitTest(t, imported, applied, removed)
			}
		})
	}
}
