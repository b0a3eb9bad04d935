package connection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fakeCloud answers for every host that a way to get a token calls. It is the network of a connection.
type fakeCloud struct {
	// answers replace the right ones, by host and path.
	answers map[string]http.HandlerFunc

	mu    sync.Mutex
	calls []string
}

const (
	workspaceHost = "https://ws.example.com"
	azureHost     = "https://adb-1.2.azuredatabricks.net"
	farFuture     = "4102444800"
)

// RoundTrip implements [http.RoundTripper].
func (f *fakeCloud) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	place := r.URL.Host + r.URL.Path
	f.mu.Lock()
	f.calls = append(f.calls, r.URL.Scheme+"://"+place)
	f.mu.Unlock()
	w := httptest.NewRecorder()
	token := map[string]any{"access_token": "the-token", "token_type": "Bearer", "expires_in": 3600, "expires_on": farFuture}
	answer, replaced := f.answers[place]
	switch {
	case replaced:
		answer(w, r)
	case strings.HasSuffix(place, metadataPath):
		writeJSON(w, map[string]any{"oidc_endpoint": "https://" + r.URL.Host + "/oidc", "workspace_id": "77", "host_type": "workspace"})
	case strings.HasSuffix(place, discoverySuffix):
		writeJSON(w, map[string]any{"token_endpoint": "https://" + r.URL.Host + tokenPath})
	case strings.HasSuffix(place, "token"): // of each kind
		writeJSON(w, withText(token, "value", "the-jwt", "oidcToken", "the-jwt"))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func withText(m map[string]any, more ...string) map[string]any {
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func (f *fakeCloud) count(place string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, call := range f.calls {
		if strings.Contains(call, place) {
			n++
		}
	}
	return n
}

// tokenFlow is one way to get a token.
type tokenFlow struct {
	settings Settings
	// endpoint is the host and path of a request that brings or leads to the token.
	endpoint string
}

// tokenFlows are all requests for tokens that need no command.
func tokenFlows(t *testing.T) map[string]tokenFlow {
	t.Helper()
	for name, value := range map[string]string{
		"MY_JWT": "the-jwt", "SYSTEM_ACCESSTOKEN": "hunter2", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/org", "SYSTEM_PLANID": "p",
		"SYSTEM_JOBID": "j", "SYSTEM_TEAMPROJECTID": "t", "SYSTEM_HOSTTYPE": "build",
	} {
		t.Setenv(name, value)
	}
	const actionsURL, actionsEndpoint = "https://actions.example.com/token?x=y", "actions.example.com/token"
	const azureEndpoint = "login.microsoftonline.com/tenant/oauth2/token"
	file := writeFile(t, filepath.Join(t.TempDir(), "jwt"), "the-jwt\n")
	secret := Settings{Host: workspaceHost, ClientID: "client", ClientSecret: "hunter2"}
	github := Settings{Host: workspaceHost, ClientID: "client", AuthType: "github-oidc", ActionsIDTokenRequestURL: actionsURL, ActionsIDTokenRequestToken: "hunter2"}
	azureGitHub := Settings{Host: azureHost, AzureClientID: "client", AzureTenantID: "tenant", AuthType: "github-oidc-azure",
		ActionsIDTokenRequestURL: actionsURL, ActionsIDTokenRequestToken: "hunter2"}
	return map[string]tokenFlow{
		"client secret":             {secret, "ws.example.com" + tokenPath},
		"client secret, discovery":  {secret, "ws.example.com/oidc" + discoverySuffix},
		"metadata service":          {Settings{Host: workspaceHost, MetadataServiceURL: "http://127.0.0.1:7/token"}, "127.0.0.1:7"},
		"GitHub's token":            {github, actionsEndpoint},
		"GitHub, exchange":          {github, "ws.example.com" + tokenPath},
		"token in the environment":  {Settings{Host: workspaceHost, ClientID: "client", OIDCTokenEnv: "MY_JWT"}, "ws.example.com" + tokenPath},
		"token in a file":           {Settings{Host: workspaceHost, ClientID: "client", OIDCTokenFilepath: file}, "ws.example.com" + tokenPath},
		"Azure DevOps' token":       {Settings{Host: workspaceHost, AuthType: "azure-devops-oidc"}, "dev.azure.com/org/t/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken"},
		"Azure client secret":       {Settings{Host: azureHost, AzureClientID: "client", AzureClientSecret: "hunter2", AzureTenantID: "tenant"}, azureEndpoint},
		"Azure managed identity":    {Settings{Host: azureHost, AzureUseMSI: true}, "169.254.169.254/metadata/identity/oauth2/token"},
		"GitHub's token, for Azure": {azureGitHub, actionsEndpoint},
		"GitHub, exchange at Azure": {azureGitHub, azureEndpoint},
	}
}

// onNetwork is a connection to a workspace over a network that is made up.
func onNetwork(t *testing.T, s Settings, network http.RoundTripper) *databricks {
	t.Helper()
	s.Getenv = func(string) string { return "" }
	s.HTTPTimeout = time.Minute
	if s.RetryTimeout == 0 {
		s.RetryTimeout = 5 * time.Minute
	}
	d := &databricks{settings: databricksSettings{settings: s}, base: network}
	cfg := s.databricksConfig()
	if err := d.settings.Configure(cfg); err != nil {
		t.Fatal(err)
	}
	d.plainOrigins = plainOrigins(cfg)
	d.secrets.addConfig(cfg)
	return d
}

// authorization is the header of a first request.
func (d *databricks) authorization(ctx context.Context) (string, error) {
	current, err := d.resolve(ctx)
	if err != nil {
		return "", err
	}
	headers, err := d.headers(ctx, current)
	return headers.Get("Authorization"), err
}

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

// Whatever an endpoint asks for, nothing waits longer than the retry timeout.
func TestTokenRetryAfterIsBounded(t *testing.T) {
	isolate(t)
	for name, flow := range tokenFlows(t) {
		for _, asked := range []string{"86400", "9223372036", "99999999999999999999", "1e400", "Fri, 31 Dec 9999 23:59:59 GMT"} {
			t.Run(name+", "+asked, func(t *testing.T) {
				t.Parallel()
				place := flow.endpoint
				if place == "127.0.0.1:7" {
					place += "/token"
				}
				network := &fakeCloud{answers: map[string]http.HandlerFunc{place: func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", asked)
					w.WriteHeader(http.StatusTooManyRequests)
				}}}
				_, err := onNetwork(t, flow.settings, network).authorization(t.Context())
				wantError(t, err, "", "returned HTTP 429 Too Many Requests", asked[:5])
				if n := network.count(flow.endpoint); n > 5 { // one, and what the SDK adds in its second
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

func TestTokenRetries(t *testing.T) {
	isolate(t)
	failures := map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"429": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "nonsense")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			tries := 0
			network := &fakeCloud{}
			network.answers = map[string]http.HandlerFunc{"ws.example.com" + tokenPath: func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				if tries++; r.Form.Get("grant_type") == "" {
					t.Error("the body of the request was lost")
				}
				if tries < 3 {
					fail(w, r)
					return
				}
				writeJSON(w, map[string]any{"access_token": "late", "token_type": "Bearer", "expires_in": 3600})
			}}
			got, err := onNetwork(t, Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "s"}, network).authorization(t.Context())
			if err != nil || got != "Bearer late" || tries != 3 {
				t.Errorf("got %q, %v after %d tries", got, err, tries)
			}

			tries = -1 << 30
			s := Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "hunter2", RetryTimeout: 600 * time.Millisecond}
			started := time.Now()
			_, err = onNetwork(t, s, network).authorization(t.Context())
			wantError(t, err, "", "the token endpoint "+workspaceHost+tokenPath+" returned HTTP "+name, ", tried ")
			if elapsed := time.Since(started); elapsed > 10*time.Second {
				t.Errorf("it took %s", elapsed)
			}
		})
	}
}

// An answer that begins and does not end is a failed try like any other.
func TestTokenAnswerStalls(t *testing.T) {
	isolate(t)
	var stalled atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stalled.Swap(true) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		writeJSON(w, map[string]any{"access_token": "late"})
	}))
	defer server.Close()
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &tokenTransport{unanswered: new(atomic.Bool), ctx: t.Context(), base: http.DefaultTransport, httpTimeout: 500 * time.Millisecond, retryTimeout: time.Hour,
		plainOrigins: []*url.URL{origin}, secrets: &secretSet{}}
	resp, err := get(t, transport, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "late") {
		t.Errorf("the answer is %q, %v", body, err)
	}
}

// One budget serves all requests of one token.
func TestTokenRetriesShareTheTimeout(t *testing.T) {
	isolate(t)
	ctx := withRetryDeadline(t.Context(), -time.Second)
	network := &fakeCloud{answers: map[string]http.HandlerFunc{"a.example.com/token": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}}}
	transport := &tokenTransport{unanswered: new(atomic.Bool), ctx: t.Context(), base: network, httpTimeout: time.Minute, retryTimeout: time.Hour, secrets: &secretSet{}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.example.com/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := transport.RoundTrip(req); err == nil {
		_ = resp.Body.Close()
		t.Error("there was no failure")
	}
	if n := network.count("a.example.com"); n != 1 {
		t.Errorf("%d tries after the deadline", n)
	}
}

func TestCancellationWhileWaitingForATokenEndpoint(t *testing.T) {
	isolate(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.retryAfter = "3600"
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s", RetryTimeout: 2 * time.Hour}, nil)
	wantGivingUp(t, f, func(ctx context.Context) error {
		_, err := c.Resolve(ctx)
		return err
	})
}

func TestRenewalFails(t *testing.T) {
	isolate(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.expiresIn = -1
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "client", ClientSecret: "hunter2"}, nil)
	mustCall(t, c)
	f.setRefusal(`{"error": "invalid_client", "error_description": "hunter2 was revoked"}`)
	_, err := call(t.Context(), c)
	wantError(t, err, "", "At "+f.URL, "invalid_client", "*** was revoked")
	wantNoSecret(t, err, "hunter2")
	if _, ok := errors.AsType[*CredentialsError](err); !ok {
		t.Errorf("credentials that were refused give a %T", err)
	}
}

func TestUnreachableTokenEndpoint(t *testing.T) {
	isolate(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	started := time.Now()
	_, err := call(t.Context(), mustOpen(t, Settings{Host: closed.URL, ClientID: "client", ClientSecret: "hunter2"}, nil))
	wantError(t, err, "", "could not be reached", "connection refused", "tried 3 times", "No server listens on this host and port. Check host (or DATABRICKS_HOST)")
	if _, ok := errors.AsType[*CredentialsError](err); ok {
		t.Error("credentials that nobody saw were refused")
	}
	if elapsed := time.Since(started); elapsed > 20*time.Second {
		t.Errorf("it took %s", elapsed)
	}
}

func TestRetryAfter(t *testing.T) {
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, "0.5": 500 * time.Millisecond, "0": 0, "-5": 0, "": 0, "soon": 0, "NaN": 0, "Inf": day, "1e999": day,
		"9223372036": day, "99999999999999999999": day, "Fri, 31 Dec 9999 23:59:59 GMT": day,
	} {
		if got := retryAfter(value); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
	if got := retryAfter(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)); got > 0 {
		t.Errorf("a time that has passed is %s", got)
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

func TestSecrets(t *testing.T) {
	isolate(t)
	t.Setenv("MY_JWT", "the-jwt")
	f := newFakeWorkspace(t, httptest.NewServer)
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	for name, tc := range map[string]struct {
		settings Settings
		want     []string
	}{
		"token":         {Settings{Host: f.URL, Token: "hunter2"}, []string{"hunter2"}},
		"client secret": {Settings{Host: f.URL, ClientID: "client", ClientSecret: "a/b"}, []string{"a/b", "a%2Fb", "client:a%2Fb", "Y2xpZW50OmElMkZi"}},
		"OIDC token":    {Settings{Host: f.URL, ClientID: "client", OIDCTokenEnv: "MY_JWT"}, []string{"the-jwt", "client/the-jwt"}},
		"password":      {Settings{TrackingURI: server.URL, Username: "ana", Password: "hunter2"}, []string{"hunter2", "YW5hOmh1bnRlcjI="}},
		"server token":  {Settings{TrackingURI: server.URL, Token: "hunter2"}, []string{"hunter2"}},
		"none":          {Settings{TrackingURI: server.URL}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustOpen(t, tc.settings, nil)
			var callers sync.WaitGroup
			for range 5 {
				callers.Go(func() {
					_ = c.Secrets()
					mustCall(t, c)
				})
			}
			callers.Wait()
			for _, secret := range tc.want {
				if !slices.Contains(c.Secrets(), secret) {
					t.Errorf("%q is not among %q", secret, c.Secrets())
				}
			}
			if len(tc.want) == 0 && len(c.Secrets()) > 0 {
				t.Errorf("there are secrets: %q", c.Secrets())
			}
		})
	}
}

func TestSecretsAreCutLongestFirst(t *testing.T) {
	var s secretSet
	s.add("abc", "", " ", "abcdef", "abc")
	if got := fmt.Sprint(s.all()); got != "[abcdef abc]" {
		t.Errorf("the secrets are %s", got)
	}
	if got := s.redact("x abcdef abc"); got != "x *** ***" {
		t.Errorf("left is %q", got)
	}
}

// The SDK retries errors with certain words in their text, and the text of each has the URL.
func TestSDKDoesNotRetryByWords(t *testing.T) {
	isolate(t)
	place := "login.microsoftonline.com/tenant-429/oauth2/token"
	network := &fakeCloud{answers: map[string]http.HandlerFunc{place: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}}
	s := Settings{Host: azureHost, AzureClientID: "client", AzureTenantID: "tenant-429", AuthType: "github-oidc-azure",
		ActionsIDTokenRequestURL: "https://actions.example.com/token?x=y", ActionsIDTokenRequestToken: "hunter2"}
	_, err := onNetwork(t, s, network).authorization(t.Context())
	wantError(t, err, "", place, "HTTP 204")
	if n := network.count(place); n > 5 {
		t.Errorf("%d requests", n)
	}
}
