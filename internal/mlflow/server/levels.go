package server

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// serverLevels maps the levels that both servers have. Others go by the server's own name.
var serverLevels = map[string]string{mlflow.LevelRead: "READ", mlflow.LevelEdit: "EDIT", mlflow.LevelManage: "MANAGE"}

// toServerLevel returns the server's own name of a level.
func toServerLevel(level string) string {
	if s, ok := serverLevels[level]; ok {
		return s
	}
	return level
}

// fromServerLevel returns the level that the server names so.
func fromServerLevel(level string) string {
	for ours, theirs := range serverLevels {
		if theirs == level {
			return ours
		}
	}
	return level
}

// levelDescriptions describe the levels, by the server's own names.
var levelDescriptions = map[string]string{
	"NO_PERMISSIONS": "No access",
	"DENY":           "No access, regardless of other grants",
	"READ":           "Can view",
	"USE":            "Can view and use; MLflow 3 and newer",
	"EDIT":           "Can view, log runs, and edit",
	"MANAGE":         "Can view, log runs, edit, delete, and change permissions",
}
