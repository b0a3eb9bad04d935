package acctest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// RecordedServer is an MLflow server that replays responses of MLflow 3.17 with basic authentication, recorded in
// internal/mlflow/mlflowtest/testdata. It has one experiment, 1, named churn, the users admin, ana, and ben, and the roles risk (USE on
// every experiment) and bosses (manages the workspace). Only the grants of users on the experiment change, with the requests that grant and
// revoke.
type RecordedServer struct {
	*Backend
	t         *testing.T
	responses map[string]mlflowtest.Exchange

	mu sync.Mutex
	// Levels are the permission levels of users on the experiment, as the server spells them.
	Levels map[string]string
	// created is the creation time of the experiment, in milliseconds.
	created int64
	writes  []string
}

// The recorded creation time, and the request whose response contains the grants.
const (
	recordedCreated = 1700000000000
	recordedRoles   = "GET /api/3.0/mlflow/roles/list?workspace=default"
)

// NewRecordedServer starts a server on which users have these levels on the experiment.
func NewRecordedServer(t *testing.T, levels map[string]string) *RecordedServer {
	t.Helper()
	recording := mlflowtest.ReadRecording(t, mlflowtest.RBACServer)
	s := &RecordedServer{t: t, responses: map[string]mlflowtest.Exchange{}, Levels: levels, created: recordedCreated}
	for _, name := range []string{
		"users/permissions/get: the probe", "users/permissions/get: by the default", "users/list: picture", "roles/list: picture",
		"get", "get-by-name",
		"users/current: admin", "current/permissions: admin", "grant", "revoke", "set-experiment-tag", "delete-experiment-tag",
	} {
		recorded, ok := recording[name]
		if !ok {
			t.Fatalf("recording has no response %q", name)
		}
		s.responses[recorded.Call] = recorded
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Backend = &Backend{
		URL: server.URL, URLArgument: "tracking_uri", Settings: map[string]any{"username": "admin", "password": "not-checked"},
	}
	return s
}

// ServeHTTP implements [http.Handler].
func (s *RecordedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	call := r.Method + " " + r.URL.RequestURI()
	if r.Method != http.MethodGet && !strings.HasSuffix(call, "/search") {
		s.writes = append(s.writes, r.Method+" "+r.URL.Path+" "+s.write(r.URL.Path, body))
	}
	if strings.HasSuffix(call, "experiments/search") {
		s.reply(w, http.StatusOK, "application/json", `{"experiments":[`+s.experiment()+`]}`)
		return
	}
	a, there := s.responses[call]
	if !there {
		s.t.Errorf("got unexpected request %s %s", call, body)
		body := json.RawMessage(`{"error_code":"UNEXPECTED","message":"unexpected request"}`)
		a = mlflowtest.Exchange{Status: http.StatusBadRequest, Type: "application/json", Response: body}
	}
	text := strings.ReplaceAll(string(a.Response), fmt.Sprint(recordedCreated), fmt.Sprint(s.created))
	if call == recordedRoles {
		text = s.roles(a.Response)
	}
	s.reply(w, a.Status, a.Type, text)
}

func (s *RecordedServer) reply(w http.ResponseWriter, status int, mediaType, body string) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// write applies a request that grants or revokes, and returns the description of a write in the journal.
func (s *RecordedServer) write(path string, body []byte) string {
	var grant struct {
		Username   string `json:"username"`
		Permission string `json:"permission"`
		Key        string `json:"key"`
	}
	if err := json.Unmarshal(body, &grant); err != nil {
		s.t.Error(err)
	}
	if strings.HasSuffix(path, "/grant") || strings.HasSuffix(path, "/revoke") {
		s.Levels[grant.Username] = grant.Permission
	}
	return strings.TrimSpace(grant.Username + grant.Key + " " + grant.Permission)
}

// experiment returns the recorded experiment with the current creation time.
func (s *RecordedServer) experiment() string {
	var got struct {
		Experiment json.RawMessage `json:"experiment"`
	}
	if err := json.Unmarshal(s.responses["GET /api/2.0/mlflow/experiments/get?experiment_id=1"].Response, &got); err != nil {
		s.t.Error(err)
	}
	return strings.ReplaceAll(string(got.Experiment), fmt.Sprint(recordedCreated), fmt.Sprint(s.created))
}

// roles returns the recorded list of roles with the current levels of users.
func (s *RecordedServer) roles(recorded json.RawMessage) string {
	var list struct {
		Roles []struct {
			ID          int              `json:"id"`
			Name        string           `json:"name"`
			Workspace   string           `json:"workspace"`
			Permissions []map[string]any `json:"permissions"`
		} `json:"roles"`
	}
	if err := json.Unmarshal(recorded, &list); err != nil {
		s.t.Error(err)
	}
	for i, role := range list.Roles {
		rows := slices.DeleteFunc(role.Permissions, func(row map[string]any) bool { return row["resource_pattern"] == "1" })
		user := map[string]string{"__user_1__": "admin", "__user_2__": "ana", "__user_3__": "ben"}[role.Name]
		if level := s.Levels[user]; level != "" {
			rows = append(
				rows,
				map[string]any{"id": 9, "role_id": role.ID, "resource_type": "experiment", "resource_pattern": "1", "permission": level},
			)
		}
		list.Roles[i].Permissions = rows
	}
	body, err := json.Marshal(list)
	if err != nil {
		s.t.Error(err)
	}
	return string(body)
}

// ReuseID replaces the experiment by another one with the same ID, name, and grants, because grants remain when an experiment is purged.
func (s *RecordedServer) ReuseID() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created += 60_000
}

// Writes returns the write requests since its last call: method, path, and the principal or tag.
func (s *RecordedServer) Writes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	writes := s.writes
	s.writes = nil
	return writes
}
