package emulator_test

import (
	"net/url"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestGetStatus(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	w.AddNotebookExperiment(emulator.Admin, "/Shared/notebook")
	w.AddGitFolder("/Repos/project")
	for path, kind := range map[string]string{
		"/": "DIRECTORY", "/Shared": "DIRECTORY", "/Workspace/Shared/": "DIRECTORY", "/Shared/x": "MLFLOW_EXPERIMENT",
		"/Shared/notebook": "NOTEBOOK", "/Repos/project": "REPO", "/Users/" + emulator.User: "DIRECTORY",
	} {
		a := admin.get("/api/2.0/workspace/get-status?path=" + url.QueryEscape(path))
		if _, number := a.json["object_id"].(float64); a.json["object_type"] != kind || !number {
			t.Errorf("%s: %s, want a %s", path, a.raw, kind)
		}
	}
	admin.get("/api/2.0/workspace/get-status?path=/none").wantRefused(t, 404, "RESOURCE_DOES_NOT_EXIST", "Path (/none) doesn't exist.")
	admin.get("/api/2.0/workspace/get-status?path=none").wantRefused(t, 400, "INVALID_PARAMETER_VALUE", "")
	admin.as(emulator.UserToken).get("/api/2.0/workspace/get-status?path=/Users/"+emulator.OtherUser).wantRefused(t, 403, "PERMISSION_DENIED", "")
	admin.as(emulator.UserToken).ok("GET", "/api/2.0/workspace/get-status?path=/Users", nil)
}

func TestMkdirs(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	mkdirs := func(path string) answer { return admin.post("/api/2.0/workspace/mkdirs", object{"path": path}) }
	for range 2 { // making it again is no error
		if a := mkdirs("/Workspace/Projects/churn/deep/"); a.status != 200 || len(a.json) != 0 {
			t.Errorf("%d %s, want {}", a.status, a.raw)
		}
	}
	for _, path := range []string{"/Projects", "/Projects/churn", "/Projects/churn/deep"} {
		if !w.HasFolder(path) {
			t.Errorf("no folder %s", path)
		}
	}
	mkdirs("/Shared/x").wantRefused(t, 400, "RESOURCE_ALREADY_EXISTS", "/Shared/x")
	mkdirs("/Shared/x/deep").wantRefused(t, 400, "RESOURCE_ALREADY_EXISTS", "/Shared/x")
	mkdirs("relative").wantRefused(t, 400, "INVALID_PARAMETER_VALUE", "")
}
