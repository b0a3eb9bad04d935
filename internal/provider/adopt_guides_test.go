package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// shell runs commands like a user, with the provider installed and a new process for each command.
type shell struct{ bin, settings string }

// newShell installs the built provider for the CLI, and a link named terraform to the CLI.
func newShell(t *testing.T) shell {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		found, err := exec.LookPath("terraform")
		if err != nil {
			t.Fatal("no CLI: run make test, which finds one")
		}
		cli = found
	}
	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(dir, "mirror", registry, "mlflow-terraform/mlflow/0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		acctest.WriteFile(t, filepath.Join(folder, "placeholder"), "")
		if err := os.Symlink(provider, filepath.Join(folder, "terraform-provider-mlflow_v0.1.0")); err != nil {
			t.Fatal(err)
		}
	}
	s := shell{bin: filepath.Join(dir, "bin"), settings: filepath.Join(dir, "cli.tfrc")}
	acctest.WriteFile(t, s.settings,
		fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
			filepath.Join(dir, "mirror")))
	acctest.WriteFile(t, filepath.Join(s.bin, "placeholder"), "")
	if err := os.Symlink(cli, filepath.Join(s.bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs commands in a folder, as the admin of the workspace, and returns their output.
func (s shell) run(t *testing.T, w *acctest.Workspace, dir, commands string, environment ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	command.Dir = dir
	command.Env = append([]string{
		"PATH=" + s.bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(), "NO_PROXY=*", "TF_CLI_CONFIG_FILE=" + s.settings,
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS=-no-color", "TF_CLI_ARGS_apply=-auto-approve",
		"DATABRICKS_HOST=" + w.URL, "DATABRICKS_TOKEN=" + emulator.AdminToken,
	}, environment...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, tail(string(out)))
	}
	return string(out)
}

func tail(text string) string {
	return text[max(0, len(text)-4000):]
}

// guideCommands returns the commands in a section of a guide.
func guideCommands(t *testing.T, guide, section string) string {
	t.Helper()
	_, text, ok := strings.Cut(readFile(t, filepath.Join(repository, "templates/guides", guide+".md.tmpl")), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := shellBlock.FindAllStringSubmatch(text, -1)
	if !ok || len(blocks) != 1 {
		t.Fatalf("the section %q of %s has %d blocks of commands, want 1", section, guide, len(blocks))
	}
	return blocks[0][1]
}

var shellBlock = regexp.MustCompile("(?ms)^```shell\n(.*?)^```$")

// copyExample copies the configuration of an example unchanged.
func copyExample(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(examplesDir, name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// expectAdopted checks the output of an apply and of the plan after it, and that nothing was written to the server.
func expectAdopted(t *testing.T, w *acctest.Workspace, out string, resources int) {
	t.Helper()
	if want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", resources); !strings.Contains(out, want) {
		t.Errorf("the output has no %q:\n%s", want, tail(out))
	}
	if last := out[max(0, strings.LastIndex(out, "Apply complete!")):]; !strings.Contains(last, "No changes.") {
		t.Errorf("last plan: got\n%s", last)
	}
	w.ExpectWrites(t)
}

// addAmbiguousExperiments creates two experiments with similar names, the experiment of a notebook, and text with template syntax.
func addAmbiguousExperiments(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	w.AddNotebookExperiment(emulator.User, "/Projects/notebook")
	w.CreateExperiment(emulator.Admin, "/Users/admin@example.com/nobody else's", nil)
	w.CreateExperiment(emulator.Admin, "/Users/admin@example.com/nobody-else-s", nil)
	id := w.MustFind(t, "/Projects/team-01/experiment-000001").ID
	w.SetTag(id, "mlflow.note.content", "Costs $5 ${not.a.template} %{nor this}\nand \"this\"")
	w.SetTag(id, "removed", "")
	w.Grant(id, emulator.UserPrincipal(emulator.Admin), "CAN_MANAGE")
}

// TestGuide_adopting runs the commands of the guide on existing experiments.
func TestGuide_adopting(t *testing.T) {
	const guide = "adopting-existing-experiments"
	s := newShell(t)
	s.skipBelow(t, 7, "for_each in import blocks")
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		w, dir := acctest.NewWorkspace(t, emulator.Options{Seed: 500}), copyExample(t, "adopt-everything")
		addAmbiguousExperiments(t, w)
		expectAdopted(t, w, s.run(t, w, dir, guideCommands(t, guide, "Import a folder or a workspace")), 1004)
	})
	t.Run("one block each", func(t *testing.T) {
		s.skipIfGeneratingFails(t)
		t.Parallel()
		w, dir := acctest.NewWorkspace(t, emulator.Options{Seed: 20}), copyExample(t, "adopt-everything")
		addAmbiguousExperiments(t, w)
		discover, _, _ := strings.Cut(guideCommands(t, guide, "Import a folder or a workspace"), "\n\n")
		expectAdopted(t, w, s.run(t, w, dir, discover+"\n"+guideCommands(t, guide, "Generate one resource per experiment")), 44)
	})
	t.Run("a folder, with default tags", func(t *testing.T) {
		t.Parallel()
		w, dir := acctest.NewWorkspace(t, emulator.Options{Seed: 60}), copyExample(t, "adopt-everything")
		acctest.WriteFile(t, filepath.Join(dir, "tags_override.tf"), "provider \"mlflow\" {\n  default_tags = { stage = \"staging\" }\n}\n")
		out := s.run(t, w, dir, guideCommands(t, guide, "Import a folder or a workspace"), `TF_VAR_default_tags={"stage":"staging"}`,
			"TF_VAR_name_prefix=/Projects/team-07/")
		expectAdopted(t, w, out, 6)
	})
	t.Run("a server without permissions", func(t *testing.T) {
		t.Parallel()
		w, dir := acctest.NewWorkspace(t, emulator.Options{Seed: 3}), copyExample(t, "adopt-everything")
		expectAdopted(t, w, s.run(t, w, dir, guideCommands(t, guide, "Import a folder or a workspace"), "TF_VAR_permissions=false"), 3)
		if n := w.Count("GET", "/api/2.0/permissions/experiments/*"); n != 0 {
			t.Errorf("permissions were read %d times", n)
		}
	})
	t.Run("with a query", func(t *testing.T) {
		s.skipBelow(t, 14, "terraform query")
		t.Parallel()
		w, dir := acctest.NewWorkspace(t, emulator.Options{Seed: 12}), t.TempDir()
		addAmbiguousExperiments(t, w)
		w.SetTag(w.MustFind(t, "/Projects/notebook").ID, "team", "risk")
		w.SetTag(w.CreateExperiment(emulator.OtherUser, "/Projects/fraud", map[string]string{"team": "risk"}), "mlflow.note.content",
			"Not ${a.template}")
		for name, file := range map[string]string{
			"versions.tf": "adopt-everything/versions.tf", "experiments.tfquery.hcl": "list-resources/mlflow_experiment/list-resource.tfquery.hcl",
			"permissions.tfquery.hcl": "list-resources/mlflow_experiment_permissions/list-resource.tfquery.hcl",
		} {
			acctest.WriteFile(t, filepath.Join(dir, name), readFile(t, filepath.Join(examplesDir, file)))
		}
		out := s.run(t, w, dir, guideCommands(t, guide, "Import with terraform query"))
		expectAdopted(t, w, out, 2+9) // of the ten that were used last, the notebook has no permissions of its own
		if n := strings.Count(out, "Warning: Could not read permissions"); n != 2 || strings.Contains(out, "problem with the provider") {
			t.Errorf("%d warnings of permissions, want one of each query:\n%s", n, tail(out))
		}
	})
	t.Run("one experiment", func(t *testing.T) {
		s.skipIfGeneratingFails(t)
		t.Parallel()
		w, dir := acctest.NewWorkspace(t), t.TempDir()
		w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk"})
		for name, file := range map[string]string{"versions.tf": "adopt-everything/versions.tf",
			"import.tf": "resources/mlflow_experiment/import-by-string-id.tf"} {
			acctest.WriteFile(t, filepath.Join(dir, name), readFile(t, filepath.Join(examplesDir, file)))
		}
		expectAdopted(t, w, s.run(t, w, dir, "terraform init\n"+guideCommands(t, guide, "Import one experiment")), 1)
		if generated := readFile(t,
			filepath.Join(dir, "generated.tf")); !regexp.MustCompile(`\bname\s+= "/Shared/churn"`).MatchString(generated) {
			t.Errorf("generated: got\n%s", generated)
		}
	})
	t.Run("permissions of a folder", func(t *testing.T) {
		s.skipIfGeneratingFails(t)
		t.Parallel()
		w, dir := acctest.NewWorkspace(t), t.TempDir()
		w.GrantFolder("/Projects", emulator.GroupPrincipal("ml-platform"), "CAN_MANAGE")
		w.GrantFolder("/Projects/retail", emulator.GroupPrincipal("data-science"), "CAN_RUN")
		for name, file := range map[string]string{
			"versions.tf": "adopt-everything/versions.tf", "import.tf": "resources/mlflow_folder_permissions/import-by-string-id.tf",
		} {
			acctest.WriteFile(t, filepath.Join(dir, name), readFile(t, filepath.Join(examplesDir, file)))
		}
		expectAdopted(t, w, s.run(t, w, dir, "terraform init\n"+guideCommands(t, guide, "Import permissions of folders")), 1)
		if generated := readFile(t, filepath.Join(dir, "generated.tf")); !strings.Contains(generated, "data-science = \"CAN_RUN\"") ||
			strings.Contains(generated, "ml-platform") {
			t.Errorf("generated: got\n%s", generated)
		}
	})
}

// TestGuide_migrating applies the files of the guide one after the other.
func TestGuide_migrating(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.Mkdirs("/Projects/retail")
	root := func(name string) string {
		dir := copyFiles(t, "migrate-from-databricks/"+name)
		for _, file := range []string{"main.tf", "versions.tf"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
				acctest.WriteFile(t, filepath.Join(dir, file),
					strings.ReplaceAll(readFile(t, filepath.Join(dir, file)), `"databricks/databricks"`, `"hashicorp/databricks"`))
			}
		}
		return dir
	}
	after, done := root("after"), root("after")
	w.Connect(t, after, true)
	w.Connect(t, done, true)
	versions := regexp.MustCompile(`(?s)    # Required until the state.*?\n    }\n`).ReplaceAllString(readFile(t,
		filepath.Join(done, "versions.tf")), "")
	if strings.Contains(versions, "databricks\"") {
		t.Errorf("the Databricks provider is still in\n%s", versions)
	}
	acctest.WriteFile(t, filepath.Join(done, "versions.tf"), versions)
	if err := os.Remove(filepath.Join(done, "moved.tf")); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"mlflow_experiment", "mlflow_experiment_permissions", "mlflow_folder_permissions"} {
		if block := readFile(t,
			filepath.Join(examplesDir, "resources", of, "moved.tf")); !strings.Contains(readFile(t, filepath.Join(after, "moved.tf")), block) {
			t.Errorf("the guide does not apply\n%s", block)
		}
	}
	both := acctest.Factories()
	both["databricks"] = func() (tfprotov6.ProviderServer, error) {
		return providerserver.NewProtocol6(&migratedProvider{w: w})(), nil
	}
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			{ConfigDirectory: config.StaticDirectory(root("before")), ProtoV6ProviderFactories: both},
			{
				PreConfig: w.ResetJournal, ConfigDirectory: config.StaticDirectory(after), ProtoV6ProviderFactories: both,
				ConfigPlanChecks: acctest.PreApply(noChanges{}), PostApplyFunc: func() { w.ExpectWrites(t) },
			},
			{
				ConfigDirectory: config.StaticDirectory(done), ProtoV6ProviderFactories: acctest.Factories(),
				ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()), PostApplyFunc: func() { w.ExpectWrites(t) },
			},
		},
	})
}

// TestExamples_movedLabel renames a resource with the moved block of the example.
func TestExamples_movedLabel(t *testing.T) {
	w := acctest.NewWorkspace(t)
	block := func(label string) string {
		return w.Config(fmt.Sprintf("resource \"mlflow_experiment\" %q {\n  name = \"/Shared/churn\"\n}\n", label))
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: block("old")},
		resource.TestStep{
			PreConfig: w.ResetJournal, Config: block("churn") + readFile(t, examplesDir+"/resources/mlflow_experiment/moved-label.tf"),
			ConfigPlanChecks: acctest.PreApply(noChanges{}), PostApplyFunc: func() { w.ExpectWrites(t) },
		},
	)
}

// TestExamples_identity imports by the identities in the examples, through the plugin protocol, because older CLIs do not support them.
func TestExamples_identity(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	files, err := filepath.Glob(examplesDir + "/resources/mlflow_experiment*/identity-import.tf")
	if err != nil || len(files) != 4 {
		t.Fatalf("examples: got %q, %v", files, err)
	}
	files = append(files, examplesDir+"/resources/mlflow_folder_permissions/identity-import.tf")
	for _, file := range files {
		kind := filepath.Base(filepath.Dir(file))
		t.Run(kind, func(t *testing.T) {
			text := readFile(t, file)
			identity := map[string]any{}
			for _, m := range regexp.MustCompile(`(?m)^    (\w+) += "(.*)"$`).FindAllStringSubmatch(text, -1) {
				identity[m[1]] = m[2]
			}
			state, diags := importIdentity(d, kind, identity)
			if diags != "" || !strings.Contains(text, "to = "+kind+".") {
				t.Errorf("import: got diagnostics %q for\n%s", diags, text)
			}
			delete(identity, "experiment_id")
			if fmt.Sprint(state["experiment_id"], state["id"], state["path"]) == fmt.Sprint(nil, nil, nil) {
				t.Errorf("state: got %v", state)
			}
			for name, want := range identity {
				if state[name] != want {
					t.Errorf("%s: got %v, want %v", name, state[name], want)
				}
			}
		})
	}
}

// TestExamples_query runs the list blocks of the examples through the plugin protocol, because older CLIs do not support them.
func TestExamples_query(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{Seed: 12})
	w.CreateExperiment(emulator.OtherUser, "/Projects/fraud", map[string]string{"team": "risk"})
	d := w.Provider(t, emulator.AdminToken)
	for kind, want := range map[string]int{
		"mlflow_experiment": 1, "mlflow_experiment_permissions": 10, "mlflow_folder_permissions": 13,
	} {
		t.Run(kind, func(t *testing.T) {
			text := readFile(t, filepath.Join(examplesDir, "list-resources", kind, "list-resource.tfquery.hcl"))
			block, arguments, _ := strings.Cut(text, "\n  config {\n")
			if !strings.Contains(block, "list \""+kind+"\" ") || fmt.Sprint(queryArguments(t, block)["include_resource"]) != "true" {
				t.Errorf("the block begins\n%s", block)
			}
			var limit int64
			if l, ok := queryArguments(t, block)["limit"].(float64); ok {
				limit = int64(l)
			}
			found := d.ListResources(kind, queryArguments(t, arguments), limit, true)
			for _, l := range found {
				if l.Diagnostics != "" || l.Resource == nil {
					t.Errorf("listed %+v", l)
				}
			}
			if len(found) != want {
				t.Errorf("%d were listed, want %d", len(found), want)
			}
		})
	}
}

var (
	queryArgument = regexp.MustCompile(`(?m)^ +(\w+) += (.+)$`)
	objectKey     = regexp.MustCompile(`(\w+) = `)
)

// queryArguments parses simple arguments. Their values are JSON, except for the keys of objects.
func queryArguments(t *testing.T, text string) map[string]any {
	t.Helper()
	arguments := map[string]any{}
	for _, m := range queryArgument.FindAllStringSubmatch(text, -1) {
		name, value := m[1], []byte(m[2])
		var (
			object map[string]string
			list   []string
			other  any
		)
		switch {
		case name == "provider":
		case json.Unmarshal([]byte(objectKey.ReplaceAllString(m[2], `"$1": `)), &object) == nil:
			arguments[name] = object
		case json.Unmarshal(value, &list) == nil:
			arguments[name] = list
		case json.Unmarshal(value, &other) == nil:
			arguments[name] = other
		default:
			t.Errorf("the value of %s cannot be read: %s", name, value)
		}
	}
	return arguments
}
