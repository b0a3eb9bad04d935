package provider_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// wrongAnswers are responses that no server of MLflow gives, but proxies, sign-in pages, and the wrong host do.
var wrongAnswers = map[string]emulator.Fault{
	"an empty object":        {RawBody: `{}`, ContentType: "application/json"},
	"no content":             {Status: http.StatusNoContent, RawBody: " "},
	"null":                   {RawBody: `null`, ContentType: "application/json"},
	"foreign JSON":           {RawBody: `{"status":"ok"}`, ContentType: "application/json"},
	"another object":         {RawBody: `{"experiment":{"experiment_id":"999","name":"/Shared/other"},"object_id":"/experiments/999","object_type":"mlflowExperiment"}`, ContentType: "application/json"},
	"a success that failed":  {RawBody: `{"error_code":"INTERNAL_ERROR","message":"no"}`, ContentType: "application/json"},
	"a success that is gone": {RawBody: `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`, ContentType: "application/json"},
	"a sign-in page":         {RawBody: `<html><title>Sign in</title></html>`},
}

// A refresh that gets a wrong answer is an error, and leaves the state as it was.
func TestRefresh_wrongAnswers(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.AddGroup("risk")
	d := w.direct(t, emulator.AdminToken)
	experiment, says := d.create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}})
	if says != "" {
		t.Fatal(says)
	}
	id := textOf(experiment["id"])
	managed := map[string]map[string]any{"mlflow_experiment": experiment}
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_tag":         {"experiment_id": id, "key": "owner", "value": "ana"},
		"mlflow_experiment_permission":  {"experiment_id": id, "group_name": "risk", "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": id, "groups": map[string]string{"risk": "CAN_READ"}},
	} {
		state, says := d.create(kind, config)
		if strings.Contains(says, "error") {
			t.Fatal(says)
		}
		managed[kind] = state
	}
	for name, lie := range wrongAnswers {
		t.Run(name, func(t *testing.T) {
			for _, route := range []string{"/api/2.0/mlflow/experiments/*", "/api/2.0/permissions/experiments/*"} {
				lie.Path, lie.Times = route, -1
				w.Inject(lie)
			}
			defer w.ClearFaults()
			for kind, state := range managed {
				after, says := w.direct(t, emulator.AdminToken).read(kind, state)
				if !strings.HasPrefix(says, "error: Could not read") || !reflect.DeepEqual(after, state) {
					t.Errorf("%s: the refresh says %q, and the state is %v, was %v", kind, says, after, state)
				}
			}
		})
	}
}

// A search that gets no answer finds nothing only if the answer says so: for_each over its result would destroy everything.
func TestExperimentsDataSource_wrongAnswers(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	for name, lie := range wrongAnswers {
		t.Run(name, func(t *testing.T) {
			lie.Path = "/api/2.0/mlflow/experiments/search"
			w.Inject(lie)
			defer w.ClearFaults()
			state, says := w.direct(t, emulator.AdminToken).data("mlflow_experiments", map[string]any{"name_prefix": "/Shared/"})
			if name == "an empty object" { // that is how a search finds nothing
				if ids, _ := state["ids"].(map[string]any); says != "" || len(ids) != 0 {
					t.Errorf("a search without a match says %q and finds %v", says, ids)
				}
			} else if !strings.HasPrefix(says, "error") {
				t.Errorf("the search says %q", says)
			}
		})
	}
}

// What could not be told counts as not empty.
func TestExperiment_contentCheckWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, lie := range wrongAnswers {
		if name == "an empty object" { // that is how a search finds nothing
			continue
		}
		for _, route := range []string{"/api/2.0/mlflow/runs/search", "/api/3.0/mlflow/traces/search", "/api/2.0/mlflow/logged-models/search"} {
			t.Run(name+" of "+route, func(t *testing.T) {
				w := newWorkspace(t)
				state, _ := w.direct(t, emulator.AdminToken).create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "deletion_policy": "delete_if_empty"})
				lie.Path, lie.Times = route, -1
				w.Inject(lie)
				_, says := w.direct(t, emulator.AdminToken).apply("mlflow_experiment", state, nil)
				if _, there := w.ExperimentByName("/Shared/churn"); !there || !strings.HasPrefix(says, "error at deletion_policy: Could not destroy experiment") {
					t.Errorf("the destroy says %q, and the experiment is there: %t", says, there)
				}
			})
		}
	}
}

// Somebody else creates the name between the look and the create. The refusal is an answer, so nothing is taken over unasked.
func TestExperiment_nameTakenMeanwhile(t *testing.T) {
	w := newWorkspace(t)
	made := ""
	w.Before(http.MethodPost, "/api/2.0/mlflow/experiments/create", func(*http.Request) {
		if made == "" {
			made = w.CreateExperiment(emulator.User, "/Shared/churn", nil)
		}
	})
	block := func(more string) string {
		return w.config(`resource "mlflow_experiment" "x" {
			name = "/Shared/churn"
			` + more + `
		}`)
	}
	unitTest(t,
		resource.TestStep{Config: block(""), ExpectError: regexp.MustCompile(`(?s)name is taken|name already in use`)},
		resource.TestStep{
			PreConfig: func() {
				if _, there := w.Experiment(made); !there {
					t.Error("somebody else's experiment is gone")
				}
			},
			Config: block("adopt_existing = true"),
			Check: func(*terraform.State) error {
				if e, _ := w.ExperimentByName("/Shared/churn"); e.ID != made {
					return fmt.Errorf("experiment %s is managed, want %s", e.ID, made)
				}
				return nil
			},
		},
	)
}

// A create whose answer is lost while the server goes down is looked for as long as any call is retried.
func TestExperiment_createThenOutage(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.Inject(emulator.Fault{Method: http.MethodPost, Path: "/api/2.0/mlflow/experiments/create", Status: http.StatusBadGateway, AfterEffect: true})
	w.Inject(emulator.Fault{Method: http.MethodGet, Path: "/api/2.0/mlflow/experiments/get-by-name", Skip: 1, Times: 6, Status: http.StatusServiceUnavailable})
	started := time.Now()
	state, says := w.direct(t, emulator.AdminToken).create("mlflow_experiment", map[string]any{"name": "/Shared/churn"})
	e, _ := w.ExperimentByName("/Shared/churn")
	if says != "" || state["id"] != e.ID || len(w.Experiments()) != 1 {
		t.Errorf("after %s the create says %q; the state has %v, the workspace %s", time.Since(started), says, state["id"], e.ID)
	}
}

// A server that finds groups in any case lists them in the directory's spelling, and the next read would take that for somebody else's grant.
func TestPermissions_groupInOtherSpelling(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, emulator.Options{FoldsGroupNames: true})
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_permissions": {"experiment_id": id, "groups": map[string]string{"Risk": "CAN_READ"}},
		"mlflow_experiment_permission":  {"experiment_id": id, "group_name": "Risk", "permission_level": "CAN_READ"},
	} {
		if state, says := w.direct(t, emulator.AdminToken).create(kind, config); state != nil || !strings.Contains(says, `lists the grant of "Risk" as "risk"`) {
			t.Errorf("%s says %q; the state is %v", kind, says, state)
		}
	}
}

// Somebody makes the same folder at the same moment.
func TestExperiment_folderMadeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.Mkdirs("/Teams/a")
	w.Inject(emulator.Fault{Path: "/api/2.0/workspace/mkdirs", Status: http.StatusBadRequest, Code: "RESOURCE_ALREADY_EXISTS", Message: "Folder (/Teams/a) already exists."})
	if _, says := w.direct(t, emulator.AdminToken).create("mlflow_experiment", map[string]any{"name": "/Teams/a/churn", "create_parents": true}); says != "" {
		t.Errorf("the create says %q", says)
	}
}

// Whether the caller has other access is not known from a wrong answer, so the caller's own grant is not revoked because of one.
func TestPermission_ownGrantWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, lie := range wrongAnswers {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			id := w.CreateExperiment(emulator.User, "/Teams/churn", nil)
			state := map[string]any{
				"id": id + "/user/" + emulator.User, "experiment_id": id, "user_name": emulator.User, "permission_level": "CAN_MANAGE",
			}
			lie.Method, lie.Path, lie.Times = http.MethodGet, permissionsPath(id), 2
			w.Inject(lie)
			_, says := w.direct(t, emulator.UserToken).apply("mlflow_experiment_permission", state, nil)
			w.ClearFaults()
			if !strings.HasPrefix(says, "error") || !mayManage(t, w, emulator.UserToken, id) {
				t.Errorf("the destroy says %q; the caller manages the experiment: %t", says, mayManage(t, w, emulator.UserToken, id))
			}
		})
	}
}
