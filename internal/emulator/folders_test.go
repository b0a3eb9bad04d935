package emulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestGetStatus(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	w.AddNotebookExperiment(emulator.Admin, "/Shared/notebook")
	w.AddGitFolder("/Repos/project", false)
	w.AddGitFolder("/Repos/cli", true)
	for path, want := range map[string]struct{ kind, inGit string }{
		"/": {"DIRECTORY", "false"}, "/Shared": {"DIRECTORY", "false"}, "/Workspace/Shared/": {"DIRECTORY", "false"},
		"/Users/" + emulator.User: {"DIRECTORY", "false"}, "/Shared/x": {"MLFLOW_EXPERIMENT", ""}, "/Shared/notebook": {"NOTEBOOK", ""},
		"/Repos/project": {"REPO", ""}, "/Repos/cli": {"DIRECTORY", "true"},
	} {
		a := admin.get(statusAPI + url.QueryEscape(path))
		if _, number := a.json["object_id"].(float64); a.json["object_type"] != want.kind || !number {
			t.Errorf("%s: %s, want a %s", path, a.raw, want.kind)
		}
		if gave := strings.Contains(a.raw, `"directory_info":{"is_git_folder":`+want.inGit); gave != (want.inGit != "") {
			t.Errorf("%s: %s, want is_git_folder %q", path, a.raw, want.inGit)
		}
	}
	admin.get(statusAPI+"/none").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Path (/none) doesn't exist.")
	admin.get(statusAPI+"none").wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
	admin.as(emulator.UserToken).get(statusAPI+"/Users/"+emulator.OtherUser).wantError(t, 403, "PERMISSION_DENIED", "")
	admin.as(emulator.UserToken).ok("GET", statusAPI+"/Users", nil)
	admin.get(experimentsAPI+"get?experiment_id="+w.FolderID("/Repos/cli")).
		wantError(t, 400, "INVALID_PARAMETER_VALUE", "found 'DIRECTORY'")
}

func TestTimesOfObjects(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		now := newClock()
		w, admin := start(t, emulator.Options{Now: now.Now, OmitFolderTimes: hidden})
		first := float64(now.now.UnixMilli())
		now.now = now.now.Add(time.Minute)
		w.Mkdirs("/Projects")
		id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
		now.now = now.now.Add(time.Minute)
		w.SetTag(id, "k", "v")
		minute := float64(time.Minute.Milliseconds())
		for path, want := range map[string][]any{
			"/": {first, first}, "/Shared": {first, first}, "/Users/" + emulator.User: {first, first},
			"/Projects": {first + minute, first + minute}, "/Projects/x": {first + minute, first + 2*minute},
		} {
			if hidden && path != "/Projects/x" {
				want = []any{nil, nil}
			}
			a := admin.ok("GET", statusAPI+path, nil)
			if got := []any{a.json["created_at"], a.json["modified_at"]}; !slices.Equal(got, want) {
				t.Errorf("%s: created and modified at %v, want %v", path, got, want)
			}
		}
	}
}

// listed returns the objects of a folder as "path kind", and compares each with the response of get-status.
func listed(p client, path string) (objects []string) {
	p.t.Helper()
	for _, o := range list(p.ok("GET", "/api/2.0/workspace/list?path="+url.QueryEscape(path), nil).json, "objects") {
		objects = append(objects, text(o, "path")+" "+text(o, "object_type"))
		if status := p.get(statusAPI + url.QueryEscape(text(o, "path"))); status.status == http.StatusOK && len(status.json) != len(o) {
			p.t.Errorf("list has %v, get-status %s", o, status.raw)
		}
	}
	return objects
}

func TestListFolder(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.AddGitFolder("/Projects/code", false)
	w.AddGitFolder("/Projects/cli", true)
	w.Mkdirs("/Projects/deep/empty")
	w.Mkdirs("/ProjectsToo")
	w.AddNotebookExperiment(emulator.Admin, "/Projects/notebook")
	w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
	w.Trash(w.CreateExperiment(emulator.User, "/Projects/deep/y", nil))
	folder := func(path string) string { return path + " DIRECTORY" }
	for path, want := range map[string][]string{
		"/Projects": {
			"/Projects/cli DIRECTORY", "/Projects/code REPO", "/Projects/deep DIRECTORY", "/Projects/notebook NOTEBOOK",
			"/Projects/x MLFLOW_EXPERIMENT",
		},
		"/Workspace/Projects/deep/": {"/Projects/deep/empty DIRECTORY"},
		"/Projects/x":               {"/Projects/x MLFLOW_EXPERIMENT"},
		"/":                         {folder("/Projects"), folder("/ProjectsToo"), folder("/Repos"), folder("/Shared"), folder("/Users")},
		"/Users/" + emulator.User:   {folder("/Users/" + emulator.User + "/Trash")},
		home + "Trash":              {home + "Trash/y MLFLOW_EXPERIMENT"},
	} {
		if got := listed(admin, path); !slices.Equal(got, want) {
			t.Errorf("%s contains %q, want %q", path, got, want)
		}
	}
	if a := admin.get("/api/2.0/workspace/list?path=/Projects/deep/empty"); a.status != 200 || strings.TrimSpace(a.raw) != "{}" {
		t.Errorf("an empty folder: %d %s, want {}", a.status, a.raw)
	}
	ana := admin.as(emulator.UserToken)
	if got := listed(ana, "/Users"); !slices.Contains(got, folder("/Users/"+emulator.OtherUser)) {
		t.Errorf("all users can list /Users, got %q", got)
	}
	ana.get("/api/2.0/workspace/list?path=/Projects/deep").wantError(t, 403, "PERMISSION_DENIED", "View permissions on /Projects/deep")
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_RUN")
	ana.ok("GET", "/api/2.0/workspace/list?path=/Projects/deep", nil)
	admin.get("/api/2.0/workspace/list?path=/none").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Path (/none) doesn't exist.")
	admin.get("/api/2.0/workspace/list?path=none").wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
}

func TestDeleteObject(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/deep/x", nil)
	single := w.CreateExperiment(emulator.User, "/Projects/y", nil)
	w.Mkdirs("/Projects/deep/empty")
	w.Mkdirs("/ProjectsToo")
	remove := func(p client, path string, recursive bool) response {
		return p.post("/api/2.0/workspace/delete", object{"path": path, "recursive": recursive})
	}
	remove(admin, "/Projects/deep", false).wantError(t, 400, "DIRECTORY_NOT_EMPTY", "/Projects/deep")
	ana := admin.as(emulator.UserToken)
	for _, level := range []string{"CAN_RUN", "CAN_EDIT"} {
		w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), level)
		remove(ana, "/Projects/deep", true).wantError(t, 403, "PERMISSION_DENIED", "Manage permissions on /Projects/deep")
	}
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	for _, path := range []string{"/Workspace/Projects/deep/empty/", "/Projects/y"} {
		if a := remove(ana, path, false); a.status != 200 || len(a.json) != 0 {
			t.Errorf("%s: %d %s, want {}", path, a.status, a.raw)
		}
	}
	old := w.FolderID("/Projects")
	if a := remove(ana, "/Projects", true); a.status != 200 {
		t.Error(a.raw)
	}
	for _, id := range []string{id, single} {
		if e, _ := w.Experiment(id); e.LifecycleStage != "deleted" || !strings.HasPrefix(e.Name, home+"Trash/") {
			t.Errorf("an experiment in a deleted folder: got %+v", e)
		}
	}
	if w.HasFolder("/Projects") || w.HasFolder("/Projects/deep") || !w.HasFolder("/ProjectsToo") {
		t.Error("the wrong folders are deleted")
	}
	remove(admin, "/Projects", true).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Path (/Projects) doesn't exist.")
	admin.get(foldersAPI+old).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node ID "+old)
	admin.post(experimentsAPI+"restore", object{"experiment_id": id}).
		wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Parent directory /Projects/deep does not exist.")
	w.Mkdirs("/Projects/deep")
	admin.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
	if w.FolderID("/Projects") == old {
		t.Error("the new folder has the id of the deleted one")
	}

	for _, path := range []string{"/", "/Shared", "/Users", "/Repos", "/Users/" + emulator.User, home + "Trash"} {
		remove(admin, path, true).wantError(t, 400, "INVALID_PARAMETER_VALUE", "Cannot delete the folder "+path)
	}
	remove(admin, home+"Trash/y", false).wantError(t, 400, "INVALID_PARAMETER_VALUE", "trash")
	remove(admin, "relative", false).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
}

func TestOutOfBand_folders(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	ben := emulator.UserPrincipal(emulator.OtherUser)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn/x", nil)
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/churn/y", nil)
	w.Trash(deleted)
	w.GrantFolder("/Projects/churn", ben, "CAN_RUN")
	w.GrantFolder("/Projects", ben, "CAN_READ")
	w.RevokeFolder("/Projects", ben)
	if got := w.FolderGrants("/Projects"); got != nil {
		t.Errorf("grants after RevokeFolder: got %v", got)
	}
	projects, churn := w.FolderID("/Projects"), w.FolderID("/Workspace/Projects/churn/")
	if churn != folderID(admin, "/Projects/churn") || w.FolderID("/") != "0" {
		t.Errorf("ids: got %s, %s", churn, w.FolderID("/"))
	}

	w.MoveFolder("/Projects", "/Archive/2026")
	if w.HasFolder("/Projects") || w.FolderID("/Archive/2026") != projects || w.FolderID("/Archive/2026/churn") != churn {
		t.Error("the moved folders have other IDs")
	}
	if got := w.FolderGrants("/Archive/2026/churn"); !slices.Equal(got, []emulator.Grant{{ben, "CAN_RUN"}}) {
		t.Errorf("grants after MoveFolder: got %v", got)
	}
	e, _ := w.Experiment(id)
	if source, _ := e.Tag("mlflow.experiment.sourceName"); e.Name != "/Archive/2026/churn/x" || source != e.Name {
		t.Errorf("experiment: got %s, its source %s", e.Name, source)
	}
	w.Restore(deleted)
	if e, _ := w.Experiment(deleted); e.Name != "/Archive/2026/churn/y" {
		t.Errorf("restored to %s", e.Name)
	}
	w.DeleteFolder("/Archive")
	if e, _ := w.Experiment(id); w.HasFolder("/Archive/2026/churn") || e.LifecycleStage != "deleted" {
		t.Errorf("after DeleteFolder: %+v", e)
	}
	if calls := w.Journal(); len(calls) != 1 {
		t.Errorf("direct changes are in the journal: %+v", calls)
	}
	w.Mkdirs("/Projects")
	for name, mistake := range map[string]func(){
		"no folder":            func() { w.FolderID("/none") },
		"a home folder":        func() { w.DeleteFolder("/Users/" + emulator.User) },
		"a top folder":         func() { w.MoveFolder("/Shared", "/Other") },
		"a place that is used": func() { w.MoveFolder("/Projects", "/Shared") },
		"a folder into itself": func() { w.MoveFolder("/Projects", "/Projects/deep") },
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

func TestMkdirs(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	mkdirs := func(path string) response { return admin.post("/api/2.0/workspace/mkdirs", object{"path": path}) }
	for range 2 { // creating it again succeeds
		if a := mkdirs("/Workspace/Projects/churn/deep/"); a.status != 200 || len(a.json) != 0 {
			t.Errorf("%d %s, want {}", a.status, a.raw)
		}
	}
	for _, path := range []string{"/Projects", "/Projects/churn", "/Projects/churn/deep"} {
		if !w.HasFolder(path) {
			t.Errorf("no folder %s", path)
		}
	}
	mkdirs("/Shared/x").wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "/Shared/x")
	mkdirs("/Shared/x/deep").wantError(t, 400, "RESOURCE_ALREADY_EXISTS", "/Shared/x")
	mkdirs("relative").wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
}
