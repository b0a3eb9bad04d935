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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	repository  = "../.."
	examplesDir = repository + "/examples"
	// exampleHost and exampleID are placeholders for the reader's workspace and experiment.
	exampleHost = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
	exampleID   = "1280664374380606"
)

// TestExamples_complete fails for a file under examples/ that no test uses, and for a file that a test uses but that does not exist.
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

// TestExamples applies the small examples, and runs their import commands.
func TestExamples(t *testing.T) {
	t.Parallel()
	for name, e := range examples {
		if strings.HasPrefix(name, "provider,") || e.check == nil && e.state == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			if e.prepare != nil {
				e.prepare(w)
			}
			w.ResetJournal()
			directory := w.RootModule(t, e.text(t))
			steps := []resource.TestStep{
				{ConfigDirectory: config.StaticDirectory(directory), ConfigStateChecks: append(e.applied(t, w), e.state...)},
			}
			for _, command := range e.importCommands(t) {
				steps = append(steps, resource.TestStep{
					ConfigDirectory: config.StaticDirectory(directory), ImportState: true, ImportStateVerify: true, ResourceName: command.address,
					ImportStateVerifyIgnore: []string{"create_parents"}, // no server has it
					ImportStateIdFunc: func(*terraform.State) (string, error) {
						return strings.NewReplacer(exampleID, mustID(w, e.experiment), exampleHost, w.URL).Replace(command.id), nil
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

// TestExamples_provider applies the examples of provider blocks that do not use environment variables. The one for an MLflow server is only
// planned, which needs no server.
func TestExamples_provider(t *testing.T) {
	t.Parallel()
	t.Run("OAuth", func(t *testing.T) {
		w, e := acctest.NewWorkspace(t), examples["provider, OAuth"]
		directoryTest(t, resource.TestStep{
			ConfigDirectory:   config.StaticDirectory(acctest.RootModule(t, strings.ReplaceAll(e.text(t), exampleHost, w.URL))),
			ConfigVariables:   config.Variables{"client_secret": config.StringVariable(emulator.ServicePrincipalSecret)},
			ConfigStateChecks: e.applied(t, w),
		})
	})
	t.Run("MLflow server", func(t *testing.T) {
		directoryTest(t, resource.TestStep{
			ConfigDirectory: config.StaticDirectory(acctest.RootModule(t, examples["provider, MLflow server"].text(t))),
			ConfigVariables: config.Variables{"mlflow_password": config.StringVariable("secret")},
			PlanOnly:        true, ExpectNonEmptyPlan: true,
		})
	})
}

// TestExamples_environment applies the examples of provider blocks that need environment variables, and so not in parallel with other
// tests.
func TestExamples_environment(t *testing.T) {
	w := acctest.NewWorkspace(t)
	apply := func(t *testing.T, name string) {
		t.Helper()
		e := examples[name]
		acctest.RunDirectories(
			t,
			resource.TestStep{ConfigDirectory: config.StaticDirectory(acctest.RootModule(t, e.text(t))), ConfigStateChecks: e.applied(t, w)},
		)
	}
	t.Run("token", func(t *testing.T) {
		t.Setenv("DATABRICKS_HOST", w.URL)
		t.Setenv("DATABRICKS_TOKEN", emulator.AdminToken)
		apply(t, "provider, environment")
	})
	t.Run("profile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "databrickscfg")
		acctest.WriteFile(t, file, fmt.Sprintf("[staging]\nhost = %s\ntoken = %s\n", w.URL, emulator.AdminToken))
		t.Setenv("DATABRICKS_CONFIG_FILE", file)
		apply(t, "provider, profile")
	})
}

// TestExamples_experimentByPage reads an experiment by URL, and rejects a deleted one.
func TestExamples_experimentByPage(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Shared/churn", map[string]string{"team": "risk"})
	variables := config.Variables{"experiment": config.StringVariable(w.URL + "/ml/experiments/" + id)}
	text := w.Config(examples["data source, experiment by page"].text(t))
	acctest.UnitTest(
		t,
		resource.TestStep{
			Config: text, ConfigVariables: variables,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("team", knownvalue.StringExact("risk"))},
		},
		resource.TestStep{
			PreConfig:       func() { w.Trash(id) },
			Config:          text,
			ConfigVariables: variables,
			ExpectError:     regexp.MustCompile(`is deleted\. Restore`),
		},
	)
}

// TestExamples_pipeline checks that the example fails if it is run as a user.
func TestExamples_pipeline(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	text := examples["data source, pipeline"].text(t)
	for token, step := range map[string]resource.TestStep{
		emulator.ServicePrincipalToken: {ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("groups",
			knownvalue.NotNull())}},
		emulator.UserToken: {ExpectError: regexp.MustCompile(`Terraform\s+runs\s+as\s+` + emulator.User)},
	} {
		t.Run(token, func(t *testing.T) {
			step.Config = w.ConfigAs(token, "", text)
			acctest.UnitTest(t, step)
		})
	}
}

// afterApply is called between apply and destroy. The library's Check cannot read a state with for_each.
type afterApply func()

// CheckState implements [statecheck.StateCheck].
func (f afterApply) CheckState(context.Context, statecheck.CheckStateRequest, *statecheck.CheckStateResponse) {
	f()
}

// directoryTest is UnitTest for steps with a ConfigDirectory.
func directoryTest(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	acctest.RunDirectories(t, steps...)
}

type importCommand struct{ address, id string }

var importLine = regexp.MustCompile(`^terraform import ([\w.]+) '?([^' ]+)'?$`)

// copyRoot copies a root module with its modules, and connects it to the workspace.
func copyRoot(t *testing.T, w *acctest.Workspace, name string) string {
	t.Helper()
	directory := copyFiles(t, name)
	w.Connect(t, directory, true)
	return directory
}

// copyFiles copies a root module of the examples with its modules.
func copyFiles(t *testing.T, name string) string {
	t.Helper()
	directory := t.TempDir()
	for _, file := range glob(t, "examples/"+name, ".tf") {
		below, err := filepath.Rel(filepath.Join(examplesDir, name), file)
		if err != nil {
			t.Fatal(err)
		}
		// The test library copies only the root module, so the modules must be referred to here.
		text := strings.ReplaceAll(readFile(t, file), `"./modules/`, `"`+filepath.ToSlash(directory)+`/modules/`)
		acctest.WriteFile(t, filepath.Join(directory, below), acctest.LocalSource(text))
	}
	return directory
}

// glob lists the files under a folder of the repository that have an extension.
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

// mustID returns the ID of a folder or an experiment, and an unused one for an unknown name.
func mustID(w *acctest.Workspace, name string) string {
	if w.HasFolder(name) {
		return w.FolderID(name)
	}
	e, _ := w.ExperimentByName(name)
	return e.ID
}

// expectExampleTags checks all tags of an experiment except those of the workspace.
func expectExampleTags(t *testing.T, w *acctest.Workspace, name string, want map[string]string) {
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
func expectExampleGrants(t *testing.T, w *acctest.Workspace, name string, want ...string) {
	t.Helper()
	e, there := w.ExperimentByName(name)
	if !there {
		t.Errorf("there is no experiment %s", name)
		return
	}
	expectGrants(t, "experiment "+name, w.Grants(e.ID), want)
}

func expectGrants(t *testing.T, of string, grants []emulator.Grant, want []string) {
	t.Helper()
	var got []string
	for _, g := range grants {
		got = append(got, fmt.Sprintf("%s %s %s", g.Kind, g.Name, g.Level))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has the grants %q, want %q", of, got, want)
	}
}

func expectNoWrites(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	if got := w.Writes(); len(got) > 0 {
		t.Errorf("the workspace was changed: %q", got)
	}
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

func (e example) applied(t *testing.T, w *acctest.Workspace) []statecheck.StateCheck {
	t.Helper()
	if e.check == nil {
		return nil
	}
	return []statecheck.StateCheck{afterApply(func() { e.check(t, w) })}
}

// importCommands parses the import commands in the files. Each line must be one, or a comment.
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
