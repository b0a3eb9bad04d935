package mlflow_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	createPath = "/api/2.0/mlflow/experiments/create"
	byNamePath = "/api/2.0/mlflow/experiments/get-by-name"
)

// TestCreateRecovers interrupts a create at each step, and checks that exactly one experiment exists and that its ID is returned.
func TestCreateRecovers(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault emulator.Fault
	}{
		{"connection broken before the effect", emulator.Fault{DropBefore: true}},
		{"connection broken after the effect", emulator.Fault{DropAfter: true}},
		{"response truncated", emulator.Fault{Truncate: true}},
		{"503 before the effect", emulator.Fault{Status: 503, Code: "TEMPORARILY_UNAVAILABLE"}},
		{"503 after the effect", emulator.Fault{Status: 503, Code: "TEMPORARILY_UNAVAILABLE", AfterEffect: true}},
		{"a gateway's page after the effect", emulator.Fault{Status: 502, RawBody: "<html>bad gateway</html>", ContentType: "text/html",
			AfterEffect: true}},
		{"429", emulator.Fault{Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, client := mlflowtest.Workspace(t, emulator.Options{})
			_, err := client.GetExperimentByName(t.Context(), "/Shared/x")
			since := rest.ServerDate(err)
			tc.fault.Method, tc.fault.Path = http.MethodPost, createPath
			w.Inject(tc.fault)
			id, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "/Workspace/Shared/x",
				Tags: []mlflow.Tag{{Key: "k", Value: "v"}}}, since)
			if err != nil {
				t.Fatal(err)
			}
			found, ok := w.ExperimentByName("/Shared/x")
			if !ok || found.ID != id || len(w.Experiments()) != 1 {
				t.Errorf("got ID %s, and the workspace contains %+v", id, w.Experiments())
			}
			if w.RemainingFaults() != 0 {
				t.Error("the injected fault did not occur")
			}
		})
	}
}

func TestCreateTakesNothingOfOthers(t *testing.T) {
	create := func(t *testing.T, before func(*emulator.Workspace)) error {
		w, client := mlflowtest.Workspace(t, emulator.Options{})
		_, err := client.GetExperimentByName(t.Context(), "/Shared/x")
		since := rest.ServerDate(err)
		before(w)
		_, err = client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "/Shared/x", Tags: []mlflow.Tag{{Key: "k", Value: "v"}}}, since)
		return err
	}
	other := func(tags map[string]string) func(*emulator.Workspace) {
		return func(w *emulator.Workspace) {
			w.Before(http.MethodPost, createPath, func(*http.Request) {
				if _, there := w.ExperimentByName("/Shared/x"); !there {
					w.CreateExperiment(emulator.OtherUser, "/Shared/x", tags)
				}
			})
		}
	}
	t.Run("one that came up in between with other tags", func(t *testing.T) {
		var taken *mlflow.TakenError
		if err := create(t, other(nil)); !errors.As(err, &taken) || taken.Experiment.Name != "/Shared/x" {
			t.Errorf("got error %v, want that the name is in use", err)
		}
	})
	t.Run("a notebook at the path", func(t *testing.T) {
		err := create(t, func(w *emulator.Workspace) { w.AddNotebookExperiment(emulator.OtherUser, "/Shared/x") })
		if err == nil {
			t.Error("got no error, want one")
		}
	})
}

func TestCreateFailsAtOnceWhenRefused(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	_, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "/Nowhere/x"}, time.Now())
	if !rest.IsParentMissing(err) {
		t.Errorf("got error %v, want a missing parent folder", err)
	}
	if n := w.Count("", createPath); n != 1 || w.Count("", byNamePath) != 0 {
		t.Errorf("got %d creates and %d lookups, want 1 and 0", n, w.Count("", byNamePath))
	}
}

func TestCreateLooksAfterCancellation(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	_, err := client.GetExperimentByName(t.Context(), "/Shared/x")
	since := rest.ServerDate(err)
	ctx, cancel := context.WithCancel(t.Context())
	w.Inject(emulator.Fault{Method: http.MethodPost, Path: createPath, DropAfter: true})
	w.Before(http.MethodPost, createPath, func(*http.Request) { cancel() })
	id, err := client.CreateExperiment(ctx, mlflow.NewExperiment{Name: "/Shared/x"}, since)
	if found, ok := w.ExperimentByName("/Shared/x"); ok && (err != nil || found.ID != id) {
		t.Errorf("got ID %q, error %v; want ID %s, which was created", id, err, found.ID)
	}
}

// TestRepeatedCallsAreConfirmed loses the first response to calls whose second try is rejected.
func TestRepeatedCallsAreConfirmed(t *testing.T) {
	const prefix = "/api/2.0/mlflow/experiments/"
	for _, tc := range []struct {
		path    string
		prepare func(*emulator.Workspace, string)
		call    func(context.Context, *mlflow.Client, string) error
	}{
		{"delete", func(*emulator.Workspace, string) {}, func(ctx context.Context, c *mlflow.Client,
			id string) error {
			return c.DeleteExperiment(ctx, id)
		}},
		{"restore", (*emulator.Workspace).Trash, func(ctx context.Context, c *mlflow.Client,
			id string) error {
			return c.RestoreExperiment(ctx, id)
		}},
		{"update", func(*emulator.Workspace, string) {}, func(ctx context.Context, c *mlflow.Client, id string) error {
			return c.RenameExperiment(ctx, id, "/Shared/y")
		}},
		{"delete-experiment-tag", func(*emulator.Workspace, string) {}, func(ctx context.Context, c *mlflow.Client, id string) error {
			_, err := c.RemoveTag(ctx, id, "k")
			return err
		}},
	} {
		t.Run(tc.path, func(t *testing.T) {
			w, client := mlflowtest.Workspace(t, emulator.Options{ServeTagDeletion: true})
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/x", map[string]string{"k": "v"})
			tc.prepare(w, id)
			w.Inject(emulator.Fault{Method: http.MethodPost, Path: prefix + tc.path, DropAfter: true})
			if err := tc.call(t.Context(), client, id); err != nil {
				t.Error(err)
			}
			if n := w.Count("", prefix+tc.path); n != 2 {
				t.Errorf("%d calls, want 2", n)
			}
		})
		t.Run(tc.path+" of what is not there fails", func(t *testing.T) {
			_, client := mlflowtest.Workspace(t, emulator.Options{ServeTagDeletion: true})
			if err := tc.call(t.Context(), client, "42"); !rest.IsNotFound(err) {
				t.Errorf("got error %v, want not found", err)
			}
		})
	}
}

func TestRemoveTagFallsBackToBlank(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/x", map[string]string{"a": "1", "b": "2"})
	for _, key := range []string{"a", "b"} {
		cleared, err := client.RemoveTag(t.Context(), id, key)
		if err != nil || !cleared {
			t.Fatalf("got cleared %v, error %v; want true", cleared, err)
		}
	}
	e, _ := w.Experiment(id)
	if a, ok := e.Tag("a"); !ok || a != "" {
		t.Errorf("got tag a %q, %v; want an empty one", a, ok)
	}
	if n := w.Count("", "/api/2.0/mlflow/experiments/delete-experiment-tag"); n != 1 {
		t.Errorf("got %d requests to the missing endpoint, want 1", n)
	}
}

func TestCallerIsAskedOnce(t *testing.T) {
	w, client := mlflowtest.Workspace(t, emulator.Options{})
	done := make(chan mlflow.Caller)
	for range 10 {
		go func() {
			caller, err := client.Caller(t.Context())
			if err != nil {
				t.Error(err)
			}
			done <- caller
		}()
	}
	for range 10 {
		if c := <-done; c.Principal != (mlflow.Principal{Kind: mlflow.KindUser, Name: emulator.Admin}) || c.Home != "/Users/"+emulator.Admin {
			t.Errorf("got caller %+v", c)
		}
	}
	if n := w.Count("GET", "/api/2.0/preview/scim/v2/Me"); n != 1 {
		t.Errorf("got %d lookups of the caller, want 1", n)
	}
}

func TestExperimentContent(t *testing.T) {
	for name, add := range map[string]func(*emulator.Workspace, string){
		"empty": func(*emulator.Workspace, string) {}, "runs": (*emulator.Workspace).AddRun,
		"traces": (*emulator.Workspace).AddTrace, "models": (*emulator.Workspace).AddLoggedModel,
		"many": func(w *emulator.Workspace, id string) {
			for range 101 {
				w.AddRun(id)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, client := mlflowtest.Workspace(t, emulator.Options{})
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/x", nil)
			add(w, id)
			content, err := client.ExperimentContent(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if started := content.NewestRun; started.IsZero() != (content.Runs == 0) {
				t.Errorf("got %d runs, of which the newest started at %s", content.Runs, started)
			}
			content.NewestRun = time.Time{}
			want := map[string]mlflow.Content{
				"empty": {}, "runs": {Runs: 1}, "many": {Runs: 100, MoreRuns: true}, "traces": {Traces: true}, "models": {LoggedModels: true},
			}[name]
			if content != want {
				t.Errorf("content %+v, want %+v", content, want)
			}
		})
	}
}
