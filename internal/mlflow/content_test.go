package mlflow_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The requests for the content of an experiment.
const (
	runsSearch   = "POST /api/2.0/mlflow/runs/search"
	tracesSearch = "POST /api/3.0/mlflow/traces/search"
	tracesGet    = "GET /api/2.0/mlflow/traces?experiment_ids=1&max_results=1"
	modelsSearch = "POST /api/2.0/mlflow/logged-models/search"
)

var (
	emptyAnswers = []string{"runs/search: none", "traces/search: none", "traces: none", "logged-models/search: none"}
	firstRun     = time.UnixMilli(1700000000000).UTC()
	wholeContent = mlflow.Content{Runs: 1, NewestRun: firstRun, Traces: true, LoggedModels: true}
)

// TestExperimentContent_recorded includes MLflow 2.22, which has neither logged models nor the newer search for traces, and returns a page
// token with every full page.
func TestExperimentContent_recorded(t *testing.T) {
	t.Parallel()
	for recording, full := range map[string]mlflow.Content{
		mlflowtest.RBACServer: wholeContent, mlflowtest.WorkspacesServer: wholeContent, mlflowtest.LegacyServer: wholeContent,
		mlflowtest.LegacyServerWithoutList: {Runs: 1, MoreRuns: true, NewestRun: firstRun, Traces: true},
	} {
		for name, tc := range map[string]struct {
			responses []string
			want      mlflow.Content
		}{
			"empty": {emptyAnswers, mlflow.Content{}},
			"full":  {[]string{"runs/search", "traces/search", "traces", "logged-models/search"}, full},
		} {
			t.Run(recording+" "+name, func(t *testing.T) {
				t.Parallel()
				s := mlflowtest.NewRecorded(t, recording)
				s.Replay(tc.responses...)
				if got, err := s.Client(&server.Backend{}).ExperimentContent(t.Context(), "1"); err != nil || got != tc.want {
					t.Errorf("got %+v, error %v; want %+v", got, err, tc.want)
				}
			})
		}
	}
}

// TestExperimentContent_invalidResponse checks that only a response of the API reports an experiment as empty.
func TestExperimentContent_invalidResponse(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]mlflowtest.Response{
		"denied": mlflowtest.PageResponse(403, "Permission denied"), "a proxy": mlflowtest.OK(`{"status":"ok"}`), "nothing": {Status: 204},
		"a page":          mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"an error as 200": mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`), "a list": mlflowtest.OK(`[]`),
		"broken": mlflowtest.LostResponse, "down": mlflowtest.PageResponse(502, ""),
		"a proxy's 404": {Status: 404, MediaType: "application/json", Body: `{"message":"no Route matched with those values"}`},
		"not found":     mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "gone"),
	} {
		for what, call := range map[string]string{"runs": runsSearch, "traces": tracesSearch, "logged models": modelsSearch} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
					s.Replay(emptyAnswers...)
					s.Read(call, a)
					s.Read(tracesGet, a)
					content, err := s.Client(&server.Backend{}, mlflowtest.ShortRetryTimeout).ExperimentContent(t.Context(), "1")
					mlflowtest.ExpectError(t, err, what)
					if err == nil {
						t.Errorf("got %+v, want an error", content)
					}
				})
			})
		}
	}
	t.Run("a server without runs is none", func(t *testing.T) {
		t.Parallel()
		s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
		s.Read(runsSearch, s.RecordedResponse("absent call"))
		if content, err := s.Client(&server.Backend{}).ExperimentContent(t.Context(), "1"); err == nil {
			t.Errorf("got %+v, want an error", content)
		}
	})
}

// TestExperimentContent_nextPage checks an empty page that is not the last one.
func TestExperimentContent_nextPage(t *testing.T) {
	t.Parallel()
	for what, call := range map[string]string{"runs": runsSearch, "traces": tracesSearch, "logged models": modelsSearch} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
			s.Replay(emptyAnswers...)
			s.Read(call, mlflowtest.OK(`{"next_page_token":"x"}`))
			content, err := s.Client(&server.Backend{}).ExperimentContent(t.Context(), "1")
			if err != nil || content.IsEmpty() {
				t.Errorf("got %+v, error %v; want content", content, err)
			}
		})
	}
}

// TestExperimentContent_newest checks that the newest run is found anywhere on the page, without runs that have no start time.
func TestExperimentContent_newest(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
	s.Replay(emptyAnswers...)
	s.Read(runsSearch, mlflowtest.OK(`{"runs":[{"info":{"start_time":1600000000000}},{"info":{"start_time":"1700000000000"}},{"info":{}}],`+
		`"next_page_token":"x"}`))
	want := mlflow.Content{Runs: 3, MoreRuns: true, NewestRun: firstRun}
	if got, err := s.Client(&server.Backend{}).ExperimentContent(t.Context(), "1"); err != nil || got != want {
		t.Errorf("got %+v, error %v; want %+v", got, err, want)
	}
}

func TestContent_text(t *testing.T) {
	t.Parallel()
	for want, content := range map[string]mlflow.Content{
		"nothing": {},
		"1 run":   {Runs: 1},
		"2 runs (newest started at 2023-11-14T22:13:20Z)": {Runs: 2, NewestRun: firstRun},
		"at least 100 runs":                 {Runs: 100, MoreRuns: true},
		"runs":                              {MoreRuns: true},
		"traces":                            {Traces: true},
		"1 run and logged models":           {Runs: 1, LoggedModels: true},
		"traces and logged models":          {Traces: true, LoggedModels: true},
		"2 runs, traces, and logged models": {Runs: 2, Traces: true, LoggedModels: true},
		"at least 1 run, traces, and logged models": {Runs: 1, MoreRuns: true, Traces: true, LoggedModels: true},
	} {
		if got := content.String(); got != want || content.IsEmpty() != (want == "nothing") {
			t.Errorf("%+v is %q, want %q", content, got, want)
		}
	}
}
