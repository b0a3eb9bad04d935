package chaostest

import (
	"maps"
	"reflect"
	"strings"
)

func isTaken(d diagnostic) bool { return strings.HasSuffix(d.Summary, "already in use") }

// readDirectory returns the users and roles of a world, if it has any.
func (w *world) readDirectory() directoryState {
	if w.directory == nil {
		return directoryState{}
	}
	return w.directory.Directory()
}

// checkDirectory compares the users and roles with the expected ones.
func (w *world) checkDirectory(r round) {
	if w.directory == nil {
		return
	}
	now := w.directory.Directory()
	w.checkAccounts(r, now.users)
	declared := map[string]bool{}
	for _, label := range labels(r.next.roles) {
		declared[r.next.roles[label].name] = true
		w.checkRole(r, label, now)
	}
	for _, label := range labels(r.old.roles) {
		if _, stays := r.next.roles[label]; !stays {
			w.guests.removeRole(label)
		}
	}
	for _, name := range labels(now.roles) {
		if _, stranger := w.guests.roles[name]; !declared[name] && !stranger {
			w.fail("role %q exists, but is neither declared nor unmanaged: an orphan", name)
		}
	}
	for _, name := range labels(w.guests.roles) {
		if want := w.guests.roles[name]; !reflect.DeepEqual(now.roles[name], want) {
			w.fail("unmanaged role %q is %v, it was %v", name, now.roles[name], want)
		}
	}
}

// checkAccounts also checks the account of the provider.
func (w *world) checkAccounts(r round, users map[string]bool) {
	expected := map[string]bool{}
	for _, a := range r.next.accounts {
		expected[a.name] = false
	}
	for _, name := range w.visitors() {
		expected[name] = false
	}
	if !maps.Equal(users, expected) {
		w.fail("users are %v, want %v (true: a server admin)", users, expected)
	}
	for _, name := range labels(expected) {
		if works, _ := w.directory.authenticates(name); !works {
			w.fail("user %q cannot sign in with the password", name)
		}
	}
	if works, isAdmin := w.directory.authenticates(w.caller.principal.Name); !works || !isAdmin {
		w.fail("caller can sign in: %t, is a server admin: %t; want true", works, isAdmin)
	}
}

func (w *world) checkRole(r round, label string, all directoryState) {
	want := r.next.roles[label]
	now, there := all.roles[want.name]
	old, had := r.old.roles[label]
	switch {
	case !there:
		w.fail("role %q (%s) does not exist", want.name, label)
	case now.description != want.description:
		w.fail("role %q has the description %q, want %q", want.name, now.description, want.description)
	case w.guests.rows[label] != "" && now.rows[theirRow] != w.guests.rows[label]:
		w.fail("role %q has %q on %s, which another user set to %q", want.name, now.rows[theirRow], theirRow, w.guests.rows[label])
	}
	// If the provider could not store a new name, the role was unknown to it, and was then adopted.
	renamed := had && old.name != want.name && want.adopt
	rows := maps.Clone(now.rows)
	delete(rows, theirRow)
	if _, declared := want.rows[ourRow]; !declared && renamed && rows[ourRow] != "" {
		w.directory.SetRow(want.name, ourRow, "")
		delete(rows, ourRow)
	}
	if !maps.Equal(rows, want.rows) {
		w.fail("role %q (%s) has the rows %v, want %v", want.name, label, now.rows, want.rows)
	}
	w.checkMembers(r, label, now.members, renamed)
	w.note(label, want.isWhole, w.directory.Directory().roles[want.name])
}

// checkMembers checks that all members are declared, except visitors in roles without a list.
func (w *world) checkMembers(r round, label string, now map[string]bool, renamed bool) {
	role, want, visiting := r.next.roles[label], map[string]bool{}, map[string]bool{}
	for account := range role.members {
		want[r.next.accounts[account].name] = true
	}
	for _, m := range r.next.members {
		if m.role == label {
			want[r.next.accounts[m.account].name] = true
		}
	}
	members := maps.Clone(now)
	if !role.isWhole {
		for _, user := range w.visitors() {
			visiting[user] = members[user]
			delete(members, user)
		}
		for user := range w.guests.visitors[label] {
			if !visiting[user] {
				w.fail("role %q lost the member %q, which another user added", role.name, user)
			}
		}
		for _, user := range labels(members) {
			if !want[user] && renamed {
				w.directory.SetMember(role.name, user, false)
				delete(members, user)
			}
		}
	}
	if !maps.Equal(members, want) {
		w.fail("role %q (%s) has the members %v, want %v; visitors %v", role.name, label, now, want, w.guests.visitors[label])
	}
}

// checkDirectoryState checks that existing resources that were in the state and are still declared remain in the state after each apply.
func (w *world) checkDirectoryState(r round) {
	if w.directory == nil {
		return
	}
	now := w.process.state(w.t)
	for label, old := range r.old.accounts {
		_, was := r.directory.users[old.name]
		if _, stays := r.next.accounts[label]; was && stays && !now.holds("mlflow_user", label) {
			w.fail("user %q (%s) is no longer in the state", old.name, label)
		}
	}
	for label, old := range r.old.roles {
		_, was := r.directory.roles[old.name]
		if _, stays := r.next.roles[label]; !was || !stays {
			continue
		}
		if !now.holds("mlflow_role", label) {
			w.fail("role %q (%s) is no longer in the state", old.name, label)
		}
		if old.isWhole && !now.holds("mlflow_role_members", label) {
			w.fail("the members of role %q (%s) are no longer in the state", old.name, label)
		}
	}
	for label, m := range r.old.members {
		was := r.directory.roles[r.old.roles[m.role].name].members[r.old.accounts[m.account].name]
		if _, stays := r.next.members[label]; was && stays && !now.holds("mlflow_role_member", label) {
			w.fail("member %s is no longer in the state", label)
		}
	}
}
