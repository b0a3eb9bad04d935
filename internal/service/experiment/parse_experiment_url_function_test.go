package experiment

import (
	"testing"
)

// FuzzURLParts: a parsed URL has a host and an experiment ID.
func FuzzURLParts(f *testing.F) {
	for _, text := range []string{
		"", "12", "https://example.com/ml/experiments/12?o=1", "http://h/#/experiments/1", "https://", "http://[::1", "https:///ml/experiments/1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if parts, err := parseURLParts(text); err == nil && (parts.Host.ValueString() == "" || parts.ExperimentID.ValueString() == "") {
			t.Errorf("%q: got %+v, want a host and an experiment ID", text, parts)
		}
	})
}

func TestParseURLParts(t *testing.T) {
	for text, want := range map[string][3]string{
		"https://example.com/ml/experiments/12?o=3":         {"https://example.com", "3", "12"},
		"https://example.com/ml/experiments/12?w=3&o=4":     {"https://example.com", "3", "12"},
		"https://example.com/ml/experiments/12":             {"https://example.com", "", "12"},
		"https://example.com/?o=3#mlflow/experiments/12/s":  {"https://example.com", "3", "12"},
		"http://mlflow.test:5000/#/experiments/12/runs/abc": {"http://mlflow.test:5000", "", "12"},
		"http://mlflow.test/base/path/#/experiments/12":     {"http://mlflow.test/base/path", "", "12"},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := parseURLParts(text)
			if err != nil || got.Host.ValueString() != want[0] || got.WorkspaceID.ValueString() != want[1] ||
				got.ExperimentID.ValueString() != want[2] {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
			if got.WorkspaceID.IsNull() != (want[1] == "") {
				t.Errorf("got workspace ID %v, want %q", got.WorkspaceID, want[1])
			}
		})
	}
	for _, text := range []string{"", "12", "ftp://example.com/ml/experiments/12", "https://example.com/ml/runs/12"} {
		if got, err := parseURLParts(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
