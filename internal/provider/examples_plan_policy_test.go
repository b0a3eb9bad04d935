package provider_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// allowedConfig is the configuration before the plan of TestExamples_planPolicy. The policy allows its plan.
const allowedConfig = `
resource "mlflow_experiment" "old" {
  name            = "/Projects/old"
  tags            = { team = "risk" }
  deletion_policy = "delete"
}

resource "mlflow_experiment_permissions" "old" {
  experiment_id = mlflow_experiment.old.id
  groups        = { risk = "CAN_MANAGE", users = "CAN_READ" }
}

resource "terraform_data" "level" {
  input = "CAN_READ"
}
`

// deniedConfig violates each policy once.
const deniedConfig = `
resource "mlflow_experiment" "untagged" {
  name = "/Projects/untagged"
  tags = { stage = "prod" }
}

resource "mlflow_experiment_permissions" "open" {
  experiment_id      = mlflow_experiment.untagged.id
  groups             = { users = "CAN_EDIT" }
  keep_caller_access = false
}

resource "mlflow_experiment_permission" "open" {
  experiment_id    = mlflow_experiment.untagged.id
  group_name       = "users"
  permission_level = "CAN_MANAGE"
}

resource "mlflow_folder_permissions" "unknown" {
  path           = "/Projects/unknown"
  create_parents = true
  groups         = { risk = terraform_data.level.output }
}

resource "terraform_data" "level" {
  input = "CAN_EDIT"
}
`

var deniedMessages = []string{
	`mlflow_experiment.old: the plan deletes experiment "/Projects/old" with its runs.`,
	`mlflow_experiment.untagged: experiment "/Projects/untagged" has no tag "team".`,
	`mlflow_experiment_permission.open: group "users" contains all users, and can have only CAN_READ, not CAN_MANAGE.`,
	`mlflow_experiment_permissions.open: group "users" contains all users, and can have only CAN_READ, not CAN_EDIT.`,
	`mlflow_experiment_permissions.open: keep_caller_access = false can lock out the identity that runs Terraform.`,
	`mlflow_folder_permissions.unknown: grants to groups are unknown until apply. Apply the resources that they come from first.`,
}

// policyPlan is the part of a plan in JSON that the policy reads.
type policyPlan struct {
	ResourceChanges []policyChange `json:"resource_changes"`
}

type policyChange struct {
	Address, Type string
	Change        struct {
		Actions       []string
		Before, After map[string]any
		AfterUnknown  map[string]any `json:"after_unknown"`
	}
}

// TestExamples_planPolicy plans a configuration that violates each policy, and checks that the plan contains what the policy reads. If opa
// is installed, it evaluates the policy, too, and runs the policy's own tests.
func TestExamples_planPolicy(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), copyExample(t, "plan-policy")
	w.Mkdirs("/Projects")
	plan, versions := planCommands(t), readFile(t, filepath.Join(examplesDir, "adopt-everything/versions.tf"))
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), versions+allowedConfig)
	s.run(t, w, dir, "terraform init\n"+plan)
	expectDenied(t, dir)
	s.run(t, w, dir, "terraform apply")
	w.ResetJournal()

	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), versions+deniedConfig)
	s.run(t, w, dir, plan)
	expectNoWrites(t, w)
	expectPolicyInput(t, readFile(t, filepath.Join(dir, "plan.json")))
	expectDenied(t, dir, deniedMessages...)
}

// planCommands are the commands of the guide that write plan.json.
func planCommands(t *testing.T) string {
	t.Helper()
	commands, evaluation, _ := strings.Cut(guideCommands(t, "automation", "Check plans with Open Policy Agent"), "opa ")
	if evaluation == "" {
		t.Fatal("the guide does not run opa")
	}
	return commands
}

// expectPolicyInput checks that the plan contains the values that the policy reads.
func expectPolicyInput(t *testing.T, text string) {
	t.Helper()
	var plan policyPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	changes := map[string]policyChange{}
	for _, c := range plan.ResourceChanges {
		changes[c.Address] = c
	}
	for address, want := range map[string]struct {
		action                 string
		before, after, unknown map[string]any
	}{
		"mlflow_experiment.old":              {action: "delete", before: map[string]any{"name": "/Projects/old", "deletion_policy": "delete"}},
		"mlflow_experiment.untagged":         {action: "create", after: map[string]any{"name": "/Projects/untagged", "tags_all/stage": "prod"}},
		"mlflow_experiment_permissions.open": {action: "create", after: map[string]any{"keep_caller_access": false, "groups/users": "CAN_EDIT"}},
		"mlflow_experiment_permission.open":  {action: "create", after: map[string]any{"group_name": "users", "permission_level": "CAN_MANAGE"}},
		"mlflow_folder_permissions.unknown":  {action: "create", unknown: map[string]any{"groups/risk": true}},
	} {
		change, planned := changes[address]
		if !planned || !slices.Contains(change.Change.Actions, want.action) || !strings.HasPrefix(address, change.Type+".") {
			t.Errorf("%s (planned: %t) is %v of a %s", address, planned, change.Change.Actions, change.Type)
		}
		expectValues(t, address+" before", change.Change.Before, want.before)
		expectValues(t, address+" after", change.Change.After, want.after)
		expectValues(t, address+" after, unknown", change.Change.AfterUnknown, want.unknown)
	}
}

// expectValues checks values of an object by path.
func expectValues(t *testing.T, where string, object, want map[string]any) {
	t.Helper()
	for path, value := range want {
		var got any = object
		for name := range strings.SplitSeq(path, "/") {
			nested, _ := got.(map[string]any)
			got = nested[name]
		}
		if got != value {
			t.Errorf("%s: %s is %v, want %v", where, path, got, value)
		}
	}
}

// expectDenied evaluates the policy on plan.json, if opa is installed. The query is the one of the policy set.
func expectDenied(t *testing.T, dir string, want ...string) {
	t.Helper()
	opa, err := exec.LookPath("opa")
	if err != nil {
		return
	}
	query := regexp.MustCompile(`query += "(.*)"`).FindStringSubmatch(readFile(t, filepath.Join(dir, "policies.hcl")))
	run := func(arguments ...string) []byte {
		command := exec.CommandContext(t.Context(), opa, arguments...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("opa %q: %v\n%s", arguments, err, out)
		}
		return out
	}
	var messages []string
	if err := json.Unmarshal(run("eval", "--format", "raw", "--data", "policy.rego", "--input", "plan.json", query[1]),
		&messages); err != nil {
		t.Fatal(err)
	}
	slices.Sort(messages)
	if !slices.Equal(messages, want) {
		t.Errorf("the policy denies\n%s\nwant\n%s", strings.Join(messages, "\n"), strings.Join(want, "\n"))
	}
	run("check", "--strict", "policy.rego", "policy_test.rego")
	run("test", "policy.rego", "policy_test.rego")
}

var policyAttribute = regexp.MustCompile(`\b(?:before|after|after_unknown)\.(\w+)|"([a-z_]+)"`)

// TestExamples_planPolicyAttributes fails if the policy reads a resource or an attribute that the provider does not have.
func TestExamples_planPolicyAttributes(t *testing.T) {
	t.Parallel()
	schemas := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken).Schemas.ResourceSchemas
	has := map[string]bool{"create": true, "update": true, "delete": true, "users": true}
	for kind, schema := range schemas {
		has[kind] = true
		for _, a := range schema.Block.Attributes {
			has[a.Name] = true
		}
	}
	rules := regexp.MustCompile(`(?m)^\s*#.*$|sprintf\(.*?", `).
		ReplaceAllString(readFile(t, filepath.Join(examplesDir, "plan-policy/policy.rego")), "")
	read := map[string]bool{}
	for _, m := range policyAttribute.FindAllStringSubmatch(rules, -1) {
		name := m[1] + m[2]
		read[name] = true
		if !has[name] {
			t.Errorf("the policy reads %q, which the provider does not have", name)
		}
	}
	for _, name := range []string{"tags_all", "groups", "group_name", "deletion_policy", "keep_caller_access", "mlflow_folder_permissions"} {
		if !read[name] {
			t.Errorf("the policy does not read %s; the search for attributes must be wrong", name)
		}
	}
}
