package connection

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/databricks/databricks-sdk-go/config"
)

// TestSettingsFields checks that each setting has an attribute, and that the SDK receives those of Databricks.
func TestSettingsFields(t *testing.T) {
	var s Settings
	fields := s.Fields()
	if n := reflect.TypeFor[Settings]().NumField(); len(fields) != n-2 { // without UserAgent and Getenv
		t.Errorf("got %d of %d fields with an attribute, want all but 2", len(fields), n)
	}
	for _, f := range fields {
		switch value := f.Value.(type) {
		case *string:
			*value = f.Attribute
		case *bool:
			*value = true
		case *time.Duration:
			*value = time.Second
		default:
			t.Errorf("%s: got type %T", f.Attribute, value)
		}
	}
	cfg := s.databricksConfig()
	sent := map[string]string{}
	for i := range config.ConfigAttributes {
		if a := &config.ConfigAttributes[i]; !a.IsZero(cfg) {
			sent[a.Name] = a.GetString(cfg)
		}
	}
	for _, f := range fields {
		want := ""
		switch f.Only {
		case Databricks:
			want = fmt.Sprint(reflect.ValueOf(f.Value).Elem())
		case "":
			if f.Attribute == "token" {
				want = "token"
			}
		case Server:
		default:
			t.Errorf("%s: got Only %q", f.Attribute, f.Only)
		}
		if got := sent[f.Attribute]; got != want {
			t.Errorf("the SDK: got %q as %s, want %q", got, f.Attribute, want)
		}
	}
}

func TestValuesAreTrimmed(t *testing.T) {
	isolateEnv(t)
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	type env = map[string]string
	for name, tc := range map[string]struct {
		settings      Settings
		env           env
		authorization string
	}{
		"token":                 {Settings{TrackingURI: server.URL, Token: " t\r\n"}, nil, "Bearer t"},
		"token, environment":    {Settings{TrackingURI: server.URL}, env{"MLFLOW_TRACKING_TOKEN": "t\n"}, "Bearer t"},
		"username and password": {Settings{TrackingURI: server.URL + "\n", Username: "u\n", Password: "p\n"}, nil, basic("u", "p")},
		"the same, environment": {Settings{}, env{"MLFLOW_TRACKING_URI": " " + server.URL + "\n", "MLFLOW_TRACKING_USERNAME": "u\r\n",
			"MLFLOW_TRACKING_PASSWORD": "p\r\n"}, basic("u", "p")},
		"blanks around a password":  {Settings{TrackingURI: server.URL, Username: "u", Password: " p \n"}, nil, basic("u", " p ")},
		"quotes around a password":  {Settings{TrackingURI: server.URL, Username: "u", Password: `"p"`}, nil, basic("u", `"p"`)},
		"nothing but a line break":  {Settings{TrackingURI: server.URL, Token: "\n"}, nil, ""},
		"nothing, environment":      {Settings{TrackingURI: server.URL}, env{"MLFLOW_TRACKING_TOKEN": "\n"}, ""},
		"a workspace, environment":  {Settings{TrackingURI: server.URL, Token: "t"}, env{"MLFLOW_WORKSPACE": "w\n"}, "Bearer t"},
		"token and DATABRICKS_HOST": {Settings{}, env{"DATABRICKS_HOST": server.URL + "/?o=5\n", "DATABRICKS_TOKEN": "t\n"}, "Bearer t"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mustSend(t, mustOpen(t, tc.settings, tc.env)).Get("Authorization"); got != tc.authorization {
				t.Errorf("Authorization: got %q, want %q", got, tc.authorization)
			}
		})
	}
}

func TestUnusableValues(t *testing.T) {
	const host = "https://ws.example.com"
	type env = map[string]string
	const lineBreak, quote, space = "contains a line break or another control character", "contains a quotation mark",
		"contains a space or a non-ASCII character"
	for name, tc := range map[string]struct {
		settings  Settings
		env       env
		file      string
		attribute string
		parts     []string
	}{
		"token": {settings: Settings{Host: host, Token: "hun\nter2"}, attribute: "token",
			parts: []string{"token " + lineBreak}},
		"token in quotes": {settings: Settings{Host: host, Token: `"hunter2"`}, attribute: "token", parts: []string{"token " + quote}},
		"token with its scheme": {settings: Settings{Host: host, Token: "Bearer hunter2"}, attribute: "token",
			parts: []string{"token " + space}},
		"token with an unseen sign": {settings: Settings{Host: host, Token: "\ufeffhunter2"}, attribute: "token",
			parts: []string{"token " + space}},
		"DATABRICKS_TOKEN": {env: env{"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": "hun\x00ter2"},
			parts: []string{"DATABRICKS_TOKEN " + lineBreak}},
		"DATABRICKS_TOKEN in quotes": {env: env{"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": "'hunter2'"},
			parts: []string{"DATABRICKS_TOKEN " + quote}},
		"DATABRICKS_CLIENT_SECRET": {env: env{"DATABRICKS_HOST": host, "DATABRICKS_CLIENT_ID": "c",
			"DATABRICKS_CLIENT_SECRET": "hunter2\nhunter2"}, parts: []string{"DATABRICKS_CLIENT_SECRET " + lineBreak}},
		"DATABRICKS_HOST": {env: env{"DATABRICKS_HOST": "https://ws.\nexample.com", "DATABRICKS_TOKEN": "hunter2"},
			parts: []string{"DATABRICKS_HOST " + lineBreak}},
		"host in quotes": {settings: Settings{Host: `"` + host + `"`, Token: "hunter2"}, attribute: "host",
			parts: []string{"host (DATABRICKS_HOST)", "quotation marks"}},
		"client_secret": {settings: Settings{Host: host, ClientID: "c", ClientSecret: "hun\rter2"}, attribute: "client_secret"},
		"token of a profile": {settings: Settings{Profile: "p"}, file: "[p]\nhost = " + host + "\ntoken = Bearer hunter2\n",
			parts: []string{"token in ", ".databrickscfg " + space}},
		"server token": {settings: Settings{TrackingURI: host, Token: "hun\tter2"}, attribute: "token", parts: []string{lineBreak}},
		"MLFLOW_TRACKING_TOKEN": {settings: Settings{TrackingURI: host}, env: env{"MLFLOW_TRACKING_TOKEN": "hun\nter2"},
			parts: []string{"MLFLOW_TRACKING_TOKEN " + lineBreak}},
		"MLFLOW_TRACKING_PASSWORD": {settings: Settings{TrackingURI: host}, env: env{"MLFLOW_TRACKING_USERNAME": "u",
			"MLFLOW_TRACKING_PASSWORD": "hunter2\nhunter2"},
			parts: []string{"MLFLOW_TRACKING_PASSWORD " + lineBreak}},
		"MLFLOW_TRACKING_USERNAME": {settings: Settings{TrackingURI: host}, env: env{"MLFLOW_TRACKING_USERNAME": "u\nu",
			"MLFLOW_TRACKING_PASSWORD": "hunter2"},
			parts: []string{"MLFLOW_TRACKING_USERNAME " + lineBreak}},
		"MLFLOW_WORKSPACE": {settings: Settings{TrackingURI: host}, env: env{"MLFLOW_WORKSPACE": "a\nb"},
			parts: []string{"MLFLOW_WORKSPACE " + lineBreak}},
		"workspace": {settings: Settings{TrackingURI: host, Workspace: "a\nb"}, attribute: "workspace"},
		"password in the URL": {settings: Settings{TrackingURI: "https://u:hun%0Ater2@ws.example.com"}, attribute: "tracking_uri",
			parts: []string{"The password in tracking_uri " + lineBreak}},
		"tracking_uri": {settings: Settings{TrackingURI: "https://ws\n.example.com"}, attribute: "tracking_uri",
			parts: []string{lineBreak}},
	} {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(home, ".databrickscfg"), tc.file)
			}
			_, err := open(tc.settings, tc.env)
			wantError(t, err, tc.attribute, tc.parts...)
			if err != nil && (strings.Contains(err.Error(), "ter2") || strings.Contains(err.Error(), "hun")) {
				t.Errorf("got error %v, want no value in it", err)
			}
		})
	}
}

// GOOGLE_CREDENTIALS can be JSON with line breaks.
func TestMultilineCredentials(t *testing.T) {
	isolateEnv(t)
	mustOpen(t, Settings{Host: "https://1.gcp.databricks.com", GoogleCredentials: "{\n\t\"a\": 1\n}\n"}, nil)
	mustOpen(t, Settings{Host: "https://1.gcp.databricks.com"}, map[string]string{"GOOGLE_CREDENTIALS": "{\n\t\"a\": 1\n}\n"})
}
