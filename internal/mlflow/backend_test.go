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

// TestNamesCompareAsTheServerCompares: whoever mixes them up hides a stranger's grant or locks the caller out.
func TestNamesCompareAsTheServerCompares(t *testing.T) {
	t.Parallel()
	rules := map[string]mlflow.NameRules{mlflow.KindDatabricks: databricks.Backend{}, mlflow.KindServer: &server.Backend{}}
	clients := map[string]mlflow.NameRules{
		mlflow.KindDatabricks: mlflowtest.NewScripted(t).Client(databricks.Backend{}), mlflow.KindServer: mlflowtest.NewScripted(t).Client(&server.Backend{}),
	}
	principal := func(name string) mlflow.Principal {
		return mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: name}
	}
	for name, tc := range map[string]struct {
		a, b mlflow.Principal
		same []string // on these
	}{
		"a user":                                  {mlflowtest.User("ben"), mlflowtest.User("ben"), []string{mlflow.KindDatabricks, mlflow.KindServer}},
		"a user in other letters":                 {mlflowtest.User("ben"), mlflowtest.User("BEN"), []string{mlflow.KindDatabricks}},
		"a group in other letters":                {mlflowtest.Group("risk"), mlflowtest.Group("Risk"), nil},
		"a user and a group":                      {mlflowtest.User("risk"), mlflowtest.Group("risk"), nil},
		"a service principal under another field": {mlflowtest.User("6f1c"), principal("6F1C"), []string{mlflow.KindDatabricks}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, client := range clients {
				want := slices.Contains(tc.same, kind)
				if got := client.PrincipalKey(tc.a) == client.PrincipalKey(tc.b); got != want {
					t.Errorf("%s: one %t", kind, got)
				}
				if (rules[kind].PrincipalKey(tc.a) == rules[kind].PrincipalKey(tc.b)) != want {
					t.Errorf("%s without a server: one %t", kind, !want)
				}
			}
		})
	}
	const name = "/Workspace/Shared/x/"
	if got := rules[mlflow.KindServer].NormalizeName(name); got != name {
		t.Errorf("an MLflow server changes the name to %q", got)
	}
	if got := rules[mlflow.KindDatabricks].NormalizeName(name); got != "/Shared/x" {
		t.Errorf("Databricks changes the name to %q", got)
	}
}

func TestBackends(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		backend   mlflow.Backend
		kind, url string
		keepsName bool
		levels    []string
		principal map[mlflow.Principal]string // why nothing can be granted, "" when it can
		advice    map[mlflow.Principal]string
		access    string
		badName   string
	}{
		"Databricks": {
			backend: databricks.Backend{}, kind: mlflow.KindDatabricks, url: "http://mlflow.test/ml/experiments/1", levels: []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{mlflowtest.User("ana"): "", mlflowtest.Group("science"): "", mlflowtest.Group("admins"): "CAN_MANAGE on every experiment"},
			advice:    map[mlflow.Principal]string{mlflowtest.User("ana"): "ana", mlflowtest.Group("science"): "assigned to the workspace", mlflowtest.ServicePrincipal: "not its display name"},
			access:    "CAN_MANAGE on the experiment", badName: "churn",
		},
		"MLflow server": {
			backend: &server.Backend{}, kind: mlflow.KindServer, url: "http://mlflow.test/#/experiments/1", keepsName: true,
			levels:    []string{"DENY", "NO_PERMISSIONS", mlflow.LevelRead, "USE", mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{mlflowtest.User("ana"): "", mlflowtest.Group("admins"): "", mlflowtest.ServicePrincipal: "no service principals"},
			advice:    map[mlflow.Principal]string{mlflowtest.User("ana"): `"ana"`, mlflowtest.Group("science"): `role "science"`},
			access:    "CAN_MANAGE on the experiment", badName: strings.Repeat("n", 501),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := mlflowtest.NewScripted(t).Client(tc.backend)
			if client.Kind() != tc.kind || client.BackendName() == "" || client.DeletedKeepName() != tc.keepsName {
				t.Errorf("kind %q, name %q, keeps names %t", client.Kind(), client.BackendName(), client.DeletedKeepName())
			}
			if got, err := client.ExperimentURL(t.Context(), "1"); err != nil || got != tc.url {
				t.Errorf("URL %q, error %v", got, err)
			}
			if got, err := client.TrackingURI(t.Context()); err != nil || got != "http://mlflow.test" {
				t.Errorf("tracking URI %q, error %v", got, err)
			}
			if got := client.KnownLevels(); !slices.Equal(got, tc.levels) {
				t.Errorf("levels %q", got)
			}
			for p, why := range tc.principal {
				mlflowtest.ExpectError(t, client.CheckPrincipal(p), why)
			}
			for p, text := range tc.advice {
				if got := client.PrincipalAdvice(p); !strings.Contains(got, text) {
					t.Errorf("advice about %v is %q", p, got)
				}
			}
			if got := client.AccessAdvice(); !strings.Contains(got, tc.access) {
				t.Errorf("advice about access is %q", got)
			}
			if client.CheckName(tc.badName) == nil || client.CheckName("/Shared/x") != nil {
				t.Errorf("names are checked wrongly")
			}
			if client.CheckTag(mlflow.Tag{Key: strings.Repeat("k", 251)}) == nil || client.CheckTag(mlflow.Tag{Key: "team", Value: "risk"}) != nil {
				t.Error("tags are checked wrongly")
			}
			if client.CheckArtifactLocation("relative") == nil || client.CheckArtifactLocation("s3://bucket/x") != nil {
				t.Error("artifact locations are checked wrongly")
			}
			if err := client.CheckTraceLocation(); (err == nil) != (tc.kind == mlflow.KindDatabricks) {
				t.Errorf("a trace location: %v", err)
			}
		})
	}
}
