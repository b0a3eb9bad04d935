package emulator_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestContent(t *testing.T) {
	direct := func(add func(*emulator.Workspace, string)) func(*emulator.Workspace, client, string) {
		return func(w *emulator.Workspace, _ client, id string) { add(w, id) }
	}
	searchRuns := func(p client, id string, limit int) response {
		return p.post("/api/2.0/mlflow/runs/search", object{"experiment_ids": []string{id}, "max_results": limit})
	}
	cases := []struct {
		content, field string
		add            func(w *emulator.Workspace, p client, id string)
		search         func(p client, id string, limit int) response
	}{
		{"runs", "runs", direct((*emulator.Workspace).AddRun), searchRuns},
		{"runs made over HTTP", "runs", func(_ *emulator.Workspace, p client, id string) {
			p.ok("POST", "/api/2.0/mlflow/runs/create", object{"experiment_id": id})
		}, searchRuns},
		{"traces", "traces", direct((*emulator.Workspace).AddTrace), func(p client, id string, limit int) response {
			if limit != 1 {
				return p.get("/api/2.0/mlflow/traces?experiment_ids=" + id)
			}
			return p.get("/api/2.0/mlflow/traces?max_results=1&experiment_ids=" + id)
		}},
		{"traces, version 3", "traces", direct((*emulator.Workspace).AddTrace), func(p client, id string, limit int) response {
			location := object{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": object{"experiment_id": id}}
			return p.post("/api/3.0/mlflow/traces/search", object{"locations": []object{location}, "max_results": limit})
		}},
		{"logged models", "models", direct((*emulator.Workspace).AddLoggedModel), func(p client, id string, limit int) response {
			return p.post("/api/2.0/mlflow/logged-models/search", object{"experiment_ids": []string{id}, "max_results": limit})
		}},
	}
	for _, c := range cases {
		t.Run(c.content, func(t *testing.T) {
			w, admin := start(t, emulator.Options{})
			full, none := w.CreateExperiment(emulator.Admin, "/Shared/full", nil), w.CreateExperiment(emulator.Admin, "/Shared/none", nil)
			c.add(w, admin, full)
			c.add(w, admin, full)
			if a := c.search(admin, full, 1); a.status != 200 {
				t.Errorf("%d %s", a.status, a.raw)
			} else if len(list(a.json, c.field)) != 1 {
				t.Errorf("%s, want one", a.raw)
			} else if _, more := a.json["next_page_token"]; !more {
				t.Errorf("%s does not say that there is more", a.raw)
			}
			if a := c.search(admin, none, 10); a.status != 200 || len(a.json) != 0 {
				t.Errorf("of an empty experiment: %d %s, want {}", a.status, a.raw)
			}
		})
	}
	_, admin := start(t, emulator.Options{})
	admin.post("/api/2.0/mlflow/runs/search", object{"experiment_ids": []string{"42"}}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "")
	admin.post("/api/2.0/mlflow/runs/search", object{}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'experiment_ids'")
}

func TestRunInTrash(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	w.Trash(id)
	admin.post("/api/2.0/mlflow/runs/create", object{"experiment_id": id}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'active' state")
}
