package mlflow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// TestNamesCompareAsTheServerCompares: whoever mixes them up hides a stranger's grant or locks the caller out.
func TestNamesCompareAsTheServerCompares(t *testing.T) {
	t.Parallel()
	clients := map[string]mlflow.NameRules{
		mlflow.KindDatabricks: newScripted(t).client(mlflow.Databricks{}), mlflow.KindServer: newScripted(t).client(&mlflow.Server{}),
	}
	principal := func(name string) mlflow.Principal {
		return mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: name}
	}
	for name, tc := range map[string]struct {
		a, b mlflow.Principal
		same []string // on these
	}{
		"a user":                                  {user("ben"), user("ben"), []string{mlflow.KindDatabricks, mlflow.KindServer}},
		"a user in other letters":                 {user("ben"), user("BEN"), []string{mlflow.KindDatabricks}},
		"a group in other letters":                {group("risk"), group("Risk"), nil},
		"a user and a group":                      {user("risk"), group("risk"), nil},
		"a service principal under another field": {user("6f1c"), principal("6F1C"), []string{mlflow.KindDatabricks}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, client := range clients {
				want := slices.Contains(tc.same, kind)
				if got := client.PrincipalKey(tc.a) == client.PrincipalKey(tc.b); got != want {
					t.Errorf("%s: one %t", kind, got)
				}
				if rules := mlflow.RulesOf(kind); (rules.PrincipalKey(tc.a) == rules.PrincipalKey(tc.b)) != want {
					t.Errorf("%s without a server: one %t", kind, !want)
				}
			}
		})
	}
	const name = "/Workspace/Shared/x/"
	if got := mlflow.RulesOf(mlflow.KindServer).NormalizeName(name); got != name {
		t.Errorf("an MLflow server changes the name to %q", got)
	}
	if got := mlflow.RulesOf(mlflow.KindDatabricks).NormalizeName(name); got != "/Shared/x" {
		t.Errorf("Databricks changes the name to %q", got)
	}
	if mlflow.RulesOf("other") != nil {
		t.Error("there are rules for an unknown kind")
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
			backend: mlflow.Databricks{}, kind: mlflow.KindDatabricks, url: "http://mlflow.test/ml/experiments/1", levels: []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{user("ana"): "", group("science"): "", group("admins"): "CAN_MANAGE on every experiment"},
			advice:    map[mlflow.Principal]string{user("ana"): "ana", group("science"): "assigned to the workspace", robot: "not its display name"},
			access:    "CAN_MANAGE on the experiment", badName: "churn",
		},
		"MLflow server": {
			backend: &mlflow.Server{}, kind: mlflow.KindServer, url: "http://mlflow.test/#/experiments/1", keepsName: true,
			levels:    []string{"DENY", "NO_PERMISSIONS", mlflow.LevelRead, "USE", mlflow.LevelEdit, mlflow.LevelManage},
			principal: map[mlflow.Principal]string{user("ana"): "", group("admins"): "", robot: "no service principals"},
			advice:    map[mlflow.Principal]string{user("ana"): `"ana"`, group("science"): `role "science"`},
			access:    "CAN_MANAGE on the experiment", badName: strings.Repeat("n", 501),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newScripted(t).client(tc.backend)
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
				expectError(t, client.CheckPrincipal(p), why)
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
		})
	}
}

// TestServer_createParents: an MLflow server has no folders.
func TestServer_createParents(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	if err := s.client(&mlflow.Server{}).CreateParents(t.Context(), "/a/b/c"); err != nil {
		t.Error(err)
	}
	s.expectSeen()
}

const mkdirs = "/api/2.0/workspace/mkdirs"

// TestCreateParents_inTheWay: somebody else may make the same folder at the same moment, and something that is no folder is in the way.
func TestCreateParents_inTheWay(t *testing.T) {
	t.Parallel()
	exists := refuse(400, "RESOURCE_ALREADY_EXISTS", "Path (/Shared/a) already exists.")
	for name, tc := range map[string]struct {
		there answer
		fails bool
	}{
		"a folder":       {ok(`{"object_id":7,"object_type":"DIRECTORY","path":"/Shared/a"}`), false},
		"a notebook":     {ok(`{"object_id":7,"object_type":"NOTEBOOK","path":"/Shared/a"}`), true},
		"a proxy":        {ok(`{"status":"ok"}`), true},
		"not to be seen": {refuse(403, "PERMISSION_DENIED", "no"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.expect(write{call: "POST " + mkdirs, body: `{"path":"/Shared/a"}`, answer: exists})
			s.read("GET /api/2.0/workspace/get-status?path=%2FShared%2Fa", tc.there)
			err := s.client(mlflow.Databricks{}).CreateParents(t.Context(), "/Workspace/Shared/a/x")
			if (err != nil) != tc.fails || tc.fails && !mlflow.IsAlreadyExists(err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

const meCall = "GET /api/2.0/preview/scim/v2/Me?excludedAttributes=entitlements"

func TestDatabricks_caller(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   mlflow.Principal
		says   string
	}{
		"a user":              {ok(`{"id":"7","userName":"ana@example.com","displayName":"Ana","groups":[{"display":"users"},{"display":"science"}]}`), user("ana@example.com"), ""},
		"a service principal": {ok(`{"id":"7","userName":"` + robot.Name + `","displayName":"CI","groups":[{"display":"users"},{"display":"science"}]}`), robot, ""},
		"a proxy":             {ok(`{"status":"ok"}`), mlflow.Principal{}, "userName"},
		"nothing":             {answer{status: 204}, mlflow.Principal{}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.read(meCall, tc.answer)
			caller, err := s.client(mlflow.Databricks{}).Caller(t.Context())
			expectError(t, err, tc.says)
			if caller.Principal != tc.want || err == nil && (caller.ID != "7" || caller.Home != "/Users/"+tc.want.Name || !slices.Equal(caller.Groups, []string{"users", "science"})) {
				t.Errorf("caller %+v", caller)
			}
		})
	}
}
