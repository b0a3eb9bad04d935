// Package directory contains the users, groups, and service principals of an emulated workspace.
package directory

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// The groups that exist in every workspace.
const (
	AdminsGroup = "admins" // manages the root folder, and so everything
	UsersGroup  = "users"  // contains every user and service principal
)

// Account is an entry of the directory: a principal in the spelling of the directory.
type Account struct {
	Principal
	ID          string
	DisplayName string
	ExternalID  string
	Inactive    bool
	OfAccount   bool        // a group of the Databricks account, not of the workspace
	Groups      []Principal // the groups that contain the account directly, without duplicates
}

// AddToGroup adds the account to a group.
func (a *Account) AddToGroup(group string) {
	if p := Group(group); !slices.Contains(a.Groups, p) {
		a.Groups = append(a.Groups, p)
	}
}

// RemoveFromGroup ends the direct membership of the account in a group.
func (a *Account) RemoveFromGroup(group string) {
	a.Groups = slices.DeleteFunc(a.Groups, func(p Principal) bool { return p == Group(group) })
}

// Directory contains the accounts of a workspace. The lock of the workspace guards it.
type Directory struct {
	accounts        map[Principal]*Account // by folded principal, see key
	newID           func() string
	ignoreGroupCase bool
}

// New returns an empty directory. newID returns the ID of the next account; IDs must increase as strings. With ignoreGroupCase, groups
// are found in any case, as users and service principals always are.
func New(newID func() string, ignoreGroupCase bool) *Directory {
	return &Directory{accounts: map[Principal]*Account{}, newID: newID, ignoreGroupCase: ignoreGroupCase}
}

// key folds names whose case is ignored: those of users and service principals, and those of groups only with ignoreGroupCase.
func (d *Directory) key(p Principal) Principal {
	if p.Kind != KindGroup || d.ignoreGroupCase {
		p.Name = strings.ToLower(p.Name)
	}
	return p
}

// LookUp returns the account of a principal, or nil if there is none.
func (d *Directory) LookUp(p Principal) *Account { return d.accounts[d.key(p)] }

// AddGroup adds a group unless it exists, and returns its account.
func (d *Directory) AddGroup(name string) *Account { return d.add(Group(name), name) }

// AddMember adds a user or service principal unless it exists, and returns its account, which is in the group `users`.
func (d *Directory) AddMember(p Principal, displayName string) *Account {
	a := d.add(p, displayName)
	a.AddToGroup(UsersGroup)
	return a
}

func (d *Directory) add(p Principal, displayName string) *Account {
	if known := d.LookUp(p); known != nil {
		return known
	}
	a := &Account{Principal: p, ID: d.newID(), DisplayName: displayName}
	d.accounts[d.key(p)] = a
	return a
}

// List returns the accounts of one kind in the order in which they were added.
func (d *Directory) List(kind string) []*Account {
	var found []*Account
	for _, a := range d.accounts {
		if a.Kind == kind {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, byID)
	return found
}

// Remove removes an account, and a group from all accounts in it.
func (d *Directory) Remove(a *Account) {
	delete(d.accounts, d.key(a.Principal))
	a.Groups = nil
	for _, other := range d.accounts {
		other.Groups = slices.DeleteFunc(other.Groups, func(p Principal) bool { return d.key(p) == d.key(a.Principal) })
	}
}

// GroupsOf returns all groups that contain the account, directly or through another group, without duplicates.
func (d *Directory) GroupsOf(a *Account) []Principal {
	found := slices.Clone(a.Groups)
	for i := 0; i < len(found); i++ {
		for _, outer := range d.LookUp(found[i]).Groups {
			if !slices.Contains(found, outer) {
				found = append(found, outer)
			}
		}
	}
	return found
}

// Members returns the direct members of each group, in the order in which they were added to the directory.
func (d *Directory) Members() map[*Account][]*Account {
	members := map[*Account][]*Account{}
	for _, a := range d.accounts {
		for _, group := range a.Groups {
			in := d.LookUp(group)
			members[in] = append(members[in], a)
		}
	}
	for _, list := range members {
		slices.SortFunc(list, byID)
	}
	return members
}

func byID(a, b *Account) int { return cmp.Compare(a.ID, b.ID) }

var applicationID = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Member returns the service principal with this name if it is a UUID, as application IDs are, and else the user.
func Member(name string) Principal {
	if applicationID.MatchString(name) {
		return ServicePrincipal(name)
	}
	return User(name)
}
