package experiment_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_resourceRenamedPlan: the plan warns if two resources are probably the same experiment.
func TestExperiment_resourceRenamedPlan(t *testing.T) {
	t.Parallel()
	const warning = "warning: Experiment would be deleted and recreated"
	for name, c := range map[string]struct {
		state, config map[string]any
		warned        bool
	}{
		"the same name":    {config: acctest.ExperimentAttributes("/Shared/churn", nil), warned: true},
		"another spelling": {config: acctest.ExperimentAttributes("/Workspace/Shared/churn", nil), warned: true},
		"another name":     {config: acctest.ExperimentAttributes("/Shared/other", nil)},
		"to be adopted":    {config: acctest.WithAdoptExisting(nil)},
		"the old one is retained": {config: acctest.ExperimentAttributes("/Shared/churn", nil),
			state: map[string]any{"deletion_policy": "retain"}},
		"nothing is to be made": {},
	} {
		for _, creates := range []string{"first", "last"} {
			t.Run(name+", created "+creates, func(t *testing.T) {
				w := acctest.NewWorkspace(t)
				e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil))
				d := w.Provider(t, emulator.AdminToken)
				var says []string
				plan := func() {
					if c.config != nil {
						says = append(says, d.Plan("mlflow_experiment", c.config))
					}
				}
				if creates == "first" {
					plan()
				}
				says = append(says, planDelete(d, "mlflow_experiment", acctest.StateOfExperiment(e, c.state)))
				if creates == "last" {
					plan()
				}
				if last := says[len(says)-1]; strings.HasPrefix(last, warning) != c.warned || !c.warned && acctest.JoinLines(says) != "" {
					t.Errorf("got diagnostics %q, want a warning = %t", says, c.warned)
				}
			})
		}
	}
}

// TestExperiment_namesPlanned plans two resources with the same name, in both orders.
func TestExperiment_namesPlanned(t *testing.T) {
	t.Parallel()
	const (
		duplicate = "error at name: Experiment is managed by two resources: "
		inUse     = "error: Experiment name is still in use: "
	)
	rename := func(from, to string) func(w *acctest.Workspace, d *acctest.Provider) string {
		return func(w *acctest.Workspace, d *acctest.Provider) string {
			e, _ := w.ExperimentByName(from)
			_, _, says := d.PlanUpdate("mlflow_experiment", acctest.StateOfExperiment(e, nil), acctest.ExperimentAttributes(to, nil))
			return says
		}
	}
	create := func(config map[string]any) func(w *acctest.Workspace, d *acctest.Provider) string {
		return func(_ *acctest.Workspace, d *acctest.Provider) string { return d.Plan("mlflow_experiment", config) }
	}
	destroy := func(name string) func(w *acctest.Workspace, d *acctest.Provider) string {
		return func(w *acctest.Workspace, d *acctest.Provider) string {
			e, _ := w.ExperimentByName(name)
			return planDelete(d, "mlflow_experiment", acctest.StateOfExperiment(e, nil))
		}
	}
	for name, c := range map[string]struct {
		one, other func(w *acctest.Workspace, d *acctest.Provider) string
		want       string
	}{
		"two creates, two spellings": {create(acctest.WithAdoptExisting(nil)),
			create(acctest.WithAdoptExisting(map[string]any{"name": "/Workspace/Shared/churn/"})), duplicate},
		"two creates that adopt nothing": {create(acctest.ExperimentAttributes("/Shared/new", nil)),
			create(acctest.ExperimentAttributes("/Shared/new", nil)), duplicate},
		"two creates, two names": {create(acctest.ExperimentAttributes("/Shared/new", nil)),
			create(acctest.ExperimentAttributes("/Shared/New", nil)), ""},
		"one is there":             {rename("/Shared/churn", "/Shared/churn"), create(acctest.WithAdoptExisting(nil)), duplicate},
		"two get one name":         {rename("/Shared/churn", "/Shared/new"), rename("/Shared/fraud", "/Shared/new"), duplicate},
		"renamed to what is there": {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/fraud"), duplicate},
		"renamed to what is created": {rename("/Shared/churn", "/Shared/new"), create(acctest.ExperimentAttributes("/Shared/new", nil)),
			duplicate},
		"swapped":                            {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/churn"), inUse},
		"one moves up":                       {rename("/Shared/churn", "/Shared/fraud"), rename("/Shared/fraud", "/Shared/new"), inUse},
		"a new one gets a name that is left": {rename("/Shared/churn", "/Shared/new"), create(acctest.WithAdoptExisting(nil)), inUse},
		"renamed to what is deleted":         {rename("/Shared/churn", "/Shared/fraud"), destroy("/Shared/fraud"), inUse},
		"two renames":                        {rename("/Shared/churn", "/Shared/new"), rename("/Shared/fraud", "/Shared/newer"), ""},
		"upper case":                         {rename("/Shared/churn", "/Shared/Churn"), rename("/Shared/fraud", "/Shared/FRAUD"), ""},
	} {
		for _, order := range []string{"one first", "the other first"} {
			t.Run(name+", "+order, func(t *testing.T) {
				w := acctest.NewWorkspace(t)
				w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
				w.CreateExperiment(emulator.OtherUser, "/Shared/fraud", nil)
				d := w.Provider(t, emulator.AdminToken)
				first, second := c.one, c.other
				if order != "one first" {
					first, second = second, first
				}
				if got := first(w, d); got != "" {
					t.Errorf("first plan: got diagnostics %q, want none", got)
				}
				acctest.ExpectDiagnostics(t, second(w, d), c.want)
			})
		}
	}
}

// TestExperiment_adoptedTwice applies two resources that adopt one experiment, which a plan with unknown names cannot detect.
func TestExperiment_adoptedTwice(t *testing.T) {
	t.Parallel()
	const refused = "error at name: Experiment is managed by two resources: Another resource in this apply created, adopted, or " +
		"changed experiment \"/Shared/churn\" (ID)"
	for name, c := range map[string]struct {
		there      bool // before the apply
		one, other map[string]any
	}{
		"both adopt": {true, acctest.WithAdoptExisting(nil),
			acctest.WithAdoptExisting(map[string]any{"name": "/Workspace/Shared/churn"})},
		"created, adopted":   {false, acctest.ExperimentAttributes("/Shared/churn", nil), acctest.WithAdoptExisting(nil)},
		"created, and again": {false, acctest.ExperimentAttributes("/Shared/churn", nil), acctest.ExperimentAttributes("/Shared/churn", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			if c.there {
				w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
			}
			d := w.Provider(t, emulator.AdminToken)
			state, got := d.Create("mlflow_experiment", c.one)
			if state == nil || got != "" {
				t.Fatalf("first resource: got state %v and diagnostics %q, want only a state", state, got)
			}
			other, got := d.Apply("mlflow_experiment", nil, planned(c.other))
			if want := withID(refused, fmt.Sprint(state["id"])); other != nil || !strings.HasPrefix(got, want) {
				t.Errorf("second resource: got state %v and diagnostics %q, want an error", other, got)
			}
		})
	}
}

// TestExperiment_nameReused: a plan cannot use the name that another experiment frees, but two applies can.
func TestExperiment_nameReused(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(one, other string) string {
		return w.Config(fmt.Sprintf("resource \"mlflow_experiment\" \"one\" {\n  name = %q\n}\nresource \"mlflow_experiment\" \"other\" {\n  "+
			"name = %q\n}\n", one, other))
	}
	inUse := regexp.MustCompile(`(?s)name is still in use.*two\s[│\s]*applies`)
	acctest.UnitTest(t,
		resource.TestStep{Config: config("/Shared/a", "/Shared/b")},
		resource.TestStep{Config: config("/Shared/b", "/Shared/a"), ExpectError: inUse},
		resource.TestStep{Config: config("/Shared/b", "/Shared/c"), ExpectError: inUse},
		resource.TestStep{Config: config("/Shared/a", "/Shared/c")},
		resource.TestStep{Config: config("/Shared/b", "/Shared/c")},
		resource.TestStep{Config: config("/Shared/B", "/Shared/C"), PostApplyFunc: func() {
			w.MustFind(t, "/Shared/B")
			w.MustFind(t, "/Shared/C")
			if n := len(w.Experiments()); n != 2 {
				t.Errorf("got %d experiments, want 2", n)
			}
		}},
	)
}
