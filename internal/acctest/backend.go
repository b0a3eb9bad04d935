// Package acctest contains the helpers of acceptance tests: an emulated Databricks workspace or a recorded MLflow server for the duration
// of a test, a provider process that speaks the plugin protocol, and checks of states, plans, and requests. Tests run the real CLI or that
// process.
package acctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// Backend is the server of a test: the emulated workspace in `make test`, a real MLflow server in `make test-mlflow`. Its methods change
// and read the server outside Terraform, over HTTP and without the API client of the provider.
type Backend struct {
	URL string
	// URLArgument is the provider argument for the URL: host or tracking_uri. Settings are the other arguments, with the credentials of an
	// admin.
	URLArgument string
	Settings    map[string]any
	// Header contains the credentials of the same admin.
	Header http.Header
	// Prefix is the prefix of all experiment names: a folder on Databricks.
	Prefix string

	// DeletesTags means that the API can delete tags, ReservesNames that a deleted experiment reserves its name, and SetsArtifactLocation that
	// clients can set the artifact location.
	DeletesTags, ReservesNames, SetsArtifactLocation bool
	// MaxTagValue is the maximum length of a tag value, in characters. RejectedTags are tags that the server rejects.
	MaxTagValue  int
	RejectedTags map[string]string
}

// IsServer reports whether the backend is an MLflow server, not Databricks.
func (b *Backend) IsServer() bool { return b.URLArgument == "tracking_uri" }

var lastName atomic.Int64

// UniqueName returns a name with this prefix that no other test of the process uses.
func UniqueName(prefix string) string { return fmt.Sprintf("%s-%d", prefix, lastName.Add(1)) }

// Name returns a unique experiment name.
func (b *Backend) Name(prefix string) string { return UniqueName(b.Prefix + prefix) }

// ProviderConfig returns the arguments of the provider block. The given ones are added or override others; a nil value removes one.
func (b *Backend) ProviderConfig(more map[string]any) map[string]any {
	settings := map[string]any{b.URLArgument: b.URL, "retry_timeout_seconds": 20}
	maps.Copy(settings, b.Settings)
	maps.Copy(settings, more)
	maps.DeleteFunc(settings, func(_ string, v any) bool { return v == nil })
	return settings
}

// Provider starts a provider process whose responses are checked for secrets.
func (b *Backend) Provider(t *testing.T, more map[string]any) *Provider {
	t.Helper()
	p := NewProvider(t, b.ProviderConfig(more))
	p.Server = SecretChecker{p.Server, t}
	p.Restart = func() *Provider { return b.Provider(t, more) }
	return p
}

// ExperimentResource returns an mlflow_experiment, without a state, of a provider with the credentials of an admin.
func (b *Backend) ExperimentResource(t *testing.T) *Resource {
	t.Helper()
	return b.Provider(t, nil).Resource("mlflow_experiment")
}

// Do sends a request outside Terraform. It returns the HTTP status and the decoded JSON body of the response.
func (b *Backend) Do(t *testing.T, method, path string, body any) (status int, response map[string]any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, b.Header)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // the server can close an idle connection while a request is sent on it
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &response); err != nil && resp.StatusCode < 300 {
		t.Fatalf("%s %s: got response %q, want JSON", method, path, text)
	}
	return resp.StatusCode, response
}

// MustDo is [Backend.Do] for a request that must succeed.
func (b *Backend) MustDo(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	status, response := b.Do(t, method, path, body)
	if status > 299 {
		t.Fatalf("%s %s with body %v: got status %d and response %v, want success", method, path, body, status, response)
	}
	return response
}

// ChangeExperiment sends a POST request to [ExperimentsPath] and endpoint, for example create, outside Terraform.
func (b *Backend) ChangeExperiment(t *testing.T, endpoint string, body map[string]any) map[string]any {
	t.Helper()
	return b.MustDo(t, "POST", ExperimentsPath+endpoint, body)
}

// CreateExperiment creates an experiment outside Terraform.
func (b *Backend) CreateExperiment(t *testing.T, name string, tags map[string]string) (id string) {
	t.Helper()
	id, _ = b.ChangeExperiment(t, "create", map[string]any{"name": name})["experiment_id"].(string)
	for key, value := range tags {
		b.SetTag(t, id, key, value)
	}
	return id
}

// SetTag sets a tag outside Terraform.
func (b *Backend) SetTag(t *testing.T, id, key, value string) {
	t.Helper()
	b.ChangeExperiment(t, "set-experiment-tag", map[string]any{"experiment_id": id, "key": key, "value": value})
}

// DeleteExperiment deletes an experiment outside Terraform.
func (b *Backend) DeleteExperiment(t *testing.T, id string) {
	t.Helper()
	b.ChangeExperiment(t, "delete", map[string]any{"experiment_id": id})
}

// AddRun creates a run in an experiment.
func (b *Backend) AddRun(t *testing.T, id string) {
	t.Helper()
	b.MustDo(t, "POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": id})
}

// Experiment is an experiment as the server returns it.
type Experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	Stage            string `json:"lifecycle_stage"`
	Tags             []struct{ Key, Value string }
}

// TagMap returns the tags, without those that the server sets.
func (e Experiment) TagMap() map[string]string {
	m := map[string]string{}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			m[tag.Key] = tag.Value
		}
	}
	return m
}

// Experiment reads an experiment from the server. It returns the zero value if it does not exist.
func (b *Backend) Experiment(t *testing.T, id string) Experiment {
	t.Helper()
	status, response := b.Do(t, "GET", ExperimentsPath+"get?experiment_id="+url.QueryEscape(id), nil)
	if status == http.StatusNotFound {
		return Experiment{}
	}
	data, err := json.Marshal(response["experiment"])
	if err != nil || status != http.StatusOK {
		t.Fatalf("experiment %s: got status %d and response %v, want 200", id, status, response)
	}
	var e Experiment
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// ExpectExperiment checks the name, lifecycle stage, and tags of an experiment on the server. An empty name is not checked.
func (b *Backend) ExpectExperiment(t *testing.T, id, name, stage string, tags map[string]string) {
	t.Helper()
	e := b.Experiment(t, id)
	if e.Name != name && name != "" || e.Stage != stage || !maps.Equal(e.TagMap(), tags) {
		t.Errorf("experiment %s: got name %q, stage %s, tags %q; want %q, %s, %q", id, e.Name, e.Stage, e.TagMap(), name, stage, tags)
	}
}

// TagsAfterRemoval returns the given tags and, on a server that cannot delete tags, the removed keys with empty values.
func (b *Backend) TagsAfterRemoval(tags map[string]string, keys ...string) map[string]string {
	all := maps.Clone(tags)
	for _, key := range keys {
		if !b.DeletesTags {
			all[key] = ""
		}
	}
	return all
}
