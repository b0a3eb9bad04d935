package mlflow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// pageOf is a search's answer with n experiments, each with the tags that a Databricks workspace adds and three of a person's.
func pageOf(b *testing.B, n int) string {
	b.Helper()
	var page searchPage
	for i := range n {
		name := fmt.Sprintf("/Projects/team-%02d/experiment-%06d", i%20, i)
		page.Experiments = append(page.Experiments, Experiment{
			ID: fmt.Sprint(1_000_000_000_000_000 + i), Name: name, LifecycleStage: "active",
			ArtifactLocation: fmt.Sprintf("dbfs:/databricks/mlflow-tracking/%d", 1_000_000_000_000_000+i),
			CreationTime:     Int64(1_700_000_000_000 + i), LastUpdateTime: Int64(1_700_000_000_000 + 2*i),
			Tags: []Tag{
				{"cost-center", "4711"}, {"stage", "production"}, {"team", fmt.Sprintf("team-%02d", i%20)},
				{"mlflow.ownerId", "1234567890"}, {"mlflow.experiment.sourceName", name}, {"mlflow.ownerId", "1234567890"},
				{"mlflow.ownerEmail", "admin@example.com"}, {"mlflow.experimentType", "MLFLOW_EXPERIMENT"},
			},
		})
	}
	text, err := json.Marshal(page)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// BenchmarkSearchPage reads one full page, as bulk refresh does.
func BenchmarkSearchPage(b *testing.B) {
	body := pageOf(b, pageSize)
	client := testClient(&answers{list: []func() (*http.Response, error){reply(200, body)}})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := client.searchPage(b.Context(), searchRequest{MaxResults: pageSize}, true)
		if err != nil || len(page.Experiments) != pageSize {
			b.Fatalf("%d experiments, %v", len(page.Experiments), err)
		}
	}
}

// BenchmarkRefreshExperiment reads experiments that are on a page already.
func BenchmarkRefreshExperiment(b *testing.B) {
	client := testClient(&answers{list: []func() (*http.Response, error){reply(200, pageOf(b, pageSize))}}, func(o *Options) { o.BulkRefresh = true })
	read := func(i int) {
		e, err := client.RefreshExperiment(b.Context(), fmt.Sprint(1_000_000_000_000_000+i%pageSize), func(Experiment) bool { return true })
		if err != nil {
			b.Fatal(e, err)
		}
	}
	client.refresher.reads = readsPerPage // so that the first read below reads the page
	read(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		read(i)
	}
}

// BenchmarkGetExperiment reads an experiment directly, without the network.
func BenchmarkGetExperiment(b *testing.B) {
	client := testClient(&answers{list: []func() (*http.Response, error){reply(200, okBody)}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetExperiment(b.Context(), "1"); err != nil {
			b.Fatal(err)
		}
	}
}
