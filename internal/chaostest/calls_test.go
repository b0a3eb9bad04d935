package chaostest

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
)

// call is one route that the provider uses.
type call struct {
	name, method, path string
	does               does
	// page is what a search lists, under this key.
	page string
}

// does says what a call is for.
type does int

const (
	reads          does = iota
	logsIn              // and so comes before all others
	writes              // and answers something
	writesSilently      // and answers {}
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

// experimentCalls are those that both kinds of servers have.
var experimentCalls = []call{
	{"create", "POST", experiments + "create", writes, ""},
	{"get", "GET", experiments + "get", reads, ""},
	{"get-by-name", "GET", experiments + "get-by-name", reads, ""},
	{"update", "POST", experiments + "update", writesSilently, ""},
	{"delete", "POST", experiments + "delete", writesSilently, ""},
	{"restore", "POST", experiments + "restore", writesSilently, ""},
	{"search", "POST", experiments + "search", reads, "experiments"},
	{"set tag", "POST", experiments + "set-experiment-tag", writesSilently, ""},
	{"delete tag", "POST", experiments + "delete-experiment-tag", writesSilently, ""},
	{"search runs", "POST", "/api/2.0/mlflow/runs/search", reads, "runs"},
	{"search traces", "POST", "/api/3.0/mlflow/traces/search", reads, "traces"},
	{"search models", "POST", "/api/2.0/mlflow/logged-models/search", reads, "models"},
}

var databricksCalls = slices.Concat(experimentCalls, []call{
	{getPermits, "GET", anyACL, reads, ""},
	{putPermits, "PUT", anyACL, writes, ""},
	{patchPermits, "PATCH", anyACL, writes, ""},
	{"mkdirs", "POST", "/api/2.0/workspace/mkdirs", writesSilently, ""},
	{"me", "GET", "/api/2.0/preview/scim/v2/Me", reads, ""},
	{"host metadata", "GET", "/.well-known/databricks-config", logsIn, ""},
	{"oauth metadata", "GET", "/oidc/.well-known/oauth-authorization-server", logsIn, ""},
	{"token", "POST", "/oidc/v1/token", logsIn, ""},
})

// findCall gives the call that a request makes.
func findCall(calls []call, r *http.Request) (call, bool) {
	for _, c := range calls {
		if matched, _ := path.Match(c.path, r.URL.Path); matched && c.method == r.Method {
			return c, true
		}
	}
	return call{}, false
}

// request is what the provider asked for.
type request struct {
	*http.Request
	call
	known bool // whether it is one of the calls
	body  []byte
}

// text is all that tells one request from another.
func (r request) text() string { return r.Method + " " + r.URL.String() + " " + string(r.body) }

// field reads a text of the body, "" when there is none.
func (r request) field(name string) string {
	var fields map[string]any
	_ = json.Unmarshal(r.body, &fields)
	text, _ := fields[name].(string)
	return text
}

// experimentID is the experiment that the request is about, "" for none.
func (r request) experimentID() string {
	if id, ok := strings.CutPrefix(r.URL.Path, aclPath); ok {
		return id
	}
	for _, id := range []string{
		r.URL.Query().Get("experiment_id"), r.field("experiment_id"), r.URL.Query().Get("resource_id"), r.field("resource_id"), r.field("resource_pattern"),
	} {
		if id != "" {
			return id
		}
	}
	return ""
}
