package rest_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// noRetries leaves no time for retries.
func noRetries(o *rest.Options) { o.RetryTimeout = time.Nanosecond }

// FuzzDecode reads responses with any body and content type. The read returns an experiment or an error with a readable text, and never
// panics.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		mlflowtest.Experiment1Body, mlflowtest.NotFoundBody, "", "{", "[]", "null", `{"experiment":null}`, `{"experiment":{"creation_time":"x"}}`,
		`{"experiment":{"tags":[{"key":1}]}}`,
		`{"error_code":403,"message":"Invalid access token."}`, `{"error_code":"X","details":[{"retry_delay":"-1s"},{"field_violations":null}]}`,
		"<html><title>Sign in</title></html>", "<pre></pre>", "\xff\xfe", `{"experiment":{"creation_time":99999999999999999999}}`,
		`{"message":"x Error: (sqlite3.IntegrityError) [SQL: INSERT] [parameters: ('secret')]"}`,
	} {
		f.Add(200, body, "application/json")
		f.Add(404, body, "text/html")
		f.Add(500, body, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, contentType string) {
		if status < 200 || status > 599 {
			return
		}
		client := newClient(mlflowtest.NewReplies(reply(status, body, "Content-Type", contentType)), noRetries)
		_, err := get(t.Context(), client)
		if err == nil {
			return
		}
		text := err.Error()
		if !utf8.ValidString(text) || len(text) > 8000 || strings.Contains(text, "[SQL:") || strings.Contains(text, "<script") {
			t.Errorf("status %d, body %q: got error %q, want valid short text without SQL and scripts", status, body, text)
		}
	})
}
