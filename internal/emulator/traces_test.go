package emulator_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	tracesAPI      = "/api/3.0/mlflow/traces"
	olderTracesAPI = "/api/2.0/mlflow/traces"
)

// traceIn is the body that starts a trace in an experiment.
func traceIn(experiment, id, at string, tags object) object {
	return object{"trace": object{"trace_info": object{
		"trace_id": id, "trace_location": location(experiment), "request_time": at, "state": "OK", "execution_duration": "1.5s",
		"trace_metadata": object{"mlflow.sourceRun": "r-" + id}, "tags": tags,
	}}}
}

func location(experiment string) object {
	return object{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": object{"experiment_id": experiment}}
}

func TestTraces(t *testing.T) {
	w, admin, id := startRuns(t, emulator.Options{})
	for i := range 3 {
		name := string(rune('a' + i))
		admin.ok("POST", tracesAPI, traceIn(id, "tr-"+name, "2026-01-0"+string(rune('1'+i))+"T00:00:00Z", object{"team": name}))
	}
	admin.ok("POST", tracesAPI, traceIn(id, "tr-a", "2026-01-01T00:00:00Z", object{"team": "a"})) // replaces an existing trace
	info := child(child(admin.ok("GET", tracesAPI+"/tr-a", nil).json, "trace"), "trace_info")
	wantEqual(t, "info", info, object{
		"trace_id": "tr-a", "trace_location": location(id), "request_time": "2026-01-01T00:00:00.000Z", "state": "OK",
		"execution_duration": "1.5s",
		"trace_metadata":     object{"mlflow.sourceRun": "r-tr-a"},
		"tags":               object{"mlflow.artifactLocation": "dbfs:/databricks/mlflow-tracking/" + id + "/tr-a/artifacts", "team": "a"},
	})
	search := func(body object) string {
		body["locations"] = []object{location(id)}
		var all strings.Builder
		for _, trace := range list(admin.ok("POST", tracesAPI+"/search", body).json, "traces") {
			all.WriteString(strings.TrimPrefix(text(trace, "trace_id"), "tr-"))
		}
		return all.String()
	}
	wantEqual(t, "newest first", search(object{}), "cba")
	wantEqual(t, "oldest first", search(object{"order_by": []string{"timestamp_ms ASC"}}), "abc")
	wantEqual(t, "by tag", search(object{"filter": "tags.team = 'b'"}), "b")
	wantEqual(t, "by run", search(object{"filter": "attributes.run_id = 'r-tr-c' AND status = 'OK'"}), "c")
	admin.post(tracesAPI+"/search", object{"locations": []object{location(id)}, "max_results": 501}).wantError(t, 400,
		"INVALID_PARAMETER_VALUE", "500")
	older := list(admin.ok("GET", olderTracesAPI+"?max_results=1&experiment_ids="+id, nil).json, "traces")[0]
	wantEqual(t, "older form", text(older, "request_id")+text(older, "experiment_id"), "tr-c"+id)

	for _, api := range []string{tracesAPI, olderTracesAPI} {
		admin.ok("PATCH", api+"/tr-a/tags", object{"key": "k", "value": "v"})
		admin.ok("DELETE", api+"/tr-a/tags", object{"key": "k"})
		admin.do("DELETE", api+"/tr-a/tags", object{"key": "k"}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "'k'")
	}
	remove := func(body object) any {
		body["experiment_id"] = id
		return admin.ok("POST", olderTracesAPI+"/delete-traces", body).json["traces_deleted"]
	}
	wantEqual(t, "deleted by ID", remove(object{"request_ids": []string{"tr-b", "none"}}), 1)
	wantEqual(t, "deleted by time", remove(object{"max_timestamp_millis": 1e15, "max_traces": 1}), 1)
	wantEqual(t, "left", search(object{}), "c")
	admin.post(tracesAPI+"/delete-traces", object{"experiment_id": id}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'request_ids'")
	admin.get(tracesAPI+"/tr-a").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Trace with ID 'tr-a' not found")
	other := w.CreateExperiment(emulator.Admin, "/Projects/other", nil)
	admin.post(tracesAPI, traceIn(other, "tr-c", "2026-01-01T00:00:00Z", nil)).wantError(t, 400, "INVALID_PARAMETER_VALUE",
		"another experiment")
}

func TestTraces_credentials(t *testing.T) {
	_, admin, id := startRuns(t, emulator.Options{})
	admin.ok("POST", tracesAPI, traceIn(id, "tr-a", "2026-01-01T00:00:00Z", nil))
	api := olderTracesAPI + "/tr-a/credentials-for-data-"
	for _, verb := range []string{"download", "upload"} {
		info := child(admin.ok("GET", api+verb, nil).json, "credential_info")
		if info["type"] != "AWS_PRESIGNED_URL" || text(info, "path") == "" {
			t.Errorf("%s: %v", verb, info)
		}
		signed, ok := strings.CutPrefix(text(info, "signed_uri"), admin.base)
		if !ok {
			t.Errorf("%s: the URL %v is not one of the workspace", verb, info["signed_uri"])
		}
		nobody := admin.as("")
		if verb == "download" {
			nobody.get(signed).wantError(t, 404, "NOT_FOUND", "")
		} else {
			nobody.ok("PUT", signed, object{"spans": []string{}})
			wantEqual(t, "data", nobody.get(signed).raw, `{"spans":[]}`)
		}
		nobody.get(signed+"x").wantError(t, 403, "PERMISSION_DENIED", "signature")
		admin.as(emulator.ServicePrincipalToken).get(api+verb).wantError(t, 403, "PERMISSION_DENIED", "")
	}
	admin.as("reader-token").get(api+"upload").wantError(t, 403, "PERMISSION_DENIED", "Edit")
	wantEqual(t, "download by a reader", admin.as("reader-token").get(api+"download").status, 200)
	admin.get(strings.Replace(api, "tr-a", "none", 1)+"upload").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "none")
	for _, call := range []string{"PATCH " + tracesAPI + "/tr-a/tags", "POST " + tracesAPI, "POST " + tracesAPI + "/delete-traces"} {
		method, path, _ := strings.Cut(call, " ")
		body := traceIn(id, "tr-b", "2026-01-01T00:00:00Z", nil)
		body["experiment_id"], body["request_ids"], body["key"] = id, []string{"tr-a"}, "k"
		admin.as("reader-token").do(method, path, body).wantError(t, 403, "PERMISSION_DENIED", "Edit")
	}
}
