package provider_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// fakeGitHub is a GitHub CLI with at most one issue, which has the number 7. It appends what it does to the file ISSUES.
const fakeGitHub = `#!/bin/sh
set -eu
case "$1 $2" in
"issue list")
  if [ -e "$ISSUES" ] && tail -n 1 "$ISSUES" | grep -qv '^close'; then echo 7; fi ;;
"issue create") echo "create $(head -n 1 evidence/issue.md)" >>"$ISSUES" ;;
"issue edit" | "issue close") echo "$2 $3" >>"$ISSUES" ;;
"label create") ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

// fakeCurl is curl for a GitLab server. OPEN is the list of open issues. It appends the method, the URL, and the data of the writes to the
// file ISSUES.
const fakeCurl = `#!/bin/sh
set -eu
method=GET
line=
while [ $# -gt 0 ]; do
  case "$1" in
  --request) method=$2; shift ;;
  --header) [ "$2" = "PRIVATE-TOKEN: secret" ]; shift ;;
  --data-urlencode) line="$line $2"; shift ;;
  --*) ;;
  *) url=$1 ;;
  esac
  shift
done
if [ "$method" = GET ]; then
  [ -n "$OPEN" ] || exit 22
  echo "$OPEN"
else
  echo "$method ${url#https://gitlab.example.com/api/v4/projects/42/}$line" >>"$ISSUES"
fi
`

// fakeJQ is jq for the one filter of issue-gitlab.sh, on the lists of issues that the test has.
const fakeJQ = `#!/bin/sh
set -eu
[ "$*" = "-r .[0].iid // empty" ]
sed -n 's/^\[{.*"iid":\([0-9]*\)}\]$/\1/p'
`

// fakeTerraform is a CLI whose plan ends with the exit code PLAN, with the outputs CHANGED and VIOLATIONS.
const fakeTerraform = `#!/bin/sh
case "$2 ${4:-}" in
plan*) echo 'the plan'; exit "$PLAN" ;;
"output changed") echo "$CHANGED" ;;
"output violations") echo "$VIOLATIONS" ;;
output*) echo "output $4" ;;
esac
`

func writeCommand(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, name)
	acctest.WriteFile(t, file, text)
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
}

// workflow returns a YAML file of the examples as the CLI decodes it.
func workflow(t *testing.T, s shell, name string) map[string]any {
	t.Helper()
	dir := t.TempDir()
	acctest.WriteFile(t, filepath.Join(dir, "workflow.yml"), readFile(t, filepath.Join(examplesDir, name)))
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), "output \"workflow\" {\n  value = yamldecode(file(\"workflow.yml\"))\n}\n")
	out := s.run(t, &acctest.Workspace{}, dir, "terraform apply >&2\nterraform output -json workflow")
	decoded := map[string]any{}
	if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &decoded); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return decoded
}

// workflowCommands returns the commands of a decoded workflow that run scripts of the example, in order.
func workflowCommands(workflow map[string]any) []string {
	var commands []string
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				visit(value[key])
			}
		case []any:
			for _, element := range value {
				visit(element)
			}
		case string:
			if strings.HasPrefix(value, "sh ") {
				commands = append(commands, value)
			}
		}
	}
	visit(workflow)
	return commands
}

// TestExamples_driftJobWorkflows reads the workflows, which run the scripts of the example in the same order.
func TestExamples_driftJobWorkflows(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	github, gitlab := workflow(t, s, "drift-job/github-actions.yml"), workflow(t, s, "drift-job/gitlab-ci.yml")
	if got, want := workflowCommands(github), []string{"sh drift-job/check.sh", "sh drift-job/issue-github.sh"}; !slices.Equal(got, want) {
		t.Errorf("the workflow of GitHub runs %q, want %q", got, want)
	}
	if got, want := workflowCommands(gitlab), []string{"sh drift-job/check.sh", "sh drift-job/issue-gitlab.sh"}; !slices.Equal(got, want) {
		t.Errorf("the pipeline of GitLab runs %q, want %q", got, want)
	}
	expectEvidenceKept(t, gitlab, "check")
}

// expectEvidenceKept checks that a job of a GitLab pipeline keeps the folder evidence.
func expectEvidenceKept(t *testing.T, pipeline map[string]any, name string) {
	t.Helper()
	job, _ := pipeline[name].(map[string]any)
	artifacts, _ := job["artifacts"].(map[string]any)
	if paths, _ := artifacts["paths"].([]any); len(paths) != 1 || paths[0] != "evidence/" {
		t.Errorf("the job %s of GitLab keeps %v", name, artifacts)
	}
}

// TestExamples_runRetentionWorkflows reads the workflows, which run the script and keep what it wrote. The tests that need Terraform 1.14
// run the script.
func TestExamples_runRetentionWorkflows(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, name := range []string{"github-actions.yml", "gitlab-ci.yml"} {
		decoded := workflow(t, s, "run-retention/"+name)
		if got, want := workflowCommands(decoded), []string{"sh run-retention/retention.sh"}; !slices.Equal(got, want) {
			t.Errorf("%s runs %q, want %q", name, got, want)
		}
		if name == "gitlab-ci.yml" {
			expectEvidenceKept(t, decoded, "delete")
		}
	}
}

// TestExamples_driftJobIssues runs the scripts that keep one issue, with and without drift and an open issue. The script of GitLab always
// runs with a fake jq, and also with the real one if it is installed, which tests the fake and the filter.
func TestExamples_driftJobIssues(t *testing.T) {
	t.Parallel()
	jqs := []map[string]string{{"jq": fakeJQ}}
	if _, err := exec.LookPath("jq"); err == nil {
		jqs = append(jqs, nil)
	}
	const noIssue, oneIssue, unreachable = "[]", `[{"id":900,"iid":7}]`, ""
	for name, test := range map[string]struct {
		status, open   string
		github, gitlab []string
		fails          bool
	}{
		"drift": {
			status: "drift", open: noIssue, github: []string{"create Checked"},
			gitlab: []string{"POST issues title=Access drift labels=access-drift description@evidence/issue.md"},
		},
		"still drift": {
			status: "drift", open: oneIssue, github: []string{"edit 7"}, gitlab: []string{"PUT issues/7 description@evidence/issue.md"},
		},
		"no drift any more": {
			status: "clean", open: oneIssue, github: []string{"close 7"},
			gitlab: []string{"POST issues/7/notes body=No drift on DATE.", "PUT issues/7 state_event=close"},
		},
		"no drift":         {status: "clean", open: noIssue},
		"GitLab is down":   {status: "drift", open: unreachable, github: []string{"create Checked"}, fails: true},
		"no result at all": {open: noIssue, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			github, failed := runIssueScript(t, "issue-github.sh", test.status, test.open, nil)
			if !slices.Equal(github, test.github) || failed != (test.status == "") {
				t.Errorf("on GitHub, the script (failed: %t) did %q, want %q", failed, github, test.github)
			}
			for _, jq := range jqs {
				gitlab, failed := runIssueScript(t, "issue-gitlab.sh", test.status, test.open, jq)
				if !slices.Equal(gitlab, test.gitlab) || failed != test.fails {
					t.Errorf("on GitLab, the script (failed: %t, fake jq: %t) did %q, want %q", failed, jq != nil, gitlab, test.gitlab)
				}
			}
		})
	}
}

// runScript runs a script of the example in a folder. Commands in its subfolder bin take precedence over those of the system.
func runScript(t *testing.T, dir, script string, environment ...string) (out []byte, err error) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(examplesDir, "drift-job", script))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "sh", file)
	command.Dir = dir
	command.Env = append([]string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")}, environment...)
	return command.CombinedOutput()
}

// runIssueScript runs a script with fakes, and more of them, and returns the writes. There is no file with the status if it is empty.
func runIssueScript(t *testing.T, script, status, open string, more map[string]string) (writes []string, failed bool) {
	t.Helper()
	dir := t.TempDir()
	issues := filepath.Join(dir, "issues")
	fakes := map[string]string{"gh": fakeGitHub, "curl": fakeCurl, "date": "#!/bin/sh\necho DATE\n"}
	maps.Copy(fakes, more)
	for name, text := range fakes {
		writeCommand(t, filepath.Join(dir, "bin"), name, text)
	}
	acctest.WriteFile(t, filepath.Join(dir, "evidence/issue.md"), "Checked\n")
	if status != "" {
		acctest.WriteFile(t, filepath.Join(dir, "evidence/status"), status+"\n")
	}
	if strings.Contains(open, "iid") {
		acctest.WriteFile(t, issues, "create\n")
	}
	out, err := runScript(t, dir, script, "ISSUES="+issues, "OPEN="+open, "GITLAB_TOKEN=secret",
		"CI_API_V4_URL=https://gitlab.example.com/api/v4", "CI_PROJECT_ID=42")
	text, _ := os.ReadFile(issues)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "create" {
			writes = append(writes, line)
		}
	}
	if err != nil && status != "" && open != "" {
		t.Errorf("%s: %v\n%s", script, err, out)
	}
	return writes, err != nil
}

// TestExamples_driftJobCheck runs the script that decides whether there is drift, with each reason for it.
func TestExamples_driftJobCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ plan, changed, violations, want string }{
		"nothing differs":        {"0", "false", "{}", "clean\n"},
		"a plan with changes":    {"2", "false", "{}", "drift\n"},
		"other access":           {"0", "true", "{}", "drift\n"},
		"a violation":            {"0", "false", `{"Could not be read":["x"]}`, "drift\n"},
		"a plan that fails":      {"1", "false", "{}", ""},
		"a plan that is stopped": {"130", "false", "{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeCommand(t, filepath.Join(dir, "bin"), "terraform", fakeTerraform)
			acctest.WriteFile(t, filepath.Join(dir, "evidence/status"), "of the night before")
			out, err := runScript(t, dir, "check.sh", "PLAN="+test.plan, "CHANGED="+test.changed, "VIOLATIONS="+test.violations)
			status, _ := os.ReadFile(filepath.Join(dir, "evidence/status"))
			if string(status) != test.want || (err != nil) != (test.want == "") {
				t.Errorf("status: got %q, want %q (%v)\n%s", status, test.want, err, out)
			}
			issue, _ := os.ReadFile(filepath.Join(dir, "evidence/issue.md"))
			if planned := strings.Contains(string(issue), "\n    the plan\n"); planned != (test.plan == "2") {
				t.Errorf("issue: got\n%s", issue)
			}
		})
	}
}
