package chaostest

import (
	"fmt"
	"maps"
	"slices"
)

// undeclaredMembers are the users and roles that another user created or changed, which are unmanaged.
type undeclaredMembers struct {
	roles    map[string]roleState       // undeclared, by name
	rows     map[string]string          // the level of theirRow in declared roles, by the label of the role
	visitors map[string]map[string]bool // in roles without a list of all members, by the label of the role
}

func newUndeclaredMembers() undeclaredMembers {
	return undeclaredMembers{map[string]roleState{}, map[string]string{}, map[string]map[string]bool{}}
}

// removeRole removes a role that no longer exists, with its rows and members.
func (g undeclaredMembers) removeRole(label string) {
	delete(g.rows, label)
	delete(g.visitors, label)
}

// note records the unmanaged rows and members of a declared role.
func (w *world) note(label string, isWhole bool, now roleState) {
	w.guests.removeRole(label)
	if level, has := now.rows[theirRow]; has {
		w.guests.rows[label] = level
	}
	for _, user := range w.visitors() {
		if now.members[user] && !isWhole {
			if w.guests.visitors[label] == nil {
				w.guests.visitors[label] = map[string]bool{}
			}
			w.guests.visitors[label][user] = true
		}
	}
}

// createRoleFirst creates a role with the name that a request is about to use.
func (m *concurrentUser) createRoleFirst(r request) string {
	w, name := m.world, r.field("name")
	for _, declared := range w.config.roles {
		if declared.name == name && declared.adopt {
			return ""
		}
	}
	if _, there := w.directory.Directory().roles[name]; there {
		return ""
	}
	w.directory.CreateRole(name, theirs)
	w.guests.roles[name] = w.directory.Directory().roles[name]
	m.tally.add(&m.tally.strangers)
	return fmt.Sprintf("there is a role %q", name)
}

// changeRole changes a role that existed before the round. The provider would not recognize a changed role that it created just before if
// the response was lost. It records unmanaged changes.
func (m *concurrentUser) changeRole() string {
	w := m.world
	named := map[string]string{} // labels
	for label, old := range m.round.old.roles {
		if _, was := m.round.directory.roles[old.name]; was {
			named[old.name], named[m.round.next.roles[label].name] = label, label
		}
	}
	there := w.directory.Directory().roles
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(there)), func(name string) bool {
		_, stranger := w.guests.roles[name]
		return named[name] == "" || stranger
	})
	if len(names) == 0 {
		return ""
	}
	name := pick(m.dice, names)
	label := named[name]
	done := w.changeRoleOutside(m.dice, name, there[name])
	if r, stays := m.round.next.roles[label]; stays {
		if now, is := w.directory.Directory().roles[name]; is {
			w.note(label, r.isWhole, now)
		}
	}
	m.tally.add(&m.tally.foreignRoles)
	return done
}

// changeRoleOutside changes a role, and returns a description of the change.
func (w *world) changeRoleOutside(d dice, name string, now roleState) string {
	switch d.IntN(5) {
	case 0:
		user := pick(d, w.visitors())
		w.directory.SetMember(name, user, !now.members[user])
		return fmt.Sprintf("%s joined or left role %s", user, name)
	case 1:
		w.directory.SetRow(name, "scorer"+everything, "READ")
		return fmt.Sprintf("role %s has a row on all scorers", name)
	case 2:
		level := pick(d, []string{"READ", "EDIT", "MANAGE", ""})
		w.directory.SetRow(name, theirRow, level)
		return fmt.Sprintf("role %s has %q on %s", name, level, theirRow)
	default:
		var keys []string
		for key := range rowLevels {
			if _, has := now.rows[key]; has {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			w.directory.SetRow(name, "scorer"+everything, "EDIT")
			return fmt.Sprintf("role %s has a row on all scorers", name)
		}
		slices.Sort(keys)
		key := pick(d, keys)
		level := pick(d, []string{"READ", "EDIT", "MANAGE"})
		w.directory.SetRow(name, key, level)
		return fmt.Sprintf("role %s has %s on %s", name, level, key)
	}
}

// mutateDirectory changes users and roles outside Terraform.
func (w *world) mutateDirectory(next config) {
	if w.directory == nil {
		return
	}
	there := w.directory.Directory()
	for _, label := range labels(w.config.roles) {
		r := w.config.roles[label]
		now := there.roles[r.name]
		switch w.dice.IntN(8) {
		case 0, 1, 2:
			w.changeRoleOutside(w.dice, r.name, now)
			w.note(label, r.isWhole, w.directory.Directory().roles[r.name])
		case 3:
			w.directory.UpdateRole(r.name, r.name, w.text("drift"))
		case 4:
			if len(now.members) > 0 {
				user := pick(w.dice, labels(now.members))
				w.directory.SetMember(r.name, user, false)
				w.note(label, r.isWhole, w.directory.Directory().roles[r.name])
			}
		case 5:
			for _, key := range labels(now.rows) {
				if key != theirRow {
					w.directory.SetRow(r.name, key, "")
					break
				}
			}
		case 6:
			if _, stays := next.roles[label]; stays && w.dice.chance(0.4) {
				w.directory.DeleteRole(r.name)
				w.guests.removeRole(label)
			}
		}
	}
	for _, label := range labels(w.config.accounts) {
		switch name := w.config.accounts[label].name; w.dice.IntN(8) {
		case 0:
			w.directory.SetAdmin(name, true)
		case 1:
			w.directory.DeleteUser(name)
		}
	}
}

// followDirectoryAdvice follows the advice of an error. Strangers rename their roles if the configuration declares the names. Users and
// roles that the provider left when it was killed or got no response are adopted, including a role that it renamed.
func (w *world) followDirectoryAdvice(r round, diagnostics []diagnostic, unclear func(address string) bool, killed bool) {
	if w.directory == nil {
		return
	}
	taken := map[string]bool{}
	for _, role := range w.config.roles {
		if seen, is := w.guests.roles[role.name]; is {
			other := w.directory.Named(w.uniqueName("stranger"))
			w.directory.UpdateRole(role.name, other, theirs)
			delete(w.guests.roles, role.name)
			w.guests.roles[other], taken[role.name] = seen, true
		}
	}
	there, now := w.directory.Directory(), w.process.state(w.t)
	adopts := func(address, name string) bool {
		complained := func(d diagnostic) bool { return d.Address == address }
		if !taken[name] && !killed && !unclear(address) && slices.ContainsFunc(diagnostics, func(d diagnostic) bool {
			return complained(d) && isTaken(d)
		}) {
			w.fail("%s: the provider does not recognize %q, which it created", address, name)
		}
		if !killed && !unclear(address) && !slices.ContainsFunc(diagnostics, complained) {
			w.fail("%s: %q exists, but is not in the state, without a diagnostic", address, name)
		}
		w.tally.add(&w.tally.adopted)
		return true
	}
	for _, label := range labels(w.config.accounts) {
		a := w.config.accounts[label]
		if _, is := there.users[a.name]; is && !now.holds("mlflow_user", label) {
			a.adopt = adopts("mlflow_user."+label, a.name)
			w.config.accounts[label] = a
		}
	}
	for _, label := range labels(w.config.roles) {
		role := w.config.roles[label]
		if _, is := there.roles[role.name]; is && now.idOf("mlflow_role", label) != "default/"+role.name && !role.adopt {
			role.adopt = adopts("mlflow_role."+label, role.name)
			w.config.roles[label] = role
		}
	}
}
