//go:build next

package provider_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// importingModule imports experiments and their permissions inside a module, by identity and with for_each.
const importingModule = `
terraform {
  required_providers {
    mlflow = { source = "mlflow-terraform/mlflow" }
  }
}

variable "ids" {
  type = map(string)
}

import {
  for_each = var.ids
  to       = mlflow_experiment.this[each.key]
  identity = { experiment_id = each.value }
}

import {
  for_each = var.ids
  to       = mlflow_experiment_permissions.this[each.key]
  identity = { experiment_id = each.value }
}

resource "mlflow_experiment" "this" {
  for_each = var.ids
  name     = each.key
  tags     = { team = "risk" }
}

resource "mlflow_experiment_permissions" "this" {
  for_each      = var.ids
  experiment_id = mlflow_experiment.this[each.key].id
  groups        = { risk = "CAN_EDIT" }
}
`

// TestNext_importInModule needs Terraform 1.16: import blocks inside a module.
func TestNext_importInModule(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), t.TempDir()
	w.AddGroup("risk")
	var ids []string
	for i := range 3 {
		name := fmt.Sprintf("/Shared/e%d", i)
		id := w.CreateExperiment(emulator.OtherUser, name, map[string]string{"team": "risk"})
		w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_EDIT")
		ids = append(ids, fmt.Sprintf("%q = %q", name, id))
	}
	acctest.WriteFile(t, filepath.Join(dir, "module/main.tf"), importingModule)
	acctest.WriteFile(
		t,
		filepath.Join(dir, "main.tf"),
		fmt.Sprintf("module \"all\" {\n  source = \"./module\"\n  ids = {\n    %s\n  }\n}\n", strings.Join(ids, "\n    ")),
	)
	expectAdopted(t, w, s.run(t, w, dir, "terraform init\nterraform apply\nterraform plan"), 6)
}

// TestNext_identityOfAnotherServer imports by an identity of another server, which the plan rejects, and by one of this server.
func TestNext_identityOfAnotherServer(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), t.TempDir()
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
	write := func(server string) {
		acctest.WriteFile(t, filepath.Join(dir, "main.tf"), fmt.Sprintf(`
			terraform {
			  required_providers {
			    mlflow = { source = "mlflow-terraform/mlflow" }
			  }
			}
			import {
			  to       = mlflow_experiment.churn
			  identity = { experiment_id = %q, tracking_uri = %q }
			}
			resource "mlflow_experiment" "churn" {
			  name = "/Shared/churn"
			}
		`, id, server))
	}
	write("https://elsewhere.example.com")
	out := s.run(t, w, dir, "terraform init\n! terraform plan")
	if !strings.Contains(out, "https://elsewhere.example.com") || len(w.Calls()) > 0 {
		t.Errorf("plan: got requests %q and output\n%s", w.Calls(), tail(out))
	}
	write(w.URL)
	expectAdopted(t, w, s.run(t, w, dir, "terraform apply\nterraform plan"), 1)
}

// TestNext_destroyFalse needs Terraform 1.16: a resource with destroy = false leaves its object on the server.
func TestNext_destroyFalse(t *testing.T) {
	t.Parallel()
	s, w, dir := newShell(t), acctest.NewWorkspace(t), t.TempDir()
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), `
		terraform {
		  required_providers {
		    mlflow = { source = "mlflow-terraform/mlflow" }
		  }
		}
		resource "mlflow_experiment" "churn" {
		  name            = "/Shared/churn"
		  deletion_policy = "delete"
		  lifecycle {
		    destroy = false
		  }
		}
		resource "mlflow_experiment_tag" "owner" {
		  experiment_id = mlflow_experiment.churn.id
		  key           = "owner"
		  value         = "risk"
		  lifecycle {
		    destroy = false
		  }
		}
	`)
	s.run(t, w, dir, "terraform init\nterraform apply\nterraform plan -detailed-exitcode")
	id := w.MustFind(t, "/Shared/churn").ID
	w.ResetJournal()
	out := s.run(t, w, dir, "terraform apply -destroy")
	w.ExpectWrites(t)
	if e, _ := w.ExperimentByName("/Shared/churn"); e.ID != id {
		t.Errorf("experiment: got %+v, not %s, after\n%s", e, id, tail(out))
	}
	w.ExpectTags(t, "/Shared/churn", map[string]string{"owner": "risk"})
	if left := s.run(t, w, dir, "terraform state list"); left != "" {
		t.Errorf("the state still has %s", left)
	}
}
