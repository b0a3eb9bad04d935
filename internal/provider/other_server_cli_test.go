package provider_test

import (
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// everything is an experiment with a tag and permissions of each type.
const everything = `
	resource "mlflow_experiment" "test" {
	  name = "/Shared/churn"
	  tags = { team = "risk" }
	}
	resource "mlflow_experiment_tag" "test" {
	  experiment_id = mlflow_experiment.test.id
	  key           = "stage"
	  value         = "dev"
	}
	resource "mlflow_experiment_permissions" "test" {
	  experiment_id = mlflow_experiment.test.id
	  users         = { "ana@example.com" = "CAN_READ" }
	}
	resource "mlflow_experiment" "granted" {
	  name = "/Shared/granted"
	}
	resource "mlflow_experiment_permission" "test" {
	  experiment_id    = mlflow_experiment.granted.id
	  user_name        = "ana@example.com"
	  permission_level = "CAN_READ"
	}
`

// TestOtherServer_CLI sets host to another workspace for some commands.
func TestOtherServer_CLI(t *testing.T) {
	own, other := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)}), acctest.NewWorkspace(t, emulator.Options{Now: clock(1)})
	for _, name := range []string{"/Shared/churn", "/Shared/foreign"} {
		other.CreateExperiment(emulator.Admin, name, map[string]string{"stage": "theirs"})
	}
	before := contents(other)
	unchanged := func() {
		if now := contents(other); now != before {
			t.Errorf("the other workspace has\n%s\nhad\n%s", now, before)
		}
		other.ExpectWrites(t)
	}
	acctest.UnitTest(
		t,
		resource.TestStep{Config: own.Config(everything)},
		resource.TestStep{Config: other.Config(everything), ExpectError: elsewhere},
		resource.TestStep{Config: other.Config(everything), Destroy: true, ExpectError: elsewhere},
		resource.TestStep{
			PreConfig:        unchanged,
			Config:           own.Config(everything),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
	unchanged()
	for _, e := range own.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("%s: got %s in the end", e.Name, e.LifecycleStage)
		}
	}
}

// riskWorkspaceServer responds like a server on which the experiment is in the MLflow workspace risk.
func riskWorkspaceServer(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
	inRisk := r.Header.Get("X-MLFLOW-WORKSPACE") == "risk"
	switch path.Base(r.URL.Path) {
	case "search":
		return respondWith(http.StatusOK, `{}`)(w, r, pass)
	case "get":
	default:
		return false
	}
	return !inRisk &&
		respondWith(http.StatusNotFound, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No Experiment with id=1 exists"}`)(w, r, pass)
}

// TestOtherServer_workspaceUnset uses the same server with another MLflow workspace.
func TestOtherServer_workspaceUnset(t *testing.T) {
	t.Parallel()
	for kind, id := range map[string]string{"mlflow_experiment": "1", "mlflow_experiment_tag": "1/team"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := acctest.NewRecordedServer(t, nil)
			through, r := newRelayBackend(t, s.Backend)
			r.interceptAll(riskWorkspaceServer)
			b := through.Provider(t, map[string]any{"workspace": "risk"}).Resource(kind)
			if diags := b.Import(id); acctest.HasError(diags) || b.Values() == nil {
				t.Fatalf("import: got state %v and diagnostics %q", b.Values(), diags)
			}
			state := b.Values()
			for what, do := range map[string]func() string{"a refresh": b.Read,
				"a destroy with -refresh=false": func() string { return b.ApplyPlan(b.Plan(nil), nil) }} {
				b.Provider = through.Provider(t, nil)
				diags := do()
				want := fmt.Sprintf(
					"The state belongs to MLflow workspace %q of %s, but the provider is configured for MLflow workspace %q of %[2]s.",
					"risk",
					through.URL,
					"default",
				)
				if !acctest.HasError(diags) || !strings.Contains(diags, want) ||
					!strings.Contains(diags, `set workspace (or MLFLOW_WORKSPACE) to "risk"`) {
					t.Errorf("%s: got diagnostics %q", what, diags)
				}
				if wrote := s.Writes(); len(wrote) > 0 || !reflect.DeepEqual(b.Values(), state) {
					t.Errorf("%s wrote %q and left %v", what, wrote, b.Values())
				}
			}
			b.Provider = through.Provider(t, map[string]any{"workspace": "risk"})
			if diags := b.Read(); diags != "" {
				t.Error(diags)
			}
		})
	}
}

// TestOtherServer_MLflow checks that objects on an MLflow server are identified by the creation time of their experiment.
func TestOtherServer_MLflow(t *testing.T) {
	t.Parallel()
	for kind, configs := range onExperiment1 {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, b := createRecorded(t, kind, configs.config)
			clone, stranger := acctest.NewRecordedServer(
				t,
				s.Levels,
			), acctest.NewRecordedServer(
				t,
				map[string]string{"admin": "MANAGE", "ben": "READ"},
			)
			stranger.ReuseID()
			state := b.Values()
			for what, do := range map[string]func() string{
				"a refresh": b.Read,
				"an update": func() string { return b.ApplyPlan(b.Plan(configs.changed), configs.changed) },
				"a destroy": func() string { return b.ApplyPlan(b.Plan(nil), nil) },
			} {
				b.Provider = stranger.Provider(t, nil)
				diags := do()
				if wrote := stranger.Writes(); !elsewhere.MatchString(diags) || len(wrote) > 0 || !reflect.DeepEqual(b.Values(), state) {
					t.Errorf("%s: got writes %q, state %v, and diagnostics %q", what, wrote, b.Values(), diags)
				}
			}
			b.Provider = clone.Provider(t, nil)
			if diags := b.Read(); acctest.HasError(diags) || kind != "mlflow_experiment_tag" && !reflect.DeepEqual(b.Values(), state) {
				t.Errorf("refresh on the clone: got state %v and diagnostics %q", b.Values(), diags)
			}
		})
	}
}
