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

// All configurations have the same structure: one block of each resource type, with for_each over a small map in a local value, and the
// IDs of the experiments in another local value. With a reference to the experiments, the CLI would evaluate all of them for each resource
// that refers to one.
const (
	// requiredBlock requires the provider.
	requiredBlock = `terraform {
  required_providers {
    mlflow = {
      source = "registry.terraform.io/mlflow-terraform/mlflow"
    }
  }
}
`
	providerBlock = requiredBlock + `
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

  name           = each.value
  create_parents = true
}
`
	tagBlock = `
resource "mlflow_experiment_tag" "this" {
  for_each = local.tags

  experiment_id = local.ids[split("/", each.key)[0]]
  key           = split("/", each.key)[1]
  value         = each.value
}
`
	permissionsBlock = `
resource "mlflow_experiment_permissions" "this" {
  for_each = local.users

  experiment_id = local.ids[each.key]
  users         = each.value
}
`
	folderPermissionsBlock = `
locals {
  paths = { for key, list in mlflow_folder_permissions.this : key => list.path }
}

resource "mlflow_folder_permissions" "this" {
  for_each = local.folders

  path           = each.value
  create_parents = true
  users          = local.folder_users
}
`
	floorBlock = `locals {
  ids = { for key, experiment in terraform_data.this : key => experiment.id }
}

resource "terraform_data" "this" {
  for_each = local.experiments

  input = each.value
}
`
	floorTagBlock = `
resource "terraform_data" "tag" {
  for_each = local.tags

  input = {
    experiment_id = local.ids[split("/", each.key)[0]]
    key           = split("/", each.key)[1]
    value         = each.value
  }
}
`
	floorPermissionsBlock = `
resource "terraform_data" "permissions" {
  for_each = local.users

  input = {
    experiment_id = local.ids[each.key]
    users         = each.value
  }
}
`
	floorFolderPermissionsBlock = `
locals {
  paths = { for key, list in terraform_data.folder : key => list.input.path }
}

resource "terraform_data" "folder" {
  for_each = local.folders

  input = {
    path  = each.value
    users = local.folder_users
  }
}
`
	pluginBlock = `terraform {
  required_providers {
    time = {
      source = "registry.terraform.io/hashicorp/time"
    }
  }
}

locals {
  ids = { for key, experiment in time_static.this : key => experiment.id }
}

resource "time_static" "this" {
  for_each = local.experiments

  triggers = {
    name = each.value
  }
}
`
	pluginTagBlock = `
resource "time_static" "tag" {
  for_each = local.tags

  triggers = {
    experiment_id = local.ids[split("/", each.key)[0]]
    key           = split("/", each.key)[1]
    value         = each.value
  }
}
`
	pluginPermissionsBlock = `
resource "time_static" "permissions" {
  for_each = local.users

  triggers = merge(each.value, { experiment_id = local.ids[each.key] })
}
`
	mlflowProvider = `provider["registry.terraform.io/mlflow-terraform/mlflow"]`
	floorProvider  = `provider["terraform.io/builtin/terraform"]`
	pluginProvider = `provider["registry.terraform.io/hashicorp/time"]`
	stateFile      = "terraform.tfstate"
	workspaceID    = "1234567890123456" // of local-workspace, for URLs
)

// resourceState is a resource in a state file.
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

// configuration is a configuration with its state. The instances of a resource are the experiments, the tags, or the permissions.
type configuration struct {
	row         row
	experiments []experiment
	text        string
	resources   []resourceState
}

// writeConfiguration writes a configuration of the provider, and its state after an apply.
func writeConfiguration(folder, url string, r row, experiments []experiment) error {
	c := configuration{row: r, experiments: experiments, text: fmt.Sprintf(providerBlock, url, adminToken)}
	c.add("mlflow_experiment", "this", mlflowProvider, func(x experiment) map[string]any {
		return map[string]any{
			"id": x.ID, "name": x.Name, "artifact_location": x.ArtifactLocation, "tags_all": map[string]string{},
			"create_parents": true,
			"creation_time":  time.UnixMilli(x.CreationTime).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			"url":            fmt.Sprintf("%s/ml/experiments/%s?w=%s", url, x.ID, workspaceID),
		}
	})
	c.addTags(tagBlock, "mlflow_experiment_tag", "this", mlflowProvider, func(x experiment, key string) map[string]any {
		return map[string]any{"id": x.ID + "/" + key, "experiment_id": x.ID, "key": key, "value": x.tag(key)}
	})
	if r.folderPermissions {
		c.text += folderPermissionsBlock // only used by an apply, which has no state
	}
	if r.permissions {
		c.text += permissionsBlock
		c.add("mlflow_experiment_permissions", "this", mlflowProvider, func(x experiment) map[string]any {
			return map[string]any{"id": x.ID, "experiment_id": x.ID, "users": x.users, "retained": map[string]string{}}
		})
	}
	return c.write(folder)
}

// writeFloor writes the same configuration with terraform_data, which needs no plugin.
func writeFloor(folder, _ string, r row, experiments []experiment) error {
	c := configuration{row: r, experiments: experiments, text: floorBlock}
	c.add("terraform_data", "this", floorProvider, func(x experiment) map[string]any {
		return dataAttributes(x.ID, x.Name, "string")
	})
	c.addTags(floorTagBlock, "terraform_data", "tag", floorProvider, func(x experiment, key string) map[string]any {
		return dataAttributes(x.ID+"/"+key, map[string]any{"experiment_id": x.ID, "key": key, "value": x.tag(key)},
			[]any{"object", map[string]string{"experiment_id": "string", "key": "string", "value": "string"}})
	})
	if r.folderPermissions {
		c.text += floorFolderPermissionsBlock
	}
	if r.permissions {
		c.text += floorPermissionsBlock
		c.add("terraform_data", "permissions", floorProvider, func(x experiment) map[string]any {
			users := map[string]string{}
			for user := range x.users {
				users[user] = "string"
			}
			return dataAttributes(x.ID, map[string]any{"experiment_id": x.ID, "users": x.users},
				[]any{"object", map[string]any{"experiment_id": "string", "users": []any{"object", users}}})
		})
	}
	return c.write(folder)
}

// dataAttributes returns the attributes of a terraform_data resource, whose values include their type.
func dataAttributes(id string, value, valueType any) map[string]any {
	typed := map[string]any{"value": value, "type": valueType}
	return map[string]any{"id": id, "input": typed, "output": typed, "triggers_replace": nil}
}

// writePlugin writes the same configuration with time_static of HashiCorp's time provider, which uses no server.
func writePlugin(folder, _ string, r row, experiments []experiment) error {
	c := configuration{row: r, experiments: experiments, text: pluginBlock}
	c.add("time_static", "this", pluginProvider, func(x experiment) map[string]any {
		return timeAttributes(x, map[string]string{"name": x.Name})
	})
	c.addTags(pluginTagBlock, "time_static", "tag", pluginProvider, func(x experiment, key string) map[string]any {
		return timeAttributes(x, map[string]string{"experiment_id": timeOf(x), "key": key, "value": x.tag(key)})
	})
	if r.permissions {
		c.text += pluginPermissionsBlock
		c.add("time_static", "permissions", pluginProvider, func(x experiment) map[string]any {
			triggers := maps.Clone(x.users)
			triggers["experiment_id"] = timeOf(x)
			return timeAttributes(x, triggers)
		})
	}
	return c.write(folder)
}

// timeAttributes returns the attributes of a time_static that was created together with an experiment.
func timeAttributes(x experiment, triggers map[string]string) map[string]any {
	t := time.UnixMilli(x.CreationTime).UTC()
	return map[string]any{
		"id": timeOf(x), "rfc3339": timeOf(x), "unix": t.Unix(), "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "triggers": triggers,
	}
}

// timeOf returns the ID of that time_static.
func timeOf(x experiment) string { return time.UnixMilli(x.CreationTime).UTC().Format(time.RFC3339) }

// add adds a resource with an instance for each experiment to the state.
func (c *configuration) add(kind, name, provider string, attributes func(experiment) map[string]any) {
	s := resourceState{Mode: "managed", Type: kind, Name: name, Provider: provider}
	for i, x := range c.experiments {
		s.Instances = append(s.Instances, instanceState{IndexKey: keyOf(i), Attributes: attributes(x)})
	}
	c.addState(s)
}

// addTags adds a block, and a resource with an instance for each tag of each experiment, if the row has tags.
func (c *configuration) addTags(block, kind, name, provider string, attributes func(experiment, string) map[string]any) {
	if c.row.tags == 0 {
		return
	}
	c.text += block
	s := resourceState{Mode: "managed", Type: kind, Name: name, Provider: provider}
	for i, x := range c.experiments {
		for _, key := range tagKeys[:c.row.tags] {
			s.Instances = append(s.Instances, instanceState{IndexKey: keyOf(i) + "/" + key, Attributes: attributes(x, key)})
		}
	}
	c.addState(s)
}

// addState adds the state of a resource. All resources except the experiments depend on the experiments.
func (c *configuration) addState(s resourceState) {
	if len(c.resources) > 0 {
		for i := range s.Instances {
			s.Instances[i].Dependencies = []string{c.resources[0].Type + "." + c.resources[0].Name}
		}
	}
	c.resources = append(c.resources, s)
}

// folderKey returns the key of a folder in the maps.
func folderKey(i int) string { return fmt.Sprintf("f%03d", i) }

// keyOf returns the key of an experiment in the maps.
func keyOf(i int) string { return fmt.Sprintf("e%05d", i) }

// locals writes the maps that all configurations share, and the variable that the names of new experiments contain.
func (c *configuration) locals() string {
	var names, tags, users strings.Builder
	for i, x := range c.experiments {
		fmt.Fprintf(&names, "    %q = %q\n", keyOf(i), x.Name)
		for _, key := range tagKeys[:c.row.tags] {
			fmt.Fprintf(&tags, "    %q = %q\n", keyOf(i)+"/"+key, x.tag(key))
		}
		fmt.Fprintf(&users, "    %q = %s\n", keyOf(i), grantsText(x.users))
	}
	text := fmt.Sprintf(
		"\nvariable \"run\" {\n  type = string\n}\n\nlocals {\n  experiments = {\n%s  }\n  tags = {\n%s  }\n  users = {\n%s  }\n}\n",
		names.String(),
		tags.String(),
		users.String(),
	)
	if c.row.folderPermissions {
		text += c.folderLocals()
	}
	return text
}

// folderLocals writes the folders and their grants.
func (c *configuration) folderLocals() string {
	var paths strings.Builder
	for i := range c.row.folders {
		fmt.Fprintf(&paths, "    %q = %q\n", folderKey(i), newFolder(i))
	}
	return fmt.Sprintf("\nlocals {\n  folders = {\n%s  }\n  folder_users = %s\n}\n", paths.String(), grantsText(newUsers))
}

// grantsText writes a map of levels by user.
func grantsText(users map[string]string) string {
	var levels []string
	for _, user := range slices.Sorted(maps.Keys(users)) {
		levels = append(levels, fmt.Sprintf("%q = %q", user, users[user]))
	}
	return fmt.Sprintf("{ %s }", strings.Join(levels, ", "))
}

// write writes the configuration into a new folder, and its state unless the row measures an apply.
func (c *configuration) write(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(c.text+c.locals()), 0o600); err != nil || c.row.apply {
		return err
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "bench", "outputs": map[string]any{}, "resources": c.resources,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, stateFile), state, 0o600)
}
