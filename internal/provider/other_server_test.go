package provider_test

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// elsewhere matches the error for a state of another server. The CLI can break its lines anywhere.
var elsewhere = regexp.MustCompile(
	`(?s)different\s+server.*The\s+state\s+belongs\s+to\s+http\S+\s+but\s+the\s+provider\s+is\s+configured\s+for\s+http`,
)

// clock is a stopped clock. Experiments that two workspaces create at the same time are those of a clone.
func clock(minute int) func() time.Time {
	return func() time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
}

// belonging is a resource of the experiment "/Shared/churn", and a changed configuration of it.
type belonging struct {
	config, changed func(id string) map[string]any
	// reads are the requests of a refresh.
	reads []string
}

var managedKinds = map[string]belonging{
	"mlflow_experiment": {
		config: func(string) map[string]any { return map[string]any{"name": "/Shared/churn", "adopt_existing": true} },
		changed: func(string) map[string]any {
			return map[string]any{"name": "/Shared/renamed", "adopt_existing": true, "tags": map[string]string{"team": "risk"}}
		},
		reads: []string{"GET " + acctest.ExperimentsPath + "get"},
	},
	"mlflow_experiment_tag": {
		config: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "key": "team", "value": "risk"}
		},
		changed: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "key": "team", "value": "fraud"}
		},
		reads: []string{"GET " + acctest.ExperimentsPath + "get"},
	},
	"mlflow_experiment_permission": {
		config: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "user_name": emulator.User, "permission_level": "CAN_READ"}
		},
		changed: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "user_name": emulator.User, "permission_level": "CAN_EDIT"}
		},
		reads: []string{"GET /api/2.0/permissions/experiments/ID"},
	},
	"mlflow_experiment_permissions": {
		config: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "users": map[string]string{emulator.User: "CAN_READ"}}
		},
		changed: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "users": map[string]string{emulator.User: "CAN_EDIT"}}
		},
		reads: []string{"GET /api/2.0/permissions/experiments/ID"},
	},
}

// callsOn lists the requests since the last reset, with ID in place of an experiment ID.
func callsOn(w *acctest.Workspace, id string) []string {
	calls := w.Calls()
	for i := range calls {
		calls[i] = strings.ReplaceAll(calls[i], id, "ID")
	}
	return calls
}

// contents returns everything in a workspace that the provider can change.
func contents(w *acctest.Workspace) string {
	var all []string
	for _, e := range w.Experiments() {
		all = append(all, fmt.Sprint(e, w.Grants(e.ID)))
	}
	return strings.Join(all, "\n")
}

// strangers are the experiments that another workspace can have with the ID, each with a part of the error.
var strangers = map[string]struct {
	options emulator.Options
	name    string
	behind  func(w *acctest.Workspace, id string)
	denied  bool
	diags   string
}{
	"another experiment": {
		options: emulator.Options{Now: clock(1)},
		name:    "/Shared/foreign",
		diags:   `belongs to a different experiment: "/Shared/foreign", created 2026-03-01T12:01:00.000Z`,
	},
	"another of the same name": {
		options: emulator.Options{Now: clock(1)},
		name:    "/Shared/churn",
		diags:   `belongs to a different experiment: "/Shared/churn"`,
	},
	"none": {
		options: emulator.Options{Now: clock(0)},
		name:    "/Shared/churn",
		behind:  func(w *acctest.Workspace, id string) { w.Purge(id) },
		diags:   "The configured server has no experiment with ID",
	},
	"a deleted one": {
		options: emulator.Options{Now: clock(0)},
		name:    "/Shared/churn",
		behind:  func(w *acctest.Workspace, id string) { w.Trash(id) },
		diags:   "is deleted",
	},
	"one that cannot be read": {
		options: emulator.Options{Now: clock(0)},
		name:    "/Shared/churn",
		denied:  true,
		diags:   "could not check whether both are the same server",
	},
}

// TestOtherServer checks that no object of another server is read into a state, changed, or deleted, and that none is removed from the
// state.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		for there, stranger := range strangers {
			t.Run(kind+", there "+there, func(t *testing.T) {
				t.Parallel()
				own, other := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)}), acctest.NewWorkspace(t, stranger.options)
				id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				if foreign := other.CreateExperiment(emulator.Admin, stranger.name, map[string]string{"team": "theirs"}); foreign != id {
					t.Fatalf("IDs: got %s and %s", id, foreign)
				}
				if stranger.behind != nil {
					stranger.behind(other, id)
				}
				b := own.Backend().Provider(t, nil).Resource(kind)
				if diags := b.ApplyPlan(b.Plan(m.config(id)), m.config(id)); diags != "" {
					t.Fatal(diags)
				}
				planned := func(config map[string]any) string {
					there := b.Provider
					b.Provider = own.Backend().Provider(t, nil)
					p := b.Plan(config)
					b.Provider = there
					own.ResetJournal()
					return b.ApplyPlan(p, config)
				}
				for what, do := range map[string]func() string{
					"an update that was planned":      func() string { return planned(m.changed(id)) },
					"a destroy that was planned":      func() string { return planned(nil) },
					"a refresh":                       b.Read,
					"an update with -refresh=false":   func() string { return b.ApplyPlan(b.Plan(m.changed(id)), m.changed(id)) },
					"a destroy with -refresh=false":   func() string { return b.ApplyPlan(b.Plan(nil), nil) },
					"a refresh with the bulk refresh": b.Read,
				} {
					if stranger.denied {
						other.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "get", Status: 403, Code: "PERMISSION_DENIED", Message: "no"})
					}
					b.Provider = other.Backend().Provider(t, map[string]any{"bulk_refresh": strings.Contains(what, "bulk")})
					other.ResetJournal()
					own.ResetJournal()
					state, before := b.Values(), contents(other)
					diags := do()
					if !acctest.HasError(diags) ||
						!strings.Contains(diags, "The state belongs to "+own.URL+", but the provider is configured for "+other.URL+".") ||
						!strings.Contains(diags, stranger.diags) ||
						!strings.Contains(diags, fmt.Sprintf("set host to %q", own.URL)) {
						t.Errorf("%s: got diagnostics %q", what, diags)
					}
					if !reflect.DeepEqual(b.Values(), state) || contents(other) != before {
						t.Errorf("after %s the state is %v, was %v; the other server has\n%s\nhad\n%s", what, b.Values(), state, contents(other), before)
					}
					other.ExpectWrites(t)
					if calls := callsOn(own, id); len(calls) > 0 {
						t.Errorf("%s sent the requests %q to the server that it does not point to", what, calls)
					}
				}
				expectNoChangesOn(t, own.Backend(), b, m.config(id))
			})
		}
	}
}

// TestOtherServer_plan checks that a plan that reads nothing sends no request.
func TestOtherServer_plan(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_tag", "mlflow_experiment_permission"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, own := managedKinds[kind], acctest.NewWorkspace(t)
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			b := own.Backend().Provider(t, nil).Resource(kind)
			b.MustApply(m.config(id))
			own.ResetJournal()
			b.Provider = own.Backend().Provider(t, nil)
			if p := b.Plan(m.changed(id)); p.Action != "update" || p.Diagnostics != "" || len(own.Journal()) > 0 {
				t.Errorf("got planned action %s, diagnostics %q, with %d calls", p.Action, p.Diagnostics, len(own.Journal()))
			}
		})
	}
}

// expectNoChangesOn connects the provider to a server, and checks that there are no changes.
func expectNoChangesOn(t *testing.T, b *acctest.Backend, o *acctest.Resource, config map[string]any) {
	t.Helper()
	o.Provider = b.Provider(t, nil)
	o.ExpectEmptyPlan(config)
}

// TestOtherServer_sameObjects checks that a clone, and the same server with another URL, count as the same server, without more requests.
func TestOtherServer_sameObjects(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		for what, move := range map[string]func(t *testing.T, own *acctest.Workspace) *acctest.Workspace{
			"a clone": func(t *testing.T, own *acctest.Workspace) *acctest.Workspace {
				clone := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)})
				id := clone.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"team": "risk"})
				for _, g := range own.Grants(id) {
					clone.Grant(id, g.Principal, g.Level)
				}
				return clone
			},
			"another DNS name": func(t *testing.T, own *acctest.Workspace) *acctest.Workspace {
				server := httptest.NewServer(own.Workspace)
				t.Cleanup(server.Close)
				return &acctest.Workspace{Workspace: own.Workspace, URL: server.URL}
			},
			"another spelling": func(_ *testing.T, own *acctest.Workspace) *acctest.Workspace {
				return &acctest.Workspace{Workspace: own.Workspace, URL: strings.Replace(own.URL, "http://", "HTTP://", 1) + "/"}
			},
		} {
			t.Run(kind+", "+what, func(t *testing.T) {
				t.Parallel()
				own := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)})
				id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				b := own.Backend().Provider(t, nil).Resource(kind)
				if diags := b.ApplyPlan(b.Plan(m.config(id)), m.config(id)); diags != "" {
					t.Fatal(diags)
				}
				own.ResetJournal()
				expectNoChangesOn(t, own.Backend(), b, m.config(id))
				if calls := callsOn(own, id); !slices.Equal(calls, m.reads) {
					t.Errorf("a refresh sends the requests %q, want %q", calls, m.reads)
				}
				moved := move(t, own)
				moved.ResetJournal()
				b.Provider = moved.Backend().Provider(t, nil)
				if diags := b.Read(); diags != "" || b.Values() == nil {
					t.Fatalf("first refresh: got state %v and diagnostics %q", b.Values(), diags)
				}
				if calls := callsOn(moved, id); what == "another spelling" && !slices.Equal(calls, m.reads) {
					t.Errorf("a refresh at another spelling sends the requests %q, want %q", calls, m.reads)
				}
				moved.ExpectWrites(t)
				moved.ResetJournal()
				expectNoChangesOn(t, moved.Backend(), b, m.config(id))
				if calls := callsOn(moved, id); !slices.Equal(calls, m.reads) {
					t.Errorf("the second refresh sends the requests %q, want %q", calls, m.reads)
				}
				b.Provider = moved.Backend().Provider(t, nil)
				if diags := b.Apply(m.changed(id)); diags != "" {
					t.Error(diags)
				}
				if diags := b.Destroy(); acctest.HasError(diags) || b.Values() != nil {
					t.Errorf("destroy: got state %v and diagnostics %q", b.Values(), diags)
				}
			})
		}
	}
}

// TestOtherServer_updateElsewhere checks that an update with -refresh=false on a server with the same objects records its URL.
func TestOtherServer_updateElsewhere(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own, other := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)}), acctest.NewWorkspace(t, emulator.Options{Now: clock(0)})
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			other.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			b := own.Backend().Provider(t, nil).Resource(kind)
			if diags := b.ApplyPlan(b.Plan(m.config(id)), m.config(id)); diags != "" {
				t.Fatal(diags)
			}
			b.Provider = other.Backend().Provider(t, nil)
			if diags := b.ApplyPlan(b.Plan(m.changed(id)), m.changed(id)); diags != "" {
				t.Fatal(diags)
			}
			other.ResetJournal()
			expectNoChangesOn(t, other.Backend(), b, m.changed(id))
			if calls := callsOn(other, id); !slices.Equal(calls, m.reads) {
				t.Errorf("the refresh after it sends the requests %q, want %q", calls, m.reads)
			}
		})
	}
}

// TestOtherServer_oldState checks that a state of an earlier version, or of an import, records the server of the first read.
func TestOtherServer_oldState(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own, other := acctest.NewWorkspace(t, emulator.Options{Now: clock(0)}), acctest.NewWorkspace(t, emulator.Options{Now: clock(1)})
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			other.CreateExperiment(emulator.Admin, "/Shared/foreign", nil)
			b := own.Backend().Provider(t, nil).Resource(kind)
			if diags := b.ApplyPlan(b.Plan(m.config(id)), m.config(id)); diags != "" {
				t.Fatal(diags)
			}
			b.Private = nil
			expectNoChangesOn(t, own.Backend(), b, m.config(id))
			b.Provider = other.Backend().Provider(t, nil)
			if diags := b.Read(); !elsewhere.MatchString(diags) {
				t.Errorf("a refresh elsewhere: got diagnostics %q", diags)
			}
		})
	}
}
