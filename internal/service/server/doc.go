// Package server has the resources and data sources of what belongs to an MLflow server as a whole: its users, its roles, and its
// workspaces.
package server
