package role_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// roleKinds maps each resource of roles to a configuration.
var roleKinds = map[string]map[string]any{
	"mlflow_role":         {"name": "ds", "grants": map[string]string{"experiment/*": "READ"}},
	"mlflow_role_members": {"role": "ds", "users": []string{"ana"}},
	"mlflow_role_member":  {"role": "ds", "user": "ana"},
}

// TestRoles_unsupported checks the errors of plan, import, and read on servers without roles.
func TestRoles_unsupported(t *testing.T) {
	t.Parallel()
	databricks := acctest.NewWorkspace(t).Backend()
	absent := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(absent.Close)
	server := &acctest.Backend{URL: absent.URL, URLArgument: "tracking_uri", Settings: map[string]any{"retry_timeout_seconds": 1}}
	for kind, config := range roleKinds {
		acctest.ExpectDiagnostics(
			t,
			databricks.Provider(t, nil).Resource(kind).Plan(config).Diagnostics,
			"error: Roles are not supported: Databricks",
			"databricks_group",
		)
		says := databricks.Provider(t, nil).Resource(kind).Import("role=ds,user=ana")
		acctest.ExpectDiagnostics(t, says, "error: Roles are not supported: Databricks", "databricks_group")
		acctest.ExpectDiagnostics(
			t,
			server.Provider(t, nil).Resource(kind).Plan(config).Diagnostics,
			"error: Roles are not supported: ",
			"basic-auth",
		)
	}
	_, says := databricks.Provider(t, nil).ReadDataSource("mlflow_roles", map[string]any{})
	acctest.ExpectDiagnostics(t, says, "error: Roles are not supported: Databricks", "databricks_group")
}

// TestRoles_unknownProvider checks that plans succeed and a refresh keeps the state while the provider configuration is unknown.
func TestRoles_unknownProvider(t *testing.T) {
	t.Parallel()
	p := acctest.NewProvider(t, map[string]any{"tracking_uri": tftypes.UnknownValue})
	for kind, config := range roleKinds {
		b := p.Resource(kind)
		if plan := b.Plan(config); plan.Action != "create" || plan.Diagnostics != "" {
			t.Errorf("%s: got plan %s, %q, want create", kind, plan.Action, plan.Diagnostics)
		}
		state := map[string]any{"id": "default/ds"}
		for name, value := range config {
			state[name] = value
		}
		b.State = b.Encode(b.Schemas.ResourceSchemas[kind], state)
		acctest.ExpectDiagnostics(t, b.Read(), "warning: State not refreshed: provider configuration is unknown")
		if b.Values() == nil || b.Plan(config).Action != "none" || b.Plan(nil).Action != "delete" {
			t.Errorf("%s: got state %v", kind, b.Values())
		}
		if says := b.Import("role=ds,user=ana"); !strings.HasPrefix(says, "error: Could not import: ") {
			t.Errorf("%s: got %q for an import, want an error", kind, says)
		}
	}
}

// TestRoles_unreachable checks that a plan succeeds while the server is unreachable.
func TestRoles_unreachable(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	server := &acctest.Backend{URL: closed.URL, URLArgument: "tracking_uri", Settings: map[string]any{"retry_timeout_seconds": 1}}
	for kind, config := range roleKinds {
		if plan := server.Provider(t, nil).Resource(kind).Plan(config); plan.Action != "create" || plan.Diagnostics != "" {
			t.Errorf("%s: got plan %s, %q, want create", kind, plan.Action, plan.Diagnostics)
		}
	}
}
