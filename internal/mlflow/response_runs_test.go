package mlflow_test

import (
	"context"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

const (
	runA        = `{"info":{"run_id":"a","run_uuid":"a","experiment_id":"7","status":"FINISHED","lifecycle_stage":"active"}}`
	runB        = `{"info":{"run_id":"b","experiment_id":"7","status":"FINISHED","lifecycle_stage":"active"}}`
	runElse     = `{"info":{"run_id":"a","experiment_id":"8","status":"FINISHED","lifecycle_stage":"active"}}`
	runNoID     = `{"info":{"experiment_id":"7","status":"FINISHED","lifecycle_stage":"active"}}`
	runNowhere  = `{"info":{"run_id":"a","status":"FINISHED","lifecycle_stage":"active"}}`
	runWrong    = `{"info":{"run_id":"a","experiment_id":"7"},"data":{"metrics":[{"key":"loss","value":"low"}]}}`
	runsOf      = "POST /api/2.0/mlflow/runs/search"
	runGet      = "GET /api/2.0/mlflow/runs/get"
	artifactsOf = "GET /api/2.0/mlflow/artifacts/list"
	deleteMany  = "POST /api/2.0/mlflow/databricks/runs/delete-runs"
	restoreMany = "POST /api/2.0/mlflow/databricks/runs/restore-runs"
)

func aRun(run string) string      { return `{"run":` + run + `}` }
func runsPage(runs string) string { return `{"runs":[` + runs + `]}` }

func deletedRun(run string) string { return strings.Replace(run, `"active"`, `"deleted"`, 1) }

func searchRuns(ctx context.Context, c *mlflow.Client) error {
	_, err := c.SearchRuns(ctx, mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: 10})
	return err
}

// runCalls lists every call about runs.
var runCalls = []checkedCall{
	{route: runsOf, rule: "{}, active runs of the experiment with IDs, or a page token", valid: []string{runsPage(runA)}, emptyObject: true,
		invalid: []string{runsPage(runElse), runsPage(runA + "," + runNoID), runsPage(runNowhere), runsPage(deletedRun(runA)), runsPage(runWrong),
			aRun(runA), experiment7},
		use: searchRuns},
	{route: runGet, rule: "the run with the ID", valid: []string{aRun(deletedRun(runA))},
		invalid: []string{aRun(runB), aRun(runNoID), aRun(runNowhere), aRun(runWrong), runsPage(runA), `{"run":{}}`, experiment7},
		use:     func(ctx context.Context, c *mlflow.Client) error { _, err := c.GetRun(ctx, "a"); return err }},
	{route: "POST /api/2.0/mlflow/runs/delete", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{aRun(runA)},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.DeleteRun(ctx, "a") }},
	{route: "POST /api/2.0/mlflow/runs/restore", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{aRun(runA)},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.RestoreRun(ctx, "a") }},
	{route: "POST /api/2.0/mlflow/runs/set-tag", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{aRun(runA)},
		use: func(ctx context.Context, c *mlflow.Client) error {
			return c.SetRunTag(ctx, "a", mlflow.Tag{Key: "k", Value: "v"})
		}},
	{route: "POST /api/2.0/mlflow/runs/delete-tag", rule: "nothing", valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{aRun(runA)},
		use:     func(ctx context.Context, c *mlflow.Client) error { return c.DeleteRunTag(ctx, "a", "k") }},
	{route: deleteMany, rule: "{}, or a number up to the one that was asked for", valid: []string{`{"runs_deleted":10}`}, emptyObject: true,
		invalid: []string{`{"runs_deleted":11}`, `{"runs_deleted":-1}`, `{"runs_restored":3}`, runsPage(runA)},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.DeleteRunsInBulk(ctx, "7", 0, 10)
			return err
		}},
	{route: restoreMany, rule: "{}, or a number up to the one that was asked for", valid: []string{`{"runs_restored":"10"}`},
		emptyObject: true,
		invalid:     []string{`{"runs_restored":11}`, `{"runs_restored":-1}`, `{"runs_deleted":3}`, runsPage(runA)},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.RestoreRunsInBulk(ctx, "7", 0, 10)
			return err
		}},
	{route: artifactsOf, rule: "the location, and what is below the path",
		valid: []string{`{"root_uri":"s3://b/a","files":[{"path":"model/MLmodel","is_dir":false,"file_size":"3"}]}`},
		invalid: []string{`{"root_uri":"s3://b/a","files":[{"path":"models/MLmodel"}]}`, `{"root_uri":"s3://b/a","files":[{"is_dir":true}]}`,
			`{"files":[]}`, aRun(runA)},
		use: func(ctx context.Context, c *mlflow.Client) error {
			_, err := c.ListArtifacts(ctx, "a", "model", 10)
			return err
		}},
}
