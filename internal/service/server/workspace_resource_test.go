package server_test

import (
	"fmt"
	"maps"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const workspaceAddress = "mlflow_workspace.test"

// workspaceBlock returns the configuration of a workspace.
func workspaceBlock(attributes string) string {
	return "resource \"mlflow_workspace\" \"test\" {\n" + attributes + "\n}\n"
}

func expectWorkspaceState(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(workspaceAddress, tfjsonpath.New(attribute), want)
}

func TestWorkspaceResource(t *testing.T) {
	s := newWorkspaceServer(t)
	full := s.config(workspaceBlock(`
		name                  = "risk"
		description           = "Risk models"
		default_artifact_root = "s3://ml-risk/"`))
	acctest.UnitTest(t,
		resource.TestStep{
			Config:           full,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectKnownValue(workspaceAddress, tfjsonpath.New("id"), knownvalue.StringExact("risk"))),
			ConfigStateChecks: []statecheck.StateCheck{
				expectWorkspaceState("id", knownvalue.StringExact("risk")), expectWorkspaceState("deletion_policy", knownvalue.Null()),
			},
		},
		resource.TestStep{Config: full, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		resource.TestStep{ResourceName: workspaceAddress, ImportState: true, ImportStateId: "risk", ImportStateVerify: true},
		resource.TestStep{ResourceName: workspaceAddress, ImportState: true, ImportStateId: "name=risk", ImportStateVerify: true},
		resource.TestStep{
			ResourceName: workspaceAddress, ImportState: true, ImportStateId: "fraud",
			ExpectError: regexp.MustCompile(`(?s)Could not import workspace.*MLflow workspace "fraud" was\s+not\s+found`),
		},
		resource.TestStep{
			PreConfig: func() {
				s.change(func() {
					s.workspaces["risk"]["description"], s.workspaces["risk"]["default_artifact_root"] = "theirs", "s3://theirs"
				})
			},
			Config: full, ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(workspaceAddress, "default_artifact_root", "description")),
		},
		resource.TestStep{
			Config:           s.config(workspaceBlock(`name = "risk"`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionUpdate)),
		},
		resource.TestStep{
			PreConfig:        func() { s.change(func() { delete(s.workspaces, "risk") }) },
			Config:           s.config(workspaceBlock(`name = "risk"`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionCreate)),
		},
		resource.TestStep{
			PreConfig: func() { s.change(func() { s.experiments["risk"] = []string{"churn", "-old"} }) },
			Config:    s.config(workspaceBlock(`name = "fraud"`)),
			ExpectError: regexp.MustCompile(`(?s)Could not replace workspace.*1\s+experiment\s+\("churn"\)\s+and\s+1\s+deleted\s+experiment` +
				`.*mlflow\s+gc\s+--workspace\s+risk`),
		},
		resource.TestStep{
			Config: s.config(""), ExpectError: regexp.MustCompile(`(?s)Could not destroy workspace.*It contains\s+1\s+experiment`),
		},
		resource.TestStep{
			PreConfig:        func() { s.change(func() { delete(s.experiments, "risk") }) },
			Config:           s.config(workspaceBlock(`name = "fraud"`)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionReplace)),
		},
	)
}

func TestWorkspaceResource_importGenerated(t *testing.T) {
	s := newWorkspaceServer(t)
	s.workspaces["risk"] = map[string]any{"name": "risk", "description": "Risk models", "default_artifact_root": "s3://ml-risk/"}
	s.workspaces["bare"] = map[string]any{"name": "bare", "description": ""}
	for _, name := range []string{"risk", "bare"} {
		t.Run(name, func(t *testing.T) {
			acctest.UnitTest(t, resource.TestStep{
				Config: s.config(""), ResourceName: workspaceAddress,
				ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: name, GenerateConfig: true,
				ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionNoop),
				}},
			})
		})
	}
}

func TestWorkspaceResource_importIdentity(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	block := workspaceBlock(`
		name        = "risk"
		description = "Risk models"`)
	s.workspaces["risk"] = map[string]any{"name": "risk", "description": "Risk models"}
	importing := func(identity string) string {
		return s.config(block) + fmt.Sprintf("import {\n  to       = %s\n  identity = { %s }\n}\n", workspaceAddress, identity)
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      importing(`name = "risk", tracking_uri = "https://elsewhere.example.com"`),
				ExpectError: regexp.MustCompile(`contains the server\s+https://elsewhere`),
			},
			{
				Config:           importing(fmt.Sprintf("name = \"risk\", tracking_uri = %q", s.URL+"/")),
				ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionNoop)),
			},
			{Config: s.config(block), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
			{ResourceName: workspaceAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

// TestWorkspaceResource_unknownValues checks values of the resource and of the provider configuration that are unknown until apply.
func TestWorkspaceResource_unknownValues(t *testing.T) {
	s := newWorkspaceServer(t)
	config := func(name, description string) string {
		return fmt.Sprintf(`
			resource "terraform_data" "values" { input = { name = %q, description = %q, uri = %q } }
			provider "mlflow" { tracking_uri = terraform_data.values.output.uri }
			resource "mlflow_workspace" "test" {
			  name                  = terraform_data.values.output.name
			  description           = terraform_data.values.output.description
			  default_artifact_root = terraform_data.values.output.description
			}`, name, description, s.URL)
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("risk", "/srv/a"), ConfigStateChecks: []statecheck.StateCheck{
			expectWorkspaceState("id", knownvalue.StringExact("risk")),
		}},
		resource.TestStep{Config: config("risk", "/srv/a"), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		resource.TestStep{
			Config:           config("fraud", "/srv/b"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(workspaceAddress, plancheck.ResourceActionUpdate)),
			ExpectError:      regexp.MustCompile(`(?s)Could not replace workspace.*"risk"\s+cannot\s+be\s+renamed\s+to\s+"fraud"`),
		},
		resource.TestStep{Config: config("fraud", "/srv/b"), ConfigStateChecks: []statecheck.StateCheck{
			expectWorkspaceState("name", knownvalue.StringExact("fraud")), expectWorkspaceState("description", knownvalue.StringExact("/srv/b")),
		}},
	)
}

func TestWorkspaceResource_rejectedInput(t *testing.T) {
	t.Parallel()
	p := newWorkspaceServer(t).Provider(t, nil)
	for name, says := range map[string]string{
		"default": "It cannot be created or deleted", "api": "Reserved names: ajax-api, api, static-files, workspaces.",
		"ajax-api": "reserved", "static-files": "reserved", "workspaces": "reserved", "": "has 0 characters", "a": "has 1 characters",
		"a23456789b123456789c123456789d123456789e123456789f123456789g1234": "has 64 characters",
		"Risk": "not allowed", "-risk": "not allowed", "risk-": "not allowed",
		"ri_sk": "not allowed", "ri sk": "not allowed", "risk\n": "not allowed", "größe": "not allowed",
	} {
		acctest.ExpectDiagnostics(
			t,
			p.Resource("mlflow_workspace").Plan(map[string]any{"name": name}).Diagnostics,
			"error at name: Invalid workspace name: ",
			says,
		)
	}
	for _, name := range []string{"ab", "a1", "1a", "a--b", "a23456789b123456789c123456789d123456789e123456789f123456789g123"} {
		acctest.ExpectDiagnostics(t, p.Resource("mlflow_workspace").Plan(map[string]any{"name": name}).Diagnostics, "")
	}
	for attribute, values := range map[string]map[string]string{
		"default_artifact_root": {"is a relative path": "relative/path", "white space": "s3://a ", "fragment": "s3://a#b"},
		"deletion_policy":       {"delete_if_empty": "delete", "retain": "cascade"},
	} {
		for says, value := range values {
			acctest.ExpectDiagnostics(t, p.Resource("mlflow_workspace").Plan(map[string]any{"name": "risk", attribute: value}).Diagnostics,
				"error at "+attribute+": Invalid ", says)
		}
	}
}

func TestWorkspaceResource_onDatabricks(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	acctest.ExpectDiagnostics(
		t,
		d.Plan("mlflow_workspace", map[string]any{"name": "risk"}),
		"error: MLflow workspaces are not supported: Databricks",
	)
	_, says := d.ReadDataSource("mlflow_workspaces", nil)
	acctest.ExpectDiagnostics(t, says, "error: MLflow workspaces are not supported: Databricks")
}

func TestWorkspaceResource_withoutWorkspaces(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	w.MustApply(map[string]any{"name": "risk"})
	s.change(func() { s.off = true })
	acctest.ExpectDiagnostics(t, w.Refresh(), "error: MLflow workspaces are not supported: ", "--enable-workspaces")
	if w.Values() == nil {
		t.Error("got no state, want the workspace in it")
	}
	acctest.ExpectDiagnostics(
		t,
		w.Resource("mlflow_workspace").Plan(map[string]any{"name": "fraud"}).Diagnostics,
		"error: MLflow workspaces are not "+
			"supported: ",
		"--enable-workspaces",
	)
}

// TestWorkspaceResource_sharedReads checks that a refresh of many workspaces reads one list, and that a plan sends no further request.
func TestWorkspaceResource_sharedReads(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	p := s.Provider(t, nil)
	blocks := map[string]*acctest.Resource{}
	for i := range 20 {
		name := fmt.Sprintf("team-%d", i)
		blocks[name] = p.Resource("mlflow_workspace")
		blocks[name].MustApply(map[string]any{"name": name})
	}
	p = s.Provider(t, nil)
	s.count()
	for name, w := range blocks {
		w.Provider = p
		acctest.ExpectDiagnostics(t, w.Read(), "")
		if planned := w.Plan(map[string]any{"name": name}); planned.Action != "none" {
			t.Errorf("got plan %s, want none", planned.Action)
		}
	}
	if got, want := s.count(), map[string]int{"GET /api/3.0/mlflow/server-info": 1, "GET " + workspacesPath: 1}; !maps.Equal(got, want) {
		t.Errorf("got requests %v, want %v", got, want)
	}
}

// TestWorkspaceResource_lostResponses checks that a response that is lost after the request took effect does not fail the apply, and that
// a workspace with content is not deleted a second time.
func TestWorkspaceResource_lostResponses(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := map[string]any{"name": "risk", "description": "Risk models"}
	s.lose = "POST " + workspacesPath
	w.MustApply(config)
	s.lose = "PATCH " + workspacesPath + "/risk"
	w.MustApply(map[string]any{"name": "risk"})
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	planned := w.Plan(nil)
	s.change(func() { s.experiments["risk"] = []string{"churn"} })
	s.count()
	acctest.ExpectDiagnostics(t, w.ApplyPlan(planned, nil), "error at deletion_policy: Could not destroy workspace: MLflow workspace",
		"still contains 1 resource(s)", "INVALID_STATE",
		`It contains 1 experiment ("churn").`)
	if n := s.count()["DELETE "+workspacesPath+"/risk"]; n != 1 {
		t.Errorf("got %d requests to delete the workspace, want 1", n)
	}
	s.change(func() { delete(s.experiments, "risk"); s.lose = "DELETE " + workspacesPath + "/risk" })
	acctest.ExpectDiagnostics(t, w.Destroy(), "")
}

// TestWorkspaceResource_otherServer checks that a workspace with the same name on another server is not changed.
func TestWorkspaceResource_otherServer(t *testing.T) {
	t.Parallel()
	s, other := newWorkspaceServer(t), newWorkspaceServer(t)
	other.workspaces["risk"] = map[string]any{"name": "risk", "description": "theirs"}
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := map[string]any{"name": "risk"}
	w.MustApply(config)
	for what, do := range map[string]func() string{
		"a refresh": w.Read, "an update": func() string {
			c := map[string]any{"name": "risk", "description": "ours"}
			return w.ApplyPlan(w.Plan(c), c)
		},
		"the plan of a destroy": func() string { return w.Plan(nil).Diagnostics },
	} {
		w.Provider = other.Provider(t, nil)
		says := do()
		acctest.ExpectDiagnostics(t, says, "error: Could not ", "different server", s.URL, other.URL)
		if other.workspaces["risk"]["description"] != "theirs" || w.Text("name") != "risk" {
			t.Errorf("%s: got workspaces %v and state %v, want no change", what, other.workspaces, w.Values())
		}
	}
	w.Provider = s.Provider(t, map[string]any{"workspace": "risk"}) // another workspace of the provider is not another server
	acctest.ExpectDiagnostics(t, w.Read(), "")
}

// TestWorkspaceResource_failedAdoption checks a resource that is renamed without a moved block, which looks like two, one that adopts and
// one that deletes. If the adoption fails, the workspace and its roles are not deleted.
func TestWorkspaceResource_failedAdoption(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	old := s.Provider(t, nil).Resource("mlflow_workspace")
	old.MustApply(map[string]any{"name": "risk"})
	old.Provider = s.Provider(t, nil)
	deletes := old.Plan(nil)
	config := map[string]any{"name": "risk", "description": "ours", "adopt_existing": true}
	adopts := s.Provider(t, nil).Resource("mlflow_workspace").Plan(config)
	for name, call := range map[string]string{"create": "POST " + workspacesPath, "change": "PATCH " + workspacesPath + "/risk"} {
		t.Run(name, func(t *testing.T) {
			p := s.Provider(t, nil)
			block := p.Resource("mlflow_workspace")
			s.change(func() { s.reject = call })
			acctest.ExpectDiagnostics(t, block.ApplyPlan(adopts, config), "error: Could not ")
			s.change(func() { s.reject = "" })
			removed := &acctest.Resource{Provider: p, TypeName: old.TypeName, State: old.State, Private: old.Private}
			acctest.ExpectDiagnostics(t, removed.ApplyPlan(deletes, nil), "warning: Workspace removed from state, not deleted", "apply again")
			if s.workspaces["risk"] == nil {
				t.Fatal("got no workspace on the server, want it not deleted")
			}
		})
	}
}

// TestWorkspaceResource_twoAddresses checks a resource that is renamed without a moved block, which looks like two. In either order,
// apply could delete the workspace or its roles.
func TestWorkspaceResource_twoAddresses(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	config := map[string]any{"name": "risk"}
	s.workspaces["risk"] = map[string]any{"name": "risk"}
	type use struct {
		inState bool
		config  map[string]any
	}
	create, keep, remove := use{false, config}, use{true, config}, use{true, nil}
	adopt := use{false, map[string]any{"name": "risk", "adopt_existing": true}}
	renamed, managedTwice := "error: Workspace would be deleted and recreated", "error: Workspace is managed by two resources"
	for name, c := range map[string]struct {
		first, second use
		says          string
	}{
		"delete, create": {remove, create, renamed},
		"create, delete": {create, remove, renamed},
		"delete, adopt":  {remove, adopt, renamed},
		"adopt, delete":  {adopt, remove, renamed},
		"delete, keep":   {remove, keep, managedTwice},
		"keep, delete":   {keep, remove, managedTwice},
		"create, create": {create, create, "error at name: Workspace is managed by two resources"},
		"keep, adopt":    {keep, adopt, "error at name: Workspace is managed by two resources"},
		"adopt, keep":    {adopt, keep, "error at name: Workspace is managed by two resources"},
		"keep, keep":     {keep, keep, "error at name: Workspace is managed by two resources"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := s.Provider(t, nil)
			block := func(inState bool) *acctest.Resource {
				b := p.Resource("mlflow_workspace")
				if inState {
					acctest.ExpectDiagnostics(t, b.Import("risk"), "")
				}
				return b
			}
			acctest.ExpectDiagnostics(t, block(c.first.inState).Plan(c.first.config).Diagnostics, "")
			acctest.ExpectDiagnostics(t, block(c.second.inState).Plan(c.second.config).Diagnostics, c.says)
		})
	}
}
