package connection

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cliScript replaces the Databricks CLI. It is padded, because the SDK treats small files as the legacy CLI.
var cliScript = "#!/bin/sh\n" +
	`[ "$1" = version ] && { echo "Databricks CLI v0.300.0"; exit; }` + "\n" +
	`echo "{\"access_token\": \"cli:$4\", \"token_type\": \"Bearer\", \"expiry\": \"2999-01-01T00:00:00Z\"}"; exit` + "\n" +
	strings.Repeat("#", 1<<20)

func TestDatabricksAuthentication(t *testing.T) {
	type env = map[string]string
	leftovers := env{
		"DATABRICKS_HOST": "https://127.0.0.1:1", "DATABRICKS_TOKEN": "leftover", "DATABRICKS_AUTH_TYPE": "azure-cli",
		"ARM_CLIENT_ID": "leftover", "ARM_CLIENT_SECRET": "leftover", "ARM_TENANT_ID": "leftover",
		"DATABRICKS_CONFIG_PROFILE": "leftover", "GOOGLE_CREDENTIALS": "leftover", "MLFLOW_TRACKING_URI": "https://127.0.0.1:1",
	}
	others := env{"ARM_CLIENT_ID": "x", "ARM_CLIENT_SECRET": "x", "ARM_TENANT_ID": "x", "ARM_USE_MSI": "true", "GOOGLE_CREDENTIALS": "x"}
	tests := map[string]struct {
		settings Settings
		env      env
		// file is ~/.databrickscfg; HOST in it, and in the environment, is the URL of the fake.
		file          string
		authorization string
		workspaceID   string
	}{
		"token":                     {settings: Settings{Host: "HOST", Token: "t"}, authorization: "Bearer t"},
		"token in the environment":  {env: env{"DATABRICKS_HOST": "HOST", "DATABRICKS_TOKEN": "t"}, authorization: "Bearer t"},
		"token overrides leftovers": {settings: Settings{Host: "HOST", Token: "t"}, env: leftovers, authorization: "Bearer t"},
		"token overrides the named profile's": {settings: Settings{Profile: "p", Token: "t"}, file: "[p]\nhost = HOST\ntoken = file\n",
			authorization: "Bearer t"},
		"token with basic leftovers": {env: env{"DATABRICKS_HOST": "HOST", "DATABRICKS_TOKEN": "t", "DATABRICKS_USERNAME": "u",
			"DATABRICKS_PASSWORD": "p"}, authorization: "Bearer t"},
		"token with leftovers of other tools": {env: with(others, "DATABRICKS_HOST", "HOST", "DATABRICKS_TOKEN", "t"), authorization: "Bearer t"},
		"client secret with leftovers of other tools": {env: with(others, "DATABRICKS_HOST", "HOST", "DATABRICKS_CLIENT_ID", "c",
			"DATABRICKS_CLIENT_SECRET", "s"),
			authorization: "Bearer c:s"},
		"OIDC token with leftovers of other tools": {env: with(others, "DATABRICKS_HOST", "HOST", "DATABRICKS_CLIENT_ID", "c",
			"DATABRICKS_OIDC_TOKEN_ENV", "MY_JWT"),
			authorization: "Bearer c/jwt"},
		"default profile with leftovers of other tools": {env: others, file: "[DEFAULT]\nhost = HOST\ntoken = file\n",
			authorization: "Bearer file"},
		"profile in the environment with leftovers of other tools": {env: with(others, "DATABRICKS_CONFIG_PROFILE", "p"),
			file: "[p]\nhost = HOST\ntoken = file\n", authorization: "Bearer file"},
		"host of a profile with leftovers of other tools": {settings: Settings{Profile: "p"}, env: with(others, "DATABRICKS_TOKEN", "t"),
			file: "[p]\nhost = HOST\n", authorization: "Bearer t"},
		"profile of another host with host and token": {env: env{"DATABRICKS_HOST": "HOST", "DATABRICKS_TOKEN": "t",
			"DATABRICKS_CONFIG_PROFILE": "p"},
			file: "[p]\nhost = https://127.0.0.1:1\ntoken = file\nworkspace_id = 9\n", authorization: "Bearer t"},
		"profile of the same host, spelled otherwise": {settings: Settings{Host: "HOST/", Profile: "p"}, file: "[p]\nhost = HOST\ntoken = file\n",
			authorization: "Bearer file"},
		"white space around the values": {settings: Settings{Host: " HOST\n"}, env: env{"DATABRICKS_TOKEN": "\tt\r\n"},
			authorization: "Bearer t"},
		"token file with a line break": {settings: Settings{Host: "HOST", ClientID: "c", OIDCTokenFilepath: "JWT_LINE"},
			authorization: "Bearer c/file-jwt"},
		"token and DATABRICKS_HOST": {settings: Settings{Token: "t"}, env: env{"DATABRICKS_HOST": "HOST"},
			authorization: "Bearer t"},
		"profile overrides the environment": {settings: Settings{Profile: "p"}, env: leftovers,
			file: "[p]\nhost = HOST\ntoken = file\n", authorization: "Bearer file"},
		"tracking_uri with profile": {settings: Settings{TrackingURI: "databricks://p"}, env: leftovers,
			file: "[p]\nhost = HOST\ntoken = file\n", authorization: "Bearer file"},
		"MLFLOW_TRACKING_URI with profile": {env: with(leftovers, "MLFLOW_TRACKING_URI", "databricks://p"),
			file: "[p]\nhost = HOST\ntoken = file\n", authorization: "Bearer file"},
		"environment fills a bare profile": {settings: Settings{Profile: "p"}, env: env{"DATABRICKS_TOKEN": "t"},
			file: "[p]\nhost = HOST\n", authorization: "Bearer t"},
		"environment overrides its own profile": {env: env{"DATABRICKS_CONFIG_PROFILE": "p", "DATABRICKS_TOKEN": "t"},
			file: "[p]\nhost = HOST\ntoken = file\n", authorization: "Bearer t"},
		"default profile": {file: "[DEFAULT]\nhost = HOST\ntoken = file\n", authorization: "Bearer file"},
		"no default profile with host": {settings: Settings{Host: "HOST"}, env: env{"DATABRICKS_TOKEN": "t"},
			file: "[DEFAULT]\ntoken = file\nclient_id = file\n", authorization: "Bearer t"},
		"client secret": {settings: Settings{Host: "HOST", ClientID: "c", ClientSecret: "s"},
			authorization: "Bearer c:s"},
		"client secret overrides leftovers": {settings: Settings{Host: "HOST", ClientID: "c", ClientSecret: "s"}, env: leftovers,
			authorization: "Bearer c:s"},
		"client_id with secret elsewhere": {settings: Settings{Host: "HOST", ClientID: "c"},
			env: with(leftovers, "DATABRICKS_CLIENT_SECRET", "s"), authorization: "Bearer c:s"},
		"auth_type selects": {settings: Settings{Host: "HOST", AuthType: "oauth-m2m"},
			env: env{"DATABRICKS_TOKEN": "t", "DATABRICKS_CLIENT_ID": "c", "DATABRICKS_CLIENT_SECRET": "s"}, authorization: "Bearer c:s"},
		"auth_type with half of it there": {settings: Settings{Host: "HOST", AuthType: "oauth-m2m", Token: "t", ClientID: "c"},
			env: env{"DATABRICKS_CLIENT_SECRET": "s"}, authorization: "Bearer c:s"},
		"DATABRICKS_AUTH_TYPE selects": {env: env{"DATABRICKS_HOST": "HOST", "DATABRICKS_AUTH_TYPE": "pat",
			"DATABRICKS_TOKEN": "t", "DATABRICKS_CLIENT_ID": "c"}, authorization: "Bearer t"},
		"oidc_token_env": {settings: Settings{Host: "HOST", ClientID: "c", OIDCTokenEnv: "MY_JWT"}, env: leftovers,
			authorization: "Bearer c/jwt"},
		"oidc_token_env in the environment": {env: env{"DATABRICKS_HOST": "HOST", "DATABRICKS_CLIENT_ID": "c",
			"DATABRICKS_OIDC_TOKEN_ENV": "MY_JWT", "DATABRICKS_CLI_PATH": "CLI"}, authorization: "Bearer c/jwt"},
		"token file": {settings: Settings{Host: "HOST", ClientID: "c", OIDCTokenFilepath: "JWT_FILE"},
			authorization: "Bearer c/file-jwt"},
		"GitHub Actions": {settings: Settings{Host: "HOST", ClientID: "c", Audience: "aud"}, authorization: "Bearer c/Bearer gh for aud",
			env: env{"ACTIONS_ID_TOKEN_REQUEST_URL": "HOST/github?x=y", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "gh", "DATABRICKS_TOKEN": "leftover"}},
		"GitHub Actions in the block": {settings: Settings{Host: "HOST", ActionsIDTokenRequestURL: "HOST/github?x=y",
			ActionsIDTokenRequestToken: "gh", Audience: "aud"},
			env: leftovers, authorization: "Bearer /Bearer gh for aud"},
		"Databricks CLI by profile": {settings: Settings{Profile: "p"}, env: with(leftovers, "DATABRICKS_CLI_PATH", "CLI"),
			file: "[p]\nhost = HOST\nauth_type = databricks-cli\n", authorization: "Bearer cli:p"},
		"Databricks CLI by host": {settings: Settings{Host: "HOST", DatabricksCLIPath: "CLI"}, authorization: "Bearer cli:HOST"},
		"workspace_id":           {settings: Settings{Host: "HOST", Token: "t", WorkspaceID: "5"}, authorization: "Bearer t", workspaceID: "5"},
		"workspace id in host":   {settings: Settings{Host: "HOST/?o=6", Token: "t"}, authorization: "Bearer t", workspaceID: "6"},
		"workspace id in file": {settings: Settings{Profile: "p"}, file: "[p]\nhost = HOST\ntoken = t\nworkspace_id = 7\n",
			authorization: "Bearer t", workspaceID: "7"},
		"workspace id none": {settings: Settings{Profile: "p"}, file: "[p]\nhost = HOST\ntoken = t\nworkspace_id = none\n",
			authorization: "Bearer t"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			t.Setenv("MY_JWT", "jwt")
			f := newFakeWorkspace(t, httptest.NewServer)
			replace := strings.NewReplacer("HOST", f.URL,
				"JWT_FILE", writeFile(t, filepath.Join(home, "jwt"), "file-jwt"),
				"JWT_LINE", writeFile(t, filepath.Join(home, "jwt-line"), "file-jwt\n"),
				"CLI", writeFile(t, filepath.Join(home, "databricks"), cliScript)).Replace
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".databrickscfg"), replace(tc.file))
			}
			for _, field := range []*string{&tc.settings.Host, &tc.settings.OIDCTokenFilepath, &tc.settings.DatabricksCLIPath,
				&tc.settings.ActionsIDTokenRequestURL} {
				*field = replace(*field)
			}
			environment := env{}
			for k, v := range tc.env {
				if k != "DATABRICKS_HOST" || v == "HOST" || tc.settings.Host == "" {
					v = strings.Replace(v, "HOST", f.URL, 1)
				}
				environment[k] = replaceCLI(v, replace)
			}
			tc.settings.UserAgent = "agent/1"

			c := mustOpen(t, tc.settings, environment)
			if seen := f.requestPaths(); len(seen) > 0 {
				t.Errorf("Open: got requests to %v, want none", seen)
			}
			arrived := mustSend(t, c)
			if got, want := arrived.Get("Authorization"), replace(tc.authorization); got != want {
				t.Errorf("Authorization: got %q, want %q", got, want)
			}
			if got := arrived.Get("X-Databricks-Workspace-Id"); got != tc.workspaceID {
				t.Errorf("got workspace ID %q, want %q", got, tc.workspaceID)
			}
			if got := arrived.Get("User-Agent"); got != "agent/1" {
				t.Errorf("got user agent %q, want agent/1", got)
			}
			target, err := c.Resolve(t.Context())
			if err != nil || target.BaseURL.String() != f.URL || target.WorkspaceID == "" {
				t.Errorf("got target %v, error %v", target, err)
			}
			if n := strings.Count(strings.Join(f.requestPaths(), " "), metadataPath); n != 1 {
				t.Errorf("got %d requests for the host metadata, want 1", n)
			}
		})
	}
}

// replaceCLI replaces only a value that is CLI, and not one that contains it.
func replaceCLI(v string, replace func(string) string) string {
	if v == "CLI" {
		return replace(v)
	}
	return v
}

func TestResolveWithoutMetadata(t *testing.T) {
	isolateEnv(t)
	for name, handler := range map[string]string{"not JSON": "<html>", "not found": ""} {
		server := httptest.NewServer(staticBody(handler))
		target, err := mustOpen(t, Settings{Host: server.URL, Token: "t"}, nil).Resolve(t.Context())
		server.Close()
		if err != nil || target.BaseURL.String() != server.URL || target.WorkspaceID != "" {
			t.Errorf("%s: got target %v, error %v", name, target, err)
		}
	}
}

func TestTokensOverTLS(t *testing.T) {
	isolateEnv(t)
	authority := newAuthority(t)
	cfg := authority.serverConfig(t)
	ca := writeFile(t, filepath.Join(t.TempDir(), "ca.pem"), authority.pem())
	t.Setenv("MY_JWT", "jwt")
	for name, s := range map[string]Settings{
		"Bearer c:s":   {ClientID: "c", ClientSecret: "s"},
		"Bearer c/jwt": {ClientID: "c", OIDCTokenEnv: "MY_JWT"},
	} {
		f := newFakeWorkspace(t, func(h http.Handler) *httptest.Server { return startTLS(h, cfg) })
		f.expiresIn = -1 // so that the token is also renewed over TLS
		s.Host, s.CACertFile = f.URL, ca
		c := mustOpen(t, s, nil)
		for range 2 {
			if got := mustSend(t, c).Get("Authorization"); got != name {
				t.Errorf("Authorization: got %q, want %q", got, name)
			}
		}
	}
}

// TestAzureWorkspaceResourceID resolves a workspace by its Azure resource ID. The hosts are fixed, so a transport responds for them.
func TestAzureWorkspaceResourceID(t *testing.T) {
	isolateEnv(t)
	azure := roundTripper(func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		switch r.URL.Host + r.URL.Path {
		case "login.microsoftonline.com/tenant/oauth2/token":
			_ = r.ParseForm()
			writeJSON(w, map[string]any{"access_token": "for " + r.Form.Get("resource"), "token_type": "Bearer", "expires_in": 3600})
		case "management.azure.com/subscriptions/1/ws":
			writeJSON(w, map[string]any{"properties": map[string]any{"workspaceUrl": "adb-1.2.azuredatabricks.net"}})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		return w
	})
	s := Settings{
		AzureWorkspaceResourceID: "/subscriptions/1/ws", AzureClientID: "c", AzureClientSecret: "s", AzureTenantID: "tenant",
		Getenv: func(string) string { return "" }, HTTPTimeout: time.Minute, RetryTimeout: time.Second,
	}
	d := &databricks{settings: databricksSettings{settings: s}, base: azure}
	current, err := d.resolve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := current.target.BaseURL.String(); got != "https://adb-1.2.azuredatabricks.net" {
		t.Errorf("got target %s", got)
	}
	headers, err := d.headers(t.Context(), current)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Authorization":                            "Bearer for 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
		"X-Databricks-Azure-Sp-Management-Token":   "for https://management.core.windows.net/",
		"X-Databricks-Azure-Workspace-Resource-Id": "/subscriptions/1/ws",
	} {
		if got := headers.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// roundTripper responds to requests without a network.
type roundTripper func(*http.Request) *httptest.ResponseRecorder

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := f(r).Result()
	resp.Request = r
	return resp, nil
}

func TestOpenReadsTheProcessEnvironment(t *testing.T) {
	isolateEnv(t)
	t.Setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.com")
	if c, err := Open(Settings{}); err != nil || c.Kind != Server {
		t.Errorf("got %v, error %v", c, err)
	}
}

func TestWholeSeconds(t *testing.T) {
	for d, want := range map[time.Duration]int{time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, time.Minute: 60} {
		if got := wholeSeconds(d); got != want {
			t.Errorf("%v: got %d seconds, want %d", d, got, want)
		}
	}
}
