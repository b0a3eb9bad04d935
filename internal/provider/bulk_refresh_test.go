package provider_test

import (
	"fmt"
	"maps"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	experimentKind  = "mlflow_experiment"
	tagKind         = "mlflow_experiment_tag"
	permissionsKind = "mlflow_experiment_permissions"
)

// TestBulkRefresh_calls counts the requests of a refresh of the oldest experiments of a workspace without changes.
func TestBulkRefresh_calls(t *testing.T) {
	t.Parallel()
	const host = "databricks-config"
	for _, tc := range []struct {
		name          string
		size, managed int
		bulk, all     bool // all: with three tags and the permissions of each
		want          map[string]int
	}{
		{
			name: "200 of 200 with tags and permissions", size: 200, managed: 200, bulk: true, all: true,
			want: map[string]int{"get": 7, "search": 1, "permissions": 200, host: 1},
		},
		{
			name: "the same without bulk refresh", size: 200, managed: 200, all: true,
			want: map[string]int{"get": 200, "permissions": 200, host: 1},
		},
		{name: "3 of 20,000", size: 20000, managed: 3, bulk: true, want: map[string]int{"get": 3, host: 1}},
		{name: "50 of 20,000", size: 20000, managed: 50, bulk: true, want: map[string]int{"get": 50, "search": 6, host: 1}},
		{name: "50 of 20,000 without bulk refresh", size: 20000, managed: 50, want: map[string]int{"get": 50, host: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, emulator.Options{Seed: tc.size})
			first := command(t, w, false)
			var experiments, rest []managed
			for _, id := range oldest(w, tc.managed) {
				experiments = append(experiments, manageExperiment(first, id))
				if tc.all {
					w.SetTag(id, "cost-center", "4711")
					rest = append(rest, manageTag(first, id, "team"), manageTag(first, id, "stage"), managePermissions(first, id))
					rest = append(rest, manageTag(command(t, w, false), id, "cost-center"))
				}
			}
			w.ResetJournal()
			second := command(t, w, tc.bulk)
			refreshAll(second, experiments) // what refers to them waits for them
			refreshAll(second, rest)
			if got := routes(w); !maps.Equal(got, tc.want) {
				t.Errorf("requests: got %v, want %v", got, tc.want)
			}
		})
	}
}

// otherExperiments is the number of experiments that are read before the one under test, enough for the first page.
const otherExperiments = 12

// target is an experiment under test with its tag and its permissions, together with other experiments.
type target struct {
	*acctest.Workspace
	id       string
	others   []managed
	resource map[string]managed // by kind
}

func newTarget(t *testing.T) *target {
	t.Helper()
	w := acctest.NewWorkspace(t, emulator.Options{Seed: 2 * otherExperiments})
	ids := oldest(w, otherExperiments+1)
	x := &target{Workspace: w, id: ids[otherExperiments], resource: map[string]managed{}}
	w.SetTag(x.id, "mlflow.note.content", "Churn, weekly.")
	w.SetTag(x.id, "cost-center", "4711")
	x.importAll(t, ids[:otherExperiments])
	return x
}

// importAll imports the target, and the experiments with these IDs.
func (x *target) importAll(t *testing.T, ids []string) {
	t.Helper()
	d := command(t, x.Workspace, false)
	for _, id := range ids {
		x.others = append(x.others, manageExperiment(d, id))
	}
	x.resource[experimentKind] = manageExperiment(d, x.id)
	x.resource[tagKind] = manageTag(d, x.id, "cost-center")
	x.resource[permissionsKind] = managePermissions(d, x.id)
}

// outcome is the result of the refresh of a resource.
type outcome struct {
	before, after map[string]any
	diags         string
}

// refresh refreshes everything in a new provider, and returns the outcomes of the target's resources by kind.
func (x *target) refresh(t *testing.T, bulk bool) map[string]outcome {
	t.Helper()
	d := command(t, x.Workspace, bulk)
	x.ResetJournal()
	refreshAll(d, x.others)
	if pages := x.Count("", acctest.ExperimentsPath+"search"); bulk && pages != 1 || !bulk && pages != 0 {
		t.Fatalf("%d pages were read", pages)
	}
	outcomes := map[string]outcome{}
	for kind, m := range x.resource {
		fresh, diags := refreshed(d, m)
		outcomes[kind] = outcome{stateValues(d, m), stateValues(d, fresh), diags}
	}
	return outcomes
}

// mutations are changes outside Terraform, with the kinds of resources that have drift afterwards.
var mutations = map[string]struct {
	do    func(x *target)
	shows []string
}{
	"nothing":              {do: func(*target) {}},
	"a foreign tag":        {do: func(x *target) { x.SetTag(x.id, "foreign", "theirs") }},
	"a run":                {do: func(x *target) { x.AddRun(x.id) }},
	"a tag changed":        {func(x *target) { x.SetTag(x.id, "team", "theirs") }, []string{experimentKind}},
	"a tag removed":        {func(x *target) { x.RemoveTag(x.id, "team") }, []string{experimentKind}},
	"a tag blanked":        {func(x *target) { x.SetTag(x.id, "team", "") }, []string{experimentKind}},
	"description changed":  {func(x *target) { x.SetTag(x.id, "mlflow.note.content", "x") }, []string{experimentKind}},
	"description removed":  {func(x *target) { x.RemoveTag(x.id, "mlflow.note.content") }, []string{experimentKind}},
	"traces bound":         {func(x *target) { x.BindTraceLocation(x.id, "main", "traces", "") }, []string{experimentKind}},
	"renamed":              {func(x *target) { x.Rename(x.id, "/Projects/team-01/renamed") }, []string{experimentKind}},
	"moved":                {func(x *target) { x.Rename(x.id, "/Elsewhere/moved") }, []string{experimentKind}},
	"a lone tag changed":   {func(x *target) { x.SetTag(x.id, "cost-center", "1") }, []string{tagKind}},
	"a lone tag removed":   {func(x *target) { x.RemoveTag(x.id, "cost-center") }, []string{tagKind}},
	"a lone tag blanked":   {func(x *target) { x.SetTag(x.id, "cost-center", "") }, []string{tagKind}},
	"a level changed":      {func(x *target) { x.Grant(x.id, ben, "CAN_MANAGE") }, []string{permissionsKind}},
	"of another user":      {func(x *target) { x.Grant(x.id, ana, "CAN_READ") }, []string{permissionsKind}},
	"a grant revoked":      {func(x *target) { x.Revoke(x.id, ben) }, []string{permissionsKind}},
	"deleted":              {func(x *target) { x.Trash(x.id) }, []string{experimentKind, tagKind, permissionsKind}},
	"deleted and restored": {do: func(x *target) { x.Trash(x.id); x.Restore(x.id) }},
	"purged":               {func(x *target) { x.Purge(x.id) }, []string{experimentKind, tagKind, permissionsKind}},
	"recreated":            {func(x *target) { x.Recreate(x.id) }, []string{experimentKind, tagKind, permissionsKind}},
}

var (
	ana = emulator.UserPrincipal(emulator.User)
	ben = emulator.UserPrincipal(emulator.OtherUser)
)

// TestBulkRefresh_drift checks that a refresh finds the same drift with bulk refresh as without.
func TestBulkRefresh_drift(t *testing.T) {
	t.Parallel()
	for name, mutation := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTarget(t)
			mutation.do(x)
			off, on := x.refresh(t, false), x.refresh(t, true)
			shown := map[string]bool{}
			for _, kind := range mutation.shows {
				shown[kind] = true
			}
			for kind, want := range off {
				if got := on[kind]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s: with bulk refresh\n%v\nwithout\n%v", kind, got, want)
				}
				if changed := !reflect.DeepEqual(want.before, want.after); changed != shown[kind] {
					t.Errorf("%s changes: %t, want %t; from %v to %v", kind, changed, shown[kind], want.before, want.after)
				}
			}
		})
	}
}

// TestBulkRefresh_outdatedSearch checks that an outdated search does not cause drift.
func TestBulkRefresh_outdatedSearch(t *testing.T) {
	t.Parallel()
	for name, mutation := range mutations {
		if name == "deleted" || name == "purged" {
			continue // nothing is left that could be in the state
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTarget(t)
			x.FreezeSearch()
			mutation.do(x)
			for _, key := range []string{"team", "cost-center"} { // as an apply restores removed tags
				e, _ := x.Experiment(x.id)
				if value, _ := e.Tag(key); value == "" {
					x.SetTag(x.id, key, "anew")
				}
			}
			x.importAll(t, nil)
			for kind, got := range x.refresh(t, true) {
				if got.diags != "" || !reflect.DeepEqual(got.before, got.after) {
					t.Errorf("%s: got a change from %v to %v and diagnostics %q", kind, got.before, got.after, got.diags)
				}
			}
		})
	}
	t.Run("created", func(t *testing.T) {
		t.Parallel()
		x := newTarget(t)
		x.FreezeSearch()
		x.id = x.CreateExperiment(emulator.Admin, "/Shared/new", map[string]string{"team": "risk", "stage": "dev", "cost-center": "1"})
		x.importAll(t, nil)
		for kind, got := range x.refresh(t, true) {
			if got.diags != "" || !reflect.DeepEqual(got.before, got.after) {
				t.Errorf("%s: got a change from %v to %v and diagnostics %q", kind, got.before, got.after, got.diags)
			}
		}
	})
}

// TestBulkRefresh_ownWrites checks that a provider reads an experiment directly after it changed it, even if it was on a page.
func TestBulkRefresh_ownWrites(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	d := command(t, x.Workspace, true)
	refreshAll(d, x.others)
	prior := stateValues(d, x.resource[tagKind])
	planned := maps.Clone(prior)
	planned["value"] = "8000"
	if _, diags := d.Apply(tagKind, prior, planned); diags != "" {
		t.Fatal(diags)
	}
	x.ResetJournal()
	fresh, diags := refreshed(d, x.resource[tagKind])
	if got := stateValues(d, fresh)["value"]; got != "8000" || diags != "" {
		t.Errorf("the tag reads %v (%s) after it was set", got, diags)
	}
	if n := x.Count("GET", acctest.ExperimentsPath+"get"); n != 1 {
		t.Errorf("%d direct reads, want 1", n)
	}
}

// TestBulkRefresh_aliases checks that two provider configurations do not share reads, even if IDs are the same.
func TestBulkRefresh_aliases(t *testing.T) {
	t.Parallel()
	one, two := newTarget(t), newTarget(t)
	if one.id != two.id {
		t.Fatalf("ids: got %s and %s, want the same", one.id, two.id)
	}
	two.SetTag(two.id, "team", "of two")
	two.importAll(t, nil)
	here, there := command(t, one.Workspace, true), command(t, two.Workspace, true)
	refreshAll(here, one.others)
	refreshAll(there, two.others)
	refreshAll(here, []managed{one.resource[experimentKind]})
	refreshAll(there, []managed{two.resource[experimentKind]})
	for i, x := range []*target{one, two} {
		if pages := x.Count("", acctest.ExperimentsPath+"search"); pages != 1 {
			t.Errorf("alias %d read %d pages, want 1", i+1, pages)
		}
	}
}

// TestBulkRefresh_throughCLI applies, changes, and refreshes with bulk refresh.
func TestBulkRefresh_throughCLI(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(stage string) string {
		return w.ConfigAs(emulator.AdminToken, "bulk_refresh = true", fmt.Sprintf(`
			resource "mlflow_experiment" "test" {
			  count = 12
			  name  = "/Shared/e${count.index}"
			  tags  = { stage = %q }
			}
			resource "mlflow_experiment_tag" "test" {
			  count         = 12
			  experiment_id = mlflow_experiment.test[count.index].id
			  key           = "owner"
			  value         = "%s-${count.index}"
			}
			data "mlflow_experiment" "test" {
			  name       = "/Shared/e5"
			  depends_on = [mlflow_experiment.test, mlflow_experiment_tag.test]
			}`, stage, stage))
	}
	step := func(stage string, actions ...plancheck.PlanCheck) resource.TestStep {
		return resource.TestStep{
			Config:           config(stage),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: actions},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.mlflow_experiment.test", tfjsonpath.New("tags"), knownvalue.MapPartial(map[string]knownvalue.Check{
					"stage": knownvalue.StringExact(stage), "owner": knownvalue.StringExact(stage + "-5"),
				})),
			},
		}
	}
	drifted := step("prod", plancheck.ExpectResourceAction("mlflow_experiment.test[7]", plancheck.ResourceActionUpdate),
		plancheck.ExpectResourceAction("mlflow_experiment_tag.test[9]", plancheck.ResourceActionCreate),
		plancheck.ExpectResourceAction("mlflow_experiment.test[8]", plancheck.ResourceActionNoop))
	drifted.PreConfig = func() {
		if w.Count("", acctest.ExperimentsPath+"search") == 0 {
			t.Error("no page was read so far")
		}
		seven, _ := w.ExperimentByName("/Shared/e7")
		w.SetTag(seven.ID, "stage", "theirs")
		nine, _ := w.ExperimentByName("/Shared/e9")
		w.RemoveTag(nine.ID, "owner")
	}
	acctest.UnitTest(t, step("dev"), step("prod"), drifted)
}
