package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const modelsAPI = "/api/2.0/mlflow/logged-models"

func (p client) createModel(body object) object {
	p.t.Helper()
	return child(p.ok("POST", modelsAPI, body).json, "model")
}

func modelID(model object) string { return text(child(model, "info"), "model_id") }

func TestLoggedModels(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	created := admin.createModel(object{
		"experiment_id": id, "name": "churn", "model_type": "agent", "source_run_id": "r1",
		"params": []object{{"key": "depth", "value": "3"}}, "tags": []object{{"key": "team", "value": "red"}},
	})
	model := modelID(created)
	info, now := child(created, "info"), clock.now.UnixMilli()
	if !strings.HasPrefix(model, "m-") || info["creator_id"] == nil {
		t.Errorf("got %v", info)
	}
	delete(info, "creator_id")
	wantEqual(t, "info", info, object{
		"model_id": model, "experiment_id": id, "name": "churn", "model_type": "agent", "source_run_id": "r1", "status": "LOGGED_MODEL_PENDING",
		"artifact_uri":          "dbfs:/databricks/mlflow-tracking/" + id + "/logged_models/" + model + "/artifacts",
		"creation_timestamp_ms": float64(now), "last_updated_timestamp_ms": float64(now), "tags": []any{object{"key": "team", "value": "red"}},
	})
	clock.now = clock.now.Add(time.Second)
	for _, status := range []string{"LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_READY"} {
		changed := child(admin.ok("PATCH", modelsAPI+"/"+model, object{"model_id": model, "status": status}).json, "model")
		wantEqual(t, "status", child(changed, "info")["status"], status)
		wantEqual(t, "update", child(changed, "info")["last_updated_timestamp_ms"], float64(now+1000))
	}
	admin.do("PATCH", modelsAPI+"/"+model, object{"status": "LOGGED_MODEL_PENDING"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'status'")
	admin.ok("PATCH", modelsAPI+"/"+model+"/tags", object{"tags": []object{{"key": "team", "value": "blue"}, {"key": "stage", "value": ""}}})
	admin.ok("DELETE", modelsAPI+"/"+model+"/tags/stage", nil)
	admin.do("DELETE", modelsAPI+"/"+model+"/tags/stage", nil).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "'stage'")
	admin.ok("POST", modelsAPI+"/"+model+"/params", object{"params": []object{{"key": "seed", "value": "1"}}})
	run := w.CreateRun(emulator.Run{ExperimentID: id})
	for _, value := range []int{2, 1} {
		admin.ok("POST", runsAPI+"log-metric", object{
			"run_id": run, "key": "loss", "value": value, "timestamp": 5, "model_id": model, "dataset_name": "d", "dataset_digest": "1",
		})
	}
	got := child(admin.ok("GET", modelsAPI+"/"+model, nil).json, "model")
	wantEqual(t, "tags", child(got, "info")["tags"], []any{object{"key": "team", "value": "blue"}})
	wantEqual(t, "data", got["data"], object{
		"params": []any{object{"key": "depth", "value": "3"}, object{"key": "seed", "value": "1"}},
		"metrics": []any{object{
			"key": "loss", "value": 2, "timestamp": 5, "step": 0, "model_id": model, "dataset_name": "d", "dataset_digest": "1", "run_id": run,
		}},
	})
	for range 2 { // the second time succeeds, too
		admin.ok("DELETE", modelsAPI+"/"+model, nil)
	}
	admin.get(modelsAPI+"/"+model).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", model)
	if name := text(child(admin.createModel(object{"experiment_id": id}), "info"), "name"); name == "" {
		t.Error("no name was generated")
	}
	trashed := w.CreateExperiment(emulator.Admin, "/Projects/trashed", nil)
	w.Trash(trashed)
	admin.post(modelsAPI, object{"experiment_id": trashed}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'active' state")
	admin.post(modelsAPI, object{}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'experiment_id'")
	admin.post(modelsAPI, object{"experiment_id": id, "name": "a/b"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "Invalid model name")
}

func TestLoggedModels_access(t *testing.T) {
	_, admin, id := startRuns(t, emulator.Options{})
	model := modelID(admin.createModel(object{"experiment_id": id, "tags": []object{{"key": "team", "value": "red"}}}))
	reader, stranger := admin.as("reader-token"), admin.as(emulator.ServicePrincipalToken)
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "/" + model, object{"status": "LOGGED_MODEL_READY"}},
		{"PATCH", "/" + model + "/tags", object{}},
		{"DELETE", "/" + model + "/tags/team", nil},
		{"POST", "/" + model + "/params", object{}},
		{"POST", "", object{"experiment_id": id}},
		{"DELETE", "/" + model, nil},
	} {
		reader.do(c.method, modelsAPI+c.path, c.body).wantError(t, 403, "PERMISSION_DENIED", "Edit")
	}
	wantEqual(t, "status for a reader", reader.get(modelsAPI+"/"+model).status, 200)
	stranger.get(modelsAPI+"/"+model).wantError(t, 403, "PERMISSION_DENIED", "View")
	stranger.post(modelsAPI+"/search", object{"experiment_ids": []string{id}}).wantError(t, 403, "PERMISSION_DENIED", "View")
}

func TestLoggedModels_search(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	run := w.CreateRun(emulator.Run{ExperimentID: id})
	for i, name := range []string{"a", "b", "c", "gone"} {
		clock.now = clock.now.Add(time.Second)
		model := modelID(admin.createModel(object{"experiment_id": id, "name": name, "tags": []object{{"key": "team", "value": "red-" + name}}}))
		admin.ok("POST", runsAPI+"log-metric", object{
			"run_id": run, "key": "loss", "value": i, "timestamp": 5, "model_id": model, "dataset_name": "d" + name, "dataset_digest": "1",
		})
		if name == "gone" {
			admin.ok("DELETE", modelsAPI+"/"+model, nil)
		}
	}
	search := func(body object) string {
		body["experiment_ids"] = []string{id}
		var all strings.Builder
		for _, m := range list(admin.ok("POST", modelsAPI+"/search", body).json, "models") {
			all.WriteString(text(child(m, "info"), "name"))
		}
		return all.String()
	}
	order := func(field string, ascending bool) object {
		return object{"order_by": []object{{"field_name": field, "ascending": ascending}}}
	}
	for _, c := range []struct {
		body object
		want string
	}{
		{object{}, "cba"},
		{object{"filter": "name = 'a'"}, "a"},
		{object{"filter": "attributes.name LIKE '%' AND metrics.loss >= 1"}, "cb"},
		{object{"filter": "tags.team ILIKE 'RED-b'"}, "b"},
		{object{"filter": "metrics.loss >= 0", "datasets": []object{{"dataset_name": "db"}}}, "b"},
		{object{"filter": "metrics.loss >= 0", "datasets": []object{{"dataset_name": "db", "dataset_digest": "2"}}}, ""},
		{object{"filter": "creation_timestamp > 0 AND status = 'LOGGED_MODEL_PENDING'"}, "cba"},
		{order("metrics.loss", true), "abc"},
		{order("name", false), "cba"},
		{order("creation_timestamp", true), "abc"},
	} {
		wantEqual(t, "search", search(c.body), c.want)
	}
	first := admin.ok("POST", modelsAPI+"/search", object{"experiment_ids": []string{id}, "max_results": 2})
	wantEqual(t, "second page", search(object{"max_results": 2, "page_token": first.json["next_page_token"]}), "a")
	for _, bad := range []object{
		{"max_results": 51}, {"filter": "nothing = 'x'"}, order("nothing",
			true), {"datasets": []object{{}}}, {"page_token": "x"}, {"experiment_ids": []string{}},
	} {
		if bad["experiment_ids"] == nil {
			bad["experiment_ids"] = []string{id}
		}
		admin.post(modelsAPI+"/search", bad).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
	}
}
