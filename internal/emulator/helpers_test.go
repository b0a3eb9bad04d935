package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	experimentsAPI = "/api/2.0/mlflow/experiments/"
	permissionsAPI = "/api/2.0/permissions/experiments/"
	foldersAPI     = "/api/2.0/permissions/directories/"
	statusAPI      = "/api/2.0/workspace/get-status?path="
	scimAPI        = "/api/2.0/preview/scim/v2/"
	home           = "/Users/" + emulator.User + "/"
)

// object is a JSON object of a request or a response.
type object = map[string]any

// client sends requests to a workspace with a token.
type client struct {
	t           *testing.T
	base, token string
	http        *http.Client
}

// response is a response. json is nil if the body is not a JSON object.
type response struct {
	status int
	header http.Header
	raw    string
	json   object
}

// start serves a workspace, and returns it with a client of the admin.
func start(t *testing.T, options emulator.Options) (*emulator.Workspace, client) {
	t.Helper()
	w := emulator.New(options)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, client{t, server.URL, emulator.AdminToken, server.Client()}
}

func (p client) as(token string) client {
	p.token = token
	return p
}

// send sends a request. Headers are pairs of key and value.
func (p client) send(method, path, body string, headers ...string) (response, error) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.http.Do(r)
	if err != nil {
		return response{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	a := response{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.json)
	return a, err
}

func (p client) do(method, path string, body any, headers ...string) response {
	p.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		text = string(raw)
	}
	a, err := p.send(method, path, text, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (p client) get(path string) response { p.t.Helper(); return p.do("GET", path, nil) }

func (p client) post(path string, body any) response { p.t.Helper(); return p.do("POST", path, body) }

// ok sends a request that must succeed.
func (p client) ok(method, path string, body any) response {
	p.t.Helper()
	a := p.do(method, path, body)
	if a.status != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s", method, path, a.status, a.raw)
	}
	return a
}

func (p client) create(name string) string {
	p.t.Helper()
	return text(p.ok("POST", experimentsAPI+"create", object{"name": name}).json, "experiment_id")
}

func (p client) experiment(id string) object {
	p.t.Helper()
	return child(p.ok("GET", experimentsAPI+"get?experiment_id="+id, nil).json, "experiment")
}

// wantError checks an error response: status, code, and a part of the message.
func (a response) wantError(t *testing.T, status int, code, message string) {
	t.Helper()
	got, _ := a.json["message"].(string)
	if a.status != status || a.json["error_code"] != code || !strings.Contains(got, message) {
		t.Errorf("got %d %s\nwant %d %s %q", a.status, a.raw, status, code, message)
	}
}

func byName(name string) string {
	return experimentsAPI + "get-by-name?experiment_name=" + url.QueryEscape(name)
}

// text, child, and list return a field of an object, empty if it is missing or of another type.
func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

func child(o object, key string) object {
	c, _ := o[key].(object)
	return c
}

func list(o object, key string) []object {
	var all []object
	elements, _ := o[key].([]any)
	for _, e := range elements {
		c, _ := e.(object)
		all = append(all, c)
	}
	return all
}

// tags returns the tags of an experiment as key=value, in the order of the response.
func tags(experiment object) []string {
	var all []string
	for _, t := range list(experiment, "tags") {
		all = append(all, text(t, "key")+"="+text(t, "value"))
	}
	return all
}

// clock is a time that changes only if a test sets it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.UnixMilli(1_700_000_000_123)} }
