package framework

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

func TestSearchFilter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefix  string
		tags    map[string]string
		want    string
		refused string // attribute and reason
	}{
		"nothing":              {"", nil, "", ""},
		"prefix":               {"/Shared/", nil, "name LIKE '/Shared/%'", ""},
		"single quote":         {"/Shared/o'brien", nil, `name LIKE "/Shared/o'brien%"`, ""},
		"double quote":         {`/Shared/"a"`, nil, `name LIKE '/Shared/"a"%'`, ""},
		"backslash in prefix":  {`/Shared/a\`, nil, `name LIKE '/Shared/a_%'`, ""},
		"tags in order":        {"/", map[string]string{"b": "2", "a/b c": ""}, "name LIKE '/%' AND tags.`a/b c` = '' AND tags.`b` = '2'", ""},
		"quote in tag":         {"", map[string]string{"owner": "o'brien"}, "tags.`owner` = \"o'brien\"", ""},
		"backtick in key":      {"", map[string]string{"a`b": "1"}, "tags.\"a`b\" = '1'", ""},
		"both quotes":          {`/'"`, nil, "", "name_prefix: both kinds of quotes"},
		"both quotes in tag":   {"", map[string]string{"k": `'"`}, "", `tags["k"]: both kinds of quotes`},
		"backslash at the end": {"", map[string]string{"k": `C:\`}, "", `tags["k"]: ends in a backslash`},
		"both in key":          {"", map[string]string{"`\"": "1"}, "", "tags[\"`\\\"\"]: both a backtick and a double quote"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, diags := searchFilter(c.prefix, c.tags)
			if c.refused == "" {
				if diags.HasError() || got != c.want {
					t.Errorf("got filter %s (%v), want %s", got, diags, c.want)
				}
				return
			}
			at, reason, _ := strings.Cut(c.refused, ": ")
			if len(diags) != 1 || !strings.Contains(diags[0].Detail(), reason) {
				t.Fatalf("got diagnostics %v, want one with %q", diags, reason)
			}
			if withPath, ok := diags[0].(interface{ Path() path.Path }); !ok || withPath.Path().String() != at {
				t.Errorf("got diagnostic %v, want it at %s", diags[0], at)
			}
		})
	}
}

func TestSearchFilter_normalizePrefix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		backend      mlflow.Backend
		prefix, want string
	}{
		{databricks.Backend{}, "/Shared/", "/Shared/"},
		{databricks.Backend{}, "/Workspace/Shared/", "/Shared/"},
		{databricks.Backend{}, "/Workspace/Shared/ch", "/Shared/ch"},
		{databricks.Backend{}, "/Workspace/", "/"},
		{databricks.Backend{}, "/Workspace", "/"},
		{databricks.Backend{}, "/WorkspaceOf", "/WorkspaceOf"},
		{databricks.Backend{}, "/Shared/x", "/Shared/x"},
		{databricks.Backend{}, "", ""},
		{&server.Backend{}, "/Workspace/Shared/", "/Workspace/Shared/"},
		{&server.Backend{}, "/Workspace", "/Workspace"},
		{&server.Backend{}, "team/", "team/"},
	} {
		client := mlflow.New(mlflow.Options{Backend: c.backend})
		if got := normalizePrefix(client, c.prefix); got != c.want {
			t.Errorf("%s: prefix %q: got %q, want %q", c.backend.Name(), c.prefix, got, c.want)
		}
	}
}
