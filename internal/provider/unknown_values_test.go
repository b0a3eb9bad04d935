package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// unknownResource returns a resource whose output is unknown while its input changes, or while only the version changes.
func unknownResource(value, version string) string {
	return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = %s\n  triggers_replace = %q\n}\n", value, version)
}

// inPlace expects updates of these resources in the plan.
func inPlace(addresses ...string) resource.ConfigPlanChecks {
	var checks []plancheck.PlanCheck
	for _, address := range addresses {
		checks = append(checks, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))
	}
	return resource.ConfigPlanChecks{PreApply: checks}
}

// TestUnknownValues checks that one apply updates resources in place, whether an unknown value is the same after the apply or not.
func TestUnknownValues(t *testing.T) {
	const (
		tag, grant, list = "mlflow_experiment_tag.test", "mlflow_experiment_permission.test", "mlflow_experiment_permissions.test"
		declared         = `
			resource "mlflow_experiment_tag" "test" {
			  experiment_id = terraform_data.late.output.tagged
			  key           = terraform_data.late.output.key
			  value         = "risk"
			}
			resource "mlflow_experiment_permission" "test" {
			  experiment_id    = terraform_data.late.output.granted
			  user_name        = terraform_data.late.output.user
			  permission_level = "CAN_READ"
			}
			resource "mlflow_experiment_permissions" "test" {
			  experiment_id = terraform_data.late.output.listed
			  users         = { (terraform_data.late.output.user) = "CAN_READ" }
			}`
	)
	w := acctest.NewWorkspace(t)
	ids := map[string]string{}
	for _, name := range []string{"tagged", "granted", "listed", "tagged2", "granted2", "listed2"} {
		ids[name] = w.CreateExperiment(emulator.Admin, "/Projects/"+name, nil)
	}
	values := func(suffix, key, user string) string {
		return fmt.Sprintf("{ tagged = %q, granted = %q, listed = %q, key = %q, user = %q }",
			ids["tagged"+suffix], ids["granted"+suffix], ids["listed"+suffix], key, user)
	}
	step := func(version, suffix, key, user string, plan resource.ConfigPlanChecks) resource.TestStep {
		return resource.TestStep{
			Config: w.Config(unknownResource(values(suffix, key, user), version) + declared), ConfigPlanChecks: plan,
			PostApplyFunc: func() {
				value := "risk"
				w.ExpectTag(t, ids["tagged"+suffix], key, &value)
				for _, name := range []string{"granted", "listed"} {
					if level := w.Level(ids[name+suffix], emulator.UserPrincipal(user)); level != "CAN_READ" {
						t.Errorf("version %s: %s has %q on %s", version, user, level, name)
					}
					other := map[string]string{"": "2", "2": ""}[suffix]
					if grants := w.Grants(ids[name+other]); len(grants) > 0 {
						t.Errorf("version %s: %s has %v", version, name+other, grants)
					}
				}
			},
		}
	}
	acctest.UnitTest(t,
		step("1", "", "team", emulator.User, resource.ConfigPlanChecks{}),
		step("2", "", "team", emulator.User, inPlace(tag, grant, list)),        // the same
		step("3", "2", "team", emulator.User, inPlace(tag, grant, list)),       // other experiments
		step("4", "2", "stage", emulator.OtherUser, inPlace(tag, grant, list)), // another key and principal
		step("5", "2", "stage", emulator.OtherUser, inPlace(tag, grant, list)),
	)
}

// TestUnknownValues_replacedExperiment checks that tags and permissions of a replaced experiment move to the new one in the same apply.
func TestUnknownValues_replacedExperiment(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(location string) string {
		return w.Config(fmt.Sprintf(`
			resource "mlflow_experiment" "one" {
			  name              = "/Shared/one"
			  artifact_location = %[1]q
			}
			resource "mlflow_experiment" "two" {
			  name              = "/Shared/two"
			  artifact_location = %[1]q
			}
			resource "mlflow_experiment_tag" "test" {
			  experiment_id = mlflow_experiment.one.id
			  key           = "team"
			  value         = "risk"
			}
			resource "mlflow_experiment_permission" "test" {
			  experiment_id    = mlflow_experiment.one.id
			  user_name        = "ana@example.com"
			  permission_level = "CAN_READ"
			}
			resource "mlflow_experiment_permissions" "test" {
			  experiment_id = mlflow_experiment.two.id
			  users         = { "ana@example.com" = "CAN_READ" }
			}`, location))
	}
	moved := func() {
		for _, name := range []string{"/Shared/one", "/Shared/two"} {
			if level := w.Level(w.MustFind(t, name).ID, emulator.UserPrincipal(emulator.User)); level != "CAN_READ" {
				t.Errorf("ana has %q on %s", level, name)
			}
		}
		w.ExpectTags(t, "/Shared/one", map[string]string{"team": "risk"})
	}
	plan := inPlace("mlflow_experiment_tag.test", "mlflow_experiment_permission.test", "mlflow_experiment_permissions.test")
	acctest.UnitTest(t,
		resource.TestStep{Config: config("s3://bucket/a"), PostApplyFunc: moved},
		resource.TestStep{Config: config("s3://bucket/b"), ConfigPlanChecks: plan, PostApplyFunc: moved},
		resource.TestStep{
			Taint: []string{"mlflow_experiment.one", "mlflow_experiment.two"}, Config: config("s3://bucket/b"),
			ConfigPlanChecks: plan, PostApplyFunc: moved,
		},
	)
}

// TestUnknownValues_location checks that an unknown location that differs is rejected with advice, and that the next plan shows the
// replacement.
func TestUnknownValues_location(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var first string
	config := func(location, version, tag string) string {
		return w.Config(unknownResource(fmt.Sprintf("%q", location), version) + acctest.ExperimentConfig(fmt.Sprintf(
			"name = \"/Shared/churn\"\nartifact_location = terraform_data.late.output\ntags = { team = %q }", tag)))
	}
	stays := func() {
		if e, _ := w.Experiment(first); e.LifecycleStage != "active" || e.ArtifactLocation != "s3://bucket/a" {
			t.Errorf("experiment: got %s at %s", e.LifecycleStage, e.ArtifactLocation)
		}
	}
	acctest.UnitTest(
		t,
		resource.TestStep{Config: config("s3://bucket/a", "1", "risk"), PostApplyFunc: func() { first = w.MustFind(t, "/Shared/churn").ID }},
		resource.TestStep{
			Config:           config("s3://bucket/a", "2", "fraud"),
			ConfigPlanChecks: inPlace(acctest.ExperimentAddress),
			PostApplyFunc:    stays,
		},
		resource.TestStep{
			Config: config("s3://bucket/b", "3", "fraud"), ConfigPlanChecks: inPlace(acctest.ExperimentAddress),
			ExpectError: regexp.MustCompile(`(?s)Could not replace experiment.*was\s+unknown\s+when\s+this\s+was\s+planned`),
		},
		resource.TestStep{
			PreConfig: stays, Config: config("s3://bucket/b", "3", "fraud"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionDestroyBeforeCreate),
			),
		},
	)
	if e, _ := w.Experiment(first); e.LifecycleStage != "deleted" {
		t.Errorf("first experiment in the end: got stage %s", e.LifecycleStage)
	}
}

// TestUnknownValues_host checks that, while the host is unknown, names are compared according to the state, so that the plan after it is
// the same.
func TestUnknownValues_host(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/granted", nil)
	config := func(version, name, user, value string) string {
		return unknownResource(
			fmt.Sprintf("%q", w.URL),
			version,
		) + strings.NewReplacer("HOST", "terraform_data.late.output", "TOKEN", emulator.AdminToken, "NAME", name,
			"USER", user, "VALUE", value, "ID", id).
			Replace(`
			provider "mlflow" {
			  host  = HOST
			  token = "TOKEN"
			}
			resource "mlflow_experiment" "test" {
			  name = "NAME"
			  tags = { team = "VALUE" }
			}
			resource "mlflow_experiment_permissions" "test" {
			  experiment_id = mlflow_experiment.test.id
			  users         = { "USER" = "CAN_READ" }
			}
			resource "mlflow_experiment_permission" "test" {
			  experiment_id    = "ID"
			  user_name        = "USER"
			  permission_level = "CAN_READ"
			}`)
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("1", "/Workspace/Shared/churn/", "Ana@Example.com", "risk")},
		resource.TestStep{
			Config: config("2", "/Shared/churn", "ana@example.com", "risk"),
			ConfigPlanChecks: acctest.PreApply(
				acctest.ExpectChanges(acctest.ExperimentAddress),
				acctest.ExpectChanges("mlflow_experiment_permission.test"),
				acctest.ExpectChanges("mlflow_experiment_permissions.test"),
			),
		},
		resource.TestStep{
			Config: config("3", "/Shared/churn", "ANA@example.com", "fraud"),
			ConfigPlanChecks: acctest.PreApply(
				acctest.ExpectChanges(acctest.ExperimentAddress, "tags", "tags_all"),
				acctest.ExpectChanges("mlflow_experiment_permission.test"),
			),
			PostApplyFunc: func() { w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "fraud"}) },
		},
	)
}
