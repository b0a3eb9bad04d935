package mlflow_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	getPath    = "/api/2.0/mlflow/experiments/get"
	searchPath = "/api/2.0/mlflow/experiments/search"
)

func bulk(o *mlflow.Options) { o.BulkRefresh = true }

// always accepts each experiment, as if the state had its values.
func always(mlflow.Experiment) bool { return true }

// refresh reads experiments in order, as if the states had their values.
func refresh(t *testing.T, client *mlflow.Client, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if e, err := client.RefreshExperiment(t.Context(), id, always); err != nil || e.ID != id {
			t.Fatalf("read of %s: got %s, error %v", id, e.ID, err)
		}
	}
}

// idsOf returns the IDs of the first n experiments in the order of their creation.
func idsOf(w *emulator.Workspace, n int) []string {
	var ids []string
	for _, e := range w.Experiments()[:n] {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestBulkRefreshPays counts the requests for workspaces of several sizes, of which the oldest experiments are managed: the default order
// of a search lists them last.
func TestBulkRefreshPays(t *testing.T) {
	for _, tc := range []struct {
		name            string
		size, managed   int
		bulk            bool
		most, mostPages int
	}{
		{name: "3 of 20,000 list nothing", size: 20000, managed: 3, bulk: true, most: 3},
		{name: "50 of 20,000 list little", size: 20000, managed: 50, bulk: true, most: 56, mostPages: 6},
		{name: "1,000 of 1,000 are one page", size: 1000, managed: 1000, bulk: true, most: 9, mostPages: 1},
		{name: "2,500 of 2,500 are three pages", size: 2500, managed: 2500, bulk: true, most: 60, mostPages: 3},
		{name: "without bulk refresh each is read", size: 300, managed: 300, most: 300},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, client := mlflowtest.Workspace(t, emulator.Options{Seed: tc.size}, func(o *mlflow.Options) { o.BulkRefresh = tc.bulk })
			ids := idsOf(w, tc.managed)
			refresh(t, client, ids...)
			calls, pages := len(w.Journal()), w.Count("", searchPath)
			if calls > tc.most || pages > tc.mostPages {
				t.Errorf("got %d requests, of these %d pages; want at most %d and %d", calls, pages, tc.most, tc.mostPages)
			}
			refresh(t, client, ids...) // for tags and permissions of the same experiments
			if again := len(w.Journal()) - calls; again != 0 {
				t.Errorf("got %d requests for the same experiments, want none", again)
			}
		})
	}
}

func TestBulkRefreshSideBySide(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{Seed: 1000}, bulk)
	var wg sync.WaitGroup
	ids := make(chan string)
	for range 10 { // the default of Terraform
		wg.Go(func() {
			for id := range ids {
				if e, err := client.RefreshExperiment(t.Context(), id, always); err != nil || e.ID != id {
					t.Errorf("read of %s: got %s, error %v", id, e.ID, err)
				}
			}
		})
	}
	for _, id := range idsOf(w, 1000) {
		ids <- id
	}
	close(ids)
	wg.Wait()
	if calls, pages := len(w.Journal()), w.Count("", searchPath); calls > 12 || pages != 1 {
		t.Errorf("got %d requests, of these %d pages; want at most 12, and 1", calls, pages)
	}
}

// TestBulkRefreshIsConfirmed checks that differences in a page are verified with a direct read.
func TestBulkRefreshIsConfirmed(t *testing.T) {
	prepare := func(t *testing.T) (*emulator.Workspace, *mlflow.Client, []string) {
		t.Helper()
		w, client := mlflowtest.Workspace(t, emulator.Options{Seed: 100}, bulk)
		ids := idsOf(w, 100)
		refresh(t, client, ids[:20]...) // a page was read
		w.ResetJournal()
		return w, client, ids
	}
	t.Run("a difference", func(t *testing.T) {
		w, client, ids := prepare(t)
		e, err := client.RefreshExperiment(t.Context(), ids[50], func(mlflow.Experiment) bool { return false })
		if err != nil || e.ID != ids[50] || w.Count("GET", getPath) != 1 {
			t.Errorf("got %s, error %v after %d direct reads; want 1", e.ID, err, w.Count("GET", getPath))
		}
	})
	t.Run("a lagging search shows no drift that is not there", func(t *testing.T) {
		w, client, ids := prepare(t)
		w.SetTag(ids[50], "stage", "new") // after the page was read; the state has the new value
		e, err := client.RefreshExperiment(t.Context(), ids[50], func(e mlflow.Experiment) bool { v, _ := e.Tag("stage"); return v == "new" })
		if v, _ := e.Tag("stage"); err != nil || v != "new" {
			t.Errorf("got stage %q, error %v; want new", v, err)
		}
	})
	t.Run("an experiment that is not listed", func(t *testing.T) {
		w, client, _ := prepare(t)
		id := w.CreateExperiment(emulator.Admin, "/Shared/new", nil)
		if e, err := client.RefreshExperiment(t.Context(), id, always); err != nil || e.ID != id {
			t.Errorf("got %s, error %v", e.ID, err)
		}
		if _, err := client.RefreshExperiment(t.Context(), "42", always); !rest.IsNotFound(err) {
			t.Errorf("got error %v, want not found", err)
		}
	})
	for name, write := range map[string]func(context.Context, *mlflow.Client, string) error{
		"a tag": func(ctx context.Context, c *mlflow.Client, id string) error {
			return c.SetTag(ctx, id, mlflow.Tag{Key: "k", Value: "v"})
		},
		"a tag's removal": func(ctx context.Context, c *mlflow.Client, id string) error {
			_, err := c.RemoveTag(ctx, id, "k")
			return err
		},
		"a rename": func(ctx context.Context, c *mlflow.Client, id string) error {
			return c.RenameExperiment(ctx, id, "/Shared/renamed")
		},
		"a deletion": func(ctx context.Context, c *mlflow.Client, id string) error { return c.DeleteExperiment(ctx, id) },
	} {
		t.Run("after "+name+" of our own", func(t *testing.T) {
			w, client, ids := prepare(t)
			if err := write(t.Context(), client, ids[50]); err != nil {
				t.Fatal(err)
			}
			w.ResetJournal()
			for range 2 {
				if _, err := client.RefreshExperiment(t.Context(), ids[50], always); err != nil {
					t.Fatal(err)
				}
			}
			if n := w.Count("GET", getPath); n != 2 {
				t.Errorf("%d direct reads, want one each time", n)
			}
		})
	}
}

func TestBulkRefreshSurvivesAFailingPage(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"immediately":        {Status: 403, Code: "PERMISSION_DENIED"},
		"too many":           {Status: 429, Code: "REQUEST_LIMIT_EXCEEDED", Header: map[string]string{"Retry-After": "60"}},
		"down":               {Status: 503, Code: "TEMPORARILY_UNAVAILABLE"},
		"broken":             {DropBefore: true},
		"a page, not a page": {Status: 200, RawBody: "<html>login</html>", ContentType: "text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			w, client := mlflowtest.Workspace(t, emulator.Options{Seed: 100}, bulk)
			fault.Method, fault.Path, fault.Times = http.MethodPost, searchPath, -1
			w.Inject(fault)
			refresh(t, client, idsOf(w, 100)...)
			if n := w.Count("", searchPath); n != 1 {
				t.Errorf("got %d tries of a page, want 1", n)
			}
		})
	}
}

// TestBulkRefresh_notInSearch checks that experiments that a search does not return are read directly, with the same errors.
func TestBulkRefresh_notInSearch(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{Tokens: map[string]string{emulator.AdminToken: emulator.User}}, bulk)
	var own []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		own = append(own, w.CreateExperiment(emulator.User, "/Users/"+emulator.User+"/"+name, nil))
	}
	foreign := w.CreateExperiment(emulator.Admin, "/Users/"+emulator.Admin+"/x", nil)
	refresh(t, client, own...)
	if _, err := client.RefreshExperiment(t.Context(), foreign, always); !rest.IsPermissionDenied(err) {
		t.Errorf("got error %v, want permission denied", err)
	}
}
