package chaostest

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
)

// call is a route that the provider uses.
type call struct {
	name, method, path string
	effect             effect
	// page is the key of the list in the response of a search.
	page string
}

// effect is the kind of effect that a call has.
type effect int

const (
	reads         effect = iota
	authenticates        // precedes all other calls
	writes               // returns an object
	writesEmpty          // returns {}
)

const (
	experiments  = "/api/2.0/mlflow/experiments/"
	aclPath      = "/api/2.0/permissions/experiments/"
	anyACL       = aclPath + "*"
	getPermits   = "get permissions"
	putPermits   = "put permissions"
	patchPermits = "patch permissions"
	createRole   = "create role"
	updateRole   = "update role"
)

// experimentCalls are the calls of both kinds of servers.
var experimentCalls = []call{
	{"create", "POST", experiments + "create", writes, ""},
	{"get", "GET", experiments + "get", reads, ""},
	{"get-by-name", "GET", experiments + "get-by-name", reads, ""},
	{"update", "POST", experiments + "update", writesEmpty, ""},
	{"delete", "POST", experiments + "delete", writesEmpty, ""},
	{"restore", "POST", experiments + "restore", writesEmpty, ""},
	{"search", "POST", experiments + "search", reads, "experiments"},
	{"set tag", "POST", experiments + "set-experiment-tag", writesEmpty, ""},
	{"delete tag", "POST", experiments + "delete-experiment-tag", writesEmpty, ""},
	{"search runs", "POST", "/api/2.0/mlflow/runs/search", reads, "runs"},
	{"search traces", "POST", "/api/3.0/mlflow/traces/search", reads, "traces"},
	{"search models", "POST", "/api/2.0/mlflow/logged-models/search", reads, "models"},
}

var databricksCalls = slices.Concat(experimentCalls, []call{
	{getPermits, "GET", anyACL, reads, ""},
	{putPermits, "PUT", anyACL, writes, ""},
	{patchPermits, "PATCH", anyACL, writes, ""},
	{"mkdirs", "POST", "/api/2.0/workspace/mkdirs", writesEmpty, ""},
	{"me", "GET", "/api/2.0/preview/scim/v2/Me", reads, ""},
	{"host metadata", "GET", "/.well-known/databricks-config", authenticates, ""},
	{"oauth metadata", "GET", "/oidc/.well-known/oauth-authorization-server", authenticates, ""},
	{"token", "POST", "/oidc/v1/token", authenticates, ""},
})

// findCall returns the call of a request.
func findCall(calls []call, r *http.Request) (call, bool) {
	for _, c := range calls {
		if matched, _ := path.Match(c.path, r.URL.Path); matched && c.method == r.Method {
			return c, true
		}
	}
	return call{}, false
}

// request is a request of the provider.
type request struct {
	*http.Request
	call
	known bool // whether it is one of the calls
	body  []byte
}

// text returns the text that identifies equal requests.
func (r request) text() string { return r.Method + " " + r.URL.String() + " " + string(r.body) }

// field returns a text field of the body, empty if it is missing.
func (r request) field(name string) string {
	var fields map[string]any
	_ = json.Unmarshal(r.body, &fields)
	text, _ := fields[name].(string)
	return text
}

// experimentID returns the experiment of the request, empty if there is none.
func (r request) experimentID() string {
	if id, ok := strings.CutPrefix(r.URL.Path, aclPath); ok {
		return id
	}
	for _, id := range []string{
		r.URL.Query().Get("experiment_id"), r.field("experiment_id"), r.URL.Query().Get("resource_id"), r.field("resource_id"),
		r.field("resource_pattern"),
	} {
		if id != "" {
			return id
		}
	}
	return ""
}
