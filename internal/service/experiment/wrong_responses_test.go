package experiment_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// A search has no results only if a valid response contains none. Otherwise, a for_each over the results would destroy all resources.
func TestExperimentsDataSource_wrongResponses(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	for name, lie := range acctest.WrongResponses {
		t.Run(name, func(t *testing.T) {
			lie.Path = "/api/2.0/mlflow/experiments/search"
			w.Inject(lie)
			defer w.ClearFaults()
			state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiments", map[string]any{"name_prefix": "/Shared/"})
			if name == "an empty object" { // that is how a search finds nothing
				if ids, _ := state["ids"].(map[string]any); says != "" || len(ids) != 0 {
					t.Errorf("search without a match: got diagnostics %q and IDs %v, want none", says, ids)
				}
			} else if !strings.HasPrefix(says, "error") {
				t.Errorf("search: got diagnostics %q, want an error", says)
			}
		})
	}
}

// An experiment whose content cannot be determined counts as not empty.
func TestExperiment_contentCheckInvalidResponses(t *testing.T) {
	t.Parallel()
	for name, lie := range acctest.WrongResponses {
		if name == "an empty object" { // that is how a search finds nothing
			continue
		}
		for _, route := range []string{"/api/2.0/mlflow/runs/search", "/api/3.0/mlflow/traces/search", "/api/2.0/mlflow/logged-models/search"} {
			t.Run(name+" of "+route, func(t *testing.T) {
				w := acctest.NewWorkspace(t)
				state, _ := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment",
					map[string]any{"name": "/Shared/churn", "deletion_policy": "delete_if_empty"})
				lie.Path, lie.Times = route, -1
				w.Inject(lie)
				_, says := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment", state, nil)
				if _, there := w.ExperimentByName("/Shared/churn"); !there ||
					!strings.HasPrefix(says, "error at deletion_policy: Could not destroy experiment") {
					t.Errorf("destroy: got diagnostics %q and existing experiment %t, want an error and true", says, there)
				}
			})
		}
	}
}

// Another client creates the experiment between the lookup and the create. The error of the server is a response, so the experiment is not
// adopted.
func TestExperiment_nameInUseDuringCreate(t *testing.T) {
	w := acctest.NewWorkspace(t)
	made := ""
	w.Before(http.MethodPost, "/api/2.0/mlflow/experiments/create", func(*http.Request) {
		if made == "" {
			made = w.CreateExperiment(emulator.User, "/Shared/churn", nil)
		}
	})
	block := func(more string) string {
		return w.Config(`resource "mlflow_experiment" "x" {
			name = "/Shared/churn"
			` + more + `
		}`)
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: block(""), ExpectError: regexp.MustCompile(`(?s)name is taken|name already in use`)},
		resource.TestStep{
			PreConfig: func() {
				if _, there := w.Experiment(made); !there {
					t.Error("the experiment of the other client was deleted")
				}
			},
			Config: block("adopt_existing = true"),
			Check: func(*terraform.State) error {
				if e, _ := w.ExperimentByName("/Shared/churn"); e.ID != made {
					return fmt.Errorf("got managed experiment %s, want %s", e.ID, made)
				}
				return nil
			},
		},
	)
}

// If the response to a create is lost because the server stops, the provider looks up the experiment until the retry timeout.
func TestExperiment_createThenOutage(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.Inject(emulator.Fault{Method: http.MethodPost, Path: "/api/2.0/mlflow/experiments/create", Status: http.StatusBadGateway,
		AfterEffect: true})
	w.Inject(emulator.Fault{Method: http.MethodGet, Path: "/api/2.0/mlflow/experiments/get-by-name", Skip: 1, Times: 6,
		Status: http.StatusServiceUnavailable})
	started := time.Now()
	state, says := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", map[string]any{"name": "/Shared/churn"})
	e, _ := w.ExperimentByName("/Shared/churn")
	if says != "" || state["id"] != e.ID || len(w.Experiments()) != 1 {
		t.Errorf("create: got, after %s, diagnostics %q, ID %v in the state, and experiment %s, want one experiment", time.Since(started), says,
			state["id"], e.ID)
	}
}

// Another client creates the same folder at the same time.
func TestExperiment_folderCreatedConcurrently(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.Mkdirs("/Teams/a")
	w.Inject(emulator.Fault{Path: "/api/2.0/workspace/mkdirs", Status: http.StatusBadRequest, Code: "RESOURCE_ALREADY_EXISTS",
		Message: "Folder (/Teams/a) already exists."})
	if _, says := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment",
		map[string]any{"name": "/Teams/a/churn", "create_parents": true}); says != "" {
		t.Errorf("create: got diagnostics %q, want none", says)
	}
}
