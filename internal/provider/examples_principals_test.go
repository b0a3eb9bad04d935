package provider_test

import (
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// preparePrincipals creates an experiment with grants to deleted and inactive principals, and nested groups.
func preparePrincipals(w *acctest.Workspace) {
	w.AddUser("left@example.com")
	w.AddUser("carl@example.com", "fraud-analysts")
	w.AddToGroups(emulator.UserPrincipal(emulator.User), "risk")
	w.AddToGroups(emulator.GroupPrincipal("fraud-analysts"), "risk")
	id := w.CreateExperiment(emulator.Admin, "/Projects/fraud/scoring", nil)
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
	w.Grant(id, emulator.UserPrincipal("left@example.com"), "CAN_READ")
	w.Deactivate(emulator.UserPrincipal(emulator.OtherUser))
	w.DeletePrincipal(emulator.UserPrincipal("left@example.com"))
}

var principalsState = []statecheck.StateCheck{
	statecheck.ExpectKnownOutputValue("stale_grants", knownvalue.TupleExact([]knownvalue.Check{
		stale(emulator.OtherUser, "CAN_MANAGE", "inactive"), stale("left@example.com", "CAN_READ", "deleted"),
	})),
	statecheck.ExpectKnownOutputValue("members_of_risk", knownvalue.ObjectExact(map[string]knownvalue.Check{
		emulator.User: knownvalue.StringExact("risk"), "carl@example.com": knownvalue.StringExact("risk > fraud-analysts"),
	})),
	statecheck.ExpectKnownOutputValue("incomplete", knownvalue.TupleExact([]knownvalue.Check{})),
}

// stale checks a grant to a deleted or inactive principal.
func stale(principal, level, reason string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{
		"experiment": knownvalue.StringExact("/Projects/fraud/scoring"), "principal": knownvalue.StringExact(principal),
		"level": knownvalue.StringExact(level), "reason": knownvalue.StringExact(reason),
	})
}
