package provider_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	repository  = "../.."
	examplesDir = repository + "/examples"
	// exampleHost and exampleID stand for the reader's own workspace and experiment.
	exampleHost = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
	exampleID   = "1280664374380606"
)

// example is one configuration that is made of files under examples/.
type example struct {
	files []string
	// more is configuration that a reader of the files has anyway.
	more string
	// prepare makes what the files take for granted.
	prepare func(*workspace)
	// experiment is what exampleID stands for in the import commands among the files.
	experiment string
	// check looks at the workspace after the apply.
	check func(*testing.T, *workspace)
	// state looks at the state after the apply.
	state []statecheck.StateCheck
}

var examples = map[string]example{
	"experiment": {
		files: []string{
			"resources/mlflow_experiment/resource.tf", "resources/mlflow_experiment/resource-full.tf", "resources/mlflow_experiment/import.sh",
		},
		experiment: "/Shared/churn",
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/churn", map[string]string{"team": "data-science"})
			expectExampleTags(t, w, "/Shared/forecasting/demand", map[string]string{
				"team": "data-science", "cost_center": "4711", "mlflow.note.content": "Weekly demand by store. Runbook: https://wiki.example.com/demand",
			})
		},
	},
	"experiment, import block": {
		files: []string{"resources/mlflow_experiment/resource.tf", "resources/mlflow_experiment/import-by-string-id.tf"},
		prepare: func(w *workspace) {
			w.CreateExperiment(emulator.User, "/Shared/churn", map[string]string{"team": "data-science"})
		},
		check: expectNoWrites,
	},
	"experiment_tag": {
		files:      []string{"resources/mlflow_experiment_tag/resource.tf", "resources/mlflow_experiment_tag/import.sh"},
		prepare:    func(w *workspace) { w.CreateExperiment(emulator.User, "/Shared/churn", nil) },
		experiment: "/Shared/churn",
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Shared/churn", map[string]string{"risk/reviewed": "2026-03-31"})
		},
	},
	"experiment_tag, on many experiments": {
		files: []string{"resources/mlflow_experiment_tag/resource-full.tf"},
		prepare: func(w *workspace) {
			w.CreateExperiment(emulator.User, "/Projects/fraud/training", map[string]string{"team": "risk"})
			w.CreateExperiment(emulator.User, "/Projects/fraud/monitoring", nil)
			w.CreateExperiment(emulator.User, "/Projects/other", nil)
		},
		check: func(t *testing.T, w *workspace) {
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
		prepare: func(w *workspace) {
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
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleGrants(t, w, "/Projects/churn", "group data-science CAN_EDIT")
			expectExampleGrants(t, w, "/Projects/pricing", "group data-science CAN_EDIT", "group ml-platform CAN_READ", "group risk CAN_READ",
				"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ana@example.com CAN_MANAGE")
		},
	},
	"experiment_permissions, import block": {
		files: []string{"resources/mlflow_experiment_permissions/resource.tf", "resources/mlflow_experiment_permissions/import-by-string-id.tf"},
		more:  "import {\n  to = mlflow_experiment.churn\n  id = \"/Projects/churn\"\n}",
		prepare: func(w *workspace) {
			w.Grant(w.CreateExperiment(emulator.Admin, "/Projects/churn", nil), emulator.GroupPrincipal("data-science"), "CAN_EDIT")
		},
		check: expectNoWrites,
	},
	"experiment_permission": {
		files:      []string{"resources/mlflow_experiment_permission/resource.tf", "resources/mlflow_experiment_permission/import.sh"},
		experiment: "/Projects/churn",
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleGrants(t, w, "/Projects/churn", "user ana@example.com CAN_EDIT")
		},
	},
	"experiment_permission, on many experiments": {
		files: []string{"resources/mlflow_experiment_permission/resource-full.tf"},
		prepare: func(w *workspace) {
			for _, name := range []string{"/Projects/forecasting/demand", "/Projects/forecasting/prices", "/Projects/other"} {
				w.Grant(w.CreateExperiment(emulator.Admin, name, nil), emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
			}
		},
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			for _, name := range []string{"/Projects/forecasting/demand", "/Projects/forecasting/prices"} {
				expectExampleGrants(t, w, name, "group risk CAN_READ", "service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ben@example.com CAN_MANAGE")
			}
			expectExampleGrants(t, w, "/Projects/other", "user ben@example.com CAN_MANAGE")
		},
	},
	"experiment_permission, import block": {
		files: []string{"resources/mlflow_experiment_permission/resource.tf", "resources/mlflow_experiment_permission/import-by-string-id.tf"},
		more:  "import {\n  to = mlflow_experiment.churn\n  id = \"/Projects/churn\"\n}",
		prepare: func(w *workspace) {
			w.Grant(w.CreateExperiment(emulator.Admin, "/Projects/churn", nil), emulator.UserPrincipal(emulator.User), "CAN_EDIT")
		},
		check: expectNoWrites,
	},
	"data sources, experiment and search": {
		files: []string{"data-sources/mlflow_experiment/data-source.tf", "data-sources/mlflow_experiments/data-source.tf"},
		prepare: func(w *workspace) {
			w.CreateExperiment(emulator.User, "/Shared/churn", nil)
			w.CreateExperiment(emulator.User, "/Projects/fraud", map[string]string{"team": "risk"})
			w.CreateExperiment(emulator.User, "/Projects/demand", map[string]string{"team": "data-science"})
		},
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Projects/fraud", map[string]string{"team": "risk", "audit": "2026"})
			expectExampleTags(t, w, "/Projects/demand", map[string]string{"team": "data-science"})
		},
		state: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("churn", knownvalue.ObjectPartial(map[string]knownvalue.Check{"owner": knownvalue.StringExact(emulator.User)})),
		},
	},
	"data source, search by filter": {
		files: []string{"data-sources/mlflow_experiments/data-source-filter.tf"},
		prepare: func(w *workspace) {
			for i := range 11 {
				w.CreateExperiment(emulator.User, fmt.Sprintf("/Projects/%d", i), nil)
			}
		},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("recent", knownvalue.ListSizeExact(10))},
	},
	"data source, permissions": {
		files: []string{"data-sources/mlflow_experiment_permissions/data-source.tf"},
		prepare: func(w *workspace) {
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
		prepare: func(w *workspace) {
			id := w.CreateExperiment(emulator.Admin, "/Projects/pricing", nil)
			w.GrantFolder("/Projects", emulator.GroupPrincipal("ml-platform"), "CAN_MANAGE")
			w.Grant(id, emulator.GroupPrincipal("ml-platform"), "CAN_READ")
			w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_EDIT")
		},
		state: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("levels", knownvalue.MapPartial(map[string]knownvalue.Check{
				"group ml-platform": knownvalue.StringExact("CAN_MANAGE"), "user " + emulator.User: knownvalue.StringExact("CAN_EDIT"),
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
		check: func(t *testing.T, w *workspace) {
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
		check: func(t *testing.T, w *workspace) {
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
	"methods":             methods,
	"module tests":        moduleTests,
	"getting started":     {files: []string{"getting-started"}},
	"adopt everything":    {files: []string{"adopt-everything", "adopt-everything/discover", "adopt-everything/discover/modules/configuration"}},
	"both backends":       {files: []string{"both-backends"}},
	"workspace bootstrap": {files: []string{"workspace-bootstrap", "workspace-bootstrap/modules/team-access"}},
	"permission review":   {files: []string{"permission-review", "permission-review/modules/policies"}},
	"access as code":      {files: []string{"access-as-code"}},
	"permission matrix":   {files: []string{"functions/permission_matrix/function.tf"}},
	"data source, review": {
		files:   []string{"data-sources/mlflow_permission_review/data-source.tf", "data-sources/mlflow_permission_review/data-source-full.tf"},
		prepare: prepareReview, state: reviewState,
	},
	"data source, levels": {
		files:   []string{"data-sources/mlflow_experiment_permission_levels/data-source.tf"},
		prepare: func(w *workspace) { w.CreateExperiment(emulator.User, "/Shared/churn", nil) },
		state:   []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("levels", knownvalue.MapSizeExact(3))},
	},
	"data source, current user": {
		files: []string{"data-sources/mlflow_current_user/data-source.tf"},
		check: func(t *testing.T, w *workspace) {
			t.Helper()
			expectExampleTags(t, w, "/Users/"+emulator.Admin+"/scratch", map[string]string{"owner": emulator.Admin})
		},
	},
}

// minimalExperiment gives an example that is a provider block something to do.
const minimalExperiment = "resource \"mlflow_experiment\" \"this\" {\n  name = \"/Shared/minimal\"\n}"

func expectMinimalExperiment(t *testing.T, w *workspace) {
	t.Helper()
	expectExampleTags(t, w, "/Shared/minimal", map[string]string{})
}

func editor(who, from string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{"who": knownvalue.StringExact(who), "from": knownvalue.StringExact(from)})
}

// TestExamples_complete fails for a file under examples/ that no test uses, and for one that a test names but that is not there.
func TestExamples_complete(t *testing.T) {
	used := map[string]bool{}
	for _, e := range examples {
		for _, file := range e.files {
			used[file] = false
		}
	}
	err := filepath.WalkDir(examplesDir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) == ".md" {
			return err
		}
		name, err := filepath.Rel(examplesDir, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		whole := path.Dir(name) // some folders are used as a whole
		if _, ok := used[name]; !ok {
			name = whole
		}
		if _, ok := used[name]; !ok {
			t.Errorf("no test uses %s", file)
		}
		used[name] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, found := range used {
		if !found {
			t.Errorf("there is no %s under examples/", name)
		}
	}
}

// TestExamples applies the small examples, and runs the import commands among them.
func TestExamples(t *testing.T) {
	t.Parallel()
	for name, e := range examples {
		if strings.HasPrefix(name, "provider,") || e.check == nil && e.state == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			if e.prepare != nil {
				e.prepare(w)
			}
			w.ResetJournal()
			directory := w.root(t, e.text(t))
			steps := []resource.TestStep{{ConfigDirectory: config.StaticDirectory(directory), ConfigStateChecks: append(e.applied(t, w), e.state...)}}
			for _, command := range e.importCommands(t) {
				steps = append(steps, resource.TestStep{
					ConfigDirectory: config.StaticDirectory(directory), ImportState: true, ImportStateVerify: true, ResourceName: command.address,
					ImportStateIdFunc: func(*terraform.State) (string, error) {
						return strings.NewReplacer(exampleID, mustID(w, e.experiment), exampleHost, w.url).Replace(command.id), nil
					},
				})
			}
			if strings.Contains(e.text(t), "provider::") {
				runFunctions(t, steps...)
				return
			}
			directoryTest(t, steps...)
		})
	}
}

// TestExamples_provider applies the examples of provider blocks that take everything from the block itself. There is no MLflow server
// to apply to: that one is planned, for which none is needed.
func TestExamples_provider(t *testing.T) {
	t.Parallel()
	t.Run("OAuth", func(t *testing.T) {
		w, e := newWorkspace(t), examples["provider, OAuth"]
		directoryTest(t, resource.TestStep{
			ConfigDirectory:   config.StaticDirectory(rootOf(t, strings.ReplaceAll(e.text(t), exampleHost, w.url))),
			ConfigVariables:   config.Variables{"client_secret": config.StringVariable(emulator.ServicePrincipalSecret)},
			ConfigStateChecks: e.applied(t, w),
		})
	})
	t.Run("MLflow server", func(t *testing.T) {
		directoryTest(t, resource.TestStep{
			ConfigDirectory: config.StaticDirectory(rootOf(t, examples["provider, MLflow server"].text(t))),
			ConfigVariables: config.Variables{"mlflow_password": config.StringVariable("secret")},
			PlanOnly:        true, ExpectNonEmptyPlan: true,
		})
	})
}

// TestExamples_environment applies the examples of provider blocks that need something in the environment, and so not side by side with
// other tests.
func TestExamples_environment(t *testing.T) {
	w := newWorkspace(t)
	apply := func(t *testing.T, name string) {
		t.Helper()
		e := examples[name]
		runDirectories(t, resource.TestStep{ConfigDirectory: config.StaticDirectory(rootOf(t, e.text(t))), ConfigStateChecks: e.applied(t, w)})
	}
	t.Run("token", func(t *testing.T) {
		t.Setenv("DATABRICKS_HOST", w.url)
		t.Setenv("DATABRICKS_TOKEN", emulator.AdminToken)
		apply(t, "provider, environment")
	})
	t.Run("profile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "databrickscfg")
		writeFile(t, file, fmt.Sprintf("[staging]\nhost = %s\ntoken = %s\n", w.url, emulator.AdminToken))
		t.Setenv("DATABRICKS_CONFIG_FILE", file)
		apply(t, "provider, profile")
	})
}

// TestExamples_experimentByPage reads an experiment by the address of its page, and refuses a deleted one.
func TestExamples_experimentByPage(t *testing.T) {
	w := newWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Shared/churn", map[string]string{"team": "risk"})
	page := config.Variables{"page": config.StringVariable(w.url + "/ml/experiments/" + id)}
	text := w.config(examples["data source, experiment by page"].text(t))
	unitTest(t,
		resource.TestStep{
			Config: text, ConfigVariables: page,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("team", knownvalue.StringExact("risk"))},
		},
		resource.TestStep{PreConfig: func() { w.Trash(id) }, Config: text, ConfigVariables: page, ExpectError: regexp.MustCompile(`is deleted\. Restore`)},
	)
}

// TestExamples_pipeline refuses to run as a person.
func TestExamples_pipeline(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	text := examples["data source, pipeline"].text(t)
	for token, step := range map[string]resource.TestStep{
		emulator.ServicePrincipalToken: {ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("groups", knownvalue.NotNull())}},
		emulator.UserToken:             {ExpectError: regexp.MustCompile("This runs as " + emulator.User)},
	} {
		t.Run(token, func(t *testing.T) {
			step.Config = w.configAs(token, "", text)
			unitTest(t, step)
		})
	}
}

// TestExamples_bothBackends applies the same files as the tests on real MLflow servers do, which keep the names of deleted experiments.
func TestExamples_bothBackends(t *testing.T) {
	for name, o := range map[string]emulator.Options{"deleted names are free": {}, "deleted names are kept": {DeletedKeepName: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t, o)
			applyBothBackends(t, bothBackends{
				environment: map[string]string{"DATABRICKS_HOST": w.url, "DATABRICKS_TOKEN": emulator.AdminToken},
				prefix:      "/Projects/retail/",
				users:       []map[string]string{{emulator.User: "CAN_MANAGE", emulator.OtherUser: "CAN_READ"}, {emulator.User: "CAN_EDIT"}},
				check:       func(t *testing.T, users map[string]string) { expectBothBackends(t, w, users) },
			})
		})
	}
}

// expectBothBackends checks what examples/both-backends makes for some users.
func expectBothBackends(t *testing.T, w *workspace, users map[string]string) {
	t.Helper()
	expectExampleTags(t, w, "/Projects/retail/churn", map[string]string{
		"managed_by": "terraform", "team": "data-science", "risk/reviewed": "2026-03-31", "mlflow.note.content": "Who is about to leave.",
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

// bothBackends is how examples/both-backends is applied to one server.
type bothBackends struct {
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

// applyBothBackends applies examples/both-backends as it is, and destroys it; then once more, since a deleted experiment may hold its
// name.
func applyBothBackends(t *testing.T, b bothBackends) {
	t.Helper()
	for name, value := range b.environment {
		t.Setenv(name, value)
	}
	folder := copyFiles(t, "both-backends")
	if b.connection != "" {
		writeFile(t, filepath.Join(folder, "connection_override.tf"), b.connection)
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
		runDirectories(t, steps...)
	}
}

func TestExamples_workspaceBootstrap(t *testing.T) {
	w := newWorkspace(t)
	check := func() {
		if n := len(w.Experiments()); n != 12 {
			t.Errorf("%d experiments, want 12", n)
		}
		for _, e := range w.Experiments() {
			for key, want := range map[string]string{"managed_by": "terraform", "environment": "test"} {
				if got, _ := e.Tag(key); got != want {
					t.Errorf("tag %s of %s is %q, want %q", key, e.Name, got, want)
				}
			}
		}
		expectExampleTags(t, w, "/Projects/credit/scoring", map[string]string{
			"managed_by": "terraform", "environment": "test", "team": "risk", "mlflow.note.content": "Under audit: every run needs a reviewer.",
		})
		expectExampleGrants(t, w, "/Projects/credit/scoring", "group risk CAN_EDIT", "user ben@example.com CAN_MANAGE")
		expectExampleGrants(t, w, "/Projects/churn/baseline", "group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE")
		expectExampleGrants(t, w, "/Projects/platform/load-tests", "group data-science CAN_READ", "group ml-platform CAN_EDIT", "group risk CAN_READ",
			"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ben@example.com CAN_MANAGE")
	}
	directoryTest(t, resource.TestStep{
		ConfigDirectory: config.StaticDirectory(copyRoot(t, w, "workspace-bootstrap")),
		ConfigVariables: config.Variables{"environment": config.StringVariable("test")},
		ConfigStateChecks: []statecheck.StateCheck{
			afterApply(check),
			statecheck.ExpectKnownOutputValue("ids", knownvalue.MapSizeExact(12)),
			statecheck.ExpectKnownOutputValue("links", knownvalue.MapPartial(map[string]knownvalue.Check{
				"churn/baseline": knownvalue.StringRegexp(regexp.MustCompile(`^http://127\.0\.0\.1:\d+/ml/experiments/\d+\?w=` + emulator.WorkspaceID + `$`)),
			})),
		},
	})
	for _, e := range w.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("destroying left %s", e.Name)
		}
	}
}

// TestExamples_documentation plans each block of configuration that stands in a page and not in a file under examples/.
func TestExamples_documentation(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, file := range append(glob(t, "examples", ".tf"), glob(t, "examples", ".hcl")...) {
		tested[strings.TrimSpace(readFile(t, file))] = true
	}
	pages := append(glob(t, "docs", ".md"), append(glob(t, "examples", ".md"), filepath.Join(repository, "README.md"))...)
	blocks, inFiles := 0, 0
	for _, page := range pages {
		for _, block := range configurationBlocks(readFile(t, page)) {
			if tested[block] {
				inFiles++
				continue
			}
			blocks++
			t.Run(fmt.Sprintf("%s %d", filepath.Base(page), blocks), func(t *testing.T) {
				w := newWorkspace(t)
				directoryTest(t, resource.TestStep{ConfigDirectory: config.StaticDirectory(w.root(t, block)), PlanOnly: true, ExpectNonEmptyPlan: true})
			})
		}
	}
	if blocks == 0 || inFiles == 0 {
		t.Errorf("found %d blocks of their own and %d from files in the pages; the search for them must be wrong", blocks, inFiles)
	}
}

var configurationBlock = regexp.MustCompile("(?ms)^```(?:hcl|terraform)\n(.*?)^```$")

func configurationBlocks(page string) []string {
	var blocks []string
	for _, m := range configurationBlock.FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, strings.TrimSpace(m[1]))
	}
	return blocks
}

// text joins the configuration files of an example.
func (e example) text(t *testing.T) string {
	t.Helper()
	parts := []string{e.more}
	for _, file := range e.files {
		if path.Ext(file) == ".tf" {
			parts = append(parts, readFile(t, filepath.Join(examplesDir, file)))
		}
	}
	return strings.Join(parts, "\n")
}

func (e example) applied(t *testing.T, w *workspace) []statecheck.StateCheck {
	t.Helper()
	if e.check == nil {
		return nil
	}
	return []statecheck.StateCheck{afterApply(func() { e.check(t, w) })}
}

// afterApply is called between apply and destroy. The library's own Check would do, but can't read a state with for_each in it.
type afterApply func()

// CheckState implements [statecheck.StateCheck].
func (f afterApply) CheckState(context.Context, statecheck.CheckStateRequest, *statecheck.CheckStateResponse) {
	f()
}

// directoryTest is unitTest for steps with a ConfigDirectory.
func directoryTest(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	runDirectories(t, steps...)
}

// runDirectories gives each step the provider: the test library wants that where the configuration is a directory. It destroys in a step
// of its own: the library's own way of doing so can't read a state with for_each in it.
func runDirectories(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	if first := steps[0]; !first.PlanOnly {
		steps = append(steps, resource.TestStep{ConfigDirectory: first.ConfigDirectory, ConfigVariables: first.ConfigVariables, Destroy: true})
	}
	for i := range steps {
		steps[i].ProtoV6ProviderFactories = factories()
	}
	resource.UnitTest(t, resource.TestCase{Steps: steps})
}

type importCommand struct{ address, id string }

var importLine = regexp.MustCompile(`^terraform import ([\w.]+) '?([^' ]+)'?$`)

// importCommands reads the commands among the files. Every line must be one, or a comment.
func (e example) importCommands(t *testing.T) []importCommand {
	t.Helper()
	var commands []importCommand
	for _, file := range e.files {
		if path.Ext(file) != ".sh" {
			continue
		}
		for line := range strings.Lines(readFile(t, filepath.Join(examplesDir, file))) {
			m := importLine.FindStringSubmatch(strings.TrimSpace(line))
			switch {
			case m != nil:
				commands = append(commands, importCommand{m[1], m[2]})
			case !strings.HasPrefix(line, "#"):
				t.Errorf("%s: %q is no import command", file, line)
			}
		}
	}
	return commands
}

// root makes a root module of a configuration, for the admin of the workspace.
func (w *workspace) root(t *testing.T, text string) string {
	t.Helper()
	directory := rootOf(t, text)
	w.connect(t, directory, strings.Contains(text, "provider \"mlflow\""))
	return directory
}

// rootOf makes a root module of a configuration.
func rootOf(t *testing.T, text string) string {
	t.Helper()
	directory := t.TempDir()
	writeFile(t, filepath.Join(directory, "main.tf"), localSource(text))
	return directory
}

// connect leads the provider of a root module to the workspace: by a block of its own, or by overriding the one that is there.
func (w *workspace) connect(t *testing.T, directory string, overrides bool) {
	t.Helper()
	name := "connection.tf"
	if overrides {
		name = "connection_override.tf"
	}
	writeFile(t, filepath.Join(directory, name), w.config(""))
}

// copyRoot copies a root module with its own modules, and leads it to the workspace.
func copyRoot(t *testing.T, w *workspace, name string) string {
	t.Helper()
	directory := copyFiles(t, name)
	w.connect(t, directory, true)
	return directory
}

// copyFiles copies a root module of the examples with its own modules.
func copyFiles(t *testing.T, name string) string {
	t.Helper()
	directory := t.TempDir()
	for _, file := range glob(t, "examples/"+name, ".tf") {
		below, err := filepath.Rel(filepath.Join(examplesDir, name), file)
		if err != nil {
			t.Fatal(err)
		}
		// The test library copies the root module alone, so it has to find its modules here.
		text := strings.ReplaceAll(readFile(t, file), `"./modules/`, `"`+filepath.ToSlash(directory)+`/modules/`)
		writeFile(t, filepath.Join(directory, below), localSource(text))
	}
	return directory
}

// localSource names the provider as the test library does.
func localSource(text string) string {
	return strings.ReplaceAll(text, `"mlflow-terraform/mlflow"`, `"hashicorp/mlflow"`)
}

// glob lists the files below a folder of the repository whose names end so.
func glob(t *testing.T, folder, extension string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(repository, folder), func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(file) == extension {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mustID gives the id of an experiment; an unknown name gives an id that nothing has.
func mustID(w *workspace, name string) string {
	e, _ := w.ExperimentByName(name)
	return e.ID
}

// expectExampleTags checks all tags of an experiment but the workspace's own ones.
func expectExampleTags(t *testing.T, w *workspace, name string, want map[string]string) {
	t.Helper()
	e, there := w.ExperimentByName(name)
	got := map[string]string{}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			got[tag.Key] = tag.Value
		}
	}
	if !there || !maps.Equal(got, want) {
		t.Errorf("experiment %s (there: %t) has the tags %v, want %v", name, there, got, want)
	}
}

// expectExampleGrants checks all direct grants on an experiment, each as "kind name level".
func expectExampleGrants(t *testing.T, w *workspace, name string, want ...string) {
	t.Helper()
	e, there := w.ExperimentByName(name)
	if !there {
		t.Errorf("there is no experiment %s", name)
		return
	}
	var got []string
	for _, g := range w.Grants(e.ID) {
		got = append(got, fmt.Sprintf("%s %s %s", g.Kind, g.Name, g.Level))
	}
	if !slices.Equal(got, want) {
		t.Errorf("experiment %s has the grants %q, want %q", name, got, want)
	}
}

func expectNoWrites(t *testing.T, w *workspace) {
	t.Helper()
	if got := w.writes(); len(got) > 0 {
		t.Errorf("the workspace was changed: %q", got)
	}
}
