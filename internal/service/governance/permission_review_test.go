package governance

import (
	"maps"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// A role or a user of an MLflow server can have the name of the Databricks group of admins.
func TestReviewer_isAdminGrant(t *testing.T) {
	t.Parallel()
	group, user := mlflow.Principal{Kind: mlflow.KindGroup, Name: "admins"}, mlflow.Principal{Kind: mlflow.KindUser, Name: "admins"}
	for _, c := range []struct {
		backend   mlflow.Backend
		principal mlflow.Principal
		from      []string
		want      bool
	}{
		{databricks.Backend{}, group, []string{"/directories/"}, true},
		{databricks.Backend{}, group, nil, true},
		{databricks.Backend{}, user, []string{"/directories/"}, false},
		{databricks.Backend{}, mlflow.Principal{Kind: mlflow.KindGroup, Name: "Admins"}, nil, false},
		{&server.Backend{}, group, nil, false},
		{&server.Backend{}, group, []string{mlflow.FromWorkspace}, false},
		{&server.Backend{}, group, []string{mlflow.FromEveryExperiment}, false},
		{&server.Backend{}, user, []string{mlflow.FromAdmin}, true},
		{&server.Backend{}, user, nil, false},
	} {
		r := reviewer{client: mlflow.New(mlflow.Options{Backend: c.backend})}
		if got := r.isAdminGrant(c.principal, c.from); got != c.want {
			t.Errorf("%s, %s from %q: got %t, want %t", c.backend.Name(), c.principal, c.from, got, c.want)
		}
	}
}

// Folders are determined from active, readable experiments, including those that inherit nothing.
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
		t.Errorf("got %v, want %v", got, want)
	}
}
