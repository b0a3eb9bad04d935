package connection

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTokenFlows(t *testing.T) {
	isolateEnv(t)
	for name, flow := range tokenFlows(t) {
		t.Run(name, func(t *testing.T) {
			network := &fakeCloud{}
			d := newDatabricks(t, flow.settings, network)
			got, err := d.authorization(t.Context())
			if err != nil || got != "Bearer the-token" {
				t.Errorf("got Authorization %q, error %v", got, err)
			}
			if network.count(flow.endpoint) == 0 {
				t.Errorf("got the requests %v, want %s", network.urls, flow.endpoint)
			}
			for _, secret := range []string{"the-token", flow.settings.ClientSecret, flow.settings.AzureClientSecret,
				flow.settings.ActionsIDTokenRequestToken} {
				if secret != "" && !slices.Contains(d.secrets.all(), secret) {
					t.Errorf("got the secrets without %q, want it", secret)
				}
			}
		})
	}
}

// TestTokenFlows_hostile checks that credentials are only sent to their endpoint, and that an invalid response is an error.
func TestTokenFlows_hostile(t *testing.T) {
	isolateEnv(t)
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) }
	}
	respond := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	hostile := map[string]struct {
		response http.HandlerFunc
		wantErr  string
	}{
		"307 to another host": {redirect(http.StatusTemporaryRedirect, "https://evil.example.com/token"),
			"redirects to https://evil.example.com, and credentials are not sent to another origin"},
		"302 to another host": {redirect(http.StatusFound, "https://evil.example.com/token"), "redirects to https://evil.example.com"},
		"307 to a subdomain": {redirect(http.StatusTemporaryRedirect, "https://evil.ws.example.com/token"),
			"redirects to https://evil.ws.example.com"},
		"204": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
			"returned HTTP 204 with an empty body instead of a token"},
		"an empty 200":    {respond(200, "application/json", ""), "returned HTTP 200 with an empty body instead of a token"},
		"an empty object": {respond(200, "application/json", "{}"), "returned HTTP 200 with no token"},
		"no token": {respond(200, "application/json", `{"token_type":"Bearer","expires_in":3600,"expires_on":"`+farFuture+`"}`),
			"returned HTTP 200 with no token"},
		"an empty token": {respond(200, "application/json",
			`{"access_token":"","value":" ","oidcToken":"","token_endpoint":"","expires_on":"`+farFuture+`"}`), "returned HTTP 200 with no token"},
		"a number for a token": {respond(200, "application/json",
			`{"access_token":1,"value":1,"oidcToken":1,"token_endpoint":1,"expires_on":"`+farFuture+`"}`), "returned HTTP 200 with no token"},
		"a list": {respond(200, "application/json", `["x"]`), "instead of JSON"},
		"null":   {respond(200, "application/json", `null`), "returned HTTP 200 with no token"},
		"a page": {respond(200, "text/html", "<html>\x1b[31mSign in</html>"), "returned HTTP 200 with text/html instead of JSON"},
		"an error with success": {respond(200, "application/json", `{"error":"invalid_client","error_description":"no such client"}`),
			`returned HTTP 200 with the error "invalid_client" no such client`},
	}
	for name, flow := range tokenFlows(t) {
		for kind, h := range hostile {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				place := flow.endpoint
				if place == "127.0.0.1:7" {
					place += "/token"
				}
				network := &fakeCloud{responses: map[string]http.HandlerFunc{place: h.response}}
				_, err := newDatabricks(t, flow.settings, network).authorization(t.Context())
				wantError(t, err, "", "endpoint ", "://"+flow.endpoint, h.wantErr)
				wantNoSecret(t, err, "hunter2", "the-jwt", "\x1b")
				if network.count("evil") > 0 {
					t.Errorf("got the requests %v, want none to another host", network.urls)
				}
			})
		}
	}
}

// TestTokenEndpointMoved checks that a redirect on the same origin is followed.
func TestTokenEndpointMoved(t *testing.T) {
	isolateEnv(t)
	network := &fakeCloud{responses: map[string]http.HandlerFunc{"ws.example.com" + tokenPath: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/moved/token", http.StatusTemporaryRedirect)
	}}}
	got, err := newDatabricks(t, Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "s"}, network).authorization(t.Context())
	if err != nil || got != "Bearer the-token" || network.count("/moved/token") != 1 {
		t.Errorf("got %q, error %v after the requests %v", got, err, network.urls)
	}
}

// TestTokenEndpointWithoutTLS checks that no secret is sent to a URL without TLS that the host returns.
func TestTokenEndpointWithoutTLS(t *testing.T) {
	isolateEnv(t)
	respond := func(field, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, map[string]any{field: value}) }
	}
	for name, tc := range map[string]struct{ host, place, field, value string }{
		"token endpoint": {workspaceHost, "ws.example.com/oidc" + discoverySuffix, "token_endpoint",
			"http://ws.example.com/token"},
		"token endpoint on loopback": {workspaceHost, "ws.example.com/oidc" + discoverySuffix, "token_endpoint", "http://127.0.0.1:7/token"},
		"OIDC endpoint":              {workspaceHost, "ws.example.com" + metadataPath, "oidc_endpoint", "http://ws.example.com/oidc"},
		"token endpoint of another host": {"http://ws.example.com", "ws.example.com/oidc" + discoverySuffix, "token_endpoint",
			"http://other.example.com/token"},
	} {
		t.Run(name, func(t *testing.T) {
			network := &fakeCloud{responses: map[string]http.HandlerFunc{tc.place: respond(tc.field, tc.value)}}
			if tc.host != workspaceHost {
				network.responses["ws.example.com"+metadataPath] = http.NotFound
			}
			_, err := newDatabricks(t, Settings{Host: tc.host, ClientID: "client", ClientSecret: "hunter2"}, network).authorization(t.Context())
			wantError(t, err, "", "endpoint "+tc.value, "does not use https")
			if network.count("http://") > 0 && tc.host == workspaceHost || network.count("other") > 0 {
				t.Errorf("got the requests %v, want none without TLS", network.urls)
			}
		})
	}
}

// TestEmptyTokenOfACommand checks that tokens of commands are validated.
func TestEmptyTokenOfACommand(t *testing.T) {
	home := isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	for name, token := range map[string]string{"empty": "", "space": " "} {
		cli := writeFile(t, filepath.Join(home, "cli-"+name), strings.Replace(cliScript, "cli:$4", token, 1))
		_, err := send(t.Context(), mustOpen(t, Settings{Host: f.URL, AuthType: "databricks-cli", DatabricksCLIPath: cli}, nil))
		wantError(t, err, "", "databricks-cli", "the authentication method returned an empty token")
	}
	if err := checkAuthorization(http.Header{"Authorization": {"Bearer a\nb"}}); err == nil {
		t.Error("token with a line break: got no error, want one")
	}
}
