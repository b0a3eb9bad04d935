package acl

import (
	"context"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// TestPermissionsPlanAdopt checks the warnings of a plan that adopts an experiment.
func TestPermissionsPlanAdopt(t *testing.T) {
	w := emulator.New(emulator.Options{})
	w.AddGroup("ds")
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil) // the creator gets a direct CAN_MANAGE
	w.GrantFolder("/Projects", emulator.GroupPrincipal("ds"), "CAN_EDIT")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")

	plan := plannedPermissions(levels{"ds": "CAN_READ"}, levels{"ana2@example.com": "CAN_READ"}, nil)
	asUser, asAdmin := mlflowtest.Connect(t, w, emulator.UserToken), mlflowtest.Connect(t, w, emulator.AdminToken)

	diags := listOf(asUser, id).PlanAdopt(t.Context(), plan)
	expectPaths(t, diags, path.Root("groups").AtMapKey("ds"), path.Empty(), path.Empty())
	expectDetail(t, diags, "Undeclared access is kept", "- user \"ana@example.com\": CAN_MANAGE")
	expectDetail(t, diags, "Permission level has no effect", "CAN_READ", "CAN_EDIT")
	expectDetail(t, diags, "Undeclared permissions will be removed",
		"- group \"risk\": CAN_READ\n  - user \"ben@example.com\": CAN_EDIT\n\n")
	if n := w.Count("GET", anyACL); n != 1 {
		t.Errorf("got %d reads of the list, want 1", n)
	}
	// The admin always has CAN_MANAGE, so the creator's grant is undeclared in the admin's apply.
	expectDetail(t, listOf(asAdmin, id).PlanAdopt(t.Context(), plan),
		"Undeclared permissions will be removed", "- user \"ana@example.com\": CAN_MANAGE")
	plan.KeepCallerAccess = types.BoolValue(false)
	expectDetail(t, listOf(asUser, id).PlanAdopt(t.Context(), plan),
		"Undeclared permissions will be removed", "- user \"ana@example.com\": CAN_MANAGE")

	plan.Groups = types.MapUnknown(types.StringType)
	expectPaths(t, listOf(asUser, id).PlanAdopt(t.Context(), plan))
}

// TestWarnIneffective_server checks that the warning names the source of the level, which is never a folder on an MLflow server, and that
// an inherited DENY overrides a declared level, except for admins.
func TestWarnIneffective_server(t *testing.T) {
	l := listOf(mlflowtest.Connect(t, emulator.New(emulator.Options{}), emulator.AdminToken), "1")
	inherited := func(level, origin string) mlflow.Permission {
		return mlflow.Permission{Level: level, Inherited: true, InheritedFrom: []string{origin}}
	}
	admin, manager := inherited("CAN_MANAGE", mlflow.FromAdmin), inherited("CAN_MANAGE", mlflow.FromWorkspace)
	edit, deny := inherited("CAN_EDIT", mlflow.FromEveryExperiment), inherited("DENY", mlflow.FromEveryExperiment)
	for name, c := range map[string]struct {
		inherited []mlflow.Permission
		declared  string
		want      []string
	}{
		"admin":         {[]mlflow.Permission{admin}, "CAN_READ", []string{"inherits CAN_MANAGE as a server admin", "Remove the admin status"}},
		"manager":       {[]mlflow.Permission{edit, manager}, "CAN_READ", []string{"CAN_MANAGE as a manager of the MLflow workspace"}},
		"all":           {[]mlflow.Permission{edit}, "CAN_READ", []string{"CAN_EDIT from a grant on every experiment", "cannot lower"}},
		"more than all": {[]mlflow.Permission{edit}, "CAN_MANAGE", nil},
		"deny":          {[]mlflow.Permission{edit, deny}, "CAN_MANAGE", []string{"DENY from a grant on every experiment", "cannot override"}},
		"deny declared": {[]mlflow.Permission{deny}, "DENY", nil},
		"denied admin":  {[]mlflow.Permission{deny, admin}, "CAN_MANAGE", nil},
	} {
		var diags diag.Diagnostics
		l.warnIneffective(&diags, plannedPermissions(nil, levels{"ana": c.declared}, nil), mlflow.ACL{Entries: []mlflow.ACLEntry{
			{Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: "ana"}, Permissions: c.inherited},
		}})
		if c.want == nil && len(diags) > 0 {
			t.Errorf("%s: diagnostics are %v", name, diags)
		} else if c.want != nil {
			expectDetail(t, diags, "Permission level has no effect", append(c.want, "so "+c.declared+" on ")...)
		}
	}
}

// TestRefresh_retained checks which grants a refresh retains for the caller, and that it looks up the caller only for those.
func TestRefresh_retained(t *testing.T) {
	const user, group = mlflow.KindUser, mlflow.KindGroup
	own, foreign := aclEntry(user, "Ana@example.com", "CAN_MANAGE"), aclEntry(user, emulator.OtherUser, "CAN_MANAGE")
	kept := permissionsOf(nil, nil, nil)
	kept.Retained = framework.StringMapValue(levels{"ana@example.com": "CAN_MANAGE"})
	notKept := permissionsOf(nil, nil, nil)
	notKept.KeepCallerAccess = types.BoolValue(false)
	imported := permissionsOf(nil, nil, nil)
	imported.Retained = types.MapNull(types.StringType)
	cases := map[string]struct {
		state   *Declared
		acl     []mlflow.ACLEntry
		want    bool
		lookups int
	}{
		"nothing undeclared":        {state: permissionsOf(nil, levels{"ana@example.com": "CAN_MANAGE"}, nil), acl: []mlflow.ACLEntry{own}},
		"an undeclared group":       {state: kept, acl: []mlflow.ACLEntry{aclEntry(group, "ds", "CAN_MANAGE")}},
		"an undeclared lower level": {state: kept, acl: []mlflow.ACLEntry{aclEntry(user, "ana@example.com", "CAN_EDIT", "<CAN_MANAGE")}},
		"a grant of another user":   {state: kept, acl: []mlflow.ACLEntry{foreign}, lookups: 1},
		"retained earlier":          {state: kept, acl: []mlflow.ACLEntry{foreign, own}, want: true, lookups: 1},
		"the caller's own":          {state: permissionsOf(nil, nil, nil), acl: []mlflow.ACLEntry{own}, want: true, lookups: 1},
		"although more is declared": {state: permissionsOf(levels{"users": "CAN_MANAGE"}, nil, nil), acl: []mlflow.ACLEntry{own},
			want: true, lookups: 1},
		"although it is inherited": {
			state: permissionsOf(nil, nil, nil), acl: []mlflow.ACLEntry{own, aclEntry(group, "users", "<CAN_MANAGE")}, want: true,
			lookups: 1,
		},
		"keep_caller_access is off": {state: notKept, acl: []mlflow.ACLEntry{own}},
		"an import":                 {state: imported, acl: []mlflow.ACLEntry{own}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := emulator.New(emulator.Options{})
			var diags diag.Diagnostics
			got := listOf(mlflowtest.Connect(t, w, emulator.UserToken), "1").retained(t.Context(), c.state, mlflow.ACL{Entries: c.acl},
				&diags)
			var want []mlflow.Grant
			if c.want {
				want = []mlflow.Grant{{Principal: mlflow.Principal{Kind: user, Name: "Ana@example.com"}, Level: "CAN_MANAGE"}}
			}
			if !slices.Equal(got, want) || len(diags) > 0 {
				t.Errorf("got %v (%v), want %v", got, diags, want)
			}
			if n := len(w.Journal()); n != c.lookups {
				t.Errorf("got %d requests, want %d", n, c.lookups)
			}
		})
	}
}

// TestWrite_rejected checks the errors that only apply can detect.
func TestWrite_rejected(t *testing.T) {
	w := emulator.New(emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	l := listOf(mlflowtest.Connect(t, w, emulator.UserToken), id)
	plan := permissionsOf(nil, levels{"ANA@example.com": "CAN_EDIT"}, nil)
	diags := writeList(t, l, plan)
	expectPaths(t, diags, path.Root("users").AtMapKey("ANA@example.com"))
	expectDetail(t, diags, "Grant would lower your own access", "keep_caller_access = false")

	w.Inject(emulator.Fault{
		Method: "GET", Path: anyACL, RawBody: `{"object_id": "/notebooks/1", "object_type": "notebook", "access_control_list": []}`,
		ContentType: "application/json",
	})
	expectDetail(t, writeList(t, l, plan), "Could not set permissions", `permissions of an object of type "notebook"`)
	if n := w.Count("PUT", anyACL); n > 0 {
		t.Errorf("got %d writes, want none", n)
	}
}

// TestRevoke checks the grants that a destroy keeps, and its warnings.
func TestRevoke(t *testing.T) {
	ctx := t.Context()
	w := emulator.New(emulator.Options{})
	w.AddGroup("ds")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	w.Grant(id, emulator.GroupPrincipal("ds"), "CAN_EDIT")
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	state := permissionsOf(levels{"ds": "CAN_EDIT"}, levels{"ANA@example.com": "CAN_MANAGE"}, nil)
	state.KeepCallerAccess = types.BoolValue(false)

	as := func(token string) *List { return listOf(mlflowtest.Connect(t, w, token), id) }
	expectDetail(t, as(emulator.ServicePrincipalToken).Revoke(ctx, state), "Could not remove permissions", "ask a user with CAN_MANAGE")
	if diags := as(emulator.UserToken).Revoke(ctx, state); len(diags) > 0 {
		t.Errorf("destroy by the creator: got diagnostics %v, want none", diags)
	}
	want := []emulator.Grant{
		{Principal: emulator.GroupPrincipal("admins"), Level: "CAN_MANAGE"},
		{Principal: emulator.UserPrincipal(emulator.User), Level: "CAN_MANAGE"},
		{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_READ"},
	}
	if got := w.Grants(id); !slices.Equal(got, want) {
		t.Errorf("got grants %v, want %v", got, want)
	}
	w.ResetJournal()
	if diags := as(emulator.UserToken).Revoke(ctx, state); len(diags) > 0 || w.Count("PUT", anyACL) > 0 {
		t.Errorf("second destroy: got diagnostics %v and %d writes, want none", diags, w.Count("PUT", anyACL))
	}

	again := as(emulator.UserToken)
	if diags := writeList(t, again, state); len(diags) > 0 {
		t.Errorf("write after destroy: got diagnostics %v, want none", diags)
	}
	before := w.Grants(id)
	expectDetail(t, again.Revoke(ctx, state), "Permissions removed from state, not revoked", "in this apply")
	if got := w.Grants(id); !slices.Equal(got, before) {
		t.Errorf("grants declared in this run: got %v, want %v", got, before)
	}

	w.Trash(id)
	diags := as(emulator.UserToken).Revoke(ctx, state)
	expectDetail(t, diags, "Could not remove permissions", "No action is needed")
	if diags.HasError() {
		t.Errorf("destroy after the experiment was deleted: got errors %v, want a warning", diags)
	}
}

// anyACL is the pattern of the permissions requests.
const anyACL = "/api/2.0/permissions/*/*"

func listOf(client *mlflow.Client, id string) *List {
	return &List{
		Client: client, Run: new(framework.RunState), Store: client.AccessControl(),
		Object: Object{ID: id, Noun: "experiment", Name: "experiment " + id, Levels: client.KnownLevels(),
			AccessAdvice: client.AccessAdvice()},
		Explain: func(ctx context.Context, object Object, err error) *Problem {
			e, readErr := client.GetExperiment(ctx, id)
			return &Problem{Object: object, Err: err, ObjectMissing: rest.IsNotFound(readErr) || e.Deleted()}
		},
	}
}

func writeList(t *testing.T, l *List, plan *Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	l.Write(t.Context(), plan, nil, &diags)
	return diags
}

// TestWarnIneffective: an inherited level makes a declared one ineffective if it includes it.
func TestWarnIneffective(t *testing.T) {
	list := mlflow.ACL{Entries: []mlflow.ACLEntry{aclEntry(mlflow.KindGroup, "science", "<CAN_RUN", "CAN_READ")}}
	l := listOf(mlflowtest.Connect(t, emulator.New(emulator.Options{}), emulator.UserToken), "1")
	for level, want := range map[string]int{"CAN_READ": 1, "CAN_RUN": 0, "CAN_EDIT": 0, "CAN_MANAGE": 0, "CAN_FLY": 0} {
		var diags diag.Diagnostics
		l.warnIneffective(&diags, permissionsOf(levels{"science": level}, nil, nil), list)
		if diags.WarningsCount() != want {
			t.Errorf("%s: got %d warnings, want %d", level, diags.WarningsCount(), want)
		}
	}
}

// TestWrite_keepsHidden: an undeclared grant that its principal also inherits is not in the plan of an update, so the apply keeps it.
// Grants in the state or in `retained` that are not in the plan are removed, and so are those that an adoption reports.
func TestWrite_keepsHidden(t *testing.T) {
	ben := emulator.Grant{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_READ"}
	shown := permissionsOf(levels{"risk": "CAN_READ"}, levels{emulator.OtherUser: "CAN_READ"}, nil)
	retained := permissionsOf(levels{"risk": "CAN_READ"}, nil, nil)
	retained.Retained = framework.StringMapValue(levels{emulator.OtherUser: "CAN_READ"})
	for name, c := range map[string]struct {
		state       *Declared
		keep, stays bool
	}{
		"hidden":             {state: permissionsOf(levels{"risk": "CAN_READ"}, nil, nil), stays: true},
		"shown in the state": {state: shown},
		"no longer retained": {state: retained},
		"retained":           {state: retained, keep: true, stays: true},
		"adopted":            {},
	} {
		t.Run(name, func(t *testing.T) {
			w := emulator.New(emulator.Options{})
			w.AddGroup("risk")
			w.GrantFolder("/Projects", ben.Principal, ben.Level)
			id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
			w.Grant(id, ben.Principal, ben.Level)
			plan := permissionsOf(levels{"risk": "CAN_EDIT"}, nil, nil)
			plan.KeepCallerAccess = types.BoolValue(c.keep)
			var diags diag.Diagnostics
			listOf(mlflowtest.Connect(t, w, emulator.AdminToken), id).Write(t.Context(), plan, c.state, &diags)
			if len(diags) > 0 || slices.Contains(w.Grants(id), ben) != c.stays {
				t.Errorf("got grants %v and diagnostics %v, want the grant of ben: %t", w.Grants(id), diags, c.stays)
			}
			if kept := len(plan.Retained.Elements()) > 0; kept != (c.keep && c.stays) {
				t.Errorf("got retained %v, want the grant of ben: %t", plan.Retained, c.keep && c.stays)
			}
		})
	}
}

// TestWrite_groupNamedAsRetained: an earlier run retained the grant of a user, not that of a group with the same name.
func TestWrite_groupNamedAsRetained(t *testing.T) {
	w := emulator.New(emulator.Options{})
	w.AddGroup(emulator.OtherUser)
	id := w.CreateExperiment(emulator.OtherUser, "/Projects/churn", nil) // the creator has CAN_MANAGE
	w.Grant(id, emulator.GroupPrincipal(emulator.OtherUser), "CAN_MANAGE")
	state, plan := permissionsOf(nil, nil, nil), permissionsOf(nil, nil, nil)
	state.Retained = framework.StringMapValue(levels{emulator.OtherUser: "CAN_MANAGE"})
	var diags diag.Diagnostics
	listOf(mlflowtest.Connect(t, w, emulator.AdminToken), id).Write(t.Context(), plan, state, &diags)
	want := []emulator.Grant{{Principal: emulator.UserPrincipal(emulator.OtherUser), Level: "CAN_MANAGE"}}
	if got := w.Grants(id); !slices.Equal(got, want) || len(diags) > 0 {
		t.Errorf("got grants %v (%v), want %v", got, diags, want)
	}
	if !plan.Retained.Equal(state.Retained) {
		t.Errorf("got retained %v, want %v", plan.Retained, state.Retained)
	}
}
