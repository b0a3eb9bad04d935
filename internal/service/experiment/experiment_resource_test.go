package experiment_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func textMap(pairs ...string) knownvalue.Check {
	m := map[string]knownvalue.Check{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = knownvalue.StringExact(pairs[i+1])
	}
	return knownvalue.MapExact(m)
}

func TestExperiment_lifecycle(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var id string
	acctest.UnitTest(t,
		resource.TestStep{
			Config: w.Config(acctest.ExperimentConfig(`
				name        = "/Workspace/Shared/churn/"
				description = "Predicts churn"
				tags        = { team = "risk", stage = "dev", gone = "soon" }`)),
			ConfigStateChecks: []statecheck.StateCheck{
				acctest.ExperimentState("name", knownvalue.StringExact("/Workspace/Shared/churn/")),
				acctest.ExperimentState("description", knownvalue.StringExact("Predicts churn")),
				acctest.ExperimentState("tags", textMap("team", "risk", "stage", "dev", "gone", "soon")),
				acctest.ExperimentState("tags_all", textMap("team", "risk", "stage", "dev", "gone", "soon")),
				acctest.ExperimentState("artifact_location", knownvalue.StringRegexp(regexp.MustCompile(`^dbfs:/databricks/mlflow-tracking/\d+$`))),
				acctest.ExperimentState("creation_time", knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`))),
				acctest.ExperimentState("url", knownvalue.StringRegexp(regexp.MustCompile(
					`^`+regexp.QuoteMeta(w.URL)+`/ml/experiments/\d+\?w=`+emulator.WorkspaceID+`$`))),
				acctest.ExperimentState("deletion_policy", knownvalue.Null()),
			},
			PostApplyFunc: func() {
				id = w.MustFind(t, "/Shared/churn").ID
				w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev", "gone": "soon",
					"mlflow.note.content": "Predicts churn"})
				if n := w.Count("POST", acctest.ExperimentsPath+"set-experiment-tag"); n != 0 {
					t.Errorf("got %d requests for single tags, want all tags in the create request", n)
				}
			},
		},
		resource.TestStep{ // another spelling of the same name
			PreConfig: w.ResetJournal,
			Config: w.Config(acctest.ExperimentConfig(`
				name        = "/Shared/churn"
				description = "Predicts churn"
				tags        = { team = "risk", stage = "dev", gone = "soon" }`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
			PostApplyFunc:    func() { w.ExpectWrites(t) },
		},
		resource.TestStep{
			PreConfig: func() { w.SetTag(id, "foreign", "theirs"); w.ResetJournal() },
			Config: w.Config(acctest.ExperimentConfig(`
				name        = "/Shared/churn-v2"
				description = "Predicts churn better"
				tags        = { team = "fraud", stage = "dev", new = "yes" }`)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(acctest.ExperimentAddress, tfjsonpath.New("id"), knownvalue.StringFunc(func(v string) error {
					if v != id {
						return fmt.Errorf("got planned ID %s, want %s", v, id)
					}
					return nil
				})),
				plancheck.ExpectKnownValue(acctest.ExperimentAddress, tfjsonpath.New("tags_all"),
					textMap("team", "fraud", "stage", "dev", "new", "yes")),
			),
			ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("tags", textMap("team", "fraud", "stage", "dev", "new", "yes"))},
			PostApplyFunc: func() {
				w.ExpectTags(t, "/Shared/churn-v2", map[string]string{
					"team": "fraud", "stage": "dev", "new": "yes", "gone": "", "foreign": "theirs", "mlflow.note.content": "Predicts churn better",
				})
				want := []string{"update", "set-experiment-tag", "set-experiment-tag", "set-experiment-tag", "delete-experiment-tag",
					"set-experiment-tag"}
				for i := range want {
					want[i] = "POST " + acctest.ExperimentsPath + want[i]
				}
				w.ExpectWrites(t, want...)
			},
		},
		resource.TestStep{ // nothing declared: nothing managed
			PreConfig: w.ResetJournal,
			Config:    w.Config(acctest.ExperimentConfig(`name = "/Shared/churn-v2"`)),
			ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("tags", knownvalue.Null()),
				acctest.ExperimentState("tags_all", textMap()), acctest.ExperimentState("description", knownvalue.Null())},
			PostApplyFunc: func() {
				w.ExpectTags(t, "/Shared/churn-v2", map[string]string{
					"team": "", "stage": "", "new": "", "gone": "", "foreign": "theirs", "mlflow.note.content": "",
				})
			},
		},
	)
	if e, _ := w.Experiment(id); e.LifecycleStage != "deleted" || len(w.Experiments()) != 1 {
		t.Errorf("after destroy: got experiment %+v, want it deleted", e)
	}
}

func TestExperiment_drift(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := w.ConfigAs(emulator.AdminToken, `default_tags = { owner = "platform" }`, acctest.ExperimentConfig(`
		name        = "/Shared/churn"
		description = "Predicts churn"
		tags        = { team = "risk", stage = "dev" }`))
	var id string
	drift := func(behind func(), attributes ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig:        func() { behind(); w.ResetJournal() },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress, attributes...)),
			PostApplyFunc: func() {
				tags := map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "mlflow.note.content": "Predicts churn"}
				if _, foreign := w.MustFind(t, "/Shared/churn").Tag("foreign"); foreign {
					tags["foreign"] = "theirs"
				}
				w.ExpectTags(t, "/Shared/churn", tags)
			},
		}
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("tags_all",
				textMap("team", "risk", "stage", "dev", "owner", "platform"))},
			PostApplyFunc: func() { id = w.MustFind(t, "/Shared/churn").ID },
		},
		drift(func() { w.SetTag(id, "foreign", "theirs"); w.SetTag(id, "mlflow.experimentKind", "genai") }),
		drift(func() { w.SetTag(id, "team", "fraud") }, "tags", "tags_all"),
		drift(func() { w.RemoveTag(id, "stage") }, "tags", "tags_all"),
		drift(func() { w.SetTag(id, "owner", "nobody") }, "tags_all"),
		drift(func() { w.SetTag(id, "mlflow.note.content", "Hacked") }, "description"),
		drift(func() { w.RemoveTag(id, "mlflow.note.content") }, "description"),
		drift(func() { w.Rename(id, "/Shared/renamed") }, "name"),
	)
}

// TestExperiment_missing: an experiment that was deleted or purged, or whose ID was reused, is recreated.
func TestExperiment_missing(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := w.Config(acctest.ExperimentConfig(`name = "/Shared/churn"`))
	var id string
	again := func(behind func(id string)) resource.TestStep {
		return resource.TestStep{
			PreConfig:        func() { behind(id) },
			Config:           config,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionCreate)),
			PostApplyFunc: func() {
				if now := w.MustFind(t, "/Shared/churn").ID; now == id {
					t.Errorf("got the same experiment %s, want a new one", id)
				} else {
					id = now
				}
			},
		}
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config, PostApplyFunc: func() { id = w.MustFind(t, "/Shared/churn").ID }},
		again(w.Trash),
		again(w.Purge),
		again(func(id string) { w.Recreate(id); w.Rename(id, "/Shared/another") }),
	)
	if e := w.MustFind(t, "/Shared/another"); e.LifecycleStage != "active" {
		t.Errorf("got lifecycle stage %s of the experiment with the reused ID, want active", e.LifecycleStage)
	}
}

func TestExperiment_refreshRequests(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := w.Config(`
		resource "mlflow_experiment" "test" {
		  count = 5
		  name  = "/Shared/e${count.index}"
		  tags  = { n = count.index }
		}`)
	acctest.UnitTest(t,
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: w.ResetJournal, RefreshState: true},
	)
	// The step refreshes, and then plans, which refreshes again, each in its own provider process.
	afterDestroy := w.Journal()
	perRefresh := map[string]int{}
	for _, c := range afterDestroy {
		if c.Method == "GET" {
			perRefresh[c.Path]++
		}
	}
	if gets, me := perRefresh[acctest.ExperimentsPath+"get"], perRefresh["/api/2.0/preview/scim/v2/Me"]; me != 0 || gets%5 != 0 {
		t.Errorf("got %d reads and %d lookups of the current user, want a multiple of 5 and none", gets, me)
	}
	d := w.Provider(t, emulator.AdminToken)
	id := w.CreateExperiment(emulator.Admin, "/Shared/one", nil)
	w.ResetJournal()
	d.Read("mlflow_experiment", map[string]any{"id": id, "name": "/Shared/one"})
	d.Read("mlflow_experiment", map[string]any{"id": id, "name": "/Shared/one"})
	if w.Count("GET", acctest.ExperimentsPath+"get") != 2 || len(w.Journal()) != 3 {
		t.Errorf("two reads in one process: got %d requests, want two reads and one lookup of the host", len(w.Journal()))
	}
}

func TestExperiment_readNotFoundWarning(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	w.Trash(e.ID)
	state, got := w.Provider(t, emulator.AdminToken).Read("mlflow_experiment", acctest.StateOfExperiment(e, nil))
	want := "warning: Experiment not found, removed from state: Experiment \"/Shared/churn\" (ID " + e.ID + ") is deleted."
	if state != nil || !strings.HasPrefix(got, want) || !strings.Contains(got, "restore it from the Trash") {
		t.Errorf("got state %v and diagnostics %q", state, got)
	}
}

// TestExperiment_readErrorKeepsState: only a missing experiment is removed from the state.
func TestExperiment_readErrorKeepsState(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
		"denied":           {Status: 403, Code: "PERMISSION_DENIED", Message: "no"},
		"unknown call":     {Status: 404, Code: "ENDPOINT_NOT_FOUND", Message: "No API found"},
		"a page":           {Status: 404, RawBody: "<html><title>Not Found</title></html>", ContentType: "text/html"},
		"a login page":     {Status: 200, RawBody: "<html><title>Sign in</title></html>", ContentType: "text/html"},
		"an expired token": {Status: 403, RawBody: `{"error_code":403,"message":"Invalid access token."}`, ContentType: "application/json"},
		"a missing parent": {Status: 404, Code: "RESOURCE_DOES_NOT_EXIST", Message: "Parent directory /x does not exist."},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			fault.Path = acctest.ExperimentsPath + "get"
			w.Inject(fault)
			state, got := w.Provider(t, emulator.AdminToken).Read("mlflow_experiment", acctest.StateOfExperiment(e, nil))
			if state == nil || !strings.HasPrefix(got, "error: Could not read experiment: Experiment \"/Shared/churn\" (ID "+e.ID+"): ") ||
				strings.Contains(got, "<html>") {
				t.Errorf("got state %v and diagnostics %q", state, got)
			}
		})
	}
}
