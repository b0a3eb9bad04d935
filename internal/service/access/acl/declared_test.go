package acl

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

const someApplication = "6f1c2a34-5b67-4c89-9d01-23456789abcd"

type levels = map[string]string

// rules are those of Databricks: users and service principals compare case-insensitively.
var rules = framework.RulesOf(mlflow.KindDatabricks)

// permissionsOf returns a model with three maps; nil is null.
func permissionsOf(groups, users, servicePrincipals levels) *Declared {
	nullable := func(m levels) types.Map {
		if m == nil {
			return types.MapNull(types.StringType)
		}
		return framework.StringMapValue(m)
	}
	return &Declared{
		Retained: framework.StringMapValue(nil),
		Groups:   nullable(groups), Users: nullable(users), ServicePrincipals: nullable(servicePrincipals),
	}
}

// plannedPermissions returns permissionsOf as Terraform proposes it: computed attributes are unknown.
func plannedPermissions(groups, users, servicePrincipals levels) *Declared {
	m := permissionsOf(groups, users, servicePrincipals)
	m.Retained = types.MapUnknown(types.StringType)
	return m
}

func unknownLevel(name string) types.Map {
	return types.MapValueMust(types.StringType, map[string]attr.Value{name: types.StringUnknown()})
}

func TestDeclared_suppressEquivalent(t *testing.T) {
	state := permissionsOf(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil)
	cases := map[string]struct {
		plan, want *Declared
		writes     bool
	}{
		"the same": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			want: state,
		},
		"a different spelling keeps the whole map": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"ana@EXAMPLE.com": "CAN_EDIT", "BEN@example.com": "CAN_READ"}, nil),
			want: state,
		},
		"a different spelling beside a change is planned": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_EDIT"},
				nil),
			want:   permissionsOf(levels{"risk": "CAN_READ"}, levels{"ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_EDIT"}, nil),
			writes: true,
		},
		"groups are spelled exactly": {
			plan: plannedPermissions(levels{"Risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"},
				nil),
			want:   permissionsOf(levels{"Risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			writes: true,
		},
		"empty instead of null writes nothing": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"},
				levels{}),
			want: permissionsOf(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, levels{}),
		},
		"moving to another map writes nothing": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT"},
				levels{"BEN@example.com": "CAN_READ"}),
			want: permissionsOf(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT"}, levels{"BEN@example.com": "CAN_READ"}),
		},
		"a removed map": {
			plan:   plannedPermissions(nil, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			want:   permissionsOf(nil, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			writes: true,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.plan.NeedsWrite(rules, state); got != c.writes {
				t.Errorf("NeedsWrite: got %t, want %t", got, c.writes)
			}
			c.plan.SuppressEquivalent(rules, state, false)
			if c.writes {
				c.want.Retained = types.MapUnknown(types.StringType)
			}
			expectModel(t, c.plan, c.want)
		})
	}
}

func TestDeclared_suppressEquivalentUnknown(t *testing.T) {
	state := permissionsOf(levels{"risk": "CAN_READ"}, nil, nil)
	change := map[string]func(*Declared){
		"a value":            func(m *Declared) { m.Groups = unknownLevel("risk") },
		"a map":              func(m *Declared) { m.Users = types.MapUnknown(types.StringType) },
		"keep_caller_access": func(m *Declared) { m.KeepCallerAccess = types.BoolUnknown() },
		"retained":           func(m *Declared) { m.KeepCallerAccess = types.BoolValue(false) },
	}
	for name, mutate := range change {
		t.Run(name, func(t *testing.T) {
			plan := plannedPermissions(levels{"risk": "CAN_READ"}, nil, nil)
			mutate(plan)
			want := *plan
			want.Retained = types.MapUnknown(types.StringType)
			plan.SuppressEquivalent(rules, state, false)
			expectModel(t, plan, &want)
			if !plan.NeedsWrite(rules, state) {
				t.Error("NeedsWrite: got false, want true")
			}
		})
	}
}

// duplicateErrors returns the errors about principals that are declared twice.
func duplicateErrors(m *Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, d := range m.duplicates(rules) {
		d.addError(&diags)
	}
	return diags
}

func TestDeclared_duplicates(t *testing.T) {
	cases := map[string]struct {
		model *Declared
		want  []path.Path
	}{
		"none": {model: permissionsOf(levels{"ds": "CAN_READ", "DS": "CAN_EDIT"}, levels{"ds": "CAN_READ"}, nil)},
		"case": {
			model: permissionsOf(nil, levels{"Ana@example.com": "CAN_READ", "ana@example.com": "CAN_EDIT"}, nil),
			want:  []path.Path{path.Root("users").AtMapKey("ana@example.com")},
		},
		"across the maps": {
			model: permissionsOf(nil, levels{someApplication: "CAN_READ"}, levels{strings.ToUpper(someApplication): "CAN_EDIT"}),
			want:  []path.Path{path.Root("service_principals").AtMapKey(strings.ToUpper(someApplication))},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { expectPaths(t, duplicateErrors(c.model), c.want...) })
	}
	unknown := permissionsOf(nil, levels{"Ana@example.com": "CAN_READ"}, nil)
	unknown.ServicePrincipals = unknownLevel("ana@example.com")
	expectPaths(t, duplicateErrors(unknown)) // it can turn out to be null, and so is ignored
	unknown.ServicePrincipals = types.MapUnknown(types.StringType)
	expectPaths(t, duplicateErrors(unknown))
}

// TestDeclared_retainedGrants: `retained` contains no kinds, so the kind of a principal follows from its name and the server. An MLflow
// server has no service principals, even if a username looks like an application ID.
func TestDeclared_retainedGrants(t *testing.T) {
	const user, sp = mlflow.KindUser, mlflow.KindServicePrincipal
	for name, c := range map[string]struct {
		server, principal string
		declared          *Declared
		want              mlflow.PrincipalKind // empty if the grant is declared
	}{
		"email on Databricks":          {mlflow.KindDatabricks, "ana@example.com", permissionsOf(nil, nil, nil), user},
		"application ID on Databricks": {mlflow.KindDatabricks, someApplication, permissionsOf(nil, nil, nil), sp},
		"declared application ID": {
			mlflow.KindDatabricks, someApplication, permissionsOf(nil, nil, levels{strings.ToUpper(someApplication): "CAN_READ"}), "",
		},
		"application ID declared as a user": {
			mlflow.KindDatabricks, someApplication, permissionsOf(nil, levels{someApplication: "CAN_READ"}, nil), "",
		},
		"UUID on an MLflow server": {mlflow.KindServer, someApplication, permissionsOf(nil, nil, nil), user},
		"declared UUID on an MLflow server": {
			mlflow.KindServer, someApplication, permissionsOf(nil, levels{someApplication: "CAN_READ"}, nil), "",
		},
		"role of the same name on an MLflow server": {mlflow.KindServer, "ana", permissionsOf(levels{"ana": "CAN_READ"}, nil, nil), user},
	} {
		var want []mlflow.Grant
		if c.want != "" {
			want = []mlflow.Grant{{Principal: mlflow.Principal{Kind: c.want, Name: c.principal}, Level: "CAN_MANAGE"}}
		}
		retained := framework.StringMapValue(levels{c.principal: "CAN_MANAGE"})
		if got := c.declared.retainedGrants(framework.RulesOf(c.server), retained); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// aclEntry returns a principal with direct levels and, after "<", inherited ones: aclEntry(user, "ana", "CAN_READ", "<CAN_EDIT").
func aclEntry(kind mlflow.PrincipalKind, name string, permissions ...string) mlflow.ACLEntry {
	e := mlflow.ACLEntry{Principal: mlflow.Principal{Kind: kind, Name: name}}
	for _, p := range permissions {
		level, inherited := strings.CutPrefix(p, "<")
		e.Permissions = append(e.Permissions, mlflow.Permission{Level: level, Inherited: inherited})
	}
	return e
}

func TestDeclared_setFromACL(t *testing.T) {
	const user, group, sp = mlflow.KindUser, mlflow.KindGroup, mlflow.KindServicePrincipal
	cases := map[string]struct {
		state, want *Declared
		acl         []mlflow.ACLEntry
	}{
		"the spelling in the state is kept": {
			state: permissionsOf(nil, levels{"Ana@Example.com": "CAN_READ"}, levels{strings.ToUpper(someApplication): "CAN_EDIT"}),
			acl:   []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_READ"), aclEntry(sp, someApplication, "CAN_EDIT")},
			want:  permissionsOf(nil, levels{"Ana@Example.com": "CAN_READ"}, levels{strings.ToUpper(someApplication): "CAN_EDIT"}),
		},
		"a service principal declared as a user is kept there": {
			state: permissionsOf(nil, levels{someApplication: "CAN_READ"}, nil),
			acl:   []mlflow.ACLEntry{aclEntry(sp, someApplication, "CAN_MANAGE")},
			want:  permissionsOf(nil, levels{someApplication: "CAN_MANAGE"}, nil),
		},
		"undeclared grants are added by kind": {
			state: permissionsOf(nil, nil, nil),
			acl: []mlflow.ACLEntry{aclEntry(group, "ds", "CAN_READ"), aclEntry(user, "ben@example.com", "CAN_EDIT"),
				aclEntry(sp, someApplication, "CAN_READ")},
			want: permissionsOf(levels{"ds": "CAN_READ"}, levels{"ben@example.com": "CAN_EDIT"}, levels{someApplication: "CAN_READ"}),
		},
		"admins and inherited grants are omitted": {
			state: permissionsOf(levels{}, nil, nil),
			acl: []mlflow.ACLEntry{aclEntry(group, "admins", "CAN_MANAGE", "<CAN_MANAGE"),
				aclEntry(user, "ben@example.com", "<CAN_MANAGE")},
			want: permissionsOf(levels{}, nil, nil),
		},
		"an undeclared grant that is also inherited is omitted": {
			state: permissionsOf(levels{"ds": "CAN_READ"}, nil, nil),
			acl: []mlflow.ACLEntry{
				aclEntry(group, "ds", "CAN_READ", "<CAN_EDIT"), aclEntry(user, "ana@example.com", "CAN_MANAGE", "<CAN_MANAGE"),
				aclEntry(user, "ben@example.com", "CAN_EDIT", "<CAN_RUN", "<CAN_READ"), aclEntry(group, "risk", "CAN_RUN", "<CAN_MANAGE"),
			},
			want: permissionsOf(levels{"ds": "CAN_READ"}, levels{"ben@example.com": "CAN_EDIT"}, nil),
		},
		"revoked grants are removed": {
			state: permissionsOf(levels{"ds": "CAN_READ"}, levels{"ben@example.com": "CAN_EDIT", "ana@example.com": "CAN_EDIT"}, nil),
			acl: []mlflow.ACLEntry{aclEntry(user, "ben@example.com", "CAN_EDIT", "<CAN_READ"),
				aclEntry(user, "ana@example.com", "<CAN_EDIT")},
			want: permissionsOf(nil, levels{"ben@example.com": "CAN_EDIT"}, nil),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.state.SetFromACL(rules, mlflow.ACL{Entries: c.acl, Admins: mlflow.Principal{Kind: group, Name: "admins"}}, nil)
			expectModel(t, c.state, c.want)
		})
	}
}

func TestHasManage(t *testing.T) {
	caller := mlflow.Caller{Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: "ana@example.com"}, Groups: []string{"ds", "admins"}}
	const user, group = mlflow.KindUser, mlflow.KindGroup
	cases := map[string]struct {
		direct []mlflow.ACLEntry
		acl    []mlflow.ACLEntry
		want   bool
	}{
		"nothing":                   {},
		"own grant in another case": {direct: []mlflow.ACLEntry{aclEntry(user, "Ana@Example.com", "CAN_MANAGE")}, want: true},
		"own grant is lower":        {direct: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_EDIT")}},
		"a group's grant":           {direct: []mlflow.ACLEntry{aclEntry(group, "ds", "CAN_MANAGE")}, want: true},
		"a group in another case":   {direct: []mlflow.ACLEntry{aclEntry(group, "DS", "CAN_MANAGE")}},
		"another user's":            {direct: []mlflow.ACLEntry{aclEntry(user, "ben@example.com", "CAN_MANAGE")}},
		"inherited":                 {acl: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "<CAN_MANAGE")}, want: true},
		"inherited by admins":       {acl: []mlflow.ACLEntry{aclEntry(group, "admins", "<CAN_MANAGE")}, want: true},
		"only before the write":     {acl: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_MANAGE")}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			direct := DirectGrants(mlflow.ACL{Entries: c.direct})
			if got := HasManage(rules, caller, direct, mlflow.ACL{Entries: c.acl}); got != c.want {
				t.Errorf("HasManage: got %t, want %t", got, c.want)
			}
			grants := withCaller(rules, caller, direct, mlflow.ACL{Entries: c.acl})
			added := !slices.Equal(grants, direct)
			if added == c.want {
				t.Errorf("withCaller added a grant: got %t, want %t", added, !c.want)
			}
			if len(LevelsOf(rules, grants)) != len(grants) {
				t.Errorf("got %v, want each principal once", grants)
			}
		})
	}
}

func TestPrincipalsValidator(t *testing.T) {
	at := path.Root("m")
	cases := map[string]struct {
		kind     mlflow.PrincipalKind
		value    types.Map
		errors   []path.Path
		warnings []path.Path
	}{
		"valid": {kind: mlflow.KindUser,
			value: framework.StringMapValue(levels{"ana@example.com": "CAN_MANAGE", "admins": "CAN_READ"})},
		"unknown":       {kind: mlflow.KindGroup, value: types.MapUnknown(types.StringType)},
		"unknown level": {kind: mlflow.KindGroup, value: unknownLevel("ds")},
		"empty key": {kind: mlflow.KindUser, value: framework.StringMapValue(levels{" ": "CAN_READ"}),
			errors: []path.Path{at.AtMapKey(" ")}},
		"null level": {kind: mlflow.KindUser, value: framework.MapValue(map[string]types.String{"ana": types.StringNull()})},
		"a display name": {
			kind: mlflow.KindServicePrincipal, value: framework.StringMapValue(levels{"deployer": "CAN_READ", someApplication: "CAN_READ"}),
			warnings: []path.Path{at.AtMapKey("deployer")},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var resp validator.MapResponse
			principalsValidator{c.kind}.ValidateMap(context.Background(), validator.MapRequest{Path: at, ConfigValue: c.value}, &resp)
			expectPaths(t, resp.Diagnostics.Errors(), c.errors...)
			expectPaths(t, resp.Diagnostics.Warnings(), c.warnings...)
		})
	}
}

// TestDeclared_suppressEquivalentOtherObject: a plan for another object writes the list, regardless of its grants.
func TestDeclared_suppressEquivalentOtherObject(t *testing.T) {
	state, plan := permissionsOf(levels{"risk": "CAN_READ"}, nil, nil), plannedPermissions(levels{"risk": "CAN_READ"}, nil, nil)
	plan.SuppressEquivalent(rules, state, true)
	expectModel(t, plan, plannedPermissions(levels{"risk": "CAN_READ"}, nil, nil))
}

func expectModel(t *testing.T, got, want *Declared) {
	t.Helper()
	for name, pair := range map[string][2]attr.Value{
		"groups": {got.Groups, want.Groups}, "users": {got.Users, want.Users},
		"service_principals": {got.ServicePrincipals, want.ServicePrincipals},
		"keep_caller_access": {got.KeepCallerAccess, want.KeepCallerAccess}, "retained": {got.Retained, want.Retained},
	} {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
}
