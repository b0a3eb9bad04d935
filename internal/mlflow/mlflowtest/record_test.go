//go:build mlflow

package mlflowtest

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// The responses in testdata were recorded with these commands. To record them again, for example with a newer version:
//
//	scripts/mlflow-servers.sh FOLDER 3.17.2 3.12.0 2.22.5
//	TEST_MLFLOW_DIR=FOLDER go test -tags mlflow ./internal/mlflow/mlflowtest -run TestRecordedResponses -record
//
// Without -record, the test checks that the responses of the servers are the recorded ones.
var record = flag.Bool("record", false, "write the responses of the real servers to testdata")

const recordPassword = "recorded-1234"

func TestRecordedResponses(t *testing.T) {
	if os.Getenv(Installations) == "" {
		t.Fatalf("%s is not set: see the commands in this file", Installations)
	}
	for name, server := range map[string]ServerOptions{
		RBACServer: {Version: "3.17.2"}, WorkspacesServer: {Version: "3.17.2", Workspaces: true},
		LegacyServer: {Version: "3.12.0"}, LegacyServerWithoutList: {Version: "2.22.5"},
	} {
		t.Run(name, func(t *testing.T) {
			server.Password, server.Make = recordPassword, "make test-mlflow"
			url := StartServer(t, server).URL
			var exchanges []Exchange
			for _, step := range recordedSteps {
				e := step.exchange(t, url)
				if !step.setup {
					exchanges = append(exchanges, e)
				}
			}
			if *record {
				writeRecording(t, name, exchanges)
			}
			recorded := readRecording(t, os.DirFS("."), name)
			for _, e := range exchanges {
				if want := recorded[e.Name]; !reflect.DeepEqual(e, want) {
					t.Errorf("%s:\ngot  %+v\nwant %+v", e.Name, e, want)
				}
			}
		})
	}
}

// writeRecording writes a recording, one line for each exchange.
func writeRecording(t *testing.T, server string, exchanges []Exchange) {
	t.Helper()
	var lines []string
	for _, e := range exchanges {
		lines = append(lines, compactJSON(t, e))
	}
	if err := os.WriteFile(recordingFile(server), []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compactJSON encodes a value as JSON in one line, without escaping HTML.
func compactJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// step is a request to record. A setup step is not recorded.
type step struct {
	name, as, workspace, call string
	body                      any
	setup                     bool
}

func (s step) exchange(t *testing.T, url string) Exchange {
	t.Helper()
	method, path, _ := strings.Cut(s.call, " ")
	e := Exchange{Name: s.name, As: s.as, Workspace: s.workspace, Call: s.call}
	var body io.Reader
	if s.body != nil {
		e.Body = json.RawMessage(compactJSON(t, s.body))
		body = bytes.NewReader(e.Body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	switch s.as {
	case "":
		req.SetBasicAuth(AdminName, recordPassword)
	case "nobody":
		req.SetBasicAuth(AdminName, "not the password")
	default:
		req.SetBasicAuth(s.as, recordPassword)
	}
	if s.workspace != "" {
		req.Header.Set("X-MLFLOW-WORKSPACE", s.workspace)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	e.Status, e.Type, e.Response = resp.StatusCode, resp.Header.Get("Content-Type"), normalize(t, data)
	return e
}

var (
	times    = regexp.MustCompile(`\b1[0-9]{12}\b`)
	hex      = regexp.MustCompile(`[0-9a-f]{32}`)
	database = regexp.MustCompile(`(?s)\[SQL: .*?\]`)
	values   = regexp.MustCompile(`(?s)\[parameters: .*?\)\]`)
	advice   = regexp.MustCompile(`https://sqlalche\.me/\S*?\)`)
	keys     = regexp.MustCompile(`Valid keys are '\{.*?\}'`) // a set, in no order
)

// normalize replaces the parts of a response that differ from run to run, and the details of database errors.
func normalize(t *testing.T, body []byte) json.RawMessage {
	t.Helper()
	text := times.ReplaceAllString(string(body), "1700000000000")
	text = hex.ReplaceAllString(text, strings.Repeat("0", 32))
	text = database.ReplaceAllString(text, "[SQL: …]")
	text = values.ReplaceAllString(text, "[parameters: …]")
	text = advice.ReplaceAllString(text, "https://sqlalche.me/…)")
	text = keys.ReplaceAllString(text, "Valid keys are …")
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) == nil {
		return compact.Bytes()
	}
	return json.RawMessage(compactJSON(t, text))
}
