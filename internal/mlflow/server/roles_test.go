package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// recordedBody decodes the body of the request of a recorded exchange.
func recordedBody[T any](t *testing.T, e mlflowtest.Exchange, body *T) T {
	t.Helper()
	if err := json.Unmarshal(e.Body, body); err != nil {
		t.Fatal(err)
	}
	return *body
}

func TestRoles(t *testing.T) {
	t.Parallel()
	_, d := recordedDirectory(t, mlflowtest.RBACServer, "users/list: picture", "roles/list: picture")
	roles, err := d.Roles(t.Context(), "")
	want := []server.Role{
		{ID: 5, Workspace: "default", Name: "bosses", Grants: []server.RoleGrant{{ID: 7, Type: "workspace", Pattern: "*", Level: "MANAGE"}},
			Members: []string{}},
		{ID: 1, Workspace: "default", Name: "risk", Members: []string{"ana"}, Grants: []server.RoleGrant{
			{ID: 6, Type: "experiment", Pattern: "*", Level: "USE"}, {ID: 5, Type: "experiment", Pattern: "1", Level: "READ"},
		}},
	}
	if err != nil || !reflect.DeepEqual(roles, want) {
		t.Errorf("got %+v, error %v", roles, err)
	}
	if _, err := d.Role(t.Context(), "default", "Risk"); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}
}

// TestRoles_members checks that Members is nil if the caller cannot read all members.
func TestRoles_members(t *testing.T) {
	t.Parallel()
	const (
		roles = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[]}]}`
		users = `{"users":[{"id":1,"username":"admin","is_admin":%t,"roles":[{"id":6,"name":"m","workspace":%q,"permissions":[{"id":1,
			"resource_type":"workspace",
			"resource_pattern":"*","permission":%q}]}]},{"id":2,"username":"ana","is_admin":false,"roles":[{"id":99,"name":"ds",
				"workspace":"default"},
			{"id":5,"name":"ds","workspace":"other"}]},{"id":3,"username":"ben","is_admin":false,"roles":[{"id":5,"name":"ds",
				"workspace":"other"}]}]}`
	)
	for _, tc := range []struct {
		name             string
		admin            bool
		workspace, level string
		want             []string
	}{
		{"an admin", true, "other", "USE", []string{"ana"}},
		{"a manager", false, "default", "MANAGE", []string{"ana"}},
		{"a manager of another workspace", false, "other", "MANAGE", nil},
		{"a member", false, "default", "USE", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(rbacProbe, mlflowtest.OK(probeResponse))
			s.Read(rolesList, mlflowtest.OK(roles))
			s.Read(usersList, mlflowtest.OK(fmt.Sprintf(users, tc.admin, tc.workspace, tc.level)))
			role, err := directoryOf(t, s).Role(t.Context(), "", "ds")
			if err != nil || !reflect.DeepEqual(role.Members, tc.want) {
				t.Errorf("got %v, error %v; want %v", role.Members, err, tc.want)
			}
		})
	}
}

// TestRoles_manager checks that a manager of one workspace, who is in no other, lists the users in that workspace.
func TestRoles_manager(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	s.Read("GET "+mlflowtest.UserGrantsPath+"get?resource_id=0&resource_type=experiment&username=", mlflowtest.OK(probeResponse))
	s.Read("GET "+mlflowtest.UsersPath+"current", mlflowtest.OK(`{"user":{"id":4,"username":"mia","is_admin":false}}`))
	s.Read("GET /api/3.0/mlflow/users/current/permissions", mlflowtest.OK(`{"permissions":[]}`))
	s.Read(rolesOfRisk, mlflowtest.OK(`{"roles":[{"id":5,"name":"ds","workspace":"risk","permissions":[]}]}`))
	s.Read(usersList, mlflowtest.OK(`{"users":[{"id":4,"username":"mia","is_admin":false,"roles":[{"id":5,"name":"ds","workspace":"risk"},
		{"id":6,"name":"admin",
		"workspace":"risk","permissions":[{"id":1,"resource_type":"workspace","resource_pattern":"*","permission":"MANAGE"}]}]}]}`))
	denied := 0
	transport := mlflowtest.RoundTripFunc(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == mlflowtest.UsersPath+"list" && req.Header.Get("X-MLFLOW-WORKSPACE") != "risk" {
			denied++
			return mlflowtest.Page(403, "Permission denied")()
		}
		return s.RoundTrip(req)
	})
	d, err := server.DirectoryOf(mlflowtest.Client(transport, &server.Backend{}))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if role, err := d.Role(t.Context(), "risk", "ds"); err != nil || !slices.Equal(role.Members, []string{"mia"}) {
			t.Errorf("got %+v, error %v", role, err)
		}
	}
	if lists := s.Count(usersList); lists != 1 || denied != 3 {
		t.Errorf("got %d lists and %d rejected ones, want 1 and 3", lists, denied)
	}
	if _, err := d.Users(t.Context()); !rest.IsPermissionDenied(err) {
		t.Errorf("got error %v, want permission denied", err)
	}
}

// TestRoleWrites checks the responses of a real server to changes of roles.
func TestRoleWrites(t *testing.T) {
	t.Parallel()
	s, d := recordedDirectory(t, mlflowtest.RBACServer, "users/list: admin", "roles/list: picture")
	ctx := t.Context()
	s.Expect(s.RecordedWrite("roles/create"))
	role, err := d.CreateRole(ctx, "", "ds", "Data science")
	if err != nil || role.ID == 0 || role.Name != "ds" || role.Workspace != "default" || role.Description != "Data science" ||
		role.Members == nil {
		t.Errorf("got %+v, error %v", role, err)
	}
	s.Replay("roles/list: changed")
	s.Expect(s.RecordedWrite("roles/create: taken"))
	_, err = d.CreateRole(ctx, "default", "ds", "")
	expectTakenError(t, err, "role", "ds")
	s.Expect(s.RecordedWrite("roles/create: reserved name"))
	_, err = d.CreateRole(ctx, "default", "__user_1__", "")
	mlflowtest.ExpectError(t, err, "reserved")

	s.Replay("roles/list: picture")
	risk := server.Role{Workspace: "default", Name: "risk"}
	s.Expect(s.RecordedWrite("roles/update"))
	if err := d.UpdateRole(ctx, risk, "risk", "Risk"); err != nil {
		t.Error(err)
	}
	s.Replay("roles/list: changed")
	s.Expect(s.RecordedWrite("roles/update: taken"))
	expectTakenError(t, d.UpdateRole(ctx, risk, "ds", "Risk"), "role", "ds")
	if err := d.UpdateRole(ctx, risk, "risk", "Risk"); err != nil { // unchanged
		t.Error(err)
	}
	if err := d.UpdateRole(ctx, server.Role{Workspace: "default", Name: "none"}, "none", ""); !rest.IsNotFound(err) {
		t.Errorf("got error %v, want not found", err)
	}

	s.Expect(s.RecordedWrite("roles/assign"), s.RecordedWrite("roles/assign: a member"), s.RecordedWrite("roles/assign: no such user"))
	if err := d.Assign(ctx, risk, "ben"); err != nil {
		t.Error(err)
	}
	s.Read(usersList, s.RecordedResponse("users/list: ben in risk"))
	if err := d.Assign(ctx, risk, "ben"); err != nil {
		t.Error(err)
	}
	if p, missing := mlflow.MissingPrincipal(d.Assign(ctx, risk, "nobody")); !missing || p.Name != "nobody" {
		t.Errorf("got missing principal %v, want nobody", p)
	}
	s.Expect(s.RecordedWrite("roles/unassign"), s.RecordedWrite("roles/unassign: no member"))
	if err := d.Unassign(ctx, risk, "ben"); err != nil {
		t.Error(err)
	}
	s.Replay("users/list: admin")
	if err := d.Unassign(ctx, risk, "ben"); err != nil {
		t.Error(err)
	}

	s.Expect(s.RecordedWrite("roles/delete"))
	for _, name := range []string{"bosses", "none"} {
		if err := d.DeleteRole(ctx, server.Role{ID: 1, Workspace: "default", Name: name}); err != nil {
			t.Error(err)
		}
	}
}

// The list of roles before a change, and after it.
const (
	dsIs5 = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[{"id":12,"resource_type":"experiment",` +
		`"resource_pattern":"*","permission":"READ"}]}]}`
	otherIs5 = `{"roles":[{"id":5,"name":"other","workspace":"default","permissions":[{"id":12,"resource_type":"prompt",` +
		`"resource_pattern":"*","permission":"READ"}]}]}`
	dsIs9 = `{"roles":[{"id":5,"name":"other","workspace":"default","permissions":[{"id":12,"resource_type":"prompt","resource_pattern":"*",
		"permission":"READ"}]},
		{"id":9,"name":"ds","workspace":"default","permissions":[{"id":13,"resource_type":"experiment","resource_pattern":"*",
			"permission":"READ"}]}]}`
	dsWithout = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[{"id":12,"resource_type":"prompt",` +
		`"resource_pattern":"*","permission":"READ"}]}]}`
	dsEdits = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[{"id":12,"resource_type":"experiment",` +
		`"resource_pattern":"*","permission":"EDIT"}]}]}`
	dsRenamed = `{"roles":[{"id":5,"name":"bi","workspace":"default","description":"BI","permissions":[]}]}`
	anaIn     = `{"users":[{"id":1,"username":"admin","is_admin":true,"roles":[]},{"id":2,"username":"ana","is_admin":false,` +
		`"roles":[{"id":5,"name":"ds","workspace":"default"}]}]}`
	roleMissing = "Role with id=5 not found"
)

// TestRoles_reusedIDs: the server reuses the ID of a deleted role or grant immediately. If the response is lost, a change looks up the ID
// again, and never changes another object.
func TestRoles_reusedIDs(t *testing.T) {
	t.Parallel()
	ds := server.Role{ID: 77, Workspace: "default", Name: "ds"}
	row := server.RoleGrant{ID: 78, Type: "experiment", Pattern: "*", Level: "READ"}
	write := func(call, body string, a mlflowtest.Response, roles, users string) mlflowtest.Write {
		w := mlflowtest.Write{Call: call, Body: body, Response: a, Then: map[string]mlflowtest.Response{}}
		if roles != "" {
			w.Then[rolesList] = mlflowtest.OK(roles)
		}
		if users != "" {
			w.Then[usersList] = mlflowtest.OK(users)
		}
		return w
	}
	const (
		remove    = "DELETE " + mlflowtest.RolesPath + "delete"
		removeRow = "DELETE " + mlflowtest.RolesPath + "permissions/remove"
		add       = "POST " + mlflowtest.RolesPath + "permissions/add"
		change    = "PATCH " + mlflowtest.RolesPath + "permissions/update"
		rename    = "PATCH " + mlflowtest.RolesPath + "update"
		assign    = "POST " + mlflowtest.RolesPath + "assign"
		unassign  = "DELETE " + mlflowtest.RolesPath + "unassign"
		addRow    = `{"role_id":5,"resource_type":"experiment","resource_pattern":"*","permission":"READ"}`
		renameBI  = `{"role_id":5,"name":"bi","description":"BI"}`
		anaTo5    = `{"role_id":5,"username":"ana"}`
	)
	ok, lost, busy := mlflowtest.OK(`{}`), mlflowtest.LostResponse, mlflowtest.PageResponse(503, "busy")
	notFound := mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", roleMissing)
	exists := mlflowtest.Refuse(400, "RESOURCE_ALREADY_EXISTS", "it is there")
	deleteRole := func(d *server.Directory, t *testing.T) error { return d.DeleteRole(t.Context(), ds) }
	removeGrant := func(d *server.Directory, t *testing.T) error { return d.RemoveGrant(t.Context(), ds, row) }
	addGrant := func(d *server.Directory, t *testing.T) error { return d.AddGrant(t.Context(), ds, row) }
	changeGrant := func(d *server.Directory, t *testing.T) error { return d.ChangeGrant(t.Context(), ds, row, "EDIT") }
	updateRole := func(d *server.Directory, t *testing.T) error { return d.UpdateRole(t.Context(), ds, "bi", "BI") }
	assignAna := func(d *server.Directory, t *testing.T) error { return d.Assign(t.Context(), ds, "ana") }
	unassignAna := func(d *server.Directory, t *testing.T) error { return d.Unassign(t.Context(), ds, "ana") }
	for name, tc := range map[string]struct {
		roles, users string
		use          func(*server.Directory, *testing.T) error
		writes       []mlflowtest.Write
		want         string
	}{
		"a lost delete, and a reused ID": {dsIs5, someUsers, deleteRole,
			[]mlflowtest.Write{write(remove, `{"role_id":5}`, lost, otherIs5, "")}, ""},
		"a delete that did not reach the server": {dsIs5, someUsers, deleteRole,
			[]mlflowtest.Write{write(remove, `{"role_id":5}`, busy, dsIs9, ""), write(remove, `{"role_id":9}`, ok, otherIs5, "")}, ""},
		"a delete by another client": {dsIs5, someUsers, deleteRole,
			[]mlflowtest.Write{write(remove, `{"role_id":5}`, notFound, otherIs5, "")}, ""},
		"a delete that finds no role, but it exists": {dsIs5, someUsers, deleteRole,
			[]mlflowtest.Write{write(remove, `{"role_id":5}`, notFound, "", "")}, "not found"},
		"nothing to delete": {otherIs5, someUsers, deleteRole, nil, ""},

		"a lost removal, and a reused ID": {dsIs5, someUsers, removeGrant, []mlflowtest.Write{write(removeRow,
			`{"role_permission_id":12}`, lost, dsWithout, "")}, ""},
		"a removal that did not reach the server": {dsIs5, someUsers, removeGrant, []mlflowtest.Write{write(removeRow,
			`{"role_permission_id":12}`, lost, dsIs9, ""), write(removeRow, `{"role_permission_id":13}`, ok, "", "")}, ""},
		"no grant to remove":     {dsWithout, someUsers, removeGrant, nil, ""},
		"no role to remove from": {otherIs5, someUsers, removeGrant, nil, ""},

		"a lost grant":               {dsWithout, someUsers, addGrant, []mlflowtest.Write{write(add, addRow, lost, dsIs5, "")}, ""},
		"a grant by another client":  {dsWithout, someUsers, addGrant, []mlflowtest.Write{write(add, addRow, exists, dsIs5, "")}, ""},
		"a grant with another level": {dsEdits, someUsers, addGrant, []mlflowtest.Write{write(add, addRow, exists, "", "")}, "it is there"},
		"an existing grant":          {dsIs5, someUsers, addGrant, nil, ""},
		"a grant to no role":         {otherIs5, someUsers, addGrant, nil, `no role "ds"`},

		"a lost change of a level": {dsIs5, someUsers, changeGrant, []mlflowtest.Write{write(change,
			`{"role_permission_id":12,"permission":"EDIT"}`, lost, dsEdits, "")}, ""},
		"an unchanged level":  {dsEdits, someUsers, changeGrant, nil, ""},
		"a level of no grant": {dsWithout, someUsers, changeGrant, nil, `no grant of role ds on "experiment/*"`},
		"a grant removed meanwhile": {dsIs5, someUsers, changeGrant, []mlflowtest.Write{write(change,
			`{"role_permission_id":12,"permission":"EDIT"}`, notFound, dsWithout, "")}, "not found"},

		"a lost rename":       {dsIs5, someUsers, updateRole, []mlflowtest.Write{write(rename, renameBI, lost, dsRenamed, "")}, ""},
		"a rename of no role": {dsRenamed, someUsers, updateRole, nil, `no role "ds"`},

		"a lost membership": {dsIs5, someUsers, assignAna,
			[]mlflowtest.Write{write(assign, anaTo5, lost, "", anaIn)}, ""},
		"an existing membership": {dsIs5, anaIn, assignAna,
			[]mlflowtest.Write{write(assign, anaTo5, exists, "", "")}, ""},
		"a membership in no role": {otherIs5, someUsers, assignAna, nil, `no role "ds"`},
		"a lost removal from the role": {dsIs5, anaIn, unassignAna,
			[]mlflowtest.Write{write(unassign, anaTo5, lost, "", someUsers)}, ""},
		"a removal from the role that did not reach the server": {dsIs5, anaIn, unassignAna,
			[]mlflowtest.Write{write(unassign, anaTo5, lost, "", ""), write(unassign, anaTo5, ok, "", someUsers)}, ""},
		"no membership to remove": {dsIs5, someUsers, unassignAna,
			[]mlflowtest.Write{write(unassign, anaTo5, notFound, "", "")}, ""},
		"no role to remove a user from": {otherIs5, someUsers, unassignAna, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Read(rbacProbe, mlflowtest.OK(probeResponse))
				s.Read(rolesList, mlflowtest.OK(tc.roles))
				s.Read(usersList, mlflowtest.OK(tc.users))
				s.Expect(tc.writes...)
				mlflowtest.ExpectError(t, tc.use(directoryOf(t, s), t), tc.want)
			})
		})
	}
}

// TestCreateRole: a role is created once, and only in a workspace that exists.
func TestCreateRole(t *testing.T) {
	t.Parallel()
	const none, made = `{"roles":[]}`, `{"roles":[{"id":5,"name":"ds","workspace":"risk","description":"d","permissions":[]}]}`
	create := mlflowtest.Write{
		Call: "POST " + mlflowtest.RolesPath + "create", Body: `{"workspace":"risk","name":"ds","description":"d"}`,
		Response: mlflowtest.LostResponse,
		Then:     map[string]mlflowtest.Response{rolesOfRisk: mlflowtest.OK(made)},
	}
	s := mlflowtest.NewScripted(t)
	s.Read(rbacProbe, mlflowtest.OK(probeResponse))
	s.Read(serverInfo, mlflowtest.OK(workspacesEnabled))
	s.Read(workspacesList, mlflowtest.OK(`{"workspaces":[{"name":"risk"}]}`))
	s.Read(rolesOfRisk, mlflowtest.OK(none))
	s.Read("GET "+mlflowtest.WorkspacesPath+"/none", mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Workspace 'none' not found"))
	d := directoryOf(t, s)
	s.Expect(create)
	role, err := d.CreateRole(t.Context(), "risk", "ds", "d")
	if err != nil || role.ID != 5 || role.Workspace != "risk" || role.Members == nil {
		t.Errorf("got %+v, error %v", role, err)
	}
	create.Then[rolesOfRisk] = mlflowtest.OK(`{"roles":[{"id":5,"name":"ds","workspace":"risk","description":"mine","permissions":[]}]}`)
	s.Expect(create)
	_, err = d.CreateRole(t.Context(), "risk", "ds", "d")
	expectTakenError(t, err, "role", "ds")
	mlflowtest.ExpectError(t, err, `role "ds" already exists in workspace "risk"`)

	_, err = d.CreateRole(t.Context(), "none", "ds", "d")
	if missing, ok := errors.AsType[*server.MissingWorkspaceError](err); !ok || missing.Name != "none" || rest.IsNotFound(err) {
		t.Errorf("got error %T: %v, want *MissingWorkspaceError of none", err, err)
	}
	mlflowtest.ExpectError(t, err, `no workspace "none"`)

	off := mlflowtest.NewScripted(t)
	off.Read(rbacProbe, mlflowtest.OK(probeResponse))
	off.Read(serverInfo, mlflowtest.OK(`{"workspaces_enabled":false}`))
	_, err = directoryOf(t, off).CreateRole(t.Context(), "risk", "ds", "")
	expectUnsupported(t, err, "--enable-workspaces")
}
