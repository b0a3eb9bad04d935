package provider_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// methods are the provider blocks of the authentication guide that no other test applies.
var methods = example{files: []string{
	"provider/provider_token.tf", "provider/provider_databricks_cli.tf", "provider/provider_github_oidc.tf", "provider/provider_env_oidc.tf",
	"provider/provider_file_oidc.tf", "provider/provider_azure_client_secret.tf", "provider/provider_azure_cli.tf",
	"provider/provider_azure_msi.tf",
	"provider/provider_azure_github_oidc.tf", "provider/provider_google_credentials.tf", "provider/provider_google_id.tf",
	"provider/provider_mlflow_token.tf", "provider/provider_aliases.tf",
}}

var variableName = regexp.MustCompile(`(?m)^variable "(\w+)"`)

// TestExamples_authentication plans a provider block for each authentication method, with credentials of other methods in environment
// variables, which must be ignored. A plan that reads nothing sends no request, so no account is needed.
func TestExamples_authentication(t *testing.T) {
	file := filepath.Join(t.TempDir(), "databrickscfg")
	acctest.WriteFile(
		t,
		file,
		"[staging]\nhost = https://staging.example.com\ntoken = t\n[production]\nhost = https://production.example.com\ntoken = t\n",
	)
	for name, value := range map[string]string{
		"DATABRICKS_CONFIG_FILE": file, "DATABRICKS_TOKEN": "left-over", "ARM_CLIENT_ID": "left-over", "GOOGLE_CREDENTIALS": "left-over",
		"ACTIONS_ID_TOKEN_REQUEST_URL": "https://nowhere.invalid?x=y", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "left-over",
	} {
		t.Setenv(name, value)
	}
	for _, file := range methods.files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := example{files: []string{file}, more: minimalExperiment}.text(t)
			variables := config.Variables{}
			for _, m := range variableName.FindAllStringSubmatch(text, -1) {
				variables[m[1]] = config.StringVariable("secret")
			}
			acctest.RunDirectories(t, resource.TestStep{
				ConfigDirectory: config.StaticDirectory(
					acctest.RootModule(t, text),
				), ConfigVariables: variables, PlanOnly: true, ExpectNonEmptyPlan: true,
			})
		})
	}
}

// TestExamples_federation applies the provider blocks for workload identity federation, each with a token in the place that its platform
// uses.
func TestExamples_federation(t *testing.T) {
	jwt := "header." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub": "some workload"}`)) + ".signature"
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer from-github" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"value": %q}`, jwt)
	}))
	t.Cleanup(github.Close)
	file := filepath.Join(t.TempDir(), "token")
	acctest.WriteFile(t, file, jwt)
	for name, environment := range map[string]map[string]string{
		"provider_github_oidc.tf": {"ACTIONS_ID_TOKEN_REQUEST_URL": github.URL + "?x=y", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "from-github"},
		"provider_env_oidc.tf":    {"TFC_WORKLOAD_IDENTITY_TOKEN": jwt},
		"provider_file_oidc.tf":   {},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range environment {
				t.Setenv(variable, value)
			}
			w := acctest.NewWorkspace(t)
			text := example{files: []string{"provider/" + name}, more: minimalExperiment}.text(t)
			text = strings.NewReplacer(exampleHost, w.URL, "/var/run/secrets/tokens/databricks", file).Replace(text)
			acctest.RunDirectories(t, resource.TestStep{
				ConfigDirectory: config.StaticDirectory(acctest.RootModule(t, text)),
				ConfigStateChecks: example{check: func(t *testing.T, w *acctest.Workspace) {
					t.Helper()
					if owner, _ := w.MustFind(t, "/Shared/minimal").Tag("mlflow.ownerEmail"); owner != emulator.ServicePrincipal {
						t.Errorf("the experiment belongs to %q", owner)
					}
				}}.applied(t, w),
			})
		})
	}
}
