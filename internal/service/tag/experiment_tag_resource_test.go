package tag_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func tagConfig(id, key, value string) string {
	return fmt.Sprintf("resource \"mlflow_experiment_tag\" \"test\" {\n  experiment_id = %q\n  key = %q\n  value = %q\n}\n", id, key, value)
}

func tagAction(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("mlflow_experiment_tag.test", action)}}
}

func tagState(attribute, value string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("mlflow_experiment_tag.test", tfjsonpath.New(attribute), knownvalue.StringExact(value))
}

func TestTagResource_lifecycle(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", map[string]string{"foreign": "theirs"})
	value := func(v string) *string { return &v }
	tag := func(key, v string, behind func(), action plancheck.ResourceActionType, after func()) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				if behind != nil {
					behind()
				}
				w.ResetJournal()
			},
			Config:           w.Config(tagConfig(id, key, v)),
			ConfigPlanChecks: tagAction(action),
			ConfigStateChecks: []statecheck.StateCheck{
				tagState("id", id+"/"+key), tagState("experiment_id", id), tagState("key", key), tagState("value", v),
			},
			PostApplyFunc: func() {
				w.ExpectTag(t, id, key, value(v))
				after()
			},
		}
	}
	once := func() { w.ExpectWrites(t, acctest.SetTagRequest) }
	acctest.UnitTest(t,
		tag("team/a", "risk", nil, plancheck.ResourceActionCreate, once),
		tag("team/a", "fraud", nil, plancheck.ResourceActionUpdate, once),
		tag("team/a", "fraud", func() { w.SetTag(id, "team/a", "changed outside") }, plancheck.ResourceActionUpdate, once),
		tag("team/a", "fraud", func() { w.RemoveTag(id, "team/a") }, plancheck.ResourceActionCreate, once),
		tag("team/a", "fraud", func() { w.SetTag(id, "team/a", "") }, plancheck.ResourceActionCreate, once),
		resource.TestStep{
			ResourceName: "mlflow_experiment_tag.test", ImportState: true, ImportStateVerify: true, ImportStateId: id + "/team/a",
		},
		tag("mlflow.note.content", "About churn", nil, plancheck.ResourceActionUpdate, func() {
			w.ExpectTag(t, id, "team/a", value(""))
			if got := w.Writes(); len(got) != 3 || got[0] != acctest.SetTagRequest || got[1] != acctest.DeleteTagRequest ||
				got[2] != acctest.SetTagRequest {
				t.Errorf("got write requests %q, want the new tag, then one try to delete the old one and its empty value", got)
			}
		}),
		tag("mlflow.note.content", "", nil, plancheck.ResourceActionUpdate, once),
	)
	w.ExpectTag(t, id, "foreign", value("theirs"))
	w.ExpectTag(t, id, "mlflow.ownerEmail", value(emulator.Admin))
}

func TestTagResource_removal(t *testing.T) {
	w := acctest.NewWorkspace(t, emulator.Options{ServeTagDeletion: true})
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", map[string]string{"team": "risk", "foreign": "theirs"})
	theirs := "theirs"
	acctest.UnitTest(t, resource.TestStep{
		Config:        w.Config(tagConfig(id, "team", "risk")),
		PostApplyFunc: func() { w.ExpectWrites(t) },
	})
	w.ExpectTag(t, id, "team", nil)
	w.ExpectTag(t, id, "foreign", &theirs)
	w.ExpectWrites(t, acctest.DeleteTagRequest)
}

func TestTagResource_generatedConfiguration(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", map[string]string{"team/a": "risk"})
	acctest.UnitTest(t, resource.TestStep{
		Config:       w.Config(""),
		ResourceName: "mlflow_experiment_tag.test",
		ImportState:  true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true, ImportStateId: id + "/team/a",
		ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("mlflow_experiment_tag.test", plancheck.ResourceActionNoop),
			plancheck.ExpectKnownValue("mlflow_experiment_tag.test", tfjsonpath.New("value"), knownvalue.StringExact("risk")),
		}},
	})
	w.ExpectWrites(t)
}

func TestTagResource_unknownValues(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(fmt.Sprintf(`
			resource "terraform_data" "tag" { input = { id = %q, key = "team", value = "risk" } }
			resource "mlflow_experiment_tag" "test" {
			  experiment_id = terraform_data.tag.output.id
			  key           = terraform_data.tag.output.key
			  value         = terraform_data.tag.output.value
			}`, id)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("mlflow_experiment_tag.test", tfjsonpath.New("key")),
		}},
		ConfigStateChecks: []statecheck.StateCheck{tagState("id", id+"/team"), tagState("value", "risk")},
	})
}

func TestTagResource_permissionDenied(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Users/"+emulator.Admin+"/churn", nil)
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ")
	acctest.UnitTest(t, resource.TestStep{
		Config:      w.ConfigAs(emulator.UserToken, "", tagConfig(id, "team", "risk")),
		ExpectError: regexp.MustCompile(`(?s)Could not set experiment tag.*Tag "team" of experiment ` + id + `:.*CAN_EDIT`),
	})
	w.ExpectTag(t, id, "team", nil)
}

func TestTagResource_create(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(w *acctest.Workspace, id string)
		value  string
		want   string // the beginning of the diagnostics
		writes []string
	}{
		"new":        {func(*acctest.Workspace, string) {}, "risk", "", []string{acctest.SetTagRequest}},
		"empty":      {func(*acctest.Workspace, string) {}, "", "", []string{acctest.SetTagRequest}},
		"same value": {func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "risk") }, "risk", "", nil},
		"over empty": {func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "") }, "risk", "", []string{acctest.SetTagRequest}},
		"adopted": {func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "fraud") }, "risk",
			"warning: Existing experiment tag adopted: Tag \"team\" of experiment ID already existed, with the value \"fraud\"",
			[]string{acctest.SetTagRequest}},
		"deleted": {func(w *acctest.Workspace, id string) { w.Trash(id) }, "risk",
			"error: Could not set experiment tag: Tag \"team\" of experiment ID: experiment \"/Users/admin@example.com/Trash/", nil},
		"purged": {func(w *acctest.Workspace, id string) { w.Purge(id) }, "risk",
			"error: Could not set experiment tag: Tag \"team\" of experiment ID: ", nil},
		"response lost": {func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "set-experiment-tag", DropAfter: true})
		}, "risk", "", []string{acctest.SetTagRequest, acctest.SetTagRequest}},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
			c.before(w, id)
			state, got := w.Provider(t, emulator.AdminToken).Apply("mlflow_experiment_tag", nil,
				map[string]any{"id": tftypes.UnknownValue, "experiment_id": id, "key": "team", "value": c.value})
			if want := strings.ReplaceAll(c.want, "ID", id); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create: got diagnostics %q, want %q", got, want)
			}
			w.ExpectWrites(t, c.writes...)
			failed := strings.HasPrefix(got, "error")
			if failed != (state == nil) || !failed && (state["id"] != id+"/team" || state["value"] != c.value) {
				t.Errorf("after diagnostics %q: got state %v", got, state)
			}
			if !failed {
				w.ExpectTag(t, id, "team", &c.value)
			}
		})
	}
}

func TestTagResource_read(t *testing.T) {
	t.Parallel()
	const gone = "warning: Experiment tag not found, removed from state: Tag \"team\" of experiment ID was removed from the state."
	for name, c := range map[string]struct {
		behind   func(w *acctest.Workspace, id string)
		inState  string
		want     string
		wantRest string
		value    any // nil: out of the state
	}{
		"changed": {func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "fraud") }, "risk", "", "", "fraud"},
		"removed": {
			func(w *acctest.Workspace, id string) { w.RemoveTag(id, "team") }, "risk", gone, "The next apply sets it again", nil,
		},
		"cleared": {
			func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "") }, "risk", gone, "The next apply sets it again", nil,
		},
		"empty, as declared": {func(w *acctest.Workspace, id string) { w.SetTag(id, "team", "") }, "", "", "", ""},
		"deleted":            {func(w *acctest.Workspace, id string) { w.Trash(id) }, "risk", gone, "is deleted.\n\nRestore it", nil},
		"purged":             {func(w *acctest.Workspace, id string) { w.Purge(id) }, "risk", gone, "The experiment no longer exists.", nil},
		"server broken": {func(w *acctest.Workspace, _ string) {
			w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "get", Status: 400, Code: "INVALID_STATE", Message: "broken"})
		}, "risk", "error: Could not read experiment tag: Tag \"team\" of experiment ID: broken", "", "risk"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", map[string]string{"team": "risk"})
			c.behind(w, id)
			state, got := w.Provider(t, emulator.AdminToken).Read("mlflow_experiment_tag",
				map[string]any{"id": id + "/team", "experiment_id": id, "key": "team", "value": c.inState})
			if want := strings.ReplaceAll(c.want, "ID", id); want == "" && got != "" || !strings.HasPrefix(got, want) ||
				!strings.Contains(got, c.wantRest) {
				t.Errorf("read: got diagnostics %q, want %q and %q", got, want, c.wantRest)
			}
			if state["value"] != c.value {
				t.Errorf("got state %v, want value %v", state, c.value)
			}
			if n := w.Count("", "/api/2.0/mlflow/*/*"); n != 1 {
				t.Errorf("read: got %d requests, want 1", n)
			}
		})
	}
}

func TestTagResource_delete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token  string
		behind func(w *acctest.Workspace, id string)
		want   string
		writes int
	}{
		"cleared": {emulator.AdminToken, func(*acctest.Workspace, string) {},
			"warning: Experiment tag cleared, not removed: Tag \"team\" of experiment ID", 2},
		"removed already":    {emulator.AdminToken, func(w *acctest.Workspace, id string) { w.RemoveTag(id, "team") }, "", 0},
		"experiment deleted": {emulator.AdminToken, func(w *acctest.Workspace, id string) { w.Trash(id) }, "", 0},
		"experiment purged":  {emulator.AdminToken, func(w *acctest.Workspace, id string) { w.Purge(id) }, "", 0},
		"experiment purged after the read": {emulator.AdminToken, func(w *acctest.Workspace, id string) {
			w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "delete-experiment-tag", Status: 404, Code: "RESOURCE_DOES_NOT_EXIST",
				Message: "no such experiment"})
		}, "", 1},
		"experiment deleted after the read": {emulator.AdminToken, func(w *acctest.Workspace, id string) {
			w.Before("POST", acctest.ExperimentsPath+"set-experiment-tag", func(*http.Request) { w.Trash(id) })
		}, "", 2},
		"not allowed": {emulator.UserToken, func(w *acctest.Workspace, id string) {
			w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ")
		}, "error: Could not remove experiment tag: Tag \"team\" of experiment ID: ", 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.Admin, "/Users/"+emulator.Admin+"/churn", map[string]string{"team": "risk"})
			c.behind(w, id)
			state, got := w.Provider(t, c.token).Apply("mlflow_experiment_tag",
				map[string]any{"id": id + "/team", "experiment_id": id, "key": "team", "value": "risk"}, nil)
			if want := strings.ReplaceAll(c.want, "ID", id); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("delete: got diagnostics %q, want %q", got, want)
			}
			if failed := strings.HasPrefix(got, "error"); failed != (state != nil) {
				t.Errorf("after diagnostics %q: got state %v", got, state)
			}
			if got := w.Writes(); len(got) != c.writes {
				t.Errorf("got write requests %q, want %d", got, c.writes)
			}
		})
	}
}

func TestTagResource_import(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	for id, key := range map[string]string{"12/team": "team", "12/team/a//b": "team/a//b"} {
		state, got := d.ImportState("mlflow_experiment_tag", id)
		if want := map[string]any{"id": id, "experiment_id": "12", "key": key, "value": nil, "workspace": nil}; got != "" ||
			fmt.Sprint(state) != fmt.Sprint(want) {
			t.Errorf("import of %q: got state %v and diagnostics %q, want %v", id, state, got, want)
		}
	}
}

func TestTagResource_providerConfigurationUnknown(t *testing.T) {
	t.Parallel()
	d := acctest.NewProvider(t, map[string]any{"host": tftypes.UnknownValue})
	tag := map[string]any{"id": "1/team", "experiment_id": "1", "key": "team", "value": "risk"}
	state, got := d.Read("mlflow_experiment_tag", tag)
	delete(state, "workspace") // null
	if !strings.HasPrefix(got, "warning: State not refreshed") || fmt.Sprint(state) != fmt.Sprint(tag) {
		t.Errorf("read: got state %v and diagnostics %q, want %v and a warning", state, got, tag)
	}
	if got := d.Plan("mlflow_experiment_tag", map[string]any{"experiment_id": "1", "key": "team", "value": "risk"}); got != "" {
		t.Errorf("plan: got diagnostics %q, want none", got)
	}
}
