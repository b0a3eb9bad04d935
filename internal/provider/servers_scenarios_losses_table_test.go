//go:build mlflow

package provider_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// accountLosses concern the caller's own account, and the last server admin.
var accountLosses = map[string]lossAttempt{
	"own account, destroyed":           {kind: kindUser, state: ownAccount},
	"own account, no admin":            {kind: kindUser, state: ownAccount, config: account("admin", false)},
	"own account, nothing about admin": {kind: kindUser, state: ownAccount, config: account()},
	"own account, admin is null":       {kind: kindUser, state: ownAccount, config: account("admin", nil)},
	"own account, deletion allowed": {
		kind: kindUser, prepare: account("adopt_existing", true, "admin", true, "deletion_policy", "delete"),
	},
	"own account, another password": {
		kind: kindUser, state: ownAccount, config: account("admin", true, "password_wo", secondPassword, "password_wo_version", 1),
	},
	"own account, password and no admin": {
		kind: kindUser, state: ownAccount, config: account("password_wo", secondPassword, "password_wo_version", 1),
	},
	"own account, another username": {
		kind: kindUser, state: ownAccount, config: account("username", "losses-renamed", "admin", true, "password_wo", secondPassword),
	},
	"own account, created again": {
		kind: kindUser, config: account("admin", true, "password_wo", secondPassword), atApply: true,
	},
	"own account, adopted as no admin":   {kind: kindUser, config: account("adopt_existing", true, "admin", false)},
	"own account, adopted without admin": {kind: kindUser, config: account("adopt_existing", true)},
	"own account, adopted with a password": {
		kind: kindUser, config: account("adopt_existing", true, "admin", true, "password_wo", secondPassword),
	},
	"own account, adopted and destroyed": {
		kind: kindUser, prepare: account("adopt_existing", true, "admin", true),
	},
	"the only other admin, then oneself": {
		kind: kindUser, setup: demoteFirstAdmin, state: ownAccount, config: account("admin", false),
	},
	"the only other admin, then destroyed": {kind: kindUser, setup: demoteFirstAdmin, state: ownAccount},
	"the last admin, by a former admin": {
		kind: kindUser, state: firstAdmin, config: account("username", adminName), meanwhile: demoteCaller, names: firstAdmin,
	},
	"the last admin, deleted by a former admin": {kind: kindUser, state: firstAdmin, meanwhile: demoteCaller, names: firstAdmin},
	"the first admin, by a manager": {
		by: byManager, kind: kindUser, config: account("username", adminName, "adopt_existing", true), atApply: true, names: firstAdmin,
	},
}

const kindUser = "mlflow_user"

// account returns the configuration of the caller's own account, unless it has another username.
func account(values ...any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		config := map[string]any{"username": st.caller.name}
		for name, value := range acctest.AttributeValues(values...) {
			config[name] = value
		}
		return config
	}
}

func ownAccount(st *lossFixture) string { return st.caller.name }
func firstAdmin(*lossFixture) string    { return adminName }

func demoteCaller(t *testing.T, st *lossFixture) {
	t.Helper()
	st.setAdmin(t, st.caller.name, false)
}

// demoteFirstAdmin demotes the first admin with Terraform, so that the caller is the only admin.
func demoteFirstAdmin(t *testing.T, st *lossFixture) {
	t.Helper()
	b := st.as(st.caller).Provider(t, nil).Resource(kindUser)
	acctest.ExpectDiagnostics(t, b.Import(adminName), "")
	b.MustApply(map[string]any{"username": adminName})
	seen := *st.server
	seen.Backend = st.as(st.caller)
	st.server = &seen
}

// workspaceLosses concern workspaces with content.
var workspaceLosses = map[string]lossAttempt{
	"workspace with an experiment, destroyed": {kind: kindWorkspace, setup: withExperiment, state: workspaceName},
	"workspace with a run, renamed": {
		kind: kindWorkspace, setup: withRun, state: workspaceName, config: workspaceOf("name", "losses-renamed"),
	},
	"workspace with a deleted experiment, destroyed": {kind: kindWorkspace, setup: withDeleted, state: workspaceName},
	"workspace with a deleted experiment, renamed": {
		kind: kindWorkspace, setup: withDeleted, state: workspaceName, config: workspaceOf("name", "losses-renamed"),
	},
	"workspace with a model, destroyed":            {kind: kindWorkspace, setup: withModel, state: workspaceName},
	"workspace with a prompt, destroyed":           {kind: kindWorkspace, setup: withPrompt, state: workspaceName},
	"workspace that gets an experiment, destroyed": {kind: kindWorkspace, meanwhile: withExperiment, state: workspaceName},
	"workspace that gets a model, destroyed":       {kind: kindWorkspace, meanwhile: withModel, state: workspaceName},
	"workspace that gets a prompt, destroyed":      {kind: kindWorkspace, meanwhile: withPrompt, state: workspaceName},
	"workspace that gets a run, renamed": {
		kind: kindWorkspace, meanwhile: withRun, state: workspaceName, config: workspaceOf("name", "losses-renamed"),
	},
	"workspace that gets a deleted experiment": {kind: kindWorkspace, meanwhile: withDeleted, state: workspaceName},
	"workspace, created again":                 {kind: kindWorkspace, setup: withRun, config: workspaceOf(), atApply: true},
	"workspace, adopted and destroyed": {
		kind: kindWorkspace, setup: withRun, prepare: workspaceOf("adopt_existing", true),
	},
	"workspace, destroyed by its manager":              {by: byManager, kind: kindWorkspace, state: workspaceName, atApply: true},
	"workspace with content, destroyed by its manager": {by: byManager, kind: kindWorkspace, setup: withRun, state: workspaceName},
	"the workspace default, imported to destroy it":    {kind: kindWorkspace, state: defaultName, names: defaultName},
	"the workspace default, adopted": {
		kind: kindWorkspace, config: workspaceOf("name", "default", "adopt_existing", true), names: defaultName,
	},
	"workspace, renamed to default": {
		kind: kindWorkspace, state: workspaceName, config: workspaceOf("name", "default"), names: defaultName,
	},
}

// experimentLosses concern experiments with runs.
var experimentLosses = map[string]lossAttempt{
	"experiment with a run, destroyed": {kind: kindExperiment, setup: withRun, state: experimentIn},
	"experiment with a run, moved":     {kind: kindExperiment, setup: withRunAndOther, state: experimentIn, config: experimentMoved},
	"experiment that gets a run, destroyed": {
		kind: kindExperiment, setup: withExperiment, state: experimentIn, meanwhile: addRun,
	},
	"experiment that gets a run, moved": {
		kind: kindExperiment, setup: withExperimentAndOther, state: experimentIn, config: experimentMoved, meanwhile: addRun,
	},
	"experiment with a run, destroyed by a manager": {by: byManager, kind: kindExperiment, setup: withRun, state: experimentIn},
}

const (
	kindWorkspace  = "mlflow_workspace"
	kindExperiment = "mlflow_experiment"
)

func workspaceName(st *lossFixture) string { return st.workspace }
func defaultName(*lossFixture) string      { return "default" }
func itsRole(st *lossFixture) string       { return "workspace=" + st.workspace + ",name=" + st.role }
func ownMember(st *lossFixture) string     { return roleOfMembers(st) + ",user=" + st.caller.name }

func experimentIn(st *lossFixture) string { return "workspace=" + st.workspace + "," + st.experiment }

// workspaceOf returns the configuration of the fixture's workspace, unless it has another name.
func workspaceOf(values ...any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		config := map[string]any{"name": st.workspace}
		for name, value := range acctest.AttributeValues(values...) {
			config[name] = value
		}
		return config
	}
}

func experimentMoved(st *lossFixture) map[string]any {
	return map[string]any{"name": "churn", "workspace": st.other}
}

func withExperiment(t *testing.T, st *lossFixture) {
	t.Helper()
	st.experiment = st.there.CreateExperiment(t, "churn", nil)
}

func addRun(t *testing.T, st *lossFixture) {
	t.Helper()
	st.there.AddRun(t, st.experiment)
}

func withRun(t *testing.T, st *lossFixture) {
	t.Helper()
	withExperiment(t, st)
	addRun(t, st)
}

func withDeleted(t *testing.T, st *lossFixture) {
	t.Helper()
	withRun(t, st)
	st.there.DeleteExperiment(t, st.experiment)
}

func withOther(t *testing.T, st *lossFixture) {
	t.Helper()
	_, st.other = st.newWorkspace(t, "other")
	if st.by == byManager {
		st.addManagingRole(t, st.other, st.role)
	}
}

func withExperimentAndOther(t *testing.T, st *lossFixture) {
	t.Helper()
	withExperiment(t, st)
	withOther(t, st)
}

func withRunAndOther(t *testing.T, st *lossFixture) {
	t.Helper()
	withRun(t, st)
	withOther(t, st)
}

func withModel(t *testing.T, st *lossFixture) {
	t.Helper()
	st.there.MustDo(t, "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{"name": "scorer"})
}

func withPrompt(t *testing.T, st *lossFixture) {
	t.Helper()
	st.there.MustDo(t, "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{
		"name": "support", "tags": []any{map[string]any{"key": "mlflow.prompt.is_prompt", "value": "true"}},
	})
}

// permissionLosses concern the caller's own access to an experiment.
var permissionLosses = map[string]lossAttempt{
	"own experiment, a list without the caller": {
		by: byCreator, kind: kindPermissions, warns: true, names: ownAccount,
		config: grantsOf("users", func(st *lossFixture) any { return map[string]string{st.ana: "CAN_READ"} }),
	},
	"own experiment, an empty list": {
		by: byCreator, kind: kindPermissions, config: grantsOf("users", noLevels), warns: true, names: ownAccount,
	},
	"own experiment, read only": {
		by: byCreator, kind: kindPermissions, config: grantsOf("users", ownLevel("CAN_READ")), names: ownAccount,
	},
	"own experiment, denied": {
		by: byCreator, kind: kindPermissions, config: grantsOf("users", ownLevel("DENY")), names: ownAccount,
	},
	"own experiment, its list destroyed": {
		by: byCreator, kind: kindPermissions, prepare: grantsOf("users", ownLevel("CAN_MANAGE")), quiet: true,
	},
	"own experiment, the role of the caller is denied": {
		by: byCreator, kind: kindPermissions, config: grantsOf("groups", func(st *lossFixture) any { return map[string]string{st.role: "DENY"} }),
		names: ownAccount,
	},
	"own experiment, one grant lowered": {
		by: byCreator, kind: kindPermission, config: ownGrant("CAN_READ"), atApply: true, names: ownAccount,
	},
	"own experiment, one grant denied": {
		by: byCreator, kind: kindPermission, config: ownGrant("DENY"), atApply: true, names: ownAccount,
	},
	"own experiment, one grant destroyed": {
		by: byCreator, kind: kindPermission, prepare: ownGrant("CAN_MANAGE"), warns: true, names: ownAccount,
	},
	"own experiment, the grant to another user": {
		by: byCreator, kind: kindPermission, prepare: ownGrant("CAN_MANAGE"), warns: true, names: ownAccount,
		config: func(st *lossFixture) map[string]any {
			return map[string]any{"workspace": st.workspace, "experiment_id": st.experiment, "user_name": st.ana, "permission_level": "CAN_MANAGE"}
		},
	},
}

const (
	kindPermissions = "mlflow_experiment_permissions"
	kindPermission  = "mlflow_experiment_permission"
)

func noLevels(*lossFixture) any { return map[string]string{} }

func ownLevel(level string) func(*lossFixture) any {
	return func(st *lossFixture) any { return map[string]string{st.caller.name: level} }
}

// grantsOf returns a list of grants on the fixture's experiment.
func grantsOf(attribute string, levels func(*lossFixture) any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		return map[string]any{"workspace": st.workspace, "experiment_id": st.experiment, attribute: levels(st)}
	}
}

// ownGrant returns one grant to the caller.
func ownGrant(level string) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		return map[string]any{"workspace": st.workspace, "experiment_id": st.experiment, "user_name": st.caller.name, "permission_level": level}
	}
}
