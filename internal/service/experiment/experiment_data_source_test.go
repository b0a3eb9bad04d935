package experiment_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestExperimentDataSource_attributes(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 80*int(time.Millisecond), time.UTC)
	w := acctest.NewWorkspace(t, emulator.Options{Now: func() time.Time { return now }})
	id := w.CreateExperiment(emulator.User, "/Users/ana@example.com/it's [50%]",
		map[string]string{"team": "risk", "mlflow.note.content": "About it"})
	exactly := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.mlflow_experiment.test", tfjsonpath.New(attribute), check)
	}
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(`data "mlflow_experiment" "test" { name = "/Workspace/Users/ana@example.com/it's [50%]/" }`),
		ConfigStateChecks: []statecheck.StateCheck{
			exactly("id", knownvalue.StringExact(id)),
			exactly("experiment_id", knownvalue.StringExact(id)),
			exactly("name", knownvalue.StringExact("/Workspace/Users/ana@example.com/it's [50%]/")),
			exactly("artifact_location", knownvalue.StringExact("dbfs:/databricks/mlflow-tracking/"+id)),
			exactly("lifecycle_stage", knownvalue.StringExact("active")),
			exactly("creation_time", knownvalue.StringExact("2026-03-04T05:06:07.080Z")),
			exactly("last_update_time", knownvalue.StringExact("2026-03-04T05:06:07.080Z")),
			exactly("tags", knownvalue.MapPartial(map[string]knownvalue.Check{
				"team": knownvalue.StringExact("risk"), "mlflow.ownerEmail": knownvalue.StringExact(emulator.User),
			})),
			exactly("description", knownvalue.StringExact("About it")),
			exactly("owner", knownvalue.StringExact(emulator.User)),
			exactly("kind", knownvalue.StringExact("workspace")),
			exactly("url", knownvalue.StringExact(w.URL+"/ml/experiments/"+id+"?w="+emulator.WorkspaceID)),
		},
	})
	w.ExpectWrites(t)
}

func TestExperimentDataSource_lookUp(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	active := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/old", nil)
	w.Trash(deleted)
	notebook := w.AddNotebookExperiment(emulator.Admin, "/Projects/notebook")
	w.AddGitFolder("/Repos/ana/code", false)
	inGit := w.AddNotebookExperiment(emulator.Admin, "/Repos/ana/code/notebook")
	d := w.Provider(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		config, want map[string]any
	}{
		"by name":       {map[string]any{"name": "/Projects/churn"}, map[string]any{"id": active, "name": "/Projects/churn", "description": nil}},
		"by id":         {map[string]any{"experiment_id": active}, map[string]any{"experiment_id": active, "name": "/Projects/churn"}},
		"deleted by id": {map[string]any{"experiment_id": deleted}, map[string]any{"id": deleted, "lifecycle_stage": "deleted"}},
		"notebook":      {map[string]any{"experiment_id": notebook}, map[string]any{"id": notebook, "kind": "notebook"}},
		"git folder":    {map[string]any{"experiment_id": inGit}, map[string]any{"id": inGit, "kind": "git_folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			state, got := d.ReadDataSource("mlflow_experiment", c.config)
			if got != "" {
				t.Fatalf("read: got diagnostics %q, want none", got)
			}
			for attribute, want := range c.want {
				if state[attribute] != want {
					t.Errorf("got %s = %v, want %v", attribute, state[attribute], want)
				}
			}
		})
	}
}

func TestExperimentDataSource_permissionDenied(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	secret := w.CreateExperiment(emulator.Admin, "/Users/"+emulator.Admin+"/secret", nil)
	_, got := w.Provider(t, emulator.UserToken).ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": secret})
	if begin := "error at experiment_id: Could not read experiment: Experiment " + secret + ": "; !strings.HasPrefix(got, begin) ||
		!strings.Contains(got, "for access") {
		t.Errorf("read: got diagnostics %q, want %q and advice on access", got, begin)
	}
}

// An MLflow server finds deleted experiments by name as well.
func TestExperimentDataSource_deletedByName(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.Inject(emulator.Fault{
		Method: http.MethodGet, Path: acctest.ExperimentsPath + "get-by-name", Status: http.StatusOK, ContentType: "application/json",
		RawBody: `{"experiment": {"experiment_id": "7", "name": "/Shared/a", "lifecycle_stage": "deleted"}}`,
	})
	_, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiment", map[string]any{"name": "/Shared/a"})
	if !strings.HasPrefix(got, "error at name: Could not read experiment") || !strings.Contains(got, `read it with experiment_id = "7"`) {
		t.Errorf("read: got diagnostics %q, want an error that contains the ID", got)
	}
}

func TestExperimentDataSource_missingValues(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.Inject(emulator.Fault{
		Method: http.MethodGet, Path: acctest.ExperimentsPath + "get", Status: http.StatusOK, ContentType: "application/json",
		RawBody: `{"experiment": {"experiment_id": "7", "name": "a", "lifecycle_stage": "active"}}`,
	})
	state, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": "7"})
	want := map[string]any{
		"id": "7", "experiment_id": "7", "name": "a", "lifecycle_stage": "active", "kind": "workspace", "tags": map[string]any{},
		"artifact_location": nil, "trace_location": nil, "creation_time": nil, "last_update_time": nil, "description": nil, "owner": nil,
		"workspace": nil,
		"url":       w.URL + "/ml/experiments/7?w=" + emulator.WorkspaceID,
	}
	if got != "" || !reflect.DeepEqual(state, want) {
		t.Errorf("read: got state %v and diagnostics %q, want %v", state, got, want)
	}
}

func TestExperimentDataSource_providerConfigurationUnknown(t *testing.T) {
	t.Parallel()
	d := acctest.NewProvider(t, map[string]any{"host": tftypes.UnknownValue})
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment":  {"name": "/Shared/a"},
		"mlflow_experiments": {},
	} {
		if _, got := d.ReadDataSource(kind, config); !strings.HasPrefix(got, "error: Could not read") ||
			!strings.Contains(got, "the value of host is unknown until apply") {
			t.Errorf("%s: got diagnostics %q, want an error about host", kind, got)
		}
	}
}
