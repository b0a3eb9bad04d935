package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// adopting is the configuration of a block that takes over what has the name.
func adopting(more map[string]any) map[string]any {
	config := attributes("/Shared/churn", map[string]any{"adopt_existing": true})
	maps.Copy(config, more)
	return config
}

// TestExperiment_relabelled deletes an experiment for one block and creates one of the same name for another, in the same process: so it
// goes when a block gets another label without a moved block, and when a resource is replaced.
func TestExperiment_relabelled(t *testing.T) {
	t.Parallel()
	const restored = "warning: Experiment was deleted and restored: Experiment \"/Shared/churn\" (ID) was deleted by another block"
	for name, c := range map[string]struct {
		options emulator.Options
		config  map[string]any
		behind  func(w *workspace, id string)
		says    string
		fresh   bool // another experiment is made
		// elsewhere: the experiment is left under another name.
		elsewhere bool
	}{
		"taken back":                      {config: adopting(nil), says: restored},
		"taken back at its location":      {config: adopting(map[string]any{"artifact_location": "dbfs:/databricks/mlflow-tracking/ID/"}), says: restored},
		"taken back, and its tags set":    {config: adopting(map[string]any{"tags": map[string]string{"team": "fraud"}}), says: restored},
		"taken back where the name stays": {config: adopting(nil), options: emulator.Options{DeletedKeepName: true}, says: restored},
		"another spelling":                {config: adopting(map[string]any{"name": "/Workspace/Shared/churn/"}), says: "warning: Experiment was deleted and restored: Experiment \"/Workspace/Shared/churn/\" (ID) was deleted"},
		"not without adopt_existing":      {config: attributes("/Shared/churn", nil), fresh: true},
		"not for another location":        {config: adopting(map[string]any{"artifact_location": "s3://bucket/a"}), fresh: true},
		"not when it is to be superseded": {config: adopting(map[string]any{"if_deleted": "supersede"}), fresh: true},
		"not another name":                {config: adopting(map[string]any{"name": "/Shared/other"}), fresh: true},
		"renamed back":                    {config: adopting(nil), behind: comesBackElsewhere, says: restored},
		"renaming back fails, and is planned": {config: adopting(nil), says: restored, elsewhere: true, behind: func(w *workspace, id string) {
			comesBackElsewhere(w, id)
			w.Inject(emulator.Fault{Path: experimentCalls + "update", Status: 400, Code: "INVALID_STATE", Message: "no luck"})
		}},
		"restoring fails": {config: adopting(nil), says: "error: Could not restore experiment: Experiment \"/Shared/churn\" (ID): ", behind: func(w *workspace, _ string) {
			w.Inject(emulator.Fault{Path: experimentCalls + "restore", Status: 400, Code: "INVALID_STATE", Message: "no luck"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t, c.options)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk"})
			e, _ := w.Experiment(id)
			if location, ok := c.config["artifact_location"].(string); ok {
				c.config["artifact_location"] = strings.ReplaceAll(location, "ID", id)
			}
			if c.behind != nil {
				c.behind(w, id)
			}
			d := w.direct(t, emulator.AdminToken)
			if left, got := d.apply("mlflow_experiment", stateOf(e, nil), nil); left != nil || got != "" {
				t.Fatalf("delete leaves %v and says %q", left, got)
			}
			state, got := d.create("mlflow_experiment", c.config)
			want := strings.ReplaceAll(c.says, "ID", id)
			if want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create says %q, want %q", got, want)
			}
			now, _ := w.Experiment(id)
			switch {
			case isError(want):
				if state != nil || len(w.Experiments()) != 1 {
					t.Errorf("state %v, experiments %+v", state, w.Experiments())
				}
			case c.fresh:
				if state["id"] == id || now.LifecycleStage != "deleted" {
					t.Errorf("state %v, the old one is %+v", state, now)
				}
			case state["id"] != id || now.LifecycleStage != "active" || len(w.Experiments()) != 1:
				t.Errorf("state %v, the experiment is %+v of %d", state, now, len(w.Experiments()))
			}
			if back := now.Name == "/Shared/churn"; !c.fresh && !isError(want) && back == c.elsewhere {
				t.Errorf("the experiment is called %s", now.Name)
			}
			if team, _ := now.Tag("team"); c.config["tags"] != nil && team != "fraud" {
				t.Errorf("the tag is %q", team)
			}
		})
	}
}

// comesBackElsewhere has a restored experiment stay under another name.
func comesBackElsewhere(w *workspace, id string) {
	w.Before("GET", experimentCalls+"get", func(*http.Request) {
		if e, _ := w.Experiment(id); e.LifecycleStage == "active" && w.Count("POST", experimentCalls+"restore") == 1 && w.Count("POST", experimentCalls+"update") == 0 {
			w.Rename(id, "/Users/ben@example.com/Trash-churn")
		}
	})
}

// TestExperiment_relabelledAtOnce has the two blocks come at the same time, as the CLI does: the experiment outlives it in any order.
func TestExperiment_relabelledAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	for i := range 20 {
		name := fmt.Sprintf("/Shared/churn-%d", i)
		e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, name, nil))
		d := w.direct(t, emulator.AdminToken)
		var both sync.WaitGroup
		both.Go(func() { d.apply("mlflow_experiment", stateOf(e, nil), nil) })
		both.Go(func() {
			if state, got := d.create("mlflow_experiment", adopting(map[string]any{"name": name})); state["id"] != e.ID {
				t.Errorf("%s became %v, said %q", e.ID, state, got)
			}
		})
		both.Wait()
		if now, _ := w.Experiment(e.ID); now.LifecycleStage != "active" || now.Name != name {
			t.Errorf("the experiment is %+v", now)
		}
	}
	if n := len(w.Experiments()); n != 20 {
		t.Errorf("%d experiments", n)
	}
}

// TestExperiment_relabelNotDeleted: what could not be deleted for the old block is not taken over by the new one, or else the next apply, which
// tries again, would delete it.
func TestExperiment_relabelNotDeleted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault emulator.Fault
		run   bool
	}{
		"refused":   {fault: emulator.Fault{Path: experimentCalls + "delete", Status: 400, Code: "INVALID_STATE", Message: "no luck"}},
		"unclear":   {fault: emulator.Fault{Path: experimentCalls + "get", Status: 400, Code: "INVALID_STATE", Message: "no luck", Times: 1}},
		"not empty": {run: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
			e, _ := w.Experiment(id)
			if c.run {
				w.AddRun(id)
			}
			if c.fault.Path != "" {
				w.Inject(c.fault)
			}
			d := w.direct(t, emulator.AdminToken)
			if left, got := d.apply("mlflow_experiment", stateOf(e, nil), nil); left == nil || !isError(got) {
				t.Fatalf("delete leaves %v and says %q", left, got)
			}
			state, got := d.create("mlflow_experiment", adopting(nil))
			if want := "error at adopt_existing: Could not take over experiment: Experiment \"/Shared/churn\" (" + id + ") is still managed by a resource"; state != nil || !strings.HasPrefix(got, want) {
				t.Errorf("create gives %v and says %q, want %q", state, got, want)
			}
			if n := len(w.writes()); c.fault.Path != experimentCalls+"delete" && n > 0 {
				t.Errorf("%v were made", w.writes())
			}
			w.ClearFaults()
			d = w.direct(t, emulator.AdminToken) // the next apply is another process
			_, _ = d.apply("mlflow_experiment", stateOf(e, map[string]any{"deletion_policy": "delete"}), nil)
			if state, _ := d.create("mlflow_experiment", adopting(nil)); state["id"] != id {
				t.Errorf("the next apply gives %v, not %s", state, id)
			}
		})
	}
}

// TestExperiment_inStateTwice: an apply that was killed after the new block took the experiment over, and before the old one forgot it, leaves both
// in the state. No plan deletes it then.
func TestExperiment_inStateTwice(t *testing.T) {
	w := newWorkspace(t)
	config := func(labels ...string) string {
		var blocks strings.Builder
		for _, label := range labels {
			fmt.Fprintf(&blocks, "resource \"mlflow_experiment\" %q {\n  name = \"/Shared/churn\"\n  adopt_existing = true\n}\n", label)
		}
		return w.config(blocks.String())
	}
	refused := regexp.MustCompile(`(?s)managed by two resources.*terraform state rm`)
	unitTest(t,
		resource.TestStep{Config: config("old")},
		resource.TestStep{Config: config("old", "new"), ExpectError: regexp.MustCompile("Duplicate experiment name")},
		resource.TestStep{Config: config("old", "new") + fmt.Sprintf("import {\n  to = mlflow_experiment.new\n  id = %q\n}\n", "name=/Shared/churn")},
		resource.TestStep{Config: config("new"), ExpectError: refused},
		resource.TestStep{Config: config("old"), ExpectError: refused},
		resource.TestStep{
			Config: config("new") + "removed {\n  from = mlflow_experiment.old\n  lifecycle {\n    destroy = false\n  }\n}\n",
			PostApplyFunc: func() {
				if e, found := w.ExperimentByName("/Shared/churn"); !found || e.LifecycleStage != "active" || len(w.Experiments()) != 1 {
					t.Errorf("the experiment is %+v", e)
				}
			},
		},
	)
}

// TestExperiment_relabelPlanned: the plan warns of what only looks like another experiment.
func TestExperiment_relabelPlanned(t *testing.T) {
	t.Parallel()
	const warning = "warning: Experiment would be deleted and recreated"
	for name, c := range map[string]struct {
		state, config map[string]any
		warned        bool
	}{
		"the same name":         {config: attributes("/Shared/churn", nil), warned: true},
		"another spelling":      {config: attributes("/Workspace/Shared/churn", nil), warned: true},
		"another name":          {config: attributes("/Shared/other", nil)},
		"to be taken over":      {config: adopting(nil)},
		"the old one is kept":   {config: attributes("/Shared/churn", nil), state: map[string]any{"deletion_policy": "retain"}},
		"nothing is to be made": {},
	} {
		for _, creates := range []string{"first", "last"} {
			t.Run(name+", created "+creates, func(t *testing.T) {
				w := newWorkspace(t)
				e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil))
				d := w.direct(t, emulator.AdminToken)
				var says []string
				plan := func() {
					if c.config != nil {
						says = append(says, d.plan("mlflow_experiment", c.config))
					}
				}
				if creates == "first" {
					plan()
				}
				says = append(says, planDelete(d, "mlflow_experiment", stateOf(e, c.state)))
				if creates == "last" {
					plan()
				}
				if last := says[len(says)-1]; strings.HasPrefix(last, warning) != c.warned || !c.warned && lines(says) != "" {
					t.Errorf("planned says %q", says)
				}
			})
		}
	}
}

// TestExperiment_namesPlanned plans two resources that are about one name, in both orders.
func TestExperiment_namesPlanned(t *testing.T) {
	t.Parallel()
	const (
		duplicate = "error at name: Duplicate experiment name: "
		inUse     = "error: Experiment name is still in use: "
	)
	rename := func(from, to string) func(w *workspace, d *direct) string {
		return func(w *workspace, d *direct) string {
			e, _ := w.ExperimentByName(from)
			_, _, says := d.change("mlflow_experiment", stateOf(e, nil), attributes(to, nil))
			return says
		}
	}
	create := func(config map[string]any) func(w *workspace, d *direct) string {
		return func(_ *workspace, d *direct) string { return d.plan("mlflow_experiment", config) }
	}
	destroy := func(name string) func(w *workspace, d *direct) string {
		return func(w *workspace, d *direct) string {
			e, _ := w.ExperimentByName(name)
			return planDelete(d, "mlflow_experiment", stateOf(e, nil))
		}
	}
	for name, c := range map[string]struct {
		one, other func(w *workspace, d *direct) string
		want       string
	}{
		"two creates, two spellings":         {create(adopting(nil)), create(adopting(map[string]any{"name": "/Workspace/Shared/churn/"})), duplicate},
		"two creates that adopt nothing":     {create(attributes("/Shared/new", nil)), create(attributes("/Shared/new", nil)), duplicate},
		"two creates, two names":             {create(attributes("/Shared/new", nil)), create(attributes("/Shared/New", nil)), ""},
		"one is there":                       {rename("/Shared/churn", "/Shared/churn"), create(adopting(nil)), duplicate},
		"two get one name":                   {rename("/Shared/churn", "/Shared/new"), rename("/Shared/fraud", "/Shared/new"), duplicate},
		"renamed to what is there":           {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/fraud"), duplicate},
		"renamed to what is created":         {rename("/Shared/churn", "/Shared/new"), create(attributes("/Shared/new", nil)), duplicate},
		"swapped":                            {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/churn"), inUse},
		"one moves up":                       {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/new"), inUse},
		"a new one gets a name that is left": {rename("/Shared/churn", "/Shared/new"), create(adopting(nil)), inUse},
		"renamed to what is deleted":         {rename("/Shared/churn", "/Shared/fraud"), destroy("/Shared/fraud"), inUse},
		"two renames":                        {rename("/Shared/churn", "/Shared/new"), rename("/Shared/fraud", "/Shared/newer"), ""},
		"upper case":                         {rename("/Shared/churn", "/Shared/Churn"), rename("/Shared/fraud", "/Shared/FRAUD"), ""},
	} {
		for _, order := range []string{"one first", "the other first"} {
			t.Run(name+", "+order, func(t *testing.T) {
				w := newWorkspace(t)
				w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
				w.CreateExperiment(emulator.OtherUser, "/Shared/fraud", nil)
				d := w.direct(t, emulator.AdminToken)
				first, second := c.one, c.other
				if order != "one first" {
					first, second = second, first
				}
				if got := first(w, d); got != "" {
					t.Errorf("the first plan says %q", got)
				}
				expectSays(t, second(w, d), c.want)
			})
		}
	}
}

// TestExperiment_takenTwice applies two resources that take one experiment, which a plan without their names can't know.
func TestExperiment_takenTwice(t *testing.T) {
	t.Parallel()
	const refused = "error at name: Experiment is managed by two resources: Experiment \"/Shared/churn\" (ID) was created, adopted, or changed by another resource"
	for name, c := range map[string]struct {
		there      bool // before the apply
		one, other map[string]any
	}{
		"both adopt":         {true, adopting(nil), adopting(map[string]any{"name": "/Workspace/Shared/churn"})},
		"created, adopted":   {false, attributes("/Shared/churn", nil), adopting(nil)},
		"created, and again": {false, attributes("/Shared/churn", nil), attributes("/Shared/churn", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			if c.there {
				w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
			}
			d := w.direct(t, emulator.AdminToken)
			state, got := d.create("mlflow_experiment", c.one)
			if state == nil || got != "" {
				t.Fatalf("the first one is %v and says %q", state, got)
			}
			other, got := d.apply("mlflow_experiment", nil, planned(c.other))
			if want := strings.ReplaceAll(refused, "ID", fmt.Sprint(state["id"])); other != nil || !strings.HasPrefix(got, want) {
				t.Errorf("the other one is %v and says %q", other, got)
			}
		})
	}
}

// planned is a configuration with what only the apply makes known.
func planned(config map[string]any) map[string]any {
	values := map[string]any{"tags_all": map[string]string{}}
	for _, name := range []string{"id", "artifact_location", "creation_time", "url"} {
		values[name] = tftypes.UnknownValue
	}
	maps.Copy(values, config)
	return values
}

// TestExperiment_namesHandedOver refuses names that are handed over within one plan, and does it in two applies.
func TestExperiment_namesHandedOver(t *testing.T) {
	w := newWorkspace(t)
	config := func(one, other string) string {
		return w.config(fmt.Sprintf("resource \"mlflow_experiment\" \"one\" {\n  name = %q\n}\nresource \"mlflow_experiment\" \"other\" {\n  name = %q\n}\n", one, other))
	}
	inUse := regexp.MustCompile(`(?s)name is still in use.*two\s[│\s]*applies`)
	unitTest(t,
		resource.TestStep{Config: config("/Shared/a", "/Shared/b")},
		resource.TestStep{Config: config("/Shared/b", "/Shared/a"), ExpectError: inUse},
		resource.TestStep{Config: config("/Shared/b", "/Shared/c"), ExpectError: inUse},
		resource.TestStep{Config: config("/Shared/a", "/Shared/c")},
		resource.TestStep{Config: config("/Shared/b", "/Shared/c")},
		resource.TestStep{Config: config("/Shared/B", "/Shared/C"), PostApplyFunc: func() {
			w.mustFind(t, "/Shared/B")
			w.mustFind(t, "/Shared/C")
			if n := len(w.Experiments()); n != 2 {
				t.Errorf("%d experiments", n)
			}
		}},
	)
}

// TestExperiment_replacedByHand replaces through the CLI, in both orders, what nobody changed.
func TestExperiment_replacedByHand(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"foreign": "theirs"})
	config := func(label, trigger string, createFirst bool) string {
		return w.config(fmt.Sprintf(`
			resource "terraform_data" "trigger" { input = %q }
			resource "mlflow_experiment" %q {
			  name           = "/Shared/churn"
			  adopt_existing = true
			  lifecycle {
			    replace_triggered_by  = [terraform_data.trigger]
			    create_before_destroy = %t
			  }
			}`, trigger, label, createFirst))
	}
	survived := func() {
		if e, _ := w.Experiment(id); e.LifecycleStage != "active" || e.Name != "/Shared/churn" || len(w.Experiments()) != 1 {
			t.Errorf("the experiment is %+v of %d", e, len(w.Experiments()))
		}
	}
	replaces := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return before(plancheck.ExpectResourceAction("mlflow_experiment.test", action))
	}
	unitTest(t,
		resource.TestStep{Config: config("test", "a", false), PostApplyFunc: survived},
		resource.TestStep{
			Config: config("test", "b", false), ConfigPlanChecks: replaces(plancheck.ResourceActionDestroyBeforeCreate), PostApplyFunc: survived,
		},
		resource.TestStep{
			Config: config("test", "c", true), ConfigPlanChecks: replaces(plancheck.ResourceActionCreateBeforeDestroy), PostApplyFunc: survived,
		},
		resource.TestStep{Taint: []string{"mlflow_experiment.test"}, Config: config("test", "c", false), PostApplyFunc: survived},
		resource.TestStep{ // without adopt_existing the new one can't be made, and so the old one stays
			Config:      strings.Replace(config("test", "d", true), "adopt_existing = true", "", 1),
			ExpectError: regexp.MustCompile("the name is taken"),
		},
		resource.TestStep{PreConfig: survived, Config: config("other", "d", false), PostApplyFunc: survived},
	)
}

// planDelete plans to destroy a resource, and gives what the person is told.
func planDelete(d *direct, kind string, state map[string]any) string {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	resp, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, state), Config: d.encode(schema, nil), ProposedNewState: d.encode(schema, nil),
	})
	d.check(err)
	return told(resp.Diagnostics)
}
