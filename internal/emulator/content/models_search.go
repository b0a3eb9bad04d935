package content

import (
	"fmt"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// searchModels serves logged-models/search. Datasets narrow down the metrics of conditions.
func (s *Store) searchModels(c *wire.Call) (any, error) {
	var in struct {
		search
		Datasets []modelsDataset `json:"datasets"`
		OrderBy  []modelsOrder   `json:"order_by"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	for _, o := range in.OrderBy {
		in.order = append(in.order, o.clause())
	}
	for _, d := range in.Datasets {
		if d.Name == "" {
			return nil, wire.MissingParameter("datasets.dataset_name")
		}
	}
	in.extra = fmt.Sprint(in.Datasets)
	found, next, err := modelKind.page(s, c, in.search, func(i *items) []modelOfDatasets { return i.activeModels(in.Datasets) })
	if err != nil {
		return nil, err
	}
	var out struct {
		Models        []modelJSON `json:"models,omitempty"`
		NextPageToken string      `json:"next_page_token,omitempty"`
	}
	for _, m := range found {
		out.Models = append(out.Models, m.json())
	}
	out.NextPageToken = next
	return out, nil
}

// modelsDataset names datasets in a search for logged models. Without a digest, it is all of that name.
type modelsDataset struct {
	Name   string `json:"dataset_name"`
	Digest string `json:"dataset_digest"`
}

// modelsOrder is an entry of order_by in a search for logged models. Its datasets are ignored.
type modelsOrder struct {
	FieldName string `json:"field_name"`
	Ascending *bool  `json:"ascending"`
}

func (o modelsOrder) clause() string {
	if o.Ascending != nil && !*o.Ascending {
		return o.FieldName + " DESC"
	}
	return o.FieldName + " ASC"
}

// modelOfDatasets is a logged model of which a search sees the metrics of some datasets; of all if there are none.
type modelOfDatasets struct {
	*model
	datasets []modelsDataset
}

func (i *items) activeModels(datasets []modelsDataset) []modelOfDatasets {
	var models []modelOfDatasets
	for _, m := range i.models {
		if !m.deleted {
			models = append(models, modelOfDatasets{m, datasets})
		}
	}
	return models
}

// sees reports whether a metric belongs to the datasets.
func (m modelOfDatasets) sees(value metric) bool {
	for _, d := range m.datasets {
		if value.DatasetName == d.Name && (d.Digest == "" || value.DatasetDigest == d.Digest) {
			return true
		}
	}
	return len(m.datasets) == 0
}

// Satisfies implements [paging.Object].
func (m modelOfDatasets) Satisfies(c filter.Condition) bool {
	switch c.Field {
	case filter.Metric:
		for _, value := range m.metrics {
			if value.Key == c.Key && m.sees(value) && c.MatchesNumber(float64(value.Value)) {
				return true
			}
		}
		return false
	case filter.CreationTimestamp:
		return c.MatchesNumber(float64(m.created))
	case filter.LastUpdatedTimestamp:
		return c.MatchesNumber(float64(m.updated))
	}
	text, ok := m.text(c.Field, c.Key)
	return ok && c.MatchesText(text)
}

// Value implements [paging.Object].
func (m modelOfDatasets) Value(o filter.Ordering) paging.Value {
	switch o.Field {
	case filter.Metric:
		for _, value := range m.metrics {
			if value.Key == o.Key && m.sees(value) {
				return paging.Number(float64(value.Value), true)
			}
		}
		return paging.Number(0, false)
	case filter.CreationTimestamp:
		return paging.Number(float64(m.created), true)
	case filter.LastUpdatedTimestamp:
		return paging.Number(float64(m.updated), true)
	}
	return paging.Text(m.text(o.Field, o.Key))
}

// text returns the value of a field that is a text, and whether the logged model has it.
func (m *model) text(field, key string) (string, bool) {
	switch field {
	case filter.Param:
		value, ok := m.params[key]
		return value, ok
	case filter.Tag:
		value, ok := m.tags[key]
		return value, ok
	case filter.Name:
		return m.name, true
	case filter.ModelType:
		return m.kind, m.kind != ""
	case filter.Status:
		return m.status, true
	case filter.SourceRunID:
		return m.sourceRunID, m.sourceRunID != ""
	case filter.ArtifactURI:
		return m.artifactURI, true
	}
	return m.id, true
}
