package experiment_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_resourceRenamed deletes an experiment for one resource address and creates one with the same name for another address, in
// the same process. This happens if a resource is renamed without a moved block, or replaced.
func TestExperiment_resourceRenamed(t *testing.T) {
	t.Parallel()
	const restored = "warning: Experiment deleted and restored: Experiment \"/Shared/churn\" (ID) was deleted in this apply by another " +
		"resource"
	for name, c := range map[string]struct {
		options emulator.Options
		config  map[string]any
		behind  func(w *acctest.Workspace, id string)
		says    string
		fresh   bool // another experiment is made
		// elsewhere: the server restores the experiment with another name.
		elsewhere bool
	}{
		"restored": {config: acctest.WithAdoptExisting(nil), says: restored},
		"restored at the same location": {
			config: acctest.WithAdoptExisting(map[string]any{"artifact_location": "dbfs:/databricks/mlflow-tracking/ID/"}), says: restored,
		},
		"restored, tags set": {config: acctest.WithAdoptExisting(map[string]any{"tags": map[string]string{"team": "fraud"}}),
			says: restored},
		"restored, name reserved": {config: acctest.WithAdoptExisting(nil), options: emulator.Options{DeletedReserveName: true},
			says: restored},
		"another spelling": {config: acctest.WithAdoptExisting(map[string]any{"name": "/Workspace/Shared/churn/"}),
			says: "warning: Experiment deleted and restored: Experiment \"/Workspace/Shared/churn/\" (ID) was deleted"},
		"not without adopt_existing": {config: acctest.ExperimentAttributes("/Shared/churn", nil), fresh: true},
		"not for another location":   {config: acctest.WithAdoptExisting(map[string]any{"artifact_location": "s3://bucket/a"}), fresh: true},
		"not for a trace location": {
			config: acctest.WithAdoptExisting(map[string]any{"trace_location": declaredTraces("main", "traces", "")}), fresh: true,
		},
		"not when it is to be superseded": {config: acctest.WithAdoptExisting(map[string]any{"if_deleted": "supersede"}), fresh: true},
		"not another name":                {config: acctest.WithAdoptExisting(map[string]any{"name": "/Shared/other"}), fresh: true},
		"renamed again":                   {config: acctest.WithAdoptExisting(nil), behind: restoreWithOtherName, says: restored},
		"renaming fails, and is planned": {config: acctest.WithAdoptExisting(nil), says: restored, elsewhere: true,
			behind: func(w *acctest.Workspace, id string) {
				restoreWithOtherName(w, id)
				w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "update", Status: 400, Code: "INVALID_STATE", Message: "no luck"})
			}},
		"restoring fails": {config: acctest.WithAdoptExisting(nil),
			says: "error: Could not restore experiment: Experiment \"/Shared/churn\" (ID): ", behind: func(w *acctest.Workspace, _ string) {
				w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "restore", Status: 400, Code: "INVALID_STATE", Message: "no luck"})
			}},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t, c.options)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk"})
			e, _ := w.Experiment(id)
			if location, ok := c.config["artifact_location"].(string); ok {
				c.config["artifact_location"] = strings.ReplaceAll(location, "ID", id)
			}
			if c.behind != nil {
				c.behind(w, id)
			}
			d := w.Provider(t, emulator.AdminToken)
			if left, got := d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, nil), nil); left != nil || got != "" {
				t.Fatalf("delete: got state %v and diagnostics %q", left, got)
			}
			state, got := d.Create("mlflow_experiment", c.config)
			want := withID(c.says, id)
			if want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create: got diagnostics %q, want %q", got, want)
			}
			now, _ := w.Experiment(id)
			switch {
			case acctest.HasError(want):
				if state != nil || len(w.Experiments()) != 1 {
					t.Errorf("got state %v and experiments %+v, want no state and one experiment", state, w.Experiments())
				}
			case c.fresh:
				if state["id"] == id || now.LifecycleStage != "deleted" {
					t.Errorf("got state %v and old experiment %+v, want a new experiment and a deleted old one", state, now)
				}
			case state["id"] != id || now.LifecycleStage != "active" || len(w.Experiments()) != 1:
				t.Errorf("got state %v and experiment %+v of %d, want the only one, active", state, now, len(w.Experiments()))
			}
			if back := now.Name == "/Shared/churn"; !c.fresh && !acctest.HasError(want) && back == c.elsewhere {
				t.Errorf("got experiment name %s", now.Name)
			}
			if team, _ := now.Tag("team"); c.config["tags"] != nil && team != "fraud" {
				t.Errorf("got tag %q, want \"fraud\"", team)
			}
		})
	}
}

// restoreWithOtherName makes the workspace restore an experiment with another name.
func restoreWithOtherName(w *acctest.Workspace, id string) {
	w.Before("GET", acctest.ExperimentsPath+"get", func(*http.Request) {
		if e, _ := w.Experiment(id); e.LifecycleStage == "active" && w.Count("POST", acctest.ExperimentsPath+"restore") == 1 &&
			w.Count("POST", acctest.ExperimentsPath+"update") == 0 {
			w.Rename(id, "/Users/ben@example.com/Trash-churn")
		}
	})
}

// TestExperiment_resourceRenamedConcurrently runs both operations at the same time, as the CLI does: the experiment exists after either
// order.
func TestExperiment_resourceRenamedConcurrently(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	for i := range 20 {
		name := fmt.Sprintf("/Shared/churn-%d", i)
		e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, name, nil))
		d := w.Provider(t, emulator.AdminToken)
		var both sync.WaitGroup
		both.Go(func() { d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, nil), nil) })
		both.Go(func() {
			if state, got := d.Create("mlflow_experiment", acctest.WithAdoptExisting(map[string]any{"name": name})); state["id"] != e.ID {
				t.Errorf("got state %[2]v and diagnostics %[3]q, want the experiment %[1]s", e.ID, state, got)
			}
		})
		both.Wait()
		if now, _ := w.Experiment(e.ID); now.LifecycleStage != "active" || now.Name != name {
			t.Errorf("got experiment %+v, want it active with the name %s", now, name)
		}
	}
	if n := len(w.Experiments()); n != 20 {
		t.Errorf("got %d experiments, want 20", n)
	}
}

// TestExperiment_resourceRenamedDeleteFails: if the delete for the old address fails, the new address does not adopt the experiment,
// because the next apply would try to delete it again.
func TestExperiment_resourceRenamedDeleteFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault emulator.Fault
		run   bool
	}{
		"rejected": {fault: emulator.Fault{Path: acctest.ExperimentsPath + "delete", Status: 400, Code: "INVALID_STATE", Message: "no luck"}},
		"unclear": {fault: emulator.Fault{Path: acctest.ExperimentsPath + "get", Status: 400, Code: "INVALID_STATE", Message: "no luck",
			Times: 1}},
		"not empty": {run: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
			e, _ := w.Experiment(id)
			if c.run {
				w.AddRun(id)
			}
			if c.fault.Path != "" {
				w.Inject(c.fault)
			}
			d := w.Provider(t, emulator.AdminToken)
			if left, got := d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, nil), nil); left == nil || !acctest.HasError(got) {
				t.Fatalf("delete: got state %v and diagnostics %q", left, got)
			}
			state, got := d.Create("mlflow_experiment", acctest.WithAdoptExisting(nil))
			if want := "error at adopt_existing: Could not adopt experiment: Experiment \"/Shared/churn\" (ID " + id +
				") is still managed by a resource"; state != nil || !strings.HasPrefix(got, want) {
				t.Errorf("create: got state %v and diagnostics %q, want %q", state, got, want)
			}
			if n := len(w.Writes()); c.fault.Path != acctest.ExperimentsPath+"delete" && n > 0 {
				t.Errorf("got write requests %v, want none", w.Writes())
			}
			w.ClearFaults()
			d = w.Provider(t, emulator.AdminToken) // the next apply is another process
			_, _ = d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, map[string]any{"deletion_policy": "delete"}), nil)
			if state, _ := d.Create("mlflow_experiment", acctest.WithAdoptExisting(nil)); state["id"] != id {
				t.Errorf("next apply: got state %v, want experiment %s", state, id)
			}
		})
	}
}

// TestExperiment_inStateTwice: an apply that is interrupted between the adoption at the new address and the removal of the old one leaves
// both addresses in the state. No later plan deletes the experiment.
func TestExperiment_inStateTwice(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(labels ...string) string {
		var blocks strings.Builder
		for _, label := range labels {
			fmt.Fprintf(&blocks, "resource \"mlflow_experiment\" %q {\n  name = \"/Shared/churn\"\n  adopt_existing = true\n}\n", label)
		}
		return w.Config(blocks.String())
	}
	refused := regexp.MustCompile(`(?s)managed by two resources.*terraform state rm`)
	acctest.UnitTest(t,
		resource.TestStep{Config: config("old")},
		resource.TestStep{Config: config("old", "new"), ExpectError: regexp.MustCompile("Experiment is managed by two resources")},
		resource.TestStep{Config: config("old", "new") + fmt.Sprintf("import {\n  to = mlflow_experiment.new\n  id = %q\n}\n",
			"name=/Shared/churn")},
		resource.TestStep{Config: config("new"), ExpectError: refused},
		resource.TestStep{Config: config("old"), ExpectError: refused},
		resource.TestStep{
			Config: config("new") + "removed {\n  from = mlflow_experiment.old\n  lifecycle {\n    destroy = false\n  }\n}\n",
			PostApplyFunc: func() {
				if e, found := w.ExperimentByName("/Shared/churn"); !found || e.LifecycleStage != "active" || len(w.Experiments()) != 1 {
					t.Errorf("got experiment %+v, want it active", e)
				}
			},
		},
	)
}

// planned returns a configuration with the computed attributes unknown.
func planned(config map[string]any) map[string]any {
	values := map[string]any{"tags_all": map[string]string{}}
	for _, name := range []string{"id", "artifact_location", "creation_time", "url"} {
		values[name] = tftypes.UnknownValue
	}
	maps.Copy(values, config)
	return values
}

// TestExperiment_replaceUnchanged replaces an unchanged experiment through the CLI, in both orders of operations.
func TestExperiment_replaceUnchanged(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"foreign": "theirs"})
	config := func(label, trigger string, createFirst bool) string {
		return w.Config(fmt.Sprintf(`
			resource "terraform_data" "trigger" { input = %q }
			resource "mlflow_experiment" %q {
			  name           = "/Shared/churn"
			  adopt_existing = true
			  lifecycle {
			    replace_triggered_by  = [terraform_data.trigger]
			    create_before_destroy = %t
			  }
			}`, trigger, label, createFirst))
	}
	survived := func() {
		if e, _ := w.Experiment(id); e.LifecycleStage != "active" || e.Name != "/Shared/churn" || len(w.Experiments()) != 1 {
			t.Errorf("got experiment %+v of %d, want the only one, active", e, len(w.Experiments()))
		}
	}
	replaces := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return acctest.PreApply(plancheck.ExpectResourceAction("mlflow_experiment.test", action))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("test", "a", false), PostApplyFunc: survived},
		resource.TestStep{
			Config: config("test", "b", false), ConfigPlanChecks: replaces(plancheck.ResourceActionDestroyBeforeCreate), PostApplyFunc: survived,
		},
		resource.TestStep{
			Config: config("test", "c", true), ConfigPlanChecks: replaces(plancheck.ResourceActionCreateBeforeDestroy), PostApplyFunc: survived,
		},
		resource.TestStep{Taint: []string{"mlflow_experiment.test"}, Config: config("test", "c", false), PostApplyFunc: survived},
		resource.TestStep{ // without adopt_existing the new one can't be made, and so the old one stays
			Config:      strings.Replace(config("test", "d", true), "adopt_existing = true", "", 1),
			ExpectError: regexp.MustCompile("name already in use"),
		},
		resource.TestStep{PreConfig: survived, Config: config("other", "d", false), PostApplyFunc: survived},
	)
}

// planDelete plans to destroy a resource, and returns the diagnostics.
func planDelete(d *acctest.Provider, kind string, state map[string]any) string {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	resp, err := d.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, state), Config: d.Encode(schema, nil), ProposedNewState: d.Encode(schema, nil),
	})
	d.Check(err)
	return acctest.DescribeDiagnostics(resp.Diagnostics)
}
