package main

import (
	"os"
	"testing"
)

func TestQuietLogs(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  map[string]string
		want string // of TF_LOG_SDK and TF_LOG_PROVIDER_MLFLOW
	}{
		{"no logs enabled", nil, "off"},
		{"logs of the CLI only", map[string]string{"TF_LOG_CORE": "TRACE"}, "off"},
		{"all logs", map[string]string{"TF_LOG": "DEBUG"}, ""},
		{"logs of providers", map[string]string{"TF_LOG_PROVIDER": "TRACE"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, name := range []string{"TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_PROVIDER_MLFLOW"} {
				t.Setenv(name, tc.set[name])
			}
			quietLogs()
			for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MLFLOW"} {
				if got := os.Getenv(name); got != tc.want {
					t.Errorf("%s is %q, want %q", name, got, tc.want)
				}
			}
		})
	}
}
