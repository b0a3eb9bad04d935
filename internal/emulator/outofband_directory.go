package emulator

import "github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"

// The methods in this file change users, groups, and service principals out of band; see outofband.go.

// AddAccountGroup adds a group of the Databricks account, or changes an existing group into one.
func (w *Workspace) AddAccountGroup(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.directory.AddGroup(name).OfAccount = true
}

// AddToGroups adds a principal to existing groups. A group can be a member of another one.
func (w *Workspace) AddToGroups(p Principal, groups ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.mustAccount(p)
	for _, group := range groups {
		a.AddToGroup(w.mustAccount(GroupPrincipal(group)).Name)
	}
}

// RemoveFromGroup ends the direct membership of a principal in a group.
func (w *Workspace) RemoveFromGroup(p Principal, group string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustAccount(p).RemoveFromGroup(w.mustAccount(GroupPrincipal(group)).Name)
}

// Deactivate deactivates a user or a service principal.
func (w *Workspace) Deactivate(p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustAccount(p).Inactive = true
}

// SetNames sets the display name and the external ID of a principal. The display name of a group is its name and does not change.
func (w *Workspace) SetNames(p Principal, displayName, externalID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.mustAccount(p)
	a.ExternalID = externalID
	if a.Kind != directory.KindGroup {
		a.DisplayName = displayName
	}
}

// DeletePrincipal deletes a user, a group, or a service principal. It is no longer listed; its grants and its home folder remain.
func (w *Workspace) DeletePrincipal(p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.directory.Remove(w.mustAccount(p))
}
