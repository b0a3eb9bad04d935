package chaostest

import (
	"fmt"
	"maps"
	"slices"
)

// directory reads and changes the users and roles of a server outside Terraform, without faults. It contains those of one world, which have
// a common prefix.
type directory interface {
	// Directory returns all users and roles.
	Directory() directoryState
	// Named returns a name of the world.
	Named(text string) string

	CreateRole(name, description string)
	UpdateRole(name, newName, description string)
	DeleteRole(name string)
	// SetRow sets the level of a row, which may not exist. An empty level removes it.
	SetRow(role, key, level string)
	// SetMember adds or removes a member of a role, if necessary.
	SetMember(role, user string, member bool)
	SetAdmin(user string, admin bool)
	DeleteUser(user string)
	// authenticates reports whether the password of a user is correct, and whether the user is an admin.
	authenticates(user string) (works, isAdmin bool)
}

// directoryState contains the users and roles at one moment, by name.
type directoryState struct {
	users map[string]bool // whether each is an admin
	roles map[string]roleState
}

type roleState struct {
	description string
	rows        map[string]string // levels by "type/pattern"
	members     map[string]bool
}

// account is an mlflow_user.
type account struct {
	name    string
	version int // of the password
	adopt   bool
}

// role is an mlflow_role, with all members if they are declared as a list.
type role struct {
	name, description string
	rows              map[string]string
	isWhole           bool
	members           map[string]bool // labels of accounts, for an mlflow_role_members
	adopt             bool
}

// member is an mlflow_role_member. It refers to resources by label.
type member struct{ role, account string }

const (
	password   = "chaos-password-1234" // of all users
	theirs     = "theirs"              // description of unmanaged users and roles
	everything = "/*"
	// theirRow is an undeclared row that another user adds to roles.
	theirRow = "prompt/theirs"
	ourRow   = "prompt/ours"
)

// rowLevels are the declared rows, except for that of a workspace.
var rowLevels = map[string][]string{
	"experiment" + everything: {"READ", "EDIT", "MANAGE"}, "registered_model" + everything: {"READ", "EDIT"},
	"trace" + everything: {"READ", "EDIT"}, ourRow: {"READ", "EDIT", "MANAGE"},
}

// populate creates the unmanaged users and the unmanaged role.
func (w *world) populate() {
	if w.directory == nil {
		return
	}
	for _, name := range w.visitors() {
		w.AddUser(name)
	}
	name := w.directory.Named(theirs)
	w.directory.CreateRole(name, theirs)
	w.directory.SetRow(name, "experiment"+everything, "READ")
	w.directory.SetRow(name, theirRow, "EDIT")
	w.directory.SetMember(name, name, true)
	w.guests.roles[name] = w.directory.Directory().roles[name]
}

// visitors are unmanaged users that can join roles.
func (w *world) visitors() []string {
	return []string{w.directory.Named(theirs), w.directory.Named("visitor")}
}

// evolveDirectory changes the declared users, roles, and members.
func (w *world) evolveDirectory(next config) {
	if w.directory == nil {
		return
	}
	for _, label := range labels(next.accounts) {
		a := next.accounts[label]
		a.adopt = false
		next.accounts[label] = a
		if w.dice.chance(0.15) {
			next.removeAccount(label)
		} else if w.dice.chance(0.25) {
			a.version++
			next.accounts[label] = a
		}
	}
	for len(next.accounts) < 3 || len(next.accounts) < 5 && w.dice.chance(0.4) {
		next.accounts[w.uniqueName("u")] = account{name: w.directory.Named(w.uniqueName("user")), version: 1}
	}
	for _, label := range labels(next.roles) {
		if w.dice.chance(0.15) {
			next.removeRole(label)
			continue
		}
		next.roles[label] = w.changedRole(next, next.roles[label])
	}
	for _, isWhole := range []bool{true, true, false} {
		same := 0
		for _, r := range next.roles {
			if r.isWhole == isWhole {
				same++
			}
		}
		if same < 2 && (same == 0 || isWhole || w.dice.chance(0.3)) {
			next.roles[w.uniqueName("r")] = w.newRole(next, isWhole)
		}
	}
	w.evolveMembers(next)
}

func (w *world) newRole(next config, isWhole bool) role {
	r := role{
		name: w.directory.Named(w.uniqueName("role")), isWhole: isWhole, members: map[string]bool{},
		rows: map[string]string{"workspace" + everything: "USE"},
	}
	return w.changedRole(next, r)
}

func (w *world) changedRole(next config, r role) role {
	r.adopt = false
	if w.dice.chance(0.2) {
		r.name = w.directory.Named(w.uniqueName("role"))
	}
	if w.dice.chance(0.4) {
		r.description = pick(w.dice, []string{"", w.text("role")})
	}
	for _, key := range labels(rowLevels) {
		_, has := r.rows[key]
		switch {
		case has && w.dice.chance(0.2):
			delete(r.rows, key)
		case w.dice.chance(0.35):
			r.rows[key] = pick(w.dice, rowLevels[key])
		}
	}
	if r.isWhole {
		for _, label := range labels(next.accounts) {
			if w.dice.chance(0.35) {
				r.members[label] = true
			} else if w.dice.chance(0.3) {
				delete(r.members, label)
			}
		}
	}
	return r
}

// evolveMembers changes the single members of roles without a list.
func (w *world) evolveMembers(next config) {
	var open []string
	for _, label := range labels(next.roles) {
		if !next.roles[label].isWhole {
			open = append(open, label)
		}
	}
	for _, label := range labels(next.members) {
		if w.dice.chance(0.2) {
			delete(next.members, label)
		}
	}
	for range 3 - len(next.members) {
		m := member{pick(w.dice, open), pick(w.dice, labels(next.accounts))}
		taken := func(c config) bool { return slices.Contains(slices.Collect(maps.Values(c.members)), m) }
		if !taken(next) && !taken(w.config) {
			next.members[w.uniqueName("m")] = m
		}
	}
}

func (c config) removeAccount(label string) {
	delete(c.accounts, label)
	for _, r := range c.roles {
		delete(r.members, label)
	}
	maps.DeleteFunc(c.members, func(_ string, m member) bool { return m.account == label })
}

func (c config) removeRole(label string) {
	delete(c.roles, label)
	maps.DeleteFunc(c.members, func(_ string, m member) bool { return m.role == label })
}

// clone returns a copy of a role with its maps.
func (r role) clone() role {
	r.rows, r.members = maps.Clone(r.rows), maps.Clone(r.members)
	return r
}

// writeDirectory adds the resources of users, roles, and members.
func (c config) writeDirectory(add func(kind, label string, attributes object)) {
	for label, a := range c.accounts {
		add("mlflow_user", label, object{
			"username": a.name, "password_wo": password, "password_wo_version": a.version, "adopt_existing": a.adopt,
		})
	}
	for label, r := range c.roles {
		b := object{"name": r.name, "grants": r.rows, "adopt_existing": r.adopt}
		if r.description != "" {
			b["description"] = r.description
		}
		add("mlflow_role", label, b)
		if r.isWhole {
			users := []string{}
			for _, account := range labels(r.members) {
				users = append(users, nameOf("user", account, "username"))
			}
			add("mlflow_role_members", label, object{"role": nameOf("role", label, "name"), "users": users})
		}
	}
	for label, m := range c.members {
		add("mlflow_role_member", label, object{"role": nameOf("role", m.role, "name"), "user": nameOf("user", m.account, "username")})
	}
}

func nameOf(kind, label, attribute string) string {
	return fmt.Sprintf("${mlflow_%s.%s.%s}", kind, label, attribute)
}
