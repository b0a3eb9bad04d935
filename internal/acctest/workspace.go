package acctest

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// Workspace is an emulated Databricks workspace of one test.
type Workspace struct {
	*emulator.Workspace
	URL string
}

// NewWorkspace starts an emulated Databricks workspace on a free port for the duration of a test.
func NewWorkspace(t *testing.T, options ...emulator.Options) *Workspace {
	t.Helper()
	var o emulator.Options
	if len(options) > 0 {
		o = options[0]
	}
	w := emulator.New(o)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return &Workspace{Workspace: w, URL: server.URL}
}

// Provider starts a provider process that is configured with the workspace and a token.
func (w *Workspace) Provider(t *testing.T, token string) *Provider {
	t.Helper()
	return NewProvider(t, map[string]any{"host": w.URL, "token": token, "retry_timeout_seconds": 20})
}

// RootModule writes a configuration into a new directory, connects it to the workspace with the token of the admin, and returns the
// directory.
func (w *Workspace) RootModule(t *testing.T, text string) string {
	t.Helper()
	directory := RootModule(t, text)
	w.Connect(t, directory, strings.Contains(text, "provider \"mlflow\""))
	return directory
}

// Connect connects the provider of a root module to the workspace: with a provider block, or with an override file for the existing one.
func (w *Workspace) Connect(t *testing.T, directory string, overrides bool) {
	t.Helper()
	name := "connection.tf"
	if overrides {
		name = "connection_override.tf"
	}
	WriteFile(t, filepath.Join(directory, name), w.Config(""))
}

// Calls returns the API calls since the last reset of the journal.
func (w *Workspace) Calls() []string {
	var calls []string
	for _, c := range w.Journal() {
		if strings.HasPrefix(c.Path, "/api/") {
			calls = append(calls, c.Method+" "+c.Path)
		}
	}
	return calls
}

// Level returns the level of the direct grant of a principal on an experiment, empty if there is none.
func (w *Workspace) Level(id string, p emulator.Principal) string {
	for _, g := range w.Grants(id) {
		if g.Principal == p {
			return g.Level
		}
	}
	return ""
}

// MustFind returns the active experiment with a name.
func (w *Workspace) MustFind(t *testing.T, name string) emulator.Experiment {
	t.Helper()
	e, ok := w.ExperimentByName(name)
	if !ok {
		t.Fatalf("got no experiment named %q, want one", name)
	}
	return e
}

// ExpectTags checks that the active experiment with a name has exactly these tags, apart from those that the server sets.
func (w *Workspace) ExpectTags(t *testing.T, name string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, tag := range w.MustFind(t, name).Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			got[tag.Key] = tag.Value
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("experiment %s: got tags %v, want %v", name, got, want)
	}
}

// ExpectTag checks a tag of the experiment with an ID. If want is nil, the experiment must not have the tag.
func (w *Workspace) ExpectTag(t *testing.T, id, key string, want *string) {
	t.Helper()
	e, _ := w.Experiment(id)
	got, present := e.Tag(key)
	switch {
	case want == nil && present:
		t.Errorf("tag %q: got %q, want no tag", key, got)
	case want != nil && (!present || got != *want):
		t.Errorf("tag %q: got %q (present: %t), want %q", key, got, present, *want)
	}
}

// ExpectWrites checks the write requests since the last reset of the journal, in order.
func (w *Workspace) ExpectWrites(t *testing.T, want ...string) {
	t.Helper()
	if got := w.Writes(); !slices.Equal(got, want) {
		t.Errorf("got write requests %q, want %q", got, want)
	}
}

// Backend returns the workspace, with the credentials of its admin, as the server of tests that run on both kinds of servers.
func (w *Workspace) Backend() *Backend { return w.BackendAs(emulator.AdminToken) }

// BackendAs is [Workspace.Backend] with a token.
func (w *Workspace) BackendAs(token string) *Backend {
	return &Backend{URL: w.URL, URLArgument: "host", Settings: map[string]any{"token": token}}
}

// Config adds a provider block with the token of the admin to a configuration.
func (w *Workspace) Config(body string) string {
	return w.ConfigAs(emulator.AdminToken, "", body)
}

// ConfigAs adds a provider block with a token and further arguments to a configuration.
func (w *Workspace) ConfigAs(token, arguments, body string) string {
	return fmt.Sprintf(
		"provider \"mlflow\" {\n  host  = %q\n  token = %q\n  retry_timeout_seconds = 20\n%s\n}\n%s",
		w.URL,
		token,
		arguments,
		body,
	)
}

// Writes returns the write requests since the last reset of the journal.
func (w *Workspace) Writes() []string {
	var writes []string
	for _, c := range w.Journal() {
		reads := c.Method == "GET" || strings.HasSuffix(c.Path, "/search") || strings.HasSuffix(c.Path, "/token")
		if !reads {
			writes = append(writes, c.Method+" "+c.Path)
		}
	}
	return writes
}
