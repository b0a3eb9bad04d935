package mlflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// bodyRecorder is a transport that records the decoded bodies of requests.
type bodyRecorder struct {
	*mlflowtest.Replies
	sent []map[string]any
}

func (b *bodyRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var body map[string]any
	if req.Body != nil {
		data, _ := io.ReadAll(req.Body)
		_ = json.Unmarshal(data, &body)
	}
	b.sent = append(b.sent, body)
	return b.Replies.RoundTrip(req)
}

func newBodyRecorder(responses ...string) *bodyRecorder {
	list := make([]mlflowtest.Responder, len(responses))
	for i, a := range responses {
		list[i] = mlflowtest.Reply(200, a)
	}
	return &bodyRecorder{Replies: mlflowtest.NewReplies(list...)}
}

// manyRuns returns a page of the runs first to last, with their numbers as IDs.
func manyRuns(first, last int, token string) string {
	var list []string
	for n := first; n <= last; n++ {
		list = append(list, strings.Replace(runA, `"a"`, fmt.Sprintf(`"r%d"`, n), 1))
	}
	return fmt.Sprintf(`{"runs":[%s],"next_page_token":%q}`, strings.Join(list, ","), token)
}

func TestRun_decoded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		json string
		want mlflow.Run
	}{
		"an MLflow server": {
			`{"info":{"run_uuid":"a","run_id":"a","experiment_id":"7","run_name":"fit","user_id":"","status":"FINISHED",
				"start_time":1700000000000,"end_time":1700000001000,
			"artifact_uri":"mlflow-artifacts:/7/a/artifacts","lifecycle_stage":"active"},"data":{"metrics":[{"key":"auc","value":0.5,
				"timestamp":1,"step":0},
			{"key":"loss","value":"NaN"},{"key":"top","value":"Infinity"},{"key":"low","value":"-Infinity"}],"params":[{"key":"lr",
				"value":"0.1"}],"tags":[{"key":"mlflow.user","value":"ana"}]},"inputs":{}}`,
			mlflow.Run{
				ID: "a", Name: "fit", ExperimentID: "7", Status: "FINISHED", User: "ana", ArtifactURI: "mlflow-artifacts:/7/a/artifacts",
				Started: 1700000000000, Ended: 1700000001000,
				Metrics: map[string]float64{"auc": 0.5, "loss": math.NaN(), "top": math.Inf(1), "low": math.Inf(-1)},
				Params:  map[string]string{"lr": "0.1"}, Tags: map[string]string{"mlflow.user": "ana"},
			},
		},
		"Databricks: several values of a metric, numbers as text": {
			`{"info":{"run_id":"a","experiment_id":"7","user_id":"ben","status":"RUNNING","start_time":"1700000000000",
				"lifecycle_stage":"deleted"},"data":{"metrics":[
			{"key":"auc","value":"0.5","timestamp":"2","step":"1"},{"key":"auc","value":0.9,"timestamp":1,"step":5},{"key":"f1","value":2,
				"timestamp":1,"step":1},{"key":"f1","value":3,"timestamp":1,"step":1},
			{"key":"big","value":1e999}],"tags":[{"key":"mlflow.user","value":"ana"},{"key":"mlflow.runName","value":"fit"}]}}`,
			mlflow.Run{
				ID: "a", Name: "fit", ExperimentID: "7", Status: "RUNNING", User: "ben", Started: 1700000000000, Deleted: true,
				Metrics: map[string]float64{"auc": 0.5, "f1": 3, "big": math.Inf(1)}, Params: map[string]string{},
				Tags: map[string]string{"mlflow.user": "ana", "mlflow.runName": "fit"},
			},
		},
		"only an old ID": {
			`{"info":{"run_uuid":"a","experiment_id":"7"}}`,
			mlflow.Run{ID: "a", ExperimentID: "7", Metrics: map[string]float64{}, Params: map[string]string{}, Tags: map[string]string{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mlflowtest.Client(newBodyRecorder(aRun(tc.json)), databricks.Backend{}).GetRun(t.Context(), "a")
			// NaN is not equal to itself.
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tc.want) {
				t.Errorf("got %+v, error %v; want %+v", got, err, tc.want)
			}
		})
	}
}

func TestSearchRuns_pages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit int
		pages []string
		runs  int
		more  bool
		calls int
		err   string
	}{
		"none":                           {10, []string{`{}`}, 0, false, 1, ""},
		"exactly the limit":              {2, []string{manyRuns(1, 2, "")}, 2, false, 1, ""},
		"the limit, and a token":         {2, []string{manyRuns(1, 2, "x"), `{}`}, 2, false, 2, ""},
		"one more":                       {2, []string{manyRuns(1, 3, "x")}, 2, true, 1, ""},
		"more than was asked for":        {2, []string{manyRuns(1, 9, "")}, 2, true, 1, ""},
		"several pages":                  {6, []string{manyRuns(1, 3, "x"), manyRuns(4, 6, "y"), manyRuns(7, 9, "z")}, 6, true, 3, ""},
		"a run on two pages":             {5, []string{manyRuns(1, 3, "x"), manyRuns(3, 5, "")}, 5, false, 2, ""},
		"an empty page in between":       {5, []string{manyRuns(1, 3, "x"), `{"next_page_token":"y"}`, manyRuns(4, 4, "")}, 4, false, 3, ""},
		"the same token again":           {5, []string{manyRuns(1, 1, "x")}, 0, false, 2, "same page token twice"},
		"no experiment of the request":   {5, []string{runsPage(runElse)}, 0, false, 1, `experiment "8"`},
		"the server refuses the filter":  {5, []string{`{"error_code":"INVALID_PARAMETER_VALUE","message":"no"}`}, 0, false, 1, "no"},
		"a limit that selects nothing":   {0, []string{`{}`}, 0, false, 0, "no limit"},
		"a token with the last page too": {3, []string{manyRuns(1, 1, "x"), `{"runs":[]}`}, 1, false, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBodyRecorder(tc.pages...)
			got, err := mlflowtest.Client(s, databricks.Backend{}).SearchRuns(t.Context(),
				mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: tc.limit})
			mlflowtest.ExpectError(t, err, tc.err)
			if len(got.Runs) != tc.runs || got.More != tc.more || len(s.Sent) != tc.calls {
				t.Errorf("got %d runs, more %t, %d requests", len(got.Runs), got.More, len(s.Sent))
			}
		})
	}
}

// TestSearchRuns_endless: each page is empty and has a new token.
func TestSearchRuns_endless(t *testing.T) {
	t.Parallel()
	n := 0
	server := mlflowtest.RoundTripFunc(func(*http.Request) (*http.Response, error) {
		n++
		return mlflowtest.Reply(200, fmt.Sprintf(`{"next_page_token":"%d"}`, n))()
	})
	_, err := mlflowtest.Client(server, databricks.Backend{}).SearchRuns(t.Context(), mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: 10})
	mlflowtest.ExpectError(t, err, "100 consecutive pages without new results")
	_, err = mlflowtest.Client(mlflowtest.RoundTripFunc(func(*http.Request) (*http.Response, error) {
		n++
		return mlflowtest.Reply(200, fmt.Sprintf(`{"root_uri":"s3://b","next_page_token":"%d"}`, n))()
	}), databricks.Backend{}).ListArtifacts(t.Context(), "a", "", 10)
	mlflowtest.ExpectError(t, err, "100 consecutive pages without new results")
}

// TestSearchRuns_sameRuns: each page lists the same run and has a new token.
func TestSearchRuns_sameRuns(t *testing.T) {
	t.Parallel()
	n := 0
	_, err := mlflowtest.Client(mlflowtest.RoundTripFunc(func(*http.Request) (*http.Response, error) {
		if n++; n > 1000 {
			return nil, context.Canceled
		}
		return mlflowtest.Reply(200, manyRuns(1, 2, fmt.Sprint(n)))()
	}), databricks.Backend{}).SearchRuns(t.Context(), mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: 10})
	mlflowtest.ExpectError(t, err, "100 consecutive pages without new results")
}

func TestSearchRuns_request(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		query mlflow.RunQuery
		pages []string
		want  []map[string]any
	}{
		"the defaults": {
			mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: 5}, []string{`{}`},
			[]map[string]any{{"experiment_ids": []any{"7"}, "run_view_type": "ACTIVE_ONLY", "max_results": 6.0}},
		},
		"everything, and the page size stays": {
			mlflow.RunQuery{ExperimentIDs: []string{"7", "9"}, Filter: "metrics.auc > 0.9", OrderBy: []string{"metrics.auc DESC"},
				ViewType: mlflow.ViewDeleted, Limit: 1000},
			[]string{fmt.Sprintf(`{"runs":[%s],"next_page_token":"x"}`, deletedRun(runA)), `{}`},
			[]map[string]any{
				{"experiment_ids": []any{"7", "9"}, "filter": "metrics.auc > 0.9", "order_by": []any{"metrics.auc DESC"},
					"run_view_type": "DELETED_ONLY", "max_results": 250.0},
				{"experiment_ids": []any{"7", "9"}, "filter": "metrics.auc > 0.9", "order_by": []any{"metrics.auc DESC"},
					"run_view_type": "DELETED_ONLY", "max_results": 250.0, "page_token": "x"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBodyRecorder(tc.pages...)
			if _, err := mlflowtest.Client(s, databricks.Backend{}).SearchRuns(t.Context(), tc.query); err != nil ||
				!reflect.DeepEqual(s.sent, tc.want) {
				t.Errorf("got the requests %v, error %v; want %v", s.sent, err, tc.want)
			}
		})
	}
	_, err := mlflowtest.Client(newBodyRecorder(runsPage(runA)), databricks.Backend{}).SearchRuns(t.Context(),
		mlflow.RunQuery{ExperimentIDs: []string{"7"}, ViewType: mlflow.ViewDeleted, Limit: 5})
	mlflowtest.ExpectError(t, err, `in the lifecycle stage "active"`)
}

// TestSearchRuns_rate: a rate-limited search continues at the documented rate of searches.
func TestSearchRuns_rate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		replies := []mlflowtest.Responder{mlflowtest.Reply(429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow"}`)}
		for n := range 8 {
			replies = append(replies, mlflowtest.Reply(200, manyRuns(n, n, fmt.Sprint(n))))
		}
		s := mlflowtest.NewReplies(append(replies, mlflowtest.Reply(200, `{}`))...)
		c := mlflowtest.Client(s, databricks.Backend{})
		if _, err := c.SearchRuns(t.Context(), mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: 100}); err != nil {
			t.Fatal(err)
		}
		if took := s.At[len(s.At)-1].Sub(s.At[1]); took.Seconds() < 8.0/7-0.2 {
			t.Errorf("got 8 more pages in %s, want at most 7 a second", took)
		}
	})
}

func TestListArtifacts(t *testing.T) {
	t.Parallel()
	s := newBodyRecorder(
		`{"root_uri":"s3://b/a","files":[{"path":"model/b.txt","is_dir":false,"file_size":"12"},{"path":"model/z","is_dir":true,`+
			`"file_size":0}],"next_page_token":"x"}`,
		`{"root_uri":"s3://b/a","files":[{"path":"model/a.txt","is_dir":false,"file_size":0},{"path":"model/c.txt"}]}`)
	c := mlflowtest.Client(s, databricks.Backend{})
	got, err := c.ListArtifacts(t.Context(), "a", "/model/", 3)
	want := mlflow.ArtifactList{RootURI: "s3://b/a", More: true, Artifacts: []mlflow.Artifact{{Path: "model/a.txt"},
		{Path: "model/b.txt", Size: 12}, {Path: "model/c.txt", Size: -1}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, error %v; want %+v", got, err, want)
	}
	for i, query := range []string{"path=model&run_id=a", "page_token=x&path=model&run_id=a"} {
		if got := s.Sent[i].URL.RawQuery; got != query {
			t.Errorf("query %q, want %q", got, query)
		}
	}
	s = newBodyRecorder(`{"root_uri":"s3://b/a"}`)
	if got, err := mlflowtest.Client(s, databricks.Backend{}).ListArtifacts(t.Context(), "a", "", 3); err != nil || len(got.Artifacts) != 0 ||
		got.More || s.Sent[0].URL.RawQuery != "run_id=a" {
		t.Errorf("got %+v, error %v; want an empty list", got, err)
	}
	s = newBodyRecorder(`{"root_uri":"s3://b/a","files":[{"path":"x"}],"next_page_token":"x"}`)
	_, err = mlflowtest.Client(s, databricks.Backend{}).ListArtifacts(t.Context(), "a", "", 30)
	mlflowtest.ExpectError(t, err, "same page token twice")
	c = mlflowtest.Client(mlflowtest.NewReplies(mlflowtest.Reply(404, mlflowtest.NotFoundBody)), databricks.Backend{})
	if _, err := c.ListArtifacts(t.Context(), "a", "", 3); !rest.IsNotFound(err) {
		t.Errorf("no such run: got error %v, want not found", err)
	}
}

// TestListArtifacts_volume: Databricks does not report that a Unity Catalog volume contains more than it returns.
func TestListArtifacts_volume(t *testing.T) {
	t.Parallel()
	for root, more := range map[string]bool{"dbfs:/Volumes/main/ml/x": true, "dbfs:/databricks/mlflow-tracking/1": false} {
		for n, more := range map[int]bool{999: false, 1000: more} {
			files := strings.TrimSuffix(strings.Repeat(`{"path":"x"},`, n), ",")
			s := newBodyRecorder(fmt.Sprintf(`{"root_uri":%q,"files":[%s]}`, root, files))
			got, err := mlflowtest.Client(s, databricks.Backend{}).ListArtifacts(t.Context(), "a", "", 1000)
			if err != nil || len(got.Artifacts) != n || got.More != more {
				t.Errorf("%d files of %s: got %d files, more %t, error %v", n, root, len(got.Artifacts), got.More, err)
			}
		}
	}
}
