package access

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

const someApplication = "6f1c2a34-5b67-4c89-9d01-23456789abcd"

type levels = map[string]string

// permissionsOf makes a model of three maps; nil is null.
// rules are those of Databricks: users and service principals compare case-insensitively.
var rules = framework.RulesOf(mlflow.KindDatabricks)

func permissionsOf(groups, users, servicePrincipals levels) *experimentPermissionsModel {
	nullable := func(m levels) types.Map {
		if m == nil {
			return types.MapNull(types.StringType)
		}
		return framework.StringMapValue(m)
	}
	return &experimentPermissionsModel{
		ExperimentID: types.StringValue("1"), ID: types.StringValue("1"), Retained: framework.StringMapValue(nil),
		Groups: nullable(groups), Users: nullable(users), ServicePrincipals: nullable(servicePrincipals),
	}
}

// plannedPermissions is permissionsOf as Terraform proposes it: what is computed is unknown.
func plannedPermissions(groups, users, servicePrincipals levels) *experimentPermissionsModel {
	m := permissionsOf(groups, users, servicePrincipals)
	m.ID, m.Retained = types.StringUnknown(), types.MapUnknown(types.StringType)
	return m
}

func unknownLevel(name string) types.Map {
	return types.MapValueMust(types.StringType, map[string]attr.Value{name: types.StringUnknown()})
}

func TestPermissionsModelSettle(t *testing.T) {
	state := permissionsOf(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil)
	cases := map[string]struct {
		plan, want *experimentPermissionsModel
		writes     bool
	}{
		"the same": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil), want: state,
		},
		"a respelling keeps the whole map": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"ana@EXAMPLE.com": "CAN_EDIT", "BEN@example.com": "CAN_READ"}, nil), want: state,
		},
		"a respelling beside a change is taken as configured": {
			plan:   plannedPermissions(levels{"risk": "CAN_READ"}, levels{"ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_EDIT"}, nil),
			want:   permissionsOf(levels{"risk": "CAN_READ"}, levels{"ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_EDIT"}, nil),
			writes: true,
		},
		"groups are spelled exactly": {
			plan:   plannedPermissions(levels{"Risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			want:   permissionsOf(levels{"Risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, nil),
			writes: true,
		},
		"empty instead of null writes nothing": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, levels{}),
			want: permissionsOf(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT", "ben@example.com": "CAN_READ"}, levels{}),
		},
		"moving to another map writes nothing": {
			plan: plannedPermissions(levels{"risk": "CAN_READ"}, levels{"Ana@example.com": "CAN_EDIT"}, levels{"BEN@example.com": "CAN_READ"}),
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
			if got := c.plan.writesOver(rules, state); got != c.writes {
				t.Errorf("writesOver = %v, want %v", got, c.writes)
			}
			c.plan.settle(rules, state)
			if c.writes {
				c.want.Retained = types.MapUnknown(types.StringType)
			}
			expectModel(t, c.plan, c.want)
		})
	}
}

func TestPermissionsModelSettleUnknown(t *testing.T) {
	state := permissionsOf(levels{"risk": "CAN_READ"}, nil, nil)
	change := map[string]func(*experimentPermissionsModel){
		"a value":              func(m *experimentPermissionsModel) { m.Groups = unknownLevel("risk") },
		"a map":                func(m *experimentPermissionsModel) { m.Users = types.MapUnknown(types.StringType) },
		"the experiment":       func(m *experimentPermissionsModel) { m.ExperimentID = types.StringUnknown() },
		"keep_caller_access":   func(m *experimentPermissionsModel) { m.KeepCallerAccess = types.BoolUnknown() },
		"another experiment":   func(m *experimentPermissionsModel) { m.ExperimentID = types.StringValue("2") },
		"the caller's keeping": func(m *experimentPermissionsModel) { m.KeepCallerAccess = types.BoolValue(false) },
	}
	for name, mutate := range change {
		t.Run(name, func(t *testing.T) {
			plan := plannedPermissions(levels{"risk": "CAN_READ"}, nil, nil)
			mutate(plan)
			want := *plan
			want.ID = plan.ExperimentID
			want.Retained = types.MapUnknown(types.StringType)
			plan.settle(rules, state)
			expectModel(t, plan, &want)
			if !plan.writesOver(rules, state) {
				t.Error("the change is not written")
			}
		})
	}
}

// refusedDuplicates are the errors about principals that are declared twice.
func refusedDuplicates(m *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, d := range m.duplicates(rules) {
		d.addError(&diags)
	}
	return diags
}

func TestPermissionsModelDuplicates(t *testing.T) {
	cases := map[string]struct {
		model *experimentPermissionsModel
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
		t.Run(name, func(t *testing.T) { expectPaths(t, refusedDuplicates(c.model), c.want...) })
	}
	unknown := permissionsOf(nil, levels{"Ana@example.com": "CAN_READ"}, nil)
	unknown.ServicePrincipals = unknownLevel("ana@example.com")
	expectPaths(t, refusedDuplicates(unknown)) // it may turn out to be null, which counts as absent
	unknown.ServicePrincipals = types.MapUnknown(types.StringType)
	expectPaths(t, refusedDuplicates(unknown))
}

// aclEntry is a principal with direct levels and, after "<", inherited ones: aclEntry(user, "ana", "CAN_READ", "<CAN_EDIT").
func aclEntry(kind mlflow.PrincipalKind, name string, permissions ...string) mlflow.ACLEntry {
	e := mlflow.ACLEntry{Principal: mlflow.Principal{Kind: kind, Name: name}}
	for _, p := range permissions {
		level, inherited := strings.CutPrefix(p, "<")
		e.Permissions = append(e.Permissions, mlflow.Permission{Level: level, Inherited: inherited})
	}
	return e
}

func TestPermissionsModelFill(t *testing.T) {
	const user, group, sp = mlflow.KindUser, mlflow.KindGroup, mlflow.KindServicePrincipal
	cases := map[string]struct {
		state, want *experimentPermissionsModel
		acl         []mlflow.ACLEntry
	}{
		"the state's spelling stays": {
			state: permissionsOf(nil, levels{"Ana@Example.com": "CAN_READ"}, levels{strings.ToUpper(someApplication): "CAN_EDIT"}),
			acl:   []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_READ"), aclEntry(sp, someApplication, "CAN_EDIT")},
			want:  permissionsOf(nil, levels{"Ana@Example.com": "CAN_READ"}, levels{strings.ToUpper(someApplication): "CAN_EDIT"}),
		},
		"a service principal that was declared as a user stays there": {
			state: permissionsOf(nil, levels{someApplication: "CAN_READ"}, nil),
			acl:   []mlflow.ACLEntry{aclEntry(sp, someApplication, "CAN_MANAGE")},
			want:  permissionsOf(nil, levels{someApplication: "CAN_MANAGE"}, nil),
		},
		"foreign grants go by kind": {
			state: permissionsOf(nil, nil, nil),
			acl:   []mlflow.ACLEntry{aclEntry(group, "ds", "CAN_READ"), aclEntry(user, "ben@example.com", "CAN_EDIT"), aclEntry(sp, someApplication, "CAN_READ")},
			want:  permissionsOf(levels{"ds": "CAN_READ"}, levels{"ben@example.com": "CAN_EDIT"}, levels{someApplication: "CAN_READ"}),
		},
		"admins and inherited grants are not shown": {
			state: permissionsOf(levels{}, nil, nil),
			acl:   []mlflow.ACLEntry{aclEntry(group, "admins", "CAN_MANAGE", "<CAN_MANAGE"), aclEntry(user, "ben@example.com", "<CAN_MANAGE")},
			want:  permissionsOf(levels{}, nil, nil),
		},
		"what is gone leaves nothing behind": {
			state: permissionsOf(levels{"ds": "CAN_READ"}, levels{"ben@example.com": "CAN_EDIT", "ana@example.com": "CAN_EDIT"}, nil),
			acl:   []mlflow.ACLEntry{aclEntry(user, "ben@example.com", "CAN_EDIT", "<CAN_READ"), aclEntry(user, "ana@example.com", "<CAN_EDIT")},
			want:  permissionsOf(nil, levels{"ben@example.com": "CAN_EDIT"}, nil),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.state.fill(rules, mlflow.ACL{Entries: c.acl, Admins: mlflow.Principal{Kind: group, Name: "admins"}}, nil)
			expectModel(t, c.state, c.want)
		})
	}
}

func TestPermissionsHasManage(t *testing.T) {
	caller := mlflow.Caller{Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: "ana@example.com"}, Groups: []string{"ds", "admins"}}
	const user, group = mlflow.KindUser, mlflow.KindGroup
	cases := map[string]struct {
		direct []mlflow.ACLEntry
		acl    []mlflow.ACLEntry
		want   bool
	}{
		"nothing":                       {},
		"own grant in another case":     {direct: []mlflow.ACLEntry{aclEntry(user, "Ana@Example.com", "CAN_MANAGE")}, want: true},
		"own grant is lower":            {direct: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_EDIT")}},
		"a group's grant":               {direct: []mlflow.ACLEntry{aclEntry(group, "ds", "CAN_MANAGE")}, want: true},
		"a group in another case":       {direct: []mlflow.ACLEntry{aclEntry(group, "DS", "CAN_MANAGE")}},
		"somebody else's":               {direct: []mlflow.ACLEntry{aclEntry(user, "ben@example.com", "CAN_MANAGE")}},
		"inherited":                     {acl: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "<CAN_MANAGE")}, want: true},
		"inherited by admins":           {acl: []mlflow.ACLEntry{aclEntry(group, "admins", "<CAN_MANAGE")}, want: true},
		"direct now, not in the future": {acl: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_MANAGE")}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			direct := directGrants(mlflow.ACL{Entries: c.direct})
			if got := hasManage(rules, caller, direct, mlflow.ACL{Entries: c.acl}); got != c.want {
				t.Errorf("hasManage = %v, want %v", got, c.want)
			}
			grants := withCaller(rules, caller, direct, mlflow.ACL{Entries: c.acl})
			added := !slices.Equal(grants, direct)
			if added == c.want {
				t.Errorf("withCaller added = %v, want %v", added, !c.want)
			}
			if len(levelsOf(rules, grants)) != len(grants) {
				t.Errorf("a principal twice in %v", grants)
			}
		})
	}
}

func TestPermissionsPrincipalsValidator(t *testing.T) {
	at := path.Root("m")
	cases := map[string]struct {
		kind     mlflow.PrincipalKind
		value    types.Map
		errors   []path.Path
		warnings []path.Path
	}{
		"good":          {kind: mlflow.KindUser, value: framework.StringMapValue(levels{"ana@example.com": "CAN_MANAGE", "admins": "CAN_READ"})},
		"unknown":       {kind: mlflow.KindGroup, value: types.MapUnknown(types.StringType)},
		"unknown level": {kind: mlflow.KindGroup, value: unknownLevel("ds")},
		"empty key":     {kind: mlflow.KindUser, value: framework.StringMapValue(levels{" ": "CAN_READ"}), errors: []path.Path{at.AtMapKey(" ")}},
		"null level":    {kind: mlflow.KindUser, value: framework.MapValue(map[string]types.String{"ana": types.StringNull()})},
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

// TestPermissionsFolderPaths checks that folders are looked up only as far as there is something to find.
func TestPermissionsFolderPaths(t *testing.T) {
	w := emulator.New(emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/team/churn", nil)
	read := func(want levels, calls int) {
		t.Helper()
		client := mlflowtest.Connect(t, w, emulator.UserToken)
		acl, problem := readACL(context.Background(), client, id)
		if problem != nil {
			t.Fatal(problem.err)
		}
		w.ResetJournal()
		if got := folderPaths(context.Background(), client, &databricks.FolderIndex{}, id, acl); !maps.Equal(got, want) {
			t.Errorf("paths are %v, want %v", got, want)
		}
		if n := len(w.Journal()); n != calls {
			t.Errorf("%d calls, want %d", n, calls)
		}
	}
	read(levels{"/directories/": "/"}, 0)
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	acl, _ := readACL(context.Background(), mlflowtest.Connect(t, w, emulator.UserToken), id)
	from := acl.Entries[slices.IndexFunc(acl.Entries, func(e mlflow.ACLEntry) bool { return e.Principal.Name == emulator.OtherUser })]
	team := levels{"/directories/": "/", from.Permissions[0].InheritedFrom[0]: "/Projects/team"}
	read(team, 3) // the user may not see the folder, but the other one, which it is not
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.User), "CAN_READ")
	read(team, 2)
	w.Inject(emulator.Fault{Path: "/api/2.0/workspace/get-status", Status: http.StatusForbidden, Code: "PERMISSION_DENIED", Times: -1})
	read(levels{"/directories/": "/"}, 3) // the user may see neither folder
}
