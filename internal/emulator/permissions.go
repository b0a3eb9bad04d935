package emulator

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// objectKind is a kind of objects that have permissions.
type objectKind struct {
	nodeKind   string
	noun       string // in "… is not a experiment"
	objectType string
	levels     []level
}

type level struct {
	PermissionLevel string `json:"permission_level"`
	Description     string `json:"description"`
}

var objectKinds = map[string]objectKind{
	"experiments": {nodeExperiment, "experiment", "mlflowExperiment", []level{
		{canRead, "Can view the experiment"},
		{canEdit, "Can view, log runs to, and edit the experiment"},
		{canManage, "Can view, log runs to, edit, delete, and change permissions of the experiment"},
	}},
	"directories": {nodeDirectory, "directory", "directory", []level{
		{canRead, "Can view items in the folder"},
		{canRun, "Can view and run items in the folder"},
		{canEdit, "Can view, run, and edit items in the folder"},
		{canManage, "Can view, run, edit, and change permissions of items in the folder"},
	}},
	"notebooks": {nodeNotebook, "notebook", "notebook", []level{
		{canRead, "Can view the notebook"},
		{canRun, "Can view and run the notebook"},
		{canEdit, "Can view, run, and edit the notebook"},
		{canManage, "Can view, run, edit, and change permissions of the notebook"},
	}},
}

func (k objectKind) has(name string) bool {
	return slices.ContainsFunc(k.levels, func(l level) bool { return l.PermissionLevel == name })
}

// accessControl is the response with the permissions of an object, of all routes except permissionLevels.
type accessControl struct {
	ObjectID   string       `json:"object_id"`
	ObjectType string       `json:"object_type"`
	List       []accessRule `json:"access_control_list"`
}

type accessRule struct {
	principalFields
	DisplayName    string       `json:"display_name,omitempty"`
	AllPermissions []permission `json:"all_permissions"`
}

type principalFields struct {
	UserName             string `json:"user_name,omitempty"`
	GroupName            string `json:"group_name,omitempty"`
	ServicePrincipalName string `json:"service_principal_name,omitempty"`
}

type permission struct {
	PermissionLevel     string   `json:"permission_level"`
	Inherited           bool     `json:"inherited"`
	InheritedFromObject []string `json:"inherited_from_object,omitempty"`
}

// getPermissions serves GET, which requires CAN_MANAGE.
func (w *Workspace) getPermissions(c *wire.Call) (any, error) {
	kind, n, err := w.managedObject(c)
	if err != nil {
		return nil, err
	}
	return w.accessControl(c.PathValue("kind"), kind, n), nil
}

// writePermissions serves PUT, which replaces all direct entries, including that of the caller, and PATCH, which adds entries or changes
// their level. /Shared, /Users, and /Repos reject every write.
func (w *Workspace) writePermissions(c *wire.Call) (any, error) {
	kind, n, err := w.managedObject(c)
	if err != nil {
		return nil, err
	}
	if n.isTop() && n.id != rootID {
		return nil, wire.Errorf(http.StatusInternalServerError, "INTERNAL_ERROR", "Cannot modify permissions of directory %s", n.id)
	}
	var in struct {
		List []struct {
			principalFields
			PermissionLevel string `json:"permission_level"`
		} `json:"access_control_list"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	var grants []Grant
	for _, entry := range in.List {
		g, err := w.resolveGrant(kind, entry.principalFields, entry.PermissionLevel)
		if err != nil {
			return nil, err
		}
		grants = append(grants, g)
	}
	if c.Method == http.MethodPut {
		if n.id == rootID && !slices.Contains(grants, Grant{GroupPrincipal(directory.AdminsGroup), canManage}) {
			return nil, wire.InvalidParameter("Cannot remove admins's CAN_MANAGE permission on %s", n.id)
		}
		clear(n.grants)
	}
	for _, g := range grants {
		n.grants[g.Principal] = g.Level // the last entry of a repeated principal applies
	}
	if w.options.AddManagers {
		n.addManagers()
	}
	return w.accessControl(c.PathValue("kind"), kind, n), nil
}

// addManagers grants CAN_MANAGE to the group admins and to the owner, unless they have a direct entry.
func (n *node) addManagers() {
	managers := []Principal{GroupPrincipal(directory.AdminsGroup)}
	if n.owner != nil {
		managers = append(managers, n.owner.Principal)
	}
	for _, p := range managers {
		if _, named := n.grants[p]; !named {
			n.grants[p] = canManage
		}
	}
}

// resolveGrant checks one entry of a written list. The field for users also accepts a service principal.
func (w *Workspace) resolveGrant(kind objectKind, f principalFields, permissionLevel string) (Grant, error) {
	given := 0
	for _, name := range []string{f.UserName, f.GroupName, f.ServicePrincipalName} {
		if name != "" {
			given++
		}
	}
	if given != 1 {
		return Grant{}, wire.InvalidParameter(
			"Exactly one of user_name, group_name or service_principal_name must be set in each access control entry.",
		)
	}
	if !kind.has(permissionLevel) {
		return Grant{}, wire.InvalidParameter("'%s' is not a valid permission level for %s.", permissionLevel, kind.objectType)
	}
	found, shown := w.directory.LookUp(GroupPrincipal(f.GroupName)), "GroupName("+f.GroupName+")"
	switch {
	case f.UserName != "":
		found = cmp.Or(w.directory.LookUp(UserPrincipal(f.UserName)), w.directory.LookUp(ServicePrincipalPrincipal(f.UserName)))
		shown = "UserName(" + f.UserName + ")"
	case f.ServicePrincipalName != "":
		found = w.directory.LookUp(ServicePrincipalPrincipal(f.ServicePrincipalName))
		shown = "ServicePrincipalName(" + f.ServicePrincipalName + ")"
	}
	if found == nil {
		return Grant{}, wire.NotFound("Principal: %s does not exist", shown)
	}
	if found.Principal == GroupPrincipal(directory.AdminsGroup) && permissionLevel != canManage {
		return Grant{}, wire.InvalidParameter("Cannot change permissions for group 'admins' to %s.", permissionLevel)
	}
	return Grant{found.Principal, permissionLevel}, nil
}

// getPermissionLevels serves permissionLevels, which also accepts notebook experiments.
func (w *Workspace) getPermissionLevels(c *wire.Call) (any, error) {
	kind, n, err := w.securedObject(c)
	if err != nil {
		return nil, err
	}
	if err := w.require(c.Caller, n, canRead); err != nil {
		return nil, err
	}
	return map[string]any{"permission_levels": kind.levels}, nil
}

// securedObject finds the object in the path of the request. Objects in Trash have no permissions.
func (w *Workspace) securedObject(c *wire.Call) (objectKind, *node, error) {
	kind, ok := objectKinds[c.PathValue("kind")]
	if !ok {
		_, err := noSuchEndpoint(c)
		return objectKind{}, nil, err
	}
	n := w.objects[c.PathValue("id")]
	if n == nil || n.trashedFrom != "" {
		return objectKind{}, nil, wire.NotFound("Node ID %s does not exist.", c.PathValue("id"))
	}
	return kind, n, nil
}

// managedObject finds the object in the path of the request, which must be of the kind in the path. The caller must have CAN_MANAGE.
func (w *Workspace) managedObject(c *wire.Call) (objectKind, *node, error) {
	kind, n, err := w.securedObject(c)
	if err != nil {
		return objectKind{}, nil, err
	}
	if n.kind != kind.nodeKind {
		return objectKind{}, nil, wire.InvalidParameter("%s is not a %s", n.id, kind.noun)
	}
	if !w.allowed(c.Caller, n, canManage) {
		return objectKind{}, nil, wire.PermissionDenied(
			"%s does not have Manage permissions on /%s/%s. Please contact the owner or an administrator for access.",
			c.Caller.Name, c.PathValue("kind"), n.id)
	}
	return kind, n, nil
}

// accessControl returns the direct and the inherited permissions of each principal.
func (w *Workspace) accessControl(route string, kind objectKind, n *node) accessControl {
	permissions := map[Principal][]permission{}
	for p, l := range n.grants {
		permissions[p] = append(permissions[p], permission{PermissionLevel: l})
	}
	for _, folder := range w.foldersAbove(n) {
		for p, l := range folder.grants {
			permissions[p] = append(permissions[p], permission{l, true, []string{folder.reference()}})
		}
	}
	acl := accessControl{ObjectID: "/" + route + "/" + n.id, ObjectType: kind.objectType, List: []accessRule{}}
	for p, all := range permissions {
		rule := accessRule{principalFields: fieldsOf(p), AllPermissions: all}
		if a := w.directory.LookUp(p); a != nil && p.Kind != directory.KindGroup { // entries of deleted principals remain
			rule.DisplayName = a.DisplayName
		}
		acl.List = append(acl.List, rule)
	}
	slices.SortFunc(acl.List, func(a, b accessRule) int { return a.principal().Compare(b.principal()) })
	return acl
}

// reference returns a folder as in inherited_from_object, where the root has no ID.
func (n *node) reference() string {
	if n.id == rootID {
		return "/directories/"
	}
	return "/directories/" + n.id
}

func fieldsOf(p Principal) principalFields {
	switch p.Kind {
	case directory.KindUser:
		return principalFields{UserName: p.Name}
	case directory.KindGroup:
		return principalFields{GroupName: p.Name}
	}
	return principalFields{ServicePrincipalName: p.Name}
}

func (f principalFields) principal() Principal {
	switch {
	case f.UserName != "":
		return UserPrincipal(f.UserName)
	case f.GroupName != "":
		return GroupPrincipal(f.GroupName)
	}
	return ServicePrincipalPrincipal(f.ServicePrincipalName)
}
