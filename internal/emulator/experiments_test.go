package emulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestCreate_names(t *testing.T) {
	cases := []struct {
		fact, name, stored string
	}{
		{"absolute path", home + "churn", home + "churn"},
		{"/Workspace is dropped", "/Workspace" + home + "churn", home + "churn"},
		{"a trailing slash is dropped", "/Workspace/Shared/churn/", "/Shared/churn"},
		{"only a whole first element is /Workspace", "/WorkspaceFoo/churn", "/WorkspaceFoo/churn"},
		{"duplicate slashes are ignored", "//Shared/churn", "/Shared/churn"},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			w.Mkdirs("/WorkspaceFoo")
			id := admin.create(c.name)
			if got := admin.experiment(id)["name"]; got != c.stored {
				t.Errorf("name: got %v, want %s", got, c.stored)
			}
			admin.post(experimentsAPI+"create", object{"name": c.name}).
				wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "Node named 'churn' already exists")
		})
	}
}

func TestCreate_rejected(t *testing.T) {
	cases := []struct {
		fact          string
		body          object
		status        int
		code, message string
	}{
		{"a relative name", object{"name": "churn"}, 400, "INVALID_PARAMETER_VALUE",
			"Got an invalid experiment name 'churn'. An experiment name must be an absolute path"},
		{"no name", object{}, 400, "INVALID_PARAMETER_VALUE", "'name'"},
		{"a missing parent", object{"name": "/Shared/none/churn"}, 404, "RESOURCE_DOES_NOT_EXIST",
			"Parent directory /Shared/none does not exist."},
		{"an experiment as parent", object{"name": "/Shared/experiment/churn"}, 404, "RESOURCE_DOES_NOT_EXIST",
			"Parent directory /Shared/experiment does not exist."},
		{"the name of an experiment", object{"name": "/Shared/experiment"}, 400, "RESOURCE_ALREADY_EXISTS",
			"Node named 'experiment' already exists"},
		{"the name of a folder", object{"name": "/Shared/folder"}, 400, "RESOURCE_ALREADY_EXISTS", "Node named 'folder' already exists"},
		{"the name of a notebook", object{"name": "/Shared/notebook"}, 400, "RESOURCE_ALREADY_EXISTS", "Node named 'notebook' already exists"},
		{"a name below /Repos", object{"name": "/Repos/churn"}, 400, "INVALID_PARAMETER_VALUE", "not permitted in a repo"},
		{"a name in a Git folder", object{"name": "/Shared/git/deep/churn"}, 400, "INVALID_PARAMETER_VALUE", "not permitted in a repo"},
		{"a relative artifact location", object{"name": "/Shared/x", "artifact_location": "some/where"}, 400, "INVALID_PARAMETER_VALUE",
			"artifact location"},
		{"a key of 251 bytes", object{"name": "/Shared/x", "tags": []object{{"key": strings.Repeat("k", 251), "value": ""}}}, 400,
			"INVALID_PARAMETER_VALUE", "length limit of 250"},
	}
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.Admin, "/Shared/experiment", nil)
	w.Mkdirs("/Shared/folder")
	w.AddNotebookExperiment(emulator.Admin, "/Shared/notebook")
	w.AddGitFolder("/Shared/git", false)
	before := len(w.Experiments())
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			admin.post(experimentsAPI+"create", c.body).wantError(t, c.status, c.code, c.message)
		})
	}
	if got := len(w.Experiments()); got != before {
		t.Errorf("%d experiments, %d before the rejected requests", got, before)
	}
	a, err := admin.send("POST", experimentsAPI+"create", "{")
	if err != nil {
		t.Fatal(err)
	}
	a.wantError(t, 400, "MALFORMED_REQUEST", "")
}

func TestNewExperiment(t *testing.T) {
	now := newClock()
	w, admin := start(t, emulator.Options{Now: now.Now})
	ana := admin.as(emulator.UserToken)
	created := ana.ok("POST", experimentsAPI+"create", object{
		"name": home + "churn", "tags": []object{{"key": "team", "value": "growth"}, {"key": "stage", "value": ""}},
	})
	id := text(created.json, "experiment_id")
	e := ana.experiment(id)
	if e["experiment_id"] != id || e["name"] != home+"churn" || e["lifecycle_stage"] != "active" {
		t.Errorf("experiment: got %v", e)
	}
	if e["artifact_location"] != "dbfs:/databricks/mlflow-tracking/"+id {
		t.Errorf("artifact_location: got %v", e["artifact_location"])
	}
	// encoding/json decodes a JSON number as float64.
	if millis := float64(now.now.UnixMilli()); e["creation_time"] != millis || e["last_update_time"] != millis {
		t.Errorf("times: got %v, %v, want the number %v", e["creation_time"], e["last_update_time"], millis)
	}
	owner := text(ana.get(scimAPI+"Me").json, "id")
	want := []string{
		"team=growth", "stage=",
		"mlflow.ownerId=" + owner, "mlflow.experiment.sourceName=" + home + "churn", "mlflow.ownerId=" + owner,
		"mlflow.ownerEmail=" + emulator.User, "mlflow.experimentType=MLFLOW_EXPERIMENT",
	}
	if got := tags(e); !slices.Equal(got, want) {
		t.Errorf("tags: got %q\nwant   %q", got, want)
	}
	direct, ok := w.Experiment(id)
	if value, has := direct.Tag("team"); !ok || !has || value != "growth" {
		t.Errorf("Experiment: got %+v", direct)
	}
	if _, has := direct.Tag("none"); has {
		t.Error("has a tag that was not set")
	}
}

func TestCreate_values(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	created := admin.ok("POST", experimentsAPI+"create", object{"name": "/Shared/churn", "artifact_location": "s3://bucket/churn"})
	e := admin.experiment(text(created.json, "experiment_id"))
	if e["artifact_location"] != "s3://bucket/churn" {
		t.Errorf("artifact_location: got %v", e["artifact_location"])
	}
}

func TestGet(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/a b@[c]", nil)
	w.Mkdirs("/Shared/folder")
	folder := folderID(admin, "/Shared/folder")
	refusals := []struct {
		fact, path    string
		status        int
		code, message string
	}{
		{"an unknown id", experimentsAPI + "get?experiment_id=42", 404, "RESOURCE_DOES_NOT_EXIST", "Node ID 42 does not exist."},
		{"no id", experimentsAPI + "get", 400, "INVALID_PARAMETER_VALUE", "'experiment_id'"},
		{"a folder's id", experimentsAPI + "get?experiment_id=" + folder, 400, "INVALID_PARAMETER_VALUE",
			"to be an MLflow experiment or Databricks notebook, found 'DIRECTORY'"},
		{"an unknown name", byName("/Shared/none"), 404, "RESOURCE_DOES_NOT_EXIST", "Node /Shared/none does not exist."},
		{"a relative name", byName("none"), 404, "RESOURCE_DOES_NOT_EXIST", "Node none does not exist."},
		{"a name with /Workspace", byName("/Workspace/Shared/a b@[c]"), 404, "RESOURCE_DOES_NOT_EXIST", "does not exist."},
		{"a name with a doubled slash", byName("//Shared/a b@[c]"), 404, "RESOURCE_DOES_NOT_EXIST", "does not exist."},
		{"a folder's name", byName("/Shared/folder"), 400, "RESOURCE_ALREADY_EXISTS", ""},
		{"no name", byName(""), 400, "INVALID_PARAMETER_VALUE", "'experiment_name'"},
	}
	for _, c := range refusals {
		t.Run(c.fact, func(t *testing.T) { admin.get(c.path).wantError(t, c.status, c.code, c.message) })
	}
	t.Run("a name with reserved characters", func(t *testing.T) {
		a := admin.ok("GET", byName("/Shared/a b@[c]"), nil)
		if got := text(child(a.json, "experiment"), "experiment_id"); got != id {
			t.Errorf("id: got %v, want %s", got, id)
		}
	})
}

func TestUpdate(t *testing.T) {
	now := newClock()
	w, admin := start(t, emulator.Options{Now: now.Now})
	id := w.CreateExperiment(emulator.Admin, "/Shared/old", nil)
	w.CreateExperiment(emulator.Admin, "/Shared/other", nil)
	update := func(name string) response {
		return admin.post(experimentsAPI+"update", object{"experiment_id": id, "new_name": name})
	}
	update("/Shared/other").wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "Node named 'other' already exists")
	update("/none/new").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Parent directory /none does not exist.")
	update("new").wantError(t, 400, "INVALID_PARAMETER_VALUE", "absolute path")
	update("/Repos/new").wantError(t, 400, "INVALID_PARAMETER_VALUE", "not permitted in a repo")
	update("").wantError(t, 400, "INVALID_PARAMETER_VALUE", "'new_name'")

	now.now = now.now.Add(time.Second)
	if a := update("/Workspace/Shared/old/"); a.status != 200 || strings.TrimSpace(a.raw) != "{}" {
		t.Errorf("renaming to the same name: %d %s, want {}", a.status, a.raw)
	}
	if a := update("/Workspace/Users/" + emulator.User + "/new"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	e := admin.experiment(id)
	if e["name"] != home+"new" || e["last_update_time"] == e["creation_time"] {
		t.Errorf("experiment: got %v", e)
	}
	if !slices.Contains(tags(e), "mlflow.experiment.sourceName="+home+"new") {
		t.Errorf("sourceName is unchanged: %q", tags(e))
	}
	admin.get(byName("/Shared/old")).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
	if _, ok := w.ExperimentByName("/Workspace" + home + "new/"); !ok {
		t.Error("ExperimentByName does not find the new name")
	}
}

func TestTrash(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	ana := admin.as(emulator.UserToken)
	id := ana.create("/Shared/churn")
	body := object{"experiment_id": id}
	if a := ana.ok("POST", experimentsAPI+"delete", body); strings.TrimSpace(a.raw) != "{}" {
		t.Errorf("delete returns %s, want {}", a.raw)
	}
	e := ana.experiment(id)
	if e["lifecycle_stage"] != "deleted" || e["name"] != home+"Trash/churn" {
		t.Errorf("get by id after delete: got %v", e)
	}
	ana.get(byName("/Shared/churn")).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node /Shared/churn does not exist.")
	ana.ok("GET", byName(home+"Trash/churn"), nil)
	if _, ok := w.ExperimentByName(home + "Trash/churn"); ok {
		t.Error("ExperimentByName finds a deleted experiment")
	}
	refusals := []struct {
		fact, path    string
		body          object
		status        int
		code, message string
	}{
		{"a rename", "update", object{"experiment_id": id, "new_name": "/Shared/other"}, 400, "INVALID_PARAMETER_VALUE",
			"because it is in trash folder"},
		{"a tag", "set-experiment-tag", object{"experiment_id": id, "key": "k", "value": "v"}, 400, "INVALID_PARAMETER_VALUE",
			"must be in the 'active' state"},
		{"a second delete", "delete", body, 404, "RESOURCE_DOES_NOT_EXIST", ""},
	}
	for _, c := range refusals {
		t.Run(c.fact+" is refused in trash", func(t *testing.T) {
			ana.post(experimentsAPI+c.path, c.body).wantError(t, c.status, c.code, c.message)
		})
	}
	t.Run("permissions are deleted", func(t *testing.T) {
		ana.get(permissionsAPI+id).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
	})

	second := ana.create("/Shared/churn") // the name is free again
	ana.post(experimentsAPI+"restore", body).wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "Node named 'churn' already exists")
	ana.ok("POST", experimentsAPI+"delete", object{"experiment_id": second})
	if got := ana.experiment(second)["name"]; got == e["name"] {
		t.Errorf("second experiment in Trash with the same name: got %v", got)
	}

	ana.ok("POST", experimentsAPI+"restore", body)
	if e := ana.experiment(id); e["lifecycle_stage"] != "active" || e["name"] != "/Shared/churn" {
		t.Errorf("restored: got %v", e)
	}
	ana.post(experimentsAPI+"restore", body).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")

	w.Trash(id)
	w.Purge(id)
	ana.get(experimentsAPI+"get?experiment_id="+id).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node ID "+id+" does not exist.")
	ana.post(experimentsAPI+"restore", body).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
}

func TestNotebookExperiments(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	plain := w.AddNotebookExperiment(emulator.User, home+"notebook")
	w.AddGitFolder("/Repos/team/project", false)
	git := w.AddNotebookExperiment(emulator.User, "/Repos/team/project/notebook")

	if e := admin.experiment(plain); !slices.Contains(tags(e), "mlflow.experimentType=NOTEBOOK") {
		t.Errorf("notebook: tags = %q", tags(e))
	}
	if got := tags(admin.experiment(git)); len(git) != 32 || !slices.Contains(got, "mlflow.experiment.sourceType=REPO_NOTEBOOK") ||
		!slices.Contains(got, "mlflow.experiment.sourceId="+git) || strings.Contains(strings.Join(got, " "), "experimentType") {
		t.Errorf("notebook in a Git folder: id %s, tags %q", git, got)
	}
	for _, id := range []string{plain, git} {
		admin.ok("GET", permissionsAPI+id+"/permissionLevels", nil)
		admin.get(permissionsAPI+id).wantError(t, 400, "INVALID_PARAMETER_VALUE", id+" is not a experiment")
		admin.ok("GET", "/api/2.0/permissions/notebooks/"+id, nil)
	}
	admin.ok("POST", experimentsAPI+"delete", object{"experiment_id": plain})
	admin.post(experimentsAPI+"restore", object{"experiment_id": plain}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "notebook")
}

func TestOutOfBand(t *testing.T) {
	now := newClock()
	w, admin := start(t, emulator.Options{Now: now.Now})
	id := w.CreateExperiment(emulator.User, "/Projects/new/churn", map[string]string{"b": "2", "a": "1"})
	if !w.HasFolder("/Workspace/Projects/new/") || w.HasFolder("/Projects/new/churn") {
		t.Error("CreateExperiment must create the parent folders only")
	}
	w.SetTag(id, "a", "3")
	w.RemoveTag(id, "b")
	w.Rename(id, "/Elsewhere/churn")
	w.Grant(id, emulator.UserPrincipal("BEN@example.com"), "CAN_READ")
	w.AddRun(id)
	e, _ := w.Experiment(id)
	if _, has := e.Tag("b"); has || e.Name != "/Elsewhere/churn" || e.Tags[0] != (emulator.Tag{Key: "a", Value: "3"}) {
		t.Errorf("after the changes: %+v", e)
	}
	want := []emulator.Grant{{emulator.UserPrincipal(emulator.User), "CAN_MANAGE"}, {emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"}}
	if got := w.Grants(id); !slices.Equal(got, want) {
		t.Errorf("grants: got %v, want %v", got, want)
	}
	w.Revoke(id, emulator.UserPrincipal(emulator.OtherUser))
	if got := w.Grants(id); !slices.Equal(got, want[:1]) {
		t.Errorf("grants after Revoke: got %v, want %v", got, want[:1])
	}
	w.Trash(id)
	w.Restore(id)

	w.Recreate(id)
	again, _ := w.Experiment(id)
	if again.CreationTime <= e.CreationTime || again.Name != e.Name {
		t.Errorf("recreated: got %+v, was %+v", again, e)
	}
	if _, has := again.Tag("a"); has {
		t.Error("recreated with the old tags")
	}
	if a := admin.ok("POST", "/api/2.0/mlflow/runs/search", object{"experiment_ids": []string{id}}); strings.TrimSpace(a.raw) != "{}" {
		t.Errorf("recreated with the old runs: %s", a.raw)
	}
	if all := w.Experiments(); len(all) != 1 || all[0].ID != id {
		t.Errorf("Experiments: got %+v", all)
	}
	if calls := w.Journal(); len(calls) != 1 {
		t.Errorf("direct changes are in the journal: %+v", calls)
	}
	for name, mistake := range map[string]func(){
		"an unknown id":        func() { w.SetTag("42", "k", "v") },
		"an unknown principal": func() { w.Grant(id, emulator.UserPrincipal("nobody@example.com"), "CAN_READ") },
		"name in use":          func() { w.CreateExperiment(emulator.User, "/Elsewhere/churn", nil) },
	} {
		t.Run(name+" panics", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			mistake()
		})
	}
}

func TestUnknownRoutes(t *testing.T) {
	_, admin := start(t, emulator.Options{})
	cases := []struct{ fact, method, path string }{
		{"an unknown path", "GET", "/api/2.0/none"},
		{"a wrong method", "GET", experimentsAPI + "create"},
		{"there is no tag deletion", "POST", experimentsAPI + "delete-experiment-tag"},
		{"permissions of an unknown kind", "GET", "/api/2.0/permissions/pipelines/1"},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			admin.do(c.method, c.path, object{}).
				wantError(t, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for '"+c.method+" "+c.path+"'")
		})
	}
}

func TestDeletedReserveName(t *testing.T) {
	w, admin := start(t, emulator.Options{DeletedReserveName: true})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	admin.ok("POST", experimentsAPI+"delete", object{"experiment_id": id})
	if e := admin.experiment(id); e["name"] != "/Shared/churn" || e["lifecycle_stage"] != "deleted" {
		t.Errorf("a deleted experiment: got %v", e)
	}
	admin.ok("GET", byName("/Shared/churn"), nil)
	admin.post(experimentsAPI+"create", object{"name": "/Shared/churn"}).wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "already exists")
	if _, active := w.ExperimentByName("/Shared/churn"); active {
		t.Error("a deleted experiment counts as active")
	}
	admin.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
	if _, active := w.ExperimentByName("/Shared/churn"); !active {
		t.Error("a restored experiment is not active")
	}
}
