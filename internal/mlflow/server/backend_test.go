package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// TestServer_createParents checks that no request is sent: an MLflow server has no folders.
func TestServer_createParents(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	if err := s.Client(&server.Backend{}).CreateParents(t.Context(), "/a/b/c"); err != nil {
		t.Error(err)
	}
	s.ExpectRequests()
}

func TestServerTagLimits(t *testing.T) {
	long := strings.Repeat("k", 251)
	for _, tc := range []struct {
		name    string
		tag     mlflow.Tag
		refused string
	}{
		{"an MLflow server counts characters", mlflow.Tag{Key: strings.Repeat("é", 250)}, ""},
		{"up to 250", mlflow.Tag{Key: long}, "251 characters"},
		{"its values end at 20000", mlflow.Tag{Key: "k", Value: strings.Repeat("v", 20001)}, "20001 characters"},
		{"plain keys", mlflow.Tag{Key: "team/a b.c-d_e:f"}, ""},
		{"no other characters", mlflow.Tag{Key: "a@b"}, "characters"},
		{"no parent elements", mlflow.Tag{Key: "a/../b"}, "plain path"},
		{"no trailing slash", mlflow.Tag{Key: "a/"}, "plain path"},
	} {
		t.Run(tc.name, func(t *testing.T) { mlflowtest.ExpectError(t, (&server.Backend{}).CheckTag(tc.tag), tc.refused) })
	}
}

func TestServerExperimentURL(t *testing.T) {
	base, _ := url.Parse("https://example.com/base")
	for workspace, query := range map[string]string{"": "", "default": "", "risk": "?workspace=risk"} {
		got := (&server.Backend{Workspace: workspace}).ExperimentURL(rest.Endpoint{BaseURL: base}, "1")
		if want := "https://example.com/base/#/experiments/1" + query; got != want {
			t.Errorf("in workspace %q: got %s, want %s", workspace, got, want)
		}
	}
}
