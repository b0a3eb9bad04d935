//go:build mlflow

package mlflowtest

type fields map[string]any

// recordedSteps are all requests of the client with their usual outcomes, in the order in which they are sent to a new server. All are sent
// to each server, also if it does not have the endpoint. Experiment 1 is churn, created by the admin; ana is in the role risk, ben in none.
var recordedSteps = concat(prepareSteps, experimentSteps, tagSteps, lifecycleSteps, contentSteps, callerSteps, userGrantSteps,
	roleGrantSteps, legacySteps,
	pictureSteps, workspaceSteps, absentSteps, userSteps, roleSteps, workspaceObjectSteps)

func concat(parts ...[]step) (all []step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var prepareSteps = []step{
	{setup: true, call: "POST " + UsersPath + "create", body: fields{"username": "ana", "password": recordPassword}},
	{setup: true, call: "POST " + UsersPath + "create", body: fields{"username": "ben", "password": recordPassword}},
	{setup: true, call: "POST " + RolesPath + "create", body: fields{"name": "risk", "workspace": "default"}},
	{setup: true, call: "POST " + RolesPath + "assign", body: fields{"username": "ana", "role_id": 1}},
}

var experimentSteps = []step{
	{name: "search finds only Default", call: "POST " + ExperimentsPath + "search", body: fields{"max_results": 1000}},
	{name: "create", call: "POST " + ExperimentsPath + "create", body: fields{"name": "churn",
		"tags": []fields{{"key": "team", "value": "risk"}}}},
	{name: "create: taken", call: "POST " + ExperimentsPath + "create", body: fields{"name": "churn"}},
	{name: "create: no name", call: "POST " + ExperimentsPath + "create", body: fields{"name": ""}},
	{name: "create: bad tag", call: "POST " + ExperimentsPath + "create", body: fields{"name": "tagged",
		"tags": []fields{{"key": "a@b", "value": "x"}}}},
	{name: "get", call: "GET " + ExperimentsPath + "get?experiment_id=1"},
	{name: "get: missing", call: "GET " + ExperimentsPath + "get?experiment_id=999"},
	{name: "get: no number", call: "GET " + ExperimentsPath + "get?experiment_id=abc"},
	{name: "get-by-name", call: "GET " + ExperimentsPath + "get-by-name?experiment_name=churn"},
	{name: "get-by-name: missing", call: "GET " + ExperimentsPath + "get-by-name?experiment_name=none"},
	{name: "search: a page", call: "POST " + ExperimentsPath + "search", body: fields{"max_results": 1,
		"order_by": []string{"experiment_id ASC"}}},
	{name: "search: nothing", call: "POST " + ExperimentsPath + "search", body: fields{"max_results": 1, "filter": "name = 'none'"}},
	{name: "search: bad filter", call: "POST " + ExperimentsPath + "search", body: fields{"max_results": 1, "filter": "nme = 'x'"}},
	{name: "search: bad token", call: "POST " + ExperimentsPath + "search", body: fields{"max_results": 1, "page_token": "x"}},
	{name: "update", call: "POST " + ExperimentsPath + "update", body: fields{"experiment_id": "1", "new_name": "churn"}},
	{name: "update: taken", call: "POST " + ExperimentsPath + "update", body: fields{"experiment_id": "1", "new_name": "Default"}},
	{name: "update: missing", call: "POST " + ExperimentsPath + "update", body: fields{"experiment_id": "999", "new_name": "x"}},
	{name: "update: denied", as: "ben", call: "POST " + ExperimentsPath + "update", body: fields{"experiment_id": "1", "new_name": "x"}},
}

var tagSteps = []step{
	{name: "set-experiment-tag", call: "POST " + ExperimentsPath + "set-experiment-tag",
		body: fields{"experiment_id": "1", "key": "stage", "value": "dev"}},
	{name: "set-experiment-tag: bad key", call: "POST " + ExperimentsPath + "set-experiment-tag",
		body: fields{"experiment_id": "1", "key": "a@b", "value": "x"}},
	{name: "set-experiment-tag: missing", call: "POST " + ExperimentsPath + "set-experiment-tag",
		body: fields{"experiment_id": "999", "key": "k", "value": "x"}},
	{name: "delete-experiment-tag", call: "POST " + ExperimentsPath + "delete-experiment-tag",
		body: fields{"experiment_id": "1", "key": "stage"}},
	{name: "delete-experiment-tag: no tag", call: "POST " + ExperimentsPath + "delete-experiment-tag",
		body: fields{"experiment_id": "1", "key": "stage"}},
	{name: "delete-experiment-tag: missing", call: "POST " + ExperimentsPath + "delete-experiment-tag",
		body: fields{"experiment_id": "999", "key": "k"}},
}

var lifecycleSteps = []step{
	{name: "restore: active", call: "POST " + ExperimentsPath + "restore", body: fields{"experiment_id": "1"}},
	{name: "delete", call: "POST " + ExperimentsPath + "delete", body: fields{"experiment_id": "1"}},
	{name: "delete: deleted", call: "POST " + ExperimentsPath + "delete", body: fields{"experiment_id": "1"}},
	{name: "get: deleted", call: "GET " + ExperimentsPath + "get?experiment_id=1"},
	{name: "create: taken by a deleted one", call: "POST " + ExperimentsPath + "create", body: fields{"name": "churn"}},
	{name: "update: deleted", call: "POST " + ExperimentsPath + "update", body: fields{"experiment_id": "1", "new_name": "x"}},
	{name: "set-experiment-tag: deleted", call: "POST " + ExperimentsPath + "set-experiment-tag",
		body: fields{"experiment_id": "1", "key": "k", "value": "x"}},
	{name: "delete-experiment-tag: deleted", call: "POST " + ExperimentsPath + "delete-experiment-tag",
		body: fields{"experiment_id": "1", "key": "k"}},
	{name: "restore", call: "POST " + ExperimentsPath + "restore", body: fields{"experiment_id": "1"}},
	{name: "restore: missing", call: "POST " + ExperimentsPath + "restore", body: fields{"experiment_id": "999"}},
}

var (
	runSearch       = fields{"experiment_ids": []string{"1"}, "run_view_type": "ACTIVE_ONLY", "max_results": 1}
	ofExperiment    = fields{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": fields{"experiment_id": "1"}}
	traceSearch     = fields{"locations": []fields{ofExperiment}, "max_results": 1}
	oldTraceSearch  = "GET /api/2.0/mlflow/traces?experiment_ids=1&max_results=1"
	modelSearch     = fields{"experiment_ids": []string{"1"}, "max_results": 1}
	runSearchCall   = "POST /api/2.0/mlflow/runs/search"
	traceSearchCall = "POST /api/3.0/mlflow/traces/search"
	modelSearchCall = "POST /api/2.0/mlflow/logged-models/search"
)

var contentSteps = []step{
	{name: "runs/search: none", call: runSearchCall, body: runSearch},
	{name: "traces/search: none", call: traceSearchCall, body: traceSearch},
	{name: "traces: none", call: oldTraceSearch},
	{name: "logged-models/search: none", call: modelSearchCall, body: modelSearch},
	{setup: true, call: "POST /api/2.0/mlflow/runs/create", body: fields{"experiment_id": "1", "run_name": "first",
		"start_time": 1700000000000}},
	{setup: true, call: "POST /api/3.0/mlflow/traces", body: fields{"trace": fields{"trace_info": fields{
		"trace_id": "tr-1", "trace_location": ofExperiment, "request_time": "2023-11-14T22:13:20Z", "state": "OK", "trace_metadata": fields{},
		"tags": fields{},
	}}}},
	{setup: true, call: "POST /api/2.0/mlflow/traces", body: fields{
		"experiment_id": "1", "timestamp_ms": 1700000000000, "execution_time_ms": 1, "status": "OK", "request_metadata": []fields{},
		"tags": []fields{},
	}},
	{setup: true, call: "POST /api/2.0/mlflow/logged-models", body: fields{"experiment_id": "1", "name": "model"}},
	{name: "runs/search", call: runSearchCall, body: runSearch},
	{name: "traces/search", call: traceSearchCall, body: traceSearch},
	{name: "traces", call: oldTraceSearch},
	{name: "logged-models/search", call: modelSearchCall, body: modelSearch},
	{name: "runs/search: unknown experiment", call: runSearchCall, body: fields{"experiment_ids": []string{"999"}, "max_results": 1}},
}

var callerSteps = []step{
	{name: "users/current: admin", call: "GET " + UsersPath + "current"},
	{name: "users/current: ana", as: "ana", call: "GET " + UsersPath + "current"},
	{name: "users/current: wrong password", as: "nobody", call: "GET " + UsersPath + "current"},
	{name: "users/get: oneself", as: "ana", call: "GET " + UsersPath + "get?username=ana"},
	{name: "users/get: another", as: "ana", call: "GET " + UsersPath + "get?username=ben"},
	{name: "users/get: missing", call: "GET " + UsersPath + "get?username=nobody"},
	{name: "users/list: admin", call: "GET " + UsersPath + "list"},
	{name: "users/list: ana", as: "ana", call: "GET " + UsersPath + "list"},
	{name: "roles/list: a member", as: "ana", call: "GET " + RolesPath + "list?workspace=default"},
	{name: "roles/list: in no role", as: "ben", call: "GET " + RolesPath + "list?workspace=default"},
	{name: "roles/list: unknown workspace", call: "GET " + RolesPath + "list?workspace=none"},
	{name: "users/permissions/get: the probe", call: "GET " + UserGrantsPath + "get?resource_id=0&resource_type=experiment&username=admin"},
	{name: "users/permissions/get: the probe of a user", as: "ana", call: "GET " + UserGrantsPath +
		"get?resource_id=0&resource_type=experiment&username=ana"},
	{name: "users/permissions/get: the probe without a name", as: "ana", call: "GET " + UserGrantsPath +
		"get?resource_id=0&resource_type=experiment&username="},
	{name: "users/permissions/get: wrong password", as: "nobody", call: "GET " + UserGrantsPath +
		"get?resource_id=0&resource_type=experiment&username=admin"},
	{name: "users/permissions/get: by the default", call: "GET " + UserGrantsPath + "get?resource_id=1&resource_type=experiment&username=ben"},
	{name: "users/permissions/get: missing", call: "GET " + UserGrantsPath + "get?resource_id=1&resource_type=experiment&username=nobody"},
	{name: "users/permissions/get: another", as: "ben", call: "GET " + UserGrantsPath +
		"get?resource_id=1&resource_type=experiment&username=ana"},
}

var userGrantSteps = []step{
	{name: "grant", call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ben", "resource_type": "experiment",
		"resource_id": "1", "permission": "READ"}},
	{name: "grant: there is one", call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ben", "resource_type": "experiment",
		"resource_id": "1", "permission": "EDIT"}},
	{name: "grant: no such user", call: "POST " + UserGrantsPath + "grant", body: fields{"username": "nobody", "resource_type": "experiment",
		"resource_id": "1", "permission": "READ"}},
	{name: "grant: bad level", call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ana", "resource_type": "experiment",
		"resource_id": "1", "permission": "FLY"}},
	{name: "grant: denied", as: "ben", call: "POST " + UserGrantsPath + "grant",
		body: fields{"username": "ana", "resource_type": "experiment", "resource_id": "1", "permission": "READ"}},
	{name: "revoke: denied", as: "ben", call: "POST " + UserGrantsPath + "revoke",
		body: fields{"username": "ben", "resource_type": "experiment", "resource_id": "1"}},
	{name: "revoke", call: "POST " + UserGrantsPath + "revoke", body: fields{"username": "ben", "resource_type": "experiment",
		"resource_id": "1"}},
	{name: "revoke: no grant", call: "POST " + UserGrantsPath + "revoke", body: fields{"username": "ben", "resource_type": "experiment",
		"resource_id": "1"}},
	{name: "revoke: no such user", call: "POST " + UserGrantsPath + "revoke", body: fields{"username": "nobody", "resource_type": "experiment",
		"resource_id": "1"}},
}

var roleGrantSteps = []step{
	{name: "roles/permissions/add", call: "POST " + RolesPath + "permissions/add",
		body: fields{"role_id": 1, "resource_type": "experiment", "resource_pattern": "1", "permission": "READ"}},
	{name: "roles/permissions/add: there is one", call: "POST " + RolesPath + "permissions/add",
		body: fields{"role_id": 1, "resource_type": "experiment", "resource_pattern": "1", "permission": "EDIT"}},
	{name: "roles/permissions/add: no such role", call: "POST " + RolesPath + "permissions/add",
		body: fields{"role_id": 99, "resource_type": "experiment", "resource_pattern": "1", "permission": "EDIT"}},
	{name: "roles/permissions/add: denied", as: "ben", call: "POST " + RolesPath + "permissions/add",
		body: fields{"role_id": 1, "resource_type": "experiment", "resource_pattern": "2", "permission": "READ"}},
	{name: "roles/list: admin", call: "GET " + RolesPath + "list?workspace=default"},
	{name: "roles/permissions/update", call: "PATCH " + RolesPath + "permissions/update",
		body: fields{"role_permission_id": 2, "permission": "EDIT"}},
	{name: "roles/permissions/update: no such row", call: "PATCH " + RolesPath + "permissions/update",
		body: fields{"role_permission_id": 99, "permission": "EDIT"}},
	{name: "roles/permissions/remove", call: "DELETE " + RolesPath + "permissions/remove", body: fields{"role_permission_id": 2}},
	{name: "roles/permissions/remove: no such row", call: "DELETE " + RolesPath + "permissions/remove",
		body: fields{"role_permission_id": 99}},
}

var legacySteps = []step{
	{name: "permissions/get: no row", call: "GET " + LegacyGrantsPath + "get?experiment_id=1&username=ben"},
	{name: "permissions/get: no such user", call: "GET " + LegacyGrantsPath + "get?experiment_id=1&username=nobody"},
	{name: "permissions/get: the probe", call: "GET " + LegacyGrantsPath + "get?experiment_id=0&username=admin"},
	{name: "permissions/get: the probe of a user", as: "ana", call: "GET " + LegacyGrantsPath + "get?experiment_id=0&username=ana"},
	{name: "permissions/create", call: "POST " + LegacyGrantsPath + "create", body: fields{"experiment_id": "1", "username": "ben",
		"permission": "READ"}},
	{name: "permissions/create: there is one", call: "POST " + LegacyGrantsPath + "create",
		body: fields{"experiment_id": "1", "username": "ben", "permission": "EDIT"}},
	{name: "permissions/create: no such user", call: "POST " + LegacyGrantsPath + "create",
		body: fields{"experiment_id": "1", "username": "nobody", "permission": "READ"}},
	{name: "permissions/create: bad level", call: "POST " + LegacyGrantsPath + "create",
		body: fields{"experiment_id": "1", "username": "ana", "permission": "FLY"}},
	{name: "permissions/create: denied", as: "ben", call: "POST " + LegacyGrantsPath + "create",
		body: fields{"experiment_id": "1", "username": "ana", "permission": "READ"}},
	{name: "permissions/get", call: "GET " + LegacyGrantsPath + "get?experiment_id=1&username=ben"},
	{name: "permissions/update", call: "PATCH " + LegacyGrantsPath + "update", body: fields{"experiment_id": "1", "username": "ben",
		"permission": "EDIT"}},
	{name: "permissions/update: no row", call: "PATCH " + LegacyGrantsPath + "update",
		body: fields{"experiment_id": "1", "username": "ana", "permission": "EDIT"}},
	{name: "users/get: with rows", call: "GET " + UsersPath + "get?username=ben"},
	{name: "permissions/delete", call: "DELETE " + LegacyGrantsPath + "delete", body: fields{"experiment_id": "1", "username": "ben"}},
	{name: "permissions/delete: no row", call: "DELETE " + LegacyGrantsPath + "delete", body: fields{"experiment_id": "1", "username": "ben"}},
	{name: "users/get: admin", call: "GET " + UsersPath + "get?username=admin"},
	{name: "users/get: ana", call: "GET " + UsersPath + "get?username=ana"},
	{name: "users/get: ben", call: "GET " + UsersPath + "get?username=ben"},
}

// pictureSteps read the lists with every kind of grant: ana has EDIT, ben DENY and a registered model, the role risk READ on the experiment
// and USE on all; the role bosses manages the workspace.
var pictureSteps = []step{
	{setup: true, call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ana", "resource_type": "experiment", "resource_id": "1",
		"permission": "EDIT"}},
	{setup: true, call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ben", "resource_type": "experiment", "resource_id": "1",
		"permission": "DENY"}},
	{setup: true, call: "POST " + UserGrantsPath + "grant", body: fields{"username": "ben", "resource_type": "registered_model",
		"resource_id": "m", "permission": "MANAGE"}},
	{setup: true, call: "POST " + RolesPath + "permissions/add", body: fields{"role_id": 1, "resource_type": "experiment",
		"resource_pattern": "1", "permission": "READ"}},
	{setup: true, call: "POST " + RolesPath + "permissions/add", body: fields{"role_id": 1, "resource_type": "experiment",
		"resource_pattern": "*", "permission": "USE"}},
	{setup: true, call: "POST " + RolesPath + "create", body: fields{"name": "bosses", "workspace": "default"}},
	{setup: true, call: "POST " + RolesPath + "permissions/add", body: fields{"role_id": 5, "resource_type": "workspace",
		"resource_pattern": "*", "permission": "MANAGE"}},
	{name: "users/list: picture", call: "GET " + UsersPath + "list"},
	{name: "roles/list: picture", call: "GET " + RolesPath + "list?workspace=default"},
	{name: "current/permissions: admin", call: "GET /api/3.0/mlflow/users/current/permissions"},
	{name: "current/permissions: ana", as: "ana", call: "GET /api/3.0/mlflow/users/current/permissions"},
	{name: "current/permissions: ben", as: "ben", call: "GET /api/3.0/mlflow/users/current/permissions"},
}

var workspaceSteps = []step{
	{name: "a workspace that is not there", workspace: "none", call: "GET " + ExperimentsPath + "get?experiment_id=1"},
	{setup: true, call: "POST /api/3.0/mlflow/workspaces", body: fields{"name": "other"}},
	{name: "users/list: outside of a workspace", as: "ben", workspace: "other", call: "GET " + UsersPath + "list"},
	{name: "roles/list: of another workspace", workspace: "other", call: "GET " + RolesPath + "list?workspace=other"},
	{name: "get: of another workspace", workspace: "other", call: "GET " + ExperimentsPath + "get?experiment_id=1"},
}

var absentSteps = []step{
	{name: "absent call", call: "GET /api/2.0/mlflow/no-such-call"},
	{name: "wrong method", call: "GET " + ExperimentsPath + "delete"},
}
