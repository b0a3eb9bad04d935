//go:build mlflow

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// roleLosses concern the only role that makes the caller a manager of its workspace.
var roleLosses = map[string]lossAttempt{
	"managing role, destroyed":      {by: byManager, kind: kindRole, state: itsRole},
	"managing role, without grants": {by: byManager, kind: kindRole, state: itsRole, config: roleOf(nil)},
	"managing role, no grants":      {by: byManager, kind: kindRole, state: itsRole, config: roleOf(rows{})},
	"managing role, USE": {
		by: byManager, kind: kindRole, state: itsRole, config: roleOf(rows{"workspace/*": "USE"}),
	},
	"managing role, DENY": {
		by: byManager, kind: kindRole, state: itsRole, config: roleOf(rows{"workspace/*": "DENY"}), names: denied,
	},
	"managing role, null": {
		by: byManager, kind: kindRole, state: itsRole, config: roleOf(map[string]any{"workspace/*": nil}),
	},
	"managing role, all other grants": {
		by: byManager, kind: kindRole, state: itsRole, config: roleOf(rows{"experiment/*": "MANAGE", "registered_model/*": "MANAGE"}),
	},
	"managing role, renamed and lowered": {
		by: byManager, kind: kindRole, state: itsRole, config: roleOf(rows{"workspace/*": "USE"}, "name", "losses renamed"),
	},
	"managing role, renamed and then destroyed": {by: byManager, kind: kindRole, setup: renameRole, state: itsRole},
	"managing role, moved": {
		by: byManager, kind: kindRole, setup: withOther, state: itsRole, config: roleOf(rows{"workspace/*": "MANAGE"}, "workspace", otherUser),
	},
	"managing role, created again":          {by: byManager, kind: kindRole, config: roleOf(rows{})},
	"managing role, adopted with no grants": {by: byManager, kind: kindRole, config: roleOf(rows{}, "adopt_existing", true)},
	"managing role, adopted without grants": {by: byManager, kind: kindRole, config: roleOf(nil, "adopt_existing", true)},
	"managing role, adopted and destroyed": {
		by: byManager, kind: kindRole, prepare: roleOf(rows{"workspace/*": "MANAGE"}, "adopt_existing", true),
	},
	"managing role, destroyed with the other one": {
		by: byManager, kind: kindRole, setup: withSecond, meanwhile: withoutSecond, state: itsRole,
	},
	"managing role, lowered with the other one": {
		by: byManager, kind: kindRole, setup: withSecond, meanwhile: withoutSecond, state: itsRole, config: roleOf(rows{}),
	},
	"seeded role, adopted with no grants": {
		by: byManager, kind: kindRole, setup: seededRole, config: roleOf(rows{}, "adopt_existing", true),
	},
	"seeded role, destroyed": {by: byManager, kind: kindRole, setup: seededRole, state: itsRole},
	"the hidden role of the caller": {
		by: byManager, kind: kindRole, config: roleOf(rows{}, "name", hiddenRole, "adopt_existing", true), names: hiddenRole,
	},
	"two managing roles in one plan":                  {by: byManager, kind: kindRole, run: concurrentLosses(false, itsRole)},
	"two managing roles, concurrently":                {by: byManager, kind: kindRole, run: concurrentLosses(true, itsRole)},
	"memberships of two managing roles in one plan":   {by: byManager, kind: kindMember, run: concurrentLosses(false, ownMember)},
	"memberships of two managing roles, concurrently": {by: byManager, kind: kindMember, run: concurrentLosses(true, ownMember)},
}

// memberLosses concern the caller's membership of that role.
var memberLosses = map[string]lossAttempt{
	"members of the managing role, others":      {by: byManager, kind: kindMembers, config: membersOf(others)},
	"members of the managing role, no members":  {by: byManager, kind: kindMembers, config: membersOf(noUsers)},
	"members of the managing role, fewer":       {by: byManager, kind: kindMembers, state: roleOfMembers, config: membersOf(others)},
	"members of the managing role, all removed": {by: byManager, kind: kindMembers, state: roleOfMembers, config: membersOf(noUsers)},
	"members of the managing role, destroyed":   {by: byManager, kind: kindMembers, state: roleOfMembers},
	"members of the managing role, of another": {
		by: byManager, kind: kindMembers, setup: withUsers, state: roleOfMembers, config: membersOf(self, "role", "users"),
	},
	"members of the managing role, moved": {
		by: byManager, kind: kindMembers, setup: withOther, state: roleOfMembers, config: membersOf(self, "workspace", otherUser),
	},
	"members of the managing role, with another": {
		by: byManager, kind: kindMembers, setup: withSecond, meanwhile: withoutSecond, state: roleOfMembers,
	},
	"member of the managing role, destroyed": {by: byManager, kind: kindMember, state: ownMember},
	"member of the managing role, another user": {
		by: byManager, kind: kindMember, state: ownMember, config: memberOf("user", func(st *lossFixture) string { return st.ana }),
	},
	"member of the managing role, of another": {
		by: byManager, kind: kindMember, setup: withUsers, state: ownMember, config: memberOf("role", "users"),
	},
	"member of the managing role, moved": {
		by: byManager, kind: kindMember, setup: withOther, state: ownMember, config: memberOf("workspace", otherUser),
	},
	"member of the managing role, with another": {
		by: byManager, kind: kindMember, setup: withSecond, meanwhile: withoutSecond, state: ownMember,
	},
	"member of the managing role, adopted": {by: byManager, kind: kindMember, prepare: memberOf()},
}

// rows are the grants of a role.
type rows = map[string]string

func denied(*lossFixture) string           { return "DENY" }
func otherUser(st *lossFixture) string     { return st.other }
func roleOfMembers(st *lossFixture) string { return "workspace=" + st.workspace + ",role=" + st.role }
func others(st *lossFixture) []string      { return []string{st.ana} }
func self(st *lossFixture) []string        { return []string{st.caller.name} }
func noUsers(*lossFixture) []string        { return []string{} }

// resolveConfig returns a configuration with more attributes. It calls attributes that are functions with the fixture.
func resolveConfig(st *lossFixture, config map[string]any, more []any) map[string]any {
	for pair := range slices.Chunk(more, 2) {
		name, _ := pair[0].(string)
		config[name] = pair[1]
		if of, ok := pair[1].(func(*lossFixture) string); ok {
			config[name] = of(st)
		}
	}
	return config
}

// roleOf returns the configuration of the fixture's role, with the grants unless they are nil, and more attributes.
func roleOf(grants any, more ...any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		config := map[string]any{"workspace": st.workspace, "name": st.role}
		if grants != nil {
			config["grants"] = grants
		}
		return resolveConfig(st, config, more)
	}
}

func membersOf(users func(*lossFixture) []string, more ...any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		return resolveConfig(st, map[string]any{"workspace": st.workspace, "role": st.role, "users": users(st)}, more)
	}
}

func memberOf(more ...any) func(*lossFixture) map[string]any {
	return func(st *lossFixture) map[string]any {
		return resolveConfig(st, map[string]any{"workspace": st.workspace, "role": st.role, "user": st.caller.name}, more)
	}
}

// renameRole renames the role with Terraform, which removes nothing.
func renameRole(t *testing.T, st *lossFixture) {
	t.Helper()
	b := st.as(st.caller).Provider(t, nil).Resource(kindRole)
	b.Import(itsRole(st))
	st.role += " renamed"
	b.MustApply(roleOf(rows{"workspace/*": "MANAGE"})(st))
}

// withUsers adds a role with only USE on the workspace.
func withUsers(t *testing.T, st *lossFixture) {
	t.Helper()
	st.addRow(t, numberOf(st.there.createRole(t, "users")), "workspace/*", "USE")
}

// withSecond adds the caller to a second role that manages the workspace, and withoutSecond removes it again.
func withSecond(t *testing.T, st *lossFixture) {
	t.Helper()
	st.addManagingRole(t, st.workspace, "second")
}

func withoutSecond(t *testing.T, st *lossFixture) {
	t.Helper()
	st.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": st.readRole(t, st.workspace, "second").id})
}

// seededRole makes the caller a manager only by the role that a new workspace has.
func seededRole(t *testing.T, st *lossFixture) {
	t.Helper()
	seeded := st.readRole(t, st.workspace, "admin")
	if !maps.Equal(seeded.rows, rows{"workspace/*": "MANAGE"}) {
		t.Errorf("the seeded role grants %v", seeded.rows)
	}
	st.assign(t, seeded.id, st.caller.name)
	st.MustDo(t, "DELETE", rbacCalls+"roles/delete", map[string]any{"role_id": st.readRole(t, st.workspace, st.role).id})
	st.role = "admin"
}

// hiddenRole is the role in which the server stores the caller's own grants.
func hiddenRole(st *lossFixture) string { return fmt.Sprintf("__user_%s__", st.caller.name) }
