package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// errorOf returns the error of a call with a response.
func errorOf(t *testing.T, response mlflowtest.Responder) error {
	t.Helper()
	err := createOnce(t.Context(), newClient(mlflowtest.NewReplies(response)))
	if err == nil {
		t.Fatal("got no error, want one")
	}
	return err
}

func TestErrorKinds(t *testing.T) {
	kinds := map[string]func(error) bool{
		"not found": rest.IsNotFound, "exists": rest.IsAlreadyExists, "denied": rest.IsPermissionDenied,
		"unauthenticated": rest.IsUnauthenticated,
		"throttled":       rest.IsThrottled, "quota": rest.IsQuotaExceeded, "Git folder": rest.IsInGitFolder, "location": rest.IsLocationRefused,
		"absent": rest.IsEndpointAbsent, "parent": rest.IsParentMissing, "invalid": rest.IsInvalid,
	}
	for _, tc := range []struct {
		name     string
		response mlflowtest.Responder
		kinds    string
	}{
		{"unknown ID", reply(404, mlflowtest.NotFoundBody), "not found"},
		{"unknown ID, older response", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"Experiment with id '1' does not exist."}`),
			"invalid,not found"},
		{"missing parent is not missing experiment",
			reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Parent directory /x does not exist."}`), "parent"},
		{"taken, as 400", reply(400, `{"error_code":"RESOURCE_ALREADY_EXISTS"}`), "exists"},
		{"taken, as 409 with another code", reply(409, `{"error_code":"ALREADY_EXISTS"}`), "exists"},
		{"a rename to a taken name, on an MLflow server",
			reply(400,
				`{"error_code":"BAD_REQUEST","message":"(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name\n[SQL: UPDATE x]"}`),
			"exists,invalid"},
		{"a missing workspace is not missing experiment",
			reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Workspace 'a' not found"}`), ""},
		{"bad token: a number as code", reply(403, `{"error_code":403,"message":"Invalid access token."}`), "unauthenticated"},
		{"no token", reply(401, `{"error_code":"UNAUTHENTICATED"}`), "unauthenticated"},
		{"denied", reply(403, `{"error_code":"PERMISSION_DENIED"}`), "denied"},
		{"denied in plain text", reply(403, "Permission denied", "Content-Type", "text/html"), "denied"},
		{"denied by FastAPI", reply(403, `{"detail":"Permission denied"}`), "denied"},
		{"an IP access list", reply(403, `{"error_code":"PERMISSION_DENIED",`+
			`"message":"Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"}`), ""},
		{"an IP access list, with a number as code",
			reply(403, `{"error_code":403,"message":"Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"}`), ""},
		{"an IP access list, as text", page(403, "Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"), ""},
		{"a guard of host names", page(403, "Invalid Host header - possible DNS rebinding attack detected"), ""},
		{"a firewall's page", page(403, "<html><title>403 Forbidden</title></html>"), ""},
		{"a gateway's JSON", reply(403, `{"status":"forbidden"}`), ""},
		{"quota", reply(400, `{"error_code":"RESOURCE_EXHAUSTED","message":"The workspace has reached the limit of 5,000 experiments."}`),
			"quota"},
		{"quota, as a rate limit", reply(429, `{"error_code":"QUOTA_EXCEEDED","message":"Quota of 500 active experiments exceeded"}`), "quota"},
		{"in a Git folder", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"Experiments cannot be created in a repo"}`),
			"Git folder,invalid"},
		{"a refused location", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"artifact_location cannot be set"}`),
			"invalid,location"},
		{"unknown endpoint, in JSON", reply(404, `{"error_code":"ENDPOINT_NOT_FOUND"}`), "absent"},
		{"unknown endpoint, as a page", page(404, "<title>404 Not Found</title>"), "absent"},
		{"wrong method, as a page", page(405, "<title>405</title>"), "absent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := errorOf(t, tc.response)
			var got []string
			for _, kind := range []string{
				"Git folder", "absent", "denied", "exists", "invalid", "location", "not found", "parent", "quota", "throttled", "unauthenticated",
			} {
				if kinds[kind](err) {
					got = append(got, kind)
				}
			}
			if strings.Join(got, ",") != tc.kinds {
				t.Errorf("got kinds %v, want %s", got, tc.kinds)
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	for _, tc := range []struct {
		name     string
		response func() (*http.Response, error)
		want     []string
		unwanted string
	}{
		{"message, code, status and request", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"bad"}`, "X-Request-Id", "r1"),
			[]string{"bad", "INVALID_PARAMETER_VALUE", "HTTP 400", "POST /api/2.0/mlflow/experiments/create", "request r1"}, ""},
		{"details", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"bad","details":[`+
			`{"@type":"type.googleapis.com/google.rpc.RequestInfo","request_id":"r2"},`+
			`{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[{"field":"name","description":"too long"}]},`+
			`{"@type":"type.googleapis.com/google.rpc.Help","links":[{"url":"https://example.com/help"}]},{"@type":"new"}]}`),
			[]string{"request r2", "name: too long", "https://example.com/help"}, ""},
		{"SCIM", reply(400, `{"detail":"no such attribute","status":"400"}`), []string{"no such attribute"}, ""},
		{"sign-in page", page(200, "<html><head><title>Sign in to Databricks</title></head><body><script>secret()</script></body></html>"),
			[]string{"a web page instead of JSON", "Sign in to Databricks", "host or workspace_id is wrong"}, "secret"},
		{"gateway page", page(502, "<html><pre>upstream\nis gone</pre></html>"), []string{"upstream is gone", "gateway or proxy"}, "<pre>"},
		{"host guard", reply(403, "Invalid Host header - possible DNS rebinding attack detected", "Content-Type", "text/plain"),
			[]string{"--allowed-hosts"}, ""},
		{"no SQL", reply(400, `{"error_code":"RESOURCE_ALREADY_EXISTS",`+
			`"message":"Experiment(name=x) already exists. Error: (sqlite3.IntegrityError) UNIQUE `+
			`[SQL: INSERT INTO users] [parameters: ('pbkdf2:hash')]"}`),
			[]string{"Experiment(name=x) already exists (RESOURCE"}, "INSERT"},
		{"nothing but SQL", reply(400, `{"error_code":"BAD_REQUEST",`+
			`"message":"(psycopg2.errors.NotNullViolation) null value\n[SQL: INSERT INTO x]"}`), []string{"database rejected the request"},
			"psycopg2"},
		{"a long value on PostgreSQL", reply(400,
			`{"error_code":"BAD_REQUEST",`+
				`"message":"(psycopg2.errors.StringDataRightTruncation) value too long for type character varying(256)\n\n[SQL: INSERT INTO x]"}`),
			[]string{"too long", "256 characters"}, "INSERT"},
		{"a long value on MySQL", reply(400, `{"error_code":"BAD_REQUEST",`+
			`"message":"(pymysql.err.DataError) (1406, \"Data too long for column 'name' at row 1\")\n[SQL: INSERT INTO x]"}`),
			[]string{"too long"}, "INSERT"},
		{"an IP access list", reply(403, `{"error_code":"PERMISSION_DENIED",`+
			`"message":"Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"}`),
			[]string{"10.1.2.3", "IP access list does not allow the IP address of this machine"}, ""},
		{"http on an https server", reply(400, "Client sent an HTTP request to an HTTPS server.\n", "Content-Type", "text/plain"),
			[]string{"https:// in the server URL"}, "gateway"},
		{"a firewall's page", page(403, "<html><title>403 Forbidden</title></html>"), []string{"403 Forbidden", "in front of the server"},
			"CAN_MANAGE"},
		{"JSON of another server", reply(404, `{"status":"no route"}`), []string{"not from the MLflow API", "forwards /api/2.0"}, ""},
		{"a refused scheme", reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"`+schemeRefusal+`"}`),
			[]string{"SCHEMES environment variable on the server to allow it ("}, ""},
		{"no workspaces", reply(500, `{"error_code":"FEATURE_DISABLED",`+
			`"message":"Workspace APIs are not available: workspaces are not enabled on this server"}`), []string{"--enable-workspaces"}, ""},
		{"long text", reply(400, `{"error_code":"BAD_REQUEST","message":"`+strings.Repeat("é", 5000)+`"}`), []string{"…"},
			strings.Repeat("é", 700)},
		{"bad token", reply(403, `{"error_code":403,"message":"Invalid access token."}`), []string{"rejected the credentials"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := errorOf(t, tc.response).Error()
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("got %q, want %q in it", text, want)
				}
			}
			if tc.unwanted != "" && strings.Contains(text, tc.unwanted) {
				t.Errorf("got %q, want no %q in it", text, tc.unwanted)
			}
		})
	}
}

// schemeRefusal is the message of MLflow 3.17.
const schemeRefusal = "'artifact_location' cannot use the 'abfss' scheme: the 'abfss' scheme addresses a host other than the tracking " +
	"server's configured artifact " +
	"storage, so the server would connect to the host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment " +
	"variable on the server to allow it."

func TestRefusedScheme(t *testing.T) {
	err := errorOf(t, reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"`+schemeRefusal+`"}`))
	if setting, ok := rest.RefusedScheme(err); !ok || setting != "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES=abfss" ||
		!rest.IsLocationRefused(err) {
		t.Errorf("got setting %q, %t", setting, ok)
	}
	if setting, ok := rest.RefusedScheme(errorOf(t,
		reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"artifact_location cannot be set"}`))); ok {
		t.Errorf("got setting %q for another error, want none", setting)
	}
}
