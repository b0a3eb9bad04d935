package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	experimentAddress = "mlflow_experiment.test"
	experimentCalls   = "/api/2.0/mlflow/experiments/"
)

// experimentConfig is an experiment with the given attributes.
func experimentConfig(attributes string) string {
	return "resource \"mlflow_experiment\" \"test\" {\n" + attributes + "\n}\n"
}

func experimentState(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(experimentAddress, tfjsonpath.New(attribute), want)
}

func textMap(pairs ...string) knownvalue.Check {
	m := map[string]knownvalue.Check{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = knownvalue.StringExact(pairs[i+1])
	}
	return knownvalue.MapExact(m)
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// mustFind gives the active experiment of a name.
func (w *workspace) mustFind(t *testing.T, name string) emulator.Experiment {
	t.Helper()
	e, ok := w.ExperimentByName(name)
	if !ok {
		t.Fatalf("there is no experiment %q", name)
	}
	return e
}

// expectTags checks that an experiment holds exactly these tags besides the server's own.
func (w *workspace) expectTags(t *testing.T, name string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, tag := range w.mustFind(t, name).Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			got[tag.Key] = tag.Value
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("tags of %s are %v, want %v", name, got, want)
	}
}

func TestExperiment_lifecycle(t *testing.T) {
	w := newWorkspace(t)
	var id string
	unitTest(t,
		resource.TestStep{
			Config: w.config(experimentConfig(`
				name        = "/Workspace/Shared/churn/"
				description = "Predicts churn"
				tags        = { team = "risk", stage = "dev", gone = "soon" }`)),
			ConfigStateChecks: []statecheck.StateCheck{
				experimentState("name", knownvalue.StringExact("/Workspace/Shared/churn/")),
				experimentState("description", knownvalue.StringExact("Predicts churn")),
				experimentState("tags", textMap("team", "risk", "stage", "dev", "gone", "soon")),
				experimentState("tags_all", textMap("team", "risk", "stage", "dev", "gone", "soon")),
				experimentState("artifact_location", knownvalue.StringRegexp(regexp.MustCompile(`^dbfs:/databricks/mlflow-tracking/\d+$`))),
				experimentState("creation_time", knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`))),
				experimentState("url", knownvalue.StringRegexp(regexp.MustCompile(`^`+regexp.QuoteMeta(w.url)+`/ml/experiments/\d+\?w=`+emulator.WorkspaceID+`$`))),
				experimentState("deletion_policy", knownvalue.Null()),
			},
			PostApplyFunc: func() {
				id = w.mustFind(t, "/Shared/churn").ID
				w.expectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev", "gone": "soon", "mlflow.note.content": "Predicts churn"})
				if n := w.Count("POST", experimentCalls+"set-experiment-tag"); n != 0 {
					t.Errorf("%d tags were set one by one, though create takes them", n)
				}
			},
		},
		resource.TestStep{ // another spelling of the same name
			PreConfig: w.ResetJournal,
			Config: w.config(experimentConfig(`
				name        = "/Shared/churn"
				description = "Predicts churn"
				tags        = { team = "risk", stage = "dev", gone = "soon" }`)),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
			PostApplyFunc:    func() { w.expectWrites(t) },
		},
		resource.TestStep{
			PreConfig: func() { w.SetTag(id, "foreign", "theirs"); w.ResetJournal() },
			Config: w.config(experimentConfig(`
				name        = "/Shared/churn-v2"
				description = "Predicts churn better"
				tags        = { team = "fraud", stage = "dev", new = "yes" }`)),
			ConfigPlanChecks: before(
				plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(experimentAddress, tfjsonpath.New("id"), knownvalue.StringFunc(func(v string) error {
					if v != id {
						return fmt.Errorf("the planned id is %s, want %s", v, id)
					}
					return nil
				})),
				plancheck.ExpectKnownValue(experimentAddress, tfjsonpath.New("tags_all"), textMap("team", "fraud", "stage", "dev", "new", "yes")),
			),
			ConfigStateChecks: []statecheck.StateCheck{experimentState("tags", textMap("team", "fraud", "stage", "dev", "new", "yes"))},
			PostApplyFunc: func() {
				w.expectTags(t, "/Shared/churn-v2", map[string]string{
					"team": "fraud", "stage": "dev", "new": "yes", "gone": "", "foreign": "theirs", "mlflow.note.content": "Predicts churn better",
				})
				want := []string{"update", "set-experiment-tag", "set-experiment-tag", "set-experiment-tag", "delete-experiment-tag", "set-experiment-tag"}
				for i := range want {
					want[i] = "POST " + experimentCalls + want[i]
				}
				w.expectWrites(t, want...)
			},
		},
		resource.TestStep{ // nothing declared: nothing managed
			PreConfig:         w.ResetJournal,
			Config:            w.config(experimentConfig(`name = "/Shared/churn-v2"`)),
			ConfigStateChecks: []statecheck.StateCheck{experimentState("tags", knownvalue.Null()), experimentState("tags_all", textMap()), experimentState("description", knownvalue.Null())},
			PostApplyFunc: func() {
				w.expectTags(t, "/Shared/churn-v2", map[string]string{
					"team": "", "stage": "", "new": "", "gone": "", "foreign": "theirs", "mlflow.note.content": "",
				})
			},
		},
	)
	if e, _ := w.Experiment(id); e.LifecycleStage != "deleted" || len(w.Experiments()) != 1 {
		t.Errorf("after destroy the experiment is %+v", e)
	}
}

func TestExperiment_drift(t *testing.T) {
	w := newWorkspace(t)
	config := w.configAs(emulator.AdminToken, `default_tags = { owner = "platform" }`, experimentConfig(`
		name        = "/Shared/churn"
		description = "Predicts churn"
		tags        = { team = "risk", stage = "dev" }`))
	var id string
	drift := func(behind func(), attributes ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig:        func() { behind(); w.ResetJournal() },
			Config:           config,
			ConfigPlanChecks: before(changes(experimentAddress, attributes...)),
			PostApplyFunc: func() {
				tags := map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "mlflow.note.content": "Predicts churn"}
				if _, foreign := w.mustFind(t, "/Shared/churn").Tag("foreign"); foreign {
					tags["foreign"] = "theirs"
				}
				w.expectTags(t, "/Shared/churn", tags)
			},
		}
	}
	unitTest(t,
		resource.TestStep{
			Config:            config,
			ConfigStateChecks: []statecheck.StateCheck{experimentState("tags_all", textMap("team", "risk", "stage", "dev", "owner", "platform"))},
			PostApplyFunc:     func() { id = w.mustFind(t, "/Shared/churn").ID },
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

// TestExperiment_gone finds an experiment deleted, purged, or replaced by another under the same id, and creates a new one.
func TestExperiment_gone(t *testing.T) {
	w := newWorkspace(t)
	config := w.config(experimentConfig(`name = "/Shared/churn"`))
	var id string
	again := func(behind func(id string)) resource.TestStep {
		return resource.TestStep{
			PreConfig:        func() { behind(id) },
			Config:           config,
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionCreate)),
			PostApplyFunc: func() {
				if now := w.mustFind(t, "/Shared/churn").ID; now == id {
					t.Errorf("the experiment is %s still", id)
				} else {
					id = now
				}
			},
		}
	}
	unitTest(t,
		resource.TestStep{Config: config, PostApplyFunc: func() { id = w.mustFind(t, "/Shared/churn").ID }},
		again(w.Trash),
		again(w.Purge),
		again(func(id string) { w.Recreate(id); w.Rename(id, "/Shared/another") }),
	)
	if e := w.mustFind(t, "/Shared/another"); e.LifecycleStage != "active" {
		t.Errorf("the stranger under the used id is %s", e.LifecycleStage)
	}
}

func TestExperiment_refreshCalls(t *testing.T) {
	w := newWorkspace(t)
	config := w.config(`
		resource "mlflow_experiment" "test" {
		  count = 5
		  name  = "/Shared/e${count.index}"
		  tags  = { n = count.index }
		}`)
	unitTest(t,
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: w.ResetJournal, RefreshState: true},
	)
	// The step refreshes, and then plans, which refreshes again; each in a provider process of its own.
	afterDestroy := w.Journal()
	perRefresh := map[string]int{}
	for _, c := range afterDestroy {
		if c.Method == "GET" {
			perRefresh[c.Path]++
		}
	}
	if gets, me := perRefresh[experimentCalls+"get"], perRefresh["/api/2.0/preview/scim/v2/Me"]; me != 0 || gets%5 != 0 {
		t.Errorf("%d reads of 5 experiments and %d caller look-ups", gets, me)
	}
	d := w.direct(t, emulator.AdminToken)
	id := w.CreateExperiment(emulator.Admin, "/Shared/one", nil)
	w.ResetJournal()
	d.read("mlflow_experiment", map[string]any{"id": id, "name": "/Shared/one"})
	d.read("mlflow_experiment", map[string]any{"id": id, "name": "/Shared/one"})
	if w.Count("GET", experimentCalls+"get") != 2 || len(w.Journal()) != 3 {
		t.Errorf("two reads in one process made %d calls, want two reads and one look at the host", len(w.Journal()))
	}
}

func TestExperiment_replacement(t *testing.T) {
	w := newWorkspace(t)
	var first string
	at := func(location string) string {
		return w.config(experimentConfig(fmt.Sprintf("name = \"/Shared/churn\"\nartifact_location = %q", location)))
	}
	unitTest(t,
		resource.TestStep{Config: at("s3://bucket/a"), PostApplyFunc: func() { first = w.mustFind(t, "/Shared/churn").ID }},
		resource.TestStep{Config: at("s3://bucket/a/"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		resource.TestStep{ // an unknown location never replaces
			Config: w.config(`
				resource "terraform_data" "location" { input = "s3://bucket/a" }
				` + experimentConfig("name = \"/Shared/churn\"\nartifact_location = terraform_data.location.output")),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc: func() {
				if e, _ := w.Experiment(first); e.LifecycleStage != "active" {
					t.Error("the experiment was replaced for an unknown location")
				}
			},
		},
		resource.TestStep{ // left out: the server's stays
			Config:           w.config(experimentConfig(`name = "/Shared/churn"`)),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionNoop)),
		},
		resource.TestStep{
			Config:           at("s3://bucket/b"),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			PostApplyFunc: func() {
				if e, _ := w.Experiment(first); e.LifecycleStage != "deleted" || w.mustFind(t, "/Shared/churn").ArtifactLocation != "s3://bucket/b" {
					t.Error("the old experiment is not deleted, or the new one is not where it was declared")
				}
			},
		},
	)
}

// stateOf is what the state of an experiment holds after an apply.
func stateOf(e emulator.Experiment, more map[string]any) map[string]any {
	state := map[string]any{
		"id": e.ID, "name": e.Name, "artifact_location": e.ArtifactLocation, "tags_all": map[string]string{},
		"creation_time": rfc3339(e.CreationTime), "url": "https://example.com/ml/experiments/" + e.ID,
	}
	maps.Copy(state, more)
	return state
}

func TestExperiment_plannedReplacement(t *testing.T) {
	t.Parallel()
	policy := func(p string) map[string]any { return map[string]any{"deletion_policy": p} }
	for name, c := range map[string]struct {
		state, config map[string]any
		behind        func(w *workspace, id string)
		replaces      bool
		want, also    string
	}{
		"empty":         {replaces: true},
		"same location": {config: map[string]any{"artifact_location": "s3://bucket/a/"}, behind: (*workspace).AddRun},
		"prevent": {
			state: policy("prevent"), config: policy("prevent"), replaces: true,
			want: "error at artifact_location: Could not replace experiment: The artifact location of experiment \"/Shared/churn\" (ID) cannot be changed",
		},
		"prevent, taken away in the same apply": {state: policy("prevent"), config: policy("delete"), replaces: true, want: "error at artifact_location: Could not replace"},
		"retain":                                {config: policy("retain"), replaces: true, want: "error at artifact_location: Could not replace"},
		"delete_if_empty and empty":             {state: policy("delete_if_empty"), config: policy("delete_if_empty"), replaces: true},
		"runs":                                  {behind: (*workspace).AddRun, replaces: true, want: "error at artifact_location: Could not replace", also: "It contains 1 run (newest started at "},
		"traces":                                {behind: (*workspace).AddTrace, replaces: true, want: "error at artifact_location: Could not replace", also: "It contains traces."},
		"delete, not applied yet":               {config: policy("delete"), behind: (*workspace).AddRun, replaces: true, want: "error at artifact_location: Could not replace"},
		"delete, taken away":                    {state: policy("delete"), behind: (*workspace).AddRun, replaces: true, want: "error at artifact_location: Could not replace"},
		"delete": {
			state: policy("delete"), config: policy("delete"), behind: (*workspace).AddRun, replaces: true,
			want: "warning at artifact_location: Experiment would be deleted with its content", also: "It contains 1 run (newest started at ",
		},
		"delete and empty": {state: policy("delete"), config: policy("delete"), replaces: true},
		"could not tell": {behind: func(w *workspace, _ string) {
			w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/runs/search", Status: 403, Code: "PERMISSION_DENIED", Message: "no"})
		}, replaces: true, want: "error at artifact_location: Could not replace", also: "could not be determined: searching runs: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			if c.behind != nil {
				c.behind(w, e.ID)
			}
			state := stateOf(e, map[string]any{"artifact_location": "s3://bucket/a"})
			maps.Copy(state, c.state)
			config := map[string]any{"name": "/Shared/churn", "artifact_location": "s3://bucket/b"}
			maps.Copy(config, c.config)
			_, replaces, got := w.direct(t, emulator.AdminToken).change("mlflow_experiment", state, config)
			if want := strings.ReplaceAll(c.want, "ID", e.ID); want == "" && got != "" || !strings.HasPrefix(got, want) || !strings.Contains(got, c.also) {
				t.Errorf("plan says %q, want %q and %q", got, want, c.also)
			}
			if replaces != c.replaces {
				t.Errorf("replaces: %t", replaces)
			}
			w.expectWrites(t)
		})
	}
}

func TestExperiment_import(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk", "owner": "platform", "mlflow.experimentKind": "genai", "blank": ""})
	w.SetTag(id, "mlflow.note.content", "Predicts churn")
	provider := w.configAs(emulator.AdminToken, `default_tags = { owner = "platform" }`, "")
	matching := provider + experimentConfig("name = \"/Workspace/Shared/churn\"\ndescription = \"Predicts churn\"\ntags = { team = \"risk\" }\ndeletion_policy = \"retain\"")
	block := "import {\n  to = mlflow_experiment.test\n  id = \"/Workspace/Shared/churn/\"\n}\n"
	check := []statecheck.StateCheck{
		experimentState("tags", textMap("team", "risk")), experimentState("tags_all", textMap("team", "risk", "owner", "platform")),
		experimentState("description", knownvalue.StringExact("Predicts churn")), experimentState("name", knownvalue.StringExact("/Shared/churn")),
	}
	t.Run("by command", func(t *testing.T) {
		unitTest(t,
			resource.TestStep{Config: matching, ResourceName: experimentAddress, ImportState: true, ImportStateId: "/Shared/churn", ImportStatePersist: true},
			resource.TestStep{Config: matching, ConfigPlanChecks: before(changes(experimentAddress, "deletion_policy")), ConfigStateChecks: check, PostApplyFunc: func() { w.expectWrites(t) }},
		)
	})
	t.Run("by block", func(t *testing.T) {
		unitTest(t, resource.TestStep{
			Config:           matching + block,
			ConfigPlanChecks: before(changes(experimentAddress, "deletion_policy")), ConfigStateChecks: check,
		})
	})
	t.Run("with generated configuration", func(t *testing.T) {
		unitTest(t, resource.TestStep{
			Config: provider, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			ImportStateId: id, ResourceName: experimentAddress,
		})
	})
	t.Run("every form", func(t *testing.T) {
		d := w.direct(t, emulator.AdminToken)
		for _, form := range []string{
			id, "/Shared/churn", "/Workspace/Shared/churn/", "name=/Shared/churn",
			w.url + "/ml/experiments/" + id + "?o=" + emulator.WorkspaceID, w.url + "/ml/experiments/" + id + "/runs?searchFilter=x", w.url + "/#/experiments/" + id,
		} {
			if state, got := d.importState("mlflow_experiment", form); state["id"] != id || got != "" {
				t.Errorf("import of %q gives %v and says %q", form, state, got)
			}
		}
	})
}

func TestExperiment_importDeleted(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	trashed := w.CreateExperiment(emulator.Admin, "/Shared/old", nil)
	w.Trash(trashed)
	got := w.direct(t, emulator.AdminToken).readImported("mlflow_experiment", trashed)
	if !strings.HasPrefix(got, "error: Could not import experiment: Experiment "+trashed+" is deleted") {
		t.Errorf("read says %q", got)
	}
}

func TestExperiment_unknownValues(t *testing.T) {
	w := newWorkspace(t)
	unitTest(t, resource.TestStep{
		Config: w.configAs(emulator.AdminToken, `default_tags = { owner = "platform", team = "none" }`, `
			resource "terraform_data" "late" { input = { name = "/Shared/churn", tag = "risk", text = "late", all = { a = "1" } } }
			resource "mlflow_experiment" "test" {
			  name        = terraform_data.late.output.name
			  description = terraform_data.late.output.text
			  tags        = { team = terraform_data.late.output.tag, stage = "dev" }
			}
			resource "mlflow_experiment" "whole" {
			  name = "/Shared/whole"
			  tags = terraform_data.late.output.all
			}
			resource "mlflow_experiment" "maybe" { # without a default, the tag may turn out to be null
			  name = "/Shared/maybe"
			  tags = { stage = terraform_data.late.output.tag }
			}`),
		ConfigPlanChecks: before(
			plancheck.ExpectUnknownValue(experimentAddress, tfjsonpath.New("name")),
			plancheck.ExpectUnknownValue(experimentAddress, tfjsonpath.New("tags_all").AtMapKey("team")),
			plancheck.ExpectKnownValue(experimentAddress, tfjsonpath.New("tags_all").AtMapKey("stage"), knownvalue.StringExact("dev")),
			plancheck.ExpectKnownValue(experimentAddress, tfjsonpath.New("tags_all").AtMapKey("owner"), knownvalue.StringExact("platform")),
			plancheck.ExpectUnknownValue("mlflow_experiment.whole", tfjsonpath.New("tags_all")),
			plancheck.ExpectUnknownValue("mlflow_experiment.maybe", tfjsonpath.New("tags_all")),
		),
		PostApplyFunc: func() {
			w.expectTags(t, "/Shared/churn", map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "mlflow.note.content": "late"})
			w.expectTags(t, "/Shared/whole", map[string]string{"a": "1", "owner": "platform", "team": "none"})
			w.expectTags(t, "/Shared/maybe", map[string]string{"stage": "risk", "owner": "platform", "team": "none"})
		},
	})
}

func TestExperiment_parents(t *testing.T) {
	w := newWorkspace(t)
	config := func(name, more string) string {
		return w.config(experimentConfig(fmt.Sprintf("name = %q\n%s", name, more)))
	}
	unitTest(t,
		resource.TestStep{
			Config:      config("/Teams/risk/churn", ""),
			ExpectError: regexp.MustCompile(`(?s)Could not create experiment.*create_parents = true`),
		},
		resource.TestStep{Config: config("/Teams/risk/churn", "create_parents = true")},
		resource.TestStep{
			Config:           config("/Workspace/Teams/fraud/churn", "create_parents = true"),
			ConfigPlanChecks: before(plancheck.ExpectResourceAction(experimentAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc:    func() { w.mustFind(t, "/Teams/fraud/churn") },
		},
		resource.TestStep{
			Config:      config("/Nowhere/churn", ""),
			ExpectError: regexp.MustCompile(`(?s)Could not rename experiment.*create_parents = true`),
		},
	)
}

func TestExperiment_manyTags(t *testing.T) {
	w := newWorkspace(t)
	config := w.config(experimentConfig(`
		name = "/Shared/churn"
		tags = merge({ for i in range(30) : "tag${i}" => "v" }, { a_long_one = join("", [for i in range(1000) : "xxxxxx"]) })`))
	unitTest(t, resource.TestStep{Config: config, PostApplyFunc: func() {
		if n := len(w.mustFind(t, "/Shared/churn").Tags); n != 31+5 {
			t.Errorf("the experiment has %d tags, want 31 and the server's 5", n)
		}
		if n := w.Count("POST", experimentCalls+"set-experiment-tag"); n != 11 {
			t.Errorf("%d tags were set one by one, want the 11 that create does not take", n)
		}
	}})
}

func TestExperiment_nameTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config map[string]any
		there  func(w *workspace) string
		want   string
		writes []string
	}{
		"by an experiment": {there: func(w *workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) },
			want: "error at name: Could not create experiment: the name is taken: There is an experiment \"/Shared/churn\" with id ID."},
		"and adopted": {config: map[string]any{"adopt_existing": true, "tags": map[string]string{"team": "risk", "same": "v"}},
			there: func(w *workspace) string {
				return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"same": "v"})
			},
			writes: []string{setTagCall}},
		"and adopted at the same location": {config: map[string]any{"adopt_existing": true, "artifact_location": "dbfs:/databricks/mlflow-tracking/ID/"},
			there: func(w *workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) }},
		"and not adopted at another location": {config: map[string]any{"adopt_existing": true, "artifact_location": "s3://bucket/a", "tags": map[string]string{"team": "risk"}},
			there: func(w *workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) },
			want:  "error at artifact_location: Could not take over experiment: Experiment \"/Shared/churn\" (ID) keeps its artifacts in"},
		"by a notebook": {there: func(w *workspace) string { return w.AddNotebookExperiment(emulator.OtherUser, "/Shared/churn") },
			want: "error at name: Could not create experiment"},
		"by a folder": {there: func(w *workspace) string { w.Mkdirs("/Shared/churn"); return "" },
			want: "error at name: Could not create experiment: Experiment \"/Shared/churn\": "},
		"by somebody in between": {there: func(w *workspace) string {
			w.Before("POST", experimentCalls+"create", func(*http.Request) {
				if _, there := w.ExperimentByName("/Shared/churn"); !there {
					w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"theirs": "yes"})
				}
			})
			return ""
		}, config: map[string]any{"tags": map[string]string{"team": "risk"}}, want: "error at name: Could not create experiment: the name is taken", writes: []string{"POST " + experimentCalls + "create"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			id := c.there(w)
			planned := map[string]any{"name": "/Shared/churn"}
			maps.Copy(planned, c.config)
			if location, ok := planned["artifact_location"].(string); ok {
				planned["artifact_location"] = strings.ReplaceAll(location, "ID", id)
			}
			w.ResetJournal()
			state, got := w.direct(t, emulator.AdminToken).create("mlflow_experiment", planned)
			if want := strings.ReplaceAll(c.want, "ID", id); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create says %q, want %q", got, want)
			}
			if c.want != "" && state != nil {
				t.Errorf("a failed create left the state %v", state)
			}
			if c.want == "" && (state["id"] != id || w.mustFind(t, "/Shared/churn").ID != id) {
				t.Errorf("adopted %v, want %s", state, id)
			}
			w.expectWrites(t, c.writes...)
		})
	}
	t.Run("the import block is ready", func(t *testing.T) {
		w := newWorkspace(t)
		id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
		_, got := w.direct(t, emulator.AdminToken).create("mlflow_experiment", map[string]any{"name": "/Shared/churn"})
		if !strings.Contains(got, "import {\n    to = mlflow_experiment.LABEL\n    id = \""+id+"\"\n  }") {
			t.Errorf("create says %q", got)
		}
	})
}

// TestExperiment_createSurvives breaks calls of a create: once the experiment is there, the resource is neither lost nor tainted.
func TestExperiment_createSurvives(t *testing.T) {
	const refused, message = 400, "no luck"
	for name, fault := range map[string]emulator.Fault{
		"create, answer lost":  {Path: experimentCalls + "create", DropAfter: true},
		"create, before":       {Path: experimentCalls + "create", DropBefore: true},
		"create, 503":          {Path: experimentCalls + "create", Status: 503},
		"the read after it":    {Method: "GET", Path: experimentCalls + "get", Status: refused, Code: "INVALID_STATE", Message: message},
		"a tag":                {Path: experimentCalls + "set-experiment-tag", Status: refused, Code: "INVALID_STATE", Message: message, Skip: 3, Times: 1000},
		"a tag, answer lost":   {Path: experimentCalls + "set-experiment-tag", DropAfter: true, Skip: 3},
		"the look, then 429":   {Path: experimentCalls + "get-by-name", Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"},
		"the look, 502 a page": {Path: experimentCalls + "get-by-name", Status: 502, RawBody: "<html>bad gateway</html>", ContentType: "text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			tags := map[string]string{}
			for i := range 25 {
				tags[fmt.Sprintf("tag%02d", i)] = "v"
			}
			config := w.config(experimentConfig("name = \"/Shared/churn\"\ntags = { for i in range(25) : format(\"tag%02d\", i) => \"v\" }"))
			w.Inject(fault)
			unitTest(t,
				resource.TestStep{Config: config, ExpectNonEmptyPlan: fault.Times > 1, PostApplyFunc: func() {
					if n := len(w.Experiments()); n != 1 || w.FaultsLeft() > 0 && fault.Times <= 1 {
						t.Errorf("%d experiments, %d faults left", n, w.FaultsLeft())
					}
				}},
				resource.TestStep{PreConfig: w.ClearFaults, Config: config, PostApplyFunc: func() {
					w.expectTags(t, "/Shared/churn", tags)
					if n := len(w.Experiments()); n != 1 {
						t.Errorf("%d experiments after the second apply", n)
					}
				}},
			)
		})
	}
}

// TestExperiment_updateSavesWhatWasDone fails one call of an update: the state tells what the server holds, and nothing else.
func TestExperiment_updateSavesWhatWasDone(t *testing.T) {
	t.Parallel()
	refuse := func(path, body string) emulator.Fault {
		return emulator.Fault{Path: path, Body: body, Status: 400, Code: "INVALID_STATE", Message: "no luck", Times: 1000}
	}
	for name, c := range map[string]struct {
		fault emulator.Fault
		want  map[string]any // the state afterwards
		said  string
	}{
		"rename": {refuse(experimentCalls+"update", ""),
			map[string]any{"name": "/Shared/churn", "tags": map[string]any{"a": "1", "b": "1"}, "description": "old"}, "error: Could not rename experiment"},
		"first tag": {refuse(experimentCalls+"set-experiment-tag", `"a"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "1", "b": "1"}, "description": "old"}, "error: Could not set tag: Tag \"a\""},
		"last tag": {refuse(experimentCalls+"set-experiment-tag", `"mlflow.note.content"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "2", "b": "1", "c": "3"}, "description": "old"}, "error: Could not set tag: Tag \"mlflow.note.content\""},
		"removal": {refuse(experimentCalls+"delete-experiment-tag", `"b"`),
			map[string]any{"name": "/Shared/new", "tags": map[string]any{"a": "2", "b": "1", "c": "3"}, "description": "new"}, "error: Could not remove tag: Tag \"b\""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t, emulator.Options{OffersTagDeletion: true})
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"a": "1", "b": "1", "mlflow.note.content": "old"}))
			both := map[string]string{"a": "1", "b": "1"}
			prior := stateOf(e, map[string]any{"tags": both, "tags_all": both, "description": "old"})
			planned := maps.Clone(prior)
			maps.Copy(planned, map[string]any{
				"name": "/Shared/new", "description": "new", "tags": map[string]string{"a": "2", "c": "3"}, "tags_all": map[string]string{"a": "2", "c": "3"},
			})
			w.Inject(c.fault)
			state, got := w.direct(t, emulator.AdminToken).apply("mlflow_experiment", prior, planned)
			if !strings.HasPrefix(got, c.said) {
				t.Errorf("update says %q, want %q", got, c.said)
			}
			for attribute, want := range c.want {
				if fmt.Sprint(state[attribute]) != fmt.Sprint(want) {
					t.Errorf("state has %s = %v, want %v", attribute, state[attribute], want)
				}
			}
			if fmt.Sprint(state["tags"]) != fmt.Sprint(state["tags_all"]) {
				t.Errorf("tags %v and tags_all %v differ", state["tags"], state["tags_all"])
			}
		})
	}
}

func TestExperiment_updateLooksFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behind func(w *workspace, id string)
		want   string
	}{
		"deleted":                  {func(w *workspace, id string) { w.Trash(id) }, "is deleted. Nothing was changed."},
		"purged":                   {func(w *workspace, id string) { w.Purge(id) }, "does not exist any more. Nothing was changed."},
		"another one under the id": {func(w *workspace, id string) { w.Recreate(id) }, "is another one now"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			c.behind(w, e.ID)
			prior := stateOf(e, nil)
			planned := maps.Clone(prior)
			planned["tags_all"], planned["tags"] = map[string]string{"a": "1"}, map[string]string{"a": "1"}
			state, got := w.direct(t, emulator.AdminToken).apply("mlflow_experiment", prior, planned)
			if !strings.HasPrefix(got, "error: Could not update experiment") || !strings.Contains(got, c.want) {
				t.Errorf("update says %q, want %q", got, c.want)
			}
			if state["name"] != "/Shared/churn" || state["tags"] != nil {
				t.Errorf("state is %v", state)
			}
			w.expectWrites(t)
		})
	}
}

func TestExperiment_readWarnsWhenGone(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	w.Trash(e.ID)
	state, got := w.direct(t, emulator.AdminToken).read("mlflow_experiment", stateOf(e, nil))
	if state != nil || !strings.HasPrefix(got, "warning: Experiment is gone: Experiment \"/Shared/churn\" ("+e.ID+") is deleted.") || !strings.Contains(got, "restore it from the Trash") {
		t.Errorf("state %v, said %q", state, got)
	}
}

// TestExperiment_errorsAreNoAbsence: only the experiment's own absence takes it out of the state.
func TestExperiment_errorsAreNoAbsence(t *testing.T) {
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
			w := newWorkspace(t)
			e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
			fault.Path = experimentCalls + "get"
			w.Inject(fault)
			state, got := w.direct(t, emulator.AdminToken).read("mlflow_experiment", stateOf(e, nil))
			if state == nil || !strings.HasPrefix(got, "error: Could not read experiment: Experiment \"/Shared/churn\" ("+e.ID+"): ") || strings.Contains(got, "<html>") {
				t.Errorf("state %v, said %q", state, got)
			}
		})
	}
}

// TestExperiment_claimed: what this process took over is not deleted under its old label.
func TestExperiment_claimed(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	d := w.direct(t, emulator.AdminToken)
	if _, got := d.create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "adopt_existing": true}); got != "" {
		t.Fatalf("adopting says %q", got)
	}
	state, got := d.apply("mlflow_experiment", stateOf(e, nil), nil)
	if state != nil || !strings.HasPrefix(got, "warning: Experiment removed from state, not deleted") {
		t.Errorf("state %v, said %q", state, got)
	}
	w.expectWrites(t)
	if slices.ContainsFunc(w.Experiments(), func(e emulator.Experiment) bool { return e.LifecycleStage == "deleted" }) {
		t.Error("the experiment was deleted")
	}
}
