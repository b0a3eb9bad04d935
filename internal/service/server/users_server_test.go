package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const userCalls = "/api/2.0/mlflow/users/"

// usersServer implements the user endpoints of MLflow 3.17, for situations that a real server cannot reproduce. All others are tested on
// real servers, in internal/provider/servers_scenarios_users_test.go.
type usersServer struct {
	*acctest.Backend

	mu sync.Mutex
	// admins maps each user to whether it is an admin.
	admins map[string]bool
	// before is called before each request, without the lock.
	before func(request string)
	// writes has the requests that changed a user since the last expectWrites.
	writes []string
}

// newUsersServer serves these users to a provider that runs as admin.
func newUsersServer(t *testing.T, admins map[string]bool) *usersServer {
	t.Helper()
	s := &usersServer{admins: admins, before: func(string) {}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Backend = &acctest.Backend{
		URL: server.URL, URLArgument: "tracking_uri", Settings: map[string]any{"username": "admin", "password": "not-checked"},
	}
	return s
}

// callBefore sets the function that is called before each request.
func (s *usersServer) callBefore(before func(request string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// ServeHTTP implements [http.Handler].
func (s *usersServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	before(r.Method + " " + r.URL.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Username string `json:"username"`
		IsAdmin  bool   `json:"is_admin"`
	}
	if r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	_, exists := s.admins[body.Username]
	switch r.Method + " " + r.URL.Path {
	case "GET " + userCalls + "list":
		respond(w, http.StatusOK, s.list())
	case "GET " + userCalls + "current":
		respond(w, http.StatusOK, map[string]any{"is_basic_auth": true, "user": s.user("admin")})
	case "GET /api/3.0/mlflow/users/permissions/get":
		respond(w, http.StatusOK, map[string]any{"allowed": true, "permission": "MANAGE"})
	case "GET /api/3.0/mlflow/users/current/permissions":
		respond(w, http.StatusOK, map[string]any{"is_admin": true, "permissions": []any{}})
	case "POST " + userCalls + "create":
		if exists {
			respondError(w, http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", "User already exists. (sqlite3.IntegrityError) [SQL: INSERT] "+
				"scrypt:32768:8:1$salt$hash")
			return
		}
		s.admins[body.Username] = false
		s.writes = append(s.writes, "create "+body.Username)
		respond(w, http.StatusOK, map[string]any{"user": s.user(body.Username)})
	default:
		s.change(w, r, body.Username, body.IsAdmin)
	}
}

// change handles the requests that change or delete a user.
func (s *usersServer) change(w http.ResponseWriter, r *http.Request, name string, admin bool) {
	if _, exists := s.admins[name]; !exists {
		respondError(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", fmt.Sprintf("User with username=%s not found", name))
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "PATCH " + userCalls + "update-admin":
		s.admins[name] = admin
		s.writes = append(s.writes, fmt.Sprintf("admin %s %t", name, admin))
	case "PATCH " + userCalls + "update-password":
		s.writes = append(s.writes, "password "+name)
	case "DELETE " + userCalls + "delete":
		delete(s.admins, name)
		s.writes = append(s.writes, "delete "+name)
	default:
		respondError(w, http.StatusBadRequest, "BAD_REQUEST", "unexpected request")
		return
	}
	respond(w, http.StatusOK, map[string]any{})
}

func (s *usersServer) user(name string) map[string]any {
	return map[string]any{"id": 1, "username": name, "is_admin": s.admins[name]}
}

func (s *usersServer) list() map[string]any {
	var users []map[string]any
	for _, name := range slices.Sorted(maps.Keys(s.admins)) {
		user := s.user(name)
		user["roles"] = []any{}
		users = append(users, user)
	}
	return map[string]any{"users": users}
}

func respond(w http.ResponseWriter, status int, response any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(response)
}

func respondError(w http.ResponseWriter, status int, code, message string) {
	respond(w, status, map[string]any{"error_code": code, "message": message})
}

// set creates or changes a user outside Terraform.
func (s *usersServer) set(name string, admin bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admins[name] = admin
}

// expectWrites checks the writes since its last call.
func (s *usersServer) expectWrites(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.writes, want) {
		t.Errorf("got writes %q, want %q", s.writes, want)
	}
	s.writes = nil
}
