package content

import (
	"cmp"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// maxHistory is the default and the maximum number of values on a page of metrics/get-history.
const maxHistory = 25_000

// metricHistory serves metrics/get-history: by time, then by step, then as they were logged.
func (s *Store) metricHistory(c *wire.Call) (any, error) {
	r, err := s.queriedRun(c)
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	key := q.Get("metric_key")
	if key == "" {
		return nil, wire.MissingParameter("metric_key")
	}
	asked, err := queryLimit(q)
	if err != nil {
		return nil, err
	}
	limit, err := paging.Limit(asked, maxHistory, maxHistory)
	if err != nil {
		return nil, err
	}
	from, err := paging.Decode(q.Get("page_token"), paging.ID([]string{r.id, key}))
	if err != nil {
		return nil, err
	}
	all := slices.Clone(r.metrics[key])
	slices.SortStableFunc(all, func(a, b metric) int {
		return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step))
	})
	var out struct {
		Metrics       []metric `json:"metrics,omitempty"`
		NextPageToken string   `json:"next_page_token,omitempty"`
	}
	out.Metrics, out.NextPageToken = paging.Cut(all, from, limit)
	return out, nil
}
