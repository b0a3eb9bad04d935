//go:build mlflow

package chaostest

import (
	"fmt"
	"net/http"
	"strings"
)

// mlflowAccount is a user in a list.
type mlflowAccount struct {
	Username string
	IsAdmin  bool `json:"is_admin"`
	Roles    []mlflowRole
}

func (m mlflow) Named(text string) string { return strings.TrimPrefix(m.root, "/") + "-" + text }

func (m mlflow) Directory() directoryState {
	var users struct{ Users []mlflowAccount }
	m.mustSend(adminName, "GET", apiV2+"users/list", nil, &users)
	all := directoryState{map[string]bool{}, map[string]roleState{}}
	for name, r := range m.namedRoles() {
		seen := roleState{r.Description, map[string]string{}, map[string]bool{}}
		for _, row := range r.Permissions {
			seen.rows[row.Type+"/"+row.Pattern] = row.Level
		}
		all.roles[name] = seen
	}
	for _, u := range users.Users {
		if strings.HasPrefix(u.Username, m.Named("")) {
			all.users[u.Username] = u.IsAdmin
		}
		for _, r := range u.Roles {
			if seen, ours := all.roles[r.Name]; ours {
				seen.members[u.Username] = true
			}
		}
	}
	return all
}

// namedRoles returns the roles of the world by name.
func (m mlflow) namedRoles() map[string]mlflowRole {
	var out struct{ Roles []mlflowRole }
	m.mustSend(adminName, "GET", apiV3+"roles/list", nil, &out)
	all := map[string]mlflowRole{}
	for _, r := range out.Roles {
		if strings.HasPrefix(r.Name, m.Named("")) {
			all[r.Name] = r
		}
	}
	return all
}

func (m mlflow) CreateRole(name, description string) {
	m.mustSend(adminName, "POST", apiV3+"roles/create", object{"name": name, "workspace": "default", "description": description}, nil)
}

func (m mlflow) UpdateRole(name, newName, description string) {
	m.mustSend(adminName, "PATCH", apiV3+"roles/update", object{
		"role_id": m.namedRoles()[name].ID, "name": newName, "description": description,
	}, nil)
}

func (m mlflow) DeleteRole(name string) {
	m.mustSend(adminName, "DELETE", apiV3+"roles/delete", object{"role_id": m.namedRoles()[name].ID}, nil)
}

// SetRow and SetMember do not fail, because the provider may delete the role concurrently.
func (m mlflow) SetRow(role, key, level string) {
	r := m.namedRoles()[role]
	kind, pattern, _ := strings.Cut(key, "/")
	for _, row := range r.Permissions {
		switch {
		case row.Type != kind || row.Pattern != pattern:
		case level == "":
			m.send(adminName, "DELETE", apiV3+"roles/permissions/remove", object{"role_permission_id": row.ID}, nil)
			return
		default:
			m.send(adminName, "PATCH", apiV3+"roles/permissions/update", object{"role_permission_id": row.ID, "permission": level}, nil)
			return
		}
	}
	if level != "" {
		m.send(adminName, "POST", apiV3+"roles/permissions/add", object{
			"role_id": r.ID, "resource_type": kind, "resource_pattern": pattern, "permission": level,
		}, nil)
	}
}

func (m mlflow) SetMember(role, user string, member bool) {
	method, call := "POST", "assign"
	if !member {
		method, call = "DELETE", "unassign"
	}
	m.send(adminName, method, apiV3+"roles/"+call, object{"role_id": m.namedRoles()[role].ID, "username": user}, nil)
}

func (m mlflow) SetAdmin(user string, admin bool) {
	m.mustSend(adminName, "PATCH", apiV2+"users/update-admin", object{"username": user, "is_admin": admin}, nil)
}

func (m mlflow) DeleteUser(user string) {
	m.mustSend(adminName, "DELETE", apiV2+"users/delete", object{"username": user}, nil)
}

func (m mlflow) authenticates(user string) (works, isAdmin bool) {
	var out struct{ User mlflowAccount }
	status, _ := m.send(user, "GET", apiV2+"users/current", nil, &out)
	return status == http.StatusOK && out.User.Username == user, out.User.IsAdmin
}

// anotherEntry returns the response of the server about another user or role than that of the request, empty for other calls.
func (m mlflow) anotherEntry(r request) string {
	path := ""
	switch r.name {
	case createRole, updateRole:
		path = fmt.Sprintf("%sroles/get?role_id=%d", apiV3, m.namedRoles()[m.Named(theirs)].ID)
	case "create user":
		path = apiV2 + "users/get?username=" + m.Named(theirs)
	default:
		return ""
	}
	_, body := m.send(adminName, "GET", path, nil, nil)
	return body
}
