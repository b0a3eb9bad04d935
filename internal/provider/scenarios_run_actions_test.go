package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// logRuns logs runs that start a second apart, the first one at firstRun, and returns their IDs, oldest first.
func logRuns(t *testing.T, b *acctest.Backend, experiment string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(createRun(t, b, map[string]any{"experiment_id": experiment, "start_time": firstRun + int64(i)*1000})["run_id"])
	}
	return ids
}

// deletedRuns returns the IDs of the deleted runs of experiments, sorted.
func deletedRuns(t *testing.T, b *acctest.Backend, experiments ...string) []string {
	t.Helper()
	answer := b.MustDo(
		t,
		"POST",
		runsAPI+"search",
		map[string]any{"experiment_ids": experiments, "run_view_type": "DELETED_ONLY", "max_results": 50_000},
	)
	var ids []string
	runs, _ := answer["runs"].([]any)
	for _, r := range runs {
		run, _ := r.(map[string]any)
		info, _ := run["info"].(map[string]any)
		ids = append(ids, fmt.Sprint(info["run_id"]))
	}
	slices.Sort(ids)
	return ids
}

// actionScenario invokes actions, and checks what they do on the server.
type actionScenario struct {
	*acctest.Provider
	b           *acctest.Backend
	experiments []string
}

// invoke plans and invokes an action, and checks which runs are deleted afterwards.
func (p *actionScenario) invoke(kind, result string, config map[string]any, deleted ...[]string) {
	p.T.Helper()
	a := p.Action(kind)
	if diags := a.Plan(config); diags != "" && !strings.HasPrefix(diags, "warning: Action ") {
		p.T.Errorf("the plan of %s %v: got diagnostics %q", kind, config, diags)
	}
	if got := a.MustInvoke(config); got != result {
		p.T.Errorf("the result of %s %v is %q, want %q", kind, config, got, result)
	}
	got, want := deletedRuns(p.T, p.b, p.experiments...), slices.Sorted(slices.Values(slices.Concat(deleted...)))
	if !slices.Equal(got, want) {
		p.T.Errorf("after %s %v, %d runs are deleted, want %d", kind, config, len(got), len(want))
	}
}

// runActions deletes, tags, and restores runs.
func runActions(t *testing.T, b *acctest.Backend) {
	first, second := b.CreateExperiment(t, b.Name("actions"), nil), b.CreateExperiment(t, b.Name("actions"), nil)
	p := &actionScenario{acctest.NewProvider(t, b.ProviderConfig(nil)), b, []string{first, second}}
	ofFirst, ofSecond := logRuns(t, b, first, 25), logRuns(t, b, second, 4)
	createRun(t, b, map[string]any{"experiment_id": first, "start_time": 0}) // never deleted
	before := func(seconds int, more ...any) map[string]any {
		config := acctest.AttributeValues(more...)
		config["experiment_ids"] = p.experiments
		config["before"] = time.UnixMilli(firstRun + int64(seconds)*1000).UTC().Format(time.RFC3339)
		return config
	}
	const remove, restore = "mlflow_delete_runs", "mlflow_restore_runs"
	p.invoke(remove, "Deleted 0 runs", before(0, "max_runs", 100))
	p.invoke(
		remove,
		"Deleted 8 runs; more runs match, invoke the action again to delete them",
		before(20, "max_runs", 8),
		ofFirst[:4],
		ofSecond,
	)
	p.invoke(remove, "Deleted 16 runs", before(20, "max_runs", 100), ofFirst[:20], ofSecond)
	p.invoke(
		remove,
		"Deleted 1 run",
		before(100, "max_runs", 100, "filter", fmt.Sprintf("attributes.run_id = '%s'", ofFirst[24])),
		ofFirst[:20],
		ofFirst[24:],
		ofSecond,
	)

	tags := map[string]any{"run_id": ofFirst[21], "tags": map[string]any{"stage": "production", "none": nil}}
	p.invoke("mlflow_set_run_tags", fmt.Sprintf("Changed tags of run %q: \"stage\"", ofFirst[21]), tags, ofFirst[:20], ofFirst[24:], ofSecond)
	p.invoke("mlflow_set_run_tags", fmt.Sprintf("Changed tags of run %q: none", ofFirst[21]), tags, ofFirst[:20], ofFirst[24:], ofSecond)
	tags["tags"] = map[string]any{"stage": nil}
	p.invoke("mlflow_set_run_tags", fmt.Sprintf("Changed tags of run %q: \"stage\"", ofFirst[21]), tags, ofFirst[:20], ofFirst[24:], ofSecond)
	tags["run_id"] = ofFirst[0]
	acctest.ExpectDiagnostics(t, p.Action("mlflow_set_run_tags").Plan(tags), "error at run_id: Run is deleted: ")

	p.invoke(
		restore,
		"Restored 2 runs",
		map[string]any{"run_ids": []string{ofFirst[0], ofFirst[22], ofSecond[0]}},
		ofFirst[1:20],
		ofFirst[24:],
		ofSecond[1:],
	)
	p.invoke(
		restore,
		"Restored 3 runs; more runs match, invoke the action again to restore them",
		before(10, "max_runs", 3),
		ofFirst[3:20],
		ofFirst[24:],
		ofSecond[3:],
		[]string{max(ofFirst[2], ofSecond[2])},
	) // of two that started at the same time, the one with the greater ID is last
	p.invoke(restore, "Restored 20 runs", map[string]any{"experiment_ids": p.experiments, "max_runs": 100})

	b.DeleteExperiment(t, second)
	acctest.ExpectDiagnostics(
		t,
		p.Action(restore).Plan(map[string]any{"run_ids": ofSecond[:1]}),
		"warning: Action restores runs: ",
		"Experiment is deleted",
	)
	name := b.Experiment(t, second).Name
	p.invoke("mlflow_restore_experiment", fmt.Sprintf("Restored experiment %q (ID %s)", name, second), map[string]any{"experiment_id": second})
	p.invoke(
		"mlflow_restore_experiment",
		fmt.Sprintf("Experiment %q (ID %s) is active already", b.Experiment(t, second).Name, second),
		map[string]any{"experiment_id": second},
	)
}
