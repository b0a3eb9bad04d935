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
	isolate(t)
	for name, flow := range tokenFlows(t) {
		t.Run(name, func(t *testing.T) {
			network := &fakeCloud{}
			d := onNetwork(t, flow.settings, network)
			got, err := d.authorization(t.Context())
			if err != nil || got != "Bearer the-token" {
				t.Errorf("Authorization %q, %v", got, err)
			}
			if network.count(flow.endpoint) == 0 {
				t.Errorf("%s was not called, but %v", flow.endpoint, network.calls)
			}
			for _, secret := range []string{"the-token", flow.settings.ClientSecret, flow.settings.AzureClientSecret, flow.settings.ActionsIDTokenRequestToken} {
				if secret != "" && !slices.Contains(d.secrets.all(), secret) {
					t.Errorf("%q is not among the secrets", secret)
				}
			}
		})
	}
}

// Credentials go to the endpoint that they are for, and what is no token is refused in words.
func TestTokenFlows_hostile(t *testing.T) {
	isolate(t)
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) }
	}
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	hostile := map[string]struct {
		answer http.HandlerFunc
		words  string
	}{
		"307 to another host":   {redirect(http.StatusTemporaryRedirect, "https://evil.example.com/token"), "redirects to https://evil.example.com, and credentials are not sent to another origin"},
		"302 to another host":   {redirect(http.StatusFound, "https://evil.example.com/token"), "redirects to https://evil.example.com"},
		"307 to a subdomain":    {redirect(http.StatusTemporaryRedirect, "https://evil.ws.example.com/token"), "redirects to https://evil.ws.example.com"},
		"204":                   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "returned HTTP 204 with an empty body instead of a token"},
		"an empty 200":          {answer(200, "application/json", ""), "returned HTTP 200 with an empty body instead of a token"},
		"an empty object":       {answer(200, "application/json", "{}"), "returned HTTP 200 with no token"},
		"no token":              {answer(200, "application/json", `{"token_type":"Bearer","expires_in":3600,"expires_on":"`+farFuture+`"}`), "returned HTTP 200 with no token"},
		"an empty token":        {answer(200, "application/json", `{"access_token":"","value":" ","oidcToken":"","token_endpoint":"","expires_on":"`+farFuture+`"}`), "returned HTTP 200 with no token"},
		"a number for a token":  {answer(200, "application/json", `{"access_token":1,"value":1,"oidcToken":1,"token_endpoint":1,"expires_on":"`+farFuture+`"}`), "returned HTTP 200 with no token"},
		"a list":                {answer(200, "application/json", `["x"]`), "instead of JSON"},
		"null":                  {answer(200, "application/json", `null`), "returned HTTP 200 with no token"},
		"a page":                {answer(200, "text/html", "<html>\x1b[31mSign in</html>"), "returned HTTP 200 with text/html instead of JSON"},
		"an error with success": {answer(200, "application/json", `{"error":"invalid_client","error_description":"no such client"}`), `returned HTTP 200 with the error "invalid_client" no such client`},
	}
	for name, flow := range tokenFlows(t) {
		for kind, h := range hostile {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				place := flow.endpoint
				if place == "127.0.0.1:7" {
					place += "/token"
				}
				network := &fakeCloud{answers: map[string]http.HandlerFunc{place: h.answer}}
				_, err := onNetwork(t, flow.settings, network).authorization(t.Context())
				wantError(t, err, "", "endpoint ", "://"+flow.endpoint, h.words)
				wantNoSecret(t, err, "hunter2", "the-jwt", "\x1b")
				if network.count("evil") > 0 {
					t.Errorf("the other host was called: %v", network.calls)
				}
			})
		}
	}
}

// A redirect on the same origin is no danger.
func TestTokenEndpointMoved(t *testing.T) {
	isolate(t)
	network := &fakeCloud{answers: map[string]http.HandlerFunc{"ws.example.com" + tokenPath: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/moved/token", http.StatusTemporaryRedirect)
	}}}
	got, err := onNetwork(t, Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "s"}, network).authorization(t.Context())
	if err != nil || got != "Bearer the-token" || network.count("/moved/token") != 1 {
		t.Errorf("got %q, %v after %v", got, err, network.calls)
	}
}

// What the host says about itself does not move a secret to where it can be read on the way.
func TestTokenEndpointWithoutTLS(t *testing.T) {
	isolate(t)
	says := func(field, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, map[string]any{field: value}) }
	}
	for name, tc := range map[string]struct{ host, place, field, value string }{
		"token endpoint":                 {workspaceHost, "ws.example.com/oidc" + discoverySuffix, "token_endpoint", "http://ws.example.com/token"},
		"token endpoint on loopback":     {workspaceHost, "ws.example.com/oidc" + discoverySuffix, "token_endpoint", "http://127.0.0.1:7/token"},
		"OIDC endpoint":                  {workspaceHost, "ws.example.com" + metadataPath, "oidc_endpoint", "http://ws.example.com/oidc"},
		"token endpoint of another host": {"http://ws.example.com", "ws.example.com/oidc" + discoverySuffix, "token_endpoint", "http://other.example.com/token"},
	} {
		t.Run(name, func(t *testing.T) {
			network := &fakeCloud{answers: map[string]http.HandlerFunc{tc.place: says(tc.field, tc.value)}}
			if tc.host != workspaceHost {
				network.answers["ws.example.com"+metadataPath] = http.NotFound
			}
			_, err := onNetwork(t, Settings{Host: tc.host, ClientID: "client", ClientSecret: "hunter2"}, network).authorization(t.Context())
			wantError(t, err, "", "endpoint "+tc.value, "does not use https")
			if network.count("http://") > 0 && tc.host == workspaceHost || network.count("other") > 0 {
				t.Errorf("called were %v", network.calls)
			}
		})
	}
}

// What commands and services return is checked as what token endpoints return.
func TestEmptyTokenOfACommand(t *testing.T) {
	home := isolate(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	for name, token := range map[string]string{"empty": "", "blank": " "} {
		cli := writeFile(t, filepath.Join(home, "cli-"+name), strings.Replace(cliScript, "cli:$4", token, 1))
		_, err := call(t.Context(), mustOpen(t, Settings{Host: f.URL, AuthType: "databricks-cli", DatabricksCLIPath: cli}, nil))
		wantError(t, err, "", "databricks-cli", "the authentication method returned an empty token")
	}
	if err := checkAuthorization(http.Header{"Authorization": {"Bearer a\nb"}}); err == nil {
		t.Error("a token of two lines was not refused")
	}
}
