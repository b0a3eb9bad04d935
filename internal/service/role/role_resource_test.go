package role_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// roleKinds are the resources of roles with a configuration of each.
var roleKinds = map[string]map[string]any{
	"mlflow_role":         {"name": "ds", "grants": map[string]string{"experiment/*": "READ"}},
	"mlflow_role_members": {"role": "ds", "users": []string{"ana"}},
	"mlflow_role_member":  {"role": "ds", "user": "ana"},
}

// TestRoles_unsupported: what other servers offer is told when the plan, the import, or the read is made.
func TestRoles_unsupported(t *testing.T) {
	t.Parallel()
	databricks := acctest.NewWorkspace(t).Backend()
	absent := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(absent.Close)
	server := &acctest.Backend{URL: absent.URL, Address: "tracking_uri", Settings: map[string]any{"retry_timeout_seconds": 1}}
	for kind, config := range roleKinds {
		acctest.ExpectSays(t, databricks.Provider(t, nil).Block(kind).Plan(config).Says, "error: Roles not supported: Databricks",
			"databricks_group")
		says := databricks.Provider(t, nil).Block(kind).Adopt("role=ds,user=ana")
		acctest.ExpectSays(t, says, "error: Roles not supported: Databricks", "databricks_group")
		acctest.ExpectSays(t, server.Provider(t, nil).Block(kind).Plan(config).Says, "error: Roles not supported: ", "basic-auth")
	}
	_, says := databricks.Provider(t, nil).Data("mlflow_roles", map[string]any{})
	acctest.ExpectSays(t, says, "error: Roles not supported: Databricks", "databricks_group")
}

// TestRoles_unknownProvider: while the provider's configuration is unknown, plans go ahead, and a refresh keeps the state.
func TestRoles_unknownProvider(t *testing.T) {
	t.Parallel()
	d := acctest.NewDirect(t, map[string]any{"tracking_uri": tftypes.UnknownValue})
	p := &acctest.Process{Direct: d, Again: func() *acctest.Process { t.Fatal("a second process"); return nil }}
	for kind, config := range roleKinds {
		b := p.Block(kind)
		if plan := b.Plan(config); plan.Action != "create" || plan.Says != "" {
			t.Errorf("%s: planned is to %s, and said is %q", kind, plan.Action, plan.Says)
		}
		state := map[string]any{"id": "default/ds"}
		for name, value := range config {
			state[name] = value
		}
		b.State = b.Encode(b.Schemas.ResourceSchemas[kind], state)
		acctest.ExpectSays(t, b.Read(), "warning: Not refreshed: provider configuration is unknown")
		if b.Values() == nil || b.Plan(config).Action != "none" || b.Plan(nil).Action != "delete" {
			t.Errorf("%s: the state is %v", kind, b.Values())
		}
		if says := b.Adopt("role=ds,user=ana"); !strings.HasPrefix(says, "error: Could not import: ") {
			t.Errorf("%s: an import says %q", kind, says)
		}
	}
}

// TestRoles_unreachable: the plan of a server that is not there yet goes ahead.
func TestRoles_unreachable(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	server := &acctest.Backend{URL: closed.URL, Address: "tracking_uri", Settings: map[string]any{"retry_timeout_seconds": 1}}
	for kind, config := range roleKinds {
		if plan := server.Provider(t, nil).Block(kind).Plan(config); plan.Action != "create" || plan.Says != "" {
			t.Errorf("%s: planned is to %s, and said is %q", kind, plan.Action, plan.Says)
		}
	}
}
