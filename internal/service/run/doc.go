// Package run implements the data sources mlflow_run, mlflow_runs, and mlflow_run_artifacts, and the actions that delete, restore, and tag
// runs and restore experiments.
package run
