package access_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func permissionConfig(id, attributes string) string {
	return fmt.Sprintf("resource \"mlflow_experiment_permission\" \"test\" {\n  experiment_id = %q\n%s\n}\n", id, attributes)
}

func TestPermission_lifecycle(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	other := w.CreateExperiment(emulator.Admin, "/Projects/other", nil)
	ana, ben := emulator.UserPrincipal(emulator.User), emulator.UserPrincipal(emulator.OtherUser)
	w.Grant(id, ben, "CAN_READ")
	step := func(experiment, attributes string, change func(), action plancheck.ResourceActionType, level string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				if change != nil {
					change()
				}
				w.ResetJournal()
			},
			Config:           w.Config(permissionConfig(experiment, attributes)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.PermissionAddress, action)),
			PostApplyFunc: func() {
				if got := w.Level(experiment, ana); got != level {
					t.Errorf("got level %q of ana, want %q", got, level)
				}
				if got := w.Level(id, ben); got != "CAN_READ" {
					t.Errorf("got level %q of ben, want CAN_READ", got)
				}
			},
		}
	}
	edit := `user_name = "ana@example.com"` + "\n" + `permission_level = "CAN_EDIT"`
	acctest.UnitTest(t,
		step(id, edit, nil, plancheck.ResourceActionCreate, "CAN_EDIT"),
		step(id, `user_name = "Ana@Example.com"`+"\n"+`permission_level = "CAN_EDIT"`, nil, plancheck.ResourceActionNoop, "CAN_EDIT"),
		step(id, `user_name = "ana@example.com"`+"\n"+`permission_level = "CAN_MANAGE"`, nil, plancheck.ResourceActionUpdate, "CAN_MANAGE"),
		step(id, edit, func() { w.Grant(id, ana, "CAN_READ") }, plancheck.ResourceActionUpdate, "CAN_EDIT"),
		step(id, edit, func() { w.Revoke(id, ana) }, plancheck.ResourceActionCreate, "CAN_EDIT"),
		resource.TestStep{ResourceName: acctest.PermissionAddress, ImportState: true, ImportStateVerify: true,
			ImportStateId: id + "/user/ana@example.com"},
		resource.TestStep{ // unknown during plan: no replacement, and no change in the apply
			Config: w.Config(`resource "terraform_data" "late" { input = { id = "` + id + `", name = "ana@example.com", level = "CAN_EDIT" } }
				resource "mlflow_experiment_permission" "test" {
				  experiment_id    = terraform_data.late.output.id
				  user_name        = terraform_data.late.output.name
				  permission_level = terraform_data.late.output.level
				}`),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.PermissionAddress, plancheck.ResourceActionUpdate)),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(acctest.PermissionAddress, tfjsonpath.New("id"),
				knownvalue.StringExact(id+"/user/ana@example.com"))},
		},
		step(other, edit, nil, plancheck.ResourceActionUpdate, "CAN_EDIT"),
		step(other, edit, func() { w.Trash(other); w.Restore(other) }, plancheck.ResourceActionNoop, "CAN_EDIT"),
	)
	for _, experiment := range []string{id, other} {
		if got := w.Level(experiment, ana); got != "" {
			t.Errorf("after destroy: got level %q of ana on experiment %s, want none", got, experiment)
		}
	}
	if got := w.Level(id, ben); got != "CAN_READ" {
		t.Errorf("after destroy: got level %q of ben, want CAN_READ", got)
	}
}

func TestPermission_generatedConfiguration(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.AddGroup("risk")
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(""), ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
		ImportStateId: id + "/group/risk", ResourceName: acctest.PermissionAddress,
	})
}

// TestPermission_apply covers failures and their limits: no failure changes the grant of another principal.
func TestPermission_apply(t *testing.T) {
	t.Parallel()
	permission := func(id, kind, name, level string) map[string]any {
		return map[string]any{"id": id + "/" + kind + "/" + name, "experiment_id": id, kind + "_name": name, "permission_level": level}
	}
	for name, c := range map[string]struct {
		token     string
		change    func(w *acctest.Workspace, id string)
		grant     bool // if false, the grant is revoked
		kind      string
		principal string
		level     string
		want      string
		left      string // the level of the principal after the apply
	}{
		"an unknown group": {grant: true, kind: "group", principal: "missing", level: "CAN_READ",
			want: "error at group_name: Could not grant permission: Group \"missing\" on experiment ID: " +
				"Principal: GroupName(missing) does not exist"},
		"a lost response": {grant: true, kind: "user", principal: emulator.User, level: "CAN_READ", left: "CAN_READ",
			change: func(w *acctest.Workspace, _ string) {
				w.Inject(emulator.Fault{Method: "PATCH", Path: "/api/2.0/permissions/experiments/*", DropAfter: true})
			}},
		"no access": {token: emulator.UserToken, grant: true, kind: "user", principal: emulator.OtherUser, level: "CAN_READ",
			want: "error: Could not grant permission: User \"ben@example.com\" on experiment ID: "},
		"lowering the caller": {token: emulator.UserToken, grant: true, kind: "user", principal: emulator.User, level: "CAN_READ",
			left: "CAN_MANAGE",
			change: func(w *acctest.Workspace, id string) {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
			},
			want: "error at permission_level: Grant would lower your own access"},
		"lowering a caller that inherits a higher level": {token: emulator.UserToken, grant: true, kind: "user", principal: emulator.User,
			level: "CAN_READ", left: "CAN_READ",
			change: func(w *acctest.Workspace, id string) {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
				w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
			}},
		"revoking": {kind: "user", principal: emulator.User, level: "CAN_READ",
			change: func(w *acctest.Workspace, id string) { w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ") }},
		"revoking a missing grant": {kind: "user", principal: emulator.User, level: "CAN_READ"},
		"revoking, lost response": {kind: "user", principal: emulator.User, level: "CAN_READ",
			change: func(w *acctest.Workspace, id string) {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_READ")
				w.Inject(emulator.Fault{Method: "PUT", Path: "/api/2.0/permissions/experiments/*", DropAfter: true})
			}},
		"revoking the caller's own grant": {token: emulator.UserToken, kind: "user", principal: emulator.User, level: "CAN_MANAGE",
			left: "CAN_MANAGE",
			change: func(w *acctest.Workspace, id string) {
				w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
			},
			want: "warning: Grant kept for the current user"},
		"revoking without access": {token: emulator.UserToken, kind: "user", principal: emulator.OtherUser, level: "CAN_READ",
			want: "warning: Could not remove permissions"},
		"revoking on a deleted experiment": {kind: "user", principal: emulator.User, level: "CAN_READ",
			change: func(w *acctest.Workspace, id string) { w.Trash(id) }, want: "warning: Could not remove permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
			w.AddGroup("risk")
			w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_EDIT")
			w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
			if c.change != nil {
				c.change(w, id)
			}
			token := c.token
			if token == "" {
				token = emulator.AdminToken
			}
			d := w.Provider(t, token)
			model := permission(id, c.kind, c.principal, c.level)
			var got string
			if c.grant {
				_, got = d.Apply("mlflow_experiment_permission", nil, model)
			} else {
				_, got = d.Apply("mlflow_experiment_permission", model, nil)
			}
			if want := strings.ReplaceAll(c.want, "ID", id); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("got diagnostics %q, want %q", got, want)
			}
			principal := emulator.Principal{Kind: c.kind, Name: c.principal}
			if left := w.Level(id, principal); left != c.left {
				t.Errorf("%v: got level %q, want %q", principal, left, c.left)
			}
			if w.Level(id, emulator.GroupPrincipal("risk")) != "CAN_EDIT" ||
				w.Level(id, emulator.GroupPrincipal("admins")) != "CAN_MANAGE" {
				t.Errorf("got grants %v, want those of risk and admins unchanged", w.Grants(id))
			}
		})
	}
}

func TestPermission_readNotFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *acctest.Workspace, id string)
		want   string
	}{
		"the grant": {func(*acctest.Workspace, string) {},
			"warning: Permission not found, removed from state: User \"ana@example.com\" on experiment ID no longer has a grant"},
		"the experiment": {func(w *acctest.Workspace, id string) { w.Trash(id) },
			"warning: Experiment not found, permission removed from state: User \"ana@example.com\" on experiment ID"},
		"the experiment, purged": {func(w *acctest.Workspace, id string) { w.Purge(id) },
			"warning: Experiment not found, permission removed from state: User \"ana@example.com\" on experiment ID"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
			c.change(w, id)
			state, got := w.Provider(t, emulator.AdminToken).Read("mlflow_experiment_permission",
				map[string]any{"id": id + "/user/ana@example.com", "experiment_id": id, "user_name": "ana@example.com",
					"permission_level": "CAN_READ"})
			if state != nil || !strings.HasPrefix(got, strings.ReplaceAll(c.want, "ID", id)) {
				t.Errorf("got state %v and diagnostics %q, want %q", state, got, c.want)
			}
		})
	}
}

// TestPermissionResource_duplicate: the plan rejects two resources for one grant if both are known. A replaced resource, or one at a new
// resource address, is not a duplicate.
func TestPermissionResource_duplicate(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	grant := func(address, user, level string) string {
		return fmt.Sprintf("resource \"mlflow_experiment_permission\" %q {\n  experiment_id = %q\n  user_name = %q\n  permission_level = %q\n}\n",
			address, id, user, level)
	}
	rejected := func(config string) resource.TestStep {
		return resource.TestStep{Config: w.Config(config), ExpectError: regexp.MustCompile("Grant is managed by two resources")}
	}
	acctest.UnitTest(t,
		rejected(grant("a", "ana@example.com", "CAN_READ")+grant("b", "Ana@Example.com", "CAN_READ")),
		resource.TestStep{Config: w.Config(grant("a", "ana@example.com", "CAN_READ") + grant("b", "ben@example.com", "CAN_READ"))},
		rejected(grant("a", "ana@example.com", "CAN_READ")+grant("b", "ben@example.com", "CAN_READ")+grant("c", "ben@example.com",
			"CAN_EDIT")),
		resource.TestStep{Config: w.Config(grant("a", "ana@example.com", "CAN_READ") + grant("b", "ben@example.com", "CAN_READ")),
			Taint: []string{"mlflow_experiment_permission.a"}},
		resource.TestStep{Config: w.Config(grant("c", "ana@example.com", "CAN_READ") + grant("b", "ben@example.com", "CAN_READ"))},
	)
}
