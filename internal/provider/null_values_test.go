package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_nullTags: a tag whose value is null counts as absent, in tags and in default_tags, whether it is null from the beginning, becomes
// null, or turns out to be null during apply.
func TestExperiment_nullTags(t *testing.T) {
	w := newWorkspace(t)
	config := func(tags string) string {
		return w.configAs(emulator.AdminToken, `default_tags = { owner = "platform", none = null, stage = "default" }`, `
			resource "terraform_data" "null" { input = { text = null } }
			locals { late = terraform_data.null.output.text }
			`+experimentConfig("name = \"/Shared/churn\"\ntags = "+tags))
	}
	apply := func(tags string, all knownvalue.Check, held map[string]string) resource.TestStep {
		return resource.TestStep{
			Config:            config(tags), // followed by a plan that must be empty
			ConfigStateChecks: []statecheck.StateCheck{experimentState("tags_all", all)},
			PostApplyFunc:     func() { w.expectTags(t, "/Shared/churn", held) },
		}
	}
	defaults := textMap("team", "risk", "owner", "platform", "stage", "default")
	held := map[string]string{"team": "risk", "owner": "platform", "stage": "default"}
	var id string
	unitTest(t,
		apply(`{ team = "risk", stage = null, step = null, late = local.late }`, defaults, held),
		apply(`{ team = "risk", stage = "prod", step = "one" }`, textMap("team", "risk", "owner", "platform", "stage", "prod", "step", "one"),
			map[string]string{"team": "risk", "owner": "platform", "stage": "prod", "step": "one"}),
		apply(`{ team = "risk", stage = null, step = null }`, defaults,
			map[string]string{"team": "risk", "owner": "platform", "stage": "default", "step": ""}),
		resource.TestStep{ // a tag that is null is unmanaged, and another set of nulls writes nothing
			PreConfig: func() {
				id = w.mustFind(t, "/Shared/churn").ID
				w.SetTag(id, "step", "of others")
				w.ResetJournal()
			},
			Config: config(`{ team = "risk", stage = null, other = null }`), ConfigPlanChecks: before(changes(experimentAddress, "tags")),
			PostApplyFunc: func() { w.expectWrites(t) },
		},
		resource.TestStep{ // drift shows at the key that has a value alone
			PreConfig: func() { w.SetTag(id, "team", "fraud") },
			Config:    config(`{ team = "risk", stage = null }`), ConfigPlanChecks: before(changes(experimentAddress, "tags", "tags_all")),
			PostApplyFunc: func() {
				w.expectTags(t, "/Shared/churn", map[string]string{"team": "risk", "owner": "platform", "stage": "default", "step": "of others"})
			},
		},
	)
}

// TestExperiment_emptyDescription: an empty description is none, and clears one that was set.
func TestExperiment_emptyDescription(t *testing.T) {
	w := newWorkspace(t)
	apply := func(description, held string) resource.TestStep {
		return resource.TestStep{
			Config: w.config(experimentConfig(fmt.Sprintf("name = \"/Shared/churn\"\ndescription = %s", description))),
			PostApplyFunc: func() {
				var text string
				for _, tag := range w.mustFind(t, "/Shared/churn").Tags {
					if tag.Key == "mlflow.note.content" {
						text = tag.Value
					}
				}
				if text != held {
					t.Errorf("with description = %s the server has %q, want %q", description, text, held)
				}
			},
		}
	}
	others := apply(`""`, "Ours is better")
	others.PreConfig = func() { w.SetTag(w.mustFind(t, "/Shared/churn").ID, "mlflow.note.content", "Ours is better") }
	others.ConfigPlanChecks = before(plancheck.ExpectEmptyPlan())
	unitTest(t, apply(`""`, ""), apply(`"Predicts churn"`, "Predicts churn"), apply(`""`, ""), apply(`null`, ""), apply(`""`, ""), others)
}

// TestExperiment_importKeepsUndeclared: what an import finds and the configuration does not declare stays on the server.
func TestExperiment_importKeepsUndeclared(t *testing.T) {
	for name, byBlock := range map[string]bool{"by block": true, "by command": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev"})
			w.SetTag(id, "mlflow.note.content", "Predicts churn")
			config := w.config(experimentConfig("name = \"/Shared/churn\"\ntags = { stage = \"prod\" }"))
			imported := resource.TestStep{Config: config, ResourceName: experimentAddress, ImportState: true, ImportStateId: id, ImportStatePersist: true}
			applied := resource.TestStep{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					experimentState("tags", textMap("stage", "prod")), experimentState("tags_all", textMap("stage", "prod")), experimentState("description", knownvalue.Null()),
				},
				PostApplyFunc: func() {
					w.expectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "prod", "mlflow.note.content": "Predicts churn"})
				},
			}
			removed := resource.TestStep{ // from here on, removing a declared tag removes it
				Config: w.config(experimentConfig("name = \"/Shared/churn\"")),
				PostApplyFunc: func() {
					w.expectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "", "mlflow.note.content": "Predicts churn"})
				},
			}
			if byBlock {
				applied.Config += "import {\n  to = mlflow_experiment.test\n  id = \"/Shared/churn\"\n}\n"
				unitTest(t, applied, removed)
			} else {
				unitTest(t, imported, applied, removed)
			}
		})
	}
}

// TestPermissionsResource_nullLevels: an entry whose level is null counts as absent.
func TestPermissionsResource_nullLevels(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	w.AddGroup("data")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	config := func(entries string) string {
		return w.config(`resource "terraform_data" "null" { input = { text = null } }
			` + permissionsBlock(id, entries))
	}
	var steps []resource.TestStep
	for _, s := range []struct {
		entries string
		held    []string
	}{
		{`groups = { risk = "CAN_READ", data = null, admins = null }
		  users  = { "ana@example.com" = null, " " = null, late = terraform_data.null.output.text }`, []string{"group risk CAN_READ"}},
		{`groups = { risk = "CAN_READ", data = "CAN_EDIT" }
		  users  = { "ana@example.com" = "CAN_READ" }`, []string{"group data CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_READ"}},
		{`groups = { risk = "CAN_READ", data = null }
		  users  = { "Ana@example.com" = "CAN_READ", "ana@example.com" = null }`, []string{"group risk CAN_READ", "user ana@example.com CAN_READ"}},
		{`groups = { risk = null, data = null }
		  users  = { "Ana@example.com" = null }`, nil},
	} {
		steps = append(steps, resource.TestStep{Config: config(s.entries), Check: expectGrants(w, id, s.held...)})
	}
	last := steps[len(steps)-1]
	unitTest(t, append(steps,
		resource.TestStep{
			PreConfig: w.ResetJournal, Config: config(`groups = { risk = null }
				users = {}`), Check: expectWrites(w),
		},
		resource.TestStep{ // a grant to a principal whose level is null is drift like any other
			PreConfig: func() { w.Grant(id, emulator.UserPrincipal("ana@example.com"), "CAN_EDIT") },
			Config:    last.Config, Check: expectGrants(w, id),
			ConfigPlanChecks: before(expectMapChange("users", map[string]any{"ana@example.com": "CAN_EDIT"}, map[string]any{"Ana@example.com": nil})),
		},
	)...)
}

// TestPrincipalNames: names that look like those of another kind are told before anything is sent.
func TestPrincipalNames(t *testing.T) {
	t.Parallel()
	d := newWorkspace(t).direct(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		kind, attribute string
		value           any
		says            string
	}{
		"a user as group":             {"mlflow_experiment_permissions", "groups", oneTag("ana@example.com", "CAN_READ"), `warning at groups: Group is named like a user`},
		"a user as one group":         {"mlflow_experiment_permission", "group_name", "ana@example.com", "warning at group_name: Group is named like a user"},
		"a display name":              {"mlflow_experiment_permissions", "service_principals", oneTag("ci", "CAN_READ"), `warning at service_principals: Not an application ID: "ci" is not a UUID.`},
		"a display name of one":       {"mlflow_experiment_permission", "service_principal_name", "ci", `warning at service_principal_name: Not an application ID: "ci" is not a UUID.`},
		"a group with an at sign":     {"mlflow_experiment_permission", "group_name", "data@scale", ""},
		"null for a display name":     {"mlflow_experiment_permissions", "service_principals", map[string]any{"ci": nil}, ""},
		"a service principal, one":    {"mlflow_experiment_permission", "service_principal_name", machine, ""},
		"a level that a server knows": {"mlflow_experiment_permission", "user_name", "ana@example.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := values("experiment_id", "1", c.attribute, c.value)
			if c.kind == "mlflow_experiment_permission" {
				config["permission_level"] = "CAN_READ"
			} else {
				config["experiment_id"] = tftypes.UnknownValue
			}
			if got := d.plan(c.kind, config); !strings.HasPrefix(got, c.says) || c.says == "" && got != "" {
				t.Errorf("says %q, want %q", got, c.says)
			}
		})
	}
}
