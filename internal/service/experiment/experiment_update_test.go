package experiment_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_updateSavesPartialState makes one request of an update fail: the state is that of the server.
func TestExperiment_updateSavesPartialState(t *testing.T) {
	t.Parallel()
	refuse := func(path, body string) emulator.Fault {
		return emulator.Fault{Path: path, Body: body, Status: 400, Code: "INVALID_STATE", Message: "no luck", Times: 1000}
	}
	for name, c := range map[string]struct {
		fault emulator.Fault
		want  map[string]any // the state afterwards
		said  string
	}{
		"rename": {refuse(acctest.ExperimentsPath+"update", ""),
			map[string]any{"name": "/Shared/churn", "tags": map[string]any{"a": "1", "b": "1"}, "description": "old"},
			"error: Could not rename experiment"},
		"first tag": {refuse(acctest.ExperimentsPath+"set-experiment-tag", `"a"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "1", "b": "1"}, "description": "old"},
			"error: Could not set experiment tag: Tag \"a\""},
		"last tag": {refuse(acctest.ExperimentsPath+"set-experiment-tag", `"mlflow.note.content"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "2", "b": "1", "c": "3"}, "description": "old"},
			"error: Could not set experiment tag: Tag \"mlflow.note.content\""},
		"removal": {refuse(acctest.ExperimentsPath+"delete-experiment-tag", `"b"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "2", "b": "1", "c": "3"}, "description": "new"},
			"error: Could not remove experiment tag: Tag \"b\""},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t, emulator.Options{ServeTagDeletion: true})
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn",
				map[string]string{"a": "1", "b": "1", "mlflow.note.content": "old"}))
			both := map[string]string{"a": "1", "b": "1"}
			prior := acctest.StateOfExperiment(e, map[string]any{"tags": both, "tags_all": both, "description": "old"})
			planned := maps.Clone(prior)
			maps.Copy(planned, map[string]any{
				"name": "/Shared/new", "description": "new", "tags": map[string]string{"a": "2", "c": "3"},
				"tags_all": map[string]string{"a": "2", "c": "3"},
			})
			w.Inject(c.fault)
			state, got := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment", prior, planned)
			if !strings.HasPrefix(got, c.said) {
				t.Errorf("update: got diagnostics %q, want %q", got, c.said)
			}
			for attribute, want := range c.want {
				if fmt.Sprint(state[attribute]) != fmt.Sprint(want) {
					t.Errorf("state: got %s = %v, want %v", attribute, state[attribute], want)
				}
			}
			if fmt.Sprint(state["tags"]) != fmt.Sprint(state["tags_all"]) {
				t.Errorf("got tags %v and tags_all %v, want the same", state["tags"], state["tags_all"])
			}
		})
	}
}

func TestExperiment_updateReadsFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behind func(w *acctest.Workspace, id string)
		want   string
	}{
		"deleted": {func(w *acctest.Workspace, id string) { w.Trash(id) }, "is deleted. Nothing was changed."},
		"purged":  {func(w *acctest.Workspace, id string) { w.Purge(id) }, "no longer exists. Nothing was changed."},
		"another one under the id": {func(w *acctest.Workspace, id string) { w.Recreate(id) },
			"no longer exists; its ID now belongs to a different experiment"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			c.behind(w, e.ID)
			prior := acctest.StateOfExperiment(e, nil)
			planned := maps.Clone(prior)
			planned["tags_all"], planned["tags"] = map[string]string{"a": "1"}, map[string]string{"a": "1"}
			state, got := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment", prior, planned)
			if !strings.HasPrefix(got, "error: Could not update experiment") || !strings.Contains(got, c.want) {
				t.Errorf("update: got diagnostics %q, want %q", got, c.want)
			}
			if state["name"] != "/Shared/churn" || state["tags"] != nil {
				t.Errorf("got state %v, want it unchanged", state)
			}
			w.ExpectWrites(t)
		})
	}
}
