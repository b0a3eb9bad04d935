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

// object is a JSON object of a request or an answer.
type object = map[string]any

// person talks to a workspace with one token.
type person struct {
	t           *testing.T
	base, token string
	http        *http.Client
}

// answer is what came back. json is nil when the body is no JSON object.
type answer struct {
	status int
	header http.Header
	raw    string
	json   object
}

// start serves a workspace and returns it with somebody who has the admin's token.
func start(t *testing.T, options emulator.Options) (*emulator.Workspace, person) {
	t.Helper()
	w := emulator.New(options)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, person{t, server.URL, emulator.AdminToken, server.Client()}
}

func (p person) as(token string) person {
	p.token = token
	return p
}

// send sends one request; headers are pairs of key and value.
func (p person) send(method, path, body string, headers ...string) (answer, error) {
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
	response, err := p.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.json)
	return a, err
}

func (p person) do(method, path string, body any, headers ...string) answer {
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

func (p person) get(path string) answer { p.t.Helper(); return p.do("GET", path, nil) }

func (p person) post(path string, body any) answer { p.t.Helper(); return p.do("POST", path, body) }

// ok does what post does and fails the test unless it succeeds.
func (p person) ok(method, path string, body any) answer {
	p.t.Helper()
	a := p.do(method, path, body)
	if a.status != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s", method, path, a.status, a.raw)
	}
	return a
}

func (p person) create(name string) string {
	p.t.Helper()
	return text(p.ok("POST", experimentsAPI+"create", object{"name": name}).json, "experiment_id")
}

func (p person) experiment(id string) object {
	p.t.Helper()
	return child(p.ok("GET", experimentsAPI+"get?experiment_id="+id, nil).json, "experiment")
}

// wantRefused checks the shape of an error: status, code, and a part of the message.
func (a answer) wantRefused(t *testing.T, status int, code, message string) {
	t.Helper()
	got, _ := a.json["message"].(string)
	if a.status != status || a.json["error_code"] != code || !strings.Contains(got, message) {
		t.Errorf("got %d %s\nwant %d %s %q", a.status, a.raw, status, code, message)
	}
}

func byName(name string) string {
	return experimentsAPI + "get-by-name?experiment_name=" + url.QueryEscape(name)
}

// text, child and list read a field of an object; what is missing or of another type is empty.
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

// tags lists an experiment's tags as key=value, in the order of the answer.
func tags(experiment object) []string {
	var all []string
	for _, t := range list(experiment, "tags") {
		all = append(all, text(t, "key")+"="+text(t, "value"))
	}
	return all
}

// clock is a time that stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.UnixMilli(1_700_000_000_123)} }
