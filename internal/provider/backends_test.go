package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// backend is a server that the scenarios run against: the local workspace in `make test`, a real MLflow server in `make test-mlflow`.
// What happens behind Terraform's back, and what the server holds in truth, goes over plain HTTP without the provider's client.
type backend struct {
	url string
	// address is the setting that takes the url: host or tracking_uri. settings is the rest of the provider block of an admin.
	address  string
	settings map[string]any
	// header carries the same admin's credentials.
	header http.Header
	// prefix is what every experiment's name begins with: a folder on Databricks.
	prefix string

	// deletesTags: tags can be removed. keepsNames: a deleted experiment holds its name. placesArtifacts: the artifact location can
	// be chosen.
	deletesTags, keepsNames, placesArtifacts bool
	// longestValue is how long a tag's value may be, in characters. badTags are tags that the server refuses.
	longestValue int
	badTags      map[string]string
}

// scenarios hold on every server.
var scenarios = map[string]func(*testing.T, *backend){
	"lifecycle":                           lifecycle,
	"drift":                               drift,
	"deleted outside":                     deletedOutside,
	"names":                               freeText,
	"name taken":                          nameTaken,
	"name taken by a deleted experiment":  nameTakenByDeleted,
	"rename to a taken name":              renameToTaken,
	"replacement":                         replacement,
	"adopt_existing":                      adoptExisting,
	"deletion_policy":                     deletionPolicy,
	"tags are checked as the server does": checkedTags,
	"many tags":                           manyTags,
	"import":                              imports,
	"tag resource":                        tagResource,
	"two addresses of a tag":              tagAddresses,
	"data sources":                        dataSources,
	"search pages":                        searchPages,
	"calls of a refresh":                  refreshCalls,
	"a create whose answer is lost":       lostAnswer,
	"through the CLI":                     throughCLI,
}

// runScenarios runs all scenarios on a server, one after the other: a small server has enough to do with one.
func runScenarios(t *testing.T, b *backend) {
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		t.Run(name, func(t *testing.T) { scenarios[name](t, b) })
	}
}

func TestScenarios_localWorkspace(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]emulator.Options{
		"as Databricks was seen":        {},
		"as Databricks is documented":   {DeletedKeepName: true},
		"with a call that removes tags": {OffersTagDeletion: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(emulator.New(o))
			t.Cleanup(server.Close)
			runScenarios(t, &backend{
				url: server.URL, address: "host", settings: map[string]any{"token": emulator.AdminToken},
				header: http.Header{"Authorization": {"Bearer " + emulator.AdminToken}}, prefix: "/Shared/",
				deletesTags: o.OffersTagDeletion, keepsNames: o.DeletedKeepName, placesArtifacts: true, longestValue: 65536,
				badTags: map[string]string{strings.Repeat("k", 251): "too long a key"},
			})
		})
	}
}

// isServer tells an MLflow server from Databricks.
func (b *backend) isServer() bool { return b.address == "tracking_uri" }

var counter atomic.Int64

// name makes a name that nobody else has.
func (b *backend) name(word string) string {
	return fmt.Sprintf("%s%s-%d", b.prefix, word, counter.Add(1))
}

// block is the provider block, with more settings or other ones; a nil takes one out.
func (b *backend) block(more map[string]any) map[string]any {
	settings := map[string]any{b.address: b.url, "retry_timeout_seconds": 20}
	maps.Copy(settings, b.settings)
	maps.Copy(settings, more)
	maps.DeleteFunc(settings, func(_ string, v any) bool { return v == nil })
	return settings
}

// provider configures a provider and watches what it says.
func (b *backend) provider(t *testing.T, more map[string]any) *process {
	t.Helper()
	d := newDirect(t, b.block(more))
	d.server = watched{d.server, t}
	return &process{direct: d, again: func() *process { return b.provider(t, more) }}
}

// experimentBlock is an experiment of an admin's provider.
func (b *backend) experimentBlock(t *testing.T) *block {
	t.Helper()
	return b.provider(t, nil).block("mlflow_experiment")
}

// watchedFactories are for tests through the CLI.
func watchedFactories(t *testing.T) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"mlflow": func() (tfprotov6.ProviderServer, error) {
		server, err := factories()["mlflow"]()
		return watched{server, t}, err
	}}
}

// call speaks to the server behind Terraform's back.
func (b *backend) call(t *testing.T, method, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, b.header)
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

// mustCall is call that must succeed.
func (b *backend) mustCall(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	status, answer := b.call(t, method, path, body)
	if status > 299 {
		t.Fatalf("%s %s with %v answers %d: %v", method, path, body, status, answer)
	}
	return answer
}

// behind changes an experiment behind Terraform's back; verb is the last part of the path.
func (b *backend) behind(t *testing.T, verb string, body map[string]any) map[string]any {
	t.Helper()
	return b.mustCall(t, "POST", experimentCalls+verb, body)
}

// create makes an experiment behind Terraform's back.
func (b *backend) create(t *testing.T, name string, tags map[string]string) (id string) {
	t.Helper()
	id, _ = b.behind(t, "create", map[string]any{"name": name})["experiment_id"].(string)
	for key, value := range tags {
		b.setTag(t, id, key, value)
	}
	return id
}

func (b *backend) setTag(t *testing.T, id, key, value string) {
	t.Helper()
	b.behind(t, "set-experiment-tag", map[string]any{"experiment_id": id, "key": key, "value": value})
}

func (b *backend) remove(t *testing.T, id string) {
	t.Helper()
	b.behind(t, "delete", map[string]any{"experiment_id": id})
}

func (b *backend) addRun(t *testing.T, id string) {
	t.Helper()
	b.mustCall(t, "POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": id})
}

// truth is an experiment as the server holds it.
type truth struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	Stage            string `json:"lifecycle_stage"`
	Tags             []struct{ Key, Value string }
}

// tags gives the tags but those that the server writes itself.
func (e truth) tags() map[string]string {
	m := map[string]string{}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "mlflow.") || tag.Key == "mlflow.note.content" {
			m[tag.Key] = tag.Value
		}
	}
	return m
}

// truth reads an experiment from the server; its stage is "" when there is none.
func (b *backend) truth(t *testing.T, id string) truth {
	t.Helper()
	status, answer := b.call(t, "GET", experimentCalls+"get?experiment_id="+url.QueryEscape(id), nil)
	if status == http.StatusNotFound {
		return truth{}
	}
	data, err := json.Marshal(answer["experiment"])
	if err != nil || status != http.StatusOK {
		t.Fatalf("experiment %s reads %d %v", id, status, answer)
	}
	var e truth
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// expect checks the server's truth about an experiment. The name is "" where a deleted one need not keep it.
func (b *backend) expect(t *testing.T, id, name, stage string, tags map[string]string) {
	t.Helper()
	e := b.truth(t, id)
	if e.Name != name && name != "" || e.Stage != stage || !maps.Equal(e.tags(), tags) {
		t.Errorf("experiment %s is %q, %s, with the tags %q; want %q, %s, %q", id, e.Name, e.Stage, e.tags(), name, stage, tags)
	}
}

// gone are the remains of removed tags: nothing, or blank values where tags can't be removed.
func (b *backend) gone(tags map[string]string, keys ...string) map[string]string {
	all := maps.Clone(tags)
	for _, key := range keys {
		if !b.deletesTags {
			all[key] = ""
		}
	}
	return all
}
