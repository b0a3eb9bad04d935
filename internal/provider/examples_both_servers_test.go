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

// TestExamples_bothServers applies the same files as the tests on real MLflow servers do, which keep the names of deleted experiments.
func TestExamples_bothServers(t *testing.T) {
	for name, o := range map[string]emulator.Options{"deleted names are free": {}, "deleted names are kept": {DeletedKeepName: true}} {
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

// expectBothServers checks what examples/both-servers makes for some users.
func expectBothServers(t *testing.T, w *acctest.Workspace, users map[string]string) {
	t.Helper()
	expectExampleTags(t, w, "/Projects/retail/churn", map[string]string{
		"managed_by": "terraform", "team": "data-science", "risk/reviewed": "2026-03-31", "mlflow.note.content": "Customers who are likely to leave.",
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

// bothServers is how examples/both-servers is applied to one server.
type bothServers struct {
	// environment names the server and the credentials: the files say nothing about them. Where other tests run beside, connection does, a
	// provider block that overrides the example's.
	environment map[string]string
	connection  string
	// prefix is what the names begin with. The experiments are called churn and demand.
	prefix string
	// users are what the variable users is, apply by apply.
	users []map[string]string
	// check looks at the server after each apply.
	check func(t *testing.T, users map[string]string)
}

// applyBothServers applies examples/both-servers as it is, and destroys it; then once more, since a deleted experiment may hold its
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
