package access_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_planAdopt: the plan of a new resource reports the grants that it removes, and the caller's own that it keeps. The
// apply reads the list once, in its own plan.
func TestFolderPermissions_planAdopt(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	const folder = "/Teams/retail"
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_RUN")
	w.GrantFolder(folder, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	b := folderBlock(t, w, emulator.UserToken)
	w.ResetJournal()
	p := b.Plan(folderConfig(folder, readers))
	acctest.ExpectDiagnostics(t, p.Diagnostics, "warning: Undeclared access is kept: Apply keeps these grants on folder \""+folder+"\"",
		`- user "ana@example.com": CAN_MANAGE`,
		"warning: Undeclared permissions will be removed: Folder \""+folder+"\"", `- user "ben@example.com": CAN_RUN`)
	acctest.ExpectDiagnostics(t, b.ApplyPlan(p, folderConfig(folder, readers)), "")
	if n := w.Count("GET", foldersPath); n != 1 {
		t.Errorf("got %d reads of the list, want 1", n)
	}
	mustHaveFolderGrants(t, w, folder, "group admins CAN_MANAGE", "group risk CAN_READ", anaManages)

	w.GrantFolder(home, emulator.UserPrincipal(emulator.OtherUser), "CAN_RUN") // the user of the home folder keeps its access
	acctest.ExpectDiagnostics(t, folderBlock(t, w, emulator.AdminToken).Plan(folderConfig(home, readers)).Diagnostics,
		"warning: Undeclared permissions will be removed: Folder \""+home+
			"\" has direct grants that are not in the configuration. Apply removes them:\n  - user \"ben@example.com\": CAN_RUN\n\n")
}

// TestFolderPermissions_refreshCalls: a refresh sends two requests per folder. Retained grants require no lookup of the caller.
func TestFolderPermissions_refreshCalls(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE")
	b := folderBlock(t, w, emulator.ServicePrincipalToken)
	b.Apply(folderConfig("/Teams/retail", readers))
	w.ResetJournal()
	b.ExpectEmptyPlan(folderConfig("/Teams/retail", readers))
	if calls := w.Calls(); len(calls) != 2 || w.Count("GET", statusPath) != 1 || w.Count("GET", foldersPath) != 1 {
		t.Errorf("got requests %q, want a lookup and a read of the list", calls)
	}
}

// TestFolderPermissions_plannedAgain: Terraform plans again during apply, possibly after other resources were applied. Values that were
// known in the first plan must be the same, or Terraform fails.
func TestFolderPermissions_plannedAgain(t *testing.T) {
	t.Parallel()
	for name, created := range map[string]bool{"created": true, "changed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			w.GrantFolder("/Teams/retail", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
			first, second := folderBlock(t, w, emulator.UserToken), folderBlock(t, w, emulator.AdminToken)
			if !created {
				first.Apply(folderConfig("/Teams/retail", readers))
				second.State, second.Private = first.State, first.Private
			}
			plannedAgain(t, w, first, second, folderConfig("/Workspace/Teams/retail/", editors), "/Teams")
		})
	}
}

// TestFolderPermissions_providerUnknown: if the provider configuration is unknown, the plan keeps the state and sends no request.
func TestFolderPermissions_providerUnknown(t *testing.T) {
	w := newFolders(t)
	config := func(trigger, level string) string {
		return unknownHost(w, trigger) + folderPermissions("/Teams/retail", fmt.Sprintf(`groups = { risk = %q }`, level))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("a", "CAN_READ"), Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_READ")},
		resource.TestStep{
			PreConfig: func() {
				w.GrantFolder("/Teams/retail", emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
				w.ResetJournal()
			},
			Config: config("b", "CAN_RUN"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				expectNoRequests(w)),
			Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_RUN"),
		},
	)
}
