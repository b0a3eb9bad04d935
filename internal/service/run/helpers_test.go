package run_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// start is the start time of the first run of a test.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

// runCalls is the common prefix of the paths of run endpoints.
const runCalls = "/api/2.0/mlflow/runs/"

// trained is a workspace with two experiments. The runs of the first one are named for their properties.
type trained struct {
	*acctest.Workspace
	churn, demand string
	ids           map[string]string // of runs, by name
}

func newTrained(t *testing.T) trained {
	t.Helper()
	w := trained{Workspace: acctest.NewWorkspace(t), ids: map[string]string{}}
	w.churn, w.demand = w.CreateExperiment(emulator.Admin, "/Shared/churn", nil), w.CreateExperiment(emulator.Admin, "/Shared/demand", nil)
	for i, r := range []emulator.Run{
		{Name: "old", Status: "FINISHED", Metrics: map[string]float64{"auc": 0.7}},
		{Name: "best", Status: "FINISHED", Metrics: map[string]float64{"auc": 0.9, "loss": 0.25},
			Params: map[string]string{"lr": "0.1", "depth": "6"}, Tags: map[string]string{"release": "yes", "it's": "odd"}},
		{Name: "failed", Status: "FAILED", Metrics: map[string]float64{"loss": math.NaN(), "auc": math.Inf(1), "low": math.Inf(-1)}},
		{Name: "killed", Status: "KILLED"},
		{Name: "running", Status: "RUNNING", User: "ana@example.com"},
		{Name: "deleted", Status: "FINISHED"},
	} {
		r.ExperimentID, r.Started = w.churn, start+int64(i)*1000
		if r.Status != "RUNNING" {
			r.Ended = r.Started + 500
		}
		w.ids[r.Name] = w.CreateRun(r)
	}
	w.DeleteRun(w.ids["deleted"])
	w.ids["other"] = w.CreateRun(emulator.Run{ExperimentID: w.demand, Name: "other", Status: "FINISHED", Started: start + 2500,
		Ended: start + 3000})
	return w
}

// namesOf returns the names of the runs in a state, in their order.
func namesOf(state map[string]any) string {
	var names []string
	for _, r := range acctest.ObjectsOf(state["runs"]) {
		names = append(names, fmt.Sprint(r["run_name"]))
	}
	return strings.Join(names, " ")
}

// mlflowServer returns an MLflow server with one response for each route, and HTTP 404 for other routes.
func mlflowServer(t *testing.T, answers map[string]string) *acctest.Backend {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"There is none"}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return &acctest.Backend{URL: server.URL, URLArgument: "tracking_uri"}
}
