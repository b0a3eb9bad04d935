package provider_test

import (
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestTwoAddresses_concurrent applies all operations of a run at the same time, without the CLI.
func TestTwoAddresses_concurrent(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	b := &acctest.Backend{URL: w.URL, URLArgument: "host", Settings: map[string]any{"token": emulator.AdminToken}, Prefix: "/Shared/"}
	for name, c := range map[string]func(id, name, level string) (from, to []declaration){
		"a tag": func(id, _, value string) (from, to []declaration) {
			tag := declaration{"mlflow_experiment_tag", acctest.AttributeValues("experiment_id", id, "key", "stage", "value", value)}
			return []declaration{tag}, []declaration{tag}
		},
		"an experiment": func(_, name, _ string) (from, to []declaration) {
			adopted := declaration{"mlflow_experiment",
				acctest.WithAdoptExisting(map[string]any{"name": name, "tags": map[string]string{"stage": "x"}})}
			return []declaration{adopted}, []declaration{adopted}
		},
		"one grant": func(id, _, level string) (from, to []declaration) {
			return asSingleGrants(id, level, "risk"), asSingleGrants(id, level, "risk")
		},
		"a list": func(id, _, level string) (from, to []declaration) {
			return asList(id, level, "risk"), asList(id, level, "risk", "data-science")
		},
		"grants become a list": func(id, _, level string) (from, to []declaration) {
			return asSingleGrants(id, level, "risk", "data-science"), asList(id, level, "risk", "data-science")
		},
		"a list becomes grants": func(id, _, level string) (from, to []declaration) {
			return asList(id, level, "risk", "data-science"), asSingleGrants(id, level, "risk", "data-science")
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range repeats() {
				experiment := b.Name("two")
				from, to := c(w.CreateExperiment(emulator.Admin, experiment, nil), experiment, []string{"CAN_READ", "CAN_MANAGE"}[i%2])
				switchAtOnce(t, b, from, to)
			}
		})
	}
}

// TestTwoAddresses_inTurn applies the operations of a run one after another, in each order. Only the address changes.
func TestTwoAddresses_inTurn(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	b := &acctest.Backend{URL: w.URL, URLArgument: "host", Settings: map[string]any{"token": emulator.AdminToken}, Prefix: "/Shared/"}
	for _, first := range []string{"delete", "create", "plan"} {
		id := w.CreateExperiment(emulator.Admin, b.Name("two"), nil)
		one, list := asSingleGrants(id, "CAN_EDIT", "risk")[0], asList(id, "CAN_EDIT", "risk")[0]
		for _, c := range [][2]declaration{{one, one}, {one, list}, {list, list}, {list, one}} {
			switchAddress(t, b, c[0], c[1], first)
		}
	}
}

func asSingleGrants(id, level string, groups ...string) []declaration {
	var all []declaration
	for _, group := range groups {
		all = append(
			all,
			declaration{
				"mlflow_experiment_permission",
				acctest.AttributeValues("experiment_id", id, "group_name", group, "permission_level", level),
			},
		)
	}
	return all
}

func asList(id, level string, groups ...string) []declaration {
	levels := map[string]string{}
	for _, group := range groups {
		levels[group] = level
	}
	return []declaration{{"mlflow_experiment_permissions", acctest.AttributeValues("experiment_id", id, "groups", levels)}}
}

// switchAtOnce deletes some resources and creates others in the same run, all at the same time.
func switchAtOnce(t *testing.T, b *acctest.Backend, from, to []declaration) {
	t.Helper()
	var olds, nexts []*acctest.Resource
	for _, d := range from {
		old := b.Provider(t, nil).Resource(d.kind)
		if diags := old.Apply(d.config); acctest.HasError(diags) {
			t.Fatalf("%v: got diagnostics %q", d, diags)
		}
		olds = append(olds, old)
	}
	p := b.Provider(t, nil)
	var all sync.WaitGroup
	for _, old := range olds {
		old.Provider = p
		all.Go(func() {
			if diags := old.ApplyPlan(old.Plan(nil), nil); acctest.HasError(diags) || old.Values() != nil {
				t.Errorf("from %v: %q", from, diags)
			}
		})
	}
	for _, d := range to {
		next := p.Resource(d.kind)
		nexts = append(nexts, next)
		all.Go(func() {
			if diags := next.ApplyPlan(next.Plan(d.config), d.config); acctest.HasError(diags) {
				t.Errorf("to %v: %q", to, diags)
			}
		})
	}
	all.Wait()
	for i, next := range nexts {
		next.ExpectEmptyPlan(to[i].config)
	}
}
