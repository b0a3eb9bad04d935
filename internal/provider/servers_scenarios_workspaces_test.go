//go:build mlflow

package provider_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// workspaceScenarios test the argument workspace, on servers with workspaces.
var workspaceScenarios = map[string]func(*testing.T, *server){
	"two workspaces in one apply": twoWorkspaces, "another workspace replaces": otherWorkspace, "an unknown workspace": unknownWorkspace,
	"imports from a workspace": workspaceImports, "the workspace of the provider and of a block": blockWorkspace,
	"drift in a workspace":        workspaceDrift,
	"data sources in a workspace": workspaceData, "a review in a workspace": workspaceReview,
	"an experiment with content in a workspace": workspaceContent,
}

// newWorkspace creates a workspace with an unused name.
func (s *server) newWorkspace(t *testing.T, word string) (there *server, name string) {
	t.Helper()
	name = acctest.UniqueName(word)
	return s.addWorkspace(t, name), name
}

// twoWorkspaces applies a configuration with experiments of the same name in three workspaces, with tags and grants, through the CLI.
func twoWorkspaces(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	inFraud, fraud := s.newWorkspace(t, "fraud")
	ana, name := s.addUser(t), s.Name("churn")
	config := hcl(s.ProviderConfig(nil))
	for key, workspace := range map[string]string{"outside": "null", "risk": strconv.Quote(risk), "fraud": strconv.Quote(fraud)} {
		config += strings.NewReplacer("KEY", key, "WORKSPACE", workspace, "NAME", name, "USER", ana.name).Replace(`
			resource "mlflow_experiment" "KEY" {
			  name      = "NAME"
			  workspace = WORKSPACE
			  tags      = { place = "KEY" }
			}
			resource "mlflow_experiment_tag" "KEY" {
			  experiment_id = mlflow_experiment.KEY.id
			  workspace     = WORKSPACE
			  key           = "stage"
			  value         = "KEY"
			}
			resource "mlflow_experiment_permissions" "KEY" {
			  experiment_id = mlflow_experiment.KEY.id
			  workspace     = WORKSPACE
			  users         = { USER = "CAN_READ", admin = "CAN_MANAGE" }
			}
			data "mlflow_experiment" "KEY" {
			  name       = "NAME"
			  workspace  = WORKSPACE
			  depends_on = [mlflow_experiment.KEY]
			}
			output "KEY" {
			  value = data.mlflow_experiment.KEY.id == mlflow_experiment.KEY.id
			}`)
	}
	ids := map[string]string{}
	address := func(key string) string { return "mlflow_experiment." + key }
	check := func(key string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address(key), tfjsonpath.New("id"), knownvalue.StringFunc(func(id string) error {
			ids[key] = id
			return nil
		}))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					check("outside"), check("risk"), check("fraud"),
					statecheck.ExpectKnownOutputValue("outside", knownvalue.Bool(true)), statecheck.ExpectKnownOutputValue("risk", knownvalue.Bool(true)),
					statecheck.ExpectKnownOutputValue("fraud", knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address("outside"), tfjsonpath.New("workspace"), knownvalue.Null()),
					statecheck.ExpectKnownValue(address("risk"), tfjsonpath.New("workspace"), knownvalue.StringExact(risk)),
					statecheck.ExpectKnownValue(address("risk"), tfjsonpath.New("url"), knownvalue.StringFunc(func(url string) error {
						if want := fmt.Sprintf("%s/#/experiments/%s?workspace=%s", s.URL, ids["risk"], risk); url != want {
							return fmt.Errorf("page: got %s, want %s", url, want)
						}
						return nil
					})),
				},
			},
			{
				PreConfig: func() {
					for key, there := range map[string]*server{"outside": s, "risk": inRisk, "fraud": inFraud} {
						there.ExpectExperiment(t, ids[key], name, "active", map[string]string{"place": key, "stage": key})
						there.expectLevels(t, ids[key], nil, "user admin MANAGE", "user "+ana.name+" READ")
					}
				},
				Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
	for key, there := range map[string]*server{"outside": s, "risk": inRisk, "fraud": inFraud} {
		there.ExpectExperiment(t, ids[key], name, "deleted", map[string]string{"place": key})
	}
}

// otherWorkspace checks that another workspace replaces every object, and that the provider's workspace, by name or by default, does not.
func otherWorkspace(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	inFraud, fraud := s.newWorkspace(t, "fraud")
	name, ana := s.Name("moves"), s.addUser(t)
	in := func(workspace string) map[string]any {
		return acctest.ExperimentAttributes(name, map[string]any{"workspace": workspace, "tags": map[string]string{"team": "risk"}})
	}
	e := s.ExperimentResource(t)
	e.MustApply(in(risk))
	old := e.Text("id")
	e.Refresh()
	planned := e.Plan(in(fraud))
	if planned.Diagnostics != "" || planned.Action != "replace" || !slices.Contains(planned.Changed, "workspace") {
		t.Errorf("got planned action %s, changed attributes %v, diagnostics %q", planned.Action, planned.Changed, planned.Diagnostics)
	}
	e.MustApply(in(fraud))
	inRisk.ExpectExperiment(t, old, name, "deleted", map[string]string{"team": "risk"})
	inFraud.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{"team": "risk"})

	id, elsewhere := e.Text("id"), inRisk.CreateExperiment(t, s.Name("other"), nil)
	configs := map[string]map[string]any{
		"mlflow_experiment_tag":         {"key": "stage", "value": "dev"},
		"mlflow_experiment_permission":  {"user_name": ana.name, "permission_level": "CAN_EDIT"},
		"mlflow_experiment_permissions": {"users": map[string]string{ana.name: "CAN_EDIT", adminName: "CAN_MANAGE"}},
	}
	for kind, config := range configs {
		b := s.Provider(t, nil).Resource(kind)
		config["experiment_id"], config["workspace"] = id, fraud
		b.MustApply(config)
		b.Refresh()
		config["experiment_id"], config["workspace"] = elsewhere, risk
		if planned := b.Plan(config); planned.Diagnostics != "" || planned.Action != "replace" {
			t.Errorf("%s: got planned action %s, diagnostics %q", kind, planned.Action, planned.Diagnostics)
		}
		b.MustApply(config)
		acctest.ExpectDiagnostics(t, b.Destroy(), "")
	}
	inFraud.ExpectExperiment(t, id, name, "active", map[string]string{"team": "risk"})

	outside := s.ExperimentResource(t)
	outside.MustApply(acctest.ExperimentAttributes(name, nil))
	same := acctest.ExperimentAttributes(name, map[string]any{"workspace": "default"})
	id = outside.Text("id")
	for _, config := range []map[string]any{same, acctest.ExperimentAttributes(name, nil)} {
		outside.Refresh()
		if planned := outside.Plan(config); planned.Diagnostics != "" || planned.Action != "update" ||
			!slices.Equal(planned.Changed, []string{"workspace"}) {
			t.Errorf("provider's own workspace: got planned action %s, changed attributes %v, diagnostics %q", planned.Action, planned.Changed,
				planned.Diagnostics)
		}
		outside.MustApply(config)
	}
	if outside.Text("id") != id {
		t.Error("the provider's own workspace replaced the experiment")
	}
}

// unknownWorkspace checks that an unknown workspace replaces nothing, and that the apply rejects it if it is a different one.
func unknownWorkspace(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	_, fraud := s.newWorkspace(t, "fraud")
	name, ana := s.Name("unknown"), s.addUser(t)
	e := s.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"workspace": risk}))
	id := e.Text("id")
	blocks := map[*acctest.Resource]map[string]any{e: {"name": name}}
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "stage", "value": "dev"},
		"mlflow_experiment_permission":  {"experiment_id": id, "user_name": ana.name, "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "users": map[string]string{ana.name: "CAN_READ", adminName: "CAN_MANAGE"}},
	} {
		b := s.Provider(t, nil).Resource(kind)
		b.MustApply(withWorkspace(config, risk))
		blocks[b] = config
	}
	for b, config := range blocks {
		acctest.ExpectDiagnostics(t, b.Refresh(), "")
		unknown := b.Plan(withWorkspace(config, tftypes.UnknownValue))
		if unknown.Diagnostics != "" || unknown.Action != "update" {
			t.Errorf("%s: an unknown workspace: got planned action %s, diagnostics %q", b.TypeName, unknown.Action, unknown.Diagnostics)
		}
		if fresh := s.Provider(t, nil).Resource(b.TypeName).Plan(withWorkspace(config, tftypes.UnknownValue)); fresh.Diagnostics != "" ||
			fresh.Action != "create" {
			t.Errorf("%s: new resource in an unknown workspace: got planned action %s, diagnostics %q", b.TypeName, fresh.Action, fresh.Diagnostics)
		}
		// The CLI plans again before it applies, in a process without a refresh.
		b.Provider = b.Restart()
		if again := b.Plan(withWorkspace(config, risk)); again.Diagnostics != "" || again.Action != "none" {
			t.Errorf("%s: the same workspace: got planned action %s, diagnostics %q", b.TypeName, again.Action, again.Diagnostics)
		}
		acctest.ExpectDiagnostics(
			t,
			b.Plan(withWorkspace(config, fraud)).Diagnostics,
			"error at workspace: Could not change workspace: ",
			"Nothing was changed",
		)
		values := b.Values()
		moved := withWorkspace(values, fraud)
		after, diags := b.Provider.Apply(b.TypeName, values, moved)
		acctest.ExpectDiagnostics(t, diags, "error at workspace: Could not change workspace: ", "Run plan again")
		if !reflect.DeepEqual(after, values) {
			t.Errorf("%s: rejected update: got state %v, want %v", b.TypeName, after, values)
		}
	}
	inRisk.ExpectExperiment(t, id, name, "active", map[string]string{"stage": "dev"})
}

func withWorkspace(config map[string]any, workspace any) map[string]any {
	all := map[string]any{"workspace": workspace}
	for name, value := range config {
		if name != "workspace" {
			all[name] = value
		}
	}
	return all
}

// workspaceContent checks that an experiment with runs is not moved to another workspace, and that the plan reports that it would be
// deleted.
func workspaceContent(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	_, fraud := s.newWorkspace(t, "fraud")
	name := s.Name("content")
	e := s.ExperimentResource(t)
	in := func(workspace, policy string) map[string]any {
		return acctest.ExperimentAttributes(name, map[string]any{"workspace": workspace, "deletion_policy": policy})
	}
	e.MustApply(in(risk, "delete_if_empty"))
	inRisk.AddRun(t, e.Text("id"))
	acctest.ExpectDiagnostics(
		t,
		e.Apply(in(fraud, "delete_if_empty")),
		"error at workspace: Could not replace experiment: The workspace of ",
		"set workspace back to \""+risk+"\"",
	)
	inRisk.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{})
	e.MustApply(in(risk, "delete"))
	e.Refresh()
	acctest.ExpectDiagnostics(t, e.Plan(in(fraud, "delete")).Diagnostics, "warning at workspace: Experiment would be deleted with its content")
	e.MustApply(in(risk, "retain"))
	id := e.Text("id")
	e.MustApply(in(fraud, "retain"))
	inRisk.ExpectExperiment(t, id, name, "active", map[string]string{})
}

// workspaceImports checks that every import ID can contain the workspace, and that generated configuration has no changes.
func workspaceImports(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	name, ana := s.Name("imported"), s.addUser(t)
	id := inRisk.CreateExperiment(t, name, map[string]string{"team": "risk"})
	inRisk.grant(t, id, ana, "READ")
	s.CreateExperiment(t, name, nil)
	e := acctest.ExperimentAttributes(name, map[string]any{"workspace": risk, "tags": map[string]string{"team": "risk"}})
	tag := map[string]any{"experiment_id": id, "workspace": risk, "key": "team", "value": "risk"}
	one := map[string]any{"experiment_id": id, "workspace": risk, "user_name": ana.name, "permission_level": "CAN_READ"}
	all := map[string]any{"experiment_id": id, "workspace": risk, "users": map[string]string{ana.name: "CAN_READ", adminName: "CAN_MANAGE"}}
	page := fmt.Sprintf("%s/#/experiments/%s?workspace=%s", s.URL, id, risk)
	for _, c := range []struct {
		kind, id string
		config   map[string]any
	}{
		{"mlflow_experiment", "workspace=" + risk + "," + id, e},
		{"mlflow_experiment", "workspace=" + risk + ",name=" + name, e},
		{"mlflow_experiment", page, e},
		{"mlflow_experiment", "workspace=" + risk + "," + page, e},
		{"mlflow_experiment_tag", "workspace=" + risk + "," + id + "/team", tag},
		{"mlflow_experiment_permission", "workspace=" + risk + "," + id + "/user/" + ana.name, one},
		{"mlflow_experiment_permissions", "workspace=" + risk + "," + id, all},
		{"mlflow_experiment_permissions", "workspace=" + risk + ",name=" + name, all},
	} {
		b := s.Provider(t, nil).Resource(c.kind)
		acctest.ExpectDiagnostics(t, b.Import(c.id), "")
		b.ExpectEmptyPlan(c.config)
	}
	for kind, more := range map[string]map[string]any{
		"mlflow_experiment": {}, "mlflow_experiment_permissions": {}, "mlflow_experiment_tag": {"key": "team"},
		"mlflow_experiment_permission": {"user_name": ana.name},
	} {
		identity := withWorkspace(more, risk)
		identity["experiment_id"] = id
		state, diags := importIdentity(s.Provider(t, nil), kind, identity)
		if diags != "" || state["workspace"] != risk {
			t.Errorf("identity of %s: got %v and diagnostics %q", kind, state, diags)
		}
	}
	b := s.ExperimentResource(t)
	acctest.ExpectDiagnostics(t, b.Import(id), "error: Could not import experiment", `looked up in "default" only`, "workspace=NAME,"+id)
	acctest.ExpectDiagnostics(t, b.Import("workspace="+risk), "error: Invalid import ID", "Use workspace=NAME,ID")
	acctest.ExpectDiagnostics(t, b.Import("workspace=other,"+page), "error: Invalid import ID", "the MLflow workspace \""+risk+"\", not in \"other\"")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: hcl(s.ProviderConfig(nil)), ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			ResourceName: "mlflow_experiment.test", ImportStateId: "workspace=" + risk + ",name=" + name,
		}},
	})
}

// blockWorkspace uses different workspaces in a resource and in the provider block.
func blockWorkspace(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	inFraud, fraud := s.newWorkspace(t, "fraud")
	name := s.Name("both")
	d := inRisk.Provider(t, nil)
	for workspace, there := range map[string]*server{"": inRisk, fraud: inFraud, "default": s} {
		b := d.Resource("mlflow_experiment")
		config := acctest.ExperimentAttributes(name, nil)
		if workspace != "" {
			config["workspace"] = workspace
		}
		b.MustApply(config)
		there.ExpectExperiment(t, b.Text("id"), name, "active", map[string]string{})
	}
	// A resource in the state follows a change of the provider's workspace only if it has no workspace of its own.
	e := inRisk.ExperimentResource(t)
	e.MustApply(acctest.ExperimentAttributes(name+" own", nil))
	pinned := acctest.ExperimentAttributes(name+" own", map[string]any{"workspace": risk})
	e.Provider = inFraud.Provider(t, nil)
	acctest.ExpectDiagnostics(t, e.Read(), "error: Could not read experiment: different server", "belongs to MLflow workspace \""+risk+"\"")
	if planned := e.Plan(pinned); planned.Action != "update" || planned.Diagnostics != "" {
		t.Errorf("its own workspace, in the block: got planned action %s, diagnostics %q", planned.Action, planned.Diagnostics)
	}
	e.Provider = inRisk.Provider(t, nil)
	e.MustApply(pinned)
	e.Provider = inFraud.Provider(t, nil)
	acctest.ExpectDiagnostics(t, e.Read(), "")
	if planned := e.Plan(pinned); planned.Action != "none" || planned.Diagnostics != "" {
		t.Errorf("with another provider workspace: got planned action %s, diagnostics %q", planned.Action, planned.Diagnostics)
	}
}

// workspaceDrift checks that drift in a workspace is reported, and that a deleted experiment is recreated there.
func workspaceDrift(t *testing.T, s *server) {
	inRisk, risk := s.newWorkspace(t, "risk")
	name, ana := s.Name("drift"), s.addUser(t)
	config := acctest.ExperimentAttributes(
		name,
		map[string]any{"workspace": risk, "if_deleted": "restore", "tags": map[string]string{"team": "risk"}},
	)
	e := s.ExperimentResource(t)
	e.MustApply(config)
	id := e.Text("id")
	p := s.Provider(t, nil).Resource("mlflow_experiment_permissions")
	grants := map[string]any{"experiment_id": id, "workspace": risk, "users": map[string]string{adminName: "CAN_MANAGE"}}
	p.MustApply(grants)
	inRisk.SetTag(t, id, "team", "fraud")
	inRisk.ChangeExperiment(t, "update", map[string]any{"experiment_id": id, "new_name": name + " renamed"})
	inRisk.grant(t, id, ana, "EDIT")
	acctest.ExpectDiagnostics(t, e.Refresh(), "")
	if planned := e.Plan(config); planned.Action != "update" || !slices.Equal(planned.Changed, []string{"name", "tags", "tags_all"}) {
		t.Errorf("drift: got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
	e.MustApply(config)
	p.Refresh()
	if planned := p.Plan(grants); planned.Action != "update" || !slices.Contains(planned.Changed, "users") {
		t.Errorf("a grant made elsewhere: got planned action %s, changed attributes %v", planned.Action, planned.Changed)
	}
	p.MustApply(grants)
	inRisk.ExpectExperiment(t, id, name, "active", map[string]string{"team": "risk"})
	inRisk.expectLevels(t, id, nil, "user admin MANAGE")
	inRisk.DeleteExperiment(t, id)
	acctest.ExpectDiagnostics(t, e.Apply(config), "warning: Experiment not found, removed from state")
	if e.Text("id") != id {
		t.Errorf("restored: got %s, not %s", e.Text("id"), id)
	}
	acctest.ExpectDiagnostics(t, p.Destroy(), "")
	acctest.ExpectDiagnostics(t, e.Destroy(), "")
	inRisk.ExpectExperiment(t, id, name, "deleted", map[string]string{"team": "risk"})
}
