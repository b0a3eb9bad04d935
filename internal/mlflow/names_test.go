package mlflow

import (
	"net/url"
	"strings"
	"testing"
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
		{"/Repos/ana/project/x", "/Repos/ana/project/x", "Git folder"},
		{"/Workspace/Repos/ana/project/x", "/Repos/ana/project/x", "Git folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := Databricks{}
			if got := b.NormalizeName(tc.name); got != tc.normal {
				t.Errorf("normal form %q, want %q", got, tc.normal)
			}
			checkRefusal(t, b.checkName(tc.name), tc.refused)
		})
	}
}

func TestTagLimits(t *testing.T) {
	long := strings.Repeat("k", 251)
	for _, tc := range []struct {
		name    string
		backend Backend
		tag     Tag
		refused string
	}{
		{"Databricks takes a key of 250 bytes", Databricks{}, Tag{Key: long[:250]}, ""},
		{"not of 251", Databricks{}, Tag{Key: long}, "251 bytes"},
		{"bytes, not characters", Databricks{}, Tag{Key: strings.Repeat("é", 126)}, "252 bytes"},
		{"a value of 64 KiB", Databricks{}, Tag{Key: "k", Value: strings.Repeat("v", 64<<10)}, ""},
		{"not more", Databricks{}, Tag{Key: "k", Value: strings.Repeat("v", 64<<10+1)}, "65537 bytes"},
		{"an MLflow server counts characters", &Server{}, Tag{Key: strings.Repeat("é", 250)}, ""},
		{"up to 250", &Server{}, Tag{Key: long}, "251 characters"},
		{"its values end at 20000", &Server{}, Tag{Key: "k", Value: strings.Repeat("v", 20001)}, "20001 characters"},
		{"plain keys", &Server{}, Tag{Key: "team/a b.c-d_e:f"}, ""},
		{"no other characters", &Server{}, Tag{Key: "a@b"}, "characters"},
		{"no parent elements", &Server{}, Tag{Key: "a/../b"}, "plain path"},
		{"no trailing slash", &Server{}, Tag{Key: "a/"}, "plain path"},
	} {
		t.Run(tc.name, func(t *testing.T) { checkRefusal(t, tc.backend.checkTag(tc.tag), tc.refused) })
	}
}

func TestArtifactLocations(t *testing.T) {
	for location, refused := range map[string]string{
		"s3://bucket/path/": "", "dbfs:/Volumes/a/b/c": "", "/mnt/artifacts": "", "mlflow-artifacts:/x": "", "file:///x": "",
		"artifacts": "relative path", "./x": "relative path", "s3://b/x#frag": "fragment",
	} {
		t.Run(location, func(t *testing.T) { checkRefusal(t, Databricks{}.checkArtifactLocation(location), refused) })
	}
}

func TestExperimentURL(t *testing.T) {
	base, _ := url.Parse("https://example.com/base")
	for want, got := range map[string]string{
		"https://example.com/base/ml/experiments/1?w=42": Databricks{}.experimentURL(Endpoint{BaseURL: base, WorkspaceID: "42"}, "1"),
		"https://example.com/base/ml/experiments/1":      Databricks{}.experimentURL(Endpoint{BaseURL: base}, "1"),
		"https://example.com/base/#/experiments/1":       (&Server{}).experimentURL(Endpoint{BaseURL: base}, "1"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// checkRefusal checks that an error holds a text, or that there is none when the text is "".
func checkRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("not refused, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("refused with %q, want %q", err, want)
	}
}
