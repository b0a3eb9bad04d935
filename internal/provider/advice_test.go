package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestAdvice checks that an error names its cause and advice that can help, and no other advice.
func TestAdvice(t *testing.T) {
	t.Parallel()
	const managing = "CAN_MANAGE"
	for name, c := range map[string]struct {
		fault         emulator.Fault
		diags, unsaid []string
	}{
		"an IP access list": {
			emulator.Fault{Status: 403, Code: "PERMISSION_DENIED",
				Message: "Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"},
			[]string{"10.1.2.3", "An IP access list does not allow the IP address of this machine."}, []string{managing, "token"},
		},
		"a guard of host names": {
			emulator.Fault{Status: 403, RawBody: "Invalid Host header - possible DNS rebinding attack detected"},
			[]string{"--allowed-hosts"}, []string{managing},
		},
		"a firewall": {
			emulator.Fault{Status: 403, RawBody: "<html><title>403 Forbidden</title></html>"},
			[]string{"A proxy, firewall, or gateway in front of the server rejected the request"}, []string{managing},
		},
		"missing access": {
			emulator.Fault{Status: 403, Code: "PERMISSION_DENIED", Message: "User does not have permission"},
			[]string{"needs CAN_EDIT or CAN_MANAGE on its folder", "Ask a user with CAN_MANAGE on the folder"},
			[]string{"IP access list", "in front of"},
		},
		"too many experiments": {
			emulator.Fault{Status: 429, Code: "RESOURCE_EXHAUSTED", Message: "The workspace has reached the limit of 5000 experiments"},
			[]string{"its maximum number of experiments"}, []string{managing, "rate_limit", "tried"},
		},
		"too many requests": {
			emulator.Fault{Status: 429, Code: "REQUEST_LIMIT_EXCEEDED", Message: "Too many requests", Times: -1},
			[]string{"rate_limit", "-parallelism", "retry_timeout_seconds"}, []string{managing},
		},
		"a Git folder": {
			emulator.Fault{Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "An experiment cannot be created in a repo"},
			[]string{"does not allow experiments in Git folders"}, []string{managing},
		},
		"rejected scheme": {
			emulator.Fault{Status: 400, Code: "INVALID_PARAMETER_VALUE",
				Message: "'artifact_location' cannot use the 'abfss' scheme: " + strings.Repeat("why ", 60) +
					"Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it."},
			[]string{"variable on the server to allow it",
				"Set MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES=abfss in the environment of the server"},
			[]string{"Remove artifact_location from the configuration"},
		},
		"a location where there is none": {
			emulator.Fault{Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "artifact_location cannot be set"},
			[]string{"Remove artifact_location from the configuration"}, []string{"SCHEMES"},
		},
		"a gateway's JSON": {
			emulator.Fault{Status: 404, RawBody: `{"status":"no route"}`},
			[]string{"not from the MLflow API", "/api/2.0"}, []string{managing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			c.fault.Path = acctest.ExperimentsPath + "create"
			w.Inject(c.fault)
			d := acctest.NewProvider(t, map[string]any{"host": w.URL, "token": emulator.AdminToken, "retry_timeout_seconds": 1})
			_, got := d.Apply("mlflow_experiment", nil, map[string]any{"name": "/Shared/x"})
			for _, want := range c.diags {
				if !strings.Contains(got, want) {
					t.Errorf("got diagnostics %q, want %q", got, want)
				}
			}
			for _, unwanted := range c.unsaid {
				if strings.Contains(got, unwanted) {
					t.Errorf("got diagnostics %q, unwanted %q", got, unwanted)
				}
			}
		})
	}
}

// TestRejectedCredentials checks that the provider sends nothing after the server rejected its credentials, not even a request for a token,
// and that each further resource reports this in one line.
func TestRejectedCredentials(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]map[string]any{
		"a token":         {"token": "wrong"},
		"a client secret": {"client_id": emulator.ServicePrincipal, "client_secret": "wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			config["host"] = w.URL
			d := acctest.NewProvider(t, config)
			experiment := map[string]any{"name": "/Shared/x"}
			_, first := d.Apply("mlflow_experiment", nil, experiment)
			if !strings.Contains(first, "error: ") || strings.Contains(first, "no request was sent") {
				t.Errorf("first: got diagnostics %q", first)
			}
			w.ResetJournal()
			grants := map[string]any{"experiment_id": "1", "user_name": "ana@example.com", "permission_level": "CAN_READ"}
			for i := range 5 {
				_, again := d.Apply("mlflow_experiment", nil, map[string]any{"name": fmt.Sprintf("/Shared/%d", i)})
				_, grant := d.Apply("mlflow_experiment_permission", nil, grants)
				for _, got := range []string{again, grant} {
					if !strings.Contains(got, "no request was sent, because authentication already failed") || strings.Contains(got, "\n") {
						t.Errorf("a further one: got diagnostics %q", got)
					}
				}
			}
			if calls := w.Journal(); len(calls) > 0 {
				t.Errorf("%d more requests, first %s %s", len(calls), calls[0].Method, calls[0].Path)
			}
		})
	}
}

// TestImport_unknown checks that the import of an ID that never existed does not report a deletion or advise a restore.
func TestImport_unknown(t *testing.T) {
	t.Parallel()
	d := acctest.NewWorkspace(t).Provider(t, emulator.AdminToken)
	for kind, want := range map[string]string{
		"mlflow_experiment":             "error: Could not import experiment: Experiment 4242 was not found.\n\nCheck the ID",
		"mlflow_experiment_permissions": "error: Could not import permissions: Experiment 4242: ",
	} {
		got := d.ImportAndRead(kind, "4242")
		if !strings.HasPrefix(got, want) || strings.Contains(strings.ToLower(got), "restore") || strings.Contains(got, "any more") {
			t.Errorf("%s: got diagnostics %q, want %q", kind, got, want)
		}
	}
}

// TestNotFoundOnServer checks that the warning about a deleted experiment names the effect of the next apply, and the one about an unknown
// experiment the server.
func TestNotFoundOnServer(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{DeletedReserveName: true})
	id := w.CreateExperiment(emulator.Admin, "/Shared/x", nil)
	server := func(more ...any) *acctest.Provider {
		return acctest.NewProvider(t, acctest.AttributeValues(append([]any{"tracking_uri", w.URL, "token", emulator.AdminToken}, more...)...))
	}
	state := map[string]any{"id": id, "name": "/Shared/x", "tags_all": map[string]string{}}
	w.Trash(id)
	_, got := server().Read("mlflow_experiment", state)
	acctest.ExpectDiagnostics(
		t,
		got,
		"warning: Experiment not found, removed from state",
		"is deleted",
		"the next apply fails unless if_deleted is set",
		`if_deleted = "restore"`,
		`if_deleted = "supersede"`,
	)
	state["id"] = "4242"
	_, got = server().Read("mlflow_experiment", state)
	acctest.ExpectDiagnostics(
		t,
		got,
		"warning: Experiment not found, removed from state",
		`it was looked up in "default" only`,
		"MLFLOW_WORKSPACE",
	)
	if strings.Contains(got, "restored") {
		t.Errorf("got diagnostics %q", got)
	}
	_, got = server("workspace", "risk").Read("mlflow_experiment", state)
	acctest.ExpectDiagnostics(t, got, "warning: Experiment not found, removed from state", `it was looked up in "risk" only`)
}
