package provider_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// reviewLoop is a repository with the access configuration, the review, and the nightly job.
type reviewLoop struct {
	shell

	dir         string
	w           *acctest.Workspace
	environment []string
}

func newReviewLoop(t *testing.T) reviewLoop {
	t.Helper()
	l := reviewLoop{shell: newShell(t), dir: t.TempDir(), w: acctest.NewWorkspace(t)}
	l.skipBelow(t, 8, "the review calls functions")
	for _, folder := range []string{"access-as-code", "permission-review", "drift-job"} {
		if err := os.CopyFS(filepath.Join(l.dir, folder), os.DirFS(filepath.Join(examplesDir, folder))); err != nil {
			t.Fatal(err)
		}
	}
	fakes := filepath.Join(t.TempDir(), "fakes")
	writeCommand(t, fakes, "gh", fakeGitHub)
	l.environment = []string{
		"PATH=" + fakes + ":" + l.bin + ":" + os.Getenv("PATH"), "ISSUES=" + filepath.Join(fakes, "issues"),
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=" + emulator.User, "GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=" + emulator.User,
	}
	return l
}

// commands runs commands in the repository.
func (l reviewLoop) commands(t *testing.T, commands string) string {
	t.Helper()
	return l.run(t, l.w, l.dir, commands, l.environment...)
}

// follow runs the commands of a section of the guide.
func (l reviewLoop) follow(t *testing.T, section string) string {
	t.Helper()
	return l.commands(t, guideCommands(t, "permission-governance", section))
}

// file returns a file of the repository.
func (l reviewLoop) file(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join(l.dir, name))
}

// violations returns the violations of the last review by policy.
func (l reviewLoop) violations(t *testing.T) map[string][]string {
	t.Helper()
	return violationsOf(t, l.shell, l.w, filepath.Join(l.dir, "permission-review"))
}

// decide completes the lines without a decision, as a reviewer does, and returns how many there were.
func (l reviewLoop) decide(t *testing.T, decision string) int {
	t.Helper()
	name := filepath.Join(l.dir, "permission-review/decisions.csv")
	decided := 0
	acctest.WriteFile(t, name, editCSV(t, readFile(t, name), func(cell func(column string) *string) {
		if *cell("decision") == "" {
			*cell("decision"), *cell("reviewer"), *cell("reason") = decision, emulator.Admin, "quarterly review"
			decided++
		}
	}))
	return decided
}

// editCSV returns lines with a header after an edit of each one.
func editCSV(t *testing.T, text string, edit func(cell func(column string) *string)) string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		edit(func(column string) *string { return &line[slices.Index(lines[0], column)] })
	}
	var edited strings.Builder
	if err := csv.NewWriter(&edited).WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	return edited.String()
}

// nightly runs the steps of the workflow, and returns what the issue tracker did.
func (l reviewLoop) nightly(t *testing.T) string {
	t.Helper()
	for _, command := range workflowCommands(workflow(t, l.shell, "drift-job/github-actions.yml")) {
		l.commands(t, command)
	}
	return l.commands(t, `if [ -e "$ISSUES" ]; then cat "$ISSUES"; fi`)
}

// TestExamples_reviewLoop follows the guide from the first review to the revoked grant, with the nightly job in between.
func TestExamples_reviewLoop(t *testing.T) {
	t.Parallel()
	l := newReviewLoop(t)
	id := l.w.CreateExperiment(emulator.Admin, "/Projects/churn/baseline", nil)
	l.commands(t, "git init -q\ncd access-as-code\nterraform init\nterraform apply")

	l.follow(t, "Write the review")
	if got := l.file(t, "permission-review/changes.md"); got != "This is the first review.\n" {
		t.Errorf("changes: got %q", got)
	}
	if page := l.file(t, "permission-review/review.html"); !strings.Contains(page, "/Projects/") {
		t.Errorf("page: got\n%s", tail(page))
	}
	if got := l.violations(t); len(got) != 1 || len(got["Grant is not decided"]) != 3 {
		t.Errorf("the first review has the violations %q", got)
	}
	if lines := l.decide(t, "approve"); lines != 3 {
		t.Errorf("the first review has %d lines to decide, want 3", lines)
	}
	l.follow(t, "Record the decisions")
	if got := l.violations(t); len(got) != 0 {
		t.Errorf("the decided review has the violations %q", got)
	}
	if issues := l.nightly(t); issues != "" {
		t.Errorf("an issue without drift:\n%s", issues)
	}
	first := l.file(t, "permission-review/review.json")

	l.w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
	for range 2 {
		if issues := l.nightly(t); strings.Count(issues, "create") != 1 {
			t.Errorf("the issues after the grant:\n%s", issues)
		}
	}
	l.follow(t, "Write the review")
	want := "| added | `/Projects/churn/baseline` | `" + emulator.OtherUser + "` | – | `CAN_MANAGE` |"
	for _, text := range []string{l.file(t, "permission-review/changes.md"), l.file(t, "evidence/issue.md")} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("there is no line %q in\n%s", want, text)
		}
	}
	if lines := l.decide(t, "revoke"); lines != 1 {
		t.Errorf("the second review has %d lines to decide, want 1", lines)
	}
	l.follow(t, "Record the decisions")
	want = "/Projects/churn/baseline: user " + emulator.OtherUser + " CAN_MANAGE"
	if got := l.violations(t); len(got) != 2 || !slices.Equal(got["Revoked grant still exists"], []string{want}) ||
		len(got["User has a direct grant"]) != 1 {
		t.Errorf("before the grant is revoked, the violations are %q", got)
	}

	if out := l.follow(t, "Revoke access"); !strings.Contains(out, "Changes: 1 removed.") {
		t.Errorf("the removed grant is not in\n%s", tail(out))
	}
	expectExampleGrants(
		t,
		l.w,
		"/Projects/churn/baseline",
		"group data-science CAN_EDIT",
		"group ml-platform CAN_MANAGE",
		"group risk CAN_READ",
	)
	if got := l.violations(t); len(got) != 0 {
		t.Errorf("after the grant is revoked, the violations are %q", got)
	}
	if now := l.file(t, "permission-review/review.json"); now != first {
		t.Errorf("the snapshot differs from that of the first review:\n%s\nwant\n%s", now, first)
	}
	if issues := l.nightly(t); !strings.HasSuffix(issues, "close 7\n") {
		t.Errorf("the issues after the grant is revoked:\n%s", issues)
	}
	if log := l.commands(t, "git log --format=%s"); log != "Revoke access\nPermission review\nPermission review\n" {
		t.Errorf("commits: got\n%s", log)
	}
}
