package mlflow

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecode feeds any body and content type to a read: it gives an experiment or an error that is fit for people, and never panics.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		okBody, notThere, "", "{", "[]", "null", `{"experiment":null}`, `{"experiment":{"creation_time":"x"}}`, `{"experiment":{"tags":[{"key":1}]}}`,
		`{"error_code":403,"message":"Invalid access token."}`, `{"error_code":"X","details":[{"retry_delay":"-1s"},{"field_violations":null}]}`,
		"<html><title>Sign in</title></html>", "<pre></pre>", "\xff\xfe", `{"experiment":{"creation_time":99999999999999999999}}`,
		`{"message":"x Error: (sqlite3.IntegrityError) [SQL: INSERT] [parameters: ('secret')]"}`,
	} {
		f.Add(200, body, "application/json")
		f.Add(404, body, "text/html")
		f.Add(500, body, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, contentType string) {
		if status < 200 || status > 599 || isTransientStatus(status, "") || isThrottled(status, errorCode([]byte(body)), []byte(body)) {
			return // such an answer is tried again
		}
		_, err := testClient(&answers{list: []func() (*http.Response, error){reply(status, body, "Content-Type", contentType)}}).GetExperiment(t.Context(), "1")
		if err == nil {
			return
		}
		text := err.Error()
		if !utf8.ValidString(text) || len(text) > 8000 || strings.Contains(text, "[SQL:") || strings.Contains(text, "<script") {
			t.Errorf("status %d, body %q: error %q", status, body, text)
		}
	})
}

// FuzzNames: a name that is not refused is normal already once it was normalised, and stays the same experiment.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"/Shared/x", "/Workspace/Shared/x/", "/Workspace", "/", "", "//x", "/Repos/a", "/Workspace/Workspace/x", "/x//", "é"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		b := Databricks{}
		normal := b.NormalizeName(name)
		if b.checkName(name) == nil && strings.HasPrefix(normal, "/Repos/") {
			t.Errorf("%q is in a Git folder", name)
		}
		if !strings.HasPrefix(normal, "/Workspace/") && !strings.HasSuffix(normal, "/") && b.NormalizeName(normal) != normal {
			t.Errorf("%q becomes %q, and that %q", name, normal, b.NormalizeName(normal))
		}
	})
}

// FuzzLevels: what goes to an MLflow server comes back as it was, and the order of levels holds.
func FuzzLevels(f *testing.F) {
	for _, level := range []string{LevelRead, LevelEdit, LevelManage, "READ", "USE", "DENY", "", "can_read", "NO_PERMISSIONS"} {
		f.Add(level)
	}
	f.Fuzz(func(t *testing.T, level string) {
		if known := level == "READ" || level == "EDIT" || level == "MANAGE"; !known && fromServerLevel(toServerLevel(level)) != level {
			t.Errorf("%q comes back as %q", level, fromServerLevel(toServerLevel(level)))
		}
		if highest := HighestLevel([]string{level, LevelManage}); highest != LevelManage {
			t.Errorf("%q is higher than CAN_MANAGE", level)
		}
	})
}
