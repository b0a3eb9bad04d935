package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const workspacesPath = "/api/3.0/mlflow/workspaces"

// workspaceServer implements the workspace endpoints of MLflow 3.17, to count requests and lose responses. `make test-mlflow` tests real
// servers.
type workspaceServer struct {
	*acctest.Backend
	t *testing.T

	mu         sync.Mutex
	workspaces map[string]map[string]any
	// experiments contains the names of the experiments of each workspace; that of a deleted one starts with "-".
	experiments map[string][]string
	// off reports whether the server runs without workspaces.
	off bool
	// lose is the request whose next response is lost after the request took effect.
	lose string
	// reject is the request that the server rejects.
	reject string
	// requests has the requests since the last count.
	requests []string
}

func newWorkspaceServer(t *testing.T) *workspaceServer {
	t.Helper()
	s := &workspaceServer{t: t, workspaces: map[string]map[string]any{"default": {"name": "default"}}, experiments: map[string][]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Backend = &acctest.Backend{URL: server.URL, URLArgument: "tracking_uri", Header: http.Header{}}
	return s
}

// ServeHTTP implements [http.Handler].
func (s *workspaceServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := r.Method + " " + r.URL.Path
	s.requests = append(s.requests, request)
	body := map[string]any{}
	if data, _ := io.ReadAll(r.Body); len(data) > 0 {
		if err := json.Unmarshal(data, &body); err != nil {
			s.t.Error(err)
		}
	}
	status, response := refusal(http.StatusForbidden, "PERMISSION_DENIED", "Permission denied")
	if s.reject != request {
		status, response = s.respond(r, body)
	}
	if s.lose == request {
		s.lose = ""
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusNoContent {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		_ = json.NewEncoder(w).Encode(response)
	}
}

// respond returns the response to a request.
func (s *workspaceServer) respond(r *http.Request, body map[string]any) (status int, response any) {
	active := r.Header.Get("X-MLFLOW-WORKSPACE")
	if active != "" && s.workspaces[active] == nil {
		return refusal(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", fmt.Sprintf("Workspace '%s' not found", active))
	}
	name := strings.TrimPrefix(r.URL.Path, workspacesPath+"/")
	switch {
	case r.URL.Path == "/api/3.0/mlflow/server-info":
		return http.StatusOK, map[string]any{"workspaces_enabled": !s.off}
	case r.Method == http.MethodGet && r.URL.Path == workspacesPath:
		list := []any{}
		for _, name := range slices.Sorted(maps.Keys(s.workspaces)) {
			list = append(list, s.workspaces[name])
		}
		return http.StatusOK, map[string]any{"workspaces": list}
	case r.Method == http.MethodPost && r.URL.Path == workspacesPath:
		name = fmt.Sprint(body["name"])
		if s.workspaces[name] != nil {
			return refusal(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", "Workspace '"+name+"' already exists. Error: "+
				"(sqlite3.IntegrityError) [SQL: INSERT]")
		}
		s.workspaces[name] = body
		return http.StatusCreated, map[string]any{"workspace": body}
	case strings.HasPrefix(r.URL.Path, workspacesPath+"/"):
		return s.respondOne(r.Method, name, body)
	case strings.HasSuffix(r.URL.Path, "/experiments/search"):
		list := []any{}
		for i, name := range s.experiments[active] {
			stage := "active"
			if strings.HasPrefix(name, "-") {
				stage = "deleted"
			}
			list = append(list, map[string]any{"experiment_id": fmt.Sprint(i), "name": name, "lifecycle_stage": stage})
		}
		return http.StatusOK, map[string]any{"experiments": list}
	case strings.HasSuffix(r.URL.Path, "/registered-models/search"):
		return http.StatusOK, map[string]any{}
	default:
		return http.StatusNotFound, nil
	}
}

// respondOne returns the response to a request for one workspace.
func (s *workspaceServer) respondOne(method, name string, body map[string]any) (status int, response any) {
	found := s.workspaces[name]
	switch {
	case found == nil:
		return refusal(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "Workspace '"+name+"' not found")
	case method == http.MethodDelete && len(s.experiments[name]) > 0:
		return refusal(http.StatusInternalServerError, "INVALID_STATE", fmt.Sprintf("Cannot delete workspace '%s': table 'experiments' still "+
			"contains %d resource(s). Remove or reassign them before deleting the workspace.", name, len(s.experiments[name])))
	case method == http.MethodDelete:
		delete(s.workspaces, name)
		return http.StatusNoContent, nil
	case method == http.MethodPatch:
		maps.Copy(found, body)
		if found["default_artifact_root"] == "" {
			delete(found, "default_artifact_root")
		}
	}
	return http.StatusOK, map[string]any{"workspace": found}
}

// refusal returns a response with an error.
func refusal(status int, code, message string) (int, any) {
	return status, map[string]any{"error_code": code, "message": message}
}

// change changes the server outside Terraform.
func (s *workspaceServer) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// count returns the number of requests to each endpoint since the last count.
func (s *workspaceServer) count() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, request := range s.requests {
		counts[request]++
	}
	s.requests = nil
	return counts
}

// config returns the provider block followed by a configuration.
func (s *workspaceServer) config(rest string) string {
	return fmt.Sprintf("provider \"mlflow\" {\n  tracking_uri          = %q\n  retry_timeout_seconds = 20\n}\n%s", s.URL, rest)
}
