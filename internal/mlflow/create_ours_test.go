package mlflow_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// TestCreate_isOurs checks when an experiment that is found after a create without a clear response is the created one.
func TestCreate_isOurs(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for name, tc := range map[string]struct {
		response mlflowtest.Response // to the create request
		found    foundExperiment
		ours     bool
	}{
		"created just now":           {mlflowtest.LostResponse, foundExperiment{created: now}, true},
		"with a slightly slow clock": {mlflowtest.LostResponse, foundExperiment{created: now.Add(-5 * time.Second)}, true},
		"created an hour before":     {mlflowtest.LostResponse, foundExperiment{created: now.Add(-time.Hour)}, false},
		"unknown creation time":      {mlflowtest.LostResponse, foundExperiment{}, false},
		"with another tag":           {mlflowtest.LostResponse, foundExperiment{created: now, tag: "other"}, false},
		"without the tag":            {mlflowtest.LostResponse, foundExperiment{created: now, noTag: true}, false},
		"at another location":        {mlflowtest.LostResponse, foundExperiment{created: now, location: "s3://other/x"}, false},
		"deleted":                    {mlflowtest.LostResponse, foundExperiment{created: now, stage: "deleted"}, false},
		"after a clear response": {mlflowtest.Refuse(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=churn) already exists."),
			foundExperiment{created: now}, false},
		"after a page":                {mlflowtest.PageResponse(200, "<title>Sign in</title>"), foundExperiment{created: now}, true},
		"after a response of a proxy": {mlflowtest.OK(`{"status":"ok"}`), foundExperiment{created: now}, true},
		"after a leftover grant": {
			mlflowtest.Refuse(400, "RESOURCE_ALREADY_EXISTS",
				"Experiment permission (experiment_id=7, username=admin) already exists. Error: (sqlite3.IntegrityError)"),
			foundExperiment{created: now}, true,
		},
		"after an older leftover": {
			mlflowtest.Refuse(400, "RESOURCE_ALREADY_EXISTS", "Experiment permission (experiment_id=7, username=admin) already exists."),
			foundExperiment{created: now.Add(-time.Hour)}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				s.Read(mlflowtest.GetChurnByName, tc.found.response())
				s.Expect(mlflowtest.Write{
					Call: "POST " + mlflowtest.ExperimentsPath + "create", Response: tc.response,
					Body: `{"name":"churn","artifact_location":"s3://bucket/x","tags":[{"key":"team","value":"risk"}]}`,
				})
				id, err := s.Client(&server.Backend{}, mlflowtest.ShortRetryTimeout).CreateExperiment(t.Context(), mlflow.NewExperiment{
					Name: "churn", ArtifactLocation: "s3://bucket/x", Tags: []mlflow.Tag{{Key: "team", Value: "risk"}},
				}, now)
				expectCreated(t, id, err, tc.ours)
			})
		})
	}
}

// foundExperiment is the response of get-by-name: churn, ID 7, with the tag and the location that were sent unless a field differs.
type foundExperiment struct {
	created              time.Time
	tag, location, stage string
	noTag                bool
	owner                string
}

func (f foundExperiment) response() mlflowtest.Response {
	tag := `{"key":"team","value":"` + cmp.Or(f.tag, "risk") + `"}`
	if f.noTag {
		tag = `{"key":"mlflow.x","value":"y"}`
	}
	if f.owner != "" {
		tag += `,{"key":"mlflow.ownerEmail","value":"` + f.owner + `"}`
	}
	at := ""
	if !f.created.IsZero() {
		at = `,"creation_time":` + fmt.Sprint(f.created.UnixMilli())
	}
	return mlflowtest.OK(`{"experiment":{"experiment_id":"7","name":"churn","lifecycle_stage":"` + cmp.Or(f.stage, "active") +
		`","artifact_location":"` +
		cmp.Or(f.location, "s3://bucket/x") + `","tags":[` + tag + `]` + at + `}}`)
}

func expectCreated(t *testing.T, id string, err error, ours bool) {
	t.Helper()
	if ours {
		if id != "7" || err != nil {
			t.Errorf("got ID %q, error %v", id, err)
		}
		return
	}
	var taken *mlflow.TakenError
	if !errors.As(err, &taken) || taken.Experiment.ID != "7" || id != "" || taken.Unwrap() == nil ||
		!strings.Contains(err.Error(), "experiment 7") {
		t.Errorf("got ID %q, error %v", id, err)
	}
}

// TestCreate_isOursOnDatabricks checks that, on Databricks, the owner must be the caller.
func TestCreate_isOursOnDatabricks(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for owner, ours := range map[string]bool{"ana@example.com": true, "Ana@Example.com": true, "ben@example.com": false, "": false} {
		t.Run(owner, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewScripted(t)
				found := foundExperiment{created: now, owner: owner}.response()
				found.Body = strings.Replace(found.Body, `"name":"churn"`, `"name":"/Shared/churn"`, 1)
				s.Read("GET "+mlflowtest.ExperimentsPath+"get-by-name?experiment_name=%2FShared%2Fchurn", found)
				s.Read(mlflowtest.GetMe, mlflowtest.OK(`{"id":"7","userName":"ana@example.com"}`))
				s.Expect(mlflowtest.Write{Call: "POST " + mlflowtest.ExperimentsPath + "create", Body: `{"name":"/Shared/churn"}`,
					Response: mlflowtest.LostResponse})
				id, err := s.Client(databricks.Backend{}, mlflowtest.ShortRetryTimeout).CreateExperiment(t.Context(),
					mlflow.NewExperiment{Name: "/Workspace/Shared/churn/"}, now)
				expectCreated(t, id, err, ours)
			})
		})
	}
}

// TestCreate_isOursWithTraces checks that the found experiment must have the trace location that was sent.
func TestCreate_isOursWithTraces(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for name, tc := range map[string]struct {
		sent, found string // uc_trace_location
		ours        bool
	}{
		"the same": {`{"catalog":"main","schema":"traces"}`,
			`{"catalog":"main","schema":"traces","effective_table_prefix":"e7"}`, true},
		"in another case": {`{"catalog":"Main","schema":"traces"}`,
			`{"catalog":"main","schema":"TRACES","effective_table_prefix":"e7"}`, true},
		"with the prefix": {`{"catalog":"main","schema":"traces","table_prefix":"churn"}`,
			`{"catalog":"main","schema":"traces","table_prefix":"churn","effective_table_prefix":"churn"}`, true},
		"none": {`{"catalog":"main","schema":"traces"}`, ``, false},
		"another catalog": {`{"catalog":"main","schema":"traces"}`,
			`{"catalog":"dev","schema":"traces","effective_table_prefix":"e7"}`, false},
		"another schema": {`{"catalog":"main","schema":"traces"}`,
			`{"catalog":"main","schema":"other","effective_table_prefix":"e7"}`, false},
		"another prefix": {`{"catalog":"main","schema":"traces","table_prefix":"churn"}`,
			`{"catalog":"main","schema":"traces","table_prefix":"x","effective_table_prefix":"x"}`, false},
		"a prefix that was not sent": {`{"catalog":"main","schema":"traces"}`,
			`{"catalog":"main","schema":"traces","table_prefix":"x","effective_table_prefix":"x"}`, false},
		"of another kind":       {`{"catalog":"main","schema":"traces"}`, `null`, false},
		"one that was not sent": {``, `{"catalog":"main","schema":"traces","effective_table_prefix":"e7"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := func(tables string) string {
					if tables == "" {
						return ""
					}
					return `,"trace_location":{"uc_trace_location":` + tables + `}`
				}
				s := mlflowtest.NewScripted(t)
				found := foundExperiment{created: now, owner: "ana@example.com"}.response()
				found.Body = strings.Replace(found.Body, `"name":"churn"`, `"name":"/Shared/churn"`+wire(tc.found), 1)
				s.Read("GET "+mlflowtest.ExperimentsPath+"get-by-name?experiment_name=%2FShared%2Fchurn", found)
				s.Read(mlflowtest.GetMe, mlflowtest.OK(`{"id":"7","userName":"ana@example.com"}`))
				s.Expect(mlflowtest.Write{
					Call: "POST " + mlflowtest.ExperimentsPath + "create", Body: `{"name":"/Shared/churn"` + wire(tc.sent) + `}`,
					Response: mlflowtest.LostResponse,
				})
				n := mlflow.NewExperiment{Name: "/Shared/churn"}
				if tc.sent != "" {
					n.TraceLocation = &mlflow.TraceLocation{UnityCatalog: &mlflow.TraceTables{}}
					if err := json.Unmarshal([]byte(tc.sent), n.TraceLocation.UnityCatalog); err != nil {
						t.Fatal(err)
					}
				}
				id, err := s.Client(databricks.Backend{}, mlflowtest.ShortRetryTimeout).CreateExperiment(t.Context(), n, now)
				expectCreated(t, id, err, tc.ours)
			})
		})
	}
}

// TestCreate_recorded checks the responses of real servers to a create.
func TestCreate_recorded(t *testing.T) {
	t.Parallel()
	for _, recording := range mlflowtest.Servers {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, recording)
			client := s.Client(&server.Backend{})
			s.Expect(s.RecordedWrite("create"))
			id, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn", Tags: []mlflow.Tag{{Key: "team", Value: "risk"}}},
				time.Now())
			if id != "1" || err != nil {
				t.Errorf("got ID %q, error %v", id, err)
			}
			s.ExpectRequests("POST " + mlflowtest.ExperimentsPath + "create")
			s.Expect(s.RecordedWrite("create: no name"))
			if _, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{}, time.Now()); !rest.IsInvalid(err) {
				t.Errorf("without a name: got error %v, want an invalid value", err)
			}
			s.ExpectRequests("POST " + mlflowtest.ExperimentsPath + "create")
			for _, name := range []string{"create: taken", "create: taken by a deleted one"} {
				s.Expect(s.RecordedWrite(name))
				s.Replay("get-by-name")
				_, err = client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"}, time.Now().Add(-time.Hour))
				var taken *mlflow.TakenError
				if !errors.As(err, &taken) || taken.Experiment.ID != "1" || strings.Contains(err.Error(), "sqlite") {
					t.Errorf("%s: got error %v, want that the name is in use, without SQL", name, err)
				}
			}
		})
	}
}

// TestCreate_signInPage checks that the create is not retried after a web page with a success status.
func TestCreate_signInPage(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
	s.Read(mlflowtest.GetChurnByName, s.RecordedResponse("get-by-name: missing"))
	s.Expect(mlflowtest.Write{Call: "POST " + mlflowtest.ExperimentsPath + "create", Body: `{"name":"churn"}`,
		Response: mlflowtest.PageResponse(http.StatusOK, "<title>Sign in</title>")})
	_, err := s.Client(&server.Backend{}).CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"}, time.Now())
	mlflowtest.ExpectError(t, err, "Sign in")
}

// TestCreate_lookupFails checks the error if the provider cannot verify whether the experiment was created.
func TestCreate_lookupFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := mlflowtest.NewScripted(t)
		s.Read(mlflowtest.GetChurnByName, mlflowtest.Refuse(403, "PERMISSION_DENIED", "no"))
		s.Expect(mlflowtest.Write{Call: "POST " + mlflowtest.ExperimentsPath + "create", Body: `{"name":"churn"}`,
			Response: mlflowtest.LostResponse})
		_, err := s.Client(&server.Backend{}, mlflowtest.ShortRetryTimeout).CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"},
			time.Now())
		mlflowtest.ExpectError(t, err, "connection reset", "could not verify whether it was created", "PERMISSION_DENIED")
	})
}
