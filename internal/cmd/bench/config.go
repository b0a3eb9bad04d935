package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Both configurations have the same shape, the one that the guide on large workspaces recommends: one map in a local, for_each over it, and
// the experiments' ids in another local. With a reference to the experiments themselves, the CLI would build all of them anew for each
// resource that refers to one; with one map of all tags it would take several times as long.
const (
	providerBlock = `terraform {
  required_providers {
    mlflow = {
      source = "registry.terraform.io/mlflow-terraform/mlflow"
    }
  }
}

variable "bulk_refresh" {
  type = bool
}

provider "mlflow" {
  host         = %q
  token        = %q
  bulk_refresh = var.bulk_refresh
}

locals {
  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name = each.value.name
}
`
	tagBlock = `
resource "mlflow_experiment_tag" %[1]q {
  for_each = local.experiments

  experiment_id = local.ids[each.key]
  key           = %[1]q
  value         = each.value.%[1]s
}
`
	permissionsBlock = `
resource "mlflow_experiment_permissions" "this" {
  for_each = local.experiments

  experiment_id = local.ids[each.key]
  users         = each.value.users
}
`
	floorBlock = `locals {
  ids = { for key, experiment in terraform_data.this : key => experiment.id }
}

resource "terraform_data" "this" {
  for_each = local.experiments

  input = each.value.name
}
`
	floorTagBlock = `
resource "terraform_data" %[1]q {
  for_each = local.experiments

  input = {
    experiment_id = local.ids[each.key]
    key           = %[1]q
    value         = each.value.%[1]s
  }
}
`
	floorPermissionsBlock = `
resource "terraform_data" "permissions" {
  for_each = local.experiments

  input = {
    experiment_id = local.ids[each.key]
    users         = each.value.users
  }
}
`
	mlflowProvider = `provider["registry.terraform.io/mlflow-terraform/mlflow"]`
	floorProvider  = `provider["terraform.io/builtin/terraform"]`
	workspaceID    = "1234567890123456" // that local-workspace tells, for the links
)

// resourceState is one resource of a state file.
type resourceState struct {
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Provider  string          `json:"provider"`
	Instances []instanceState `json:"instances"`
}

type instanceState struct {
	IndexKey      string         `json:"index_key"`
	SchemaVersion int            `json:"schema_version"`
	Attributes    map[string]any `json:"attributes"`
	Dependencies  []string       `json:"dependencies,omitempty"`
}

// writeConfiguration writes the provider's configuration and its state, as an apply would leave it.
func writeConfiguration(folder, url string, r row, experiments []experiment) error {
	c := configuration{text: fmt.Sprintf(providerBlock, url, adminToken)}
	c.add("mlflow_experiment", "this", mlflowProvider, experiments, func(x experiment) map[string]any {
		return map[string]any{
			"id": x.ID, "name": x.Name, "artifact_location": x.ArtifactLocation, "tags_all": map[string]string{},
			"creation_time": time.UnixMilli(x.CreationTime).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			"url":           fmt.Sprintf("%s/ml/experiments/%s?w=%s", url, x.ID, workspaceID),
		}
	})
	for _, key := range tagKeys[:r.tags] {
		c.text += fmt.Sprintf(tagBlock, key)
		c.add("mlflow_experiment_tag", key, mlflowProvider, experiments, func(x experiment) map[string]any {
			return map[string]any{"id": x.ID + "/" + key, "experiment_id": x.ID, "key": key, "value": x.tag(key)}
		})
	}
	if r.permissions {
		c.text += permissionsBlock
		c.add("mlflow_experiment_permissions", "this", mlflowProvider, experiments, func(x experiment) map[string]any {
			return map[string]any{"id": x.ID, "experiment_id": x.ID, "users": x.users, "retained": map[string]string{}}
		})
	}
	return c.write(folder, experiments)
}

// writeFloor writes the same with terraform_data.
func writeFloor(folder string, r row, experiments []experiment) error {
	c := configuration{text: floorBlock}
	c.add("terraform_data", "this", floorProvider, experiments, func(x experiment) map[string]any {
		return dataAttributes(x.ID, x.Name, "string")
	})
	for _, key := range tagKeys[:r.tags] {
		c.text += fmt.Sprintf(floorTagBlock, key)
		c.add("terraform_data", key, floorProvider, experiments, func(x experiment) map[string]any {
			return dataAttributes(x.ID+"/"+key, map[string]any{"experiment_id": x.ID, "key": key, "value": x.tag(key)},
				[]any{"object", map[string]string{"experiment_id": "string", "key": "string", "value": "string"}})
		})
	}
	if r.permissions {
		c.text += floorPermissionsBlock
		c.add("terraform_data", "permissions", floorProvider, experiments, func(x experiment) map[string]any {
			users := map[string]string{}
			for user := range x.users {
				users[user] = "string"
			}
			return dataAttributes(x.ID, map[string]any{"experiment_id": x.ID, "users": x.users},
				[]any{"object", map[string]any{"experiment_id": "string", "users": []any{"object", users}}})
		})
	}
	return c.write(folder, experiments)
}

// dataAttributes are those of a terraform_data, whose values carry their type.
func dataAttributes(id string, value, valueType any) map[string]any {
	typed := map[string]any{"value": value, "type": valueType}
	return map[string]any{"id": id, "input": typed, "output": typed, "triggers_replace": nil}
}

// configuration is a configuration with its state.
type configuration struct {
	text      string
	resources []resourceState
}

// add adds a resource to the state, with an instance for each experiment.
func (c *configuration) add(kind, name, provider string, experiments []experiment, attributes func(experiment) map[string]any) {
	s := resourceState{Mode: "managed", Type: kind, Name: name, Provider: provider}
	for i, x := range experiments {
		s.Instances = append(s.Instances, instanceState{IndexKey: keyOf(i), Attributes: attributes(x)})
	}
	if len(c.resources) > 0 {
		for i := range s.Instances {
			s.Instances[i].Dependencies = []string{c.resources[0].Type + "." + c.resources[0].Name}
		}
	}
	c.resources = append(c.resources, s)
}

// keyOf is an experiment's key in the map.
func keyOf(i int) string { return fmt.Sprintf("e%05d", i) }

// locals writes the map that both configurations share.
func locals(experiments []experiment) string {
	var text strings.Builder
	text.WriteString("\nlocals {\n  experiments = {\n")
	for i, x := range experiments {
		fmt.Fprintf(&text, "    %q = {\n      name = %q\n", keyOf(i), x.Name)
		for _, key := range tagKeys {
			fmt.Fprintf(&text, "      %s = %q\n", key, x.tag(key))
		}
		text.WriteString("      users = {\n")
		for _, user := range slices.Sorted(maps.Keys(x.users)) {
			fmt.Fprintf(&text, "        %q = %q\n", user, x.users[user])
		}
		text.WriteString("      }\n    }\n")
	}
	text.WriteString("  }\n}\n")
	return text.String()
}

// write writes the configuration and its state into a new folder.
func (c *configuration) write(folder string, experiments []experiment) error {
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "bench", "outputs": map[string]any{}, "resources": c.resources,
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(c.text+locals(experiments)), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "terraform.tfstate"), state, 0o600)
}
