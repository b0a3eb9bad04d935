package mlflow_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// The reads of experiment 1, which is churn.
const (
	getChurn    = "GET " + experimentCalls + "get?experiment_id=1"
	byNameChurn = "GET " + experimentCalls + "get-by-name?experiment_name=churn"
	searchCall  = "POST " + experimentCalls + "search"
)

// writing is a recorded write, which is answered as it was.
func (s *scripted) writing(name string) write {
	s.t.Helper()
	e := s.exchange(name)
	return write{call: e.Call, body: string(e.Body), answer: s.as(name)}
}

// mlflowServers are all recorded servers.
var mlflowServers = []string{rbacServer, workspacesServer, listedServer, unlistedServer}

func TestExperiments_recorded(t *testing.T) {
	t.Parallel()
	for _, server := range mlflowServers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, server)
			s.answers("get", "get: missing", "get-by-name", "get-by-name: missing")
			client := s.client(&mlflow.Server{})
			byID, err := client.GetExperiment(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			if byID.Name != "churn" || byID.Deleted() || !byID.Created().Equal(time.UnixMilli(1700000000000)) || !byID.LastUpdated().Equal(byID.Created()) ||
				!maps.Equal(byID.TagMap(), map[string]string{"team": "risk"}) || byID.Kind() != mlflow.KindWorkspace {
				t.Errorf("got %+v", byID)
			}
			byName, err := client.GetExperimentByName(t.Context(), "churn")
			if err != nil || byName.ID != "1" {
				t.Errorf("by name: %+v, error %v", byName, err)
			}
			if _, err := client.GetExperiment(t.Context(), "999"); !mlflow.IsNotFound(err) {
				t.Errorf("missing: %v", err)
			}
			if _, err := client.GetExperimentByName(t.Context(), "none"); !mlflow.IsNotFound(err) {
				t.Errorf("missing by name: %v", err)
			}
			s.read(getChurn, s.as("get: deleted"))
			if e, err := client.GetExperiment(t.Context(), "1"); err != nil || !e.Deleted() {
				t.Errorf("deleted: %+v, error %v", e, err)
			}
		})
	}
}

// TestExperiments_writes: every outcome of a write, as real servers word it.
func TestExperiments_writes(t *testing.T) {
	t.Parallel()
	rename := func(c *mlflow.Client, id, name string) func(*testing.T) error {
		return func(t *testing.T) error { return c.RenameExperiment(t.Context(), id, name) }
	}
	remove := func(c *mlflow.Client, id string) func(*testing.T) error {
		return func(t *testing.T) error { return c.DeleteExperiment(t.Context(), id) }
	}
	restore := func(c *mlflow.Client, id string) func(*testing.T) error {
		return func(t *testing.T) error { return c.RestoreExperiment(t.Context(), id) }
	}
	succeeds := func(err error) bool { return err == nil }
	for name, tc := range map[string]struct {
		do   func(c *mlflow.Client) func(*testing.T) error
		want func(error) bool
	}{
		"update":          {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "churn") }, succeeds},
		"update: taken":   {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "Default") }, mlflow.IsAlreadyExists},
		"update: missing": {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "999", "x") }, mlflow.IsNotFound},
		"update: denied":  {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "x") }, mlflow.IsPermissionDenied},
		"update: deleted": {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "x") }, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "Cannot rename a non-active experiment")
		}},
		"delete":           {func(c *mlflow.Client) func(*testing.T) error { return remove(c, "1") }, succeeds},
		"delete: deleted":  {func(c *mlflow.Client) func(*testing.T) error { return remove(c, "1") }, mlflow.IsNotFound},
		"restore":          {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "1") }, succeeds},
		"restore: active":  {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "1") }, mlflow.IsNotFound},
		"restore: missing": {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "999") }, mlflow.IsNotFound},
	} {
		for _, server := range mlflowServers {
			t.Run(name+" "+server, func(t *testing.T) {
				t.Parallel()
				s := newRecorded(t, server)
				s.expect(s.writing(name))
				err := tc.do(s.client(&mlflow.Server{}))(t)
				if !tc.want(err) || err != nil && strings.Contains(err.Error(), "SQL") {
					t.Errorf("error %v", err)
				}
				if n := len(s.seen()); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
		}
	}
}

// TestRestoreIsLookedFor: a restore without a clear answer is looked for.
func TestRestoreIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		now  string
		says string
	}{
		"it took place": {"get", ""}, "it did not": {"get: deleted", "connection reset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newRecorded(t, rbacServer)
				s.read(getChurn, s.as(tc.now))
				w := s.writing("restore").answered(lost)
				for range 50 { // more than fit into the time
					s.expect(w)
				}
				err := s.client(&mlflow.Server{}, quickly).RestoreExperiment(t.Context(), "1")
				s.writes = nil
				expectError(t, err, tc.says)
			})
		})
	}
}

func TestSearch_recorded(t *testing.T) {
	t.Parallel()
	for _, server := range mlflowServers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, server)
			for name, want := range map[string]struct {
				ids     []string
				refused bool
			}{
				"search finds only Default": {ids: []string{"0"}}, "search: nothing": {}, "search: bad filter": {refused: true}, "search: bad token": {refused: true},
			} {
				s.read(searchCall, s.as(name))
				ids, err := searched(t, s.client(&mlflow.Server{}))
				if !slices.Equal(ids, want.ids) || mlflow.IsInvalid(err) != want.refused || (err != nil) != want.refused {
					t.Errorf("%s: %v, error %v", name, ids, err)
				}
			}
		})
	}
}

func searched(t *testing.T, client *mlflow.Client) (ids []string, err error) {
	t.Helper()
	for e, err := range client.SearchExperiments(t.Context(), mlflow.Search{}) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, e.ID)
		if len(ids) > 100 {
			t.Fatal("the search does not end")
		}
	}
	return ids, nil
}

// TestSearch_wrongAnswers: nothing found is only what the API says is nothing, and pages come to an end.
func TestSearch_wrongAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		says   string
	}{
		"a proxy": {ok(`{"status":"ok"}`), "experiments"}, "nothing": {answer{status: 204}, "empty"}, "a page": {pageAnswer(200, "<title>Sign in</title>"), "Sign in"},
		"an error as 200":        {ok(`{"error_code":"PERMISSION_DENIED","message":"no"}`), "PERMISSION_DENIED"},
		"an experiment of none":  {ok(`{"experiments":[{"name":"x"}]}`), "experiment"},
		"the same page for ever": {ok(`{"experiments":[{"experiment_id":"1","name":"x"}],"next_page_token":"a"}`), "same page token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.read(searchCall, tc.answer)
			_, err := searched(t, s.client(&mlflow.Server{}))
			expectError(t, err, tc.says)
		})
	}
}

// TestGet_wrongAnswers: neither "gone" nor another experiment.
func TestGet_wrongAnswers(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{
		"{}": ok(`{}`), "a proxy": ok(`{"status":"ok"}`), "nothing": {status: 204}, "a page": pageAnswer(200, "<title>Sign in</title>"),
		"another one":     ok(`{"experiment":{"experiment_id":"2","name":"other"}}`),
		"without an id":   ok(`{"experiment":{"name":"churn"}}`),
		"an error as 200": ok(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.read(getChurn, a)
			s.read(byNameChurn, a)
			client := s.client(&mlflow.Server{})
			if e, err := client.GetExperiment(t.Context(), "1"); err == nil || mlflow.IsNotFound(err) {
				t.Errorf("by id: %+v, error %v", e, err)
			}
			if e, err := client.GetExperimentByName(t.Context(), "churn"); err == nil || mlflow.IsNotFound(err) {
				t.Errorf("by name: %+v, error %v", e, err)
			}
		})
	}
}

// TestWrites_wrongAnswers: what returns nothing is answered by nothing.
func TestWrites_wrongAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		fails  bool
	}{
		"{}": {ok(`{}`), false}, "an empty body": {answer{status: 204}, false}, "a proxy": {ok(`{"status":"ok"}`), true},
		"a page": {pageAnswer(200, "<title>Sign in</title>"), true}, "an error as 200": {ok(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, rbacServer)
			s.answers("get")
			client := s.client(&mlflow.Server{})
			check := func(what string, err error) {
				t.Helper()
				if (err != nil) != tc.fails || mlflow.IsNotFound(err) {
					t.Errorf("%s: error %v", what, err)
				}
			}
			s.expect(s.writing("update").answered(tc.answer), s.writing("delete").answered(tc.answer), s.writing("set-experiment-tag").answered(tc.answer),
				s.writing("delete-experiment-tag").answered(tc.answer))
			check("rename", client.RenameExperiment(t.Context(), "1", "churn"))
			check("delete", client.DeleteExperiment(t.Context(), "1"))
			check("tag", client.SetTag(t.Context(), "1", mlflow.Tag{Key: "stage", Value: "dev"}))
			_, err := client.RemoveTag(t.Context(), "1", "stage")
			check("tag's removal", err)
		})
	}
}

func TestTags_recorded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		server  string
		writes  []string
		after   string // what get answers then
		blanked bool
		want    func(error) bool
	}{
		"removed":                      {server: rbacServer, writes: []string{"delete-experiment-tag"}, want: isNil},
		"not there":                    {server: rbacServer, writes: []string{"delete-experiment-tag: no tag"}, after: "get", want: isNil},
		"gone with the experiment":     {server: rbacServer, writes: []string{"delete-experiment-tag: no tag"}, after: "get: missing", want: mlflow.IsNotFound},
		"of a deleted one, not there":  {server: rbacServer, writes: []string{"delete-experiment-tag: no tag"}, after: "get: deleted", want: mlflow.IsNotFound},
		"of a deleted one":             {server: rbacServer, writes: []string{"delete-experiment-tag: deleted"}, want: mlflow.IsInvalid},
		"MLflow 3.12":                  {server: listedServer, writes: []string{"delete-experiment-tag"}, want: isNil},
		"MLflow 2.22 has no such call": {server: unlistedServer, writes: []string{"delete-experiment-tag"}, blanked: true, want: isNil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, tc.server)
			for _, w := range tc.writes {
				s.expect(write{call: s.exchange(w).Call, body: `{"experiment_id":"1","key":"stage"}`, answer: s.as(w)})
			}
			if tc.blanked {
				s.expect(write{call: s.exchange("set-experiment-tag").Call, body: `{"experiment_id":"1","key":"stage","value":""}`, answer: s.as("set-experiment-tag")})
			}
			if tc.after != "" {
				s.read(getChurn, s.as(tc.after))
			}
			blanked, err := s.client(&mlflow.Server{}).RemoveTag(t.Context(), "1", "stage")
			if blanked != tc.blanked || !tc.want(err) {
				t.Errorf("blanked %t, error %v", blanked, err)
			}
		})
	}
	t.Run("it is there all the same", func(t *testing.T) {
		t.Parallel()
		s := newRecorded(t, rbacServer)
		s.expect(s.writing("delete-experiment-tag: no tag"))
		s.read(getChurn, ok(`{"experiment":{"experiment_id":"1","name":"churn","tags":[{"key":"stage","value":"dev"}]}}`))
		if _, err := s.client(&mlflow.Server{}).RemoveTag(t.Context(), "1", "stage"); !mlflow.IsNotFound(err) {
			t.Errorf("error %v", err)
		}
	})
	for _, name := range []string{"set-experiment-tag: bad key", "set-experiment-tag: missing", "set-experiment-tag: deleted"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRecorded(t, rbacServer)
			w := s.writing(name)
			s.expect(w)
			id, key := "1", "k"
			if strings.Contains(name, "missing") {
				id = "999"
			}
			if strings.Contains(name, "bad key") {
				key = "a@b"
			}
			err := s.client(&mlflow.Server{}).SetTag(t.Context(), id, mlflow.Tag{Key: key, Value: "x"})
			if err == nil || mlflow.IsNotFound(err) == mlflow.IsInvalid(err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func isNil(err error) bool { return err == nil }

func TestServerTags(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"mlflow.ownerId": true, "mlflow.ownerEmail": true, "mlflow.experimentType": true, "mlflow.experiment.sourceName": true, "mlflow.sharedViewState.abc": true,
		"mlflow.note.content": false, "mlflow.experimentKind": false, "team": false,
	} {
		if got := mlflow.IsServerTag(key); got != want {
			t.Errorf("%s: %t", key, got)
		}
	}
	for want, tags := range map[string][]mlflow.Tag{
		mlflow.KindGitFolder: {{Key: "mlflow.experiment.sourceType", Value: "REPO_NOTEBOOK"}, {Key: "mlflow.experimentType", Value: "NOTEBOOK"}},
		mlflow.KindNotebook:  {{Key: "mlflow.experimentType", Value: "NOTEBOOK"}},
		mlflow.KindWorkspace: {{Key: "mlflow.experimentType", Value: "MLFLOW_EXPERIMENT"}},
	} {
		if got := (mlflow.Experiment{Tags: tags}).Kind(); got != want {
			t.Errorf("%v is a %s, want %s", tags, got, want)
		}
	}
	if e := (mlflow.Experiment{}); !e.Created().IsZero() || !e.LastUpdated().IsZero() {
		t.Error("an unknown time is not zero")
	}
}

// TestCredentialsAreRefusedOnce: after a refusal nothing more is sent.
func TestCredentialsAreRefusedOnce(t *testing.T) {
	t.Parallel()
	s := newRecorded(t, rbacServer)
	s.read(getChurn, s.as("users/current: wrong password"))
	client := s.client(&mlflow.Server{})
	if _, err := client.GetExperiment(t.Context(), "1"); !mlflow.IsUnauthenticated(err) {
		t.Errorf("error %v", err)
	}
	err := client.DeleteExperiment(t.Context(), "1")
	var notSent *mlflow.NotSentError
	if !errors.As(err, &notSent) || !mlflow.IsUnauthenticated(notSent.Refusal) {
		t.Errorf("error %v", err)
	}
	expectError(t, err, "no request was sent", "HTTP 401")
	s.expectSeen("GET " + experimentCalls + "get")
}
