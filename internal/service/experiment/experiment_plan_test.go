package experiment_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestExperiment_replacement(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var first string
	at := func(location string) string {
		return w.Config(acctest.ExperimentConfig(fmt.Sprintf("name = \"/Shared/churn\"\nartifact_location = %q", location)))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: at("s3://bucket/a"), PostApplyFunc: func() { first = w.MustFind(t, "/Shared/churn").ID }},
		resource.TestStep{Config: at("s3://bucket/a/"), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		resource.TestStep{ // an unknown location never replaces
			Config: w.Config(`
				resource "terraform_data" "location" { input = "s3://bucket/a" }
				` + acctest.ExperimentConfig("name = \"/Shared/churn\"\nartifact_location = terraform_data.location.output")),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc: func() {
				if e, _ := w.Experiment(first); e.LifecycleStage != "active" {
					t.Error("the experiment was replaced for an unknown location")
				}
			},
		},
		resource.TestStep{ // left out: the server's stays
			Config:           w.Config(acctest.ExperimentConfig(`name = "/Shared/churn"`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionNoop)),
		},
		resource.TestStep{
			Config: at("s3://bucket/b"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress,
				plancheck.ResourceActionDestroyBeforeCreate)),
			PostApplyFunc: func() {
				if e, _ := w.Experiment(first); e.LifecycleStage != "deleted" || w.MustFind(t, "/Shared/churn").ArtifactLocation != "s3://bucket/b" {
					t.Error("got an active old experiment or another artifact location, want the old one deleted and the declared location")
				}
			},
		},
	)
}

func TestExperiment_plannedReplacement(t *testing.T) {
	t.Parallel()
	policy := func(p string) map[string]any { return map[string]any{"deletion_policy": p} }
	for name, c := range map[string]struct {
		state, config map[string]any
		behind        func(w *acctest.Workspace, id string)
		replaces      bool
		want, also    string
	}{
		"empty":         {replaces: true},
		"same location": {config: map[string]any{"artifact_location": "s3://bucket/a/"}, behind: (*acctest.Workspace).AddRun},
		"prevent": {
			state: policy("prevent"), config: policy("prevent"), replaces: true,
			want: "error at artifact_location: Could not replace experiment: The artifact location of experiment \"/Shared/churn\" (ID) cannot " +
				"be changed",
		},
		"prevent, changed in the same apply": {state: policy("prevent"), config: policy("delete"), replaces: true,
			want: "error at artifact_location: Could not replace"},
		"retain": {config: policy("retain"), replaces: true,
			want: "error at artifact_location: Could not replace"},
		"delete_if_empty and empty": {state: policy("delete_if_empty"), config: policy("delete_if_empty"), replaces: true},
		"runs": {behind: (*acctest.Workspace).AddRun, replaces: true,
			want: "error at artifact_location: Could not replace", also: "It contains 1 run (newest started at "},
		"traces": {behind: (*acctest.Workspace).AddTrace, replaces: true,
			want: "error at artifact_location: Could not replace", also: "It contains traces."},
		"delete, not applied yet": {config: policy("delete"), behind: (*acctest.Workspace).AddRun, replaces: true,
			want: "error at artifact_location: Could not replace"},
		"delete, changed in the same apply": {state: policy("delete"), behind: (*acctest.Workspace).AddRun, replaces: true,
			want: "error at artifact_location: Could not replace"},
		"delete": {
			state: policy("delete"), config: policy("delete"), behind: (*acctest.Workspace).AddRun, replaces: true,
			want: "warning at artifact_location: Experiment would be deleted with its content", also: "It contains 1 run (newest started at ",
		},
		"delete and empty": {state: policy("delete"), config: policy("delete"), replaces: true},
		"could not tell": {behind: func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/runs/search", Status: 403, Code: "PERMISSION_DENIED", Message: "no"})
		}, replaces: true, want: "error at artifact_location: Could not replace",
			also: "could not determine whether it is empty: searching runs: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			if c.behind != nil {
				c.behind(w, e.ID)
			}
			state := acctest.StateOfExperiment(e, map[string]any{"artifact_location": "s3://bucket/a"})
			maps.Copy(state, c.state)
			config := map[string]any{"name": "/Shared/churn", "artifact_location": "s3://bucket/b"}
			maps.Copy(config, c.config)
			_, replaces, got := w.Provider(t, emulator.AdminToken).PlanUpdate("mlflow_experiment", state, config)
			if want := withID(c.want, e.ID); want == "" && got != "" || !strings.HasPrefix(got, want) || !strings.Contains(got, c.also) {
				t.Errorf("plan: got diagnostics %q, want %q and %q", got, want, c.also)
			}
			if replaces != c.replaces {
				t.Errorf("got replacement %t, want %t", replaces, c.replaces)
			}
			w.ExpectWrites(t)
		})
	}
}

func TestExperiment_unknownValues(t *testing.T) {
	w := acctest.NewWorkspace(t)
	acctest.UnitTest(t, resource.TestStep{
		Config: w.ConfigAs(emulator.AdminToken, `default_tags = { owner = "platform", team = "none" }`, `
			resource "terraform_data" "late" { input = { name = "/Shared/churn", tag = "risk", text = "late", all = { a = "1" } } }
			resource "mlflow_experiment" "test" {
			  name        = terraform_data.late.output.name
			  description = terraform_data.late.output.text
			  tags        = { team = terraform_data.late.output.tag, stage = "dev" }
			}
			resource "mlflow_experiment" "whole" {
			  name = "/Shared/whole"
			  tags = terraform_data.late.output.all
			}
			resource "mlflow_experiment" "maybe" { # without a default, the tag may turn out to be null
			  name = "/Shared/maybe"
			  tags = { stage = terraform_data.late.output.tag }
			}`),
		ConfigPlanChecks: acctest.PreApply(
			plancheck.ExpectUnknownValue(acctest.ExperimentAddress, tfjsonpath.New("name")),
			plancheck.ExpectUnknownValue(acctest.ExperimentAddress, tfjsonpath.New("tags_all").AtMapKey("team")),
			plancheck.ExpectKnownValue(acctest.ExperimentAddress, tfjsonpath.New("tags_all").AtMapKey("stage"), knownvalue.StringExact("dev")),
			plancheck.ExpectKnownValue(acctest.ExperimentAddress, tfjsonpath.New("tags_all").AtMapKey("owner"), knownvalue.StringExact("platform")),
			plancheck.ExpectUnknownValue("mlflow_experiment.whole", tfjsonpath.New("tags_all")),
			plancheck.ExpectUnknownValue("mlflow_experiment.maybe", tfjsonpath.New("tags_all")),
		),
		PostApplyFunc: func() {
			w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "mlflow.note.content": "late"})
			w.ExpectTags(t, "/Shared/whole", map[string]string{"a": "1", "owner": "platform", "team": "none"})
			w.ExpectTags(t, "/Shared/maybe", map[string]string{"stage": "risk", "owner": "platform", "team": "none"})
		},
	})
}
