package governance_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// A review contains its server, its caller, and data about the experiments, for one more request.
func TestPermissionReview_origin(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", map[string]string{
		"team": "risk", "mlflow.note.content": "Weekly.", "mlflow.sharedViewState.abc": "x", "mlflow.experiment.sourceName": "y",
	})
	state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_permission_review", map[string]any{"name_prefix": "/Projects/"})
	if says != "" || state["server"] != w.URL+"/?w=1234567890123456" || state["caller"] != emulator.Admin || state["workspace"] != nil {
		t.Errorf("got diagnostics %q, server %v, caller %v, workspace %v", says, state["server"], state["caller"], state["workspace"])
	}
	e, _ := w.Experiment(id)
	want := []map[string]any{{
		"id": id, "name": "/Projects/churn", "owner": emulator.User, "tags": map[string]any{"team": "risk", "mlflow.note.content": "Weekly."},
		"last_update_time": time.UnixMilli(e.LastUpdateTime).UTC().Format("2006-01-02T15:04:05.000Z"),
	}}
	if got := acctest.ObjectsOf(state["experiments"]); !reflect.DeepEqual(got, want) {
		t.Errorf("got experiments %v, want %v", got, want)
	}
	if n := w.Count("GET", scimPath+"Me"); n != 1 {
		t.Errorf("got %d requests for the current user, want 1", n)
	}
}

// The caller is null if the server does not return it. If authentication fails, the review does.
func TestPermissionReview_unknownCaller(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		http.StatusForbidden: "", http.StatusNotFound: "",
		http.StatusUnauthorized: "error: Could not look up the current user: Databricks: ",
	} {
		w := acctest.NewWorkspace(t)
		w.Inject(emulator.Fault{Path: scimPath + "Me", Status: status, Code: "NO", Message: "no", Times: 5})
		state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_permission_review", map[string]any{})
		if !strings.HasPrefix(says, want) || want == "" && (says != "" || state["caller"] != nil || state["server"] == nil) {
			t.Errorf("status %d: got diagnostics %q and caller %v, want %q", status, says, state["caller"], want)
		}
	}
}

func TestPermissionReview_originOnAnMLflowServer(t *testing.T) {
	t.Parallel()
	s := acctest.NewRecordedServer(t, map[string]string{"ana": "READ"})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/server-info") {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"workspaces_enabled": true}`))
			return
		}
		query := r.URL.Query()
		if query.Has("workspace") { // all workspaces have the same roles
			query.Set("workspace", "default")
			r.URL.RawQuery = query.Encode()
		}
		s.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct{ provider, argument, want any }{
		{nil, nil, nil}, {"risk", nil, "risk"}, {"risk", "lab", "lab"}, {"default", nil, nil},
	} {
		d := acctest.NewProvider(t, map[string]any{
			"tracking_uri": server.URL + "/", "username": "admin", "password": "not-checked", "workspace": c.provider,
		})
		state, says := d.ReadDataSource("mlflow_permission_review", map[string]any{"workspace": c.argument})
		if says != "" || state["server"] != server.URL || state["caller"] != "admin" || state["workspace"] != c.want {
			t.Errorf("%v: got diagnostics %q, server %v, caller %v, workspace %v", c, says, state["server"], state["caller"],
				state["workspace"])
		}
	}
}
