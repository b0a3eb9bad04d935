package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// example is a configuration that consists of files under examples/.
type example struct {
	files []string
	// more is configuration that the files require.
	more string
	// prepare creates the objects that the files require.
	prepare func(*acctest.Workspace)
	// experiment is the name of the experiment whose ID replaces exampleID in the import commands.
	experiment string
	// check checks the workspace after the apply.
	check func(*testing.T, *acctest.Workspace)
	// state checks the state after the apply.
	state []statecheck.StateCheck
}

var examples = map[string]example{
	"experiment": {
		files: []string{
			"resources/mlflow_experiment/resource.tf", "resources/mlflow_experiment/resource-full.tf", "resources/mlflow_experiment/import.sh",
		},
		experiment: "/Shared/churn",
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/churn", map[string]string{"team": "data-science"})
			expectExampleTags(t, w, "/Shared/forecasting/demand", map[string]string{
				"team": "data-science", "cost_center": "4711",
				"mlflow.note.content": "Weekly demand by store. Runbook: https://wiki.example.com/demand",
			})
		},
	},
	"experiment, traces": {
		files: []string{"resources/mlflow_experiment/resource-traces.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			traces := w.MustFind(t, "/Shared/agents/support").TraceLocation
			want := emulator.TraceLocation{Catalog: "main", Schema: "agent_traces", TablePrefix: "support", EffectiveTablePrefix: "support"}
			if traces == nil || *traces != want {
				t.Errorf("trace location: got %+v", traces)
			}
		},
	},
	"experiment, budget policy": {
		files: []string{"resources/mlflow_experiment/resource-budget-policy.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/agents/evaluation", map[string]string{"team": "data-science"})
			policy := "3f1c9a52-7f0e-4d0b-9a53-5a1f4b8f2f60"
			w.ExpectTag(t, w.MustFind(t, "/Shared/agents/evaluation").ID, "mlflow.workload_creation_policy_id", &policy)
		},
	},
	"experiment, import block": {
		files: []string{"resources/mlflow_experiment/resource.tf", "resources/mlflow_experiment/import-by-string-id.tf"},
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.User, "/Shared/churn", map[string]string{"team": "data-science"})
		},
		check: expectNoWrites,
	},
	"experiment_tag": {
		files:      []string{"resources/mlflow_experiment_tag/resource.tf", "resources/mlflow_experiment_tag/import.sh"},
		prepare:    func(w *acctest.Workspace) { w.CreateExperiment(emulator.User, "/Shared/churn", nil) },
		experiment: "/Shared/churn",
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/churn", map[string]string{"risk/reviewed": "2026-03-31"})
		},
	},
	"experiment_tag, on many experiments": {
		files: []string{"resources/mlflow_experiment_tag/resource-full.tf"},
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.User, "/Projects/fraud/training", map[string]string{"team": "risk"})
			w.CreateExperiment(emulator.User, "/Projects/fraud/monitoring", nil)
			w.CreateExperiment(emulator.User, "/Projects/other", nil)
		},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			const review = `{"by":"risk","on":"2026-03-31"}`
			expectExampleTags(t, w, "/Projects/fraud/training", map[string]string{
				"team": "risk", "risk/review": review, "mlflow.note.content": "Card payments. Reviewed every quarter.",
			})
			expectExampleTags(t, w, "/Projects/fraud/monitoring", map[string]string{"risk/review": review})
			expectExampleTags(t, w, "/Projects/other", map[string]string{})
		},
	},
	"experiment_tag, import block": {
		files: []string{"resources/mlflow_experiment_tag/resource.tf", "resources/mlflow_experiment_tag/import-by-string-id.tf"},
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.User, "/Shared/churn", map[string]string{"risk/reviewed": "2026-03-31"})
		},
		check: expectNoWrites,
	},
	"experiment_permissions": {
		files: []string{
			"resources/mlflow_experiment_permissions/resource.tf", "resources/mlflow_experiment_permissions/resource-full.tf",
			"resources/mlflow_experiment_permissions/import.sh",
		},
		experiment: "/Projects/churn",
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleGrants(t, w, "/Projects/churn", "group data-science CAN_EDIT")
			expectExampleGrants(t, w, "/Projects/pricing", "group data-science CAN_EDIT", "group ml-platform CAN_READ", "group risk CAN_READ",
				"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ana@example.com CAN_MANAGE")
		},
	},
	"experiment_permissions, import block": {
		files: []string{"resources/mlflow_experiment_permissions/resource.tf", "resources/mlflow_experiment_permissions/import-by-string-id.tf"},
		more:  "import {\n  to = mlflow_experiment.churn\n  id = \"/Projects/churn\"\n}",
		prepare: func(w *acctest.Workspace) {
			w.Grant(w.CreateExperiment(emulator.Admin, "/Projects/churn", nil), emulator.GroupPrincipal("data-science"), "CAN_EDIT")
		},
		check: expectNoWrites,
	},
	"experiment_permission": {
		files:      []string{"resources/mlflow_experiment_permission/resource.tf", "resources/mlflow_experiment_permission/import.sh"},
		experiment: "/Projects/churn",
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleGrants(t, w, "/Projects/churn", "user ana@example.com CAN_EDIT")
		},
	},
	"experiment_permission, on many experiments": {
		files: []string{"resources/mlflow_experiment_permission/resource-full.tf"},
		prepare: func(w *acctest.Workspace) {
			for _, name := range []string{"/Projects/forecasting/demand", "/Projects/forecasting/prices", "/Projects/other"} {
				w.Grant(w.CreateExperiment(emulator.Admin, name, nil), emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
			}
		},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			for _, name := range []string{"/Projects/forecasting/demand", "/Projects/forecasting/prices"} {
				expectExampleGrants(t, w, name, "group risk CAN_READ", "service_principal "+emulator.ServicePrincipal+" CAN_EDIT",
					"user ben@example.com CAN_MANAGE")
			}
			expectExampleGrants(t, w, "/Projects/other", "user ben@example.com CAN_MANAGE")
		},
	},
	"experiment_permission, import block": {
		files: []string{"resources/mlflow_experiment_permission/resource.tf", "resources/mlflow_experiment_permission/import-by-string-id.tf"},
		more:  "import {\n  to = mlflow_experiment.churn\n  id = \"/Projects/churn\"\n}",
		prepare: func(w *acctest.Workspace) {
			w.Grant(w.CreateExperiment(emulator.Admin, "/Projects/churn", nil), emulator.UserPrincipal(emulator.User), "CAN_EDIT")
		},
		check: expectNoWrites,
	},
	"data sources, experiment and search": {
		files: []string{"data-sources/mlflow_experiment/data-source.tf", "data-sources/mlflow_experiments/data-source.tf"},
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.User, "/Shared/churn", nil)
			w.CreateExperiment(emulator.User, "/Projects/fraud", map[string]string{"team": "risk"})
			w.CreateExperiment(emulator.User, "/Projects/demand", map[string]string{"team": "data-science"})
		},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Projects/fraud", map[string]string{"team": "risk", "audit": "2026"})
			expectExampleTags(t, w, "/Projects/demand", map[string]string{"team": "data-science"})
		},
		state: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("churn",
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"owner": knownvalue.StringExact(emulator.User)})),
		},
	},
	"data source, search by filter": {
		files: []string{"data-sources/mlflow_experiments/data-source-filter.tf"},
		prepare: func(w *acctest.Workspace) {
			for i := range 11 {
				w.CreateExperiment(emulator.User, fmt.Sprintf("/Projects/%d", i), nil)
			}
		},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("recent", knownvalue.ListSizeExact(10))},
	},
	"data source, traces": {
		files: []string{"data-sources/mlflow_experiments/data-source-traces.tf"},
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.User, "/Shared/agents/new", nil)
			w.BindTraceLocation(w.CreateExperiment(emulator.User, "/Shared/agents/support", nil), "main", "agent_traces", "support")
		},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("spans", knownvalue.ObjectExact(map[string]knownvalue.Check{
			"/Shared/agents/support": knownvalue.StringExact("main.agent_traces.support_otel_spans"),
		}))},
	},
	"data source, permissions": {
		files: []string{"data-sources/mlflow_experiment_permissions/data-source.tf"},
		prepare: func(w *acctest.Workspace) {
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
			w.GrantFolder("/Projects", emulator.GroupPrincipal("ml-platform"), "CAN_MANAGE")
			w.Grant(id, emulator.GroupPrincipal("data-science"), "CAN_EDIT")
			w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
		},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("editors", knownvalue.ListExact([]knownvalue.Check{
			editor("admins", "/"), editor("data-science", "the experiment itself"), editor("ml-platform", "/Projects"),
		}))},
	},
	"data source, permissions in full": {
		files: []string{"data-sources/mlflow_experiment_permissions/data-source-full.tf"},
		prepare: func(w *acctest.Workspace) {
			id := w.CreateExperiment(emulator.Admin, "/Projects/pricing", nil)
			w.GrantFolder("/Projects", emulator.GroupPrincipal("ml-platform"), "CAN_MANAGE")
			w.Grant(id, emulator.GroupPrincipal("ml-platform"), "CAN_READ")
			w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_EDIT")
		},
		state: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("levels", knownvalue.MapPartial(map[string]knownvalue.Check{
				"group ml-platform":     knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("CAN_MANAGE")}),
				"user " + emulator.User: knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("CAN_EDIT")}),
			})),
			statecheck.ExpectKnownOutputValue("direct", knownvalue.ObjectExact(map[string]knownvalue.Check{
				"groups":             knownvalue.ObjectExact(map[string]knownvalue.Check{"ml-platform": knownvalue.StringExact("CAN_READ")}),
				"users":              knownvalue.ObjectExact(map[string]knownvalue.Check{emulator.User: knownvalue.StringExact("CAN_EDIT")}),
				"service_principals": knownvalue.ObjectExact(map[string]knownvalue.Check{}),
			})),
		},
	},
	"data source, levels in full": {
		files: []string{"data-sources/mlflow_experiment_permission_levels/data-source-full.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleGrants(t, w, "/Projects/pricing", "group risk CAN_READ")
		},
	},
	"provider, OAuth": {
		files: []string{"provider/provider_oauth.tf"},
		more:  minimalExperiment,
		check: expectMinimalExperiment,
	},
	"provider, MLflow server": {files: []string{"provider/provider_mlflow_server.tf"}, more: minimalExperiment},
	"provider, profile":       {files: []string{"provider/provider_profile.tf"}, more: minimalExperiment, check: expectMinimalExperiment},
	"provider, environment": {
		files: []string{"provider/provider.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/churn", map[string]string{
				"team": "data-science", "managed_by": "terraform", "mlflow.note.content": "Churn model of the retail team.",
			})
		},
	},
	"function, parse_experiment_url": {
		files: []string{"functions/parse_experiment_url/function.tf"},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("experiment_id", knownvalue.StringExact(exampleID))},
	},
	"function, parse_experiment_url on many": {
		files: []string{"functions/parse_experiment_url/function-full.tf"},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ids_by_server", knownvalue.ObjectExact(map[string]knownvalue.Check{
			exampleHost:                  knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact(exampleID)}),
			"https://mlflow.example.com": knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact("12")}),
		}))},
	},
	"data source, experiment by page": {files: []string{"data-sources/mlflow_experiment/data-source-full.tf"}},
	"data source, pipeline":           {files: []string{"data-sources/mlflow_current_user/data-source-full.tf"}},
	"list resources": {files: []string{
		"list-resources/mlflow_experiment/list-resource.tfquery.hcl", "list-resources/mlflow_experiment_permissions/list-resource.tfquery.hcl",
	}},
	"import by identity": {files: []string{
		"resources/mlflow_experiment/identity-import.tf", "resources/mlflow_experiment_tag/identity-import.tf",
		"resources/mlflow_experiment_permissions/identity-import.tf", "resources/mlflow_experiment_permission/identity-import.tf",
	}},
	"moved": {files: []string{
		"resources/mlflow_experiment/moved.tf", "resources/mlflow_experiment/moved-label.tf", "resources/mlflow_experiment_permissions/moved.tf",
		"migrate-from-databricks/before", "migrate-from-databricks/after",
	}},
	"role": {files: []string{
		"resources/mlflow_role/resource.tf", "resources/mlflow_role/resource-full.tf", "resources/mlflow_role/import.sh",
		"resources/mlflow_role_members/resource.tf", "resources/mlflow_role_members/resource-full.tf", "resources/mlflow_role_members/import.sh",
		"resources/mlflow_role_member/resource.tf", "resources/mlflow_role_member/resource-full.tf", "resources/mlflow_role_member/import.sh",
		"data-sources/mlflow_roles/data-source.tf",
	}},
	"role, workspace": {files: []string{"resources/mlflow_role/resource-workspace.tf"}},
	"role, import": {files: []string{
		"resources/mlflow_role/import-by-string-id.tf", "resources/mlflow_role_members/import-by-string-id.tf",
		"resources/mlflow_role_member/import-by-string-id.tf",
	}},
	"role, import from a workspace": {files: []string{"resources/mlflow_role/import-workspace.tf"}},
	"role, import by identity": {files: []string{
		"resources/mlflow_role/identity-import.tf", "resources/mlflow_role_members/identity-import.tf",
		"resources/mlflow_role_member/identity-import.tf",
	}},
	"user": {files: []string{
		"resources/mlflow_user/resource.tf", "resources/mlflow_user/resource-full.tf", "resources/mlflow_user/import.sh",
	}},
	"user, import":       {files: []string{"resources/mlflow_user/import-by-string-id.tf", "resources/mlflow_user/identity-import.tf"}},
	"data source, users": {files: []string{"data-sources/mlflow_users/data-source.tf"}},
	"workspace": {files: []string{
		"resources/mlflow_workspace/resource.tf", "resources/mlflow_workspace/resource-full.tf", "resources/mlflow_workspace/import.sh",
		"data-sources/mlflow_workspaces/data-source.tf",
	}},
	"workspace, import": {files: []string{"resources/mlflow_workspace/import-by-string-id.tf",
		"resources/mlflow_workspace/identity-import.tf"}},
	"methods":         methods,
	"module tests":    moduleTests,
	"getting started": {files: []string{"getting-started"}},
	"adopt everything": {files: []string{"adopt-everything", "adopt-everything/discover",
		"adopt-everything/discover/modules/configuration"}},
	"both servers":            {files: []string{"both-servers"}},
	"workspace bootstrap":     {files: []string{"workspace-bootstrap"}},
	"MLflow server bootstrap": {files: []string{"mlflow-bootstrap"}}, // applied to a real server
	"permission review": {files: []string{
		"permission-review", "permission-review/modules/read", "permission-review/modules/policies", "permission-review/tests/files",
	}},
	// Actions are applied by the tests that need Terraform 1.14.
	"action, delete runs":        {files: []string{"actions/mlflow_delete_runs/action.tf"}},
	"action, restore runs":       {files: []string{"actions/mlflow_restore_runs/action.tf"}},
	"action, restore runs by ID": {files: []string{"actions/mlflow_restore_runs/action-by-id.tf"}},
	"action, set run tags":       {files: []string{"actions/mlflow_set_run_tags/action.tf"}},
	"action, restore experiment": {files: []string{"actions/mlflow_restore_experiment/action.tf"}},
	"deploy from a run":          {files: []string{"deploy-from-run", "deploy-from-run/modules/read"}},
	"run retention":              {files: []string{"run-retention"}}, // played by the tests that need Terraform 1.14
	"drift job":                  {files: []string{"drift-job"}},
	"access as code":             {files: []string{"access-as-code"}},
	"plan policy":                {files: []string{"plan-policy"}},
	"review functions": {files: []string{
		"functions/permission_matrix/function.tf", "functions/effective_access/function.tf", "functions/review_snapshot/function.tf",
		"functions/review_diff/function.tf", "functions/review_decisions/function.tf",
	}},
	"data source, review": {
		files:   []string{"data-sources/mlflow_permission_review/data-source.tf", "data-sources/mlflow_permission_review/data-source-full.tf"},
		prepare: prepareReview, state: reviewState,
	},
	"data source, runs": {
		files:   []string{"data-sources/mlflow_runs/data-source.tf", "data-sources/mlflow_runs/data-source-stale.tf"},
		prepare: prepareRuns, state: runsState,
	},
	"data source, run":           {files: []string{"data-sources/mlflow_run/data-source.tf"}},
	"data source, run artifacts": {files: []string{"data-sources/mlflow_run_artifacts/data-source.tf"}},
	"data source, principals": {
		files:   []string{"data-sources/mlflow_principals/data-source.tf", "data-sources/mlflow_principals/data-source-full.tf"},
		prepare: preparePrincipals, state: principalsState,
	},
	"data source, levels": {
		files:   []string{"data-sources/mlflow_experiment_permission_levels/data-source.tf"},
		prepare: func(w *acctest.Workspace) { w.CreateExperiment(emulator.User, "/Shared/churn", nil) },
		state:   []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("levels", knownvalue.MapSizeExact(3))},
	},
	"data source, current user": {
		files: []string{"data-sources/mlflow_current_user/data-source.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Users/"+emulator.Admin+"/scratch", map[string]string{"owner": emulator.Admin})
		},
	},
}

// minimalExperiment is added to examples that contain only a provider block.
const minimalExperiment = "resource \"mlflow_experiment\" \"this\" {\n  name = \"/Shared/minimal\"\n}"

func expectMinimalExperiment(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	expectExampleTags(t, w, "/Shared/minimal", map[string]string{})
}

func editor(who, from string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{"who": knownvalue.StringExact(who), "from": knownvalue.StringExact(from)})
}
