package framework

import (
	"strings"
	"testing"
)

func TestParseExperimentRef(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	for text, want := range map[string]ExperimentRef{
		"0":                            {ID: "0"},
		"1280664374380606":             {ID: "1280664374380606"},
		hex:                            {ID: hex},
		"/Shared/churn":                {Name: "/Shared/churn"},
		"name=churn":                   {Name: "churn"},
		"name=/Shared/churn":           {Name: "/Shared/churn"},
		"name=https://x/experiments/1": {Name: "https://x/experiments/1"},
		"https://example.com/ml/experiments/12?o=3":                   {ID: "12", Host: "example.com"},
		"https://example.com/ml/experiments/12/runs?x=y":              {ID: "12", Host: "example.com"},
		"https://example.com/?o=3#mlflow/experiments/12":              {ID: "12", Host: "example.com"},
		"http://127.0.0.1:5000/#/experiments/12":                      {ID: "12", Host: "127.0.0.1:5000"},
		"http://mlflow.test/base/#/experiments/12?searchFilter=":      {ID: "12", Host: "mlflow.test"},
		"http://mlflow.test/#/experiments/12?workspace=risk":          {ID: "12", Host: "mlflow.test", Workspace: "risk"},
		"http://mlflow.test/#/experiments/12/runs?x=1&workspace=risk": {ID: "12", Host: "mlflow.test", Workspace: "risk"},
	} {
		t.Run(text, func(t *testing.T) {
			if got, err := parseExperimentRef(text); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
	for _, text := range []string{"", " ", "churn", "12 ", "-1", "name=", "https://", "https:///ml/experiments/12", "https://example.com/",
		"https://example.com/ml/experiments/",
		"https://example.com/ml/experiments/x", "http://[::1", "0x12", strings.ToUpper(hex)} {
		t.Run("refused "+text, func(t *testing.T) {
			if got, err := parseExperimentRef(text); err == nil {
				t.Errorf("got %+v", got)
			} else if !strings.HasSuffix(err.Error(), importForms) {
				t.Errorf("got error %q, want the valid forms in it", err)
			}
		})
	}
}
