package connection

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeCloud is the transport of a connection. It responds for all hosts from which an authentication method requests a token.
type fakeCloud struct {
	// responses replace the valid ones, by host and path.
	responses map[string]http.HandlerFunc

	mu   sync.Mutex
	urls []string
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
	f.urls = append(f.urls, r.URL.Scheme+"://"+place)
	f.mu.Unlock()
	w := httptest.NewRecorder()
	token := map[string]any{"access_token": "the-token", "token_type": "Bearer", "expires_in": 3600, "expires_on": farFuture}
	respond, replaced := f.responses[place]
	switch {
	case replaced:
		respond(w, r)
	case strings.HasSuffix(place, metadataPath):
		writeJSON(w, map[string]any{"oidc_endpoint": "https://" + r.URL.Host + "/oidc", "workspace_id": "77", "host_type": "workspace"})
	case strings.HasSuffix(place, discoverySuffix):
		writeJSON(w, map[string]any{"token_endpoint": "https://" + r.URL.Host + tokenPath})
	case strings.HasSuffix(place, "token"): // of all kinds
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
	for _, u := range f.urls {
		if strings.Contains(u, place) {
			n++
		}
	}
	return n
}

// tokenFlow is an authentication method that requests a token.
type tokenFlow struct {
	settings Settings
	// endpoint is the host and path of one of its requests.
	endpoint string
}

// tokenFlows returns the authentication methods that request a token, without those that run a command.
func tokenFlows(t *testing.T) map[string]tokenFlow {
	t.Helper()
	for name, value := range map[string]string{
		"MY_JWT": "the-jwt", "SYSTEM_ACCESSTOKEN": "hunter2", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/org",
		"SYSTEM_PLANID": "p",
		"SYSTEM_JOBID":  "j", "SYSTEM_TEAMPROJECTID": "t", "SYSTEM_HOSTTYPE": "build",
	} {
		t.Setenv(name, value)
	}
	const actionsURL, actionsEndpoint = "https://actions.example.com/token?x=y", "actions.example.com/token"
	const azureEndpoint = "login.microsoftonline.com/tenant/oauth2/token"
	file := writeFile(t, filepath.Join(t.TempDir(), "jwt"), "the-jwt\n")
	secret := Settings{Host: workspaceHost, ClientID: "client", ClientSecret: "hunter2"}
	github := Settings{Host: workspaceHost, ClientID: "client", AuthType: "github-oidc", ActionsIDTokenRequestURL: actionsURL,
		ActionsIDTokenRequestToken: "hunter2"}
	azureGitHub := Settings{Host: azureHost, AzureClientID: "client", AzureTenantID: "tenant", AuthType: "github-oidc-azure",
		ActionsIDTokenRequestURL: actionsURL, ActionsIDTokenRequestToken: "hunter2"}
	return map[string]tokenFlow{
		"client secret":            {secret, "ws.example.com" + tokenPath},
		"client secret, discovery": {secret, "ws.example.com/oidc" + discoverySuffix},
		"metadata service":         {Settings{Host: workspaceHost, MetadataServiceURL: "http://127.0.0.1:7/token"}, "127.0.0.1:7"},
		"GitHub's token":           {github, actionsEndpoint},
		"GitHub, exchange":         {github, "ws.example.com" + tokenPath},
		"token in the environment": {Settings{Host: workspaceHost, ClientID: "client", OIDCTokenEnv: "MY_JWT"}, "ws.example.com" + tokenPath},
		"token in a file":          {Settings{Host: workspaceHost, ClientID: "client", OIDCTokenFilepath: file}, "ws.example.com" + tokenPath},
		"Azure DevOps' token": {Settings{Host: workspaceHost, AuthType: "azure-devops-oidc"},
			"dev.azure.com/org/t/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken"},
		"Azure client secret": {Settings{Host: azureHost, AzureClientID: "client", AzureClientSecret: "hunter2", AzureTenantID: "tenant"},
			azureEndpoint},
		"Azure managed identity":    {Settings{Host: azureHost, AzureUseMSI: true}, "169.254.169.254/metadata/identity/oauth2/token"},
		"GitHub's token, for Azure": {azureGitHub, actionsEndpoint},
		"GitHub, exchange at Azure": {azureGitHub, azureEndpoint},
	}
}

// newDatabricks returns a connection to a workspace with a transport.
func newDatabricks(t *testing.T, s Settings, network http.RoundTripper) *databricks {
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
	d.cleartextOrigins = cleartextOrigins(cfg)
	d.secrets.addConfig(cfg)
	return d
}

// authorization returns the Authorization header of the first request.
func (d *databricks) authorization(ctx context.Context) (string, error) {
	current, err := d.resolve(ctx)
	if err != nil {
		return "", err
	}
	headers, err := d.headers(ctx, current)
	return headers.Get("Authorization"), err
}
