//go:build mlflow

package mlflowtest

// userSteps make the user cleo and delete her.
var userSteps = []step{
	{name: "users/create", call: "POST " + UserCalls + "create", body: fields{"username": "cleo", "password": recordPassword}},
	{name: "users/create: taken", call: "POST " + UserCalls + "create", body: fields{"username": "cleo", "password": recordPassword}},
	{name: "users/create: short password", call: "POST " + UserCalls + "create", body: fields{"username": "dan", "password": "short"}},
	{name: "users/create: denied", as: "ben", call: "POST " + UserCalls + "create", body: fields{"username": "eve", "password": recordPassword}},
	{name: "users/update-password", call: "PATCH " + UserCalls + "update-password", body: fields{"username": "cleo", "password": "changed-12345"}},
	{name: "users/update-password: missing", call: "PATCH " + UserCalls + "update-password", body: fields{"username": "nobody", "password": recordPassword}},
	{name: "users/update-admin", call: "PATCH " + UserCalls + "update-admin", body: fields{"username": "cleo", "is_admin": true}},
	{name: "users/update-admin: missing", call: "PATCH " + UserCalls + "update-admin", body: fields{"username": "nobody", "is_admin": true}},
	{name: "users/list: cleo", call: "GET " + UserCalls + "list"},
	{name: "users/get: cleo", call: "GET " + UserCalls + "get?username=cleo"},
	{name: "users/delete", call: "DELETE " + UserCalls + "delete", body: fields{"username": "cleo"}},
	{name: "users/delete: missing", call: "DELETE " + UserCalls + "delete", body: fields{"username": "cleo"}},
	{setup: true, call: "DELETE " + UserCalls + "delete", body: fields{"username": "dan"}}, // an older server takes a short password
}

// roleSteps make the role ds, change the role risk, which is number 1, and delete the role bosses, which is number 5.
var roleSteps = []step{
	{name: "roles/create", call: "POST " + RoleCalls + "create", body: fields{"name": "ds", "workspace": "default", "description": "Data science"}},
	{name: "roles/create: taken", call: "POST " + RoleCalls + "create", body: fields{"name": "ds", "workspace": "default"}},
	{name: "roles/create: reserved name", call: "POST " + RoleCalls + "create", body: fields{"name": "__user_1__", "workspace": "default"}},
	{name: "roles/create: denied", as: "ben", call: "POST " + RoleCalls + "create", body: fields{"name": "x", "workspace": "default"}},
	{name: "roles/update", call: "PATCH " + RoleCalls + "update", body: fields{"role_id": 1, "name": "risk", "description": "Risk"}},
	{name: "roles/update: taken", call: "PATCH " + RoleCalls + "update", body: fields{"role_id": 1, "name": "ds", "description": "Risk"}},
	{name: "roles/update: missing", call: "PATCH " + RoleCalls + "update", body: fields{"role_id": 99, "name": "x", "description": ""}},
	{name: "roles/assign", call: "POST " + RoleCalls + "assign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/assign: a member", call: "POST " + RoleCalls + "assign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/assign: no such user", call: "POST " + RoleCalls + "assign", body: fields{"role_id": 1, "username": "nobody"}},
	{name: "roles/assign: no such role", call: "POST " + RoleCalls + "assign", body: fields{"role_id": 99, "username": "ben"}},
	{name: "users/list: ben in risk", call: "GET " + UserCalls + "list"},
	{name: "roles/list: changed", call: "GET " + RoleCalls + "list?workspace=default"},
	{name: "roles/unassign", call: "DELETE " + RoleCalls + "unassign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/unassign: no member", call: "DELETE " + RoleCalls + "unassign", body: fields{"role_id": 1, "username": "ben"}},
	{name: "roles/delete", call: "DELETE " + RoleCalls + "delete", body: fields{"role_id": 5}},
	{name: "roles/delete: missing", call: "DELETE " + RoleCalls + "delete", body: fields{"role_id": 99}},
}

// workspaceObjectSteps make the workspace risk, in which there is an experiment for a while, and delete the workspace team.
var workspaceObjectSteps = []step{
	{name: "server-info", call: "GET /api/3.0/mlflow/server-info"},
	{name: "server-info: outside of a workspace", workspace: "none", call: "GET /api/3.0/mlflow/server-info"},
	{name: "workspaces/create", call: "POST " + WorkspaceCalls, body: fields{"name": "risk", "description": "Risk models", "default_artifact_root": "s3://ml-risk"}},
	{name: "workspaces/create: taken", call: "POST " + WorkspaceCalls, body: fields{"name": "risk"}},
	{name: "workspaces/create: bad name", call: "POST " + WorkspaceCalls, body: fields{"name": "Risk"}},
	{name: "workspaces/create: denied", as: "ben", call: "POST " + WorkspaceCalls, body: fields{"name": "x-y"}},
	{name: "workspaces/create: outside of a workspace", workspace: "none", call: "POST " + WorkspaceCalls, body: fields{"name": "x-y"}},
	{name: "workspaces", call: "GET " + WorkspaceCalls},
	{name: "workspaces: of a user", as: "ben", call: "GET " + WorkspaceCalls},
	{name: "workspaces/get", call: "GET " + WorkspaceCalls + "/risk"},
	{name: "workspaces/get: missing", call: "GET " + WorkspaceCalls + "/none"},
	{name: "workspaces/get: denied", as: "ben", call: "GET " + WorkspaceCalls + "/risk"},
	{name: "roles/list: seeded", call: "GET " + RoleCalls + "list?workspace=risk"},
	{name: "workspaces/update", call: "PATCH " + WorkspaceCalls + "/risk", body: fields{"description": "", "default_artifact_root": ""}},
	{name: "workspaces/update: missing", call: "PATCH " + WorkspaceCalls + "/none", body: fields{"description": "", "default_artifact_root": ""}},
	{name: "workspaces/get: emptied", call: "GET " + WorkspaceCalls + "/risk"},
	{setup: true, workspace: "risk", call: "POST " + ExperimentsPath + "create", body: fields{"name": "churn"}},
	{name: "workspaces/delete: not empty", call: "DELETE " + WorkspaceCalls + "/risk?mode=RESTRICT"},
	{setup: true, call: "POST " + WorkspaceCalls, body: fields{"name": "team"}},
	{name: "workspaces/delete", call: "DELETE " + WorkspaceCalls + "/team?mode=RESTRICT"},
	{name: "workspaces/delete: missing", call: "DELETE " + WorkspaceCalls + "/team?mode=RESTRICT"},
	{name: "workspaces/delete: default", call: "DELETE " + WorkspaceCalls + "/default?mode=RESTRICT"},
}
