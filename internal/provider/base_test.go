package provider

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

func TestRulesOf(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]mlflow.NameRules{
		mlflow.KindDatabricks: databricks.Names{}, mlflow.KindServer: server.Names{}, "other": nil, "": nil,
	} {
		if got := framework.RulesOf(kind); got != want {
			t.Errorf("rules of %q: got %#v", kind, got)
		}
	}
}
