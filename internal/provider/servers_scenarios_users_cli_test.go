//go:build mlflow

package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// usersThroughCLI tests unknown values, generated configuration, and renamed resources through the CLI.
func usersThroughCLI(t *testing.T, s *server) {
	block := hcl(s.ProviderConfig(nil))
	name, imported := s.newUser(), s.addUser(t)
	config := func(version, name string) string {
		return block + fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input            = { name = %q, password = %q, version = "+
			"1, admin = true }\n"+
			"  triggers_replace = %q\n}\n", name, firstPassword, version) + `
			resource "mlflow_user" "test" {
			  username            = terraform_data.late.output.name
			  password_wo         = terraform_data.late.output.password
			  password_wo_version = terraform_data.late.output.version
			  admin               = terraform_data.late.output.admin
			}`
	}
	written := func(label, more string) string {
		return block + fmt.Sprintf("resource \"mlflow_user\" %q {\n  username    = %q\n  password_wo = %q\n  admin       = "+
			"true\n}\n%s", label, name, firstPassword, more)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: secretCheckerFactories(t), Steps: []resource.TestStep{
		{Config: config("1", name), PostApplyFunc: func() { s.expectUser(t, name, true, firstPassword) }},
		{
			Config:           config("2", name), // unknown again, and the same
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(userAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc:    func() { s.expectUser(t, name, true, firstPassword) },
		},
		{Config: config("3", s.newUser()), ExpectError: wrapped("Could not replace user")},
		{Config: written("test", "")},
		{Config: written("test", ""), ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
		{Config: written("renamed", ""), ExpectError: wrapped("User would be deleted and recreated")},
		{
			Config:           written("renamed", "moved {\n  from = mlflow_user.test\n  to   = mlflow_user.renamed\n}\n"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
		},
		{
			Config:      written("renamed", "") + strings.ReplaceAll(written("twice", ""), block, ""),
			ExpectError: wrapped("User is managed by two resources"),
		},
		{
			Config: block, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			ImportStateId: imported.name, ResourceName: userAddress,
		},
		{
			Config: written("renamed", ""), ImportState: true, ImportStateVerify: true, ResourceName: "mlflow_user.renamed",
			ImportStateIdFunc: func(*terraform.State) (string, error) { return name, nil },
		},
		{
			Config: written("renamed", ""), Taint: []string{"mlflow_user.renamed"},
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("mlflow_user.renamed", plancheck.ResourceActionDestroyBeforeCreate),
			}},
		},
	}})
	if _, ok := s.userOf(t, name); ok {
		t.Error("destroying left the user")
	}
	two := strings.ReplaceAll(written("a", ""), name, s.newUser())
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: secretCheckerFactories(t), Steps: []resource.TestStep{
		{
			Config:      two + strings.ReplaceAll(strings.ReplaceAll(two, block, ""), `"a"`, `"b"`),
			ExpectError: wrapped("User is managed by two resources"),
		},
	}})
}

// passwordsStaySecret runs the built provider at TRACE, and searches all files for the passwords and their hashes.
func passwordsStaySecret(t *testing.T, s *server) {
	taken := s.addUser(t)
	name := s.newUser()
	config := func(more string) string {
		return hcl(s.ProviderConfig(map[string]any{"password": nil})) + fmt.Sprintf(`
			variable "password" {
			  type      = string
			  ephemeral = true
			}
			variable "version_of_password" {
			  default = 1
			}
			resource "mlflow_user" "test" {
			  username            = %q
			  password_wo         = var.password
			  password_wo_version = var.version_of_password
			}
			`, name) + more
	}
	p := newProgram(t, config(""), "MLFLOW_TRACKING_PASSWORD="+adminPassword, "TF_VAR_password="+firstPassword)
	must := func(command string, args ...string) {
		t.Helper()
		args = append([]string{command, "-no-color", "-input=false"}, args...)
		if out, err := p.run(args...); err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
	}
	must("plan", "-out=saved.plan")
	must("apply", "saved.plan")
	s.expectUser(t, name, false, firstPassword)
	p.env = append(p.env, "TF_VAR_password="+secondPassword)
	must("apply", "-auto-approve", "-var=version_of_password=2")
	s.expectUser(t, name, false, secondPassword)
	// The server's error for a username in use contains a hash of the password. It rejects a short password.
	p.write("taken.tf", fmt.Sprintf("resource \"mlflow_user\" \"taken\" {\n  username    = %q\n  password_wo = "+
		"var.password\n}\n", taken.name))
	if out, err := p.apply("-var=version_of_password=2"); err == nil || !strings.Contains(out, "already in use") {
		t.Errorf("a username in use: got diagnostics %s", out)
	}
	p.write("taken.tf", "")
	const short = "pw-8765"
	p.env = append(p.env, "TF_VAR_password="+short)
	if out, err := p.apply("-var=version_of_password=3"); err == nil || !strings.Contains(out, "characters") {
		t.Errorf("a short password: got diagnostics %s", out)
	}
	p.env = append(p.env, "TF_VAR_password="+secondPassword)
	shown, err := p.run("show", "-json", "saved.plan")
	if err != nil || !strings.Contains(shown, "password_wo_version") {
		t.Errorf("plan: got %s", shown)
	}
	must("destroy", "-auto-approve")
	for _, secret := range []string{firstPassword, secondPassword, short, adminPassword, "scrypt:", "pbkdf2", "$2b$"} {
		if files := p.find(secret); len(files) > 0 {
			t.Errorf("%q is in %v", secret, files)
		}
	}
	if log := p.find("users/create"); len(log) == 0 {
		t.Error("the log contains no requests, so the test proves nothing")
	}
}

// apply applies without confirmation.
func (p *program) apply(args ...string) (out string, err error) {
	p.t.Helper()
	return p.run(append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
}

// wrapped matches a message that the CLI broke into lines.
func wrapped(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`))
}

// userExamples applies the examples of users, and runs their imports.
func userExamples(t *testing.T, s *server) {
	const password = "example-password-1234"
	e := examples["user"]
	s.MustDo(t, "POST", userCalls+"create", map[string]any{"username": "training", "password": secondPassword})
	p := newProgram(t, hcl(s.ProviderConfig(nil))+e.text(t), "TF_VAR_ana_password="+password,
		fmt.Sprintf("TF_VAR_initial_passwords={ben=%q,carla=%q}", password, password))
	must := func(args ...string) {
		t.Helper()
		if out, err := p.run(args...); err != nil {
			t.Fatalf("%v: %s\n%s", args, err, out)
		}
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	must("plan", "-no-color", "-input=false", "-detailed-exitcode")
	for name, admin := range map[string]bool{"ana": false, "ben": false, "carla": true} {
		s.expectUser(t, name, admin, password)
	}
	s.expectUser(t, "training", false, secondPassword)
	for _, command := range e.importCommands(t) {
		must("state", "rm", command.address)
		must("import", "-no-color", "-input=false", command.address, command.id)
	}
	must("state", "rm", "mlflow_user.ana")
	p.write("import.tf", readFile(t, examplesDir+"/resources/mlflow_user/import-by-string-id.tf"))
	if out, err := p.run("plan", "-no-color", "-input=false"); err != nil || !strings.Contains(out, "1 to import, 0 to add, 1 to "+
		"change, 0 to destroy") {
		t.Errorf("import block: got diagnostics %s", out)
	}
	must("apply", "-no-color", "-input=false", "-auto-approve")
	p.write("data.tf", examples["data source, users"].text(t))
	must("apply", "-no-color", "-input=false", "-auto-approve")
	out, err := p.run("output", "-no-color", "server_admins")
	if err != nil || !strings.Contains(out, `"carla"`) || strings.Contains(out, `"ana"`) {
		t.Errorf("server admins: got %s", out)
	}
	must("destroy", "-no-color", "-input=false", "-auto-approve")
	for _, name := range []string{"ana", "ben", "carla"} {
		if _, ok := s.userOf(t, name); ok {
			t.Errorf("destroying left %s", name)
		}
	}
	s.deleteUser(t, "training")
}
