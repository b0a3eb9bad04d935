package provider_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// moduleTests are the tests of the example modules, which users copy with them.
var moduleTests = example{files: []string{
	"access-as-code/tests", "adopt-everything/discover/tests", "both-servers/tests", "deploy-from-run/tests", "mlflow-bootstrap/tests",
	"permission-review/tests", "workspace-bootstrap/tests",
}}

var (
	runBlock    = regexp.MustCompile(`(?m)^run "`)
	testsPassed = regexp.MustCompile(`Success! (\d+) passed, 0 failed\.`)
)

// TestExamples_modules runs the tests of each module like a user. They mock the provider, so no request may arrive at the workspace.
func TestExamples_modules(t *testing.T) {
	s := newShell(t)
	s.skipBelow(t, 8, "mocks need Terraform 1.7 or OpenTofu 1.8, and permission-review calls a function")
	for _, tests := range moduleTests.files {
		module := filepath.Dir(tests)
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			want := 0
			for _, file := range glob(t, "examples/"+tests, ".hcl") {
				want += len(runBlock.FindAllString(readFile(t, file), -1))
			}
			w := acctest.NewWorkspace(t)
			out := s.run(t, w, copyExample(t, module), "terraform init\nterraform test")
			passed := 0
			if m := testsPassed.FindStringSubmatch(out); m != nil {
				passed, _ = strconv.Atoi(m[1])
			}
			if want == 0 || passed != want {
				t.Errorf("%d runs passed, of %d that there are:\n%s", passed, want, tail(out))
			}
			if calls := w.Journal(); len(calls) > 0 {
				t.Errorf("the workspace was called, first %s %s: the provider is no mock", calls[0].Method, calls[0].Path)
			}
		})
	}
}

// TestExamples_modulesHaveTests fails for an example that has outputs, and so can be used as a module, but has no tests.
func TestExamples_modulesHaveTests(t *testing.T) {
	tested := map[string]bool{}
	for _, tests := range moduleTests.files {
		tested[filepath.Dir(tests)] = true
	}
	for _, file := range glob(t, "examples", ".tf") {
		module, err := filepath.Rel(examplesDir, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "outputs.tf" && !tested[filepath.ToSlash(module)] {
			t.Errorf("examples/%s has outputs, and no tests", module)
		}
	}
}

// skipBelow skips the test if the CLI, Terraform or OpenTofu, is older than version 1.minor.
func (s shell) skipBelow(t *testing.T, minor int, because string) {
	t.Helper()
	if version, has := s.version(t); has < minor {
		t.Skipf("the CLI is %s: %s", version, because)
	}
}

// version returns the version of the CLI, 1.minor.patch, and its minor part.
func (s shell) version(t *testing.T) (version string, minor int) {
	t.Helper()
	var is struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(s.run(t, &acctest.Workspace{}, t.TempDir(), "TF_CLI_ARGS= terraform version -json")), &is); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(is.Version, "1.%d.", &minor); err != nil {
		t.Fatalf("CLI version: got %q, want 1.MINOR.PATCH (%v)", is.Version, err)
	}
	return is.Version, minor
}

// skipIfGeneratingFails skips the test if the CLI cannot generate configuration for an import block of this provider. Terraform 1.16.0 then
// requires a provider hashicorp/mlflow, regardless of required_providers. This is fixed in 1.16.3.
func (s shell) skipIfGeneratingFails(t *testing.T) {
	t.Helper()
	switch version, _ := s.version(t); version {
	case "1.16.0", "1.16.1", "1.16.2":
		t.Skipf("Terraform %s generates configuration only for providers of HashiCorp", version)
	}
}

// TestGuide_gettingStarted runs the commands of the guide, and compares their output with the output in the guide.
func TestGuide_gettingStarted(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), copyExample(t, "getting-started")
	for _, section := range []string{"Plan and apply", "Change something outside Terraform", "Correct the drift", "Clean up"} {
		want := guideOutput(t, "getting-started", section)
		out := s.run(t, w, dir, guideCommands(t, "getting-started", section), "TF_CLI_ARGS_destroy=-auto-approve")
		expectPrinted(t, w, section, out, want)
	}
	if _, there := w.ExperimentByName("/Projects/retail/churn"); there {
		t.Error("the experiment is still there")
	}
}

// TestReadme_plan makes the changes that README.md describes, and compares the plans.
func TestReadme_plan(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), t.TempDir()
	page := readFile(t, filepath.Join(repository, "README.md"))
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), configurationBlocks(page)[0])
	texts := textBlock.FindAllStringSubmatch(page, -1)
	if len(texts) != 2 {
		t.Fatalf("README.md has %d blocks of output, want 2", len(texts))
	}
	out := s.run(t, w, dir, "terraform init\nterraform plan\nterraform apply")
	expectPrinted(t, w, "the first plan", out, texts[0][1])
	e := w.MustFind(t, "/Projects/retail/churn")
	w.SetTag(e.ID, "team", "growth")
	w.SetTag(e.ID, "note", "mine")
	w.Grant(e.ID, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
	expectPrinted(t, w, "the plan after the changes", s.run(t, w, dir, "terraform plan"), texts[1][1])
}

var (
	testName = regexp.MustCompile("`(Test\\w+)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestReadme_tests fails if README.md refers to a test that does not exist.
func TestReadme_tests(t *testing.T) {
	there := map[string]bool{}
	for _, file := range glob(t, "internal", ".go") {
		for _, m := range testFunc.FindAllStringSubmatch(readFile(t, file), -1) {
			there[m[1]] = true
		}
	}
	named := testName.FindAllStringSubmatch(readFile(t, filepath.Join(repository, "README.md")), -1)
	if len(named) == 0 {
		t.Error("README.md names no test")
	}
	for _, m := range named {
		if !there[m[1]] {
			t.Errorf("README.md names %s, which is not a test", m[1])
		}
	}
}

var (
	textBlock = regexp.MustCompile("(?ms)^```text\n(.*?)^```$")
	longID    = regexp.MustCompile(`\d{6,}`)
	duration  = regexp.MustCompile(`complete after \d+s`)
)

// guideOutput returns the output of the commands in a section of a guide.
func guideOutput(t *testing.T, guide, section string) string {
	t.Helper()
	_, text, _ := strings.Cut(readFile(t, filepath.Join(repository, "templates/guides", guide+".md.tmpl")), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var all []string
	for _, m := range textBlock.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("the section %q of %s shows no output", section, guide)
	}
	return strings.Join(all, "")
}

// expectPrinted checks that the output contains each expected line, in the same order, possibly with other lines in between. URLs, IDs, and
// the name of the CLI can differ.
func expectPrinted(t *testing.T, w *acctest.Workspace, what, out, want string) {
	t.Helper()
	plain := func(text string) []string {
		text = strings.NewReplacer(w.URL, "http://127.0.0.1:8089", "OpenTofu", "Terraform").Replace(text)
		return strings.Split(duration.ReplaceAllString(longID.ReplaceAllString(text, "ID"), "complete after N"), "\n")
	}
	lines := plain(out)
	for _, line := range plain(want) {
		line = strings.TrimRight(line, " ")
		if line == "" || strings.TrimSpace(line) == "…" {
			continue
		}
		i := 0
		for i < len(lines) && strings.TrimRight(lines[i], " ") != line {
			i++
		}
		if i == len(lines) {
			t.Errorf("%s: nothing prints, after what comes before it,\n%s\nin\n%s", what, line, out)
			return
		}
		lines = lines[i+1:]
	}
}
