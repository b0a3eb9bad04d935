//go:build mlflow

package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// teamWorkspaces are the workspaces of examples/mlflow-bootstrap.
var teamWorkspaces = []string{"platform", "retail", "risk"}

// bootstrap applies examples/mlflow-bootstrap to a server that has only its admin, changes objects of each kind outside Terraform, and
// corrects the drift.
func bootstrap(t *testing.T, s *server) {
	through, calls := newRelayBackend(t, s.Backend)
	p := bootstrapProgram(t, through)
	changes := regexp.MustCompile(`(?m)^(?:Plan|Apply complete!).*$`)

	if out, err := p.run("plan", "-no-color", "-out=first.tfplan"); err != nil {
		t.Fatalf("plan: %v\n%s", err, out)
	}
	if out, err := p.run("apply", "-no-color", "first.tfplan"); err != nil ||
		!strings.Contains(out, "Apply complete! Resources: 153 added, 0 changed, 0 destroyed.") {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	calls.reset()
	if out, err := p.run("plan", "-no-color", "-detailed-exitcode"); err != nil {
		t.Fatalf("the second plan is not empty: %s\n%s", changes.FindString(out), out)
	}
	if seen := calls.seen(); len(seen) > 12 {
		t.Errorf("the refresh of 153 objects sent %d requests, want at most 12:\n%s", len(seen), strings.Join(seen, "\n"))
	}
	for _, password := range bootstrapPasswords() {
		if found := p.find(password); len(found) > 0 {
			t.Errorf("a password is in %v", found)
		}
	}
	s.changeBootstrap(t)
	out, err := p.run("plan", "-no-color", "-detailed-exitcode")
	if err == nil || !strings.Contains(out, "Plan: ") {
		t.Fatalf("changes made outside are not in the plan: %v\n%s", err, out)
	}
	for _, address := range []string{
		`mlflow_workspace.this["risk"]`, `mlflow_user.this["ana"]`, `mlflow_user.this["lena"]`, `mlflow_role.this["risk/readers"]`,
		`mlflow_role.this["retail/scientists"]`, `mlflow_role_members.this["platform/scientists"]`,
		`mlflow_experiment.this["risk/fraud/training"]`,
	} {
		if !strings.Contains(out, "# "+address+" will be") {
			t.Errorf("the plan does not show what was changed of %s", address)
		}
	}
	if out, err := p.run("apply", "-no-color", "-auto-approve"); err != nil {
		t.Fatalf("repair: %v\n%s", err, out)
	}
	if out, err := p.run("plan", "-no-color", "-detailed-exitcode"); err != nil {
		t.Fatalf("the plan after the repair is not empty: %s\n%s", changes.FindString(out), out)
	}
	s.destroyBootstrap(t, p)
}

// destroyBootstrap destroys everything in one apply, except the workspaces, which are not empty while they contain deleted experiments.
func (s *server) destroyBootstrap(t *testing.T, p *program) {
	t.Helper()
	if out, err := p.run("destroy", "-no-color", "-auto-approve"); err == nil || !strings.Contains(out, "is deleted only if it is empty") {
		t.Errorf("destroying workspaces with experiments is not rejected: %v\n%s", err, out)
	}
	p.env = append(p.env, "TF_VAR_workspace_deletion_policy=retain")
	for _, args := range [][]string{{"apply", "-no-color", "-auto-approve"}, {"destroy", "-no-color", "-auto-approve"}} {
		if out, err := p.run(args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	users, _ := s.MustDo(t, "GET", "/api/2.0/mlflow/users/list", nil)["users"].([]any)
	for _, u := range users {
		user, _ := u.(map[string]any)
		if name := fmt.Sprint(user["username"]); bootstrapPasswords()[name] != "" {
			t.Errorf("the account %s is left", name)
		}
	}
	for _, name := range teamWorkspaces {
		if status, _ := s.Do(t, "GET", rbacCalls+"workspaces/"+name, nil); status != http.StatusOK {
			t.Errorf("the workspace %s does not exist", name)
		}
		s.deleteWorkspace(t, name+"?mode=CASCADE") // other tests of the server use the same names
	}
}

// bootstrapProgram is examples/mlflow-bootstrap as the CLI runs it.
func bootstrapProgram(t *testing.T, b *acctest.Backend) *program {
	t.Helper()
	passwords, err := json.Marshal(bootstrapPasswords())
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, "", "MLFLOW_TRACKING_URI="+b.URL, "MLFLOW_TRACKING_USERNAME="+adminName, "MLFLOW_TRACKING_PASSWORD="+adminPassword,
		"TF_VAR_initial_passwords="+string(passwords))
	files, err := filepath.Glob(filepath.Join(examplesDir, "mlflow-bootstrap", "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the example: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p.write(filepath.Base(file), string(text))
	}
	return p
}

// bootstrapPasswords are the passwords of the users in examples/mlflow-bootstrap.
func bootstrapPasswords() map[string]string {
	passwords := map[string]string{}
	for _, name := range []string{"ana", "ben", "carla", "dora", "emil", "fatma", "goran", "hana", "ivo", "jana", "karim", "lena"} {
		passwords[name] = fmt.Sprintf("initial-%s-9f2c71", name)
	}
	return passwords
}

// changeBootstrap changes an object of each kind that examples/mlflow-bootstrap created.
func (s *server) changeBootstrap(t *testing.T) {
	t.Helper()
	s.MustDo(t, "PATCH", rbacCalls+"workspaces/risk", map[string]any{"description": "Changed outside"})
	s.MustDo(t, "PATCH", "/api/2.0/mlflow/users/update-admin", map[string]any{"username": "ana", "is_admin": true})
	s.MustDo(t, "DELETE", "/api/2.0/mlflow/users/delete", map[string]any{"username": "lena"})
	ids := map[string]any{}
	for _, workspace := range teamWorkspaces {
		for _, r := range s.in(workspace).roles(t) {
			ids[workspace+"/"+r.Name] = r.ID
		}
	}
	s.MustDo(t, "POST", rbacCalls+"roles/permissions/add",
		map[string]any{"role_id": ids["risk/readers"], "resource_type": "prompt", "resource_pattern": "*", "permission": "MANAGE"})
	s.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": ids["retail/scientists"]})
	s.MustDo(t, "POST", rbacCalls+"roles/assign", map[string]any{"role_id": ids["platform/scientists"], "username": "ana"})
	there := s.in("risk")
	_, found := there.Do(t, "GET", acctest.ExperimentsPath+"get-by-name?experiment_name=fraud/training", nil)
	experiment, _ := found["experiment"].(map[string]any)
	id, _ := experiment["experiment_id"].(string)
	there.SetTag(t, id, "team", "nobody")
}
