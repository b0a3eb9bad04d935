package emulator

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Permission levels. Folders and notebooks have CAN_RUN too. An experiment cannot be granted it, but inherits it from its folders.
const (
	canRead   = "CAN_READ"
	canRun    = "CAN_RUN"
	canEdit   = "CAN_EDIT"
	canManage = "CAN_MANAGE"
)

// includedLevels lists the levels that a level includes. CAN_RUN and CAN_EDIT do not include each other.
var includedLevels = map[string][]string{
	canRead:   {canRead},
	canRun:    {canRead, canRun},
	canEdit:   {canRead, canEdit},
	canManage: {canRead, canRun, canEdit, canManage},
}

// levelNames are the names of levels in messages.
var levelNames = map[string]string{canRead: "View", canEdit: "Edit", canManage: "Manage"}

// allowed reports whether the account has at least this level on n: directly, through a group, which can be nested, or inherited from a
// folder. Admins inherit their level from the root folder.
func (w *Workspace) allowed(a *directory.Account, n *node, level string) bool {
	principals := append(w.directory.GroupsOf(a), a.Principal)
	if n.granted(principals, level) {
		return true
	}
	for _, folder := range w.foldersAbove(n) {
		if folder.granted(principals, level) {
			return true
		}
	}
	return false
}

// granted reports whether a direct grant on n provides a level to one of the principals.
func (n *node) granted(principals []Principal, level string) bool {
	return slices.ContainsFunc(principals, func(p Principal) bool { return slices.Contains(includedLevels[n.grants[p]], level) })
}

// require returns an error with status 403 if the account does not have the level on n.
func (w *Workspace) require(a *directory.Account, n *node, level string) error {
	if w.allowed(a, n, level) {
		return nil
	}
	return wire.PermissionDenied(
		"%s does not have %s permissions on %s. Please contact the owner or an administrator for access.", a.Name, levelNames[level], n.path)
}

// levelToEnter is the level on a folder that is required to move an experiment into it, or to create a folder in it.
func (w *Workspace) levelToEnter() string {
	if w.options.RequireFolderPermissions {
		return canManage
	}
	return canEdit
}

// grantCreator grants CAN_MANAGE on an object to its creator, unless the creator inherits it.
func (w *Workspace) grantCreator(creator *directory.Account, n *node) {
	if !w.allowed(creator, n, canManage) {
		n.grants[creator.Principal] = canManage
	}
}
