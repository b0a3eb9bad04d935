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

// Both configurations have the same shape: maps in locals, for_each over them, and the experiments' ids in a local that tags and
// permissions refer to. With a reference to the experiments themselves, the CLI would build all of them anew for each tag.
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

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name = each.value
}

locals {
  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }
}

resource "mlflow_experiment_tag" "this" {
  for_each = local.tags

  experiment_id = local.ids[each.value.experiment]
  key           = each.value.key
  value         = each.value.value
}

resource "mlflow_experiment_permissions" "this" {
  for_each = local.permissions

  experiment_id = local.ids[each.key]
  users         = each.value
}
`
	floorBlock = `resource "terraform_data" "experiment" {
  for_each = local.experiments

  input = each.value
}

locals {
  ids = { for key, experiment in terraform_data.experiment : key => experiment.id }
}

resource "terraform_data" "tag" {
  for_each = local.tags

  input = {
    experiment_id = local.ids[each.value.experiment]
    key           = each.value.key
    value         = each.value.value
  }
}

resource "terraform_data" "permissions" {
  for_each = local.permissions

  input = {
    experiment_id = local.ids[each.key]
    users         = each.value
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
	this := func(kind string) *resourceState {
		return &resourceState{Mode: "managed", Type: kind, Name: "this", Provider: mlflowProvider}
	}
	e, t, p := this("mlflow_experiment"), this("mlflow_experiment_tag"), this("mlflow_experiment_permissions")
	for i, x := range experiments {
		e.add(keyOf(i), map[string]any{
			"id": x.ID, "name": x.Name, "artifact_location": x.ArtifactLocation, "tags_all": map[string]string{},
			"creation_time": time.UnixMilli(x.CreationTime).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			"url":           fmt.Sprintf("%s/ml/experiments/%s?w=%s", url, x.ID, workspaceID),
		})
		for _, key := range tagKeys[:r.tags] {
			t.add(keyOf(i)+"/"+key, map[string]any{
				"id": x.ID + "/" + key, "experiment_id": x.ID, "key": key, "value": x.tag(key),
			}, "mlflow_experiment.this")
		}
		if r.permissions {
			p.add(keyOf(i), map[string]any{
				"id": x.ID, "experiment_id": x.ID, "users": x.users, "retained": map[string]string{},
			}, "mlflow_experiment.this")
		}
	}
	return write(folder, fmt.Sprintf(providerBlock, url, adminToken)+locals(r, experiments), e, t, p)
}

// writeFloor writes the same with terraform_data.
func writeFloor(folder string, r row, experiments []experiment) error {
	data := func(name string) *resourceState {
		return &resourceState{Mode: "managed", Type: "terraform_data", Name: name, Provider: floorProvider}
	}
	e, t, p := data("experiment"), data("tag"), data("permissions")
	for i, x := range experiments {
		e.add(keyOf(i), dataAttributes(x.ID, x.Name, "string"))
		text := map[string]string{"experiment_id": "string", "key": "string", "value": "string"}
		for _, key := range tagKeys[:r.tags] {
			input := map[string]any{"experiment_id": x.ID, "key": key, "value": x.tag(key)}
			t.add(keyOf(i)+"/"+key, dataAttributes(x.ID+"/"+key, input, []any{"object", text}), "terraform_data.experiment")
		}
		if r.permissions {
			users := map[string]string{}
			for user := range x.users {
				users[user] = "string"
			}
			input := map[string]any{"experiment_id": x.ID, "users": x.users}
			object := map[string]any{"experiment_id": "string", "users": []any{"object", users}}
			p.add(keyOf(i), dataAttributes(x.ID, input, []any{"object", object}), "terraform_data.experiment")
		}
	}
	return write(folder, floorBlock+locals(r, experiments), e, t, p)
}

// dataAttributes are those of a terraform_data, whose values carry their type.
func dataAttributes(id string, value, valueType any) map[string]any {
	typed := map[string]any{"value": value, "type": valueType}
	return map[string]any{"id": id, "input": typed, "output": typed, "triggers_replace": nil}
}

func (s *resourceState) add(key string, attributes map[string]any, dependencies ...string) {
	s.Instances = append(s.Instances, instanceState{IndexKey: key, Attributes: attributes, Dependencies: dependencies})
}

// keyOf is an experiment's key in the maps.
func keyOf(i int) string { return fmt.Sprintf("e%05d", i) }

// locals writes the maps that both configurations share.
func locals(r row, experiments []experiment) string {
	var e, t, p strings.Builder
	for i, x := range experiments {
		fmt.Fprintf(&e, "    %q = %q\n", keyOf(i), x.Name)
		for _, key := range tagKeys[:r.tags] {
			fmt.Fprintf(&t, "    %q = { experiment = %q, key = %q, value = %q }\n", keyOf(i)+"/"+key, keyOf(i), key, x.tag(key))
		}
		if r.permissions {
			fmt.Fprintf(&p, "    %q = {", keyOf(i))
			for _, user := range slices.Sorted(maps.Keys(x.users)) {
				fmt.Fprintf(&p, " %q = %q,", user, x.users[user])
			}
			fmt.Fprintln(&p, " }")
		}
	}
	return fmt.Sprintf("\nlocals {\n  experiments = {\n%s  }\n  tags = {\n%s  }\n  permissions = {\n%s  }\n}\n", e.String(), t.String(), p.String())
}

// write writes a configuration and a state into a new folder.
func write(folder, configuration string, resources ...*resourceState) error {
	present := slices.DeleteFunc(resources, func(s *resourceState) bool { return len(s.Instances) == 0 })
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "bench", "outputs": map[string]any{}, "resources": present,
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(configuration), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "terraform.tfstate"), state, 0o600)
}
