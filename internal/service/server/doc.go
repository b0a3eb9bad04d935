// Package server has what belongs to an MLflow server as a whole: the resources mlflow_user and mlflow_workspace, and the data sources
// mlflow_users and mlflow_workspaces.
package server
