package provider_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// prepareReview creates experiments with grants of all kinds, and one whose grants cannot be read.
func prepareReview(w *acctest.Workspace) {
	churn := w.CreateExperiment(emulator.Admin, "/Projects/churn/baseline", nil)
	w.Grant(churn, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(churn, emulator.GroupPrincipal("data-science"), "CAN_EDIT")
	w.Grant(churn, emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), "CAN_EDIT")
	w.Grant(churn, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	w.CreateExperiment(emulator.Admin, "/Projects/risk/scoring", nil)
	w.GrantFolder("/Projects/risk", emulator.UserPrincipal(emulator.OtherUser), "CAN_MANAGE")
	w.AddNotebookExperiment(emulator.Admin, "/Projects/notebook")
	w.CreateExperiment(emulator.User, "/Shared/sandbox", nil)
}

var reviewState = []statecheck.StateCheck{
	statecheck.ExpectKnownOutputValue("editors", knownvalue.ListExact([]knownvalue.Check{
		knownvalue.StringExact(
			"admins",
		), knownvalue.StringExact("data-science"), knownvalue.StringExact(emulator.ServicePrincipal), knownvalue.StringExact(emulator.User),
	})),
	statecheck.ExpectKnownOutputValue(
		"open_to_all_users",
		knownvalue.TupleExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
			"experiment": knownvalue.StringExact(
				"/Shared/sandbox",
			), "level": knownvalue.StringExact("CAN_MANAGE"), "from": knownvalue.StringExact("/Shared"),
		})}),
	),
	statecheck.ExpectKnownOutputValue("unreadable", knownvalue.MapSizeExact(1)),
}

// runFunctions is RunDirectories for configurations that call provider functions, which require Terraform 1.8.
func runFunctions(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	for i := range steps {
		steps[i].ProtoV6ProviderFactories = acctest.Factories()
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)}, Steps: steps,
	})
}

func TestExamples_permissionReview(t *testing.T) {
	t.Parallel()
	const table = "" +
		"| Experiment                 | `CAN_MANAGE`        | `CAN_EDIT`                                                                    " +
		"                        | `CAN_READ`   |\n" +
		"|----------------------------|---------------------|----------------------------------------------------------" +
		"---------------------------------------------|--------------|\n" +
		"| `/Projects/churn/baseline` | `ana@example.com`   | group `data-science`, service principal `deployer " +
		"(6f1c2a34-5b67-4c89-9d01-23456789abcd)` | group `risk` |\n" +
		"| `/Projects/risk/scoring`   | *`ben@example.com`* |                                                                               " +
		"                        |              |\n" +
		"\n*Italic*: inherited.\n\nUnreadable experiments:\n\n- `/Projects/notebook`: `It is the experiment of the notebook"
	s, w, dir := newShell(t), acctest.NewWorkspace(t), copyExample(t, "permission-review")
	s.skipBelow(t, 8, "the review calls functions")
	prepareReview(w)
	w.ResetJournal()
	s.run(t, w, dir, "terraform init\nterraform apply", "TF_VAR_today=2026-06-30")
	expectNoWrites(t, w)
	direct := []string{"/Projects/churn/baseline: " + emulator.User}
	got := fmt.Sprint(violationsOf(t, s, w, dir))
	for _, want := range []string{
		"All users can manage:[/Shared/sandbox]", "No group can manage:[/Shared/sandbox]", "User has a direct grant:" + fmt.Sprint(direct),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("violations: got %s, without %s", got, want)
		}
	}

	s.run(t, w, dir, "terraform apply -var name_prefix=/Projects/", "TF_VAR_today=2026-06-30")
	if got := violationsOf(t, s, w, dir); len(got) != 2 || !slices.Equal(got["User has a direct grant"], direct) ||
		len(got["Grant is not decided"]) != 5 {
		t.Errorf("below /Projects, the violations are %q", got)
	}
	spaces := regexp.MustCompile(`[ -]{2,}`)
	got = s.run(t, w, dir, "terraform output -raw markdown")
	if want := spaces.ReplaceAllString(table, " "); !strings.HasPrefix(spaces.ReplaceAllString(got, " "), want) {
		t.Errorf("table: got\n%s\nwant\n%s", got, table)
	}
	page := s.run(t, w, dir, "terraform output -raw html")
	if !regexp.MustCompile(`<title>Permission review: 2 experiments, 5 principals</title>`).MatchString(page) {
		t.Errorf("the page has another title:\n%s", page[:min(len(page), 1000)])
	}
	out := s.run(t, w, dir, "if terraform plan -var enforce=true; then exit 1; fi", "TF_VAR_today=2026-06-30")
	if want := "User has a direct grant: " + direct[0]; !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
		t.Errorf("error: got\n%s", tail(out))
	}
}

// violationsOf returns the violations of the last review by policy.
func violationsOf(t *testing.T, s shell, w *acctest.Workspace, dir string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	out := s.run(t, w, dir, "terraform output -json violations")
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return found
}

func TestExamples_permissionMatrix(t *testing.T) {
	w := acctest.NewWorkspace(t)
	prepareReview(w)
	runFunctions(t, resource.TestStep{
		ConfigDirectory: config.StaticDirectory(w.RootModule(t, readFile(t, examplesDir+"/functions/permission_matrix/function.tf"))),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue(
				"html",
				knownvalue.StringRegexp(regexp.MustCompile(`<title>Quarterly access review: 3 experiments, 7 principals</title>`)),
			),
			statecheck.ExpectKnownOutputValue(
				"markdown",
				knownvalue.StringRegexp(regexp.MustCompile("(?m)^\\| `/Projects/churn/baseline` \\| `ana@example.com`")),
			),
		},
	})
}

func TestExamples_accessAsCode(t *testing.T) {
	w := acctest.NewWorkspace(t)
	for _, name := range []string{"/Projects/churn/baseline", "/Projects/credit/scoring", "/Projects/demand", "/Elsewhere/x"} {
		w.Grant(w.CreateExperiment(emulator.Admin, name, nil), emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	}
	w.AddNotebookExperiment(emulator.Admin, "/Projects/churn/notebook")
	directoryTest(t, resource.TestStep{
		ConfigDirectory: config.StaticDirectory(copyRoot(t, w, "access-as-code")),
		ConfigStateChecks: []statecheck.StateCheck{afterApply(func() {
			expectExampleGrants(
				t,
				w,
				"/Projects/churn/baseline",
				"group data-science CAN_EDIT",
				"group ml-platform CAN_MANAGE",
				"group risk CAN_READ",
			)
			expectExampleGrants(
				t,
				w,
				"/Projects/credit/scoring",
				"group data-science CAN_READ",
				"group ml-platform CAN_MANAGE",
				"group risk CAN_MANAGE",
			)
			expectExampleGrants(t, w, "/Projects/demand", "group data-science CAN_READ", "group ml-platform CAN_MANAGE")
			expectExampleGrants(t, w, "/Elsewhere/x", "user "+emulator.OtherUser+" CAN_READ")
		})},
	})
}
