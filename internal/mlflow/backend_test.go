package mlflow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// TestPrincipalKey checks that principals compare as on the server. Otherwise, a grant of another principal could be hidden, or the caller
// could lose access.
func TestPrincipalKey(t *testing.T) {
	t.Parallel()
	rules := map[string]mlflow.NameRules{mlflow.KindDatabricks: databricks.Backend{}, mlflow.KindServer: &server.Backend{}}
	clients := map[string]mlflow.NameRules{
		mlflow.KindDatabricks: mlflowtest.NewScripted(t).Client(databricks.Backend{}),
		mlflow.KindServer:     mlflowtest.NewScripted(t).Client(&server.Backend{}),
	}
	principal := func(name string) mlflow.Principal {
		return mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: name}
	}
	for name, tc := range map[string]struct {
		a, b mlflow.Principal
		same []string // kinds of servers
	}{
		"a user": {mlflowtest.User("ben"), mlflowtest.User("ben"),
			[]string{mlflow.KindDatabricks, mlflow.KindServer}},
		"a user in another case":                  {mlflowtest.User("ben"), mlflowtest.User("BEN"), []string{mlflow.KindDatabricks}},
		"a group in another case":                 {mlflowtest.Group("risk"), mlflowtest.Group("Risk"), nil},
		"a user and a group":                      {mlflowtest.User("risk"), mlflowtest.Group("risk"), nil},
		"a service principal under another field": {mlflowtest.User("6f1c"), principal("6F1C"), []string{mlflow.KindDatabricks}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, client := range clients {
				want := slices.Contains(tc.same, kind)
				if got := client.PrincipalKey(tc.a) == client.PrincipalKey(tc.b); got != want {
					t.Errorf("%s: got the same key %t, want %t", kind, got, want)
				}
				if (rules[kind].PrincipalKey(tc.a) == rules[kind].PrincipalKey(tc.b)) != want {
					t.Errorf("%s without a client: got the same key %t, want %t", kind, !want, want)
				}
			}
		})
	}
	const name = "/Workspace/Shared/x/"
	if got := rules[mlflow.KindServer].NormalizeName(name); got != name {
		t.Errorf("MLflow server: got name %q, want %q", got, name)
	}
	if got := rules[mlflow.KindDatabricks].NormalizeName(name); got != "/Shared/x" {
		t.Errorf("Databricks: got name %q, want /Shared/x", got)
	}
}

func TestBackends(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		backend   mlflow.Backend
		kind, url string
		keepsName bool
		levels    []string
		principal map[mlflow.Principal]string // why nothing can be granted, "" if it can
		advice    map[mlflow.Principal]string
		access    string
		badName   string
	}{
		"Databricks": {
			backend: databricks.Backend{}, kind: mlflow.KindDatabricks, url: "http://mlflow.test/ml/experiments/1",
			levels: []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{mlflowtest.User("ana"): "", mlflowtest.Group("science"): "",
				mlflowtest.Group("admins"): "CAN_MANAGE on every experiment"},
			advice: map[mlflow.Principal]string{mlflowtest.User("ana"): "ana", mlflowtest.Group("science"): "assigned to the workspace",
				mlflowtest.ServicePrincipal: "not its display name"},
			access: "CAN_MANAGE on the experiment", badName: "churn",
		},
		"MLflow server": {
			backend: &server.Backend{}, kind: mlflow.KindServer, url: "http://mlflow.test/#/experiments/1", keepsName: true,
			levels: []string{"DENY", "NO_PERMISSIONS", mlflow.LevelRead, "USE", mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{mlflowtest.User("ana"): "", mlflowtest.Group("admins"): "",
				mlflowtest.ServicePrincipal: "no service principals"},
			advice: map[mlflow.Principal]string{mlflowtest.User("ana"): `"ana"`, mlflowtest.Group("science"): `role "science"`},
			access: "CAN_MANAGE on the experiment", badName: strings.Repeat("n", 501),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := mlflowtest.NewScripted(t).Client(tc.backend)
			if client.Kind() != tc.kind || client.BackendName() == "" || client.DeletedKeepName() != tc.keepsName {
				t.Errorf("got kind %q, name %q, names reserved %t", client.Kind(), client.BackendName(), client.DeletedKeepName())
			}
			if got, err := client.ExperimentURL(t.Context(), "1"); err != nil || got != tc.url {
				t.Errorf("got URL %q, error %v; want %q", got, err, tc.url)
			}
			if got, err := client.TrackingURI(t.Context()); err != nil || got != "http://mlflow.test" {
				t.Errorf("got tracking URI %q, error %v", got, err)
			}
			if got := client.KnownLevels(); !slices.Equal(got, tc.levels) {
				t.Errorf("got levels %q, want %q", got, tc.levels)
			}
			for p, why := range tc.principal {
				mlflowtest.ExpectError(t, client.CheckPrincipal(p), why)
			}
			for p, text := range tc.advice {
				if got := client.PrincipalAdvice(p); !strings.Contains(got, text) {
					t.Errorf("got advice %q about %v, want %q in it", got, p, text)
				}
			}
			if got := client.AccessAdvice(); !strings.Contains(got, tc.access) {
				t.Errorf("got advice %q about access, want %q in it", got, tc.access)
			}
			if client.CheckName(tc.badName) == nil || client.CheckName("/Shared/x") != nil {
				t.Errorf("CheckName accepts %q, or rejects /Shared/x", tc.badName)
			}
			if client.CheckTag(mlflow.Tag{Key: strings.Repeat("k", 251)}) == nil || client.CheckTag(mlflow.Tag{Key: "team", Value: "risk"}) != nil {
				t.Error("CheckTag accepts a key of 251 characters, or rejects a valid tag")
			}
			if client.CheckArtifactLocation("relative") == nil || client.CheckArtifactLocation("s3://bucket/x") != nil {
				t.Error("CheckArtifactLocation accepts a relative path, or rejects a URI")
			}
			if err := client.CheckTraceLocation(); (err == nil) != (tc.kind == mlflow.KindDatabricks) {
				t.Errorf("CheckTraceLocation: got error %v, want one on an MLflow server only", err)
			}
		})
	}
}
