package role

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

func TestSuggestRoleLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"READ": "", "USE": "", "EDIT": "", "MANAGE": "", "DENY": "", "OWN": "", "": "", "NO_PERMISSIONS": "",
		"read": "READ", "CAN_EDIT": "EDIT", "can-manage": "MANAGE", "Deny": "DENY", "write": "EDIT", "IS_OWNER": "MANAGE", "viewer": "READ",
		"CAN_USE": "USE",
	} {
		if got := suggestRoleLevel(text); got != want {
			t.Errorf("suggestRoleLevel(%q): got %q, want %q", text, got, want)
		}
	}
	if got := suggestRoleLevel(" Deny "); got != "DENY" {
		t.Errorf("DENY in white space: got %q, want DENY", got)
	}
}

func TestInvalidGrantKeyReason(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"experiment/*": "", "experiment/12": "", "registered_model/a/b c": "", "prompt/*": "", "scorer/12/quality": "", "scorer/*": "",
		"workspace/*": "", "new_type/x": "",
		"experiment": `Use "experiment/*" for all`, "": "TYPE/PATTERN", "/x": "TYPE/PATTERN", "experiment/": "TYPE/PATTERN",
		"experiment/ ":   "TYPE/PATTERN",
		"workspace/risk": `Use "workspace/*"`, "run/12": `Use "run/*"`, "mcp_server_version/1": `Use "mcp_server_version/*"`,
		"experiment/churn": "is not an experiment ID", "experiment/12*": "is not an experiment ID",
		"scorer/quality": "scorer/EXPERIMENT_ID/NAME",
	} {
		if got := invalidGrantKeyReason(key); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func TestGrantsValidator(t *testing.T) {
	t.Parallel()
	text := types.StringValue
	for name, c := range map[string]struct {
		key   string
		level attr.Value
		want  string
	}{
		"valid":                      {"experiment/*", text("EDIT"), ""},
		"unknown":                    {"experiment/*", types.StringUnknown(), ""},
		"null counts as absent":      {"nonsense", types.StringNull(), ""},
		"invalid key, unknown level": {"nonsense", types.StringUnknown(), "error: Invalid grant"},
		"level of an experiment": {"experiment/*", text("CAN_EDIT"), "error: Invalid permission level: \"CAN_EDIT\" is not a permission level " +
			"of a role. Use EDIT."},
		"NO_PERMISSIONS":        {"experiment/*", text("NO_PERMISSIONS"), "error: Invalid permission level: NO_PERMISSIONS cannot be granted"},
		"empty":                 {"experiment/*", text(""), "error: Invalid permission level"},
		"unknown level":         {"experiment/*", text("OWN"), "warning: Unknown permission level"},
		"READ on a workspace":   {"workspace/*", text("READ"), "error: Invalid permission level: READ cannot be granted on a workspace"},
		"DENY on a workspace":   {"workspace/*", text("DENY"), "error: Invalid permission level: DENY cannot be granted on a workspace"},
		"USE on a workspace":    {"workspace/*", text("USE"), ""},
		"MANAGE on a workspace": {"workspace/*", text("MANAGE"), ""},
		"pattern with a prefix": {"prompt/support-*", text("READ"), "warning: Pattern is not a wildcard"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := validator.MapRequest{
				Path: path.Root("grants"), ConfigValue: types.MapValueMust(types.StringType, map[string]attr.Value{c.key: c.level}),
			}
			var resp validator.MapResponse
			grantsValidator{}.ValidateMap(t.Context(), req, &resp)
			got := ""
			for _, d := range resp.Diagnostics {
				got += fmt.Sprintf("%s: %s: %s", strings.ToLower(d.Severity().String()), d.Summary(), d.Detail())
			}
			if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("got diagnostics %q, want %q", got, c.want)
			}
		})
	}
}

// grants parses grants in the form "type/pattern LEVEL".
func grants(texts ...string) []mlflowserver.RoleGrant {
	var all []mlflowserver.RoleGrant
	for _, text := range texts {
		key, level, _ := strings.Cut(text, " ")
		g, _ := parseGrantKey(key)
		g.Level = level
		all = append(all, g)
	}
	return all
}

// levels returns the levels of grants in the form "type/pattern LEVEL", by key.
func levels(texts ...string) map[string]string {
	all := map[string]string{}
	for _, g := range grants(texts...) {
		all[grantKey(g)] = g.Level
	}
	return all
}

func TestGrantChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role, declared, before []string
		want                   []string
	}{
		"no change": {[]string{"run/* READ"}, []string{"run/* READ"}, nil, nil},
		"in order": {[]string{"a/* READ", "b/* READ", "z/* READ"}, []string{"b/* EDIT", "d/* READ", "c/* USE"}, nil,
			[]string{"+c/* USE", "+d/* READ", "~b/* EDIT", "-a/*", "-z/*"}},
		"one object replaced by all": {[]string{"prompt/bot READ"}, []string{"prompt/* READ"}, []string{"prompt/bot READ"},
			[]string{"+prompt/* READ", "-prompt/bot"}},
		"undeclared on one object": {[]string{"experiment/1 READ", "prompt/bot EDIT"}, nil, nil, nil},
		"no longer declared": {[]string{"experiment/1 READ", "prompt/bot EDIT"}, nil, []string{"experiment/1 READ"},
			[]string{"-experiment/1"}},
		"declared, with another level": {[]string{"experiment/1 READ"}, []string{"experiment/1 MANAGE"}, nil, []string{"~experiment/1 MANAGE"}},
		"already removed":              {nil, nil, []string{"experiment/1 READ", "run/* READ"}, nil},
		"names with slashes": {[]string{"prompt/a/b READ"}, []string{"prompt/a/b EDIT", "prompt/a READ"}, nil, []string{"+prompt/a READ",
			"~prompt/a/b EDIT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, change := range grantChanges(mlflowserver.Role{Grants: grants(c.role...)}, levels(c.declared...), levels(c.before...)) {
				switch change.kind {
				case grantAdded:
					got = append(got, "+"+grantKey(change.grant)+" "+change.grant.Level)
				case grantLevelChanged:
					got = append(got, "~"+grantKey(change.grant)+" "+change.level)
				default:
					got = append(got, "-"+grantKey(change.grant))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got changes %q, want %q", got, c.want)
			}
		})
	}
}

func TestManagedGrants(t *testing.T) {
	t.Parallel()
	role := mlflowserver.Role{
		Grants: grants("experiment/* READ", "experiment/1 EDIT", "experiment/2 EDIT", "prompt/bot USE", "workspace/* USE"),
	}
	for name, c := range map[string]struct {
		before     []string
		isImported bool
		want       []string
	}{
		"grants on all objects": {nil, false, []string{"experiment/* READ", "workspace/* USE"}},
		"declared grants on one object": {[]string{"experiment/1 READ", "prompt/other READ"}, false,
			[]string{"experiment/* READ", "experiment/1 EDIT", "workspace/* USE"}},
		"an import": {nil, true, []string{"experiment/* READ", "prompt/bot USE", "workspace/* USE"}},
	} {
		if got := managedGrants(role, levels(c.before...), c.isImported); !maps.Equal(got, levels(c.want...)) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestParseRoleImport(t *testing.T) {
	t.Parallel()
	for id, c := range map[string]struct {
		names []string
		want  string // workspace and values; empty if the ID is invalid
	}{
		"ds":                       {[]string{"name"}, "|ds"},
		"name=ds":                  {[]string{"name"}, "|ds"},
		"name=name=ds":             {[]string{"name"}, "|name=ds"},
		"workspace=risk,name=a,b":  {[]string{"name"}, "risk|a,b"},
		"workspace=risk,ds":        {[]string{"name"}, "risk|ds"},
		"workspace=risk":           {[]string{"name"}, ""},
		"":                         {[]string{"name"}, ""},
		"role=ds":                  {[]string{"role"}, "|ds"},
		"role=a,user=b":            {[]string{"role", "user"}, "|a|b"},
		"role=a,user=b,user=c":     {[]string{"role", "user"}, "|a,user=b|c"},
		"workspace=w,role=a,user=": {[]string{"role", "user"}, ""},
		"role=a":                   {[]string{"role", "user"}, ""},
		"a,user=b":                 {[]string{"role", "user"}, ""},
	} {
		workspace, values, ok := parseRoleImport(id, c.names...)
		got := ""
		if ok {
			got = workspace
			for _, name := range c.names {
				got += "|" + values[name]
			}
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", id, got, c.want)
		}
	}
}

func TestRoleModel_refresh(t *testing.T) {
	t.Parallel()
	null, empty := types.MapNull(types.StringType), types.MapValueMust(types.StringType, map[string]attr.Value{})
	withNull := types.MapValueMust(types.StringType, map[string]attr.Value{"run/*": types.StringNull(), "scorer/*": types.StringNull()})
	for name, c := range map[string]struct {
		before roleModel
		role   mlflowserver.Role
		want   roleModel
	}{
		"null values in the state": {
			roleModel{ID: types.StringValue("x"), Grants: null}, mlflowserver.Role{}, roleModel{Grants: null},
		},
		"empty values in the state": {
			roleModel{ID: types.StringValue("x"), Grants: empty, Description: types.StringValue("")}, mlflowserver.Role{},
			roleModel{Grants: empty, Description: types.StringValue("")},
		},
		"description removed": {
			roleModel{ID: types.StringValue("x"), Grants: null, Description: types.StringValue("a")}, mlflowserver.Role{}, roleModel{Grants: null},
		},
		"null counts as absent": {
			roleModel{ID: types.StringValue("x"), Grants: withNull}, mlflowserver.Role{Grants: grants("run/* READ")},
			roleModel{Grants: types.MapValueMust(types.StringType, map[string]attr.Value{"run/*": types.StringValue("READ"),
				"scorer/*": types.StringNull()})},
		},
	} {
		c.before.Workspace = types.StringValue("risk")
		c.before.refresh(nil, c.role)
		if !c.before.Grants.Equal(c.want.Grants) || !c.before.Description.Equal(c.want.Description) {
			t.Errorf("%s: got %v, want %v", name, c.before, c.want)
		}
	}
}
