//go:build mlflow

package mlflowtest

// userSteps create, change, and delete the user cleo.
var userSteps = []step{
	{name: "users/create", call: "POST " + UsersPath + "create", body: fields{"username": "cleo", "password": recordPassword}},
	{name: "users/create: taken", call: "POST " + UsersPath + "create", body: fields{"username": "cleo", "password": recordPassword}},
	{name: "users/create: short password", call: "POST " + UsersPath + "create", body: fields{"username": "dan", "password": "short"}},
	{name: "users/create: denied", as: "ben", call: "POST " + UsersPath + "create",
		body: fields{"username": "eve", "password": recordPassword}},
	{name: "users/update-password", call: "PATCH " + UsersPath + "update-password",
		body: fields{"username": "cleo", "password": "changed-12345"}},
	{name: "users/update-password: missing", call: "PATCH " + UsersPath + "update-password",
		body: fields{"username": "nobody", "password": recordPassword}},
	{name: "users/update-admin", call: "PATCH " + UsersPath + "update-admin", body: fields{"username": "cleo", "is_admin": true}},
	{name: "users/update-admin: missing", call: "PATCH " + UsersPath + "update-admin", body: fields{"username": "nobody", "is_admin": true}},
	{name: "users/list: cleo", call: "GET " + UsersPath + "list"},
	{name: "users/get: cleo", call: "GET " + UsersPath + "get?username=cleo"},
	{name: "users/delete", call: "DELETE " + UsersPath + "delete", body: fields{"username": "cleo"}},
	{name: "users/delete: missing", call: "DELETE " + UsersPath + "delete", body: fields{"username": "cleo"}},
	{setup: true, call: "DELETE " + UsersPath + "delete", body: fields{"username": "dan"}}, // older servers accept a short password
}

// roleSteps create the role ds, change the role risk (ID 1), and delete the role bosses (ID 5).
var roleSteps = []step{
	{name: "roles/create", call: "POST " + RolesPath + "create", body: fields{"name": "ds", "workspace": "default",
		"description": "Data science"}},
	{name: "roles/create: taken", call: "POST " + RolesPath + "create", body: fields{"name": "ds", "workspace": "default"}},
	{name: "roles/create: reserved name", call: "POST " + RolesPath + "create", body: fields{"name": "__user_1__", "workspace": "default"}},
	{name: "roles/create: denied", as: "ben", call: "POST " + RolesPath + "create", body: fields{"name": "x", "workspace": "default"}},
	{name: "roles/update", call: "PATCH " + RolesPath + "update", body: fields{"role_id": 1, "name": "risk", "description": "Risk"}},
	{name: "roles/update: taken", call: "PATCH " + RolesPath + "update", body: fields{"role_id": 1, "name": "ds", "description": "Risk"}},
	{name: "roles/update: missing", call: "PATCH " + RolesPath + "update", body: fields{"role_id": 99, "name": "x", "description": ""}},
	{name: "roles/assign", call: "POST " + RolesPath + "assign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/assign: a member", call: "POST " + RolesPath + "assign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/assign: no such user", call: "POST " + RolesPath + "assign", body: fields{"role_id": 1, "username": "nobody"}},
	{name: "roles/assign: no such role", call: "POST " + RolesPath + "assign", body: fields{"role_id": 99, "username": "ben"}},
	{name: "users/list: ben in risk", call: "GET " + UsersPath + "list"},
	{name: "roles/list: changed", call: "GET " + RolesPath + "list?workspace=default"},
	{name: "roles/unassign", call: "DELETE " + RolesPath + "unassign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/unassign: no member", call: "DELETE " + RolesPath + "unassign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/delete", call: "DELETE " + RolesPath + "delete", body: fields{"role_id": 5}},
	{name: "roles/delete: missing", call: "DELETE " + RolesPath + "delete", body: fields{"role_id": 99}},
}

// workspaceObjectSteps create and change the workspace risk, which contains an experiment, and delete the workspace team.
var workspaceObjectSteps = []step{
	{name: "server-info", call: "GET /api/3.0/mlflow/server-info"},
	{name: "server-info: outside of a workspace", workspace: "none", call: "GET /api/3.0/mlflow/server-info"},
	{name: "workspaces/create", call: "POST " + WorkspacesPath, body: fields{"name": "risk", "description": "Risk models",
		"default_artifact_root": "s3://ml-risk"}},
	{name: "workspaces/create: taken", call: "POST " + WorkspacesPath, body: fields{"name": "risk"}},
	{name: "workspaces/create: bad name", call: "POST " + WorkspacesPath, body: fields{"name": "Risk"}},
	{name: "workspaces/create: denied", as: "ben", call: "POST " + WorkspacesPath, body: fields{"name": "x-y"}},
	{name: "workspaces/create: outside of a workspace", workspace: "none", call: "POST " + WorkspacesPath, body: fields{"name": "x-y"}},
	{name: "workspaces", call: "GET " + WorkspacesPath},
	{name: "workspaces: of a user", as: "ben", call: "GET " + WorkspacesPath},
	{name: "workspaces/get", call: "GET " + WorkspacesPath + "/risk"},
	{name: "workspaces/get: missing", call: "GET " + WorkspacesPath + "/none"},
	{name: "workspaces/get: denied", as: "ben", call: "GET " + WorkspacesPath + "/risk"},
	{name: "roles/list: seeded", call: "GET " + RolesPath + "list?workspace=risk"},
	{name: "workspaces/update", call: "PATCH " + WorkspacesPath + "/risk", body: fields{"description": "", "default_artifact_root": ""}},
	{name: "workspaces/update: missing", call: "PATCH " + WorkspacesPath + "/none",
		body: fields{"description": "", "default_artifact_root": ""}},
	{name: "workspaces/get: emptied", call: "GET " + WorkspacesPath + "/risk"},
	{setup: true, workspace: "risk", call: "POST " + ExperimentsPath + "create", body: fields{"name": "churn"}},
	{name: "workspaces/delete: not empty", call: "DELETE " + WorkspacesPath + "/risk?mode=RESTRICT"},
	{setup: true, call: "POST " + WorkspacesPath, body: fields{"name": "team"}},
	{name: "workspaces/delete", call: "DELETE " + WorkspacesPath + "/team?mode=RESTRICT"},
	{name: "workspaces/delete: missing", call: "DELETE " + WorkspacesPath + "/team?mode=RESTRICT"},
	{name: "workspaces/delete: default", call: "DELETE " + WorkspacesPath + "/default?mode=RESTRICT"},
}
