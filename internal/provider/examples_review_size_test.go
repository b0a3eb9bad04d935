package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// calledFunction is a line in the log of the provider for each call of a function.
var calledFunction = regexp.MustCompile(`Received request.*tf_rpc=CallFunction`)

// TestExamples_permissionReviewSize checks that a plan of a large review calls each function once, regardless of the number of grants, and
// passes the review as a list, which has one type. A tuple, which a for expression returns, has a type for each element.
func TestExamples_permissionReviewSize(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.skipBelow(t, 8, "the review calls functions")
	w, dir := acctest.NewWorkspace(t), copyExample(t, "permission-review")
	s.run(t, w, dir, "terraform init")
	for _, experiments := range []int{1, 20} {
		for i := range experiments {
			id := w.CreateExperiment(emulator.Admin, fmt.Sprintf("/Projects/%d/%d", experiments, i), nil)
			w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
		}
		log := filepath.Join(t.TempDir(), "trace.log")
		s.run(t, w, dir, "terraform plan", "TF_VAR_today=2026-06-30", "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH="+log)
		if calls := len(calledFunction.FindAllString(readFile(t, log), -1)); calls != 6 {
			t.Errorf("the plan calls %d functions for %d more experiments, want 6", calls, experiments)
		}
	}
	s.run(t, w, dir, "terraform apply", "TF_VAR_today=2026-06-30")
	for _, value := range []string{"local.review.grants", "local.principals.members", "local.access", "local.decisions.undecided"} {
		got := s.run(t, w, dir, fmt.Sprintf("echo 'type(%s)' | terraform console", value), "TF_VAR_today=2026-06-30")
		if !strings.HasPrefix(got, "list(") {
			t.Errorf("the type of %s is\n%s", value, tail(got))
		}
	}
}

// slowExpressions take time proportional to the square of the number of grants. Functions with a list parameter compare the types of all
// elements of a tuple with each other, and can and try evaluate everything that their argument refers to.
var slowExpressions = regexp.MustCompile(`\b(can|try)\((local|var|module)\.|` +
	`\b(distinct|sort|toset|tolist|compact)\(\s*(concat\()?\s*\[\s*for\s+\w+\s+in\s+[\w.]*(review|grants|found|decisions)|` +
	`\bjoin\("[^"]*",\s*local\.(violations|found)`)

func TestExamples_permissionReviewExpressions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(examplesDir, "permission-review/*.tf"))
	modules, _ := filepath.Glob(filepath.Join(examplesDir, "permission-review/modules/*/*.tf"))
	if files = append(files, modules...); err != nil || len(files) < 7 {
		t.Fatalf("found %q (%v)", files, err)
	}
	for _, file := range files {
		if slow := slowExpressions.FindString(readFile(t, file)); slow != "" {
			t.Errorf("%s has the expression %q", file, slow)
		}
	}
}
