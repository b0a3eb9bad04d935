package server

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// serverLevels has the server's own names of the levels that both kinds of servers have. Other levels have the same name.
var serverLevels = map[string]string{mlflow.LevelRead: "READ", mlflow.LevelEdit: "EDIT", mlflow.LevelManage: "MANAGE"}

// toServerLevel returns the server's own name of a level.
func toServerLevel(level string) string {
	if s, ok := serverLevels[level]; ok {
		return s
	}
	return level
}

// fromServerLevel returns the level for the server's own name.
func fromServerLevel(level string) string {
	for ours, theirs := range serverLevels {
		if theirs == level {
			return ours
		}
	}
	return level
}

// levelDescriptions has the descriptions of the levels, by the server's own names.
var levelDescriptions = map[string]string{
	"NO_PERMISSIONS": "No access",
	"DENY":           "No access, regardless of other grants",
	"READ":           "Can view",
	"USE":            "Can view and use; MLflow 3 and newer",
	"EDIT":           "Can view, log runs, and edit",
	"MANAGE":         "Can view, log runs, edit, delete, and change permissions",
}
