package mlflow_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The recordings, one for each kind of MLflow server. TestRecordedAnswers, which needs the servers, makes and checks them.
const (
	rbacServer       = "3.17.2-basic-auth"
	workspacesServer = "3.17.2-workspaces"
	listedServer     = "3.12.0-basic-auth"
	unlistedServer   = "2.22.5-basic-auth"
)

// The calls.
const (
	experimentCalls = "/api/2.0/mlflow/experiments/"
	legacyCalls     = experimentCalls + "permissions/"
	userCalls       = "/api/2.0/mlflow/users/"
	roleCalls       = "/api/3.0/mlflow/roles/"
	grantCalls      = "/api/3.0/mlflow/users/permissions/"
)

// exchange is one call of a recording and what a real server answered. Numbers, times and database texts that differ from run to run are
// made equal, see tidy.
type exchange struct {
	// Name says what the exchange is about; tests look it up by that.
	Name string `json:"name"`
	// As is who made the call, and Workspace the workspace header.
	As        string `json:"as,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// Call is the method and the path with its query.
	Call   string          `json:"call"`
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"`
	Type   string          `json:"type"`
	// Answer is the body: JSON as it is, any other text as a JSON string.
	Answer json.RawMessage `json:"answer"`
}

// text gives the body of the answer as it was sent.
func (e exchange) text() string {
	var text string
	if json.Unmarshal(e.Answer, &text) == nil {
		return text
	}
	return string(e.Answer)
}

func recordingFile(server string) string { return filepath.Join("testdata", "mlflow-"+server+".json") }

// readRecording gives the exchanges with a server by name.
func readRecording(t *testing.T, server string) map[string]exchange {
	t.Helper()
	data, err := os.ReadFile(recordingFile(server))
	if err != nil {
		t.Fatal(err)
	}
	var list []exchange
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	byName := map[string]exchange{}
	for _, e := range list {
		byName[e.Name] = e
	}
	return byName
}
