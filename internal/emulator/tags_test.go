package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestSetTag(t *testing.T) {
	const invalid = "INVALID_PARAMETER_VALUE"
	cases := []struct {
		fact          string
		body          object
		code, message string // empty if accepted
	}{
		{"a new key", object{"key": "new", "value": "1"}, "", ""},
		{"an existing key", object{"key": "team", "value": "risk"}, "", ""},
		{"an empty value", object{"key": "team", "value": ""}, "", ""},
		{"a key of 250 bytes", object{"key": strings.Repeat("k", 250), "value": "v"}, "", ""},
		{"a key of 251 bytes, in fewer characters", object{"key": strings.Repeat("ä", 125) + "k", "value": "v"}, invalid, "limit of 250"},
		{"a value of 64 KB", object{"key": "big", "value": strings.Repeat("v", 64*1024)}, "", ""},
		{"a larger value", object{"key": "big", "value": strings.Repeat("v", 64*1024+1)}, invalid, "limit of 65536"},
		{"no value at all", object{"key": "team"}, invalid, "'value'"},
		{"an empty key", object{"key": "", "value": "v"}, invalid, "'key'"},
		{"the description", object{"key": "mlflow.note.content", "value": "About"}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			id := w.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"team": "growth"})
			c.body["experiment_id"] = id
			a := admin.post(experimentsAPI+"set-experiment-tag", c.body)
			if c.code != "" {
				a.wantError(t, 400, c.code, c.message)
				return
			}
			if a.status != 200 || strings.TrimSpace(a.raw) != "{}" {
				t.Fatalf("%d %s, want {}", a.status, a.raw)
			}
			e, _ := w.Experiment(id)
			if got, _ := e.Tag(text(c.body, "key")); got != c.body["value"] {
				t.Errorf("value: got %q", got)
			}
		})
	}
}

func TestTagLimit(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprint("key", i)] = "v"
	}
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", many)
	set := func(key string) response {
		return admin.post(experimentsAPI+"set-experiment-tag", object{"experiment_id": id, "key": key, "value": "changed"})
	}
	set("one-more").wantError(t, 400, "INVALID_PARAMETER_VALUE", "at most 1000 tags")
	if a := set("key7"); a.status != 200 {
		t.Errorf("changing an existing tag at the limit: %d %s", a.status, a.raw)
	}
}

func TestSetTag_systemTag(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	before := len(tags(admin.experiment(id)))
	admin.ok("POST", experimentsAPI+"set-experiment-tag", object{"experiment_id": id, "key": "mlflow.ownerId", "value": "7"})
	got := tags(admin.experiment(id))
	twice := slices.DeleteFunc(slices.Clone(got), func(t string) bool { return t != "mlflow.ownerId=7" })
	if len(got) != before || len(twice) != 2 {
		t.Errorf("tags: got %q", got)
	}
}

func TestTagDeletion(t *testing.T) {
	w, admin := start(t, emulator.Options{ServeTagDeletion: true})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"team": "growth"})
	body := object{"experiment_id": id, "key": "team"}
	admin.ok("POST", experimentsAPI+"delete-experiment-tag", body)
	if e, _ := w.Experiment(id); len(e.Tags) != 5 {
		t.Errorf("tags: got %v, want the five tags of the workspace", e.Tags)
	}
	admin.post(experimentsAPI+"delete-experiment-tag", body).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "No tag with name: team")
}
