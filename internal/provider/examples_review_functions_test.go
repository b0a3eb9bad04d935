package provider_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// reviewRoot returns a root module with the example of a function.
func reviewRoot(t *testing.T, w *acctest.Workspace, name string) string {
	t.Helper()
	return w.RootModule(t, readFile(t, examplesDir+"/functions/"+name+"/function.tf"))
}

// keepOutput stores a string output for the next steps.
func keepOutput(name string, kept *string) statecheck.StateCheck {
	return statecheck.ExpectKnownOutputValue(name, knownvalue.StringFunc(func(text string) error {
		*kept = text
		return nil
	}))
}

func TestExamples_effectiveAccess(t *testing.T) {
	w := acctest.NewWorkspace(t)
	prepareReview(w)
	w.AddToGroups(emulator.UserPrincipal(emulator.OtherUser), "data-science")
	directory := reviewRoot(t, w, "effective_access")
	manager := func(principal string, groups ...knownvalue.Check) knownvalue.Check {
		return knownvalue.ObjectExact(
			map[string]knownvalue.Check{"principal": knownvalue.StringExact(principal), "groups": knownvalue.ListExact(groups)},
		)
	}
	admin := manager(emulator.Admin, knownvalue.StringExact("admins"))
	runFunctions(
		t,
		resource.TestStep{
			ConfigDirectory: config.StaticDirectory(directory),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("managers", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"/Projects/churn/baseline": knownvalue.TupleExact([]knownvalue.Check{admin, manager(emulator.User)}),
					"/Projects/risk/scoring":   knownvalue.TupleExact([]knownvalue.Check{admin, manager(emulator.OtherUser)}),
					"/Shared/sandbox":          knownvalue.TupleExact([]knownvalue.Check{manager("users"), admin}),
				})),
				statecheck.ExpectKnownOutputValue("users", knownvalue.TuplePartial(map[int]knownvalue.Check{
					0: knownvalue.StringExact("/Projects/churn/baseline: " + emulator.Admin + ": CAN_MANAGE through admins, inherited from /"),
				})),
			},
		},
		resource.TestStep{
			PreConfig:       func() { w.Deactivate(emulator.UserPrincipal(emulator.OtherUser)) },
			ConfigDirectory: config.StaticDirectory(directory),
		},
	)
}

func TestExamples_reviewDiff(t *testing.T) {
	w := acctest.NewWorkspace(t)
	prepareReview(w)
	churn := mustID(w, "/Projects/churn/baseline")
	snapshots, diffs := reviewRoot(t, w, "review_snapshot"), reviewRoot(t, w, "review_diff")
	var snapshot string
	runFunctions(t,
		resource.TestStep{
			ConfigDirectory: config.StaticDirectory(snapshots), ConfigStateChecks: []statecheck.StateCheck{keepOutput("snapshot", &snapshot)},
		},
		resource.TestStep{
			PreConfig:       func() { acctest.WriteFile(t, filepath.Join(diffs, "review.json"), snapshot) },
			ConfigDirectory: config.StaticDirectory(diffs),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("changes", knownvalue.StringExact("No changes.\n")),
			},
		},
		resource.TestStep{
			PreConfig:       func() { w.Grant(churn, emulator.GroupPrincipal("risk"), "CAN_EDIT") },
			ConfigDirectory: config.StaticDirectory(diffs),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue(
					"changes",
					knownvalue.StringRegexp(regexp.MustCompile("raised +\\| `/Projects/churn/baseline` \\| group `risk` \\| `CAN_READ`")),
				),
			},
		},
		resource.TestStep{
			PreConfig: func() { acctest.WriteFile(t, filepath.Join(diffs, "review.json"), "{}") },
			ConfigDirectory: config.StaticDirectory(
				diffs,
			), ExpectError: regexp.MustCompile(`"before"\s+parameter:\s+Could\s+not\s+read\s+snapshot:\s+it\s+has\s+no\s+version`),
		},
	)
}

func TestExamples_reviewDecisions(t *testing.T) {
	w := acctest.NewWorkspace(t)
	prepareReview(w)
	directory := reviewRoot(t, w, "review_decisions")
	file := filepath.Join(directory, "decisions.csv")
	acctest.WriteFile(t, file, "fingerprint,level,decision\n")
	var lines string
	revoked := []knownvalue.Check{knownvalue.StringExact("/Projects/churn/baseline: " + emulator.User)}
	runFunctions(t,
		resource.TestStep{
			ConfigDirectory: config.StaticDirectory(directory), ConfigStateChecks: []statecheck.StateCheck{
				keepOutput("lines", &lines), statecheck.ExpectKnownOutputValue("to_revoke", knownvalue.TupleExact([]knownvalue.Check{})),
			},
		},
		resource.TestStep{
			PreConfig:       func() { acctest.WriteFile(t, file, decideAll(t, lines)) },
			ConfigDirectory: config.StaticDirectory(directory),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("to_revoke", knownvalue.TupleExact(revoked)),
			},
		},
	)
}

// decideAll revokes the grants to one user, and approves all others.
func decideAll(t *testing.T, lines string) string {
	t.Helper()
	return editCSV(t, lines, func(cell func(column string) *string) {
		*cell("decision") = "approve"
		if *cell("principal") == emulator.User {
			*cell("decision") = "revoke"
		}
	})
}
