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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// oddNames are unusual names that a server must return unchanged.
var oddNames = []string{
	`it's`, `the "best"`, "both ' and \"", "100% sure_", `back\slash`, "Überraschung ☃ 模型", "two  spaces", "a?b&c=d#e+f", "semi;colon, comma",
}

func lifecycle(t *testing.T, b *acctest.Backend) {
	e := b.ExperimentResource(t)
	first, second := b.Name("churn"), b.Name("churn v2")
	e.MustApply(acctest.ExperimentAttributes(first, map[string]any{
		"description": "Predicts churn", "tags": map[string]string{"team": "risk", "stage": "dev", "gone": "soon", "a b/c.d": ""},
	}))
	id := e.Text("id")
	b.ExpectExperiment(
		t,
		id,
		first,
		"active",
		map[string]string{"team": "risk", "stage": "dev", "gone": "soon", "a b/c.d": "", "mlflow.note.content": "Predicts churn"},
	)
	made := b.Experiment(t, id)
	if e.Text("artifact_location") != made.ArtifactLocation ||
		!regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(e.Text("creation_time")) ||
		!strings.HasPrefix(e.Text("url"), b.URL+"/") ||
		!strings.Contains(e.Text("url"), "experiments/"+id) {
		t.Errorf("state: got %v", e.Values())
	}

	b.SetTag(t, id, "foreign", "theirs")
	changed := acctest.ExperimentAttributes(
		second,
		map[string]any{"description": "Predicts churn better", "tags": map[string]string{"team": "fraud", "stage": "dev", "new": "yes"}},
	)
	if p := e.Plan(changed); p.Action != "update" || !slices.Equal(p.Changed, []string{"description", "name", "tags", "tags_all"}) {
		t.Errorf("got planned action %s, changed attributes %v", p.Action, p.Changed)
	}
	blanked := ""
	if !b.DeletesTags {
		blanked = "warning: Tags cleared, not removed: "
	}
	acctest.ExpectDiagnostics(t, e.Apply(changed), blanked)
	left := map[string]string{
		"team":                "fraud",
		"stage":               "dev",
		"new":                 "yes",
		"foreign":             "theirs",
		"mlflow.note.content": "Predicts churn better",
	}
	b.ExpectExperiment(t, id, second, "active", b.TagsAfterRemoval(left, "gone", "a b/c.d"))

	acctest.ExpectDiagnostics(t, e.Apply(acctest.ExperimentAttributes(second, nil)), blanked) // nothing declared: nothing managed
	left = b.TagsAfterRemoval(map[string]string{"foreign": "theirs"}, "gone", "a b/c.d", "team", "stage", "new", "mlflow.note.content")
	b.ExpectExperiment(t, id, second, "active", left)
	if e.Values()["tags"] != nil || e.Values()["description"] != nil {
		t.Errorf("state: got %v", e.Values())
	}
	acctest.ExpectDiagnostics(t, e.Destroy(), "")
	if b.Experiment(t, id).Stage != "deleted" || e.Values() != nil {
		t.Errorf("after destroy: got experiment %+v and state %v", b.Experiment(t, id), e.Values())
	}
}

func drift(t *testing.T, b *acctest.Backend) {
	e := b.Provider(t, map[string]any{"default_tags": map[string]string{"owner": "platform"}}).Resource("mlflow_experiment")
	name := b.Name("drift")
	config := acctest.ExperimentAttributes(
		name,
		map[string]any{"description": "Predicts churn", "tags": map[string]string{"team": "risk", "stage": "dev"}},
	)
	e.MustApply(config)
	id := e.Text("id")
	b.SetTag(t, id, "foreign", "theirs")
	b.SetTag(t, id, "mlflow.experimentKind", "genai_development")
	e.ExpectEmptyPlan(config)

	set := func(key string) func() { return func() { b.SetTag(t, id, key, "changed") } }
	drop := func(key string) func() {
		return func() {
			b.ChangeExperiment(t, "delete-experiment-tag", map[string]any{"experiment_id": id, "key": key})
		}
	}
	for what, c := range map[string]struct {
		behind   func()
		changed  []string
		deletion bool
	}{
		"a tag's value":           {behind: set("team"), changed: []string{"tags", "tags_all"}},
		"a default tag's value":   {behind: set("owner"), changed: []string{"tags_all"}},
		"the description":         {behind: set("mlflow.note.content"), changed: []string{"description"}},
		"an empty description":    {behind: func() { b.SetTag(t, id, "mlflow.note.content", "") }, changed: []string{"description"}},
		"a removed tag":           {behind: drop("stage"), changed: []string{"tags", "tags_all"}, deletion: true},
		"a removed default tag":   {behind: drop("owner"), changed: []string{"tags_all"}, deletion: true},
		"the removed description": {behind: drop("mlflow.note.content"), changed: []string{"description"}, deletion: true},
		"the name": {behind: func() {
			b.ChangeExperiment(t, "update", map[string]any{"experiment_id": id, "new_name": b.Name("renamed")})
		}, changed: []string{"name"}},
	} {
		if c.deletion && !b.DeletesTags {
			continue
		}
		c.behind()
		acctest.ExpectDiagnostics(t, e.Refresh(), "")
		if p := e.Plan(config); p.Action != "update" || !slices.Equal(p.Changed, c.changed) {
			t.Errorf("%s: got planned action %s, changed attributes %v, want %v", what, p.Action, p.Changed, c.changed)
		}
		e.MustApply(config)
		b.ExpectExperiment(
			t,
			id,
			name,
			"active",
			map[string]string{"team": "risk", "stage": "dev", "owner": "platform", "foreign": "theirs", "mlflow.note.content": "Predicts churn"},
		)
	}
}

func deletedOutside(t *testing.T, b *acctest.Backend) {
	e := b.ExperimentResource(t)
	name := b.Name("deleted")
	e.MustApply(acctest.ExperimentAttributes(name, nil))
	id := e.Text("id")
	b.DeleteExperiment(t, id)
	acctest.ExpectDiagnostics(
		t,
		e.Refresh(),
		`warning: Experiment not found, removed from state: Experiment "`+name+`" (ID `+id+`) is deleted.`,
	)
	if e.Values() != nil {
		t.Fatalf("state: got %v", e.Values())
	}
	if b.ReservesNames {
		acctest.ExpectDiagnostics(
			t,
			e.Apply(acctest.ExperimentAttributes(name, nil)),
			"error at name: Could not create experiment: name reserved by a deleted experiment",
			`if_deleted = "restore"`,
		)
		acctest.ExpectDiagnostics(t, e.Apply(acctest.ExperimentAttributes(name, map[string]any{"if_deleted": "restore"})), "")
		if e.Text("id") != id {
			t.Errorf("restored: got %s, want %s", e.Text("id"), id)
		}
	} else {
		e.MustApply(acctest.ExperimentAttributes(name, nil))
		if e.Text("id") == id {
			t.Errorf("experiment: got %s again, want a new one", id)
		}
	}
	b.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{})
	e.Provider = e.Restart()
	destruction := e.Plan(nil)
	b.DeleteExperiment(t, e.Text("id")) // an experiment that is deleted between plan and apply is not an error
	if diags := e.ApplyPlan(destruction, nil); diags != "" || e.Values() != nil {
		t.Errorf("destroy: got diagnostics %q", diags)
	}
}

func freeText(t *testing.T, b *acctest.Backend) {
	d := b.Provider(t, nil)
	for _, odd := range oddNames {
		e := d.Resource("mlflow_experiment")
		name := b.Name(odd)
		if b.Prefix == "" {
			name = " " + name + " " // free text may begin and end with spaces
		}
		e.MustApply(acctest.ExperimentAttributes(name, nil))
		b.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{})
		found, diags := d.ReadDataSource("mlflow_experiment", map[string]any{"name": name})
		if found["id"] != e.Text("id") || diags != "" {
			t.Errorf("data source: got %v for %q and diagnostics %q", found["id"], name, diags)
		}
		again := d.Resource("mlflow_experiment")
		if diags := again.Import("name=" + name); diags != "" || again.Text("id") != e.Text("id") {
			t.Errorf("import of %q: got %v and diagnostics %q", name, again.Values(), diags)
		}
		e.MustApply(acctest.ExperimentAttributes(name+"!", nil))
		b.ExpectExperiment(t, e.Text("id"), name+"!", "active", map[string]string{})
	}
}

// tagLimits checks that the plan rejects exactly the tags that the server rejects.
func tagLimits(t *testing.T, b *acctest.Backend) {
	name := b.Name("tags")
	id := b.CreateExperiment(t, name, nil)
	server := func(key, value string) bool { // some servers cut a value that is too long
		status, _ := b.Do(
			t,
			"POST",
			acctest.ExperimentsPath+"set-experiment-tag",
			map[string]any{"experiment_id": id, "key": key, "value": value},
		)
		return status == http.StatusOK && b.Experiment(t, id).TagMap()[key] == value
	}
	through, relay := newRelayBackend(t, b)
	e := through.ExperimentResource(t)
	for key, value := range b.RejectedTags {
		relay.reset()
		diags := e.Plan(acctest.ExperimentAttributes(b.Name("bad"), map[string]any{"tags": map[string]string{key: value}})).Diagnostics
		if !strings.HasPrefix(diags, "error at tags: Invalid tag: ") {
			t.Errorf("the plan of the tag %.60q: got diagnostics %q", key, diags)
		}
		if server(key, value) {
			t.Errorf("the server takes the tag %.60q", key)
		}
		if seen := relay.seen(); len(seen) != 0 {
			t.Errorf("the plan called %q", seen)
		}
	}
	for key, value := range map[string]string{
		"plain": "x", "a b": "x", "a.b-c_d/e f": "x", "ключ": "значение ☃", "é": "x", "blank": "", strings.Repeat("k", 250): "x",
		"long": strings.Repeat("v", b.MaxTagValue),
	} {
		if p := e.Plan(acctest.ExperimentAttributes(b.Name("good"),
			map[string]any{"tags": map[string]string{key: value}})); p.Action != "create" ||
			!server(key, value) {
			t.Errorf("the tag %.60q: plan: got diagnostics %q, and the server rejects it", key, p.Diagnostics)
		}
	}
}

func manyTags(t *testing.T, b *acctest.Backend) {
	tags := map[string]string{"long": strings.Repeat("☃", 5000)}
	for i := range 45 {
		tags[fmt.Sprintf("key/%d", i)] = fmt.Sprint(i)
	}
	e := b.ExperimentResource(t)
	name := b.Name("many")
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": tags}))
	b.ExpectExperiment(t, e.Text("id"), name, "active", tags)
}

func imports(t *testing.T, b *acctest.Backend) {
	name := b.Name("imported")
	id := b.CreateExperiment(
		t,
		name,
		map[string]string{
			"team":                  "risk",
			"owner":                 "platform",
			"mlflow.note.content":   "Predicts churn",
			"mlflow.experimentKind": "genai_development",
		},
	)
	d := b.Provider(t, map[string]any{"default_tags": map[string]string{"owner": "platform"}})
	config := acctest.ExperimentAttributes(name, map[string]any{"description": "Predicts churn", "tags": map[string]string{"team": "risk"}})
	for _, form := range []string{id, "name=" + name, b.URL + "/#/experiments/" + id,
		b.URL + "/#/experiments/" + id + "/runs?searchFilter=x"} {
		e := d.Resource("mlflow_experiment")
		acctest.ExpectDiagnostics(t, e.Import(form), "")
		if e.Text("id") != id || e.Text("description") != "Predicts churn" || fmt.Sprint(e.Values()["tags"]) != "map[team:risk]" {
			t.Errorf("import of %q: got %v", form, e.Values())
		}
		e.ExpectEmptyPlan(config)
	}
	for form, want := range map[string]string{
		"987654321":                             "error: Could not import experiment: Experiment 987654321 was not found",
		"name=" + name + "?":                    "error: Could not import experiment: ",
		"https://elsewhere/#/experiments/" + id: "error: Could not import experiment: ",
		"neither":                               "error: Invalid import ID: ",
	} {
		acctest.ExpectDiagnostics(t, d.Resource("mlflow_experiment").Import(form), want)
	}
	b.DeleteExperiment(t, id)
	acctest.ExpectDiagnostics(
		t,
		d.Resource("mlflow_experiment").Import(id),
		"error: Could not import experiment: Experiment "+id+" is deleted",
	)
}

func tagResource(t *testing.T, b *acctest.Backend) {
	name := b.Name("tagged")
	id := b.CreateExperiment(t, name, map[string]string{"team": "theirs", "other": "stays"})
	d := b.Provider(t, nil)
	tag := d.Resource("mlflow_experiment_tag")
	config := func(value string) map[string]any {
		return map[string]any{"experiment_id": id, "key": "team", "value": value}
	}
	acctest.ExpectDiagnostics(t, tag.Apply(config("ours")), "warning: Existing experiment tag adopted", `"theirs"`)
	b.SetTag(t, id, "team", "changed")
	acctest.ExpectDiagnostics(t, tag.Refresh(), "")
	if p := tag.Plan(config("ours")); !slices.Equal(p.Changed, []string{"value"}) {
		t.Errorf("got planned action %s, changed attributes %v", p.Action, p.Changed)
	}
	tag.MustApply(config("ours"))
	b.ExpectExperiment(t, id, name, "active", map[string]string{"team": "ours", "other": "stays"})
	imported := d.Resource("mlflow_experiment_tag")
	acctest.ExpectDiagnostics(t, imported.Import(id+"/team"), "")
	imported.ExpectEmptyPlan(config("ours"))
	blank := ""
	if !b.DeletesTags {
		blank = "warning: Experiment tag cleared, not removed"
	}
	acctest.ExpectDiagnostics(t, tag.Destroy(), blank)
	b.ExpectExperiment(t, id, name, "active", b.TagsAfterRemoval(map[string]string{"other": "stays"}, "team"))
	acctest.ExpectDiagnostics(t, imported.Refresh(), "warning: Experiment tag not found, removed from state")
}

// lostResponse loses the response to a successful create: the provider finds the experiment, and creates no second one.
func lostResponse(t *testing.T, b *acctest.Backend) {
	through, relay := newRelayBackend(t, b)
	relay.interceptPath(acctest.ExperimentsPath+"create", loseResponse())
	e := through.ExperimentResource(t)
	name := b.Name("lost")
	relay.reset()
	e.MustApply(acctest.ExperimentAttributes(name, map[string]any{"tags": map[string]string{"team": "risk"}}))
	b.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{"team": "risk"})
	if creates := len(slices.DeleteFunc(relay.seen(),
		func(c string) bool { return c != "POST "+acctest.ExperimentsPath+"create" })); creates != 1 {
		t.Errorf("%d creates", creates)
	}
}

// throughCLI checks the most important operations through the CLI: an import block, generated configuration, dependent resources, and an
// empty plan after each apply.
func throughCLI(t *testing.T, b *acctest.Backend) {
	provider := hcl(b.ProviderConfig(nil))
	name, imported := b.Name("cli"), b.Name("cli imported")
	id := b.CreateExperiment(t, imported, map[string]string{"team": "risk"})
	config := func(description string) string {
		return provider + fmt.Sprintf(`
resource "mlflow_experiment" "test" {
  name        = %q
  description = %q
  tags        = { team = "risk" }
}
resource "mlflow_experiment_tag" "test" {
  experiment_id = mlflow_experiment.test.id
  key           = "model/stage"
  value         = "dev"
}
data "mlflow_experiments" "test" {
  name_prefix = mlflow_experiment.test.name
}
`, name, description)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: secretCheckerFactories(t),
		Steps: []resource.TestStep{
			{
				Config:            config("first"),
				ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("description", knownvalue.StringExact("first"))},
			},
			{
				Config:           config("second"),
				ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress, "description")),
			},
			{
				Config: provider, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
				ImportStateId: id, ResourceName: acctest.ExperimentAddress,
			},
			{
				Config:           config("second"),
				ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
			},
		},
	})
	b.ExpectExperiment(t, id, imported, "active", map[string]string{"team": "risk"})
}

// hcl returns a provider block with these settings.
func hcl(settings map[string]any) string {
	var s strings.Builder
	s.WriteString("provider \"mlflow\" {\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if text, ok := settings[name].(string); ok {
			fmt.Fprintf(&s, "  %s = %q\n", name, text)
		} else {
			fmt.Fprintf(&s, "  %s = %v\n", name, settings[name])
		}
	}
	return s.String() + "}\n"
}
