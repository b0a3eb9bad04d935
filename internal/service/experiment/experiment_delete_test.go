package experiment_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestExperiment_deletion(t *testing.T) {
	t.Parallel()
	const (
		refused  = "error at deletion_policy: Could not destroy experiment: Experiment \"/Shared/churn\" (ID) is "
		notEmpty = refused + "deleted only if it is empty"
	)
	fails := func(path string) func(*acctest.Workspace, string) {
		return func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: path, Status: 400, Code: "INVALID_STATE"})
		}
	}
	for name, c := range map[string]struct {
		policy any
		behind func(w *acctest.Workspace, id string)
		want   string
		stays  bool
		writes int
	}{
		"delete":              {policy: "delete", writes: 1},
		"delete with runs":    {policy: "delete", behind: (*acctest.Workspace).AddRun, writes: 1},
		"retain":              {policy: "retain", stays: true},
		"prevent":             {policy: "prevent", want: refused, stays: true},
		"empty":               {writes: 1},
		"empty, as declared":  {policy: "delete_if_empty", writes: 1},
		"a run":               {behind: (*acctest.Workspace).AddRun, want: notEmpty, stays: true},
		"a run, as declared":  {policy: "delete_if_empty", behind: (*acctest.Workspace).AddRun, want: notEmpty, stays: true},
		"a trace":             {behind: (*acctest.Workspace).AddTrace, want: notEmpty, stays: true},
		"a logged model":      {behind: (*acctest.Workspace).AddLoggedModel, want: notEmpty, stays: true},
		"runs not readable":   {behind: fails("/api/2.0/mlflow/runs/search"), want: notEmpty, stays: true},
		"traces not readable": {behind: fails("/api/3.0/mlflow/traces/search"), want: notEmpty, stays: true},
		"models not readable": {behind: fails("/api/2.0/mlflow/logged-models/search"), want: notEmpty, stays: true},
		"deleted already":     {behind: func(w *acctest.Workspace, id string) { w.Trash(id) }},
		"deleted with runs":   {behind: func(w *acctest.Workspace, id string) { w.AddRun(id); w.Trash(id) }},
		"purged already":      {behind: func(w *acctest.Workspace, id string) { w.Purge(id) }},
		"another one under the id": {behind: func(w *acctest.Workspace, id string) { w.Recreate(id) },
			want: "error: Could not delete experiment: Experiment \"/Shared/churn\" (ID) no longer exists", stays: true},
		"response lost": {behind: func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "delete", DropAfter: true})
		}, writes: 2},
		"denied": {behind: func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "delete", Status: 403, Code: "PERMISSION_DENIED"})
		}, want: "error: Could not delete experiment", stays: true, writes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			if c.behind != nil {
				c.behind(w, e.ID)
			}
			state, got := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment",
				acctest.StateOfExperiment(e, map[string]any{"deletion_policy": c.policy}), nil)
			if want := withID(c.want, e.ID); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("destroy: got diagnostics %q, want %q", got, want)
			}
			if failed := c.want != ""; failed != (state != nil) {
				t.Errorf("got state %v after diagnostics %q, want it only after an error", state, got)
			}
			if now, there := w.Experiment(e.ID); c.stays != (there && now.LifecycleStage == "active") {
				t.Errorf("got experiment %+v, want active = %t", now, c.stays)
			}
			if got := w.Writes(); len(got) != c.writes {
				t.Errorf("got write requests %q, want %d", got, c.writes)
			}
		})
	}
}

// TestExperiment_plannedDeletion: the plan reports what prevents a deletion, or what is deleted with the experiment, in at most three
// requests, and one more for an error.
func TestExperiment_plannedDeletion(t *testing.T) {
	t.Parallel()
	const (
		refused = "error at deletion_policy: Could not destroy experiment: Experiment \"/Shared/churn\" (ID) is "
		warned  = "warning: Experiment would be deleted with its content: This plan deletes experiment \"/Shared/churn\" (ID)"
	)
	all := func(w *acctest.Workspace, id string) {
		for range 101 {
			w.AddRun(id)
		}
		w.AddTrace(id)
		w.AddLoggedModel(id)
	}
	fails := func(w *acctest.Workspace, _ string) {
		w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/logged-models/search", Status: 200,
			RawBody: `{"error_code":"INTERNAL_ERROR","message":"boom"}`})
	}
	for name, c := range map[string]struct {
		policy     any
		behind     func(w *acctest.Workspace, id string)
		want, also string
		calls      int
	}{
		"empty": {calls: 3},
		"runs": {behind: (*acctest.Workspace).AddRun, want: refused + "deleted only if it is empty",
			also: "It contains 1 run (newest started at 20", calls: 4},
		"everything": {policy: "delete_if_empty", behind: all, want: refused,
			also: "Z), traces, and logged models. Nothing was deleted.", calls: 4},
		"more runs than are counted": {behind: all, want: refused, also: "It contains at least 100 runs (newest started at 20", calls: 4},
		"traces":                     {behind: (*acctest.Workspace).AddTrace, want: refused, also: "It contains traces. Nothing", calls: 4},
		"logged models": {behind: (*acctest.Workspace).AddLoggedModel, want: refused, also: "It contains logged models. Nothing",
			calls: 4},
		"could not tell": {behind: fails, want: refused, also: "could not determine whether it is empty: searching logged models: ",
			calls: 4},
		"in the Trash, with a run":   {behind: func(w *acctest.Workspace, id string) { w.AddRun(id); w.Trash(id) }, calls: 3},
		"in the Trash, with a trace": {behind: func(w *acctest.Workspace, id string) { w.AddTrace(id); w.Trash(id) }, calls: 4},
		"purged":                     {behind: func(w *acctest.Workspace, id string) { w.Purge(id) }, calls: 2},
		"delete, empty":              {policy: "delete", calls: 3},
		"delete, runs": {policy: "delete", behind: (*acctest.Workspace).AddRun, want: warned, also: "It contains 1 run (newest",
			calls: 3},
		"delete, could not tell": {policy: "delete", behind: fails, want: warned, also: "could not determine whether it is empty", calls: 3},
		"retain":                 {policy: "retain", behind: all},
		"prevent":                {policy: "prevent", want: refused + "protected: its deletion_policy is \"prevent\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			if c.behind != nil {
				c.behind(w, e.ID)
			}
			w.ResetJournal()
			got := planDelete(w.Provider(t, emulator.AdminToken), "mlflow_experiment",
				acctest.StateOfExperiment(e, map[string]any{"deletion_policy": c.policy}))
			if want := withID(c.want, e.ID); want == "" && got != "" || !strings.HasPrefix(got, want) || !strings.Contains(got, c.also) {
				t.Errorf("plan: got diagnostics %q, want %q and %q", got, want, c.also)
			}
			if calls := w.Calls(); len(calls) != c.calls {
				t.Errorf("got requests %q, want %d", calls, c.calls)
			}
		})
	}
	t.Run("provider not known yet", func(t *testing.T) {
		t.Parallel()
		w := acctest.NewWorkspace(t)
		e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
		d := acctest.NewProvider(t, map[string]any{"host": tftypes.UnknownValue, "token": emulator.AdminToken})
		if got := planDelete(d, "mlflow_experiment", acctest.StateOfExperiment(e, nil)); got != "" {
			t.Errorf("plan: got diagnostics %q, want none", got)
		}
	})
}

// TestExperiment_runAfterPlan: an experiment is not deleted if its first run is created between the plan and the apply.
func TestExperiment_runAfterPlan(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	d := w.Provider(t, emulator.AdminToken)
	if got := planDelete(d, "mlflow_experiment", acctest.StateOfExperiment(e, nil)); got != "" {
		t.Fatalf("plan: got diagnostics %q, want none", got)
	}
	w.AddRun(e.ID)
	state, got := d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, nil), nil)
	if state == nil || !strings.HasPrefix(got, "error at deletion_policy: Could not destroy experiment") || len(w.Writes()) > 0 {
		t.Errorf("delete: got state %v, diagnostics %q, and write requests %v, want an error without a write request", state, got, w.Writes())
	}
}

// outputPattern matches words in the output of the CLI, regardless of line breaks.
func outputPattern(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│]+`))
}

// TestExperiment_destroyRefusedAtPlan: every plan that destroys an experiment with a run fails, and the objects that depend on it remain.
func TestExperiment_destroyRefusedAtPlan(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	module := t.TempDir()
	acctest.WriteFile(t, filepath.Join(module, "main.tf"), acctest.ExperimentConfig(`name = "/Shared/module"`))
	const (
		single = "resource \"mlflow_experiment\" \"single\" {\n  name = \"/Shared/single\"\n  artifact_location = \"s3://bucket/a\"\n" +
			"  lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }\n}\n" +
			"resource \"mlflow_experiment_permissions\" \"single\" {\n  experiment_id = mlflow_experiment.single.id\n  groups = { users = " +
			"\"CAN_EDIT\" }\n}\n" +
			"resource \"mlflow_experiment_tag\" \"single\" {\n  experiment_id = mlflow_experiment.single.id\n  key = \"stage\"\n  value = " +
			"\"prod\"\n}\n"
		keyed   = "resource \"mlflow_experiment\" \"keyed\" {\n  for_each = toset([\"a\", \"b\"])\n  name = \"/Shared/${each.key}\"\n}\n"
		trigger = "resource \"terraform_data\" \"trigger\" {\n  input = \"a\"\n}\n"
	)
	inModule := fmt.Sprintf("module \"inner\" {\n  source = %q\n}\n", filepath.ToSlash(module))
	all := trigger + single + keyed + inModule
	step := func(text string) resource.TestStep {
		return resource.TestStep{ConfigDirectory: config.StaticDirectory(w.RootModule(t, text))}
	}
	created := step(all)
	created.PostApplyFunc = func() {
		for _, name := range []string{"single", "a", "b", "module"} {
			w.AddRun(w.MustFind(t, "/Shared/"+name).ID)
		}
		w.ResetJournal()
	}
	destroyed := step(all)
	destroyed.Destroy = true
	steps := []resource.TestStep{created}
	refuse := func(refused resource.TestStep, says string) {
		refused.ExpectError = outputPattern(says)
		unchanged := step(all)
		unchanged.PreConfig = func() { w.ExpectWrites(t) }
		unchanged.ConfigPlanChecks = acctest.PreApply(plancheck.ExpectEmptyPlan())
		steps = append(steps, refused, unchanged)
	}
	for _, refused := range []resource.TestStep{
		destroyed,
		step(trigger + keyed + inModule),
		step(strings.Replace(all, `["a", "b"]`, `["a"]`, 1)),
		step(trigger + single + keyed),
		step(strings.ReplaceAll(all, "single", "renamed")),
		step(strings.Replace(all, `input = "a"`, `input = "b"`, 1)),
	} {
		refuse(refused, "is \"delete_if_empty\", the default. It contains 1 run (newest started at")
	}
	refuse(step(strings.Replace(all, "bucket/a", "bucket/b", 1)),
		"the default, allows that only if the experiment is empty. It contains 1 run (newest started at")
	forgets := "removed {\n  from = mlflow_experiment.keyed\n  lifecycle {\n    destroy = false\n  }\n}\n" +
		"removed {\n  from = module.inner\n  lifecycle {\n    destroy = false\n  }\n}\n"
	forgotten := step(trigger + strings.Replace(single, "name =", "deletion_policy = \"delete\"\n  name =", 1) + forgets)
	forgotten.PreConfig = func() { w.ExpectWrites(t) }
	acctest.RunDirectories(t, append(steps, forgotten)...)
}

// TestExperiment_taintedNotEmpty: a plan cannot distinguish the replacement of a tainted resource from a create, so the apply fails
// instead.
func TestExperiment_taintedNotEmpty(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var id string
	config := w.Config(acctest.ExperimentConfig(`name = "/Shared/churn"`))
	acctest.UnitTest(t,
		resource.TestStep{Config: config, PostApplyFunc: func() {
			id = w.MustFind(t, "/Shared/churn").ID
			w.AddRun(id)
			w.ResetJournal()
		}},
		resource.TestStep{Taint: []string{acctest.ExperimentAddress}, Config: config,
			ExpectError: outputPattern("is deleted only if it is empty")},
		resource.TestStep{PreConfig: func() { w.ExpectWrites(t); w.Purge(id) }, Config: config},
	)
}

func TestExperiment_preventedAtPlan(t *testing.T) {
	w := acctest.NewWorkspace(t)
	acctest.UnitTest(t,
		resource.TestStep{Config: w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"prevent\""))},
		resource.TestStep{
			PreConfig: w.ResetJournal, Config: w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"prevent\"")),
			Destroy:     true,
			ExpectError: regexp.MustCompile(`Could not destroy experiment`),
		},
		resource.TestStep{ // changing the policy sends no write request
			Config:        w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"delete\"")),
			PostApplyFunc: func() { w.ExpectWrites(t) },
		},
	)
}
