package access_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	home            = "/Users/" + emulator.User
	anaManages      = "user " + emulator.User + " CAN_MANAGE"
	pipelineManages = "service_principal " + pipeline + " CAN_MANAGE"
)

func TestFolderPermissions_callersTakeTurns(t *testing.T) {
	w := acctest.NewWorkspace(t)
	callersTakeTurns(t, w, 6, permissionList{address: folderAddress, block: func(attributes string) string {
		return folderPermissions("/Teams/retail", "create_parents = true\n"+attributes)
	}}, func() string { return folderPath(w, "/Teams/retail") })
}

// TestFolderPermissions_retainedUntil: a grant retained for an earlier caller is removed if another level is declared, if it was lowered
// outside Terraform, and with keep_caller_access = false.
func TestFolderPermissions_retainedUntil(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	const folder = "/Teams/retail"
	w.GrantFolder(folder, emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE")
	b := folderBlock(t, w, emulator.ServicePrincipalToken)
	as := func(token string) { b.Provider = w.BackendAs(token).Provider(t, nil) }
	expect := func(retained map[string]any, grants ...string) {
		t.Helper()
		if got := b.Values()["retained"]; !reflect.DeepEqual(got, retained) {
			t.Errorf("got retained %v, want %v", got, retained)
		}
		mustHaveFolderGrants(t, w, folder, grants...)
	}
	none, kept := map[string]any{}, map[string]any{pipeline: "CAN_MANAGE"}
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, readers)), "warning: Undeclared access is kept", pipeline)
	expect(kept, "group risk CAN_READ", pipelineManages)
	as(emulator.AdminToken)
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, editors)), "warning: Undeclared access is kept", pipeline+`": CAN_MANAGE`)
	expect(kept, "group risk CAN_EDIT", pipelineManages)
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, editors, "keep_caller_access", false)), "")
	expect(none, "group risk CAN_EDIT")
	w.GrantFolder(folder, emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE")
	as(emulator.ServicePrincipalToken)
	b.Apply(folderConfig(folder, editors))
	expect(kept, "group risk CAN_EDIT", pipelineManages)
	as(emulator.AdminToken)
	lowered := acctest.MapOfOne(pipeline, "CAN_RUN")
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, editors, "service_principals", lowered)), "")
	expect(none, "group risk CAN_EDIT", "service_principal "+pipeline+" CAN_RUN")
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, editors)), "")
	expect(none, "group risk CAN_EDIT")
}

func TestFolderPermissions_callerKept(t *testing.T) {
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	callerKept(t, w, listOnFolder(w, "/Teams/retail"), "CAN_RUN",
		brokenLines(`pre-apply plan.*Grant would lower your own access.*or the experiments in the folder.*keep_caller_access = false`))
}

// TestFolderPermissions_callerInherits: the caller inherits access from a parent folder, directly or through a group, so no grant is kept.
func TestFolderPermissions_callerInherits(t *testing.T) {
	t.Parallel()
	for name, grantee := range map[string]emulator.Principal{"directly": emulator.UserPrincipal(emulator.User),
		"through a group": emulator.GroupPrincipal("owners")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			w.AddUser(emulator.User, "owners")
			w.GrantFolder("/Teams", grantee, "CAN_MANAGE")
			b := folderBlock(t, w, emulator.UserToken)
			b.MustApply(folderConfig("/Teams/retail", readers))
			mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_READ")
			b.MustApply(folderConfig("/Teams/retail", editors))
			acctest.ExpectDiagnostics(t, b.Destroy(), "")
			mustHaveFolderGrants(t, w, "/Teams/retail")
		})
	}
}

func TestFolderPermissions_callerNotKept(t *testing.T) {
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	callerNotKept(t, w, listOnFolder(w, "/Teams/retail"), "CAN_RUN")
}

// TestFolderPermissions_homeFolder: the CAN_MANAGE of the user of a home folder is retained if it is not declared, whichever identity
// manages the list.
func TestFolderPermissions_homeFolder(t *testing.T) {
	w := newFolders(t)
	own := []statecheck.StateCheck{folderMap("retained", map[string]string{emulator.User: "CAN_MANAGE"}),
		folderState("users", knownvalue.Null())}
	step := func(token, attributes string, grants ...string) resource.TestStep {
		return resource.TestStep{
			Config: w.ConfigAs(token, "", folderPermissions(home, attributes)), ConfigStateChecks: own,
			Check:            expectFolderGrants(w, home, append(grants, anaManages)...),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}
	}
	declared := step(emulator.AdminToken, `users = { "Ana@example.com" = "CAN_MANAGE" }`)
	declared.ConfigStateChecks = []statecheck.StateCheck{folderMap("retained", nil)}
	acctest.UnitTest(t,
		step(emulator.AdminToken, `groups = { risk = "CAN_READ" }`, "group risk CAN_READ"),
		step(emulator.UserToken, `groups = { risk = "CAN_RUN" }`, "group risk CAN_RUN"),
		step(emulator.AdminToken, "groups = { risk = \"CAN_EDIT\" }\n  keep_caller_access = false", "group risk CAN_EDIT"),
		declared,
		step(emulator.AdminToken, `groups = { risk = "CAN_READ" }`, "group risk CAN_READ"), // no longer declared
	)
	mustHaveFolderGrants(t, w, home, anaManages)
}

// TestFolderPermissions_homeFolderLowered: a level of the user below CAN_MANAGE is drift, and can be declared.
func TestFolderPermissions_homeFolderLowered(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	b.MustApply(folderConfig(home, readers, "users", acctest.MapOfOne(emulator.User, "CAN_READ")))
	mustHaveFolderGrants(t, w, home, "group risk CAN_READ", "user "+emulator.User+" CAN_READ")
	b.MustApply(folderConfig(home, readers))
	mustHaveFolderGrants(t, w, home, "group risk CAN_READ")
	w.GrantFolder(home, emulator.UserPrincipal(emulator.User), "CAN_MANAGE") // as before
	b.ExpectEmptyPlan(folderConfig(home, readers))
}

// TestFolderPermissions_serverAddsManagers: grants that the server itself adds to each list are not drift, and cause no write.
func TestFolderPermissions_serverAddsManagers(t *testing.T) {
	w := newFolders(t, emulator.Options{AddManagers: true})
	own := []statecheck.StateCheck{folderMap("retained", map[string]string{emulator.User: "CAN_MANAGE"}),
		folderState("users", knownvalue.Null())}
	asUser := w.Backend()
	asUser.Header = http.Header{"Authorization": {"Bearer " + emulator.UserToken}}
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	asUser.MustDo(t, "POST", "/api/2.0/workspace/mkdirs", map[string]any{"path": "/Teams/ana"}) // its owner is the user
	var steps []resource.TestStep
	for _, folder := range []string{"/Teams/ana", home} {
		for _, attributes := range []string{`groups = { risk = "CAN_READ" }`,
			"groups = { risk = \"CAN_EDIT\" }\n  keep_caller_access = false"} {
			steps = append(steps, resource.TestStep{
				Config: w.Config(folderPermissions(folder, attributes)), ConfigStateChecks: own,
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			})
		}
	}
	acctest.UnitTest(t, steps...)
}
