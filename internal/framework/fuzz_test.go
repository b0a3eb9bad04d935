package framework

import (
	"strings"
	"testing"
)

// FuzzExperimentRef: an import ID is parsed to an experiment ID or a name, or the error lists the valid forms.
func FuzzExperimentRef(f *testing.F) {
	for _, text := range []string{
		"", "12", "/Shared/x", "name=x", "name=", "https://example.com/ml/experiments/12?o=1", "http://h/#/experiments/1", "https://",
		"http://[::1", "0x1", "https:///ml/experiments/1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := parseExperimentRef(text)
		switch {
		case err != nil && !strings.HasSuffix(err.Error(), importForms):
			t.Errorf("%q: got error %q, want the valid forms in it", text, err)
		case err == nil && (ref.ID == "") == (ref.Name == ""):
			t.Errorf("%q: got %+v", text, ref)
		case err == nil && ref.ID != "" && !ExperimentID.MatchString(ref.ID):
			t.Errorf("%q: got ID %q", text, ref.ID)
		}
	})
}

// FuzzSearchFilter: a value cannot end its quotes, so it cannot add a condition.
func FuzzSearchFilter(f *testing.F) {
	for _, text := range []string{"x", "it's", `say "x"`, `both ' and "`, "a`b", `a\`, "%_", "' OR name LIKE '%", "\n"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		filter, err := EqualsFilter(key, value)
		if err != nil {
			return
		}
		quote := filter[len(filter)-1:]
		if !strings.HasSuffix(filter, " = "+quote+value+quote) || strings.Contains(value, quote) {
			t.Errorf("key %q and value %q: got filter %q", key, value, filter)
		}
	})
}
