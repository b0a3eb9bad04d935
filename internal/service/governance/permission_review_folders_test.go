package governance

import (
	"maps"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// Deleted and unreadable experiments do not count when the folders are determined. Experiments that inherit nothing do.
func TestReviewer_inheritedFolders(t *testing.T) {
	t.Parallel()
	of := func(name, stage, reason string, folders ...string) reviewResult {
		r := reviewResult{experiment: mlflow.Experiment{Name: name, LifecycleStage: stage}, reason: reason, inherited: map[string]bool{}}
		for _, folder := range folders {
			r.inherited[folder] = true
		}
		return r
	}
	const one, two = "/directories/1", "/directories/2"
	r := &reviewer{results: []reviewResult{
		of("/a/x", "active", "", one), of("/b/x", "deleted", "", one), of("/c/x", "active", "denied"),
		of("/d/x", "active", "", two), of("/d/y", "active", ""),
	}}
	got := new(databricks.FolderIndex).Origins(t.Context(), nil, r.inheritedFolders())
	if want := map[string]string{"/directories/": "/", one: "/a"}; !maps.Equal(got, want) {
		t.Errorf("the folders are %v, want %v", got, want)
	}
}
