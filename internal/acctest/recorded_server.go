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

// RecordedServer answers as MLflow 3.17 was recorded with basic authentication, see internal/mlflow/mlflowtest/testdata. It has one experiment, 1, named churn,
// the users admin, ana and ben, and the roles risk (USE on every experiment) and bosses (manages the workspace). Only what users hold on the experiment
// changes, by the calls for their grants.
type RecordedServer struct {
	*Backend
	t       *testing.T
	answers map[string]mlflowtest.Exchange

	mu sync.Mutex
	// Levels is what each user holds on the experiment, in the server's words.
	Levels map[string]string
	// created is the experiment's creation time, in milliseconds.
	created int64
	writes  []string
}

// What the answers change in.
const (
	recordedCreated = 1700000000000
	recordedRoles   = "GET /api/3.0/mlflow/roles/list?workspace=default"
)

// NewRecordedServer serves the recording, with these levels of users on the experiment.
func NewRecordedServer(t *testing.T, levels map[string]string) *RecordedServer {
	t.Helper()
	recording := mlflowtest.ReadRecording(t, mlflowtest.RBACServer)
	s := &RecordedServer{t: t, answers: map[string]mlflowtest.Exchange{}, Levels: levels, created: recordedCreated}
	for _, name := range []string{
		"users/permissions/get: the probe", "users/permissions/get: by the default", "users/list: picture", "roles/list: picture", "get", "get-by-name",
		"users/current: admin", "current/permissions: admin", "grant", "revoke", "set-experiment-tag", "delete-experiment-tag",
	} {
		answer, ok := recording[name]
		if !ok {
			t.Fatalf("%s is not recorded", name)
		}
		s.answers[answer.Call] = answer
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Backend = &Backend{URL: server.URL, Address: "tracking_uri", Settings: map[string]any{"username": "admin", "password": "not-checked"}}
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
	a, there := s.answers[call]
	if !there {
		s.t.Errorf("unexpected %s %s", call, body)
		a = mlflowtest.Exchange{Status: http.StatusBadRequest, Type: "application/json", Answer: json.RawMessage(`{"error_code":"UNEXPECTED","message":"unexpected call"}`)}
	}
	text := strings.ReplaceAll(string(a.Answer), fmt.Sprint(recordedCreated), fmt.Sprint(s.created))
	if call == recordedRoles {
		text = s.roles(a.Answer)
	}
	s.reply(w, a.Status, a.Type, text)
}

func (s *RecordedServer) reply(w http.ResponseWriter, status int, mediaType, body string) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// write lets a grant and its end take effect, and gives what the journal says of a write.
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

// experiment is the recorded experiment, with the creation time of now.
func (s *RecordedServer) experiment() string {
	var got struct {
		Experiment json.RawMessage `json:"experiment"`
	}
	if err := json.Unmarshal(s.answers["GET /api/2.0/mlflow/experiments/get?experiment_id=1"].Answer, &got); err != nil {
		s.t.Error(err)
	}
	return strings.ReplaceAll(string(got.Experiment), fmt.Sprint(recordedCreated), fmt.Sprint(s.created))
}

// roles is the recorded list of roles, with the users' levels of now.
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
			rows = append(rows, map[string]any{"id": 9, "role_id": role.ID, "resource_type": "experiment", "resource_pattern": "1", "permission": level})
		}
		list.Roles[i].Permissions = rows
	}
	body, err := json.Marshal(list)
	if err != nil {
		s.t.Error(err)
	}
	return string(body)
}

// ReuseID gives the experiment's id to another experiment of the same name, with the same grants: they outlive experiments.
func (s *RecordedServer) ReuseID() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created += 60_000
}

// Written gives the writes since it was asked last: method, path, and whom or what they are about.
func (s *RecordedServer) Written() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := s.writes
	s.writes = nil
	return written
}
