package mlflow_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var maxResults = regexp.MustCompile(`"max_results":(\d+)`)

// TestSearchRunRefs checks the sizes of the requested pages.
func TestSearchRunRefs(t *testing.T) {
	t.Parallel()
	page := mlflowtest.Reply(200, runsPage(runA+","+runB))
	timeout, tooMany := mlflowtest.Reply(504, "<html>Gateway Timeout</html>"), mlflowtest.Reply(429,
		`{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}`)
	invalid := mlflowtest.Reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"no"}`)
	cut := mlflowtest.Fail(errors.New("connection reset"))
	for name, tc := range map[string]struct {
		backend mlflow.Backend
		limit   int
		replies []mlflowtest.Responder
		sizes   []string
		ok      bool
	}{
		"as many as are asked for": {databricks.Backend{}, 20_000, []mlflowtest.Responder{page}, []string{"20001"}, true},
		"the maximum":              {databricks.Backend{}, 1_000_000, []mlflowtest.Responder{page}, []string{"50000"}, true},
		"not in time": {databricks.Backend{}, 1_000_000, []mlflowtest.Responder{timeout, cut, page},
			[]string{"50000", "12500", "3125"}, true},
		"too often": {databricks.Backend{}, 10_000, []mlflowtest.Responder{tooMany, page}, []string{"10001", "2500"}, true},
		"a small page is repeated": {databricks.Backend{}, 1500, []mlflowtest.Responder{timeout, timeout, page},
			[]string{"1501", "1000", "1000"}, true},
		"rejected":                   {databricks.Backend{}, 1_000_000, []mlflowtest.Responder{invalid}, []string{"50000"}, false},
		"small pages on a server":    {&server.Backend{}, 1_000_000, []mlflowtest.Responder{page}, []string{"1000"}, true},
		"a small limit on a server":  {&server.Backend{}, 1, []mlflowtest.Responder{page}, []string{"2"}, true},
		"a small limit, not in time": {databricks.Backend{}, 1, []mlflowtest.Responder{timeout, page}, []string{"2", "2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replies := mlflowtest.NewReplies(tc.replies...)
			var sizes []string
			c := mlflowtest.Client(mlflowtest.RoundTripFunc(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				sizes = append(sizes, maxResults.FindStringSubmatch(string(body))[1])
				r.Body = io.NopCloser(bytes.NewReader(body))
				return replies.RoundTrip(r)
			}), tc.backend)
			refs, more, err := c.SearchRunRefs(t.Context(), mlflow.RunQuery{ExperimentIDs: []string{"7"}, Limit: tc.limit})
			if (err == nil) != tc.ok || tc.ok && (len(refs) != min(2, tc.limit) || refs[0] != mlflow.RunRef{ID: "a", ExperimentID: "7"} ||
				more != (tc.limit == 1)) {
				t.Errorf("got refs %v, more %v, error %v", refs, more, err)
			}
			if !slices.Equal(sizes, tc.sizes) {
				t.Errorf("page sizes %q, want %q", sizes, tc.sizes)
			}
		})
	}
}
