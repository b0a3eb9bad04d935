package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestMove_fifty migrates 50 experiments and their permissions through the CLI. Nothing is written, and the plan is empty.
func TestMove_fifty(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	experiments, permissions := map[string]any{}, map[string]any{}
	for i := range 50 {
		e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, fmt.Sprintf("/Shared/e%02d", i), map[string]string{"team": "risk"}))
		w.Grant(e.ID, emulator.GroupPrincipal("risk"), "CAN_EDIT")
		key := fmt.Sprintf("e%02d", i)
		experiments[key] = acctest.DatabricksExperimentState(e)
		permissions[key] = acctest.DatabricksPermissionsState(e.ID, emulator.Grant{Principal: emulator.GroupPrincipal("risk"), Level: "CAN_EDIT"})
	}
	recorded, err := json.Marshal(map[string]any{"experiments": experiments, "permissions": permissions})
	if err != nil {
		t.Fatal(err)
	}
	locals := fmt.Sprintf("locals {\n  recorded = jsondecode(%q)\n}\n", recorded)
	databricks := func() (tfprotov6.ProviderServer, error) { return providerserver.NewProtocol6(&vendorProvider{})(), nil }
	const moved = `
		moved {
		  from = databricks_mlflow_experiment.this
		  to   = mlflow_experiment.this
		}
		moved {
		  from = databricks_permissions.this
		  to   = mlflow_experiment_permissions.this
		}
	`
	const ours = `
		resource "mlflow_experiment" "this" {
		  for_each = local.recorded.experiments
		  name     = "/Workspace${each.value.name}"
		  tags     = { team = "risk" }
		}
		resource "mlflow_experiment_permissions" "this" {
		  for_each      = local.recorded.permissions
		  experiment_id = mlflow_experiment.this[each.key].id
		  groups        = { risk = "CAN_EDIT" }
		}
	`
	both := acctest.Factories()
	both["databricks"] = databricks
	t.Parallel()
	resource.UnitTest(
		t,
		resource.TestCase{
			ProtoV6ProviderFactories: both,
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
			Steps: []resource.TestStep{
				{Config: locals + `
			resource "databricks_mlflow_experiment" "this" {
			  for_each = local.recorded.experiments
			  recorded = jsonencode(each.value)
			}
			resource "databricks_permissions" "this" {
			  for_each = local.recorded.permissions
			  recorded = jsonencode(each.value)
			}`},
				{
					PreConfig:        w.ResetJournal,
					Config:           w.Config(locals + moved + ours),
					ConfigPlanChecks: acctest.PreApply(noChanges{}),
					PostApplyFunc:    func() { w.ExpectWrites(t) },
				},
				{Config: w.Config(locals + ours), Destroy: true}, // terraform-plugin-testing cannot destroy resources with for_each itself
			},
		},
	)
}

func TestIdentity(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	config := w.Config(`
		resource "mlflow_experiment" "test" {
		  name = "/Shared/churn"
		}
		resource "mlflow_experiment_tag" "test" {
		  experiment_id = mlflow_experiment.other.id
		  key           = "a/b"
		  value         = "v"
		}
		resource "mlflow_experiment_permission" "test" {
		  experiment_id    = mlflow_experiment.test.id
		  group_name       = "risk"
		  permission_level = "CAN_READ"
		}
		resource "mlflow_experiment" "other" {
		  name = "/Shared/other"
		}
		resource "mlflow_experiment_permissions" "test" {
		  experiment_id = mlflow_experiment.other.id
		  groups        = { risk = "CAN_READ" }
		}`)
	id := knownvalue.StringFunc(func(string) error { return nil })
	byIdentity := func(address string) resource.TestStep {
		return resource.TestStep{ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity}
	}
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		Steps: []resource.TestStep{
			{Config: config, ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(acctest.ExperimentAddress, map[string]knownvalue.Check{
					"experiment_id": id, "tracking_uri": knownvalue.StringExact(w.URL), "workspace": knownvalue.Null(),
				}),
				statecheck.ExpectIdentity("mlflow_experiment_tag.test", map[string]knownvalue.Check{
					"experiment_id": id, "tracking_uri": id, "key": knownvalue.StringExact("a/b"), "workspace": knownvalue.Null(),
				}),
			}},
			byIdentity(acctest.ExperimentAddress),
			byIdentity("mlflow_experiment_tag.test"),
			byIdentity("mlflow_experiment_permissions.test"),
			byIdentity("mlflow_experiment_permission.test"),
		},
	})
}

// importIdentity imports by identity through the plugin protocol, because older CLIs do not support identities.
func importIdentity(d *acctest.Provider, kind string, identity map[string]any) (map[string]any, string) {
	d.T.Helper()
	schemas, err := d.Server.GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	d.Check(err)
	object, values := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}, map[string]tftypes.Value{}
	for _, a := range schemas.IdentitySchemas[kind].IdentityAttributes {
		object.AttributeTypes[a.Name] = a.Type
		values[a.Name] = tftypes.NewValue(a.Type, identity[a.Name])
	}
	data, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	d.Check(err)
	resp, err := d.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{
		TypeName: kind, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &data},
	})
	d.Check(err)
	if len(resp.ImportedResources) == 0 || len(resp.Diagnostics) > 0 {
		return nil, acctest.DescribeDiagnostics(resp.Diagnostics)
	}
	return d.Decode(d.Schemas.ResourceSchemas[kind], resp.ImportedResources[0].State), ""
}

func TestIdentity_import(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	d := w.Provider(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		kind     string
		identity map[string]any
		want     map[string]any // attributes of the state
		diags    string
	}{
		"an experiment": {"mlflow_experiment", map[string]any{"experiment_id": "12"}, map[string]any{"id": "12"}, ""},
		"an experiment of this server": {"mlflow_experiment", map[string]any{"experiment_id": "12", "tracking_uri": w.URL + "/"},
			map[string]any{"id": "12"}, ""},
		"an experiment of another": {"mlflow_experiment", map[string]any{"experiment_id": "12", "tracking_uri": "https://example.com"},
			nil, "error: Could not import: different server"},
		"a tag": {"mlflow_experiment_tag", map[string]any{"experiment_id": "12", "key": "a/b"},
			map[string]any{"id": "12/a/b", "key": "a/b"}, ""},
		"permissions": {"mlflow_experiment_permissions", map[string]any{"experiment_id": "12"},
			map[string]any{"experiment_id": "12"}, ""},
		"a permission": {"mlflow_experiment_permission", map[string]any{"experiment_id": "12", "group_name": "risk"},
			map[string]any{"experiment_id": "12", "group_name": "risk"}, ""},
		"a permission without principal": {"mlflow_experiment_permission", map[string]any{"experiment_id": "12"}, nil,
			"error: Invalid import ID"},
	} {
		t.Run(name, func(t *testing.T) {
			state, got := importIdentity(d, c.kind, c.identity)
			if !strings.HasPrefix(got, c.diags) || c.diags == "" && got != "" {
				t.Errorf("import: got diagnostics %q, want %q", got, c.diags)
			}
			for attribute, want := range c.want {
				if state[attribute] != want {
					t.Errorf("%s: got %v, want %v", attribute, state[attribute], want)
				}
			}
		})
	}
}

// TestIdentity_removedWithoutOne refreshes objects that were deleted outside Terraform, with a CLI that stores no identity.
func TestIdentity_removedWithoutOne(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	w.Purge(e.ID)
	d := w.Provider(t, emulator.AdminToken)
	for kind, state := range map[string]map[string]any{
		"mlflow_experiment":             acctest.StateOfExperiment(e, nil),
		"mlflow_experiment_tag":         {"id": e.ID + "/k", "experiment_id": e.ID, "key": "k", "value": "v"},
		"mlflow_experiment_permissions": {"id": e.ID, "experiment_id": e.ID, "retained": map[string]string{}},
		"mlflow_experiment_permission":  {"id": e.ID + "/group/x", "experiment_id": e.ID, "group_name": "x", "permission_level": "CAN_READ"},
	} {
		if left, got := d.Read(kind, state); left != nil || strings.Contains(got, "error") || !strings.HasPrefix(got, "warning") {
			t.Errorf("%s: state %v, diagnostics %q", kind, left, got)
		}
	}
}
