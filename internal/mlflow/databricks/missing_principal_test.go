package databricks

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

func TestMissingPrincipal_firstOfTwo(t *testing.T) {
	err := asMissingPrincipal(&rest.APIError{Status: 404,
		Message: "Principal: UserName(a) does not exist; Principal: GroupName(b (EU)) does not exist"})
	if p, _ := mlflow.MissingPrincipal(err); p != (mlflow.Principal{Kind: mlflow.KindUser, Name: "a"}) {
		t.Errorf("got %v, want user a", p)
	}
}
