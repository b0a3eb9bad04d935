package access_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// permissionList is the list of an experiment or of a folder, for tests that both share.
type permissionList struct {
	address string
	block   func(attributes string) string
	grants  func(want ...string) resource.TestCheckFunc
}

func listOnExperiment(w *acctest.Workspace, id string) permissionList {
	return permissionList{
		permissionsAddress, func(attributes string) string { return acctest.PermissionsBlock(id, attributes) },
		func(want ...string) resource.TestCheckFunc { return expectGrants(w, id, want...) },
	}
}

func listOnFolder(w *acctest.Workspace, path string) permissionList {
	return permissionList{
		folderAddress, func(attributes string) string { return folderPermissions(path, attributes) },
		func(want ...string) resource.TestCheckFunc { return expectFolderGrants(w, path, want...) },
	}
}

// levels checks a map of levels in the state, as [expectMap] does.
func (l permissionList) levels(attribute string, want map[string]string) statecheck.StateCheck {
	return l.state(attribute, levelMap(want))
}

func (l permissionList) state(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(l.address, tfjsonpath.New(attribute), want)
}

// canManage reports whether the owner of a token can read a list, which requires CAN_MANAGE.
func canManage(t *testing.T, w *acctest.Workspace, token, listPath string) bool {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, listPath, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	response := httptest.NewRecorder()
	w.ServeHTTP(response, req)
	return response.Code == http.StatusOK
}

// callersTakeTurns applies a list as a pipeline's service principal, a workspace admin, and a user. None of them loses access that an
// earlier apply provided, and each plan after an apply is empty, whichever of them runs it.
func callersTakeTurns(t *testing.T, w *acctest.Workspace, turns int, l permissionList, listPath func() string) {
	t.Helper()
	w.AddUser(emulator.User, "owners")
	w.AddGroup("risk")
	w.GrantFolder("/Teams", emulator.ServicePrincipalPrincipal(pipeline), "CAN_EDIT")
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.User), "CAN_READ")
	config := func(token, level string) string {
		return w.ConfigAs(token, "", l.block(`groups = { risk = "`+level+`", owners = "CAN_MANAGE" }`))
	}
	tokens := []string{emulator.ServicePrincipalToken, emulator.AdminToken, emulator.UserToken}
	levels := []string{"CAN_READ", "CAN_EDIT"}
	var steps []resource.TestStep
	for turn := range turns {
		level := levels[turn%len(levels)]
		steps = append(steps, resource.TestStep{
			Config: config(tokens[turn%len(tokens)], level),
			ConfigStateChecks: []statecheck.StateCheck{
				l.levels("retained", map[string]string{pipeline: "CAN_MANAGE"}), l.state("service_principals", knownvalue.Null()),
				l.state("users", knownvalue.Null()),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}, resource.TestStep{
			PreConfig: func() {
				for _, token := range tokens {
					if !canManage(t, w, token, listPath()) {
						t.Errorf("after turn %d, %s lost its access", turn, token)
					}
				}
			},
			Config:   config(tokens[(turn+1)%len(tokens)], level), // the next one's plan
			PlanOnly: true,
		})
	}
	acctest.UnitTest(t, steps...)
}

// callerKept applies a list as a user, whose only access is a direct grant, which a lower level would replace.
func callerKept(t *testing.T, w *acctest.Workspace, l permissionList, lower string, rejected *regexp.Regexp) {
	t.Helper()
	w.AddUser(emulator.User, "owners")
	config := func(attributes string) string { return w.ConfigAs(emulator.UserToken, "", l.block(attributes)) }
	const ben, benReads = `"ben@example.com" = "CAN_READ"`, "user ben@example.com CAN_READ"
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config(`users = { ` + ben + ` }`),
			Check:  l.grants(anaManages, benReads),
			ConfigStateChecks: []statecheck.StateCheck{
				l.levels("users", map[string]string{"ben@example.com": "CAN_READ"}),
				l.levels("retained", map[string]string{emulator.User: "CAN_MANAGE"}),
			},
		},
		resource.TestStep{Config: config(`users = { ` + ben + `, "Ana@example.com" = "` + lower + `" }`), ExpectError: rejected},
		resource.TestStep{ // the grant kept for one caller is not drift for another
			Config: w.Config(l.block(`users = { ` + ben + ` }`)), PlanOnly: true,
		},
		resource.TestStep{ // declared, so it is no longer retained
			Config:            config(`users = { ` + ben + `, "Ana@example.com" = "CAN_MANAGE" }`),
			Check:             l.grants(anaManages, benReads),
			ConfigStateChecks: []statecheck.StateCheck{l.levels("retained", nil)},
		},
		resource.TestStep{ // declared for a group of the caller
			Config:            config(`groups = { owners = "CAN_MANAGE" }`),
			Check:             l.grants("group owners CAN_MANAGE"),
			ConfigStateChecks: []statecheck.StateCheck{l.levels("retained", nil), l.state("users", knownvalue.Null())},
		},
		resource.TestStep{ // destroy revokes the grant of the group, so it must keep one for the caller
			Config: config(`groups = { owners = "CAN_MANAGE" }`), Destroy: true,
			Check: l.grants(anaManages),
		},
	)
}

// callerNotKept applies a list that intentionally lowers the caller's access. A destroy then changes nothing, and must not fail.
func callerNotKept(t *testing.T, w *acctest.Workspace, l permissionList, lower string) {
	t.Helper()
	left := l.grants("user ana@example.com "+lower, "user ben@example.com CAN_MANAGE")
	acctest.UnitTest(t, resource.TestStep{
		Config: w.ConfigAs(emulator.UserToken, "", l.block(`
  users              = { "ben@example.com" = "CAN_MANAGE", "ana@example.com" = "`+lower+`" }
  keep_caller_access = false`)),
		ConfigPlanChecks: acctest.PreApply(plancheck.ExpectUnknownValue(l.address, tfjsonpath.New("retained"))),
		Check:            left,
		ExpectError:      regexp.MustCompile(`(?s)Could not read permissions.*needs[\s│]+CAN_MANAGE`), // the plan after the apply
	})
	if err := left(nil); err != nil {
		t.Error(err)
	}
}

// plannedAgain checks that values that are known in one plan of a list are the same in a second plan, after the user was granted access on
// the parent folder. The plans can be those of two identities.
func plannedAgain(t *testing.T, w *acctest.Workspace, first, second *acctest.Resource, config map[string]any, above string) {
	t.Helper()
	before := first.Object(first.Plan(config).Resp.PlannedState)
	w.GrantFolder(above, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	for attribute, again := range second.Object(second.Plan(config).Resp.PlannedState) {
		if known := before[attribute]; known.IsFullyKnown() && !known.Equal(again) {
			t.Errorf("%s: got %s in the second plan, want %s", attribute, again, known)
		}
	}
}

// unknownHost is a provider whose host is unknown in the first plan after trigger has changed.
func unknownHost(w *acctest.Workspace, trigger string) string {
	return fmt.Sprintf(`
resource "terraform_data" "host" {
  input            = %q
  triggers_replace = %q
}
provider "mlflow" {
  host  = terraform_data.host.output
  token = %q
}
`, w.URL, trigger, emulator.AdminToken)
}

// expectNoRequests checks that a plan sends no request.
func expectNoRequests(w *acctest.Workspace) plancheck.PlanCheck {
	return journalCheck(func() error {
		if calls := w.Journal(); len(calls) > 0 {
			return fmt.Errorf("got %d requests during the plan, first %s, want none", len(calls), calls[0].Path)
		}
		return nil
	})
}
