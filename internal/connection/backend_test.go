package connection

import (
	"path/filepath"
	"testing"
)

func TestBackendChoice(t *testing.T) {
	const server = "https://mlflow.example.com/base"
	dbx := map[string]string{"DATABRICKS_HOST": "https://ws.example.com", "DATABRICKS_TOKEN": "t"}
	with := func(uri string) map[string]string {
		env := map[string]string{"MLFLOW_TRACKING_URI": uri}
		for k, v := range dbx {
			env[k] = v
		}
		return env
	}
	const profiles = "[DEFAULT]\nhost = https://default.example.com\ntoken = t\n[other]\nhost = https://other.example.com\ntoken = t\n"
	tests := map[string]struct {
		settings Settings
		env      map[string]string
		file     string
		kind     Kind
		profile  string
	}{
		"tracking_uri http":                          {settings: Settings{TrackingURI: server}, kind: Server},
		"tracking_uri http overrides environment":    {settings: Settings{TrackingURI: server}, env: dbx, kind: Server},
		"tracking_uri databricks":                    {settings: Settings{TrackingURI: "databricks"}, env: dbx, kind: Databricks},
		"tracking_uri databricks overrides variable": {settings: Settings{TrackingURI: "databricks"}, env: with(server), kind: Databricks},
		"tracking_uri with profile": {settings: Settings{TrackingURI: "databricks://other"}, file: profiles, kind: Databricks,
			profile: "other"},
		"tracking_uri databricks with host": {settings: Settings{TrackingURI: "databricks", Host: "ws.example.com", Token: "t"},
			kind: Databricks},
		"tracking_uri and profile agree": {settings: Settings{TrackingURI: "databricks://other", Profile: "other"}, file: profiles,
			kind: Databricks, profile: "other"},
		"host overrides variable": {settings: Settings{Host: "https://ws.example.com", Token: "t"}, env: with(server),
			kind: Databricks},
		"profile overrides variable": {settings: Settings{Profile: "other"}, env: with(server), file: profiles, kind: Databricks,
			profile: "other"},
		"client_id with profile of the variable": {settings: Settings{ClientID: "c"},
			env: map[string]string{"MLFLOW_TRACKING_URI": "databricks://other"}, file: "[other]\nhost = https://other.example.com\n",
			kind: Databricks, profile: "other"},
		"variable http overrides DATABRICKS_*": {env: with(server), kind: Server},
		"variable databricks":                  {env: with("databricks"), kind: Databricks},
		"variable with profile":                {env: with("databricks://other"), file: profiles, kind: Databricks, profile: "other"},
		"only token follows the variable":      {settings: Settings{Token: "t"}, env: with(server), kind: Server},
		"only token follows DATABRICKS_HOST":   {settings: Settings{Token: "t"}, env: dbx, kind: Databricks},
		"username with the variable":           {settings: Settings{Username: "u", Password: "p"}, env: with(server), kind: Server},
		"only DATABRICKS_*":                    {env: dbx, kind: Databricks},
		"only DATABRICKS_CONFIG_PROFILE": {env: map[string]string{"DATABRICKS_CONFIG_PROFILE": "other"}, file: profiles,
			kind: Databricks, profile: "other"},
		"only default profile": {file: profiles, kind: Databricks, profile: "DEFAULT"},
		"default profile by the CLI's setting": {file: "[__settings__]\ndefault_profile = other\n" + profiles, kind: Databricks,
			profile: "other"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".databrickscfg"), tc.file)
			}
			c := mustOpen(t, tc.settings, tc.env)
			if c.Kind != tc.kind {
				t.Fatalf("got kind %q, want %q", c.Kind, tc.kind)
			}
			if tc.kind == Server {
				return
			}
			if got := loadedProfile(t, tc.settings, tc.env); got != tc.profile {
				t.Errorf("profile %q, want %q", got, tc.profile)
			}
		})
	}
}

// loadedProfile returns the profile that the settings select.
func loadedProfile(t *testing.T, s Settings, env map[string]string) string {
	t.Helper()
	s.Getenv = func(name string) string { return env[name] }
	uri, err := selectServer(s)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.databricksConfig()
	if err := (databricksSettings{settings: s, profile: uri.profile}).Configure(cfg); err != nil {
		t.Fatal(err)
	}
	return cfg.Profile
}

func TestBackendRefusals(t *testing.T) {
	const server = "https://mlflow.example.com"
	variable := func(uri string) map[string]string { return map[string]string{"MLFLOW_TRACKING_URI": uri} }
	tests := map[string]struct {
		settings  Settings
		env       map[string]string
		file      string
		attribute string
		parts     []string
	}{
		"nothing": {parts: []string{"tracking_uri", "MLFLOW_TRACKING_URI", "host", "DATABRICKS_HOST", "profile",
			"azure_workspace_resource_id"}},
		"only token": {settings: Settings{Token: "t"}, parts: []string{"No MLflow server configured"}},
		"empty default profile": {file: "[DEFAULT]\n[other]\nhost = https://x.example.com\n",
			parts: []string{"No MLflow server configured"}},
		"only shared variables": {env: map[string]string{"ARM_CLIENT_ID": "x", "GOOGLE_CREDENTIALS": "y"},
			parts: []string{"No MLflow server configured"}},
		"tracking_uri and host": {settings: Settings{TrackingURI: server, Host: "https://ws.example.com"}, attribute: "host",
			parts: []string{"Remove host", "remove tracking_uri"}},
		"tracking_uri and client_id": {settings: Settings{TrackingURI: server, ClientID: "c", ClientSecret: "s"}, attribute: "client_id",
			parts: []string{"Remove client_id, client_secret"}},
		"tracking_uri and azure_use_msi": {settings: Settings{TrackingURI: server, AzureUseMSI: true}, attribute: "azure_use_msi"},
		"username and host": {settings: Settings{Host: "https://ws.example.com", Username: "u", Password: "p"},
			attribute: "username", parts: []string{"basic authentication is not supported", "host selects Databricks"}},
		"password and tracking_uri": {settings: Settings{TrackingURI: "databricks", Password: "p"}, attribute: "password",
			parts: []string{"tracking_uri selects Databricks"}},
		"workspace and profile": {settings: Settings{Profile: "p", Workspace: "w"}, attribute: "workspace",
			parts: []string{"workspace_id"}},
		"username and variable": {settings: Settings{Username: "u"}, env: variable("databricks"), attribute: "username",
			parts: []string{"MLFLOW_TRACKING_URI selects"}},
		"username and DATABRICKS_HOST": {settings: Settings{Username: "u"}, env: map[string]string{"DATABRICKS_HOST": "https://ws.example.com"},
			attribute: "tracking_uri", parts: []string{"username is for an MLflow server"}},
		"two profiles": {settings: Settings{TrackingURI: "databricks://a", Profile: "b"}, attribute: "profile",
			parts: []string{`"a"`, `"b"`}},
		"databricks-uc": {settings: Settings{TrackingURI: "databricks-uc"}, attribute: "tracking_uri",
			parts: []string{"model registry"}},
		"databricks-uc with profile": {env: variable("databricks-uc://p"), parts: []string{"MLFLOW_TRACKING_URI cannot be used",
			"model registry"}},
		"scope and prefix": {settings: Settings{TrackingURI: "databricks://scope:prefix"}, attribute: "tracking_uri",
			parts: []string{"SCOPE:PREFIX"}},
		"file": {settings: Settings{TrackingURI: "file:///tmp/mlruns"}, attribute: "tracking_uri",
			parts: []string{"mlflow server"}},
		"sqlite": {env: variable("sqlite:///mlflow.db"), parts: []string{"mlflow server"}},
		"path": {settings: Settings{TrackingURI: "./mlruns"}, attribute: "tracking_uri",
			parts: []string{"mlflow server"}},
		"no scheme": {settings: Settings{TrackingURI: "localhost:5000"}, attribute: "tracking_uri",
			parts: []string{"http(s) URL"}},
		"no host": {settings: Settings{TrackingURI: "http://"}, attribute: "tracking_uri",
			parts: []string{"no host name"}},
		"URL of a page": {settings: Settings{TrackingURI: server + "/#/experiments/1"}, attribute: "tracking_uri",
			parts: []string{"remove everything from"}},
		"query": {settings: Settings{TrackingURI: server + "/?a=b"}, attribute: "tracking_uri",
			parts: []string{"remove everything from"}},
		"unparsable, with a password": {settings: Settings{TrackingURI: "http://u:hunter2@host:port"}, attribute: "tracking_uri",
			parts: []string{"not a valid URL"}},
		"Databricks host as MLflow": {settings: Settings{TrackingURI: "https://adb-1.2.azuredatabricks.net"}, attribute: "tracking_uri",
			parts: []string{`host = "https://adb-1.2.azuredatabricks.net"`}},
		"negative http_timeout_seconds":  {settings: Settings{TrackingURI: server, HTTPTimeout: -1}, attribute: "http_timeout_seconds"},
		"negative retry_timeout_seconds": {settings: Settings{TrackingURI: server, RetryTimeout: -1}, attribute: "retry_timeout_seconds"},
		"broken default configuration":   {file: "[DEFAULT]\nhunter2", parts: []string{"not a valid INI file"}},
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
