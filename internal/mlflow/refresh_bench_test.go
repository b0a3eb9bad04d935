package mlflow_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	// pageSize is the number of experiments in a page of a bulk refresh, and readsPerPage the number of reads before the next page.
	pageSize     = 1000
	readsPerPage = 8
)

// pageOf returns a page with n experiments, each with the tags that Databricks adds and three tags of a user.
func pageOf(b *testing.B, n int) string {
	b.Helper()
	var page struct {
		Experiments []mlflow.Experiment `json:"experiments"`
	}
	for i := range n {
		name := fmt.Sprintf("/Projects/team-%02d/experiment-%06d", i%20, i)
		page.Experiments = append(page.Experiments, mlflow.Experiment{
			ID: fmt.Sprint(1_000_000_000_000_000 + i), Name: name, LifecycleStage: "active",
			ArtifactLocation: fmt.Sprintf("dbfs:/databricks/mlflow-tracking/%d", 1_000_000_000_000_000+i),
			CreationTime:     rest.Int64(1_700_000_000_000 + i), LastUpdateTime: rest.Int64(1_700_000_000_000 + 2*i),
			Tags: []mlflow.Tag{
				{Key: "cost-center", Value: "4711"}, {Key: "stage", Value: "production"}, {Key: "team", Value: fmt.Sprintf("team-%02d", i%20)},
				{Key: "mlflow.ownerId", Value: "1234567890"}, {Key: "mlflow.experiment.sourceName", Value: name},
				{Key: "mlflow.ownerId", Value: "1234567890"},
				{Key: "mlflow.ownerEmail", Value: "admin@example.com"}, {Key: "mlflow.experimentType", Value: "MLFLOW_EXPERIMENT"},
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
	client := mlflowtest.Client(mlflowtest.NewReplies(mlflowtest.Reply(200, body)), databricks.Backend{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range client.SearchExperiments(b.Context(), mlflow.Search{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != pageSize {
			b.Fatalf("got %d experiments, want %d", n, pageSize)
		}
	}
}

// BenchmarkRefreshExperiment reads experiments that are in a page that was already read.
func BenchmarkRefreshExperiment(b *testing.B) {
	var replies []mlflowtest.Responder
	for range readsPerPage - 1 {
		replies = append(replies, mlflowtest.Reply(200, mlflowtest.Experiment1Body))
	}
	replies = append(replies, mlflowtest.Reply(200, pageOf(b, pageSize)))
	client := mlflowtest.Client(mlflowtest.NewReplies(replies...), databricks.Backend{}, bulk)
	read := func(id string, agrees func(mlflow.Experiment) bool) {
		if e, err := client.RefreshExperiment(b.Context(), id, agrees); err != nil {
			b.Fatal(e, err)
		}
	}
	idOf := func(i int) string { return fmt.Sprint(1_000_000_000_000_000 + i%pageSize) }
	for range readsPerPage - 1 {
		read("1", func(mlflow.Experiment) bool { return false })
	}
	read(idOf(0), always) // reads the page
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		read(idOf(i), always)
	}
}

// BenchmarkGetExperiment reads an experiment directly, without the network.
func BenchmarkGetExperiment(b *testing.B) {
	client := mlflowtest.Client(mlflowtest.NewReplies(mlflowtest.Reply(200, mlflowtest.Experiment1Body)), databricks.Backend{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetExperiment(b.Context(), "1"); err != nil {
			b.Fatal(err)
		}
	}
}
