package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestQuery runs `terraform query`. Other tests of list resources use the plugin protocol, which works with all CLIs.
func TestQuery(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	w.AddNotebookExperiment(emulator.Admin, "/Shared/notebook")
	ids := make([]string, 3)
	for i := range ids {
		ids[i] = w.CreateExperiment(emulator.OtherUser, fmt.Sprintf("/Shared/e%d", i), map[string]string{"n": fmt.Sprint(i), "team": "risk"})
	}
	w.Grant(ids[0], emulator.GroupPrincipal("risk"), "CAN_EDIT")
	list := func(kind, arguments, config string) string {
		return w.Config(
			fmt.Sprintf("list \"mlflow_%s\" \"test\" {\n  provider = mlflow\n  %s\n  config {\n    %s\n  }\n}\n", kind, arguments, config),
		)
	}
	refused := func(config, diags string) resource.TestStep {
		return resource.TestStep{Query: true, Config: list("experiment", "", config), ExpectError: regexp.MustCompile(diags)}
	}
	const experiments, permissions = "mlflow_experiment.test", "mlflow_experiment_permissions.test"
	identity := func(id string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{
			"experiment_id": knownvalue.StringExact(id),
			"tracking_uri":  knownvalue.StringExact(w.URL),
			"workspace":     knownvalue.Null(),
		}
	}
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		Steps: []resource.TestStep{
			{
				Query: true, Config: list("experiment", "include_resource = true", "name_prefix = \"/Workspace/Shared/e\""),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(experiments, 3),
					querycheck.ExpectIdentity(experiments, identity(ids[0])),
					querycheck.ExpectIdentity(experiments, identity(ids[1])),
					querycheck.ExpectIdentity(experiments, identity(ids[2])),
					querycheck.ExpectResourceDisplayName(
						experiments,
						queryfilter.ByResourceIdentity(identity(ids[1])),
						knownvalue.StringExact("/Shared/e1"),
					),
					querycheck.ExpectResourceKnownValues(experiments, queryfilter.ByResourceIdentity(identity(ids[1])), []querycheck.KnownValueCheck{
						{Path: tfjsonpath.New("name"), KnownValue: knownvalue.StringExact("/Shared/e1")},
						{
							Path: tfjsonpath.New("tags"),
							KnownValue: knownvalue.MapExact(
								map[string]knownvalue.Check{"n": knownvalue.StringExact("1"), "team": knownvalue.StringExact("risk")},
							),
						},
					}),
				},
			},
			{
				Query: true, Config: list("experiment", "limit = 2", "order_by = [\"name DESC\"]"),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(experiments, 2),
					querycheck.ExpectNoIdentity(experiments, identity(ids[0])),
				},
			},
			{
				Query: true, Config: list("experiment_permissions", "include_resource = true", ""),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(permissions, 3), // not the notebook's
					querycheck.ExpectResourceKnownValues(permissions, queryfilter.ByResourceIdentity(identity(ids[0])), []querycheck.KnownValueCheck{
						{
							Path:       tfjsonpath.New("groups"),
							KnownValue: knownvalue.MapExact(map[string]knownvalue.Check{"risk": knownvalue.StringExact("CAN_EDIT")}),
						},
					}),
				},
			},
			refused(`filter = "name LIKES 'x'"`, "Could not search experiments"),
			refused(`filter = "name = 'x'"
			         name_prefix = "/x"`, `filter,name_prefix`),
			refused(`name_regex = "("`, `Invalid regular expression`),
		},
	})
	w.ExpectWrites(t)
}
