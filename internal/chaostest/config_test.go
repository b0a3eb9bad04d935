package chaostest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// config is a configuration: its resources by label.
type config struct {
	defaults    map[string]string // default_tags
	experiments map[string]experiment
	tags        map[string]tag
	permissions map[string]levels // authoritative, by the label of the experiment
	grants      map[string]grant  // additive
	accounts    map[string]account
	roles       map[string]role
	members     map[string]member
}

// experiment is an mlflow_experiment. Empty values are omitted.
type experiment struct {
	folder, base                                     string // of the name
	spelling                                         int    // of the name: bit 0 adds the prefix /Workspace, bit 1 a trailing slash
	location, description, ifDeleted, deletionPolicy string
	tags                                             map[string]string
	adopt, parents                                   bool
}

// levels are the grants of an mlflow_experiment_permissions, as the directory spells the principals.
type levels map[emulator.Principal]string

// tag is an mlflow_experiment_tag on an experiment that is not in the configuration.
type tag struct{ id, key, value string }

// grant is an mlflow_experiment_permission on an experiment in the configuration (label) or on another one (id).
type grant struct {
	label, id string
	principal emulator.Principal
	level     string
}

func (c config) clone() config {
	c.defaults = maps.Clone(c.defaults)
	c.experiments = maps.Clone(c.experiments)
	for label, e := range c.experiments {
		e.tags = maps.Clone(e.tags)
		c.experiments[label] = e
	}
	c.tags, c.grants = maps.Clone(c.tags), maps.Clone(c.grants)
	c.permissions = maps.Clone(c.permissions)
	for label, l := range c.permissions {
		c.permissions[label] = maps.Clone(l)
	}
	c.accounts, c.roles, c.members = maps.Clone(c.accounts), maps.Clone(c.roles), maps.Clone(c.members)
	for label, r := range c.roles {
		c.roles[label] = r.clone()
	}
	return c
}

func newConfig() config {
	return config{map[string]string{}, map[string]experiment{}, map[string]tag{}, map[string]levels{}, map[string]grant{},
		map[string]account{}, map[string]role{}, map[string]member{}}
}

// path returns the name as the workspace returns it.
func (e experiment) path() string { return e.folder + "/" + e.base }

func (e experiment) name() string {
	name := e.path()
	if e.spelling&1 != 0 {
		name = "/Workspace" + name
	}
	if e.spelling&2 != 0 {
		name += "/"
	}
	return name
}

// wanted returns all tags that the experiment must have, including its description.
func (c config) wanted(label string) map[string]string {
	e := c.experiments[label]
	wanted := maps.Clone(c.defaults)
	maps.Copy(wanted, e.tags)
	if e.description != "" {
		wanted[descriptionTag] = e.description
	}
	return wanted
}

const descriptionTag = "mlflow.note.content"

// hasGrants reports whether the experiment has additive grants.
func (c config) hasGrants(label string) bool {
	for _, g := range c.grants {
		if g.label == label {
			return true
		}
	}
	return false
}

// labels returns sorted labels, so that random choices are reproducible.
func labels[V any](blocks map[string]V) []string { return slices.Sorted(maps.Keys(blocks)) }

// remove removes an experiment, and the resources that depend on it.
func (c config) remove(label string) {
	delete(c.experiments, label)
	delete(c.permissions, label)
	for name, g := range c.grants {
		if g.label == label {
			delete(c.grants, name)
		}
	}
}

type object = map[string]any

// write writes the configuration into a folder, as main.tf.json.
func (c config) write(t *testing.T, dir string, provider object, ignoresCase bool) {
	t.Helper()
	resources := map[string]object{}
	add := func(kind, label string, attributes object) {
		if resources[kind] == nil {
			resources[kind] = object{}
		}
		resources[kind][label] = attributes
	}
	for label, e := range c.experiments {
		add("mlflow_experiment", label, e.block())
	}
	for label, x := range c.tags {
		add("mlflow_experiment_tag", label, object{"experiment_id": x.id, "key": x.key, "value": x.value})
	}
	for label, l := range c.permissions {
		add("mlflow_experiment_permissions", label, l.block(label, ignoresCase))
	}
	for label, g := range c.grants {
		add("mlflow_experiment_permission", label, g.block())
	}
	c.writeDirectory(add)
	provider = maps.Clone(provider)
	if len(c.defaults) > 0 {
		provider["default_tags"] = c.defaults
	}
	whole := object{
		"terraform": object{"required_providers": object{"mlflow": object{"source": "mlflow-terraform/mlflow"}}},
		"provider":  object{"mlflow": provider},
	}
	if len(resources) > 0 {
		whole["resource"] = resources
	}
	data, err := json.MarshalIndent(whole, "", "  ")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "main.tf.json"), data, 0o600))
}

func (e experiment) block() object {
	b := object{"name": e.name()}
	for name, value := range map[string]string{
		"artifact_location": e.location, "description": e.description, "if_deleted": e.ifDeleted, "deletion_policy": e.deletionPolicy,
	} {
		if value != "" {
			b[name] = value
		}
	}
	if len(e.tags) > 0 {
		b["tags"] = e.tags
	}
	if e.adopt {
		b["adopt_existing"] = true
	}
	if e.parents {
		b["create_parents"] = true
	}
	return b
}

func (l levels) block(label string, ignoresCase bool) object {
	b := object{"experiment_id": reference(label)}
	for p, level := range l {
		attribute := p.Kind + "s"
		if b[attribute] == nil {
			b[attribute] = map[string]string{}
		}
		// If case is ignored, some emails have another spelling than in the directory.
		name := p.Name
		if ignoresCase && p.Kind == "user" && level == "CAN_EDIT" {
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		if m, ok := b[attribute].(map[string]string); ok {
			m[name] = level
		}
	}
	return b
}

func (g grant) block() object {
	id := g.id
	if g.label != "" {
		id = reference(g.label)
	}
	attribute := map[string]string{
		"user": "user_name", "group": "group_name", "service_principal": "service_principal_name",
	}[g.principal.Kind]
	return object{"experiment_id": id, attribute: g.principal.Name, "permission_level": g.level}
}

func reference(label string) string { return "${mlflow_experiment." + label + ".id}" }
