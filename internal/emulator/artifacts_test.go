package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const artifactsAPI = "/api/2.0/mlflow/artifacts/list?run_id="

// files returns the files and folders in a response of artifacts/list. Folders end in a slash.
func files(a response) string {
	var all []string
	for _, f := range list(a.json, "files") {
		entry := text(f, "path")
		if f["is_dir"] == true {
			entry += "/"
		} else {
			entry += fmt.Sprint(":", f["file_size"])
		}
		all = append(all, entry)
	}
	return strings.Join(all, " ")
}

func TestArtifacts(t *testing.T) {
	w, admin, id := startRuns(t, emulator.Options{})
	run := w.CreateRun(emulator.Run{ExperimentID: id})
	root := text(child(admin.run(run), "info"), "artifact_uri")
	if a := admin.ok("GET", artifactsAPI+run, nil); fmt.Sprint(a.json) != fmt.Sprint(object{"root_uri": root}) {
		t.Errorf("without files: %s", a.raw)
	}
	for file, size := range map[string]int64{"notes.txt": 0, "model/MLmodel": 300, "model/data/weights.bin": 5_000_000_000, "modelx/y": 1} {
		w.PutArtifact(run, file, size)
	}
	for path, want := range map[string]string{
		"": "model/ modelx/ notes.txt:0", "model": "model/MLmodel:300 model/data/", "model/": "model/MLmodel:300 model/data/",
		"model/data": "model/data/weights.bin:5e+09", "none": "", "notes.txt": "notes.txt:0",
	} {
		a := admin.ok("GET", artifactsAPI+run+"&path="+path, nil)
		wantEqual(t, "path "+path, files(a), want)
		wantEqual(t, "root", a.json["root_uri"], root)
	}
	for _, path := range []string{"../x", "model/../..", "/model"} {
		admin.get(artifactsAPI+run+"&path="+path).wantError(t, 400, "INVALID_PARAMETER_VALUE", "Invalid path")
	}
	admin.get(artifactsAPI+run+"&page_token=more").wantError(t, 400, "INVALID_PARAMETER_VALUE", "page token")
}

func TestArtifacts_pages(t *testing.T) {
	w, admin, id := startRuns(t, emulator.Options{})
	run := w.CreateRun(emulator.Run{ExperimentID: id})
	volume := text(admin.ok("POST", experimentsAPI+"create", object{"name": "/Shared/volume",
		"artifact_location": "dbfs:/Volumes/main/ml/runs"}).json, "experiment_id")
	inVolume := w.CreateRun(emulator.Run{ExperimentID: volume})
	for i := range 2001 {
		w.PutArtifact(run, fmt.Sprintf("many/%04d", i), 1)
		w.PutArtifact(inVolume, fmt.Sprintf("many/%04d", i), 1)
	}
	var pages []int
	for token := ""; len(pages) == 0 || token != ""; {
		a := admin.ok("GET", artifactsAPI+run+"&path=many&page_token="+token, nil)
		pages = append(pages, len(list(a.json, "files")))
		token = text(a.json, "next_page_token")
	}
	wantEqual(t, "pages", pages, []int{1000, 1000, 1})
	a := admin.ok("GET", artifactsAPI+inVolume+"&path=many", nil)
	wantEqual(t, "in a volume", fmt.Sprint(len(list(a.json, "files")), a.json["next_page_token"]), "1000 <nil>")
	admin.get(artifactsAPI+inVolume+"&path=many&page_token=x").wantError(t, 400, "INVALID_PARAMETER_VALUE",
		"/api/2.0/fs/directories/Volumes/main/ml/runs/")
}

// TestArtifacts_upload uploads, lists, and downloads files as the MLflow client does.
func TestArtifacts_upload(t *testing.T) {
	w, admin, id := startRuns(t, emulator.Options{})
	run := w.CreateRun(emulator.Run{ExperimentID: id})
	model := modelID(admin.createModel(object{"experiment_id": id}))
	for _, owner := range []string{"/Runs/" + run, "/LoggedModels/" + model} {
		folder := "/WorkspaceInternal/Mlflow/Artifacts/" + id + owner + "/artifacts"
		content, entries := "/api/2.0/fs/files"+folder, "/api/2.0/fs/directories"+folder
		wantEqual(t, "status of an empty folder", admin.do("HEAD", entries, nil).status, 404)
		admin.ok("PUT", content+"/a/b.json", object{"x": 1})
		wantEqual(t, "content", admin.ok("GET", content+"/a/b.json", nil).raw, `{"x":1}`)
		admin.do("PUT", content+"/a/b.json", object{}).wantError(t, 409, "ALREADY_EXISTS", "")
		admin.ok("PUT", content+"/a/b.json?overwrite=true", object{})
		wantEqual(t, "status of a folder", admin.do("HEAD", entries, nil).status, 200)
		wantEqual(t, "top", list(admin.ok("GET", entries, nil).json, "contents"),
			[]object{{"path": folder + "/a", "name": "a", "is_directory": true}})
		wantEqual(t, "below", list(admin.ok("GET", entries+"/a", nil).json, "contents"), []object{
			{"path": folder + "/a/b.json", "name": "b.json", "is_directory": false, "file_size": 2},
		})
		for _, missing := range []string{content + "/a", content + "/none", entries + "/a/b.json", entries + "/none"} {
			admin.get(missing).wantError(t, 404, "NOT_FOUND", "")
		}
		admin.as("reader-token").do("PUT", content+"/c", object{}).wantError(t, 403, "PERMISSION_DENIED", "Edit")
		admin.as(emulator.ServicePrincipalToken).get(content+"/a/b.json").wantError(t, 403, "PERMISSION_DENIED", "View")
		admin.as(emulator.ServicePrincipalToken).get(entries).wantError(t, 403, "PERMISSION_DENIED", "View")
		none := strings.NewReplacer(run, "none", model, "none")
		admin.do("PUT", none.Replace(content)+"/c", object{}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
		admin.get(none.Replace(entries)).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
	}
	wantEqual(t, "listed", files(admin.ok("GET", artifactsAPI+run+"&path=a", nil)), "a/b.json:2")
}
