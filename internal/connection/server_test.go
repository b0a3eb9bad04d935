package connection

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func wantNoSecret(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("got error %v, want no %q in it", err, secret)
		}
	}
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

func TestServerAuthentication(t *testing.T) {
	isolateEnv(t)
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	withUser := strings.Replace(server.URL, "http://", "http://url%40user:url-pass@", 1)
	pair := map[string]string{"MLFLOW_TRACKING_USERNAME": "env", "MLFLOW_TRACKING_PASSWORD": "env-pass", "MLFLOW_TRACKING_TOKEN": "env-token"}
	const file = "[mlflow]\nmlflow_tracking_username = file\nMLFLOW_TRACKING_PASSWORD = \"quoted # and more\"\n"
	tests := map[string]struct {
		settings      Settings
		env           map[string]string
		file          string
		authorization string
		username      string
		workspace     string
	}{
		"none": {settings: Settings{TrackingURI: server.URL}},
		"username and password": {settings: Settings{TrackingURI: server.URL, Username: "u", Password: "p"},
			authorization: basic("u", "p"), username: "u"},
		"token":                                  {settings: Settings{TrackingURI: server.URL, Token: "t"}, authorization: "Bearer t"},
		"token overrides the environment's pair": {settings: Settings{TrackingURI: server.URL, Token: "t"}, env: pair, authorization: "Bearer t"},
		"username overrides the environment's token": {settings: Settings{TrackingURI: server.URL, Username: "u", Password: "p"}, env: pair,
			authorization: basic("u", "p"), username: "u"},
		"password from the environment": {settings: Settings{TrackingURI: server.URL, Username: "u"}, env: pair,
			authorization: basic("u", "env-pass"), username: "u"},
		"pair overrides token in the environment": {settings: Settings{TrackingURI: server.URL}, env: pair,
			authorization: basic("env", "env-pass"), username: "env"},
		"token overrides half a pair": {settings: Settings{TrackingURI: server.URL}, authorization: "Bearer env-token",
			env: map[string]string{"MLFLOW_TRACKING_USERNAME": "env", "MLFLOW_TRACKING_TOKEN": "env-token"}},
		"credentials file": {settings: Settings{TrackingURI: server.URL}, file: file, authorization: basic("file", `"quoted # and more"`),
			username: "file"},
		"environment overrides the file per key": {settings: Settings{TrackingURI: server.URL}, file: file,
			env: map[string]string{"MLFLOW_TRACKING_USERNAME": "env"}, authorization: basic("env", `"quoted # and more"`), username: "env"},
		"in the URL": {settings: Settings{TrackingURI: withUser}, authorization: basic("url@user", "url-pass"),
			username: "url@user"},
		"the URL overrides the environment": {env: with(pair, "MLFLOW_TRACKING_URI", withUser),
			authorization: basic("url@user", "url-pass"), username: "url@user"},
		"the block overrides the environment's URL": {settings: Settings{Token: "t"}, env: map[string]string{"MLFLOW_TRACKING_URI": withUser},
			authorization: "Bearer t"},
		"workspace":       {settings: Settings{TrackingURI: server.URL, Workspace: " team "}, workspace: "team"},
		"empty workspace": {settings: Settings{TrackingURI: server.URL, Workspace: " "}},
		"workspace from the environment": {settings: Settings{TrackingURI: server.URL},
			env: map[string]string{"MLFLOW_WORKSPACE": "env"}, workspace: "env"},
		"workspace of the block overrides environment": {settings: Settings{TrackingURI: server.URL, Workspace: "w"},
			env: map[string]string{"MLFLOW_WORKSPACE": "env"}, workspace: "w"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".mlflow", "credentials"), tc.file)
			}
			tc.settings.UserAgent = "agent/1"
			c := mustOpen(t, tc.settings, tc.env)
			arrived := mustSend(t, c)
			for header, want := range map[string]string{"Authorization": tc.authorization, "User-Agent": "agent/1"} {
				if got := arrived.Get(header); got != want {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
			if c.Username != tc.username || c.Workspace != tc.workspace {
				t.Errorf("got username %q and workspace %q, want %q and %q", c.Username, c.Workspace, tc.username, tc.workspace)
			}
		})
	}
}

// with returns env with more variables (name, value, …).
func with(env map[string]string, more ...string) map[string]string {
	all := maps.Clone(env)
	for i := 0; i+1 < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func TestServerRefusals(t *testing.T) {
	const uri = "https://mlflow.example.com"
	tests := map[string]struct {
		settings  Settings
		env       map[string]string
		file      string
		attribute string
		parts     []string
	}{
		"token and username": {settings: Settings{Token: "hunter2", Username: "u"}, attribute: "token", parts: []string{"Remove token"}},
		"token and password": {settings: Settings{Token: "hunter2", Password: "hunter2"}, attribute: "token"},
		"only username":      {settings: Settings{Username: "u"}, attribute: "username", parts: []string{"MLFLOW_TRACKING_PASSWORD"}},
		"only password": {settings: Settings{Password: "hunter2"}, attribute: "password",
			parts: []string{"MLFLOW_TRACKING_USERNAME"}},
		"token and URL": {settings: Settings{TrackingURI: "https://u:hunter2@mlflow.example.com", Token: "t"},
			attribute: "tracking_uri"},
		"half a pair in the URL": {settings: Settings{TrackingURI: "https://u@mlflow.example.com"}, attribute: "tracking_uri",
			parts: []string{"both a username and a password"}},
		"request signing": {env: map[string]string{"MLFLOW_TRACKING_AWS_SIGV4": "True"},
			parts: []string{"MLFLOW_TRACKING_AWS_SIGV4", "Unset it"}},
		"not a boolean": {env: map[string]string{"MLFLOW_TRACKING_INSECURE_TLS": "maybe"},
			parts: []string{`MLFLOW_TRACKING_INSECURE_TLS is "maybe"`}},
		"insecure with certificate": {env: map[string]string{"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/ca"},
			parts: []string{"Remove one"}},
		"skip_verify with ca": {settings: Settings{SkipVerify: true, CACertFile: "/ca"}, attribute: "skip_verify",
			parts: []string{"ca_cert_file"}},
		"no such ca": {settings: Settings{CACertFile: "/no/such.pem"}, attribute: "ca_cert_file",
			parts: []string{"/no/such.pem: no such file"}},
		"no such ca in environment": {env: map[string]string{"MLFLOW_TRACKING_SERVER_CERT_PATH": "/no/such.pem"},
			parts: []string{"MLFLOW_TRACKING_SERVER_CERT_PATH is /no/such.pem"}},
		"no such client cert":     {settings: Settings{ClientCertFile: "/no/such.pem"}, attribute: "client_cert_file"},
		"broken credentials file": {file: "[mlflow]\nhunter2", parts: []string{"not a valid INI file"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".mlflow", "credentials"), tc.file)
			}
			if tc.settings.TrackingURI == "" {
				tc.settings.TrackingURI = uri
			}
			_, err := open(tc.settings, tc.env)
			wantError(t, err, tc.attribute, tc.parts...)
			wantNoSecret(t, err, "hunter2")
		})
	}
}

func TestServerReportsAllRefusals(t *testing.T) {
	isolateEnv(t)
	_, err := open(Settings{TrackingURI: "https://mlflow.example.com", Username: "u", SkipVerify: true, CACertFile: "/ca"}, nil)
	for _, part := range []string{"username is set, but password is not", "skip_verify"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got error %v, want %q in it", err, part)
		}
	}
}

func TestServerBaseURL(t *testing.T) {
	isolateEnv(t)
	for _, tc := range []struct{ given, want string }{
		{"https://mlflow.example.com", "https://mlflow.example.com"},
		{"https://mlflow.example.com/", "https://mlflow.example.com"},
		{"HTTPS://mlflow.example.com:8443/a/b/", "https://mlflow.example.com:8443/a/b"},
		{"https://u:hunter2@mlflow.example.com/a", "https://mlflow.example.com/a"},
		{" https://mlflow.example.com ", "https://mlflow.example.com"},
	} {
		target, err := mustOpen(t, Settings{TrackingURI: tc.given}, nil).Resolve(t.Context())
		if err != nil || target.BaseURL.String() != tc.want || target.WorkspaceID != "" {
			t.Errorf("%s: got %v, error %v; want %s", tc.given, target, err, tc.want)
		}
	}
}

func TestPlainHTTPWarning(t *testing.T) {
	isolateEnv(t)
	env := map[string]string{"MLFLOW_TRACKING_URI": "http://mlflow.example.com"}
	tests := map[string]struct {
		settings  Settings
		env       map[string]string
		warns     bool
		attribute string
	}{
		"plain": {settings: Settings{TrackingURI: "http://mlflow.example.com", Token: "t"}, warns: true,
			attribute: "tracking_uri"},
		"plain, environment":   {settings: Settings{Token: "t"}, env: env, warns: true},
		"nothing to protect":   {settings: Settings{TrackingURI: "http://mlflow.example.com"}},
		"https":                {settings: Settings{TrackingURI: "https://mlflow.example.com", Token: "t"}},
		"localhost":            {settings: Settings{TrackingURI: "http://localhost:5000", Token: "t"}},
		"loopback":             {settings: Settings{TrackingURI: "http://127.0.0.2:5000", Token: "t"}},
		"loopback 6":           {settings: Settings{TrackingURI: "http://[::1]:5000", Token: "t"}},
		"Databricks":           {settings: Settings{Host: "http://ws.example.com", Token: "t"}, warns: true, attribute: "host"},
		"Databricks, https":    {settings: Settings{Host: "ws.example.com", Token: "t"}},
		"Databricks, loopback": {settings: Settings{Host: "http://127.0.0.1:8080", Token: "t"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			warnings := mustOpen(t, tc.settings, tc.env).Warnings
			if (len(warnings) == 1) != tc.warns {
				t.Fatalf("got warnings %v, want one %t", warnings, tc.warns)
			}
			if tc.warns && warnings[0].Attribute != tc.attribute {
				t.Errorf("got attribute %q, want %q", warnings[0].Attribute, tc.attribute)
			}
		})
	}
}
