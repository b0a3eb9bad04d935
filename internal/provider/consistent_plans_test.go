package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// lateText is a value that is unknown until apply: a text, or null.
func lateText(name, value string) string {
	return fmt.Sprintf("resource \"terraform_data\" %q { input = { text = %s } }\n", name, value)
}

// What is planned while a value is unknown holds when it turns out to be null, or when a name beside it is spelled otherwise.
func TestConsistentPlans(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/list", nil)
	other := w.CreateExperiment(emulator.Admin, "/Shared/single", nil)
	const late = "terraform_data.late.output.text"
	experiment := func(tags string) string { return experimentConfig("name = \"/Shared/tags\"\ntags = " + tags) }
	single := func(experimentID, name string) string {
		return fmt.Sprintf("resource \"mlflow_experiment_permission\" \"test\" {\n  experiment_id = %s\n  %s\n  permission_level = \"CAN_READ\"\n}\n", experimentID, name)
	}
	tags := []resource.TestStep{
		{Config: w.config(experiment(`{ team = "x" }`))},
		{Config: w.config(lateText("late", "null") + experiment(`{ team = "x", extra = `+late+` }`))},
	}
	list := []resource.TestStep{
		{Config: w.config(permissionsBlock(id, `users = { "ana@example.com" = "CAN_READ" }`))},
		{Config: w.config(lateText("late", "null") + permissionsBlock(id, `users = { "ana@example.com" = "CAN_READ", "ben@example.com" = `+late+` }`))},
		{
			Config:      w.config(lateText("late", "null") + lateText("later", `"CAN_EDIT"`) + permissionsBlock(id, `users = { "ANA@example.com" = "CAN_READ", "ben@example.com" = terraform_data.later.output.text }`)),
			ExpectError: regexp.MustCompile(`(?s)Principal spelled differently.*Keep[\s│]+the[\s│]+spelling`),
		},
	}
	grant := []resource.TestStep{
		{Config: w.config(single(fmt.Sprintf("%q", other), `user_name = "ana@example.com"`))},
		{Config: w.config(lateText("late", fmt.Sprintf("%q", other)) + single(late, `user_name = "ANA@example.com"`))},
		{Config: w.config(single(fmt.Sprintf("%q", other), fmt.Sprintf("user_name = %q", emulator.ServicePrincipal)))},
		{ // the same principal, in the attribute that the server lists it under
			Config:           w.config(single(fmt.Sprintf("%q", other), fmt.Sprintf("service_principal_name = %q", emulator.ServicePrincipal))),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(permissionAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc: func() {
				if got := w.level(other, emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal)); got != "CAN_READ" {
					t.Errorf("the service principal holds %q", got)
				}
			},
		},
	}
	for name, steps := range map[string][]resource.TestStep{"tags": tags, "list": list, "grant": grant} {
		t.Run(name, func(t *testing.T) { unitTest(t, steps...) })
	}
}

// Two resources for all permissions of one experiment: the second is refused, and the first stands.
func TestPermissionsResource_twice(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	w.AddGroup("data")
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	block := func(name, group string) string {
		return fmt.Sprintf("resource \"mlflow_experiment_permissions\" %q {\n  experiment_id = %q\n  groups = { %s = \"CAN_READ\" }\n}\n", name, id, group)
	}
	unitTest(t, resource.TestStep{
		Config: w.config(block("a", "risk") + block("b", "data")), ExpectError: regexp.MustCompile(`Permissions are managed by two resources`),
	})
}

// A list that is renamed goes on keeping what earlier callers kept, if it goes before it comes.
func TestPermissionsResource_renamedKeepsRetained(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(pipeline, "/Teams/churn", nil)
	list := func(token string) *block {
		b := &backend{url: w.url, address: "host", settings: map[string]any{"token": token}}
		return b.provider(t, nil).block("mlflow_experiment_permissions")
	}
	config := map[string]any{"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}}
	first := list(emulator.ServicePrincipalToken)
	expectSays(t, first.up(config), "warning: Undeclared access is kept", pipeline)
	p := (&backend{url: w.url, address: "host", settings: map[string]any{"token": emulator.AdminToken}}).provider(t, nil)
	old, renamed := p.block("mlflow_experiment_permissions"), p.block("mlflow_experiment_permissions")
	old.state, old.private = first.state, first.private
	if says := old.apply(old.plan(nil), nil); isError(says) {
		t.Fatal(says)
	}
	if says := renamed.apply(renamed.plan(config), config); isError(says) {
		t.Fatal(says)
	}
	if !mayManage(t, w, emulator.ServicePrincipalToken, id) {
		t.Error("the pipeline is locked out")
	}
}
