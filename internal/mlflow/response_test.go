package mlflow_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// checkedCall is one API call, with valid responses, and invalid ones that the client must reject.
type checkedCall struct {
	// route is the method and path; rule describes the valid response.
	route, rule string
	server      bool // an MLflow server, else Databricks
	// valid are the responses to the call in order, the last one repeatedly; other those to other calls, if not as in validResponses.
	valid []string
	other map[string][]string
	// emptyObject reports that {} is also valid, and emptyBody that an empty body is.
	emptyObject, emptyBody bool
	// invalid are responses about other objects.
	invalid []string
	use     func(ctx context.Context, c *mlflow.Client) error
}

const (
	experiment7 = `{"experiment":{"experiment_id":"7","name":"/Shared/x","lifecycle_stage":"active","creation_time":1700000000000}}`
	experiment8 = `{"experiment":{"experiment_id":"8","name":"/Shared/y","lifecycle_stage":"active","creation_time":1700000000000}}`
	acl7        = `{"object_id":"/experiments/7","object_type":"mlflowExperiment","access_control_list":[
		{"user_name":"ana","all_permissions":[{"permission_level":"CAN_EDIT","inherited":false}]}]}`
	acl7Empty = `{"object_id":"/experiments/7","object_type":"mlflowExperiment"}`
	acl8      = `{"object_id":"/experiments/8","object_type":"mlflowExperiment","access_control_list":[
		{"user_name":"ana","all_permissions":[{"permission_level":"CAN_EDIT","inherited":false}]}]}`
	allUsers = `{"users":[{"id":1,"username":"admin","is_admin":true,"roles":[]},{"id":2,"username":"ana","is_admin":false,"roles":[]}]}`
	noGrants = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[]}]}`
	anaEdits = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[]},{"id":6,"name":"__user_2__","workspace":"default",
		"permissions":[
		{"id":11,"resource_type":"experiment","resource_pattern":"7","permission":"EDIT"}]}]}`
	roleEdits = `{"roles":[{"id":5,"name":"ds","workspace":"default","permissions":[
		{"id":12,"resource_type":"experiment","resource_pattern":"7","permission":"EDIT"}]}]}`
	roleRow7     = `{"role_permission":{"id":12,"role_id":5,"resource_type":"experiment","resource_pattern":"7","permission":"READ"}}`
	roleRow8     = `{"role_permission":{"id":12,"role_id":5,"resource_type":"experiment","resource_pattern":"8","permission":"READ"}}`
	legacyRow7   = `{"experiment_permission":{"experiment_id":"7","user_id":2,"permission":"EDIT"}}`
	legacyRow8   = `{"experiment_permission":{"experiment_id":"8","user_id":2,"permission":"EDIT"}}`
	absentPage   = "<title>404 Not Found</title>"
	getEffective = "GET /api/3.0/mlflow/users/permissions/get"
	rolesList    = "GET /api/3.0/mlflow/roles/list"
	legacyGet    = "GET /api/2.0/mlflow/experiments/permissions/get"
)

// validResponses are valid responses to each call: experiment 7, the users admin and ana, the role ds, and no grants on an MLflow server.
var validResponses = map[string][]string{
	"GET /api/2.0/mlflow/experiments/get":           {experiment7},
	"GET /api/2.0/permissions/experiments/7":        {acl7},
	"PUT /api/2.0/permissions/experiments/7":        {acl7Empty},
	"GET /api/2.0/mlflow/users/list":                {allUsers},
	"GET /api/2.0/mlflow/users/current":             {`{"user":{"id":1,"username":"admin","is_admin":true}}`},
	"GET /api/3.0/mlflow/users/current/permissions": {`{"is_admin":true,"permissions":[]}`},
	"GET /api/2.0/mlflow/users/get": {`{"user":{"id":1,"username":"admin","is_admin":true,
		"experiment_permissions":[]}}`},
	"POST /api/3.0/mlflow/users/permissions/grant":        {`{}`},
	"POST /api/3.0/mlflow/users/permissions/revoke":       {`{}`},
	"POST /api/2.0/mlflow/runs/search":                    {`{}`},
	"POST /api/3.0/mlflow/traces/search":                  {`{}`},
	"POST /api/2.0/mlflow/logged-models/search":           {`{}`},
	"POST /api/2.0/mlflow/experiments/set-experiment-tag": {`{}`},
	getEffective: {`{"allowed":true,"permission":"NO_PERMISSIONS"}`},
	rolesList:    {noGrants},
}

// legacyResponses are those of a server before 3.13.
var legacyResponses = map[string][]string{getEffective: {absentPage}, legacyGet: {mlflowtest.NotFoundBody}}

func with(base map[string][]string, route string, responses ...string) map[string][]string {
	merged := map[string][]string{route: responses}
	for r, a := range base {
		if r != route {
			merged[r] = a
		}
	}
	return merged
}

var (
	ana     = mlflow.Principal{Kind: mlflow.KindUser, Name: "ana"}
	dsRole  = mlflow.Principal{Kind: mlflow.KindGroup, Name: "ds"}
	editAna = mlflow.Grant{Principal: ana, Level: mlflow.LevelEdit}
)

// invalidServer returns valid responses, except to the last request for one route.
type invalidServer struct {
	call    checkedCall
	invalid *http.Response
	mu      sync.Mutex
	seen    map[string]int
}

func (s *invalidServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	route := req.Method + " " + req.URL.Path
	n := s.seen[route]
	s.seen[route]++
	responses := s.call.other[route]
	switch {
	case route == s.call.route && s.invalid != nil && n >= len(s.call.valid)-1:
		s.invalid.Body = io.NopCloser(strings.NewReader(s.invalid.Status)) // Status contains the body
		return s.invalid, nil
	case route == s.call.route:
		responses = s.call.valid
	case responses == nil:
		responses = validResponses[route]
	}
	if len(responses) == 0 {
		responses = []string{absentPage}
	}
	switch body := responses[min(n, len(responses)-1)]; body {
	case absentPage:
		return mlflowtest.Page(404, body)()
	case mlflowtest.NotFoundBody:
		return mlflowtest.Reply(404, body)()
	default:
		return mlflowtest.Reply(200, body)()
	}
}

func (s *invalidServer) use(t *testing.T) error {
	var backend mlflow.Backend = databricks.Backend{}
	if s.call.server {
		backend = &server.Backend{Username: "admin"}
	}
	c := mlflowtest.Client(s, backend, func(o *mlflow.Options) { o.RetryTimeout = time.Nanosecond })
	return s.call.use(t.Context(), c)
}

func TestEveryResponseIsChecked(t *testing.T) {
	for _, call := range slices.Concat(checkedCalls, runCalls, directoryCalls, principalCalls) {
		t.Run(call.route, func(t *testing.T) {
			control := &invalidServer{call: call, seen: map[string]int{}}
			if err := control.use(t); err != nil || control.seen[call.route] == 0 {
				t.Fatalf("with valid responses: got error %v after the requests %v, want none", err, control.seen)
			}
			responses := []struct {
				status int
				body   string
			}{
				{200, `null`}, {200, `[]`}, {200, `{"status":"ok"}`}, {200, `"ok"`}, {200, `OK`},
				{200, `{"error_code":"INTERNAL_ERROR","message":"no"}`}, {200, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`},
				{200, `{"error_code":"PERMISSION_DENIED","message":"no"}`}, {200, `{"error_code":404,"message":"no"}`},
			}
			for _, body := range call.invalid {
				responses = append(responses, struct {
					status int
					body   string
				}{200, body})
			}
			if !call.emptyObject {
				responses = append(responses, struct {
					status int
					body   string
				}{200, `{}`})
			}
			if !call.emptyBody {
				responses = append(responses, struct {
					status int
					body   string
				}{204, ``}, struct {
					status int
					body   string
				}{200, ``})
			}
			for _, response := range responses {
				s := &invalidServer{call: call, seen: map[string]int{}, invalid: &http.Response{
					StatusCode: response.status, Status: response.body, Header: http.Header{"Content-Type": {"application/json"}},
				}}
				err := s.use(t)
				if err == nil {
					t.Errorf("HTTP %d %s: got no error, want one, because a valid response is: %s", response.status, response.body, call.rule)
				}
				if rest.IsNotFound(err) || rest.IsPermissionDenied(err) || rest.IsAlreadyExists(err) {
					t.Errorf("HTTP %d %s: got the rejection %v, want an invalid response", response.status, response.body, err)
				}
			}
		})
	}
}

// TestCheckedCalls_complete checks that the tables contain each call in the source.
func TestCheckedCalls_complete(t *testing.T) {
	listed := map[string]bool{}
	for _, call := range slices.Concat(checkedCalls, runCalls, directoryCalls, principalCalls) {
		_, p, _ := strings.Cut(call.route, " ")
		listed[path.Base(p)] = true
	}
	found := 0
	for _, folder := range []string{".", "databricks", "server"} {
		isCode := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
		packages, err := parser.ParseDir(token.NewFileSet(), folder, isCode, 0) //nolint:staticcheck // no build tags
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range packages {
			ast.Inspect(p, func(n ast.Node) bool {
				field, ok := n.(*ast.KeyValueExpr)
				if !ok {
					return true
				}
				if key, ok := field.Key.(*ast.Ident); !ok || key.Name != "Path" {
					return true
				}
				found++
				last := "7" // of permissionsPath
				ast.Inspect(field.Value, func(n ast.Node) bool {
					if literal, ok := n.(*ast.BasicLit); ok {
						last = path.Base(strings.Trim(literal.Value, `"`))
					}
					return true
				})
				if !listed[last] {
					t.Errorf("got no row of checkedCalls for the call %q", last)
				}
				return true
			})
		}
	}
	if found < 25 {
		t.Errorf("got %d calls in the source, want at least 25", found)
	}
}

// TestRevokedByOthers checks a grant that another client revokes between the lookup and the revoke.
func TestRevokedByOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		route string
		p     mlflow.Principal
		other map[string][]string
	}{
		"a user's grant": {"POST /api/3.0/mlflow/users/permissions/revoke", ana,
			map[string][]string{rolesList: {anaEdits, noGrants}}},
		"a role's row": {"DELETE /api/3.0/mlflow/roles/permissions/remove", dsRole,
			map[string][]string{rolesList: {roleEdits, roleEdits, noGrants}}},
		"a role's row, seen": {"", dsRole, map[string][]string{rolesList: {roleEdits, noGrants}}},
		"a grant before RBAC": {"DELETE /api/2.0/mlflow/experiments/permissions/delete", ana,
			with(legacyResponses, legacyGet, mlflowtest.NotFoundBody, legacyRow7, mlflowtest.NotFoundBody)},
		"revoke rejected, grant still listed": {"POST /api/3.0/mlflow/users/permissions/revoke", ana, map[string][]string{rolesList: {anaEdits}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &invalidServer{call: checkedCall{route: tc.route, server: true, valid: []string{mlflowtest.NotFoundBody}, other: tc.other,
				use: revokeFrom(tc.p)}, seen: map[string]int{}}
			if err := s.use(t); (err != nil) != (name == "revoke rejected, grant still listed") {
				t.Errorf("got error %v after the requests %v", err, s.seen)
			}
		})
	}
}
