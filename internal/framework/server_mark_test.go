package framework

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestSameURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://host.example.com", "https://HOST.example.com", true},
		{"https://host.example.com", "HTTPS://host.example.com:443/", true},
		{"http://host.example.com:80/mlflow", "http://host.example.com/mlflow/", true},
		{"https://host.example.com", "https://host.example.com/?o=1234", true},
		{"https://[::1]:443", "https://[::1]", true},
		{"https://host.example.com", "http://host.example.com", false},
		{"https://host.example.com:443", "https://host.example.com:8443", false},
		{"http://host.example.com:443", "http://host.example.com", false},
		{"https://host.example.com/mlflow", "https://host.example.com", false},
		{"https://host.example.com/mlflow", "https://host.example.com/MLflow", false},
		{"https://host.example.com", "https://other.example.com", false},
	} {
		if same := sameURL(c.a, c.b); same != c.same {
			t.Errorf("%s and %s: got %t, want %t", c.a, c.b, same, c.same)
		}
		if same := sameURL(c.b, c.a); same != c.same {
			t.Errorf("%s and %s: got %t, want %t", c.b, c.a, same, c.same)
		}
	}
}

func TestServerMark(t *testing.T) {
	t.Parallel()
	databricks := ServerMark{URL: "https://a.example.com", Kind: mlflow.KindDatabricks}
	numbered := ServerMark{URL: "https://a.example.com", Kind: mlflow.KindDatabricks, WorkspaceID: "1"}
	server := ServerMark{URL: "http://a.example.com", Kind: mlflow.KindServer, Workspace: mlflow.DefaultWorkspace}
	risk := ServerMark{URL: "http://a.example.com", Kind: mlflow.KindServer, Workspace: "risk"}
	for name, c := range map[string]struct {
		before, now ServerMark
		same        bool
		// texts are the servers in the error, and the arguments to set.
		texts []string
	}{
		"the same":                    {before: risk, now: risk, same: true},
		"an unknown workspace ID":     {before: numbered, now: databricks, same: true},
		"a workspace ID that appears": {before: databricks, now: numbered, same: true},
		"another host": {
			before: databricks, now: ServerMark{URL: "https://b.example.com", Kind: mlflow.KindDatabricks},
			texts: []string{"https://a.example.com", "https://b.example.com", `set host to "https://a.example.com"`},
		},
		"another workspace ID": {
			before: numbered, now: ServerMark{URL: "https://a.example.com", Kind: mlflow.KindDatabricks, WorkspaceID: "2"},
			texts: []string{"workspace 1 of https://a.example.com", "workspace 2 of https://a.example.com", `set workspace_id to "1"`},
		},
		"a forgotten MLflow workspace": {
			before: risk, now: server,
			texts: []string{`MLflow workspace "risk" of http://a.example.com`, `MLflow workspace "default" of http://a.example.com`,
				`set workspace (or MLFLOW_WORKSPACE) to "risk"`},
		},
		"another server and workspace": {
			before: risk, now: ServerMark{URL: "http://b.example.com", Kind: mlflow.KindServer, Workspace: mlflow.DefaultWorkspace},
			texts: []string{`set tracking_uri to "http://a.example.com", and workspace (or MLFLOW_WORKSPACE) to "risk"`},
		},
		"another kind": {
			before: server, now: ServerMark{URL: "http://a.example.com", Kind: mlflow.KindDatabricks},
			texts: []string{`MLflow workspace "default" of http://a.example.com`, `set tracking_uri to "http://a.example.com"`},
		},
	} {
		if same := c.before.same(c.now); same != c.same {
			t.Errorf("%s: got same = %t, want %t", name, same, c.same)
		}
		says := strings.Join([]string{c.before.describe(c.now), c.now.describe(c.before), c.before.settingsFor(c.now)}, "\n")
		for _, text := range c.texts {
			if !strings.Contains(says, text) {
				t.Errorf("%s: got %q, want %q in it", name, says, text)
			}
		}
	}
}
