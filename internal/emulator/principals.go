package emulator

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
)

// Principal is a user, a group, or a service principal, to which access can be granted.
type Principal = directory.Principal

// UserPrincipal returns the user with this email.
func UserPrincipal(email string) Principal { return directory.User(email) }

// GroupPrincipal returns the group with this name.
func GroupPrincipal(name string) Principal { return directory.Group(name) }

// ServicePrincipalPrincipal returns the service principal with this application ID.
func ServicePrincipalPrincipal(applicationID string) Principal {
	return directory.ServicePrincipal(applicationID)
}

func (w *Workspace) addDefaultAccounts() {
	w.directory.AddGroup(directory.AdminsGroup)
	w.directory.AddGroup(directory.UsersGroup)
	for _, team := range []string{"data-science", "ml-platform", "risk"} { // groups without members
		w.directory.AddGroup(team)
	}
	w.addAccount(UserPrincipal(Admin), "Admin").AddToGroup(directory.AdminsGroup)
	w.addAccount(UserPrincipal(User), "Ana")
	w.addAccount(UserPrincipal(OtherUser), "Ben")
	w.addAccount(ServicePrincipalPrincipal(ServicePrincipal), "deployer")
}

// addAccount adds a user or service principal, with a home folder, unless it exists.
func (w *Workspace) addAccount(p Principal, displayName string) *directory.Account {
	a := w.directory.AddMember(p, displayName)
	w.addHome(a)
	return a
}

// homeOf returns the path of the home folder of an account.
func homeOf(a *directory.Account) string { return usersPath + "/" + a.Name }

// trashOf returns the path of the Trash folder for deleted objects that the account owns.
func trashOf(a *directory.Account) string { return homeOf(a) + "/Trash" }
