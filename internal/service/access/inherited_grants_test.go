package access_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissions_homeFolderManagers: in a home folder, servers add direct grants for the owner and the admins, who also inherit them, to
// each list that is written. They are neither in the state nor drift, whichever identity applies, before and after the first apply.
func TestPermissions_homeFolderManagers(t *testing.T) {
	w := newFolders(t, emulator.Options{AddManagers: true})
	w.Mkdirs(home + "/models")
	id := w.CreateExperiment(emulator.User, home+"/churn", nil)
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE") // as after a change in the UI
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	w.GrantFolder(home+"/models", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	config := func(token, level string) string {
		groups := `groups = { risk = "` + level + `" }`
		return w.ConfigAs(token, "", acctest.PermissionsBlock(id, groups)+folderPermissions(home+"/models", groups))
	}
	var steps []resource.TestStep
	for i, token := range []string{emulator.UserToken, emulator.AdminToken, emulator.UserToken} {
		level := []string{"CAN_READ", "CAN_EDIT"}[i%2]
		steps = append(steps, resource.TestStep{
			Config: config(token, level),
			Check: func(*terraform.State) error {
				for _, grants := range [][]emulator.Grant{w.Grants(id), w.FolderGrants(home + "/models")} {
					if len(grants) < 2 {
						t.Errorf("got grants %v, want that of risk and those that the server adds", grants)
					}
				}
				return nil
			},
			ConfigStateChecks: []statecheck.StateCheck{
				expectMap("retained", nil), expectNull("users"), folderMap("retained", nil), folderState("users", knownvalue.Null()),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		})
	}
	acctest.UnitTest(t, steps...)
}

// TestPermissions_inheritedGrant: an undeclared direct grant whose principal also inherits the level is neither in the state nor drift, on
// experiments and on folders. If the grant on the folder is revoked, it is drift. A level that the inherited one does not include is always
// drift.
func TestPermissions_inheritedGrant(t *testing.T) {
	t.Parallel()
	ben := emulator.UserPrincipal(emulator.OtherUser)
	for kind, levels := range map[string]map[string][]string{
		folderKind: {
			"CAN_READ": {"CAN_READ"}, "CAN_RUN": {"CAN_READ", "CAN_RUN"}, "CAN_EDIT": {"CAN_READ", "CAN_EDIT"},
			"CAN_MANAGE": {"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"},
		},
		"mlflow_experiment_permissions": {
			"CAN_READ": {"CAN_READ"}, "CAN_RUN": {"CAN_READ"}, "CAN_EDIT": {"CAN_READ", "CAN_EDIT"},
			"CAN_MANAGE": {"CAN_READ", "CAN_EDIT", "CAN_MANAGE"},
		},
	} {
		for inherited, includes := range levels {
			t.Run(kind+" inherits "+inherited, func(t *testing.T) {
				t.Parallel()
				w := newFolders(t)
				id := w.CreateExperiment(emulator.Admin, "/Teams/retail/churn", nil)
				w.GrantFolder("/Teams", ben, inherited)
				b := w.Backend().Provider(t, nil).Resource(kind)
				config, grant := folderConfig("/Teams/retail", readers), func(level string) { w.GrantFolder("/Teams/retail", ben, level) }
				if kind != folderKind {
					delete(config, "path")
					config["experiment_id"] = id
					grant = func(level string) { w.Grant(id, ben, level) }
				}
				b.MustApply(config)
				state, values := b.State, b.Values()
				for _, level := range []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE"} {
					grant(level)
					b.State = state
					acctest.ExpectDiagnostics(t, b.Refresh(), "")
					if slices.Contains(includes, level) {
						if p := b.Plan(config); p.Action != "none" || p.Diagnostics != "" || !reflect.DeepEqual(b.Values(), values) {
							t.Errorf("%s: got planned action %s, diagnostics %q, state %v, want no change", level, p.Action, p.Diagnostics, b.Values())
						}
						w.RevokeFolder("/Teams", ben)
						acctest.ExpectDiagnostics(t, b.Refresh(), "")
						expectDrift(t, b, config, level)
						w.GrantFolder("/Teams", ben, inherited)
						continue
					}
					expectDrift(t, b, config, level)
				}
			})
		}
	}
}

// expectDrift checks that the state contains a level of Ben, and that the plan removes it.
func expectDrift(t *testing.T, b *acctest.Resource, config map[string]any, level string) {
	t.Helper()
	if got := b.Values()["users"]; !reflect.DeepEqual(got, map[string]any{emulator.OtherUser: level}) {
		t.Errorf("got users %v, want %s", got, level)
	}
	if p := b.Plan(config); p.Action != "update" || p.Diagnostics != "" {
		t.Errorf("%s: got planned action %s and diagnostics %q, want update", level, p.Action, p.Diagnostics)
	}
}

// TestPermissions_inheritedGrantImported: an import contains each direct grant, inherited or not. A configuration without it removes it,
// and the next plan is empty.
func TestPermissions_inheritedGrantImported(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	w.GrantFolder("/Teams/retail", emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	b := folderBlock(t, w, emulator.AdminToken)
	acctest.ExpectDiagnostics(t, b.Import("/Teams/retail"), "")
	expectDrift(t, b, folderConfig("/Teams/retail", nil), "CAN_EDIT")
	b.MustApply(folderConfig("/Teams/retail", readers))
	mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_READ")
}

// TestPermissions_inheritedLevels: only a level below the inherited one has no effect. An equal one has an effect: it remains if the
// inherited one is revoked.
func TestPermissions_inheritedLevels(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("science")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("science"), "CAN_EDIT")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	d := w.Provider(t, emulator.AdminToken)
	for level, warned := range map[string]bool{"CAN_READ": true, "CAN_EDIT": false, "CAN_MANAGE": false} {
		says := d.Plan("mlflow_experiment_permissions", map[string]any{"experiment_id": id, "groups": map[string]string{"science": level}})
		if got := strings.Contains(says, "warning at groups"); got != warned || acctest.HasError(says) || !warned && says != "" {
			t.Errorf("%s: got diagnostics %q, want a warning: %t", level, says, warned)
		}
	}
}
