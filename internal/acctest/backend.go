// Package acctest has what acceptance tests share: an emulated Databricks workspace or a recorded MLflow server for the time of a test, a
// provider process that speaks the plugin protocol, and checks of states, plans and requests. Tests run the real CLI or that process.
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

// Backend is a server that the scenarios run against: the local workspace in `make test`, a real MLflow server in `make test-mlflow`.
// What happens behind Terraform's back, and what the server holds in truth, goes over plain HTTP without the provider's client.
type Backend struct {
	URL string
	// Address is the setting that takes the url: host or tracking_uri. settings is the rest of the provider block of an admin.
	Address  string
	Settings map[string]any
	// Header carries the same admin's credentials.
	Header http.Header
	// Prefix is what every experiment's name begins with: a folder on Databricks.
	Prefix string

	// DeletesTags: tags can be removed. KeepsNames: a deleted experiment holds its name. PlacesArtifacts: the artifact location can
	// be chosen.
	DeletesTags, KeepsNames, PlacesArtifacts bool
	// LongestValue is how long a tag's value may be, in characters. BadTags are tags that the server refuses.
	LongestValue int
	BadTags      map[string]string
}

// IsServer tells an MLflow server from Databricks.
func (b *Backend) IsServer() bool { return b.Address == "tracking_uri" }

// Counter makes names that no other test uses.
var Counter atomic.Int64

// Name makes a name that nobody else has.
func (b *Backend) Name(word string) string {
	return fmt.Sprintf("%s%s-%d", b.Prefix, word, Counter.Add(1))
}

// Block is the provider block, with more settings or other ones; a nil takes one out.
func (b *Backend) Block(more map[string]any) map[string]any {
	settings := map[string]any{b.Address: b.URL, "retry_timeout_seconds": 20}
	maps.Copy(settings, b.Settings)
	maps.Copy(settings, more)
	maps.DeleteFunc(settings, func(_ string, v any) bool { return v == nil })
	return settings
}

// Provider configures a provider and watches what it says.
func (b *Backend) Provider(t *testing.T, more map[string]any) *Process {
	t.Helper()
	d := NewDirect(t, b.Block(more))
	d.Server = Watched{d.Server, t}
	return &Process{Direct: d, Again: func() *Process { return b.Provider(t, more) }}
}

// ExperimentBlock is an experiment of an admin's provider.
func (b *Backend) ExperimentBlock(t *testing.T) *Block {
	t.Helper()
	return b.Provider(t, nil).Block("mlflow_experiment")
}

// Call speaks to the server behind Terraform's back.
func (b *Backend) Call(t *testing.T, method, path string, body any) (status int, answer map[string]any) {
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
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil && resp.StatusCode < 300 {
		t.Fatalf("%s %s answers %q", method, path, text)
	}
	return resp.StatusCode, answer
}

// MustCall is call that must succeed.
func (b *Backend) MustCall(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	status, answer := b.Call(t, method, path, body)
	if status > 299 {
		t.Fatalf("%s %s with %v answers %d: %v", method, path, body, status, answer)
	}
	return answer
}

// Behind changes an experiment behind Terraform's back; verb is the last part of the path.
func (b *Backend) Behind(t *testing.T, verb string, body map[string]any) map[string]any {
	t.Helper()
	return b.MustCall(t, "POST", ExperimentCalls+verb, body)
}

// Create makes an experiment behind Terraform's back.
func (b *Backend) Create(t *testing.T, name string, tags map[string]string) (id string) {
	t.Helper()
	id, _ = b.Behind(t, "create", map[string]any{"name": name})["experiment_id"].(string)
	for key, value := range tags {
		b.SetTag(t, id, key, value)
	}
	return id
}

// SetTag sets a tag behind the provider's back.
func (b *Backend) SetTag(t *testing.T, id, key, value string) {
	t.Helper()
	b.Behind(t, "set-experiment-tag", map[string]any{"experiment_id": id, "key": key, "value": value})
}

// Remove deletes an experiment behind the provider's back.
func (b *Backend) Remove(t *testing.T, id string) {
	t.Helper()
	b.Behind(t, "delete", map[string]any{"experiment_id": id})
}

// AddRun logs a run in an experiment, as a training job does.
func (b *Backend) AddRun(t *testing.T, id string) {
	t.Helper()
	b.MustCall(t, "POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": id})
}

// Truth is an experiment as the server holds it.
type Truth struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	Stage            string `json:"lifecycle_stage"`
	Tags             []struct{ Key, Value string }
}

// TagMap gives the tags but those that the server writes itself.
func (e Truth) TagMap() map[string]string {
	m := map[string]string{}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			m[tag.Key] = tag.Value
		}
	}
	return m
}

// Truth reads an experiment from the server; its stage is "" when there is none.
func (b *Backend) Truth(t *testing.T, id string) Truth {
	t.Helper()
	status, answer := b.Call(t, "GET", ExperimentCalls+"get?experiment_id="+url.QueryEscape(id), nil)
	if status == http.StatusNotFound {
		return Truth{}
	}
	data, err := json.Marshal(answer["experiment"])
	if err != nil || status != http.StatusOK {
		t.Fatalf("experiment %s reads %d %v", id, status, answer)
	}
	var e Truth
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// Expect checks the server's truth about an experiment. The name is "" where a deleted one need not keep it.
func (b *Backend) Expect(t *testing.T, id, name, stage string, tags map[string]string) {
	t.Helper()
	e := b.Truth(t, id)
	if e.Name != name && name != "" || e.Stage != stage || !maps.Equal(e.TagMap(), tags) {
		t.Errorf("experiment %s is %q, %s, with the tags %q; want %q, %s, %q", id, e.Name, e.Stage, e.TagMap(), name, stage, tags)
	}
}

// Gone are the remains of removed tags: nothing, or blank values where tags can't be removed.
func (b *Backend) Gone(tags map[string]string, keys ...string) map[string]string {
	all := maps.Clone(tags)
	for _, key := range keys {
		if !b.DeletesTags {
			all[key] = ""
		}
	}
	return all
}

// ExperimentAttributes returns the attributes of an experiment with a name, and more.
func ExperimentAttributes(name string, more map[string]any) map[string]any {
	all := map[string]any{"name": name}
	maps.Copy(all, more)
	return all
}

// ExpectSays checks how what the person is told begins, and what else is in it. "" means nothing is said.
func ExpectSays(t *testing.T, got, begins string, holds ...string) {
	t.Helper()
	if begins == "" && got != "" || !strings.HasPrefix(got, begins) {
		t.Errorf("said is %q, want %q", got, begins)
	}
	for _, part := range holds {
		if !strings.Contains(got, part) {
			t.Errorf("said is %q, which lacks %q", got, part)
		}
	}
}
