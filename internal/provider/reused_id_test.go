package provider_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// onExperiment1 are configurations of each resource that belongs to an experiment, a changed one that is updated in place with a write,
// and, if possible, one that is updated without a write.
var onExperiment1 = map[string]struct{ config, changed, unwritten map[string]any }{
	"mlflow_experiment_tag": {
		config:  map[string]any{"experiment_id": "1", "key": "team", "value": "risk"},
		changed: map[string]any{"experiment_id": "1", "key": "team", "value": "fraud"},
	},
	"mlflow_experiment_permission": {
		config:  map[string]any{"experiment_id": "1", "user_name": "ben", "permission_level": "CAN_READ"},
		changed: map[string]any{"experiment_id": "1", "user_name": "ben", "permission_level": "CAN_EDIT"},
	},
	"mlflow_experiment_permissions": {
		config:  map[string]any{"experiment_id": "1", "users": map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_READ"}},
		changed: map[string]any{"experiment_id": "1", "users": map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_EDIT"}},
		unwritten: map[string]any{
			"experiment_id": "1",
			"users":         map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_READ"},
			"groups":        map[string]string{},
		},
	},
}

// TestReusedID checks that an apply does not change a different experiment that has the ID since the last refresh, also not after an
// update.
func TestReusedID(t *testing.T) {
	t.Parallel()
	for kind, configs := range onExperiment1 {
		for after, change := range map[string]map[string]any{"create": nil, "an update": configs.changed,
			"an update that writes nothing": configs.unwritten} {
			if change == nil && after != "create" {
				continue
			}
			t.Run(kind+" destroyed after "+after, func(t *testing.T) {
				t.Parallel()
				s, b := createRecorded(t, kind, configs.config)
				if change != nil {
					if p := b.Plan(change); p.Action != "update" {
						t.Fatalf("got planned action %s: %s", p.Action, p.Diagnostics)
					} else if diags := b.ApplyPlan(p, change); diags != "" {
						t.Fatal(diags)
					}
				}
				if wrote := s.Writes(); (len(wrote) == 0) != (after == "an update that writes nothing" || after == "create") {
					t.Errorf("the update wrote %q", wrote)
				}
				s.ReuseID()
				b.Provider = b.Restart()
				diags := b.ApplyPlan(b.Plan(nil), nil)
				if wrote := s.Writes(); len(wrote) > 0 || b.Values() != nil || acctest.HasError(diags) || diags == "" {
					t.Errorf("got writes %q, state %v, diagnostics %q", wrote, b.Values(), diags)
				}
			})
		}
		t.Run(kind+" refreshed", func(t *testing.T) {
			t.Parallel()
			s, b := createRecorded(t, kind, configs.config)
			s.ReuseID()
			if diags := b.Refresh(); b.Values() != nil || acctest.HasError(diags) || diags == "" {
				t.Errorf("got state %v, diagnostics %q", b.Values(), diags)
			}
		})
	}
}

// createRecorded creates a resource on a server with recorded responses.
func createRecorded(t *testing.T, kind string, config map[string]any) (*acctest.RecordedServer, *acctest.Resource) {
	t.Helper()
	s := acctest.NewRecordedServer(t, map[string]string{"admin": "MANAGE"})
	b := s.Provider(t, nil).Resource(kind)
	if diags := b.ApplyPlan(b.Plan(config), config); acctest.HasError(diags) {
		t.Fatal(diags)
	}
	b.Provider = b.Restart()
	s.Writes()
	return s, b
}

// TestReusedID_grants checks that no level is changed on the experiment that now has the ID.
func TestReusedID_grants(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mlflow_experiment_permission", "mlflow_experiment_permissions"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			configs := onExperiment1[kind]
			s, b := createRecorded(t, kind, configs.config)
			p := b.Plan(configs.changed)
			s.ReuseID()
			diags := b.ApplyPlan(p, configs.changed)
			if wrote := s.Writes(); !acctest.HasError(diags) || len(wrote) > 0 {
				t.Errorf("got writes %q, diagnostics %q", wrote, diags)
			}
		})
	}
}

// TestReusedID_tag checks the same on Databricks, where the ID of a notebook experiment can be reused.
func TestReusedID_tag(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{ServeTagDeletion: true})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	b := w.Backend().Provider(t, nil).Resource("mlflow_experiment_tag")
	b.MustApply(map[string]any{"experiment_id": id, "key": "team", "value": "risk"})
	w.Recreate(id)
	w.SetTag(id, "team", "stranger")
	w.ResetJournal()
	diags := b.ApplyPlan(b.Plan(nil), nil)
	e, _ := w.Experiment(id)
	if value, there := e.Tag("team"); !there || value != "stranger" || acctest.HasError(diags) || len(w.Writes()) > 0 {
		t.Errorf("tag: got %q, %t; diagnostics %q; writes %q", value, there, diags, w.Writes())
	}
}

// TestReusedID_experiment checks that neither an update nor a deletion changes the experiment that now has the ID.
func TestReusedID_experiment(t *testing.T) {
	t.Parallel()
	prior := map[string]any{"name": "/Shared/churn", "deletion_policy": "delete"}
	for name, config := range map[string]map[string]any{
		"renamed":     {"name": "/Shared/attrition", "deletion_policy": "delete"},
		"described":   {"name": "/Shared/churn", "deletion_policy": "delete", "description": "Predicts churn"},
		"another way": {"name": "/Shared/churn", "deletion_policy": "delete", "create_parents": true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			b := w.Backend().ExperimentResource(t)
			b.MustApply(prior)
			b.MustApply(config)
			id := b.Text("id")
			w.Recreate(id)
			w.ResetJournal()
			b.Provider = b.Restart()
			b.ApplyPlan(b.Plan(prior), prior)
			b.Provider = b.Restart()
			b.ApplyPlan(b.Plan(nil), nil)
			if e, there := w.Experiment(id); !there || e.LifecycleStage != "active" || len(w.Writes()) > 0 {
				t.Errorf("stranger: got %+v; writes %q", e, w.Writes())
			}
		})
	}
}
