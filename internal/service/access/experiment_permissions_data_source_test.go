package access_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func permissionsDataBlock(experimentID string) string {
	return fmt.Sprintf("data \"mlflow_experiment_permissions\" \"p\" {\n  experiment_id = %q\n}\n", experimentID)
}

func TestPermissionsDataSource(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.User, "/Shared/team/churn", nil) // all users have CAN_MANAGE on /Shared
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.GrantFolder("/Shared/team", emulator.GroupPrincipal("risk"), "CAN_EDIT")
	folder := func(path string) knownvalue.Check { return knownvalue.StringExact(path) }
	grant := func(kind, principal, level string, from knownvalue.Check) knownvalue.Check {
		inherited, objects := true, 1
		if from == knownvalue.Null() {
			inherited, objects = false, 0
		}
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"kind": knownvalue.StringExact(kind), "principal": knownvalue.StringExact(principal), "level": knownvalue.StringExact(level),
			"inherited": knownvalue.Bool(inherited), "inherited_from": knownvalue.ListSizeExact(objects), "inherited_from_path": from,
		})
	}
	effective := func(kind, principal, level string) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"kind": knownvalue.StringExact(kind), "principal": knownvalue.StringExact(principal), "level": knownvalue.StringExact(level),
		})
	}
	const address = "data.mlflow_experiment_permissions.p"
	acctest.UnitTest(t, resource.TestStep{
		Config: w.ConfigAs(emulator.UserToken, "", permissionsDataBlock(id)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, tfjsonpath.New("grants"), knownvalue.ListExact([]knownvalue.Check{
				grant("group", "admins", "CAN_MANAGE", folder("/")),
				grant("group", "risk", "CAN_READ", knownvalue.Null()),
				grant("group", "risk", "CAN_EDIT", folder("/Shared/team")),
				grant("group", "users", "CAN_MANAGE", folder("/Shared")),
				grant("user", emulator.OtherUser, "CAN_READ", knownvalue.Null()),
			})),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("effective"), knownvalue.ListExact([]knownvalue.Check{
				effective("group", "admins", "CAN_MANAGE"), effective("group", "risk", "CAN_EDIT"),
				effective("group", "users", "CAN_MANAGE"),
				effective("user", emulator.OtherUser, "CAN_READ"),
			})),
		},
	})
}

func TestPermissionsDataSource_rejected(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/deleted", nil)
	w.Trash(deleted)
	acctest.UnitTest(t,
		resource.TestStep{
			Config:      w.ConfigAs(emulator.UserToken, "", permissionsDataBlock(id)),
			ExpectError: regexp.MustCompile(`(?s)Could not read permissions.*needs[\s│]+CAN_MANAGE`),
		},
		resource.TestStep{
			Config:      w.Config(permissionsDataBlock(deleted)),
			ExpectError: regexp.MustCompile(`(?s)Could not read permissions.*The[\s│]+experiment[\s│]+is[\s│]+deleted`),
		},
	)
}
