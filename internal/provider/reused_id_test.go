package provider_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// onExperiment1 are configurations of everything that belongs to an experiment, and a changed one that is updated in place with a write, and where
// there is such a thing another that is updated without one.
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
		config:    map[string]any{"experiment_id": "1", "users": map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_READ"}},
		changed:   map[string]any{"experiment_id": "1", "users": map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_EDIT"}},
		unwritten: map[string]any{"experiment_id": "1", "users": map[string]string{"admin": "CAN_MANAGE", "ben": "CAN_READ"}, "groups": map[string]string{}},
	},
}

// TestReusedID: when an id belongs to another experiment by the time of the apply, that one is left alone. No refresh comes in between that would
// tell. An update must not forget when the experiment was created.
func TestReusedID(t *testing.T) {
	t.Parallel()
	for kind, configs := range onExperiment1 {
		for after, change := range map[string]map[string]any{"create": nil, "an update": configs.changed, "an update that writes nothing": configs.unwritten} {
			if change == nil && after != "create" {
				continue
			}
			t.Run(kind+" destroyed after "+after, func(t *testing.T) {
				t.Parallel()
				s, b := settled(t, kind, configs.config)
				if change != nil {
					if p := b.plan(change); p.action != "update" {
						t.Fatalf("the plan is to %s: %s", p.action, p.says)
					} else if says := b.apply(p, change); says != "" {
						t.Fatal(says)
					}
				}
				if wrote := s.written(); (len(wrote) == 0) != (after == "an update that writes nothing" || after == "create") {
					t.Errorf("the update wrote %q", wrote)
				}
				s.reuseID()
				b.process = b.again()
				says := b.apply(b.plan(nil), nil)
				if wrote := s.written(); len(wrote) > 0 || b.values() != nil || isError(says) || says == "" {
					t.Errorf("wrote %q, left %v, said %q", wrote, b.values(), says)
				}
			})
		}
		t.Run(kind+" refreshed", func(t *testing.T) {
			t.Parallel()
			s, b := settled(t, kind, configs.config)
			s.reuseID()
			if says := b.refresh(); b.values() != nil || isError(says) || says == "" {
				t.Errorf("left %v, said %q", b.values(), says)
			}
		})
	}
}

// settled creates a resource on a recorded server.
func settled(t *testing.T, kind string, config map[string]any) (*recordedServer, *block) {
	t.Helper()
	s := newRecordedServer(t, map[string]string{"admin": "MANAGE"})
	b := s.provider(t, nil).block(kind)
	if says := b.apply(b.plan(config), config); isError(says) {
		t.Fatal(says)
	}
	b.process = b.again()
	s.written()
	return s, b
}

// TestReusedID_grants: a level is not changed on the experiment that has the id now.
func TestReusedID_grants(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mlflow_experiment_permission", "mlflow_experiment_permissions"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			configs := onExperiment1[kind]
			s, b := settled(t, kind, configs.config)
			p := b.plan(configs.changed)
			s.reuseID()
			says := b.apply(p, configs.changed)
			if wrote := s.written(); !isError(says) || len(wrote) > 0 {
				t.Errorf("wrote %q, said %q", wrote, says)
			}
		})
	}
}

// TestReusedID_tag: also in a workspace, where the id of a notebook's experiment comes back.
func TestReusedID_tag(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, emulator.Options{OffersTagDeletion: true})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	b := (&backend{url: w.url, address: "host", settings: map[string]any{"token": emulator.AdminToken}}).provider(t, nil).block("mlflow_experiment_tag")
	b.mustUp(map[string]any{"experiment_id": id, "key": "team", "value": "risk"})
	w.Recreate(id)
	w.SetTag(id, "team", "stranger")
	w.ResetJournal()
	says := b.apply(b.plan(nil), nil)
	e, _ := w.Experiment(id)
	if value, there := e.Tag("team"); !there || value != "stranger" || isError(says) || len(w.writes()) > 0 {
		t.Errorf("the tag is %q, %t; said %q; wrote %q", value, there, says, w.writes())
	}
}

// TestReusedID_experiment: neither an update nor a deletion touches the experiment that has the id now, nor after an update.
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
			w := newWorkspace(t)
			b := (&backend{url: w.url, address: "host", settings: map[string]any{"token": emulator.AdminToken}}).experimentBlock(t)
			b.mustUp(prior)
			b.mustUp(config)
			id := b.text("id")
			w.Recreate(id)
			w.ResetJournal()
			b.process = b.again()
			b.apply(b.plan(prior), prior)
			b.process = b.again()
			b.apply(b.plan(nil), nil)
			if e, there := w.Experiment(id); !there || e.LifecycleStage != "active" || len(w.writes()) > 0 {
				t.Errorf("the stranger is %+v; wrote %q", e, w.writes())
			}
		})
	}
}
