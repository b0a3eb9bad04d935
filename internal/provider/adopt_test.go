package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// move takes over the state of another resource type, and reads it as the CLI does afterwards.
func (d *direct) move(kind, source, address string, state map[string]any) (moved map[string]any, says string) {
	d.t.Helper()
	raw, err := json.Marshal(state)
	d.check(err)
	resp, err := d.server.MoveResourceState(context.Background(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: source, SourceState: &tfprotov6.RawState{JSON: raw}, TargetTypeName: kind,
	})
	d.check(err)
	if len(resp.Diagnostics) > 0 {
		return nil, told(resp.Diagnostics)
	}
	read, err := d.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: kind, CurrentState: resp.TargetState, Private: resp.TargetPrivate,
	})
	d.check(err)
	return d.decode(d.schemas.ResourceSchemas[kind], read.NewState), told(read.Diagnostics)
}

const vendorAddress = "registry.terraform.io/databricks/databricks"

// vendorExperiment is the state that the Databricks provider keeps of an experiment.
func vendorExperiment(e emulator.Experiment) map[string]any {
	var tags []any
	for _, t := range e.Tags {
		tags = append(tags, map[string]any{"key": t.Key, "value": t.Value})
	}
	return map[string]any{
		"id": e.ID, "experiment_id": e.ID, "name": e.Name, "artifact_location": e.ArtifactLocation, "lifecycle_stage": e.LifecycleStage,
		"creation_time": e.CreationTime, "last_update_time": e.LastUpdateTime, "description": nil, "tags": tags, "timeouts": nil,
	}
}

// vendorPermissions is the state that the Databricks provider keeps of an experiment's permissions.
func vendorPermissions(id string, grants ...emulator.Grant) map[string]any {
	var list []any
	for _, g := range grants {
		entry := map[string]any{"user_name": "", "group_name": "", "service_principal_name": "", "permission_level": g.Level}
		entry[g.Kind+"_name"] = g.Name
		list = append(list, entry)
	}
	return map[string]any{"id": "/experiments/" + id, "object_type": "mlflowExperiment", "experiment_id": id, "access_control": list}
}

func TestMove_experiment(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk"}))
	w.SetTag(e.ID, "mlflow.note.content", "Predicts churn")
	d := w.direct(t, emulator.AdminToken)
	for _, address := range []string{vendorAddress, "registry.opentofu.org/databricks/databricks", "registry.opentofu.org/mlflow-terraform/mlflow"} {
		state, got := d.move("mlflow_experiment", "databricks_mlflow_experiment", address, vendorExperiment(e))
		if got != "" || state["id"] != e.ID || state["name"] != "/Shared/churn" || state["description"] != "Predicts churn" ||
			fmt.Sprint(state["tags"]) != "map[team:risk]" || state["artifact_location"] != e.ArtifactLocation {
			t.Errorf("moved from %s: %v, said %q", address, state, got)
		}
	}
	if state, got := d.move("mlflow_experiment", "databricks_job", vendorAddress, vendorExperiment(e)); state != nil || !strings.HasPrefix(got, "error") {
		t.Errorf("another type is moved: %v, said %q", state, got)
	}
	t.Run("one that was deleted unnoticed is created anew", func(t *testing.T) {
		w.Trash(e.ID)
		state, got := d.move("mlflow_experiment", "databricks_mlflow_experiment", vendorAddress, vendorExperiment(e))
		if state != nil || !strings.HasPrefix(got, "warning: Experiment is gone") {
			t.Errorf("state %v, said %q", state, got)
		}
	})
	w.expectWrites(t)
}

func TestMove_permissions(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil) // Ana holds CAN_MANAGE directly, which the vendor's state hides
	w.AddGroup("risk")
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	state := vendorPermissions(id, emulator.Grant{Principal: emulator.GroupPrincipal("risk"), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.UserPrincipal("Ben@Example.com"), Level: "CAN_EDIT"})
	d := w.direct(t, emulator.UserToken)
	moved, got := d.move("mlflow_experiment_permissions", "databricks_permissions", vendorAddress, state)
	if got != "" || moved["experiment_id"] != id || fmt.Sprint(moved["groups"]) != "map[risk:CAN_READ]" ||
		fmt.Sprint(moved["users"]) != "map[Ben@Example.com:CAN_EDIT]" || fmt.Sprint(moved["retained"]) != "map[ana@example.com:CAN_MANAGE]" {
		t.Errorf("moved %v, said %q", moved, got)
	}
	job := map[string]any{"id": "/jobs/12", "object_type": "job", "job_id": "12"}
	if moved, got := d.move("mlflow_experiment_permissions", "databricks_permissions", vendorAddress, job); moved != nil ||
		!strings.HasPrefix(got, "error at experiment_id: Could not move permissions: This databricks_permissions holds the permissions of /jobs/12 (job)") {
		t.Errorf("moved %v, said %q", moved, got)
	}
	w.expectWrites(t)
}

// TestMove_fifty migrates 50 experiments and their permissions through the real CLI: nothing is written, and the plan is empty.
func TestMove_fifty(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	experiments, permissions := map[string]any{}, map[string]any{}
	for i := range 50 {
		e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, fmt.Sprintf("/Shared/e%02d", i), map[string]string{"team": "risk"}))
		w.Grant(e.ID, emulator.GroupPrincipal("risk"), "CAN_EDIT")
		key := fmt.Sprintf("e%02d", i)
		experiments[key] = vendorExperiment(e)
		permissions[key] = vendorPermissions(e.ID, emulator.Grant{Principal: emulator.GroupPrincipal("risk"), Level: "CAN_EDIT"})
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
	both := factories()
	both["databricks"] = databricks
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: both, TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)}, Steps: []resource.TestStep{
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
			Config:           w.config(locals + moved + ours),
			ConfigPlanChecks: before(noChanges{}),
			PostApplyFunc:    func() { w.expectWrites(t) },
		},
		{Config: w.config(locals + ours), Destroy: true}, // the library can't take resources with for_each down by itself
	}})
}

// noChanges checks that a plan changes nothing, though it may move.
type noChanges struct{}

// CheckPlan implements [plancheck.PlanCheck].
func (noChanges) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, rc := range req.Plan.ResourceChanges {
		if !rc.Change.Actions.NoOp() {
			resp.Error = fmt.Errorf("%s: %v", rc.Address, rc.Change.Actions)
		}
	}
}

// vendorProvider stands for the Databricks provider: its resources keep the state that is handed to them.
type vendorProvider struct{}

func (*vendorProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "databricks"
}
func (*vendorProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*vendorProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*vendorProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (*vendorProvider) Resources(context.Context) []func() frameworkresource.Resource {
	return []func() frameworkresource.Resource{
		func() frameworkresource.Resource {
			return &vendorResource{"mlflow_experiment", map[string]schema.Attribute{
				"name": schema.StringAttribute{Computed: true}, "artifact_location": schema.StringAttribute{Computed: true},
				"creation_time": schema.Int64Attribute{Computed: true}, "lifecycle_stage": schema.StringAttribute{Computed: true},
			}}
		},
		func() frameworkresource.Resource {
			entry := map[string]schema.Attribute{}
			for _, name := range []string{"user_name", "group_name", "service_principal_name", "permission_level"} {
				entry[name] = schema.StringAttribute{Computed: true}
			}
			return &vendorResource{"permissions", map[string]schema.Attribute{
				"object_type":    schema.StringAttribute{Computed: true},
				"access_control": schema.SetNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: entry}},
			}}
		},
	}
}

type vendorResource struct {
	name       string
	attributes map[string]schema.Attribute
}

func (r *vendorResource) Metadata(_ context.Context, req frameworkresource.MetadataRequest, resp *frameworkresource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.name
}

func (r *vendorResource) Schema(_ context.Context, _ frameworkresource.SchemaRequest, resp *frameworkresource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true}, "recorded": schema.StringAttribute{Required: true},
	}}
	for name, a := range r.attributes {
		resp.Schema.Attributes[name] = a
	}
}

// Create turns the recorded JSON into the state.
func (r *vendorResource) Create(ctx context.Context, req frameworkresource.CreateRequest, resp *frameworkresource.CreateResponse) {
	var recorded types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("recorded"), &recorded)...)
	object := resp.State.Schema.Type().TerraformType(ctx)
	var values map[string]any
	if err := json.Unmarshal([]byte(recorded.ValueString()), &values); err != nil {
		resp.Diagnostics.AddError("recorded", err.Error())
		return
	}
	values["recorded"] = recorded.ValueString()
	known, _ := object.(tftypes.Object)
	for name := range values {
		if _, ok := known.AttributeTypes[name]; !ok {
			delete(values, name)
		}
	}
	data, _ := json.Marshal(values)
	value, err := tftypes.ValueFromJSON(data, object) //nolint:staticcheck // the way to a state from JSON
	if err != nil {
		resp.Diagnostics.AddError("recorded", err.Error())
		return
	}
	resp.State.Raw = value
}

func (r *vendorResource) Read(context.Context, frameworkresource.ReadRequest, *frameworkresource.ReadResponse) {
}
func (r *vendorResource) Update(context.Context, frameworkresource.UpdateRequest, *frameworkresource.UpdateResponse) {
}
func (r *vendorResource) Delete(context.Context, frameworkresource.DeleteRequest, *frameworkresource.DeleteResponse) {
}

func TestIdentity(t *testing.T) {
	w := newWorkspace(t)
	w.AddGroup("risk")
	config := w.config(`
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
		ProtoV6ProviderFactories: factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		Steps: []resource.TestStep{
			{Config: config, ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(experimentAddress, map[string]knownvalue.Check{"experiment_id": id, "tracking_uri": knownvalue.StringExact(w.url)}),
				statecheck.ExpectIdentity("mlflow_experiment_tag.test", map[string]knownvalue.Check{"experiment_id": id, "tracking_uri": id, "key": knownvalue.StringExact("a/b")}),
			}},
			byIdentity(experimentAddress), byIdentity("mlflow_experiment_tag.test"), byIdentity("mlflow_experiment_permissions.test"), byIdentity("mlflow_experiment_permission.test"),
		},
	})
}

// importIdentity imports by an identity through the plugin protocol, which needs no CLI that knows identities.
func importIdentity(d *direct, kind string, identity map[string]any) (map[string]any, string) {
	d.t.Helper()
	schemas, err := d.server.GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	d.check(err)
	object, values := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}, map[string]tftypes.Value{}
	for _, a := range schemas.IdentitySchemas[kind].IdentityAttributes {
		object.AttributeTypes[a.Name] = a.Type
		values[a.Name] = tftypes.NewValue(a.Type, identity[a.Name])
	}
	data, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	d.check(err)
	resp, err := d.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{
		TypeName: kind, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &data},
	})
	d.check(err)
	if len(resp.ImportedResources) == 0 || len(resp.Diagnostics) > 0 {
		return nil, told(resp.Diagnostics)
	}
	return d.decode(d.schemas.ResourceSchemas[kind], resp.ImportedResources[0].State), ""
}

func TestIdentity_import(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	d := w.direct(t, emulator.AdminToken)
	for name, c := range map[string]struct {
		kind     string
		identity map[string]any
		want     map[string]any // attributes of the state
		says     string
	}{
		"an experiment":                  {"mlflow_experiment", map[string]any{"experiment_id": "12"}, map[string]any{"id": "12"}, ""},
		"an experiment of this server":   {"mlflow_experiment", map[string]any{"experiment_id": "12", "tracking_uri": w.url + "/"}, map[string]any{"id": "12"}, ""},
		"an experiment of another":       {"mlflow_experiment", map[string]any{"experiment_id": "12", "tracking_uri": "https://example.com"}, nil, "error: Could not import: another server"},
		"a tag":                          {"mlflow_experiment_tag", map[string]any{"experiment_id": "12", "key": "a/b"}, map[string]any{"id": "12/a/b", "key": "a/b"}, ""},
		"permissions":                    {"mlflow_experiment_permissions", map[string]any{"experiment_id": "12"}, map[string]any{"experiment_id": "12"}, ""},
		"a permission":                   {"mlflow_experiment_permission", map[string]any{"experiment_id": "12", "group_name": "risk"}, map[string]any{"experiment_id": "12", "group_name": "risk"}, ""},
		"a permission without principal": {"mlflow_experiment_permission", map[string]any{"experiment_id": "12"}, nil, "error: Import id not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			state, got := importIdentity(d, c.kind, c.identity)
			if !strings.HasPrefix(got, c.says) || c.says == "" && got != "" {
				t.Errorf("import says %q, want %q", got, c.says)
			}
			for attribute, want := range c.want {
				if state[attribute] != want {
					t.Errorf("%s is %v, want %v", attribute, state[attribute], want)
				}
			}
		})
	}
}

// TestIdentity_removedWithoutOne: a CLI that stores no identity reads what was deleted outside.
func TestIdentity_removedWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	w.Purge(e.ID)
	d := w.direct(t, emulator.AdminToken)
	for kind, state := range map[string]map[string]any{
		"mlflow_experiment":             stateOf(e, nil),
		"mlflow_experiment_tag":         {"id": e.ID + "/k", "experiment_id": e.ID, "key": "k", "value": "v"},
		"mlflow_experiment_permissions": {"id": e.ID, "experiment_id": e.ID, "retained": map[string]string{}},
		"mlflow_experiment_permission":  {"id": e.ID + "/group/x", "experiment_id": e.ID, "group_name": "x", "permission_level": "CAN_READ"},
	} {
		if left, got := d.read(kind, state); left != nil || strings.Contains(got, "error") || !strings.HasPrefix(got, "warning") {
			t.Errorf("%s: state %v, said %q", kind, left, got)
		}
	}
}

// listed is one result of a list block.
type listed struct {
	name, says string
	identity   bool // whether it can be imported
	resource   map[string]any
}

func (d *direct) lister() tfprotov6.ListResourceServer {
	d.t.Helper()
	lister, ok := d.server.(tfprotov6.ListResourceServer)
	if !ok {
		d.t.Fatal("the server lists nothing")
	}
	return lister
}

// list calls the list resource of a kind.
func (d *direct) list(kind string, config map[string]any, limit int64, full bool) []listed {
	d.t.Helper()
	stream, err := d.lister().ListResource(context.Background(), &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: d.encode(d.schemas.ListResourceSchemas[kind], config), Limit: limit, IncludeResource: full,
	})
	d.check(err)
	var all []listed
	for result := range stream.Results {
		one := listed{name: result.DisplayName, says: told(result.Diagnostics), identity: result.Identity != nil}
		if result.Resource != nil {
			one.resource = d.decode(d.schemas.ResourceSchemas[kind], result.Resource)
		}
		all = append(all, one)
	}
	return all
}

func TestList_experiments(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	for i := range 5 {
		w.CreateExperiment(emulator.OtherUser, fmt.Sprintf("/Shared/e%d", i), map[string]string{"n": fmt.Sprint(i), "team": "risk"})
	}
	w.Trash(w.CreateExperiment(emulator.OtherUser, "/Shared/e9", nil))
	d := w.direct(t, emulator.AdminToken)
	names := func(config map[string]any, limit int64) string {
		var names []string
		for _, l := range d.list("mlflow_experiment", config, limit, false) {
			names = append(names, l.name+l.says)
		}
		return strings.Join(names, " ")
	}
	for want, got := range map[string]string{
		"/Shared/e0 /Shared/e1 /Shared/e2 /Shared/e3 /Shared/e4": names(map[string]any{"name_prefix": "/Workspace/Shared/"}, 0),
		"/Shared/e0 /Shared/e1":                                  names(map[string]any{}, 2),
		"/Shared/e3":                                             names(map[string]any{"tags": map[string]string{"n": "3"}}, 100),
		"/Shared/e2 /Shared/e4":                                  names(map[string]any{"name_regex": "[24]$"}, 0),
		"/Shared/e1":                                             names(map[string]any{"filter": "tags.n = '1'"}, 0),
	} {
		if got != want {
			t.Errorf("listed %s, want %s", got, want)
		}
	}
	full := d.list("mlflow_experiment", map[string]any{"name_prefix": "/Shared/e0"}, 0, true)
	if len(full) != 1 || full[0].resource["name"] != "/Shared/e0" || fmt.Sprint(full[0].resource["tags"]) != "map[n:0 team:risk]" || full[0].resource["creation_time"] == nil {
		t.Errorf("listed %+v", full)
	}
	if all := d.list("mlflow_experiment", map[string]any{"filter": "name LIKES 'x'"}, 0, false); len(all) != 1 || !strings.HasPrefix(all[0].says, "error at filter") {
		t.Errorf("a filter that the server refuses gives %+v", all)
	}
}

// TestList_validation: what can't be searched for is refused before the server is known.
func TestList_validation(t *testing.T) {
	t.Parallel()
	d := newDirect(t, map[string]any{"host": "http://127.0.0.1:1", "token": "x"})
	for name, c := range map[string]struct {
		config map[string]any
		says   string // how the refusal begins; "" if there is none
	}{
		"everything":        {map[string]any{}, ""},
		"two filters":       {map[string]any{"filter": "name = 'x'", "name_prefix": "/x"}, "error at filter: Invalid Attribute Combination"},
		"a filter and tags": {map[string]any{"filter": "name = 'x'", "tags": map[string]string{"a": "b"}}, "error at filter: Invalid Attribute Combination"},
		"no expression":     {map[string]any{"name_regex": "("}, "error at name_regex: Not a regular expression: name_regex: "},
		"both quotes":       {map[string]any{"name_prefix": `/a'b"`}, "error at name_prefix: Could not search for name prefix"},
		"no order":          {map[string]any{"order_by": []string{}}, "error at order_by: Invalid Attribute Value"},
	} {
		for _, kind := range []string{"mlflow_experiment", "mlflow_experiment_permissions"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				resp, err := d.lister().ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
					TypeName: kind, Config: d.encode(d.schemas.ListResourceSchemas[kind], c.config),
				})
				d.check(err)
				if got := told(resp.Diagnostics); !strings.HasPrefix(got, c.says) || c.says == "" && got != "" {
					t.Errorf("it says %q, want %q", got, c.says)
				}
			})
		}
	}
}

func TestList_permissions(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.AddGroup("risk")
	w.Grant(w.CreateExperiment(emulator.Admin, "/Shared/a", nil), emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.AddNotebookExperiment(emulator.Admin, "/Shared/b-notebook")
	w.CreateExperiment(emulator.Admin, "/Shared/c", nil)
	d := w.direct(t, emulator.AdminToken)
	if all := d.list("mlflow_experiment_permissions", map[string]any{}, 0, false); len(all) != 3 || w.Count("GET", "/api/2.0/permissions/experiments/*") != 0 {
		t.Errorf("listed %+v", all)
	}
	all := d.list("mlflow_experiment_permissions", map[string]any{}, 0, true)
	if len(all) != 3 || fmt.Sprint(all[0].resource["groups"]) != "map[risk:CAN_EDIT]" || all[2].says != "" {
		t.Fatalf("listed %+v", all)
	}
	// The warning comes alone, and instead of a result that could not be imported.
	if of := all[1]; !strings.HasPrefix(of.says, "warning: Could not read permissions") || strings.Contains(of.says, "Incomplete") || of.name != "" || of.identity {
		t.Errorf("a notebook's experiment gives %+v", of)
	}
}

func TestFunction_parseExperimentURL(t *testing.T) {
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{{
			Config: `output "parts" { value = provider::mlflow::parse_experiment_url("https://example.com/ml/experiments/12?o=34") }`,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("parts", knownvalue.ObjectExact(map[string]knownvalue.Check{
				"host": knownvalue.StringExact("https://example.com"), "workspace_id": knownvalue.StringExact("34"), "experiment_id": knownvalue.StringExact("12"),
			}))},
		}},
	})
}
