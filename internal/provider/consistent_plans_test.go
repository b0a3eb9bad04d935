package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// unknownText returns a resource whose output, a string or null, is unknown until apply.
func unknownText(name, value string) string {
	return fmt.Sprintf("resource \"terraform_data\" %q { input = { text = %s } }\n", name, value)
}

// TestConsistentPlans checks that a plan with an unknown value holds if the value is null, or if another name is spelled differently.
func TestConsistentPlans(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/list", nil)
	other := w.CreateExperiment(emulator.Admin, "/Shared/single", nil)
	const late = "terraform_data.late.output.text"
	experiment := func(tags string) string { return acctest.ExperimentConfig("name = \"/Shared/tags\"\ntags = " + tags) }
	single := func(experimentID, name string) string {
		return fmt.Sprintf(
			"resource \"mlflow_experiment_permission\" \"test\" {\n  experiment_id = %s\n  %s\n  permission_level = \"CAN_READ\"\n}\n",
			experimentID,
			name,
		)
	}
	tags := []resource.TestStep{
		{Config: w.Config(experiment(`{ team = "x" }`))},
		{Config: w.Config(unknownText("late", "null") + experiment(`{ team = "x", extra = `+late+` }`))},
	}
	list := []resource.TestStep{
		{Config: w.Config(acctest.PermissionsBlock(id, `users = { "ana@example.com" = "CAN_READ" }`))},
		{
			Config: w.Config(
				unknownText("late", "null") + acctest.PermissionsBlock(id, `users = { "ana@example.com" = "CAN_READ", "ben@example.com" = `+late+` }`),
			),
		},
		{
			Config: w.Config(
				unknownText(
					"late",
					"null",
				) + unknownText(
					"later",
					`"CAN_EDIT"`,
				) + acctest.PermissionsBlock(
					id,
					`users = { "ANA@example.com" = "CAN_READ", "ben@example.com" = terraform_data.later.output.text }`,
				),
			),
			ExpectError: regexp.MustCompile(`(?s)Principal spelled differently.*Keep[\s│]+the[\s│]+spelling`),
		},
	}
	grant := []resource.TestStep{
		{Config: w.Config(single(fmt.Sprintf("%q", other), `user_name = "ana@example.com"`))},
		{Config: w.Config(unknownText("late", fmt.Sprintf("%q", other)) + single(late, `user_name = "ANA@example.com"`))},
		{Config: w.Config(single(fmt.Sprintf("%q", other), fmt.Sprintf("user_name = %q", emulator.ServicePrincipal)))},
		{ // the same principal, in the attribute that the server lists it under
			Config:           w.Config(single(fmt.Sprintf("%q", other), fmt.Sprintf("service_principal_name = %q", emulator.ServicePrincipal))),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.PermissionAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc: func() {
				if got := w.Level(other, emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal)); got != "CAN_READ" {
					t.Errorf("the service principal has %q", got)
				}
			},
		},
	}
	for name, steps := range map[string][]resource.TestStep{"tags": tags, "list": list, "grant": grant} {
		t.Run(name, func(t *testing.T) { acctest.UnitTest(t, steps...) })
	}
}
