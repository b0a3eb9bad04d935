package connection

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDatabricksRefusals(t *testing.T) {
	type env = map[string]string
	const host = "https://ws.example.com"
	const file = "[b]\nhost = https://ws.example.com\ntoken = hunter2\n[a]\nhost = https://ws.example.com\n[empty]\n"
	tests := map[string]struct {
		settings  Settings
		env       env
		file      string
		attribute string
		parts     []string
	}{
		"no host": {settings: Settings{Token: "hunter2", AccountID: "x"}, parts: []string{"No host is set", "DATABRICKS_HOST"}},
		"profile without host": {settings: Settings{Profile: "p"}, file: "[p]\ntoken = hunter2\n",
			parts: []string{`profile "p" in`, "No host is set"}},
		"account console": {settings: Settings{Host: "https://accounts.cloud.databricks.com", Token: "hunter2"}, attribute: "host",
			parts: []string{"account console"}},
		"unusable host":            {settings: Settings{Host: "https://", Token: "hunter2"}, attribute: "host", parts: []string{"https URL"}},
		"unusable scheme":          {settings: Settings{Host: "ftp://ws.example.com", Token: "hunter2"}, attribute: "host"},
		"unusable DATABRICKS_HOST": {env: env{"DATABRICKS_HOST": "ftp://ws.example.com", "DATABRICKS_TOKEN": "hunter2"}},
		"missing profile": {settings: Settings{Profile: "c"}, file: file, attribute: "profile",
			parts: []string{`"c"`, ".databrickscfg", "The file contains: a, b."}},
		"missing profile in the environment": {env: env{"DATABRICKS_CONFIG_PROFILE": "c"}, file: file,
			parts: []string{`"c"`, "The file contains: a, b."}},
		"missing profile in the tracking URI": {settings: Settings{TrackingURI: "databricks://c"}, file: file,
			parts: []string{`"c"`, "The file contains: a, b."}},
		"missing default_profile": {file: "[__settings__]\ndefault_profile = c\n" + file,
			parts: []string{`"c"`, "The file contains: a, b."}},
		"empty profile": {settings: Settings{Profile: "empty"}, file: file, attribute: "profile",
			parts: []string{"The file contains: a, b."}},
		"settings as profile": {settings: Settings{Profile: "__settings__"}, file: "[__settings__]\ndefault_profile = a\n",
			attribute: "profile", parts: []string{"contains no profiles"}},
		"no configuration file": {settings: Settings{Profile: "c", ConfigFile: "/no/such"}, attribute: "profile",
			parts: []string{"/no/such", "databricks configure --profile c"}},
		"broken configuration file": {settings: Settings{Profile: "c", ConfigFile: "~/.databrickscfg"}, file: "[c]\nhunter2",
			attribute: "config_file", parts: []string{"not a valid INI file"}},
		"unknown auth_type": {settings: Settings{Host: host, AuthType: "magic"}, attribute: "auth_type",
			parts: []string{`"magic"`, "pat, oauth-m2m, databricks-cli", "google-id"}},
		"unknown DATABRICKS_AUTH_TYPE": {env: env{"DATABRICKS_HOST": host, "DATABRICKS_AUTH_TYPE": "magic"}, parts: []string{`"magic"`}},
		"basic auth_type": {settings: Settings{Host: host, AuthType: "basic"}, attribute: "auth_type",
			parts: []string{"basic authentication is not supported"}},
		"two kinds in the block": {settings: Settings{Host: host, Token: "hunter2", ClientID: "c", ClientSecret: "hunter2"}, attribute: "token",
			parts: []string{"The provider block contains", "oauth (auth_type oauth-m2m", "pat (auth_type pat)", "Set auth_type"}},
		"two kinds in the environment": {env: env{"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": "hunter2", "DATABRICKS_CLIENT_ID": "c",
			"ARM_CLIENT_ID": "c"},
			parts: []string{"oauth (auth_type", "pat (auth_type pat)", "DATABRICKS_AUTH_TYPE"}},
		"two kinds of other tools": {env: env{"DATABRICKS_HOST": host, "ARM_CLIENT_ID": "c", "GOOGLE_CREDENTIALS": "hunter2"},
			parts: []string{"azure (auth_type", "google (auth_type"}},
		"credentials of another host": {settings: Settings{Host: host}, env: env{"DATABRICKS_HOST": "https://other.example.com",
			"DATABRICKS_TOKEN": "hunter2"},
			attribute: "host", parts: []string{"are for https://other.example.com (DATABRICKS_HOST)", "not sent to " + host}},
		"a profile's host and credentials of another": {settings: Settings{Profile: "a"}, file: file,
			env:   env{"DATABRICKS_HOST": "https://other.example.com", "DATABRICKS_CLIENT_ID": "c", "DATABRICKS_CLIENT_SECRET": "hunter2"},
			parts: []string{"not sent to " + host, `profile "a"`}},
		"host and a profile of another": {settings: Settings{Host: "https://other.example.com", Profile: "b"}, file: file,
			attribute: "profile", parts: []string{`Profile "b"`, "is for " + host, "not sent to https://other.example.com"}},
		"DATABRICKS_HOST and a profile of another": {env: env{"DATABRICKS_HOST": "https://other.example.com", "DATABRICKS_CONFIG_PROFILE": "b"},
			file:  file,
			parts: []string{`Profile "b"`, "is for " + host}},
		"not a boolean": {settings: Settings{Host: host}, env: env{"ARM_USE_MSI": "perhaps"},
			parts: []string{"azure_use_msi", "ARM_USE_MSI", "bool"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".databrickscfg"), tc.file)
			}
			_, err := open(tc.settings, tc.env)
			wantError(t, err, tc.attribute, tc.parts...)
			wantNoSecret(t, err, "hunter2")
		})
	}
}

func TestNoCredentialsNamesEachMethod(t *testing.T) {
	isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	tests := map[string]struct {
		settings Settings
		env      map[string]string
		parts    []string
		absent   string
	}{
		"nothing but a host": {settings: Settings{Host: f.URL}, parts: []string{
			f.URL,
			"pat: token (DATABRICKS_TOKEN) is not set",
			"oauth-m2m: client_id (DATABRICKS_CLIENT_ID) and client_secret (DATABRICKS_CLIENT_SECRET) are not set",
			"databricks-cli: databricks CLI not found",
			"metadata-service: metadata_service_url",
			"github-oidc: actions_id_token_request_url",
			"azure-devops-oidc: SYSTEM_ACCESSTOKEN",
			"env-oidc: the environment variable DATABRICKS_OIDC_TOKEN is not set",
			"file-oidc: databricks_id_token_filepath",
			"github-oidc-azure: " + f.URL + " is not a workspace on Azure",
			"azure-msi: ", "azure-client-secret: ", "azure-cli: ",
			"google-credentials: " + f.URL + " is not a workspace on Google", "google-id: ",
		}},
		"one method": {settings: Settings{Host: f.URL, AuthType: "oauth-m2m", ClientID: "c"},
			parts: []string{f.URL, "oauth-m2m: client_secret (DATABRICKS_CLIENT_SECRET) is not set"}, absent: "pat"},
		"half of a method": {settings: Settings{Host: f.URL, ClientID: "c"}, env: map[string]string{"DATABRICKS_TOKEN": "t"},
			parts: []string{"oauth-m2m: client_secret", "github-oidc: ", "env-oidc: "}, absent: "pat: "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := send(t.Context(), mustOpen(t, tc.settings, tc.env))
			wantError(t, err, "", tc.parts...)
			if tc.absent != "" && strings.Contains(err.Error(), tc.absent) {
				t.Errorf("got error %v, want no %q in it", err, tc.absent)
			}
		})
	}
}

func TestFailingCredentialsAreNotReplaced(t *testing.T) {
	isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.refusal = `{"error": "invalid_client", "error_description": "no client with hunter2"}`
	// The environment variables also configure other methods.
	env := map[string]string{"DATABRICKS_CLIENT_ID": "c", "DATABRICKS_CLIENT_SECRET": "hunter2",
		"ACTIONS_ID_TOKEN_REQUEST_URL": f.URL + "/github?x=y", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hunter3"}
	_, err := send(t.Context(), mustOpen(t, Settings{Host: f.URL}, env))
	wantError(t, err, "", "oauth-m2m: ", "invalid_client", "no client with ***",
		"Check client_id (DATABRICKS_CLIENT_ID) and client_secret (DATABRICKS_CLIENT_SECRET).")
	if _, ok := errors.AsType[*CredentialsError](err); !ok {
		t.Errorf("got %T, want *CredentialsError", err)
	}
	wantNoSecret(t, err, "hunter2", "hunter3")
	if slices.Contains(f.requestPaths(), "/github") {
		t.Error("got a request of another authentication method, want none")
	}
}

func TestAccountHostByMetadata(t *testing.T) {
	isolateEnv(t)
	server := httptest.NewServer(staticJSON(map[string]any{"host_type": "account"}))
	defer server.Close()
	_, err := mustOpen(t, Settings{Host: server.URL, Token: "t"}, nil).Resolve(t.Context())
	wantError(t, err, "host", "account console")
}
