package role

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// TestPlannedRoleConflict checks two planned uses of a role name, in both orders.
func TestPlannedRoleConflict(t *testing.T) {
	t.Parallel()
	use := func(action framework.PlannedAction, address string) framework.PlannedUse {
		return framework.PlannedUse{Action: action, ID: address, Name: "ds"}
	}
	adopts := use(framework.PlanCreate, "")
	adopts.Adopts = true
	for name, c := range map[string]struct {
		a, b framework.PlannedUse
		want string
	}{
		"two new ones":          {use(framework.PlanCreate, ""), use(framework.PlanCreate, ""), "Duplicate role"},
		"two that adopt":        {adopts, adopts, "Duplicate role"},
		"kept and created":      {use(framework.PlanKeep, "default/ds"), use(framework.PlanCreate, ""), "Duplicate role"},
		"replaced on request":   {use(framework.PlanKeep, "default/ds"), use(framework.PlanCreate, "default/ds"), ""},
		"under another address": {use(framework.PlanDelete, "default/ds"), use(framework.PlanCreate, ""), "Role would be deleted and recreated"},
		"adopted by another":    {use(framework.PlanDelete, "default/ds"), adopts, ""},
		"in the state twice": {use(framework.PlanDelete, "default/ds"), use(framework.PlanKeep, "default/ds"),
			"Role is managed by two resources"},
		"renamed to a deleted": {use(framework.PlanDelete, "default/ds"), use(framework.PlanRenameTo, "default/x"),
			"Role name is still in use"},
		"swapped": {use(framework.PlanRenameFrom, "default/ds"), use(framework.PlanRenameTo, "default/x"),
			"Role name is still in use"},
		"created under its name": {use(framework.PlanRenameFrom, "default/ds"), use(framework.PlanCreate, ""), "Role name is still in use"},
		"renamed to a kept":      {use(framework.PlanKeep, "default/ds"), use(framework.PlanRenameTo, "default/x"), "Duplicate role"},
		"deleted twice":          {use(framework.PlanDelete, "default/ds"), use(framework.PlanDelete, "default/ds"), ""},
		"renamed and deleted":    {use(framework.PlanDelete, "default/ds"), use(framework.PlanRenameFrom, "default/ds"), ""},
	} {
		for _, pair := range [][2]framework.PlannedUse{{c.a, c.b}, {c.b, c.a}} {
			got := ""
			if d := plannedRoleConflict(`role "ds"`, pair[0], pair[1]); d != nil {
				got = d.Summary()
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}
