package provider_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// configure validates and configures the provider, and returns the diagnostics.
func configure(t *testing.T, config map[string]any) string {
	t.Helper()
	server, err := acctest.Factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	d := &acctest.Provider{T: t, Server: server, Schemas: schemas}
	encoded := d.Encode(schemas.Provider, config)
	validated, err := server.ValidateProviderConfig(context.Background(), &tfprotov6.ValidateProviderConfigRequest{Config: encoded})
	d.Check(err)
	if len(validated.Diagnostics) > 0 {
		return acctest.DescribeDiagnostics(validated.Diagnostics)
	}
	resp, err := server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: encoded})
	d.Check(err)
	return acctest.DescribeDiagnostics(resp.Diagnostics)
}

func TestProvider_configuration(t *testing.T) {
	t.Parallel()
	databricks := func(more ...any) map[string]any {
		config := map[string]any{"host": "https://example.com", "token": "secret-token"}
		for i := 0; i+1 < len(more); i += 2 {
			name, _ := more[i].(string)
			config[name] = more[i+1]
		}
		return config
	}
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"a host that does not exist: no request": {databricks("host", "https://nowhere.invalid"), ""},
		"an MLflow server":                       {map[string]any{"tracking_uri": "https://mlflow.invalid"}, ""},
		"plain http to another machine":          {databricks("host", "http://example.com"), "warning at host: "},
		"plain http to this machine":             {databricks("host", "http://127.0.0.1:1"), ""},
		"not known yet":                          {databricks("host", tftypes.UnknownValue), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := configure(t, c.config)
			if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("configure: got diagnostics %q, want %q", got, c.want)
			}
			if strings.Contains(got, "secret-token") {
				t.Errorf("the diagnostics contain the token: %q", got)
			}
		})
	}
}

// TestProvider_settings checks that each argument is passed to the connection with its own name, and validated there.
func TestProvider_settings(t *testing.T) {
	t.Parallel()
	server, err := acctest.Factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range schemas.Provider.Block.Attributes {
		if !a.Type.Is(tftypes.String) || a.Name == "google_credentials" { // which may have many lines
			continue
		}
		if got := configure(t, map[string]any{a.Name: "a\nb"}); !strings.HasPrefix(got, "error at "+a.Name+": Invalid connection setting") {
			t.Errorf("configure: got diagnostics %q about %s", got, a.Name)
		}
	}
	for name, config := range map[string]map[string]any{
		"skip_verify":   {"skip_verify": true, "ca_cert_file": "x", "tracking_uri": "https://mlflow.invalid"},
		"azure_use_msi": {"azure_use_msi": true, "tracking_uri": "https://mlflow.invalid"},
	} {
		if got := configure(t, config); !strings.HasPrefix(got, "error at "+name+": ") {
			t.Errorf("configure: got diagnostics %q about %s", got, name)
		}
	}
}

// TestProvider_firstCallFails checks that each connection problem is reported as one error, and that nothing is created.
func TestProvider_firstCallFails(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	login := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte("<html><head><title>Databricks - Sign In</title></head><body>please log in</body></html>"))
	}))
	t.Cleanup(login.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"wrong port": {map[string]any{"host": closed.URL, "token": "t", "retry_timeout_seconds": 5},
			"error: Could not look up experiment: Experiment \"/Shared/churn\": GET /api/2.0/mlflow/experiments/get-by-name failed"},
		"unknown host": {map[string]any{"host": "https://nowhere.invalid", "token": "t"}, "error: Could not look up experiment: "},
		"a login page": {map[string]any{"host": login.URL, "token": "t"},
			"error: Could not look up experiment: Experiment \"/Shared/churn\": the server returned a web page instead of JSON: \"Databricks - " +
				"Sign In\""},
		"an expired token": {map[string]any{"host": w.URL, "token": "expired"},
			"error: Could not look up experiment: Experiment \"/Shared/churn\": Invalid access token ("},
		"another workspace": {map[string]any{"host": w.URL, "token": emulator.AdminToken, "workspace_id": "99"},
			"error: Could not look up experiment: Experiment \"/Shared/churn\": the server returned a web page"},
		"a wrong secret": {map[string]any{"host": w.URL, "client_id": emulator.ServicePrincipal, "client_secret": "wrong"},
			"error: Could not look up experiment: "},
	} {
		t.Run(name, func(t *testing.T) {
			state, got := acctest.NewProvider(t, c.config).Create("mlflow_experiment", map[string]any{"name": "/Shared/churn"})
			if !strings.HasPrefix(got, c.want) || strings.Count(got, "error") > strings.Count(c.want, "error")+2 || state != nil {
				t.Errorf("create: got diagnostics %q, want %q; state %v", got, c.want, state)
			}
			for _, unwanted := range []string{"<html>", "wrong\"", "Bearer"} {
				if strings.Contains(got, unwanted) {
					t.Errorf("create: got diagnostics %q, with %q", got, unwanted)
				}
			}
		})
	}
	if n := len(w.Experiments()); n != 0 {
		t.Errorf("%d experiments were made", n)
	}
}

func TestProvider_oauth(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	d := acctest.NewProvider(
		t,
		map[string]any{"host": w.URL, "client_id": emulator.ServicePrincipal, "client_secret": emulator.ServicePrincipalSecret},
	)
	if _, got := d.Create("mlflow_experiment", map[string]any{"name": "/Users/" + emulator.ServicePrincipal + "/churn"}); got != "" {
		t.Errorf("create: got diagnostics %q", got)
	}
	if owner, _ := w.MustFind(t, "/Users/"+emulator.ServicePrincipal+"/churn").Tag("mlflow.ownerEmail"); owner != emulator.ServicePrincipal {
		t.Errorf("owner: got %q", owner)
	}
	for _, c := range w.Journal() {
		if !strings.HasPrefix(c.UserAgent, "terraform-provider-mlflow/test terraform/") && strings.HasPrefix(c.Path, "/api/") {
			t.Errorf("user agent %q on %s", c.UserAgent, c.Path)
		}
	}
}

// TestProvider_unknownAtPlan checks that resources stay in the plan while the provider configuration is unknown.
func TestProvider_unknownAtPlan(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(version, data string) string {
		return `
			resource "terraform_data" "where" {
			  input            = "` + w.URL + `"
			  triggers_replace = "` + version + `"
			}
			provider "mlflow" {
			  host  = terraform_data.where.output
			  token = "` + emulator.AdminToken + `"
			}
			resource "mlflow_experiment" "test" {
			  name = "/Shared/churn"
			  tags = { team = "risk" }
			}` + data
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config("1", "")},
		resource.TestStep{Config: config("2", "\ndata \"mlflow_experiment\" \"test\" {\n  name = \"/Shared/churn\"\n}"),
			ExpectError: regexp.MustCompile(`(?s)configuration is\s+unknown.*host`)},
		resource.TestStep{Config: config("2", ""), ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress))},
	)
	if n := len(w.Experiments()); n != 1 {
		t.Errorf("%d experiments", n)
	}
}
