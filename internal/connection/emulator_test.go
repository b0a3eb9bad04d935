package connection

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestAgainstEmulator looks up the current user of an emulated workspace.
func TestAgainstEmulator(t *testing.T) {
	tests := map[string]struct {
		settings func(host string) Settings
		caller   string
	}{
		"token":   {func(host string) Settings { return Settings{Host: host, Token: emulator.AdminToken} }, emulator.Admin},
		"profile": {func(string) Settings { return Settings{Profile: "local"} }, emulator.User},
		"client secret": {func(host string) Settings {
			return Settings{Host: host, ClientID: emulator.ServicePrincipal, ClientSecret: emulator.ServicePrincipalSecret}
		}, emulator.ServicePrincipal},
		"workspace id": {func(host string) Settings {
			return Settings{Host: host, Token: emulator.UserToken, WorkspaceID: emulator.WorkspaceID}
		}, emulator.User},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			server := httptest.NewServer(emulator.New(emulator.Options{}))
			defer server.Close()
			writeFile(t, filepath.Join(home, ".databrickscfg"), "[local]\nhost = "+server.URL+"\ntoken = "+emulator.UserToken+"\n")
			c := mustOpen(t, tc.settings(server.URL), nil)
			if got := currentUser(t, c); got != tc.caller {
				t.Errorf("got current user %q, want %q", got, tc.caller)
			}
			if target, err := c.Resolve(t.Context()); err != nil || target.WorkspaceID != emulator.WorkspaceID {
				t.Errorf("got workspace ID %q, error %v; want the one in the metadata of the host", target.WorkspaceID, err)
			}
		})
	}
}

func TestWrongSecretAgainstEmulator(t *testing.T) {
	isolateEnv(t)
	server := httptest.NewServer(emulator.New(emulator.Options{}))
	defer server.Close()
	c := mustOpen(t, Settings{Host: server.URL, ClientID: emulator.ServicePrincipal, ClientSecret: "hunter2"}, nil)
	_, err := c.Resolve(t.Context())
	wantError(t, err, "", "oauth-m2m", server.URL, "invalid_client")
	wantNoSecret(t, err, "hunter2")
}

func currentUser(t *testing.T, c *Connection) string {
	t.Helper()
	target, err := c.Resolve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target.BaseURL.String()+"/api/2.0/preview/scim/v2/Me", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var me struct {
		UserName string `json:"userName"`
	}
	if err := json.Unmarshal(body, &me); err != nil {
		t.Fatalf("got HTTP %d %s, want JSON", resp.StatusCode, body)
	}
	return me.UserName
}
