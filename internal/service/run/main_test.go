package run_test

import (
	"os"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main(m)) }
