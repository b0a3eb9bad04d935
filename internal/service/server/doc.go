// Package server implements the resources mlflow_user and mlflow_workspace and the data sources mlflow_users and mlflow_workspaces: objects
// that belong to a whole MLflow server.
package server
