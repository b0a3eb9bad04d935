package mlflowtest

import (
	"embed"
	"encoding/json"
	"io/fs"
	"testing"
)

// The recordings, one for each kind of MLflow server. TestRecordedResponses, which needs the servers, writes and checks them.
const (
	RBACServer       = "3.17.2-basic-auth"
	WorkspacesServer = "3.17.2-workspaces"
	// LegacyServer has no roles, and LegacyServerWithoutList also no list of users.
	LegacyServer            = "3.12.0-basic-auth"
	LegacyServerWithoutList = "2.22.5-basic-auth"
)

// Servers are all recorded servers.
var Servers = []string{RBACServer, WorkspacesServer, LegacyServer, LegacyServerWithoutList}

// The beginnings of the paths of endpoints.
const (
	ExperimentsPath  = "/api/2.0/mlflow/experiments/"
	LegacyGrantsPath = ExperimentsPath + "permissions/"
	UsersPath        = "/api/2.0/mlflow/users/"
	RolesPath        = "/api/3.0/mlflow/roles/"
	UserGrantsPath   = "/api/3.0/mlflow/users/permissions/"
	WorkspacesPath   = "/api/3.0/mlflow/workspaces"
)

// Reads of experiment 1, whose name is churn, and the search.
const (
	GetChurn          = "GET " + ExperimentsPath + "get?experiment_id=1"
	GetChurnByName    = "GET " + ExperimentsPath + "get-by-name?experiment_name=churn"
	SearchExperiments = "POST " + ExperimentsPath + "search"
)

// GetMe is the request for the current user on Databricks.
const GetMe = "GET /api/2.0/preview/scim/v2/Me?excludedAttributes=entitlements"

// recordings contains the files in testdata.
//
//go:embed testdata
var recordings embed.FS

// Exchange is a request of a recording with the response of a real server. Numbers, times, and database texts that differ from run to run
// are replaced, see normalize.
type Exchange struct {
	// Name identifies the exchange in the recording.
	Name string `json:"name"`
	// As is the user that sent the request, "" for the admin, and Workspace the workspace header.
	As        string `json:"as,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// Call is the method, and the path with its query.
	Call   string          `json:"call"`
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"`
	Type   string          `json:"type"`
	// Response is the body of the response: JSON unchanged, any other text as a JSON string.
	Response json.RawMessage `json:"response"`
}

// text returns the body of the response as the server sent it.
func (e Exchange) text() string {
	var text string
	if json.Unmarshal(e.Response, &text) == nil {
		return text
	}
	return string(e.Response)
}

// ReadRecording returns the exchanges with a recorded server by name.
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
