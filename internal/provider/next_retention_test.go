//go:build next

package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	invokeDeletion = "terraform apply -invoke=action.mlflow_delete_runs.old"
	invokeUndo     = "terraform apply -invoke=action.mlflow_restore_runs.undo -var-file=undo.tfvars.json"
)

// retention is a repository with a copy of examples/run-retention, and the workspace whose runs it deletes.
type retention struct {
	shell
	t   *testing.T
	w   *acctest.Workspace
	dir string // of the repository
	id  string // of the experiment
	due []string
}

// newRetention adds due runs that started a day apart, the last one 91 days ago, and between them runs that must be kept.
func newRetention(t *testing.T, due int) *retention {
	t.Helper()
	r := &retention{shell: newShell(t), t: t, w: acctest.NewWorkspace(t), dir: t.TempDir()}
	if err := os.CopyFS(filepath.Join(r.dir, "run-retention"), os.DirFS(filepath.Join(examplesDir, "run-retention"))); err != nil {
		t.Fatal(err)
	}
	r.id = r.w.CreateExperiment(emulator.User, "/Projects/retail/churn", nil)
	other := r.w.CreateExperiment(emulator.User, "/Projects/retail/demand", nil)
	add := func(experiment string, age int, status, retention string) string {
		started := time.Now().Add(-time.Duration(age) * 24 * time.Hour).UnixMilli()
		run := emulator.Run{
			ExperimentID: experiment, Name: fmt.Sprintf("run-%d", age), Status: status, Created: started, Started: started, Ended: started + 1000,
			Metrics: map[string]float64{"auc": 0.9}, Params: map[string]string{"seed": fmt.Sprint(age)}, Tags: map[string]string{},
		}
		if retention != "" {
			run.Tags["retention"] = retention
		}
		return r.w.CreateRun(run)
	}
	for i := range due {
		age := 90 + due - i
		r.due = append(r.due, add(r.id, age, "FINISHED", "temporary"))
		add(r.id, age, "FINISHED", "keep")
		add(r.id, age, "FINISHED", "")
		add(r.id, age, "RUNNING", "temporary")
		add(other, age, "FINISHED", "temporary")
	}
	add(r.id, 89, "FINISHED", "temporary")
	return r
}

// invoke runs a command in the folder of the example.
func (r *retention) invoke(commands string, environment ...string) string {
	r.t.Helper()
	return r.run(r.t, r.w, filepath.Join(r.dir, "run-retention"), commands, environment...)
}

// night runs the script like the jobs.
func (r *retention) night(environment ...string) string {
	r.t.Helper()
	return r.run(r.t, r.w, r.dir, "sh run-retention/retention.sh", environment...)
}

// evidence returns a file that the script wrote.
func (r *retention) evidence(name string) string {
	r.t.Helper()
	return readFile(r.t, filepath.Join(r.dir, "evidence", name))
}

// all returns the runs of all experiments.
func (r *retention) all() []emulator.Run {
	runs := r.w.RunsOf(r.id)
	return append(runs, r.w.RunsOf(r.w.MustFind(r.t, "/Projects/retail/demand").ID)...)
}

func (r *retention) expectDeleted(when string, want []string) {
	r.t.Helper()
	var got []string
	for _, run := range r.all() {
		if run.Deleted != 0 {
			got = append(got, run.ID)
		}
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		r.t.Errorf("%s, the runs %q are deleted, want %q", when, got, want)
	}
}

// TestNext_runRetention runs the job on two nights, and reverts the first run.
func TestNext_runRetention(t *testing.T) {
	t.Parallel()
	r := newRetention(t, 7)
	before := r.all()
	for _, command := range []string{invokeDeletion, invokeUndo} {
		if !strings.Contains(readFile(t, filepath.Join(examplesDir, "run-retention/README.md")), "\n"+command+"\n") {
			t.Errorf("README.md does not have the command %q", command)
		}
	}
	plan := r.invoke("terraform init\nterraform plan\nterraform plan -invoke=action.mlflow_delete_runs.old")
	for _, id := range r.due {
		if !strings.Contains(plan, `"`+id+`"`) {
			t.Errorf("the plan does not show run %s", id)
		}
	}
	if strings.Contains(plan, "Check block assertion failed") || !strings.Contains(plan, "The action deletes 7 active runs") {
		t.Errorf("plan: got\n%s", plan)
	}
	r.w.ExpectWrites(t)

	out := r.night("TF_VAR_max_runs=5")
	r.expectDeleted("after the first night", r.due[:5])
	if !strings.Contains(out, "max_runs is reached") || !strings.Contains(r.evidence("deletion.txt"), "Deleted 5 runs; more runs match") {
		t.Errorf("the first night prints\n%s", out)
	}
	var due []struct{ ID string }
	if err := json.Unmarshal([]byte(r.evidence("due.json")), &due); err != nil || len(due) != 5 || due[0].ID != r.due[0] ||
		due[4].ID != r.due[4] {
		t.Errorf("due.json has the runs %v (%v), want %q", due, err, r.due[:5])
	}
	acctest.WriteFile(t, filepath.Join(r.dir, "run-retention", "undo.tfvars.json"), r.evidence("undo.tfvars.json"))

	out = r.night("TF_VAR_max_runs=5")
	r.expectDeleted("after the second night", r.due)
	if strings.Contains(out, "max_runs is reached") {
		t.Errorf("the second night prints\n%s", out)
	}

	r.invoke(invokeUndo)
	r.expectDeleted("after the undo of the first night", r.due[5:])
	for _, id := range r.due[5:] {
		r.w.RestoreRun(id)
	}
	if after := r.all(); !reflect.DeepEqual(after, before) {
		t.Errorf("the runs are\n%v\nwant\n%v", after, before)
	}
}

// TestNext_guideRuns runs the commands of the guide that delete runs, and those that restore them, in the folder of the example.
func TestNext_guideRuns(t *testing.T) {
	t.Parallel()
	r := newRetention(t, 3)
	r.invoke("terraform init\n" + guideCommands(t, "runs", "Delete old runs"))
	r.expectDeleted("after the deletion", r.due)
	r.invoke(guideCommands(t, "runs", "Restore runs"))
	r.expectDeleted("after the restoration", nil)
}

// TestNext_runRetentionRefused: invalid values of the variables delete nothing, for example a limit that is greater than the list can be.
func TestNext_runRetentionRefused(t *testing.T) {
	t.Parallel()
	r := newRetention(t, 2)
	r.invoke("terraform init")
	for variables, diags := range map[string]string{
		"TF_VAR_max_runs=1001":                       "Set max_runs to a number from 1 to 1000",
		"TF_VAR_experiments=[]":                      "Name at least one experiment",
		"TF_VAR_keep_days=0":                         "Set keep_days to a whole number",
		"TF_VAR_filter= ":                            "The filter is empty",
		"TF_VAR_filter=tags.a = 'b' OR tags.c = 'd'": "OR",
		`TF_VAR_experiments=["/Projects/none"]`:      "does not exist",
	} {
		out := r.invoke("! "+invokeDeletion, variables)
		if !strings.Contains(out, diags) {
			t.Errorf("with %s, it prints\n%s\nwant %q", variables, out, diags)
		}
	}
	if out := r.invoke("! terraform apply -invoke=action.mlflow_restore_runs.undo"); !strings.Contains(out, "run_ids") {
		t.Errorf("the undo without IDs prints\n%s", out)
	}
	r.w.ExpectWrites(t)
}

// TestNext_runRetentionFails: if the deletion fails, the job fails, and the evidence contains the error.
func TestNext_runRetentionFails(t *testing.T) {
	t.Parallel()
	r := newRetention(t, 3)
	r.w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/runs/delete", Status: 403, Code: "PERMISSION_DENIED", Message: "not yours", Times: -1})
	out := r.run(t, r.w, r.dir, "! sh run-retention/retention.sh")
	if text := r.evidence("deletion.txt"); !strings.Contains(text, "not yours") || !strings.Contains(out, text) {
		t.Errorf("the job prints\n%s", out)
	}
	r.expectDeleted("after the failure", nil)
}
