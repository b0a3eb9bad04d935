package role_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// rolesServer implements the role endpoints of MLflow 3.17, for situations that a real server cannot reproduce. All others are tested on
// real servers.
type rolesServer struct {
	*acctest.Backend

	mu     sync.Mutex
	nextID int
	roles  map[string]*servedRole
	// admin reports whether the provider's user, boss, is a server admin; unlisted, whether it cannot list users; unknown, whether it cannot
	// read its own roles either.
	admin, unlisted, unknown bool
	// callerDelay is how long a response about the provider's user takes.
	callerDelay time.Duration
	// refused contains the grants, as "type/pattern", and the users that the server rejects.
	refused map[string]bool
}

// servedRole is a role with its levels, by "type/pattern", and its members.
type servedRole struct {
	id      int
	grants  map[string]string
	members []string
}

// newRolesServer serves roles to a provider that runs as boss, a server admin.
func newRolesServer(t *testing.T, roles map[string]*servedRole) *rolesServer {
	t.Helper()
	s := &rolesServer{roles: map[string]*servedRole{}, admin: true, refused: map[string]bool{}}
	for name, role := range roles {
		s.nextID++
		s.roles[name] = &servedRole{s.nextID, maps.Clone(role.grants), slices.Clone(role.members)}
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Backend = &acctest.Backend{
		URL: server.URL, URLArgument: "tracking_uri", Settings: map[string]any{"username": "boss", "password": "not-checked"},
	}
	return s
}

// roleRequest is the body of a request that changes a role.
type roleRequest struct {
	Role       int    `json:"role_id"`
	Grant      int    `json:"role_permission_id"`
	Name       string `json:"name"`
	Username   string `json:"username"`
	Type       string `json:"resource_type"`
	Pattern    string `json:"resource_pattern"`
	Permission string `json:"permission"`
}

// ServeHTTP implements [http.Handler].
func (s *rolesServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/users/current") {
		time.Sleep(s.callerDelay)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var body roleRequest
	if r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	status, response := http.StatusOK, map[string]any{}
	_, endpoint, _ := strings.Cut(r.URL.Path, "/mlflow/")
	switch endpoint {
	case "users/current":
		response["user"] = map[string]any{"id": 1, "username": "boss", "is_admin": s.admin}
	case "users/current/permissions":
		response["permissions"] = s.own()
		if s.unknown {
			response["permissions"] = []any{}
		}
	case "users/permissions/get":
		response["permission"] = "MANAGE"
	case "users/get":
		response["user"] = map[string]any{"id": 1, "username": r.URL.Query().Get("username"), "is_admin": s.admin}
	case "users/list":
		response["users"] = s.users()
		if s.unlisted {
			status, response = http.StatusForbidden, map[string]any{"error_code": "PERMISSION_DENIED", "message": "Permission denied"}
		}
	case "roles/list":
		response["roles"] = s.list(func(*servedRole) bool { return true })
	default:
		if s.refused[body.Type+"/"+body.Pattern] || s.refused[body.Username] {
			status, response = http.StatusBadRequest, map[string]any{"error_code": "INVALID_PARAMETER_VALUE", "message": "not here"}
			break
		}
		response = s.change(endpoint, body)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(response)
}

// change handles the requests that change a role. The ID of a grant is that of its role.
func (s *rolesServer) change(endpoint string, body roleRequest) map[string]any {
	if endpoint == "roles/create" {
		s.nextID++
		s.roles[body.Name] = &servedRole{s.nextID, map[string]string{}, nil}
		return map[string]any{"role": s.describe(body.Name)}
	}
	for name, role := range s.roles {
		if role.id != body.Role && role.id != body.Grant {
			continue
		}
		switch endpoint {
		case "roles/delete":
			delete(s.roles, name)
		case "roles/permissions/add":
			role.grants[body.Type+"/"+body.Pattern] = body.Permission
			return map[string]any{"role_permission": map[string]any{
				"id": role.id, "resource_type": body.Type, "resource_pattern": body.Pattern, "permission": body.Permission,
			}}
		case "roles/assign":
			role.members = append(role.members, body.Username)
			return map[string]any{"assignment": map[string]any{"id": 1, "role_id": role.id}}
		case "roles/unassign":
			role.members = slices.DeleteFunc(role.members, func(user string) bool { return user == body.Username })
		}
	}
	return map[string]any{}
}

func (s *rolesServer) describe(name string) map[string]any {
	grants, role := []any{}, s.roles[name]
	for key, level := range role.grants {
		typ, pattern, _ := strings.Cut(key, "/")
		grants = append(grants, map[string]any{"id": role.id, "resource_type": typ, "resource_pattern": pattern, "permission": level})
	}
	return map[string]any{"id": role.id, "name": name, "workspace": "default", "description": "", "permissions": grants}
}

func (s *rolesServer) list(shown func(*servedRole) bool) []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		if shown(s.roles[name]) {
			list = append(list, s.describe(name))
		}
	}
	return list
}

func (s *rolesServer) users() []any {
	list := []any{}
	for i, user := range []string{"boss", "ana", "ben"} {
		roles := s.list(func(r *servedRole) bool { return slices.Contains(r.members, user) })
		list = append(list, map[string]any{"id": i + 1, "username": user, "is_admin": user == "boss" && s.admin, "roles": roles})
	}
	return list
}

// own returns the grants of boss.
func (s *rolesServer) own() []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		if slices.Contains(s.roles[name].members, "boss") {
			list = append(list, map[string]any{"workspace": "default", "role_name": name})
		}
	}
	return list
}

// expectRole checks a role; no grants and no members mean that it does not exist.
func (s *rolesServer) expectRole(t *testing.T, name string, grants map[string]string, members ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.roles[name]
	if grants == nil && got == nil {
		return
	}
	if got == nil || !maps.Equal(got.grants, grants) || !slices.Equal(got.members, members) {
		t.Errorf("role %s: got %+v, want grants %v, members %q", name, got, grants, members)
	}
}
