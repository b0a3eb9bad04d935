package access_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissions_planNamesCaller: a plan that would remove the caller's access reports the grant that the apply keeps or creates instead.
func TestPermissions_planNamesCaller(t *testing.T) {
	t.Parallel()
	const keeps, creates, removes = "warning: Undeclared access is kept: Apply keeps these grants on ",
		"warning: Undeclared access is kept: Apply grants CAN_MANAGE on ",
		"Undeclared permissions will be removed"
	for name, c := range map[string]struct {
		principal emulator.Principal
		declared  []any
		says      string
	}{
		"its own grant":      {emulator.UserPrincipal(emulator.User), []any{"users", acctest.MapOfOne(emulator.User, "CAN_MANAGE")}, keeps},
		"a grant of a group": {emulator.GroupPrincipal("owners"), []any{"groups", acctest.MapOfOne("owners", "CAN_MANAGE")}, creates},
	} {
		for _, kind := range []string{folderKind, "mlflow_experiment_permissions"} {
			t.Run(name+" in "+kind, func(t *testing.T) {
				t.Parallel()
				w := newFolders(t)
				w.AddUser(emulator.User, "owners")
				object, grant := []any{"path", "/Teams/retail"}, func() { w.GrantFolder("/Teams/retail", c.principal, "CAN_MANAGE") }
				if kind != folderKind {
					id := w.CreateExperiment(emulator.Admin, "/Teams/retail/churn", nil)
					object, grant = []any{"experiment_id", id}, func() { w.Grant(id, c.principal, "CAN_MANAGE") }
				}
				grant()
				without := acctest.AttributeValues(append(object, "groups", readers)...)
				fresh := w.BackendAs(emulator.UserToken).Provider(t, nil).Resource(kind)
				says := fresh.Plan(without).Diagnostics
				acctest.ExpectDiagnostics(t, says, c.says, emulator.User, "keep_caller_access = false")
				if strings.Contains(says, removes) != (c.says == creates) {
					t.Errorf("got diagnostics %q, want the removed grants only if the apply creates a grant", says)
				}
				b := w.BackendAs(emulator.UserToken).Provider(t, nil).Resource(kind)
				b.MustApply(acctest.AttributeValues(append(object, c.declared...)...))
				acctest.ExpectDiagnostics(t, b.Apply(without), c.says, emulator.User, "keep_caller_access = false")
				if got := b.Values()["retained"]; !reflect.DeepEqual(got, map[string]any{emulator.User: "CAN_MANAGE"}) {
					t.Errorf("got retained %v, want the grant of %s", got, emulator.User)
				}
			})
		}
	}
}

// TestFolderPermissions_planNamesOwner: the grant of the user of a home folder is kept regardless of keep_caller_access, so no plan advises
// to set it. A plan that shows the grant as removed reports that it is kept.
func TestFolderPermissions_planNamesOwner(t *testing.T) {
	t.Parallel()
	for _, token := range []string{emulator.AdminToken, emulator.UserToken} {
		w := newFolders(t)
		b := folderBlock(t, w, token)
		b.MustApply(folderConfig(home, readers))
		b.MustApply(folderConfig(home, editors))
		b.MustApply(folderConfig(home, readers, "keep_caller_access", false))
		b.MustApply(folderConfig(home, readers, "users", acctest.MapOfOne(emulator.User, "CAN_MANAGE")))
		says := b.Apply(folderConfig(home, readers))
		acctest.ExpectDiagnostics(t, says, "warning: Undeclared access is kept: Apply keeps the grant of the owner of folder", emulator.User)
		if strings.Contains(says, "keep_caller_access") {
			t.Errorf("got diagnostics %q, want no advice about keep_caller_access", says)
		}
		mustHaveFolderGrants(t, w, home, "group risk CAN_READ", anaManages)
	}
}

// TestPermissions_twoKinds checks that a plan warns about a list of all grants and a single grant on the same experiment, in either order,
// and not about one kind only.
func TestPermissions_twoKinds(t *testing.T) {
	t.Parallel()
	const list, single, mixed = "mlflow_experiment_permissions", "mlflow_experiment_permission", "Permissions are managed by two resources"
	w := acctest.NewWorkspace(t)
	id, other := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil), w.CreateExperiment(emulator.Admin, "/Projects/fraud", nil)
	grant := func(id, user string) map[string]any {
		return map[string]any{"experiment_id": id, "user_name": user, "permission_level": "CAN_EDIT"}
	}
	d := w.Provider(t, emulator.AdminToken)
	says := []string{
		d.Plan(list, map[string]any{"experiment_id": id}), d.Plan(single, grant(other, emulator.User)),
		d.Plan(single, grant(other, emulator.OtherUser)), d.Plan(single, grant(id, emulator.User)),
		d.Plan(list, map[string]any{"experiment_id": other}),
	}
	for i, want := range []bool{false, false, false, true, true} {
		if got := strings.Contains(says[i], "warning at experiment_id: "+mixed); got != want {
			t.Errorf("plan %d: got diagnostics %q, want the warning: %t", i, says[i], want)
		}
	}
}
