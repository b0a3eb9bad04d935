package databricks_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

func TestDatabricksNames(t *testing.T) {
	for _, tc := range []struct{ name, normal, refused string }{
		{"/Shared/x", "/Shared/x", ""},
		{"/Workspace/Shared/x", "/Shared/x", ""},
		{"/Shared/x/", "/Shared/x", ""},
		{"/Workspace/Shared/x/", "/Shared/x", ""},
		{"/WorkspaceFoo/x", "/WorkspaceFoo/x", ""},
		{"/Users/ana@example.com/über [1]", "/Users/ana@example.com/über [1]", ""},
		{"churn", "churn", "not an absolute workspace path"},
		{"", "", "not an absolute workspace path"},
		{"/", "/", "is a folder"},
		{"/Workspace/", "/", "is a folder"},
		{"/Workspace", "/Workspace", "is a folder"},
		{"//Shared/x", "//Shared/x", "empty path element"},
		{"/Shared/x//", "/Shared/x/", "empty path element"},
		{"/Workspace/Workspace/Shared/x", "/Workspace/Shared/x", "/Workspace twice"},
		{"/Repos/ana/project/x", "/Repos/ana/project/x", "Git folder"},
		{"/Workspace/Repos/ana/project/x", "/Repos/ana/project/x", "Git folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := databricks.Backend{}
			if got := b.NormalizeName(tc.name); got != tc.normal {
				t.Errorf("got normalized name %q, want %q", got, tc.normal)
			}
			mlflowtest.ExpectError(t, b.CheckName(tc.name), tc.refused)
		})
	}
}

func TestDatabricksTagLimits(t *testing.T) {
	long := strings.Repeat("k", 251)
	for _, tc := range []struct {
		name    string
		tag     mlflow.Tag
		refused string
	}{
		{"a key of 250 bytes", mlflow.Tag{Key: long[:250]}, ""},
		{"a key of 251 bytes", mlflow.Tag{Key: long}, "251 bytes"},
		{"bytes, not characters", mlflow.Tag{Key: strings.Repeat("é", 126)}, "252 bytes"},
		{"a value of 64 KiB", mlflow.Tag{Key: "k", Value: strings.Repeat("v", 64<<10)}, ""},
		{"a value of more than 64 KiB", mlflow.Tag{Key: "k", Value: strings.Repeat("v", 64<<10+1)}, "65537 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) { mlflowtest.ExpectError(t, databricks.Backend{}.CheckTag(tc.tag), tc.refused) })
	}
}

func TestArtifactLocations(t *testing.T) {
	for location, refused := range map[string]string{
		"s3://bucket/path/": "", "dbfs:/Volumes/a/b/c": "", "/mnt/artifacts": "", "mlflow-artifacts:/x": "", "file:///x": "",
		"artifacts": "relative path", "./x": "relative path", "s3://b/x#frag": "fragment",
	} {
		t.Run(location, func(t *testing.T) {
			mlflowtest.ExpectError(t, databricks.Backend{}.CheckArtifactLocation(location), refused)
		})
	}
}

func TestDatabricksExperimentURL(t *testing.T) {
	base, _ := url.Parse("https://example.com/base")
	for want, got := range map[string]string{
		"https://example.com/base/ml/experiments/1?w=42": databricks.Backend{}.ExperimentURL(rest.Endpoint{BaseURL: base, WorkspaceID: "42"},
			"1"),
		"https://example.com/base/ml/experiments/1": databricks.Backend{}.ExperimentURL(rest.Endpoint{BaseURL: base}, "1"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzNames checks that a normalized valid name does not change when it is normalized again.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"/Shared/x", "/Workspace/Shared/x/", "/Workspace", "/", "", "//x", "/Repos/a", "/Workspace/Workspace/x",
		"/x//", "é"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		b := databricks.Backend{}
		normal := b.NormalizeName(name)
		if b.CheckName(name) == nil && strings.HasPrefix(normal, "/Repos/") {
			t.Errorf("got no error for %q, want one: it is in a Git folder", name)
		}
		if !strings.HasPrefix(normal, "/Workspace/") && !strings.HasSuffix(normal, "/") && b.NormalizeName(normal) != normal {
			t.Errorf("%q: got %q, which becomes %q; want the same name", name, normal, b.NormalizeName(normal))
		}
	})
}
