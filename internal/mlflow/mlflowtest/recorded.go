package mlflowtest

import (
	"embed"
	"encoding/json"
	"io/fs"
	"testing"
)

// The recordings, one for each kind of MLflow server. TestRecordedResponses, which needs the servers, makes and checks them.
const (
	RBACServer       = "3.17.2-basic-auth"
	WorkspacesServer = "3.17.2-workspaces"
	ListedServer     = "3.12.0-basic-auth"
	UnlistedServer   = "2.22.5-basic-auth"
)

// Servers are all recorded servers.
var Servers = []string{RBACServer, WorkspacesServer, ListedServer, UnlistedServer}

// The calls.
const (
	ExperimentsPath = "/api/2.0/mlflow/experiments/"
	LegacyCalls     = ExperimentsPath + "permissions/"
	UserCalls       = "/api/2.0/mlflow/users/"
	RoleCalls       = "/api/3.0/mlflow/roles/"
	GrantCalls      = "/api/3.0/mlflow/users/permissions/"
	WorkspaceCalls  = "/api/3.0/mlflow/workspaces"
)

// The reads of experiment 1, which is churn.
const (
	GetChurn    = "GET " + ExperimentsPath + "get?experiment_id=1"
	ByNameChurn = "GET " + ExperimentsPath + "get-by-name?experiment_name=churn"
	SearchCall  = "POST " + ExperimentsPath + "search"
)

// MeCall looks up the caller on Databricks.
const MeCall = "GET /api/2.0/preview/scim/v2/Me?excludedAttributes=entitlements"

// recordings are the files in testdata.
//
//go:embed testdata
var recordings embed.FS

// Exchange is one call of a recording and what a real server answered. Numbers, times and database texts that differ from run to run are
// made equal, see tidy.
type Exchange struct {
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
func (e Exchange) text() string {
	var text string
	if json.Unmarshal(e.Answer, &text) == nil {
		return text
	}
	return string(e.Answer)
}

// ReadRecording gives the exchanges with a server by name.
func ReadRecording(t *testing.T, server string) map[string]Exchange {
	t.Helper()
	return readRecording(t, recordings, server)
}

// recordingFile is the path of a recording.
func recordingFile(server string) string { return "testdata/mlflow-" + server + ".json" }

// readRecording reads a recording from a folder.
func readRecording(t *testing.T, folder fs.FS, server string) map[string]Exchange {
	t.Helper()
	data, err := fs.ReadFile(folder, recordingFile(server))
	if err != nil {
		t.Fatal(err)
	}
	var list []Exchange
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	byName := map[string]Exchange{}
	for _, e := range list {
		byName[e.Name] = e
	}
	return byName
}
