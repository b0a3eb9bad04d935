package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// startRun serves a workspace with one run.
func startRun(t *testing.T) (admin client, run string) {
	t.Helper()
	w, admin, id := startRuns(t, emulator.Options{})
	return admin, w.CreateRun(emulator.Run{ExperimentID: id, Name: "first"})
}

// pairs returns n entries with different keys.
func pairs(n int) []object {
	all := []object{}
	for i := range n {
		all = append(all, object{"key": fmt.Sprint("key-", i), "value": "v"})
	}
	return all
}

func metricsOf(n int) []object {
	all := []object{}
	for i := range n {
		all = append(all, object{"key": fmt.Sprint("key-", i), "value": i, "timestamp": i})
	}
	return all
}

func TestLogMetric(t *testing.T) {
	admin, run := startRun(t)
	log := func(key string, value any, timestamp, step int) {
		admin.ok("POST", runsAPI+"log-metric", object{"run_id": run, "key": key, "value": value, "timestamp": timestamp, "step": step})
	}
	log("loss", 3, 100, 2)
	log("loss", 9, 50, 9) // older
	log("loss", 1, 100, 3)
	log("loss", 4.5, 100, 1) // greater at the same time
	log("loss", "NaN", 100, 4)
	log("nan", "NaN", 1, 0)
	log("up", "Infinity", 1, 0)
	log("down", "-Infinity", 1, 0)
	log("text", "2.5", 1, 0)
	log("tiny", 1e-300, 1, 0)
	admin.ok("POST", runsAPI+"log-metric", object{"run_id": run, "key": "string times", "value": 0, "timestamp": "7", "step": "8"})
	wantEqual(t, "metrics", entries(admin.run(run), "metrics"), []string{
		"down=-Infinity", "loss=4.5", "nan=NaN", "string times=0", "text=2.5", "tiny=1e-300", "up=Infinity",
	})
	history := list(admin.ok("GET", "/api/2.0/mlflow/metrics/get-history?metric_key=loss&run_id="+run, nil).json, "metrics")
	var got []string
	for _, m := range history {
		got = append(got, fmt.Sprintf("%v@%v/%v", m["value"], m["timestamp"], m["step"]))
	}
	wantEqual(t, "history", got, []string{"9@50/9", "4.5@100/1", "3@100/2", "1@100/3", "NaN@100/4"})
	for _, c := range []struct {
		name    string
		body    object
		code    string
		message string
	}{
		{"no key", object{"value": 1, "timestamp": 1}, "INVALID_PARAMETER_VALUE", "'key'"},
		{"no value", object{"key": "k", "timestamp": 1}, "INVALID_PARAMETER_VALUE", "'value'"},
		{"no time", object{"key": "k", "value": 1}, "INVALID_PARAMETER_VALUE", "'timestamp'"},
		{"no number", object{"key": "k", "value": "much", "timestamp": 1}, "MALFORMED_REQUEST", "number"},
		{"bad key", object{"key": "k?", "value": 1, "timestamp": 1}, "INVALID_PARAMETER_VALUE", "Invalid metric name"},
		{"long key", object{"key": strings.Repeat("k", 251), "value": 1, "timestamp": 1}, "INVALID_PARAMETER_VALUE", "250"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.body["run_id"] = run
			admin.post(runsAPI+"log-metric", c.body).wantError(t, 400, c.code, c.message)
		})
	}
}

func TestMetricHistory_pages(t *testing.T) {
	admin, run := startRun(t)
	for range 3 {
		var metrics []object
		for i := range 1000 {
			metrics = append(metrics, object{"key": "loss", "value": i, "timestamp": i})
		}
		admin.ok("POST", runsAPI+"log-batch", object{"run_id": run, "metrics": metrics})
	}
	api := "/api/2.0/mlflow/metrics/get-history?metric_key=loss&run_id=" + run
	var found, pages int
	for token := ""; pages == 0 || token != ""; pages++ {
		a := admin.ok("GET", api+"&max_results=1400&page_token="+token, nil)
		found += len(list(a.json, "metrics"))
		token = text(a.json, "next_page_token")
	}
	wantEqual(t, "values and pages", fmt.Sprint(found, pages), "3000 3")
	wantEqual(t, "all at once", len(list(admin.ok("GET", api, nil).json, "metrics")), 3000)
	if a := admin.ok("GET", strings.Replace(api, "loss", "none", 1), nil); a.raw != "{}\n" {
		t.Errorf("an unknown metric: got %s, want {}", a.raw)
	}
	for _, query := range []string{"&max_results=25001", "&max_results=0", "&max_results=many", "&page_token=more"} {
		admin.get(api+query).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
	}
	wantEqual(t, "at the limit", admin.get(api+"&max_results=25000").status, 200)
	admin.get("/api/2.0/mlflow/metrics/get-history?run_id="+run).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'metric_key'")
}

func TestLogParam(t *testing.T) {
	admin, run := startRun(t)
	for _, c := range []struct {
		name, key, value, message string
	}{
		{"a parameter", "depth", "3", ""},
		{"the same value again", "depth", "3", ""},
		{"another value", "depth", "4", "Changing param values is not allowed. Param with key='depth' was already logged with value='3'"},
		{"empty", "empty", "", ""},
		{"longest key", strings.Repeat("k", 255), "x", ""},
		{"too long a key", strings.Repeat("k", 256), "x", "255"},
		{"longest value", "long", strings.Repeat("v", 500), ""},
		{"too long a value", "longer", strings.Repeat("v", 501), "500"},
		{"too many bytes", "umlauts", strings.Repeat("ä", 251), "500"},
		{"no key", "", "x", "'key'"},
		{"bad key", "a=b", "x", "Invalid parameter name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := admin.post(runsAPI+"log-parameter", object{"run_id": run, "key": c.key, "value": c.value})
			if c.message == "" {
				wantEqual(t, "response", a.raw, "{}\n")
			} else {
				a.wantError(t, 400, "INVALID_PARAMETER_VALUE", c.message)
			}
		})
	}
	admin.post(runsAPI+"log-parameter", object{"run_id": run, "key": "k"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'value'")
	wantEqual(t, "params", len(list(child(admin.run(run), "data"), "params")), 4)
}

func TestRunTags(t *testing.T) {
	admin, run := startRun(t)
	for _, c := range []struct {
		name    string
		body    object
		message string
	}{
		{"a tag", object{"key": "team", "value": "red"}, ""},
		{"another value", object{"key": "team", "value": "blue"}, ""},
		{"empty", object{"key": "empty", "value": ""}, ""},
		{"largest", object{"key": strings.Repeat("k", 250), "value": strings.Repeat("v", 64*1024)}, ""},
		{"long key", object{"key": strings.Repeat("k", 251), "value": ""}, "250"},
		{"long value", object{"key": "k", "value": strings.Repeat("v", 64*1024+1)}, "65536"},
		{"no value", object{"key": "k"}, "'value'"},
		{"no key", object{"value": "v"}, "'key'"},
		{"bad key", object{"key": "a,b", "value": "v"}, "Invalid tag name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.body["run_id"] = run
			if a := admin.post(runsAPI+"set-tag", c.body); c.message == "" {
				wantEqual(t, "response", a.raw, "{}\n")
			} else {
				a.wantError(t, 400, "INVALID_PARAMETER_VALUE", c.message)
			}
		})
	}
	admin.ok("POST", runsAPI+"delete-tag", object{"run_id": run, "key": strings.Repeat("k", 250)})
	wantEqual(t, "tags", entries(admin.run(run), "tags"), []string{"empty=", "mlflow.runName=first", "team=blue"})
	admin.post(runsAPI+"delete-tag", object{"run_id": run, "key": "none"}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST",
		"No tag with name: none in run with id "+run)
	admin.post(runsAPI+"delete-tag", object{"run_id": run}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'key'")
}

func TestLogBatch(t *testing.T) {
	admin, run := startRun(t)
	param := func(key, value string) []object { return []object{{"key": key, "value": value}} }
	admin.ok("POST", runsAPI+"log-parameter", object{"run_id": run, "key": "depth", "value": "3"})
	for _, c := range []struct {
		name    string
		body    object
		message string
	}{
		{"nothing", object{}, ""},
		{"1000 metrics", object{"metrics": metricsOf(1000)}, ""},
		{"1001 metrics", object{"metrics": metricsOf(1001)}, "at most 1000 metrics. Got 1001 metrics"},
		{"100 params", object{"params": pairs(100)}, ""},
		{"101 params", object{"params": pairs(101)}, "at most 100 params"},
		{"100 tags", object{"tags": pairs(100)}, ""},
		{"101 tags", object{"tags": pairs(101)}, "at most 100 tags. Got 101 tags"},
		{"1000 entries", object{"metrics": metricsOf(900), "tags": pairs(100)}, ""},
		{"1001 entries", object{"metrics": metricsOf(901), "tags": pairs(100)}, "at most 1000 metrics, params, and tags"},
		{"more than a megabyte", object{"x": strings.Repeat("x", 1<<20)}, "1048576 bytes"},
		{"longest", object{"params": param(strings.Repeat("ä", 100)+"k", strings.Repeat("ä", 250))}, ""},
		{"long param", object{"params": param("k", strings.Repeat("v", 251))}, "250"},
		{"long param key", object{"params": param(strings.Repeat("k", 251), "v")}, "250"},
		{"long tag", object{"tags": param("k", strings.Repeat("v", 251))}, "250"},
		{"long tag key", object{"tags": param(strings.Repeat("k", 251), "v")}, "250"},
		{"the same param", object{"params": param("depth", "3")}, ""},
		{"another param", object{"params": param("depth", "4")}, "Changing param values is not allowed"},
		{"two values of a param", object{"params": append(param("p", "1"), param("p", "2")...)}, "Duplicate parameter keys"},
		{"one value of a param twice", object{"params": append(param("p", "1"), param("p", "1")...)}, ""},
		{"two values of a tag", object{"tags": append(param("t", "1"), param("t", "2")...)}, ""},
		{"a name", object{"tags": param("mlflow.runName", "renamed")}, ""},
		{"metric without a time", object{"metrics": []object{{"key": "m", "value": 1}}}, "'timestamp'"},
		{"bad key", object{"tags": param("a,b", "v")}, "Invalid tag name"},
		{"rejected batch has no effect", object{"metrics": metricsOf(1), "params": param("fresh", "1"), "tags": param("", "v")}, "'key'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.body["run_id"] = run
			if a := admin.post(runsAPI+"log-batch", c.body); c.message == "" {
				wantEqual(t, "response", a.raw, "{}\n")
			} else {
				a.wantError(t, 400, "INVALID_PARAMETER_VALUE", c.message)
			}
		})
	}
	got := admin.run(run)
	wantEqual(t, "name", child(got, "info")["run_name"], "renamed")
	for kind, want := range map[string]string{"tags": "t=2", "params": "p=1", "metrics": "key-999=999"} {
		if !strings.Contains(fmt.Sprint(entries(got, kind)), want) {
			t.Errorf("%s lack %s", kind, want)
		}
	}
	if strings.Contains(fmt.Sprint(entries(got, "params")), "fresh") {
		t.Error("a part of a rejected batch was stored")
	}
}

func TestLogInputs(t *testing.T) {
	admin, run := startRun(t)
	dataset := object{"name": "train", "digest": "1", "source_type": "local", "source": "{}", "schema": "{}"}
	input := object{"dataset": dataset, "tags": []object{{"key": "mlflow.data.context", "value": "training"}}}
	for range 2 { // the second time changes nothing
		admin.ok("POST", runsAPI+"log-inputs", object{"run_id": run, "datasets": []object{input}, "models": []object{{"model_id": "m-1"}}})
	}
	admin.ok("POST", runsAPI+"outputs", object{"run_id": run, "models": []object{{"model_id": "m-2", "step": 3}}})
	got := admin.run(run)
	wantEqual(t, "inputs", got["inputs"], object{"dataset_inputs": []any{input}, "model_inputs": []any{object{"model_id": "m-1"}}})
	wantEqual(t, "outputs", got["outputs"], object{"model_outputs": []any{object{"model_id": "m-2", "step": 3}}})
	for _, field := range []string{"name", "digest", "source_type", "source"} {
		without := object{"name": "n", "digest": "d", "source_type": "t", "source": "s"}
		delete(without, field)
		admin.post(runsAPI+"log-inputs", object{"run_id": run, "datasets": []object{{"dataset": without}}}).wantError(t, 400,
			"INVALID_PARAMETER_VALUE", "dataset."+field)
	}
}

func TestLogModel(t *testing.T) {
	admin, run := startRun(t)
	const described = `{"run_id":"r","artifact_path":"model","utc_time_created":"2026","flavors":{}}`
	for range 2 {
		admin.ok("POST", runsAPI+"log-model", object{"run_id": run, "model_json": described})
	}
	wantEqual(t, "tags", entries(admin.run(run), "tags"), []string{"mlflow.log-model.history=[" + described + "," + described + "]",
		"mlflow.runName=first"})
	for body, message := range map[string]string{"": "'model_json'", "x": "no JSON",
		"{}": "artifact_path, flavors, run_id, utc_time_created"} {
		admin.post(runsAPI+"log-model", object{"run_id": run, "model_json": body}).wantError(t, 400, "INVALID_PARAMETER_VALUE", message)
	}
}
