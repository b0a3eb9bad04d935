package run_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	setRunTag    = "POST " + runCalls + "set-tag"
	deleteRunTag = "POST " + runCalls + "delete-tag"
)

func TestSetRunTags(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	id := w.ids["best"] // with the tags release and it's
	tags := func(t *testing.T, want map[string]string) {
		t.Helper()
		r, _ := w.Run(id)
		delete(r.Tags, "mlflow.runName")
		if !maps.Equal(r.Tags, want) {
			t.Errorf("got tags %q, want %q", r.Tags, want)
		}
	}
	action := w.Action(t, emulator.AdminToken, "mlflow_set_run_tags")
	config := map[string]any{"run_id": id, "tags": map[string]any{"release": "no", "stage": "prod", "it's": nil, "none": nil, "empty": ""}}
	w.ResetJournal()
	acctest.ExpectDiagnostics(t, action.Plan(config), "")
	w.ExpectWrites(t)
	want := map[string]string{"release": "no", "stage": "prod", "empty": ""}
	if got := action.MustInvoke(config); !strings.HasSuffix(got, `"empty", "it's", "release", "stage"`) {
		t.Errorf("got result %q, want %q", got, `"empty", "it's", "release", "stage"`)
	}
	w.ExpectWrites(t, setRunTag, deleteRunTag, setRunTag, setRunTag)
	tags(t, want)

	w.ResetJournal() // and again
	if got := action.MustInvoke(config); !strings.HasSuffix(got, ": none") {
		t.Errorf("got result %q, want %q", got, ": none")
	}
	w.ExpectWrites(t)
	tags(t, want)

	action.MustInvoke(map[string]any{"run_id": id, "tags": map[string]string{"mlflow.runName": "the best"}})
	if r, _ := w.Run(id); r.Name != "the best" {
		t.Errorf("got name %q, want \"the best\"", r.Name)
	}
}

func TestSetRunTags_refused(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	for name, tc := range map[string]struct {
		id   any
		tags any
		says string
	}{
		"no tags":        {w.ids["best"], map[string]string{}, "error at tags: "},
		"an empty key":   {w.ids["best"], map[string]string{"": "x"}, "error at tags: Invalid tag key"},
		"a long key":     {w.ids["best"], map[string]string{strings.Repeat("k", 251): "x"}, "error at tags: Invalid tag"},
		"a long value":   {w.ids["best"], map[string]string{"k": strings.Repeat("v", 65537)}, "error at tags: Invalid tag"},
		"no name":        {w.ids["best"], map[string]any{"mlflow.runName": nil}, "error at tags: Invalid tag value"},
		"an empty name":  {w.ids["best"], map[string]any{"mlflow.runName": ""}, "error at tags: Invalid tag value"},
		"an unknown one": {w.ids["best"], map[string]any{"mlflow.runName": tftypes.UnknownValue}, ""},
		"unknown tags":   {w.ids["best"], tftypes.UnknownValue, ""},
		"an unknown run": {tftypes.UnknownValue, map[string]string{"a": "b"}, ""},
		"a deleted run":  {w.ids["deleted"], map[string]string{"a": "b"}, "error at run_id: Run is deleted: "},
		"no run":         {strings.Repeat("0", 32), map[string]string{"a": "b"}, "error at run_id: Could not read run: "},
		"not a run ID":   {"a b", map[string]string{"a": "b"}, "error at run_id: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.ExpectDiagnostics(
				t,
				w.Action(t, emulator.AdminToken, "mlflow_set_run_tags").Plan(map[string]any{"run_id": tc.id, "tags": tc.tags}),
				tc.says,
			)
		})
	}
	t.Run("deleted after the plan", func(t *testing.T) {
		t.Parallel()
		_, says := w.Action(t, emulator.AdminToken, "mlflow_set_run_tags").Invoke(map[string]any{"run_id": w.ids["deleted"],
			"tags": map[string]string{"a": "b"}})
		acctest.ExpectDiagnostics(t, says, "error at run_id: Run is deleted: ", "mlflow_restore_runs and run_ids = [")
	})
	t.Cleanup(func() { w.ExpectWrites(t) })
}

// TestSetRunTags_server checks that a value that an MLflow server would truncate is rejected.
func TestSetRunTags_server(t *testing.T) {
	t.Parallel()
	s := mlflowServer(t, map[string]string{
		"GET " + runCalls + "get": `{"run":{"info":{"run_id":"a","experiment_id":"1","lifecycle_stage":"active"}}}`,
	})
	action := acctest.NewProvider(t, s.ProviderConfig(nil)).Action("mlflow_set_run_tags")
	acctest.ExpectDiagnostics(t, action.Plan(map[string]any{"run_id": "a", "tags": map[string]string{"k": strings.Repeat("ä", 8000)}}), "")
	config := map[string]any{"run_id": "a", "tags": map[string]string{"k": strings.Repeat("ä", 8001)}}
	acctest.ExpectDiagnostics(t, action.Plan(config), "error at tags: Invalid tag: The value is 8,001 characters long.")
	_, says := action.Invoke(config)
	acctest.ExpectDiagnostics(t, says, "error at tags: Invalid tag: ")
}

// TestSetRunTags_faults checks that an error lists the changed tags, and that the next invocation changes the others.
func TestSetRunTags_faults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulator.Fault
		says  string
	}{
		"500 after the effect": {fault: emulator.Fault{Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true}},
		"cut":                  {fault: emulator.Fault{DropAfter: true}},
		"403":                  {fault: emulator.Fault{Status: 403, Code: "PERMISSION_DENIED", Message: "no"}, says: "Already changed: \"a\"."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTrained(t)
			tc.fault.Path, tc.fault.Skip = runCalls+"set-tag", 1
			w.Inject(tc.fault)
			action, config := w.Action(t, emulator.AdminToken, "mlflow_set_run_tags"),
				map[string]any{"run_id": w.ids["old"], "tags": map[string]string{"a": "1", "b": "2"}}
			_, says := action.Invoke(config)
			if tc.says == "" {
				acctest.ExpectDiagnostics(t, says, "")
			} else {
				acctest.ExpectDiagnostics(t, says, "error: Could not set tags of run: Run ", `tag "b"`, tc.says)
				action.MustInvoke(config)
			}
			if r, _ := w.Run(w.ids["old"]); r.Tags["a"] != "1" || r.Tags["b"] != "2" {
				t.Errorf("got tags %q, want a = 1 and b = 2", r.Tags)
			}
		})
	}
}
