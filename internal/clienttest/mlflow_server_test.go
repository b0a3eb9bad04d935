//go:build clients

package clienttest

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// The accounts of the MLflow server: its admin, and a user without grants.
const (
	adminName = mlflowtest.AdminName
	otherName = "ana"
	password  = "clients-password-1234"
)

// startMLflow starts an MLflow server with both accounts, on which users without a grant can read, and returns its URL. The server stops
// when the test ends.
func startMLflow(t *testing.T) (url string) {
	t.Helper()
	url = mlflowtest.StartServer(t, mlflowtest.ServerOptions{
		Version: os.Getenv("TEST_MLFLOW_NEWEST"), Password: password, Make: "make test-clients",
	}).URL
	other := fmt.Sprintf(`{"username": %q, "password": %q}`, otherName, password)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/2.0/mlflow/users/create", strings.NewReader(other))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(adminName, password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("creating a user: status %d", resp.StatusCode)
	}
	return url
}
