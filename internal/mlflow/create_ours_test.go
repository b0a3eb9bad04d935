package mlflow_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// TestCreate_isOurs: what is found after a create without a clear answer is ours only if everything says so.
func TestCreate_isOurs(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for name, tc := range map[string]struct {
		answer answer // to the create
		found  foundExperiment
		ours   bool
	}{
		"made just now":                    {lost, foundExperiment{created: now}, true},
		"by a clock that is a little slow": {lost, foundExperiment{created: now.Add(-5 * time.Second)}, true},
		"made an hour before":              {lost, foundExperiment{created: now.Add(-time.Hour)}, false},
		"made at an unknown time":          {lost, foundExperiment{}, false},
		"with another tag":                 {lost, foundExperiment{created: now, tag: "other"}, false},
		"without the tag":                  {lost, foundExperiment{created: now, noTag: true}, false},
		"at another location":              {lost, foundExperiment{created: now, location: "s3://other/x"}, false},
		"deleted":                          {lost, foundExperiment{created: now, stage: "deleted"}, false},
		"after a clear answer":             {refuse(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=churn) already exists."), foundExperiment{created: now}, false},
		"after a page":                     {pageAnswer(200, "<title>Sign in</title>"), foundExperiment{created: now}, true},
		"after a proxy's answer":           {ok(`{"status":"ok"}`), foundExperiment{created: now}, true},
		"after a leftover grant": {
			refuse(400, "RESOURCE_ALREADY_EXISTS", "Experiment permission (experiment_id=7, username=admin) already exists. Error: (sqlite3.IntegrityError)"),
			foundExperiment{created: now}, true,
		},
		"after an older leftover": {
			refuse(400, "RESOURCE_ALREADY_EXISTS", "Experiment permission (experiment_id=7, username=admin) already exists."),
			foundExperiment{created: now.Add(-time.Hour)}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(t)
				s.read(byNameChurn, tc.found.answer())
				s.expect(write{
					call: "POST " + experimentCalls + "create", answer: tc.answer,
					body: `{"name":"churn","artifact_location":"s3://bucket/x","tags":[{"key":"team","value":"risk"}]}`,
				})
				id, err := s.client(&mlflow.Server{}, quickly).CreateExperiment(t.Context(), mlflow.NewExperiment{
					Name: "churn", ArtifactLocation: "s3://bucket/x", Tags: []mlflow.Tag{{Key: "team", Value: "risk"}},
				}, now)
				expectOurs(t, id, err, tc.ours)
			})
		})
	}
}

// foundExperiment is what get-by-name finds: churn, id 7, with the tag and the location that were sent unless it says otherwise.
type foundExperiment struct {
	created              time.Time
	tag, location, stage string
	noTag                bool
	owner                string
}

func (f foundExperiment) answer() answer {
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
	return ok(`{"experiment":{"experiment_id":"7","name":"churn","lifecycle_stage":"` + cmp.Or(f.stage, "active") + `","artifact_location":"` +
		cmp.Or(f.location, "s3://bucket/x") + `","tags":[` + tag + `]` + at + `}}`)
}

func expectOurs(t *testing.T, id string, err error, ours bool) {
	t.Helper()
	if ours {
		if id != "7" || err != nil {
			t.Errorf("id %q, error %v", id, err)
		}
		return
	}
	var taken *mlflow.TakenError
	if !errors.As(err, &taken) || taken.Experiment.ID != "7" || id != "" || taken.Unwrap() == nil || !strings.Contains(err.Error(), "experiment 7") {
		t.Errorf("id %q, error %v", id, err)
	}
}

// TestCreate_isOursOnDatabricks: there the owner tells too.
func TestCreate_isOursOnDatabricks(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for owner, ours := range map[string]bool{"ana@example.com": true, "Ana@Example.com": true, "ben@example.com": false, "": false} {
		t.Run(owner, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(t)
				found := foundExperiment{created: now, owner: owner}.answer()
				found.body = strings.Replace(found.body, `"name":"churn"`, `"name":"/Shared/churn"`, 1)
				s.read("GET "+experimentCalls+"get-by-name?experiment_name=%2FShared%2Fchurn", found)
				s.read(meCall, ok(`{"id":"7","userName":"ana@example.com"}`))
				s.expect(write{call: "POST " + experimentCalls + "create", body: `{"name":"/Shared/churn"}`, answer: lost})
				id, err := s.client(mlflow.Databricks{}, quickly).CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "/Workspace/Shared/churn/"}, now)
				expectOurs(t, id, err, ours)
			})
		})
	}
}

// TestCreate_recorded: what real servers answer to a create.
func TestCreate_recorded(t *testing.T) {
	t.Parallel()
	for _, server := range mlflowServers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, server)
			client := s.client(&mlflow.Server{})
			s.expect(s.writing("create"))
			id, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn", Tags: []mlflow.Tag{{Key: "team", Value: "risk"}}}, time.Now())
			if id != "1" || err != nil {
				t.Errorf("id %q, error %v", id, err)
			}
			s.expectSeen("POST " + experimentCalls + "create")
			s.expect(s.writing("create: no name"))
			if _, err := client.CreateExperiment(t.Context(), mlflow.NewExperiment{}, time.Now()); !mlflow.IsInvalid(err) {
				t.Errorf("without a name: error %v", err)
			}
			s.expectSeen("POST " + experimentCalls + "create")
			for _, name := range []string{"create: taken", "create: taken by a deleted one"} {
				s.expect(s.writing(name))
				s.answers("get-by-name")
				_, err = client.CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"}, time.Now().Add(-time.Hour))
				var taken *mlflow.TakenError
				if !errors.As(err, &taken) || taken.Experiment.ID != "1" || strings.Contains(err.Error(), "sqlite") {
					t.Errorf("%s: error %v", name, err)
				}
			}
		})
	}
}

// TestCreate_wordsOfALoginPage: a page in place of an answer will not turn into one, so the create is not sent again.
func TestCreate_wordsOfALoginPage(t *testing.T) {
	t.Parallel()
	s := newRecorded(t, rbacServer)
	s.read(byNameChurn, s.as("get-by-name: missing"))
	s.expect(write{call: "POST " + experimentCalls + "create", body: `{"name":"churn"}`, answer: pageAnswer(http.StatusOK, "<title>Sign in</title>")})
	_, err := s.client(&mlflow.Server{}).CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"}, time.Now())
	expectError(t, err, "Sign in")
}

// TestCreate_lookFails: when nobody can tell whether it was created, the error says so.
func TestCreate_lookFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t)
		s.read(byNameChurn, refuse(403, "PERMISSION_DENIED", "no"))
		s.expect(write{call: "POST " + experimentCalls + "create", body: `{"name":"churn"}`, answer: lost})
		_, err := s.client(&mlflow.Server{}, quickly).CreateExperiment(t.Context(), mlflow.NewExperiment{Name: "churn"}, time.Now())
		expectError(t, err, "connection reset", "could not verify whether it was created", "PERMISSION_DENIED")
	})
}
