package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// elsewhere says that a state belongs to another server. The CLI breaks lines anywhere.
var elsewhere = regexp.MustCompile(`(?s)another\s+server.*This\s+state\s+belongs\s+to\s+http\S+\s+but\s+the\s+provider\s+points\s+to\s+http`)

// clock is a clock that stands still: experiments that two workspaces create at the same time are those of a clone.
func clock(minute int) func() time.Time {
	return func() time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
}

// backend is the workspace for tests that speak the plugin protocol.
func (w *workspace) backend() *backend {
	return &backend{url: w.url, address: "host", settings: map[string]any{"token": emulator.AdminToken}}
}

// belonging is a resource of the experiment "/Shared/churn", and a changed configuration of it.
type belonging struct {
	config, changed func(id string) map[string]any
	// reads are the calls of a refresh.
	reads []string
}

var managedKinds = map[string]belonging{
	"mlflow_experiment": {
		config: func(string) map[string]any { return map[string]any{"name": "/Shared/churn", "adopt_existing": true} },
		changed: func(string) map[string]any {
			return map[string]any{"name": "/Shared/renamed", "adopt_existing": true, "tags": map[string]string{"team": "risk"}}
		},
		reads: []string{"GET " + experimentCalls + "get"},
	},
	"mlflow_experiment_tag": {
		config: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "key": "team", "value": "risk"}
		},
		changed: func(id string) map[string]any {
			return map[string]any{"experiment_id": id, "key": "team", "value": "fraud"}
		},
		reads: []string{"GET " + experimentCalls + "get"},
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

// callsOn lists the API calls since the last reset, with ID in place of an experiment's ID.
func callsOn(w *workspace, id string) []string {
	calls := w.calls()
	for i := range calls {
		calls[i] = strings.ReplaceAll(calls[i], id, "ID")
	}
	return calls
}

// contents is everything in a workspace that the provider could change.
func contents(w *workspace) string {
	var all []string
	for _, e := range w.Experiments() {
		all = append(all, fmt.Sprint(e, w.Grants(e.ID)))
	}
	return strings.Join(all, "\n")
}

// strangers are what another workspace may have under the ID, and what the error says of it.
var strangers = map[string]struct {
	options emulator.Options
	name    string
	behind  func(w *workspace, id string)
	denied  bool
	says    string
}{
	"another experiment":       {options: emulator.Options{Now: clock(1)}, name: "/Shared/foreign", says: `belongs to a different experiment: "/Shared/foreign", created 2026-03-01T12:01:00.000Z`},
	"another of the same name": {options: emulator.Options{Now: clock(1)}, name: "/Shared/churn", says: `belongs to a different experiment: "/Shared/churn"`},
	"none":                     {options: emulator.Options{Now: clock(0)}, name: "/Shared/churn", behind: func(w *workspace, id string) { w.Purge(id) }, says: "There is no experiment with ID"},
	"a deleted one":            {options: emulator.Options{Now: clock(0)}, name: "/Shared/churn", behind: func(w *workspace, id string) { w.Trash(id) }, says: "is deleted"},
	"one that cannot be read":  {options: emulator.Options{Now: clock(0)}, name: "/Shared/churn", denied: true, says: "could not be checked"},
}

// TestOtherServer: nothing of another server is read into a state, changed, or released, and no state says that its object is gone.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		for there, stranger := range strangers {
			t.Run(kind+", there "+there, func(t *testing.T) {
				t.Parallel()
				own, other := newWorkspace(t, emulator.Options{Now: clock(0)}), newWorkspace(t, stranger.options)
				id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				if foreign := other.CreateExperiment(emulator.Admin, stranger.name, map[string]string{"team": "theirs"}); foreign != id {
					t.Fatalf("the IDs are %s and %s", id, foreign)
				}
				if stranger.behind != nil {
					stranger.behind(other, id)
				}
				b := own.backend().provider(t, nil).block(kind)
				if says := b.apply(b.plan(m.config(id)), m.config(id)); says != "" {
					t.Fatal(says)
				}
				planned := func(config map[string]any) string {
					there := b.process
					b.process = own.backend().provider(t, nil)
					p := b.plan(config)
					b.process = there
					own.ResetJournal()
					return b.apply(p, config)
				}
				for what, do := range map[string]func() string{
					"an update that was planned":      func() string { return planned(m.changed(id)) },
					"a destroy that was planned":      func() string { return planned(nil) },
					"a refresh":                       b.read,
					"an update with -refresh=false":   func() string { return b.apply(b.plan(m.changed(id)), m.changed(id)) },
					"a destroy with -refresh=false":   func() string { return b.apply(b.plan(nil), nil) },
					"a refresh with the bulk refresh": b.read,
				} {
					if stranger.denied {
						other.Inject(emulator.Fault{Path: experimentCalls + "get", Status: 403, Code: "PERMISSION_DENIED", Message: "no"})
					}
					b.process = other.backend().provider(t, map[string]any{"bulk_refresh": strings.Contains(what, "bulk")})
					other.ResetJournal()
					own.ResetJournal()
					state, before := b.values(), contents(other)
					says := do()
					if !isError(says) || !strings.Contains(says, "This state belongs to "+own.url+", but the provider points to "+other.url+".") ||
						!strings.Contains(says, stranger.says) || !strings.Contains(says, fmt.Sprintf("set host to %q", own.url)) {
						t.Errorf("%s says %q", what, says)
					}
					if !reflect.DeepEqual(b.values(), state) || contents(other) != before {
						t.Errorf("after %s the state is %v, was %v; the other server has\n%s\nhad\n%s", what, b.values(), state, contents(other), before)
					}
					other.expectWrites(t)
					if calls := callsOn(own, id); len(calls) > 0 {
						t.Errorf("%s made the calls %q to the server that it does not point to", what, calls)
					}
				}
				settle(t, own.backend(), b, m.config(id))
			})
		}
	}
}

// TestOtherServer_plan: a plan that reads nothing needs no server.
func TestOtherServer_plan(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_tag", "mlflow_experiment_permission"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, own := managedKinds[kind], newWorkspace(t)
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			b := own.backend().provider(t, nil).block(kind)
			b.mustUp(m.config(id))
			own.ResetJournal()
			b.process = own.backend().provider(t, nil)
			if p := b.plan(m.changed(id)); p.action != "update" || p.says != "" || len(own.Journal()) > 0 {
				t.Errorf("planned is to %s, said %q, with %d calls", p.action, p.says, len(own.Journal()))
			}
		})
	}
}

// settle points the provider to a server, and expects nothing to do there.
func settle(t *testing.T, b *backend, o *block, config map[string]any) {
	t.Helper()
	o.process = b.provider(t, nil)
	o.expectSettled(config)
}

// TestOtherServer_sameObjects: a clone, and the same server under another address, are the same server. On it nothing costs more.
func TestOtherServer_sameObjects(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		for what, move := range map[string]func(t *testing.T, own *workspace) *workspace{
			"a clone": func(t *testing.T, own *workspace) *workspace {
				clone := newWorkspace(t, emulator.Options{Now: clock(0)})
				id := clone.CreateExperiment(emulator.Admin, "/Shared/churn", map[string]string{"team": "risk"})
				for _, g := range own.Grants(id) {
					clone.Grant(id, g.Principal, g.Level)
				}
				return clone
			},
			"another DNS name": func(t *testing.T, own *workspace) *workspace {
				server := httptest.NewServer(own.Workspace)
				t.Cleanup(server.Close)
				return &workspace{Workspace: own.Workspace, url: server.URL}
			},
			"another spelling": func(_ *testing.T, own *workspace) *workspace {
				return &workspace{Workspace: own.Workspace, url: strings.Replace(own.url, "http://", "HTTP://", 1) + "/"}
			},
		} {
			t.Run(kind+", "+what, func(t *testing.T) {
				t.Parallel()
				own := newWorkspace(t, emulator.Options{Now: clock(0)})
				id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				b := own.backend().provider(t, nil).block(kind)
				if says := b.apply(b.plan(m.config(id)), m.config(id)); says != "" {
					t.Fatal(says)
				}
				own.ResetJournal()
				settle(t, own.backend(), b, m.config(id))
				if calls := callsOn(own, id); !slices.Equal(calls, m.reads) {
					t.Errorf("a refresh makes the calls %q, want %q", calls, m.reads)
				}
				moved := move(t, own)
				moved.ResetJournal()
				b.process = moved.backend().provider(t, nil)
				if says := b.read(); says != "" || b.values() == nil {
					t.Fatalf("the first refresh leaves %v and says %q", b.values(), says)
				}
				if calls := callsOn(moved, id); what == "another spelling" && !slices.Equal(calls, m.reads) {
					t.Errorf("a refresh at another spelling makes the calls %q, want %q", calls, m.reads)
				}
				moved.expectWrites(t)
				moved.ResetJournal()
				settle(t, moved.backend(), b, m.config(id))
				if calls := callsOn(moved, id); !slices.Equal(calls, m.reads) {
					t.Errorf("the second refresh makes the calls %q, want %q", calls, m.reads)
				}
				b.process = moved.backend().provider(t, nil)
				if says := b.up(m.changed(id)); says != "" {
					t.Error(says)
				}
				if says := b.destroy(); isError(says) || b.values() != nil {
					t.Errorf("destroy leaves %v and says %q", b.values(), says)
				}
			})
		}
	}
}

// TestOtherServer_updateElsewhere: an update with -refresh=false that finds the same objects remembers where.
func TestOtherServer_updateElsewhere(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own, other := newWorkspace(t, emulator.Options{Now: clock(0)}), newWorkspace(t, emulator.Options{Now: clock(0)})
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			other.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			b := own.backend().provider(t, nil).block(kind)
			if says := b.apply(b.plan(m.config(id)), m.config(id)); says != "" {
				t.Fatal(says)
			}
			b.process = other.backend().provider(t, nil)
			if says := b.apply(b.plan(m.changed(id)), m.changed(id)); says != "" {
				t.Fatal(says)
			}
			other.ResetJournal()
			settle(t, other.backend(), b, m.changed(id))
			if calls := callsOn(other, id); !slices.Equal(calls, m.reads) {
				t.Errorf("the refresh after it makes the calls %q, want %q", calls, m.reads)
			}
		})
	}
}

// TestOtherServer_oldState: a state of an earlier version, or of an import, takes the server where it is first read.
func TestOtherServer_oldState(t *testing.T) {
	t.Parallel()
	for kind, m := range managedKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own, other := newWorkspace(t, emulator.Options{Now: clock(0)}), newWorkspace(t, emulator.Options{Now: clock(1)})
			id := own.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
			other.CreateExperiment(emulator.Admin, "/Shared/foreign", nil)
			b := own.backend().provider(t, nil).block(kind)
			if says := b.apply(b.plan(m.config(id)), m.config(id)); says != "" {
				t.Fatal(says)
			}
			b.private = nil
			settle(t, own.backend(), b, m.config(id))
			b.process = other.backend().provider(t, nil)
			if says := b.read(); !elsewhere.MatchString(says) {
				t.Errorf("a refresh elsewhere says %q", says)
			}
		})
	}
}

// everything is an experiment with all that can belong to it.
const everything = `
	resource "mlflow_experiment" "test" {
	  name = "/Shared/churn"
	  tags = { team = "risk" }
	}
	resource "mlflow_experiment_tag" "test" {
	  experiment_id = mlflow_experiment.test.id
	  key           = "stage"
	  value         = "dev"
	}
	resource "mlflow_experiment_permissions" "test" {
	  experiment_id = mlflow_experiment.test.id
	  users         = { "ana@example.com" = "CAN_READ" }
	}
	resource "mlflow_experiment" "granted" {
	  name = "/Shared/granted"
	}
	resource "mlflow_experiment_permission" "test" {
	  experiment_id    = mlflow_experiment.granted.id
	  user_name        = "ana@example.com"
	  permission_level = "CAN_READ"
	}
`

// TestOtherServer_CLI: host points at another workspace for a while.
func TestOtherServer_CLI(t *testing.T) {
	own, other := newWorkspace(t, emulator.Options{Now: clock(0)}), newWorkspace(t, emulator.Options{Now: clock(1)})
	for _, name := range []string{"/Shared/churn", "/Shared/foreign"} {
		other.CreateExperiment(emulator.Admin, name, map[string]string{"stage": "theirs"})
	}
	before := contents(other)
	unchanged := func() {
		if now := contents(other); now != before {
			t.Errorf("the other workspace has\n%s\nhad\n%s", now, before)
		}
		other.expectWrites(t)
	}
	unitTest(t,
		resource.TestStep{Config: own.config(everything)},
		resource.TestStep{Config: other.config(everything), ExpectError: elsewhere},
		resource.TestStep{Config: other.config(everything), Destroy: true, ExpectError: elsewhere},
		resource.TestStep{PreConfig: unchanged, Config: own.config(everything), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	)
	unchanged()
	for _, e := range own.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("%s is %s in the end", e.Name, e.LifecycleStage)
		}
	}
}

// forgetful answers as a server does on which the experiment is in the MLflow workspace risk.
func forgetful(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
	if r.Header.Get("X-MLFLOW-WORKSPACE") == "risk" {
		return false
	}
	return answerWith(http.StatusNotFound, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No Experiment with id=1 exists"}`)(w, r, pass)
}

// TestOtherServer_workspaceForgotten: the server is the same, but the MLflow workspace is not.
func TestOtherServer_workspaceForgotten(t *testing.T) {
	t.Parallel()
	for kind, id := range map[string]string{"mlflow_experiment": "1", "mlflow_experiment_tag": "1/team"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newRecordedServer(t, nil)
			through, r := relayed(t, s.backend)
			r.spoilWith(experimentCalls+"get", forgetful)
			b := through.provider(t, map[string]any{"workspace": "risk"}).block(kind)
			if says := b.adopt(id); isError(says) || b.values() == nil {
				t.Fatalf("import leaves %v and says %q", b.values(), says)
			}
			state := b.values()
			for what, do := range map[string]func() string{"a refresh": b.read, "a destroy with -refresh=false": func() string { return b.apply(b.plan(nil), nil) }} {
				b.process = through.provider(t, nil)
				says := do()
				want := fmt.Sprintf("This state belongs to MLflow workspace %q of %s, but the provider points to MLflow workspace %q of %[2]s.", "risk", through.url, "default")
				if !isError(says) || !strings.Contains(says, want) || !strings.Contains(says, `set workspace (or MLFLOW_WORKSPACE) to "risk"`) {
					t.Errorf("%s says %q", what, says)
				}
				if wrote := s.written(); len(wrote) > 0 || !reflect.DeepEqual(b.values(), state) {
					t.Errorf("%s wrote %q and left %v", what, wrote, b.values())
				}
			}
			b.process = through.provider(t, map[string]any{"workspace": "risk"})
			if says := b.read(); says != "" {
				t.Error(says)
			}
		})
	}
}

// TestOtherServer_MLflow: on an MLflow server, too, everything of an experiment is looked for by the experiment's creation time.
func TestOtherServer_MLflow(t *testing.T) {
	t.Parallel()
	for kind, configs := range onExperiment1 {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, b := settled(t, kind, configs.config)
			clone, stranger := newRecordedServer(t, s.levels), newRecordedServer(t, map[string]string{"admin": "MANAGE", "ben": "READ"})
			stranger.reuseID()
			state := b.values()
			for what, do := range map[string]func() string{
				"a refresh": b.read,
				"an update": func() string { return b.apply(b.plan(configs.changed), configs.changed) },
				"a destroy": func() string { return b.apply(b.plan(nil), nil) },
			} {
				b.process = stranger.provider(t, nil)
				says := do()
				if wrote := stranger.written(); !elsewhere.MatchString(says) || len(wrote) > 0 || !reflect.DeepEqual(b.values(), state) {
					t.Errorf("%s wrote %q, left %v and said %q", what, wrote, b.values(), says)
				}
			}
			b.process = clone.provider(t, nil)
			if says := b.read(); isError(says) || kind != "mlflow_experiment_tag" && !reflect.DeepEqual(b.values(), state) {
				t.Errorf("at the clone a refresh leaves %v and says %q", b.values(), says)
			}
		})
	}
}
