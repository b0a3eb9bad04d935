package mlflow_test

import (
	"context"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var (
	runInvalid = mlflowtest.Reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"The run a must be in the 'active' state."}`)
	runMissing = mlflowtest.Reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run with id=a not found"}`)
	tagMissing = mlflowtest.Reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No tag with name: k in run with id a"}`)
	busy       = mlflowtest.Reply(503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"busy"}`)
	done       = mlflowtest.Reply(200, `{}`)
)

// TestRunChanges checks the result of a change for each sequence of responses, and the number of its requests.
func TestRunChanges(t *testing.T) {
	t.Parallel()
	remove := func(ctx context.Context, c *mlflow.Client) error { return c.DeleteRun(ctx, "a") }
	restore := func(ctx context.Context, c *mlflow.Client) error { return c.RestoreRun(ctx, "a") }
	tag := func(ctx context.Context, c *mlflow.Client) error {
		return c.SetRunTag(ctx, "a", mlflow.Tag{Key: "k"})
	}
	untag := func(ctx context.Context, c *mlflow.Client) error { return c.DeleteRunTag(ctx, "a", "k") }
	active, deleted := mlflowtest.Reply(200, aRun(runA)), mlflowtest.Reply(200, aRun(deletedRun(runA)))
	tagged := mlflowtest.Reply(200, aRun(`{"info":{"run_id":"a","experiment_id":"7"},"data":{"tags":[{"key":"k","value":"v"}]}}`))
	for name, tc := range map[string]struct {
		do      func(context.Context, *mlflow.Client) error
		replies []mlflowtest.Responder
		calls   int
		ok      bool
	}{
		"deleted":                  {remove, []mlflowtest.Responder{done}, 1, true},
		"deleted, after a failure": {remove, []mlflowtest.Responder{busy, done}, 2, true},
		"deleted, and the first response was lost":    {remove, []mlflowtest.Responder{busy, runInvalid, deleted}, 3, true},
		"not deleted, after a failure":                {remove, []mlflowtest.Responder{busy, runInvalid, active}, 3, false},
		"not deleted: no such run":                    {remove, []mlflowtest.Responder{runMissing}, 1, false},
		"restored":                                    {restore, []mlflowtest.Responder{done}, 1, true},
		"restored, and the first response was lost":   {restore, []mlflowtest.Responder{busy, runInvalid, active}, 3, true},
		"not restored, after a failure":               {restore, []mlflowtest.Responder{busy, runInvalid, deleted}, 3, false},
		"not restored: no such run":                   {restore, []mlflowtest.Responder{runMissing}, 1, false},
		"tagged, after a failure":                     {tag, []mlflowtest.Responder{busy, done}, 2, true},
		"not tagged: deleted":                         {tag, []mlflowtest.Responder{runInvalid}, 1, false},
		"untagged":                                    {untag, []mlflowtest.Responder{done}, 1, true},
		"untagged: no such tag":                       {untag, []mlflowtest.Responder{tagMissing, active}, 2, true},
		"untagged, and the first response was lost":   {untag, []mlflowtest.Responder{busy, tagMissing, active}, 3, true},
		"not untagged: the tag exists":                {untag, []mlflowtest.Responder{tagMissing, tagged}, 2, false},
		"not untagged: no such run":                   {untag, []mlflowtest.Responder{runMissing, runMissing}, 2, false},
		"not untagged: the run is deleted in between": {untag, []mlflowtest.Responder{tagMissing, deleted}, 2, false},
		"not untagged: deleted":                       {untag, []mlflowtest.Responder{runInvalid}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewReplies(tc.replies...)
				if err := tc.do(t.Context(), mlflowtest.Client(s, databricks.Backend{})); (err == nil) != tc.ok || len(s.Sent) != tc.calls {
					t.Errorf("got error %v, %d requests; want success %t, %d requests", err, len(s.Sent), tc.ok, tc.calls)
				}
			})
		})
	}
}

// TestBulkRuns: a second bulk call would change more runs than requested, so it is sent only if the first one had no effect.
func TestBulkRuns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit     int
		replies   []mlflowtest.Responder
		calls, n  int
		ok        bool
		uncertain bool
	}{
		"some": {10_000, []mlflowtest.Responder{mlflowtest.Reply(200, `{"runs_deleted":3,"runs_restored":3}`)}, 1, 3,
			true, false},
		"none":         {5, []mlflowtest.Responder{done}, 1, 0, true, false},
		"rate-limited": {5, []mlflowtest.Responder{mlflowtest.Reply(429, `{}`), done}, 2, 0, true, false},
		"busy":         {5, []mlflowtest.Responder{busy}, 1, 0, false, true},
		"lost":         {5, []mlflowtest.Responder{mlflowtest.Fail(io.ErrUnexpectedEOF)}, 1, 0, false, true},
		"more than the limit": {2, []mlflowtest.Responder{mlflowtest.Reply(200, `{"runs_deleted":3,"runs_restored":3}`)}, 1, 0, false,
			true},
		"denied": {5, []mlflowtest.Responder{mlflowtest.Reply(403, `{"error_code":"PERMISSION_DENIED","message":"no"}`)}, 1,
			0, false, false},
		"a limit that is not allowed":  {10_001, nil, 0, 0, false, true},
		"no limit":                     {0, nil, 0, 0, false, true},
		"an MLflow server, if it were": {5, []mlflowtest.Responder{mlflowtest.Page(404, absentPage)}, 1, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for call, do := range map[string]func(*mlflow.Client) (int, error){
					"delete":  func(c *mlflow.Client) (int, error) { return c.DeleteRunsInBulk(t.Context(), "7", 0, tc.limit) },
					"restore": func(c *mlflow.Client) (int, error) { return c.RestoreRunsInBulk(t.Context(), "7", 0, tc.limit) },
				} {
					s := mlflowtest.NewReplies(tc.replies...)
					n, err := do(mlflowtest.Client(s, databricks.Backend{}))
					if n != tc.n || (err == nil) != tc.ok || len(s.Sent) != tc.calls || err != nil && rest.IsUncertain(err) != tc.uncertain {
						t.Errorf("%s: got %d runs, error %v, %d requests", call, n, err, len(s.Sent))
					}
				}
			})
		})
	}
	if !mlflowtest.NewScripted(t).Client(databricks.Backend{}).BulkRuns() || mlflowtest.NewScripted(t).Client(&server.Backend{}).BulkRuns() {
		t.Error("got bulk calls on an MLflow server, or none on Databricks")
	}
}

// TestBulkRuns_request: the time 0 must be sent, too.
func TestBulkRuns_request(t *testing.T) {
	t.Parallel()
	s := newBodyRecorder(`{}`)
	c := mlflowtest.Client(s, databricks.Backend{})
	if _, err := c.DeleteRunsInBulk(t.Context(), "7", 0, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RestoreRunsInBulk(t.Context(), "7", 1700000000000, 5); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"experiment_id": "7", "max_timestamp_millis": 0.0, "max_runs": 5.0},
		{"experiment_id": "7", "min_timestamp_millis": 1700000000000.0, "max_runs": 5.0},
	}
	if !slices.EqualFunc(s.sent, want, func(a, b map[string]any) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("got the requests %v, want %v", s.sent, want)
	}
}
