package databricks_test

import (
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const mkdirs = "/api/2.0/workspace/mkdirs"

// TestCreateParents_exists checks a path that another client created at the same time: a folder is success, another object an error.
func TestCreateParents_exists(t *testing.T) {
	t.Parallel()
	exists := mlflowtest.Refuse(400, "RESOURCE_ALREADY_EXISTS", "Path (/Shared/a) already exists.")
	for name, tc := range map[string]struct {
		found mlflowtest.Response
		fails bool
	}{
		"a folder":          {mlflowtest.OK(`{"object_id":7,"object_type":"DIRECTORY","path":"/Shared/a"}`), false},
		"a notebook":        {mlflowtest.OK(`{"object_id":7,"object_type":"NOTEBOOK","path":"/Shared/a"}`), true},
		"a proxy":           {mlflowtest.OK(`{"status":"ok"}`), true},
		"permission denied": {mlflowtest.Refuse(403, "PERMISSION_DENIED", "no"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Expect(mlflowtest.Write{Call: "POST " + mkdirs, Body: `{"path":"/Shared/a"}`, Response: exists})
			s.Read("GET /api/2.0/workspace/get-status?path=%2FShared%2Fa", tc.found)
			err := s.Client(databricks.Backend{}).CreateParents(t.Context(), "/Workspace/Shared/a/x")
			if (err != nil) != tc.fails || tc.fails && !rest.IsAlreadyExists(err) {
				t.Errorf("got error %v, want already exists", err)
			}
		})
	}
}

func TestDatabricks_caller(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		response mlflowtest.Response
		want     mlflow.Principal
		wantErr  string
	}{
		"a user": {mlflowtest.OK(`{"id":"7","userName":"ana@example.com","displayName":"Ana","groups":[{"display":"users"},` +
			`{"display":"science"}]}`), mlflowtest.User("ana@example.com"), ""},
		"a service principal": {mlflowtest.OK(`{"id":"7","userName":"` + mlflowtest.ServicePrincipal.Name +
			`","displayName":"CI","groups":[{"display":"users"},{"display":"science"}]}`), mlflowtest.ServicePrincipal, ""},
		"a proxy": {mlflowtest.OK(`{"status":"ok"}`), mlflow.Principal{}, "userName"},
		"no body": {mlflowtest.Response{Status: 204}, mlflow.Principal{}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(mlflowtest.GetMe, tc.response)
			caller, err := s.Client(databricks.Backend{}).Caller(t.Context())
			mlflowtest.ExpectError(t, err, tc.wantErr)
			if caller.Principal != tc.want || err == nil && (caller.ID != "7" || caller.Home != "/Users/"+tc.want.Name ||
				!slices.Equal(caller.Groups, []string{"users", "science"})) {
				t.Errorf("got caller %+v", caller)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	if err := client.CreateParents(t.Context(), "/Workspace/Shared/a/b/x"); err != nil {
		t.Fatal(err)
	}
	status, err := databricks.WorkspaceStatus(t.Context(), client, "/Shared/a/b")
	if err != nil || status.Type != "DIRECTORY" || status.Path != "/Shared/a/b" || !w.HasFolder("/Shared/a/b") {
		t.Errorf("got status %+v, error %v", status, err)
	}
	if _, err := databricks.WorkspaceStatus(t.Context(), client, "/Shared/none"); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}
	if err := client.CreateParents(t.Context(), "/x"); err != nil || w.Count("POST", "/api/2.0/workspace/mkdirs") != 1 {
		t.Errorf("got error %v, or a request to create the root folder; want neither", err)
	}
}
