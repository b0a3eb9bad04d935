package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExamples_workspaceBootstrap applies the example with lists on folders.
func TestExamples_workspaceBootstrap(t *testing.T) {
	w := acctest.NewWorkspace(t)
	directoryTest(t, resource.TestStep{
		ConfigDirectory: config.StaticDirectory(copyRoot(t, w, "workspace-bootstrap")),
		ConfigVariables: config.Variables{"environment": config.StringVariable("test")},
		ConfigStateChecks: []statecheck.StateCheck{
			afterApply(func() {
				expectBootstrapped(t, w)
				expectFolderGrants(t, w, "/Projects/credit", "group risk CAN_EDIT", "user ben@example.com CAN_MANAGE")
				expectFolderGrants(t, w, "/Projects/churn", "group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE")
				expectFolderGrants(t, w, "/Projects/platform", "group data-science CAN_READ", "group ml-platform CAN_EDIT", "group risk CAN_READ",
					"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ben@example.com CAN_MANAGE")
				expectExampleGrants(t, w, "/Projects/credit/scoring", "group ml-platform CAN_READ")
				expectExampleGrants(t, w, "/Projects/churn/baseline")
			}),
			statecheck.ExpectKnownOutputValue("ids", knownvalue.MapSizeExact(12)),
			statecheck.ExpectKnownOutputValue("links", knownvalue.MapPartial(map[string]knownvalue.Check{
				"churn/baseline": knownvalue.StringRegexp(
					regexp.MustCompile(`^http://127\.0\.0\.1:\d+/ml/experiments/\d+\?w=` + emulator.WorkspaceID + `$`),
				),
			})),
		},
	})
	expectAllDeleted(t, w)
	expectFolderGrants(t, w, "/Projects/churn")
}

// TestExamples_workspaceBootstrapOnExperiments applies the example with lists on experiments, and then moves the access to the folders.
func TestExamples_workspaceBootstrapOnExperiments(t *testing.T) {
	w := acctest.NewWorkspace(t)
	directory := copyRoot(t, w, "workspace-bootstrap")
	with := func(access string) config.Variables {
		return config.Variables{"environment": config.StringVariable("test"), "access": config.StringVariable(access)}
	}
	directoryTest(t,
		resource.TestStep{
			ConfigDirectory: config.StaticDirectory(directory), ConfigVariables: with("experiments"),
			ConfigStateChecks: []statecheck.StateCheck{afterApply(func() {
				expectBootstrapped(t, w)
				expectFolderGrants(t, w, "/Projects/churn")
				expectExampleGrants(
					t,
					w,
					"/Projects/credit/scoring",
					"group ml-platform CAN_READ",
					"group risk CAN_EDIT",
					"user ben@example.com CAN_MANAGE",
				)
				expectExampleGrants(
					t,
					w,
					"/Projects/churn/baseline",
					"group data-science CAN_EDIT",
					"group risk CAN_READ",
					"user ana@example.com CAN_MANAGE",
				)
				expectExampleGrants(
					t,
					w,
					"/Projects/platform/load-tests",
					"group data-science CAN_READ",
					"group ml-platform CAN_EDIT",
					"group risk CAN_READ",
					"service_principal "+emulator.ServicePrincipal+" CAN_EDIT",
					"user ben@example.com CAN_MANAGE",
				)
			})},
		},
		resource.TestStep{
			ConfigDirectory: config.StaticDirectory(directory), ConfigVariables: with("folders"),
			ConfigStateChecks: []statecheck.StateCheck{afterApply(func() {
				expectBootstrapped(t, w)
				expectFolderGrants(t, w, "/Projects/churn", "group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE")
				expectExampleGrants(t, w, "/Projects/churn/baseline")
				expectExampleGrants(t, w, "/Projects/credit/scoring", "group ml-platform CAN_READ")
			})},
		},
	)
	expectAllDeleted(t, w)
}

// TestGuide_bootstrapMove moves access from experiments to their folders in the two steps of the guide, without a gap.
func TestGuide_bootstrapMove(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), copyExample(t, "workspace-bootstrap")
	file := filepath.Join(dir, "main.tf")
	acctest.WriteFile(t, file, generatedBootstrap(t, readFile(t, file), 1, 2))
	const folder, experiment = "/Projects/folder-0", "/Projects/folder-0/experiment-1"
	access := []string{"group data-science CAN_EDIT", "group risk CAN_READ", "user ana@example.com CAN_MANAGE"}
	guide := readFile(t, filepath.Join(repository, "templates/guides/workspace-bootstrap.md.tmpl"))
	step := regexp.MustCompile(`(?m)^(terraform apply -target=.+)$`).FindStringSubmatch(guide)
	if step == nil {
		t.Fatal("the guide has no first step")
	}
	s.run(t, w, dir, "terraform init\nterraform apply", "TF_VAR_access=experiments")
	expectFolderGrants(t, w, folder)
	expectExampleGrants(t, w, experiment, access...)
	s.run(t, w, dir, step[1], "TF_VAR_access=folders")
	expectFolderGrants(t, w, folder, access...)
	expectExampleGrants(t, w, experiment, access...)
	s.run(t, w, dir, "terraform apply", "TF_VAR_access=folders")
	expectFolderGrants(t, w, folder, access...)
	expectExampleGrants(t, w, experiment)
}

// TestExamples_bootstrapCalls counts the requests for access by team: one list per folder, regardless of the number of experiments in it.
func TestExamples_bootstrapCalls(t *testing.T) {
	const folders, each = 3, 10
	s := newShell(t)
	for access, want := range map[string]struct{ onFolders, onExperiments int }{
		"folders":     {onFolders: folders},
		"experiments": {onExperiments: folders * each},
	} {
		t.Run(access, func(t *testing.T) {
			t.Parallel()
			w, dir := acctest.NewWorkspace(t), copyExample(t, "workspace-bootstrap")
			file := filepath.Join(dir, "main.tf")
			acctest.WriteFile(t, file, generatedBootstrap(t, readFile(t, file), folders, each))
			expect := func(when, method string, onFolders, onExperiments int) {
				t.Helper()
				got := []int{w.Count(method, "/api/2.0/permissions/directories/*"), w.Count(method, "/api/2.0/permissions/experiments/*")}
				if want := []int{onFolders, onExperiments}; !slices.Equal(got, want) {
					t.Errorf("%s: %s of lists on folders and on experiments %d times, want %d", when, method, got, want)
				}
			}
			s.run(t, w, dir, "terraform init\nterraform apply", "TF_VAR_access="+access)
			if n := len(w.Experiments()); n != folders*each {
				t.Errorf("%d experiments, want %d", n, folders*each)
			}
			expect("apply", "GET", want.onFolders, want.onExperiments)
			expect("apply", "PUT", want.onFolders, want.onExperiments)
			expect("apply", "PATCH", 0, 0)
			w.ResetJournal()
			s.run(t, w, dir, "terraform plan -detailed-exitcode", "TF_VAR_access="+access)
			expect("plan", "GET", want.onFolders, want.onExperiments)
			expectNoWrites(t, w)
		})
	}
}

// generatedBootstrap returns the main.tf of the example with other folders and experiments, of one team.
func generatedBootstrap(t *testing.T, text string, folders, each int) string {
	t.Helper()
	const end = "\n# The maps that the resources use."
	_, rest, ok := strings.Cut(text, end)
	if !ok {
		t.Fatalf("nothing reads %q in\n%s", end, text)
	}
	return fmt.Sprintf(`locals {
  teams   = { "data-science" = { lead = "ana@example.com", readers = ["risk"] } }
  folders = {
    for f in range(%d) : "folder-${f}" => {
      team        = "data-science"
      experiments = { for e in range(%d) : "experiment-${e}" => { description = "Generated." } }
    }
  }
}
`, folders, each) + end + rest
}

// expectBootstrapped checks the results that do not depend on the variable access.
func expectBootstrapped(t *testing.T, w *acctest.Workspace) {
	t.Helper()
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
}

func expectAllDeleted(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	for _, e := range w.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("destroying left %s", e.Name)
		}
	}
}

// expectFolderGrants checks all direct grants on a folder, each as "kind name level".
func expectFolderGrants(t *testing.T, w *acctest.Workspace, path string, want ...string) {
	t.Helper()
	if !w.HasFolder(path) {
		t.Errorf("there is no folder %s", path)
		return
	}
	expectGrants(t, "folder "+path, w.FolderGrants(path), want)
}
