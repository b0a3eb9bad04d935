package provider_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// scenarios run on every kind of server.
var scenarios = map[string]func(*testing.T, *acctest.Backend){
	"lifecycle":                             lifecycle,
	"drift":                                 drift,
	"deleted outside":                       deletedOutside,
	"names":                                 freeText,
	"name in use":                           nameTaken,
	"name reserved by a deleted experiment": nameTakenByDeleted,
	"rename to a name in use":               renameToTaken,
	"replacement":                           replacement,
	"adopt_existing":                        adoptExisting,
	"deletion_policy":                       deletionPolicy,
	"tags are checked as the server does":   tagLimits,
	"many tags":                             manyTags,
	"import":                                imports,
	"tag resource":                          tagResource,
	"two addresses of a tag":                tagAddresses,
	"data sources":                          dataSources,
	"search pages":                          searchPages,
	"actions of runs":                       runActions,
	"runs":                                  runDataSources,
	"pages of runs":                         runPages,
	"artifacts of runs":                     runArtifacts,
	"calls of a refresh":                    refreshCalls,
	"lost response to a create":             lostResponse,
	"through the CLI":                       throughCLI,
}

// runScenarios runs all scenarios on a server, one after another, because a small server is slow with several.
func runScenarios(t *testing.T, b *acctest.Backend) {
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		t.Run(name, func(t *testing.T) { scenarios[name](t, b) })
	}
}

func TestScenarios_localWorkspace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]emulator.Options{
		"as Databricks was seen":        {},
		"as Databricks is documented":   {DeletedReserveName: true},
		"with a call that removes tags": {ServeTagDeletion: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(emulator.New(o))
			t.Cleanup(server.Close)
			runScenarios(t, &acctest.Backend{
				URL: server.URL, URLArgument: "host", Settings: map[string]any{"token": emulator.AdminToken},
				Header: http.Header{"Authorization": {"Bearer " + emulator.AdminToken}}, Prefix: "/Shared/",
				DeletesTags: o.ServeTagDeletion, ReservesNames: o.DeletedReserveName, SetsArtifactLocation: true, MaxTagValue: 65536,
				RejectedTags: map[string]string{strings.Repeat("k", 251): "too long a key"},
			})
		})
	}
}

// secretCheckerFactories returns the provider factories for tests through the CLI.
func secretCheckerFactories(t *testing.T) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"mlflow": func() (tfprotov6.ProviderServer, error) {
		server, err := acctest.Factories()["mlflow"]()
		return acctest.SecretChecker{ProviderServer: server, T: t}, err
	}}
}
