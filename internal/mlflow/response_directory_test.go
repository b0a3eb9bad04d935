package mlflow_test

import (
	"context"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

const (
	serverInfo        = "GET /api/3.0/mlflow/server-info"
	workspacesEnabled = `{"store_type":"SqlStore","workspaces_enabled":true}`
	riskSpace         = `{"workspace":{"name":"risk","description":"d"}}`
	otherSpace        = `{"workspace":{"name":"other"}}`
	anaCreated        = `{"user":{"id":2,"username":"ana","is_admin":false}}`
	benCreated        = `{"user":{"id":3,"username":"ben","is_admin":false}}`
	roleDS            = `{"role":{"id":5,"name":"ds","workspace":"default","description":"d","permissions":[]}}`
	roleDSOther       = `{"role":{"id":5,"name":"ds","workspace":"other","permissions":[]}}`
	roleBI            = `{"role":{"id":6,"name":"bi","workspace":"default","permissions":[]}}`
	rowAdded          = `{"role_permission":{"id":12,"role_id":5,"resource_type":"experiment","resource_pattern":"*","permission":"READ"}}`
	rowOtherType      = `{"role_permission":{"id":12,"role_id":5,"resource_type":"prompt","resource_pattern":"*","permission":"READ"}}`
	rowEdit           = `{"role_permission":{"id":12,"role_id":5,"resource_type":"experiment","resource_pattern":"*","permission":"EDIT"}}`
	roleReads         = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[
		{"id":12,"resource_type":"experiment","resource_pattern":"*","permission":"READ"}]}]}`
)

// directory returns a function that uses the directory of the server.
func directory(use func(context.Context, *server.Directory) error) func(context.Context, *mlflow.Client) error {
	return func(ctx context.Context, c *mlflow.Client) error {
		d, err := server.DirectoryOf(c)
		if err != nil {
			return err
		}
		return use(ctx, d)
	}
}

var (
	inDS               = server.Role{Workspace: "default", Name: "ds"}
	readEach           = server.RoleGrant{Type: "experiment", Pattern: "*", Level: "READ"}
	workspaceResponses = map[string][]string{serverInfo: {workspacesEnabled}, "GET /api/3.0/mlflow/workspaces": {`{}`},
		"GET /api/3.0/mlflow/workspaces/risk": {mlflowtest.NotFoundBody}}
	allRoles = directory(func(ctx context.Context, d *server.Directory) error { _, err := d.Roles(ctx, ""); return err })
	readAna  = directory(func(ctx context.Context, d *server.Directory) error { _, err := d.User(ctx, "ana"); return err })
)

// directoryCalls are the calls of [server.Directory].
var directoryCalls = []checkedCall{
	{route: serverInfo, rule: "whether there are workspaces", server: true, valid: []string{workspacesEnabled},
		invalid: []string{`{"store_type":"SqlStore"}`},
		use:     directory(func(ctx context.Context, d *server.Directory) error { _, err := d.HasWorkspaces(ctx); return err })},
	{route: "GET /api/3.0/mlflow/workspaces", rule: "{}, or workspaces with names", server: true,
		valid: []string{`{"workspaces":[{"name":"risk"}]}`}, emptyObject: true, invalid: []string{`{"workspaces":[{"description":"d"}]}`,
			allUsers},
		other: workspaceResponses, use: directory(func(ctx context.Context, d *server.Directory) error {
			_,
				err := d.Workspaces(ctx)
			return err
		})},
	{route: "GET /api/3.0/mlflow/workspaces/risk", rule: "the workspace", server: true, valid: []string{riskSpace},
		invalid: []string{otherSpace}, other: workspaceResponses,
		use: directory(func(ctx context.Context, d *server.Directory) error { _, err := d.Workspace(ctx, "risk"); return err })},
	{route: "POST /api/3.0/mlflow/workspaces", rule: "the workspace", server: true, valid: []string{riskSpace}, invalid: []string{otherSpace},
		other: workspaceResponses,
		use: directory(func(ctx context.Context, d *server.Directory) error {
			return d.CreateWorkspace(ctx, server.Workspace{Name: "risk"})
		})},
	{route: "PATCH /api/3.0/mlflow/workspaces/risk", rule: "the workspace", server: true, valid: []string{riskSpace},
		invalid: []string{otherSpace}, other: workspaceResponses,
		use: directory(func(ctx context.Context, d *server.Directory) error {
			return d.UpdateWorkspace(ctx, server.Workspace{Name: "risk"})
		})},
	{route: "DELETE /api/3.0/mlflow/workspaces/risk", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{riskSpace}, other: workspaceResponses,
		use: directory(func(ctx context.Context, d *server.Directory) error { return d.DeleteWorkspace(ctx, "risk") })},

	{route: "GET /api/2.0/mlflow/users/list", rule: "users with names", server: true, valid: []string{allUsers},
		invalid: []string{`{"users":[]}`, noGrants},
		use:     directory(func(ctx context.Context, d *server.Directory) error { _, err := d.Users(ctx); return err })},
	{route: "GET /api/2.0/mlflow/users/get", rule: "the user", server: true, valid: []string{anaCreated}, invalid: []string{benCreated},
		other: map[string][]string{"GET /api/2.0/mlflow/users/list": {absentPage}}, use: readAna},
	{route: "POST /api/2.0/mlflow/users/create", rule: "the user", server: true, valid: []string{benCreated}, invalid: []string{anaCreated},
		use: directory(func(ctx context.Context, d *server.Directory) error {
			return d.CreateUser(ctx, "ben", "not-a-password")
		})},
	{route: "PATCH /api/2.0/mlflow/users/update-password", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true,
		emptyBody: true, invalid: []string{anaCreated},
		use: directory(func(ctx context.Context, d *server.Directory) error {
			return d.SetPassword(ctx, "ana", "not-a-password")
		})},
	{route: "PATCH /api/2.0/mlflow/users/update-admin", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true,
		emptyBody: true, invalid: []string{anaCreated},
		use: directory(func(ctx context.Context, d *server.Directory) error { return d.SetAdmin(ctx, "ana", true) })},
	{route: "DELETE /api/2.0/mlflow/users/delete", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{anaCreated},
		use:     directory(func(ctx context.Context, d *server.Directory) error { return d.DeleteUser(ctx, "ana") })},

	{route: rolesList, rule: "roles with IDs and names, or an empty list", server: true, valid: []string{noGrants},
		invalid: []string{`{"roles":[{"name":"ds"}]}`, allUsers}, use: allRoles},
	{route: "POST /api/3.0/mlflow/roles/create", rule: "the role in the workspace", server: true, valid: []string{roleBI},
		invalid: []string{roleDS, strings.Replace(roleBI, "default", "other", 1), `{"role":{"name":"bi","workspace":"default"}}`},
		use: directory(func(ctx context.Context, d *server.Directory) error {
			_, err := d.CreateRole(ctx, "default", "bi", "")
			return err
		})},
	{route: "PATCH /api/3.0/mlflow/roles/update", rule: "the role in the workspace", server: true, valid: []string{roleDS},
		invalid: []string{roleBI, roleDSOther},
		use:     directory(func(ctx context.Context, d *server.Directory) error { return d.UpdateRole(ctx, inDS, "ds", "d") })},
	{route: "DELETE /api/3.0/mlflow/roles/delete", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{roleDS},
		use:     directory(func(ctx context.Context, d *server.Directory) error { return d.DeleteRole(ctx, inDS) })},
	{route: "POST /api/3.0/mlflow/roles/permissions/add", rule: "the row", server: true, valid: []string{rowAdded},
		invalid: []string{rowOtherType, rowEdit, roleRow7},
		use:     directory(func(ctx context.Context, d *server.Directory) error { return d.AddGrant(ctx, inDS, readEach) })},
	{route: "PATCH /api/3.0/mlflow/roles/permissions/update", rule: "the row", server: true, valid: []string{rowEdit},
		invalid: []string{rowOtherType, rowAdded, roleRow7},
		other:   map[string][]string{rolesList: {roleReads}}, use: directory(func(ctx context.Context, d *server.Directory) error {
			return d.ChangeGrant(ctx, inDS, readEach, "EDIT")
		})},
	{route: "DELETE /api/3.0/mlflow/roles/permissions/remove", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true,
		emptyBody: true, invalid: []string{rowAdded},
		other: map[string][]string{rolesList: {roleReads}}, use: directory(func(ctx context.Context,
			d *server.Directory) error {
			return d.RemoveGrant(ctx, inDS, readEach)
		})},
	{route: "POST /api/3.0/mlflow/roles/assign", rule: "a membership in the role", server: true,
		valid: []string{`{"assignment":{"id":1,"role_id":5,"user_id":2}}`}, invalid: []string{`{"assignment":{"id":1,"role_id":6,"user_id":2}}`,
			`{"assignment":{"role_id":5}}`},
		use: directory(func(ctx context.Context, d *server.Directory) error { return d.Assign(ctx, inDS, "ana") })},
	{route: "DELETE /api/3.0/mlflow/roles/unassign", rule: "nothing", server: true, valid: []string{`{}`}, emptyObject: true, emptyBody: true,
		invalid: []string{`{"assignment":{"id":1,"role_id":5}}`},
		other: map[string][]string{"GET /api/2.0/mlflow/users/list": {strings.Replace(allUsers, `"is_admin":false,"roles":[]`,
			`"is_admin":false,"roles":[{"id":5,"name":"ds","workspace":"default"}]`, 1)}},
		use: directory(func(ctx context.Context, d *server.Directory) error { return d.Unassign(ctx, inDS, "ana") })},
}
