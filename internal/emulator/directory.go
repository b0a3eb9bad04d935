package emulator

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

const (
	kindUser             = "user"
	kindGroup            = "group"
	kindServicePrincipal = "service_principal"
)

const (
	adminsGroup = "admins" // may do everything, see addTopFolders
	usersGroup  = "users"  // everybody
)

// Principal is somebody who can be granted access. Kind is "user", "group" or "service_principal"; Name is an e-mail address,
// a group's name or an application id.
type Principal struct{ Kind, Name string }

// UserPrincipal is the user with this e-mail address.
func UserPrincipal(name string) Principal { return Principal{kindUser, name} }

// GroupPrincipal is the group of this name.
func GroupPrincipal(name string) Principal { return Principal{kindGroup, name} }

// ServicePrincipalPrincipal is the service principal with this application id.
func ServicePrincipalPrincipal(applicationID string) Principal {
	return Principal{kindServicePrincipal, applicationID}
}

// key folds what the directory folds: users and service principals are found in any case, groups only as they are spelled unless
// Options.FoldsGroupNames.
func (w *Workspace) key(p Principal) Principal {
	if p.Kind != kindGroup || w.options.FoldsGroupNames {
		p.Name = strings.ToLower(p.Name)
	}
	return p
}

// comparePrincipals orders by kind, then by name.
func comparePrincipals(a, b Principal) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// account is an entry of the directory: a principal in the directory's own spelling.
type account struct {
	Principal
	id          string
	displayName string
	groups      []Principal
}

func (a *account) join(group string) {
	if p := GroupPrincipal(group); !slices.Contains(a.groups, p) {
		a.groups = append(a.groups, p)
	}
}

// home is the account's own folder.
func (a *account) home() string { return "/Users/" + a.Name }

func (w *Workspace) addDefaultAccounts() {
	w.addGroup(adminsGroup)
	w.addGroup(usersGroup)
	for _, team := range []string{"data-science", "ml-platform", "risk"} { // nobody is in them
		w.addGroup(team)
	}
	w.addPerson(Principal{kindUser, Admin}, "Admin")
	w.addPerson(Principal{kindUser, User}, "Ana")
	w.addPerson(Principal{kindUser, OtherUser}, "Ben")
	w.addPerson(Principal{kindServicePrincipal, ServicePrincipal}, "deployer")
	w.lookUp(UserPrincipal(Admin)).join(adminsGroup)
}

func (w *Workspace) addGroup(name string) {
	w.addAccount(GroupPrincipal(name), name)
}

// addPerson adds a user or service principal with a home folder of its own.
func (w *Workspace) addPerson(p Principal, displayName string) *account {
	a := w.addAccount(p, displayName)
	a.join(usersGroup)
	w.addHome(a)
	return a
}

// addAccount returns the account, which it adds when it is not there yet.
func (w *Workspace) addAccount(p Principal, displayName string) *account {
	if known := w.lookUp(p); known != nil {
		return known
	}
	a := &account{Principal: p, id: w.newID(), displayName: displayName}
	w.accounts[w.key(p)] = a
	return a
}

// lookUp returns nil for an unknown principal.
func (w *Workspace) lookUp(p Principal) *account { return w.accounts[w.key(p)] }

var applicationID = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ensureAccount returns the user or service principal of that name, adding it when needed.
func (w *Workspace) ensureAccount(name string) *account {
	if applicationID.MatchString(name) {
		return w.addPerson(ServicePrincipalPrincipal(name), name)
	}
	return w.addPerson(UserPrincipal(name), name)
}

// accountsOf lists the directory's entries of one kind in the order in which they were added.
func (w *Workspace) accountsOf(kind string) []*account {
	var found []*account
	for _, a := range w.accounts {
		if a.Kind == kind {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *account) int { return cmp.Compare(a.id, b.id) })
	return found
}
