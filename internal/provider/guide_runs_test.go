package provider_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// runsGuideErrors cause the errors in the table of the guide, by the text of the row.
var runsGuideErrors = map[string]func(g *runsGuide) string{
	"Invalid filter … contains OR": func(g *runsGuide) string {
		return g.search("filter",
			"tags.a = 'b' OR tags.c = 'd'")
	},
	"Could not search runs … filter …": func(g *runsGuide) string { return g.search("filter", "start between 1 and 2") },
	"Could not search runs: Order […": func(g *runsGuide) string {
		return g.search("order_by",
			[]string{"quality DESC"})
	},
	"Could not search runs … experiment …":                 func(g *runsGuide) string { return g.search("experiment_ids", []string{"4242"}) },
	"Could not read run …":                                 func(g *runsGuide) string { return g.read("mlflow_run", nil) },
	"Could not list artifacts …":                           func(g *runsGuide) string { return g.read("mlflow_run_artifacts", nil) },
	"Invalid age …":                                        func(g *runsGuide) string { return g.delete(emulator.AdminToken, "90 days") },
	"Could not delete runs … PERMISSION_DENIED …":          func(g *runsGuide) string { return g.delete(emulator.UserToken, "1d") },
	"Could not delete runs … So far, the action deleted …": (*runsGuide).failedDeletion,
	"Deletion time is not supported …":                     (*runsGuide).restoreOnServer,
	"Experiment is deleted …":                              (*runsGuide).restoreInDeleted,
	"Run is deleted …":                                     (*runsGuide).tagDeleted,
	"Experiment name is ambiguous …":                       (*runsGuide).restoreByName,
}

// runsGuide is a workspace with runs that the user can read, but not delete.
type runsGuide struct {
	t    *testing.T
	w    *acctest.Workspace
	id   string // of the experiment
	runs []string
}

func newRunsGuide(t *testing.T) *runsGuide {
	t.Helper()
	g := &runsGuide{t: t, w: acctest.NewWorkspace(t)}
	g.id = g.w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	g.w.Grant(g.id, emulator.UserPrincipal(emulator.User), "CAN_READ")
	g.runs = g.w.SeedRuns(g.id, 3, time.Now().Add(-1000*time.Hour), time.Hour)
	return g
}

// search searches runs with another value of one argument.
func (g *runsGuide) search(argument string, value any) string {
	config := map[string]any{"experiment_ids": []string{g.id}, "limit": 1}
	config[argument] = value
	return g.read("mlflow_runs", config)
}

// read reads a data source. Without a configuration, it reads a run that does not exist.
func (g *runsGuide) read(kind string, config map[string]any) string {
	if config == nil {
		config = map[string]any{"run_id": missingID}
	}
	_, diags := g.w.Provider(g.t, emulator.AdminToken).ReadDataSource(kind, config)
	return diags
}

func (g *runsGuide) invoke(token, kind string, config map[string]any) string {
	_, diags := g.w.Action(g.t, token, kind).Invoke(config)
	return diags
}

func (g *runsGuide) delete(token, age string) string {
	return g.invoke(token, "mlflow_delete_runs", map[string]any{"experiment_ids": []string{g.id}, "older_than": age, "max_runs": 10})
}

func (g *runsGuide) failedDeletion() string {
	g.w.Inject(emulator.Fault{Path: runsAPI + "delete", Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "no", Times: -1})
	return g.delete(emulator.AdminToken, "1d")
}

func (g *runsGuide) restoreOnServer() string {
	d := acctest.NewProvider(g.t, map[string]any{"tracking_uri": g.w.URL, "token": emulator.AdminToken})
	_, diags := d.Action("mlflow_restore_runs").
		Invoke(map[string]any{"experiment_ids": []string{g.id}, "deleted_after": "2026-01-01T00:00:00Z", "max_runs": 10})
	return diags
}

func (g *runsGuide) restoreInDeleted() string {
	g.w.Trash(g.id)
	g.w.DeleteRun(g.runs[0])
	return g.invoke(emulator.AdminToken, "mlflow_restore_runs", map[string]any{"run_ids": g.runs[:1]})
}

func (g *runsGuide) tagDeleted() string {
	g.w.DeleteRun(g.runs[0])
	return g.invoke(emulator.AdminToken, "mlflow_set_run_tags", map[string]any{"run_id": g.runs[0], "tags": map[string]string{"a": "b"}})
}

func (g *runsGuide) restoreByName() string {
	g.w.Trash(g.id)
	g.w.Trash(g.w.CreateExperiment(emulator.Admin, "/Projects/churn", nil))
	return g.invoke(emulator.AdminToken, "mlflow_restore_experiment", map[string]any{"name": "/Projects/churn"})
}

var troubleshootingRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \|$`)

// TestGuide_runsErrors checks that each error in the table of the guide is reported with the quoted text.
func TestGuide_runsErrors(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readFile(t, filepath.Join(repository, "templates/guides/runs.md.tmpl")), "\n## Troubleshooting\n")
	rows := troubleshootingRow.FindAllStringSubmatch(table, -1)[2:] // not the heading and the line below it
	if len(rows) != len(runsGuideErrors) {
		t.Errorf("the table has %d errors, and %d are known", len(rows), len(runsGuideErrors))
	}
	for _, row := range rows {
		provoke := runsGuideErrors[row[1]]
		if provoke == nil {
			t.Errorf("no test provokes %q", row[1])
			continue
		}
		t.Run(row[1], func(t *testing.T) {
			t.Parallel()
			if diags := provoke(newRunsGuide(t)); !strings.HasPrefix(diags, "error") || !pageMessage(row[1]).MatchString(diags) {
				t.Errorf("got diagnostics %q", diags)
			}
		})
	}
}
