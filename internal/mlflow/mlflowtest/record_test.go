//go:build mlflow

package mlflowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// How the answers in testdata were recorded, and how to record them again, say of a newer version:
//
// Without -record the test checks that the servers still answer what is recorded.
var record = flag.Bool("record", false, "write the answers of the real servers to testdata")

const recordPassword = "recorded-1234"

// recordedServer is a fresh server that is called once.
type recordedServer struct {
	version    string
	workspaces bool
}

func TestRecordedAnswers(t *testing.T) {
	for name, server := range map[string]recordedServer{
		RBACServer: {version: "3.17.2"}, WorkspacesServer: {version: "3.17.2", workspaces: true},
		ListedServer: {version: "3.12.0"}, UnlistedServer: {version: "2.22.5"},
	} {
		t.Run(name, func(t *testing.T) {
			url := server.start(t)
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
					t.Errorf("%s:\n got %+v\nwant %+v", e.Name, e, want)
				}
			}
		})
	}
}

// writeRecording writes an exchange a line.
func writeRecording(t *testing.T, server string, exchanges []Exchange) {
	t.Helper()
	var lines []string
	for _, e := range exchanges {
		lines = append(lines, encoded(t, e))
	}
	if err := os.WriteFile(recordingFile(server), []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// encoded is JSON in one line, in which markup stays legible.
func encoded(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// step is a call to make. What only prepares the next ones is not recorded.
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
		e.Body = json.RawMessage(encoded(t, s.body))
		body = bytes.NewReader(e.Body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	switch s.as {
	case "":
		req.SetBasicAuth("admin", recordPassword)
	case "nobody":
		req.SetBasicAuth("admin", "not the password")
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
	e.Status, e.Type, e.Answer = resp.StatusCode, resp.Header.Get("Content-Type"), tidy(t, data)
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

// tidy makes an answer the same in every run, and takes out what databases say of their rows.
func tidy(t *testing.T, body []byte) json.RawMessage {
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
	return json.RawMessage(encoded(t, text))
}

// guarded is a shell script that becomes the command of its arguments, and ends its whole process group when file 3 is closed: by the
// system, when the test is interrupted.
const guarded = `(cat <&3; kill -KILL 0) & exec 3<&- "$@"`

// start starts a fresh server with an admin, waits until it answers, and ends it with the test.
func (s recordedServer) start(t *testing.T) (url string) {
	t.Helper()
	installations := os.Getenv("TEST_MLFLOW_DIR")
	if installations == "" {
		t.Fatal("TEST_MLFLOW_DIR is not set: see above how to record")
	}
	folder, bin := t.TempDir(), filepath.Join(installations, s.version, "bin")
	settings := fmt.Sprintf("[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///auth.db\nadmin_username = admin\nadmin_password = %s\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 3600\n", recordPassword)
	if err := os.WriteFile(filepath.Join(folder, "auth.ini"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(address)
	arguments := []string{
		"server", "--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts", "--host", "127.0.0.1", "--port", port, "--workers", "1",
		"--app-name", "basic-auth",
	}
	if s.workspaces {
		arguments = append(arguments, "--enable-workspaces")
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := append([]string{"-c", guarded, "sh", filepath.Join(bin, "mlflow")}, arguments...)
	cmd := exec.CommandContext(context.Background(), "/bin/sh", command...) // the test's context ends before its cleanup
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "MLFLOW_DISABLE_TELEMETRY=true",
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "MLFLOW_AUTH_CONFIG_PATH=auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY=for-tests-only")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has workers, which end with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = ours.Close()
	})
	url = "http://" + address
	deadline := time.Now().Add(5 * time.Minute) // a first start makes the databases
	for !healthy(t, url) {
		if time.Now().After(deadline) {
			t.Fatal("the server does not answer")
		}
		time.Sleep(200 * time.Millisecond)
	}
	return url
}

func healthy(t *testing.T, url string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
