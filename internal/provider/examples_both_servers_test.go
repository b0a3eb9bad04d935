package provider_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExamples_bothServers applies the same files as the tests on real MLflow servers, where deleted experiments reserve their names.
func TestExamples_bothServers(t *testing.T) {
	for name, o := range map[string]emulator.Options{"deleted names are free": {}, "deleted names are kept": {DeletedReserveName: true}} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t, o)
			applyBothServers(t, bothServers{
				environment: map[string]string{"DATABRICKS_HOST": w.URL, "DATABRICKS_TOKEN": emulator.AdminToken},
				prefix:      "/Projects/retail/",
				users:       []map[string]string{{emulator.User: "CAN_MANAGE", emulator.OtherUser: "CAN_READ"}, {emulator.User: "CAN_EDIT"}},
				check:       func(t *testing.T, users map[string]string) { expectBothServers(t, w, users) },
			})
		})
	}
}

// expectBothServers checks the results of examples/both-servers for some users.
func expectBothServers(t *testing.T, w *acctest.Workspace, users map[string]string) {
	t.Helper()
	expectExampleTags(t, w, "/Projects/retail/churn", map[string]string{
		"managed_by": "terraform", "team": "data-science", "risk/reviewed": "2026-03-31",
		"mlflow.note.content": "Customers who are likely to leave.",
	})
	expectExampleTags(t, w, "/Projects/retail/demand", map[string]string{
		"managed_by": "terraform", "team": "data-science", "mlflow.note.content": "Weekly demand by store.",
	})
	var grants []string
	for _, user := range slices.Sorted(maps.Keys(users)) {
		grants = append(grants, "user "+user+" "+users[user])
	}
	expectExampleGrants(t, w, "/Projects/retail/churn", grants...)
	expectExampleGrants(t, w, "/Projects/retail/demand", grants...)
}

// bothServers describes an apply of examples/both-servers to one server.
type bothServers struct {
	// environment contains the server and the credentials as environment variables. In parallel tests, connection contains them instead: a
	// provider block that overrides the one of the example.
	environment map[string]string
	connection  string
	// prefix is the prefix of the names. The experiments are churn and demand.
	prefix string
	// users are the values of the variable users, one per apply.
	users []map[string]string
	// check checks the server after each apply.
	check func(t *testing.T, users map[string]string)
}

// applyBothServers applies examples/both-servers unchanged, and destroys it. It does so twice, because a deleted experiment can reserve its
// name.
func applyBothServers(t *testing.T, b bothServers) {
	t.Helper()
	for name, value := range b.environment {
		t.Setenv(name, value)
	}
	folder := copyFiles(t, "both-servers")
	if b.connection != "" {
		acctest.WriteFile(t, filepath.Join(folder, "connection_override.tf"), b.connection)
	}
	directory := config.StaticDirectory(folder)
	for range 2 {
		var steps []resource.TestStep
		for _, users := range b.users {
			variables := map[string]config.Variable{}
			for user, level := range users {
				variables[user] = config.StringVariable(level)
			}
			steps = append(steps, resource.TestStep{
				ConfigDirectory: directory,
				ConfigVariables: config.Variables{"name_prefix": config.StringVariable(b.prefix), "users": config.MapVariable(variables)},
				ConfigStateChecks: []statecheck.StateCheck{
					afterApply(func() { b.check(t, users) }),
					statecheck.ExpectKnownOutputValue("ids", knownvalue.MapSizeExact(2)),
				},
			})
		}
		acctest.RunDirectories(t, steps...)
	}
}
