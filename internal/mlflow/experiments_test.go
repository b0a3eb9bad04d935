package mlflow_test

import (
	"errors"
	"io"
	"maps"
	"slices"
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

func TestExperiments_recorded(t *testing.T) {
	t.Parallel()
	for _, recording := range mlflowtest.Servers {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, recording)
			s.Replay("get", "get: missing", "get-by-name", "get-by-name: missing")
			client := s.Client(&server.Backend{})
			byID, err := client.GetExperiment(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			if byID.Name != "churn" || byID.Deleted() || !byID.Created().Equal(time.UnixMilli(1700000000000)) ||
				!byID.LastUpdated().Equal(byID.Created()) ||
				!maps.Equal(byID.TagMap(), map[string]string{"team": "risk"}) || byID.Kind() != mlflow.KindWorkspace {
				t.Errorf("got %+v by ID", byID)
			}
			byName, err := client.GetExperimentByName(t.Context(), "churn")
			if err != nil || byName.ID != "1" {
				t.Errorf("by name: got %+v, error %v; want ID 1", byName, err)
			}
			if _, err := client.GetExperiment(t.Context(), "999"); !rest.IsNotFound(err) {
				t.Errorf("missing: got error %v, want not found", err)
			}
			if _, err := client.GetExperimentByName(t.Context(), "none"); !rest.IsNotFound(err) {
				t.Errorf("missing by name: got error %v, want not found", err)
			}
			s.Read(mlflowtest.GetChurn, s.RecordedResponse("get: deleted"))
			if e, err := client.GetExperiment(t.Context(), "1"); err != nil || !e.Deleted() {
				t.Errorf("got %+v, error %v; want a deleted one", e, err)
			}
		})
	}
}

// TestExperiments_writes checks each outcome of a write, with the responses of real servers.
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
		"update: taken":   {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "Default") }, rest.IsAlreadyExists},
		"update: missing": {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "999", "x") }, rest.IsNotFound},
		"update: denied":  {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "x") }, rest.IsPermissionDenied},
		"update: deleted": {func(c *mlflow.Client) func(*testing.T) error { return rename(c, "1", "x") }, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "Cannot rename a non-active experiment")
		}},
		"delete":           {func(c *mlflow.Client) func(*testing.T) error { return remove(c, "1") }, succeeds},
		"delete: deleted":  {func(c *mlflow.Client) func(*testing.T) error { return remove(c, "1") }, rest.IsNotFound},
		"restore":          {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "1") }, succeeds},
		"restore: active":  {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "1") }, rest.IsNotFound},
		"restore: missing": {func(c *mlflow.Client) func(*testing.T) error { return restore(c, "999") }, rest.IsNotFound},
	} {
		for _, recording := range mlflowtest.Servers {
			t.Run(name+" "+recording, func(t *testing.T) {
				t.Parallel()
				s := mlflowtest.NewRecorded(t, recording)
				s.Expect(s.RecordedWrite(name))
				err := tc.do(s.Client(&server.Backend{}))(t)
				if !tc.want(err) || err != nil && strings.Contains(err.Error(), "SQL") {
					t.Errorf("got error %v", err)
				}
				if n := len(s.Requests()); n != 1 {
					t.Errorf("got %d requests, want 1", n)
				}
			})
		}
	}
}

// TestRestore_lookup checks that the experiment is looked up after a restore without a clear response.
func TestRestore_lookup(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		now     string
		wantErr string
	}{
		"it had the effect": {"get", ""}, "it did not": {"get: deleted", "connection reset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
				s.Read(mlflowtest.GetChurn, s.RecordedResponse(tc.now))
				w := s.RecordedWrite("restore").WithResponse(mlflowtest.LostResponse)
				for range 50 { // more than the retry timeout allows
					s.Expect(w)
				}
				err := s.Client(&server.Backend{}, mlflowtest.ShortRetryTimeout).RestoreExperiment(t.Context(), "1")
				s.ExpectNoMore()
				mlflowtest.ExpectError(t, err, tc.wantErr)
			})
		})
	}
}

func TestSearch_recorded(t *testing.T) {
	t.Parallel()
	for _, recording := range mlflowtest.Servers {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, recording)
			for name, want := range map[string]struct {
				ids     []string
				refused bool
			}{
				"search finds only Default": {ids: []string{"0"}}, "search: nothing": {}, "search: bad filter": {refused: true},
				"search: bad token": {refused: true},
			} {
				s.Read(mlflowtest.SearchExperiments, s.RecordedResponse(name))
				ids, err := searched(t, s.Client(&server.Backend{}))
				if !slices.Equal(ids, want.ids) || rest.IsInvalid(err) != want.refused || (err != nil) != want.refused {
					t.Errorf("%s: got IDs %v, error %v; want %v", name, ids, err, want.ids)
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
			t.Fatal("got more than 100 experiments: the search does not end")
		}
	}
	return ids, nil
}

// TestSearch_invalidResponses checks that only a response of the API reports no results, and that the pages end.
func TestSearch_invalidResponses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		response mlflowtest.Response
		wantErr  string
	}{
		"a proxy": {mlflowtest.OK(`{"status":"ok"}`), "experiments"}, "nothing": {mlflowtest.Response{Status: 204}, "empty"},
		"a page":              {mlflowtest.PageResponse(200, "<title>Sign in</title>"), "Sign in"},
		"an error as 200":     {mlflowtest.OK(`{"error_code":"PERMISSION_DENIED","message":"no"}`), "PERMISSION_DENIED"},
		"an empty experiment": {mlflowtest.OK(`{"experiments":[{"name":"x"}]}`), "experiment"},
		"the same page repeatedly": {mlflowtest.OK(`{"experiments":[{"experiment_id":"1","name":"x"}],"next_page_token":"a"}`),
			"same page token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(mlflowtest.SearchExperiments, tc.response)
			_, err := searched(t, s.Client(&server.Backend{}))
			mlflowtest.ExpectError(t, err, tc.wantErr)
		})
	}
}

// TestGet_invalidResponses checks that an invalid response is neither "not found" nor another experiment.
func TestGet_invalidResponses(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]mlflowtest.Response{
		"{}": mlflowtest.OK(`{}`), "a proxy": mlflowtest.OK(`{"status":"ok"}`), "nothing": {Status: 204},
		"a page":          mlflowtest.PageResponse(200, "<title>Sign in</title>"),
		"another one":     mlflowtest.OK(`{"experiment":{"experiment_id":"2","name":"other"}}`),
		"without an id":   mlflowtest.OK(`{"experiment":{"name":"churn"}}`),
		"an error as 200": mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(mlflowtest.GetChurn, a)
			s.Read(mlflowtest.GetChurnByName, a)
			client := s.Client(&server.Backend{})
			if e, err := client.GetExperiment(t.Context(), "1"); err == nil || rest.IsNotFound(err) {
				t.Errorf("by ID: got %+v, error %v; want an error other than not found", e, err)
			}
			if e, err := client.GetExperimentByName(t.Context(), "churn"); err == nil || rest.IsNotFound(err) {
				t.Errorf("by name: got %+v, error %v; want an error other than not found", e, err)
			}
		})
	}
}

// TestWrites_invalidResponses checks that a call that returns nothing accepts no other response.
func TestWrites_invalidResponses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		response mlflowtest.Response
		fails    bool
	}{
		"{}": {mlflowtest.OK(`{}`), false}, "an empty body": {mlflowtest.Response{Status: 204}, false},
		"a proxy":         {mlflowtest.OK(`{"status":"ok"}`), true},
		"a page":          {mlflowtest.PageResponse(200, "<title>Sign in</title>"), true},
		"an error as 200": {mlflowtest.OK(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}`), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
			s.Replay("get")
			client := s.Client(&server.Backend{})
			check := func(what string, err error) {
				t.Helper()
				if (err != nil) != tc.fails || rest.IsNotFound(err) {
					t.Errorf("%s: got error %v, want one %t", what, err, tc.fails)
				}
			}
			s.Expect(s.RecordedWrite("update").WithResponse(tc.response), s.RecordedWrite("delete").WithResponse(tc.response),
				s.RecordedWrite("set-experiment-tag").WithResponse(tc.response),
				s.RecordedWrite("delete-experiment-tag").WithResponse(tc.response))
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
		after   string // the response of get after it
		cleared bool
		want    func(error) bool
	}{
		"removed": {server: mlflowtest.RBACServer, writes: []string{"delete-experiment-tag"}, want: isNil},
		"not there": {server: mlflowtest.RBACServer, writes: []string{"delete-experiment-tag: no tag"}, after: "get",
			want: isNil},
		"not found with the experiment": {server: mlflowtest.RBACServer, writes: []string{"delete-experiment-tag: no tag"},
			after: "get: missing", want: rest.IsNotFound},
		"of a deleted one, not there": {server: mlflowtest.RBACServer, writes: []string{"delete-experiment-tag: no tag"},
			after: "get: deleted", want: rest.IsNotFound},
		"of a deleted one": {server: mlflowtest.RBACServer, writes: []string{"delete-experiment-tag: deleted"},
			want: rest.IsInvalid},
		"MLflow 3.12": {server: mlflowtest.LegacyServer, writes: []string{"delete-experiment-tag"}, want: isNil},
		"MLflow 2.22 has no such endpoint": {server: mlflowtest.LegacyServerWithoutList, writes: []string{"delete-experiment-tag"}, cleared: true,
			want: isNil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, tc.server)
			for _, w := range tc.writes {
				s.Expect(mlflowtest.Write{Call: s.Exchange(w).Call, Body: `{"experiment_id":"1","key":"stage"}`, Response: s.RecordedResponse(w)})
			}
			if tc.cleared {
				s.Expect(mlflowtest.Write{Call: s.Exchange("set-experiment-tag").Call, Body: `{"experiment_id":"1","key":"stage","value":""}`,
					Response: s.RecordedResponse("set-experiment-tag")})
			}
			if tc.after != "" {
				s.Read(mlflowtest.GetChurn, s.RecordedResponse(tc.after))
			}
			cleared, err := s.Client(&server.Backend{}).RemoveTag(t.Context(), "1", "stage")
			if cleared != tc.cleared || !tc.want(err) {
				t.Errorf("got cleared %t, error %v; want %t", cleared, err, tc.cleared)
			}
		})
	}
	t.Run("it is there all the same", func(t *testing.T) {
		t.Parallel()
		s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
		s.Expect(s.RecordedWrite("delete-experiment-tag: no tag"))
		s.Read(mlflowtest.GetChurn, mlflowtest.OK(`{"experiment":{"experiment_id":"1","name":"churn","tags":[{"key":"stage","value":"dev"}]}}`))
		if _, err := s.Client(&server.Backend{}).RemoveTag(t.Context(), "1", "stage"); !rest.IsNotFound(err) {
			t.Errorf("got error %v, want not found", err)
		}
	})
	for _, name := range []string{"set-experiment-tag: bad key", "set-experiment-tag: missing", "set-experiment-tag: deleted"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
			w := s.RecordedWrite(name)
			s.Expect(w)
			id, key := "1", "k"
			if strings.Contains(name, "missing") {
				id = "999"
			}
			if strings.Contains(name, "bad key") {
				key = "a@b"
			}
			err := s.Client(&server.Backend{}).SetTag(t.Context(), id, mlflow.Tag{Key: key, Value: "x"})
			if err == nil || rest.IsNotFound(err) == rest.IsInvalid(err) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func isNil(err error) bool { return err == nil }

func TestServerTags(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"mlflow.ownerId": true, "mlflow.ownerEmail": true, "mlflow.experimentType": true, "mlflow.experiment.sourceName": true,
		"mlflow.sharedViewState.abc": true,
		"mlflow.note.content":        false, "mlflow.experimentKind": false, "team": false,
	} {
		if got := mlflow.IsServerTag(key); got != want {
			t.Errorf("%s: got %t, want %t", key, got, want)
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
		t.Error("got a time of an experiment without times, want zero")
	}
}

// TestCredentialsAreRefusedOnce checks that no request is sent after the credentials were rejected.
func TestCredentialsAreRefusedOnce(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewRecorded(t, mlflowtest.RBACServer)
	s.Read(mlflowtest.GetChurn, s.RecordedResponse("users/current: wrong password"))
	client := s.Client(&server.Backend{})
	if _, err := client.GetExperiment(t.Context(), "1"); !rest.IsUnauthenticated(err) {
		t.Errorf("got error %v, want unauthenticated", err)
	}
	err := client.DeleteExperiment(t.Context(), "1")
	var notSent *rest.NotSentError
	if !errors.As(err, &notSent) || !rest.IsUnauthenticated(notSent.Refusal) {
		t.Errorf("got error %v", err)
	}
	mlflowtest.ExpectError(t, err, "no request was sent", "HTTP 401")
	s.ExpectRequests("GET " + mlflowtest.ExperimentsPath + "get")
}

func TestSearchPagesUntilTheTokenIsEmpty(t *testing.T) {
	a := mlflowtest.NewReplies(
		mlflowtest.Reply(200, `{"experiments":[{"experiment_id":"1"}],"next_page_token":"a"}`),
		mlflowtest.Reply(200, `{"next_page_token":"b"}`), // an empty page that is not the last one
		mlflowtest.Reply(200, `{"experiments":[{"experiment_id":"2"}]}`),
	)
	var ids []string
	for e, err := range mlflowtest.Client(a, databricks.Backend{}).SearchExperiments(t.Context(),
		mlflow.Search{Filter: "name = 'x'", ViewType: "ALL"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if strings.Join(ids, ",") != "1,2" || len(a.Sent) != 3 {
		t.Errorf("got %v in %d requests, want 1,2 in 3", ids, len(a.Sent))
	}
	body, _ := io.ReadAll(a.Sent[2].Body)
	for _, part := range []string{`"page_token":"b"`, `"filter":"name = 'x'"`, `"view_type":"ALL"`, `"max_results":1000`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the third request is %s, want %s in it", body, part)
		}
	}
}
