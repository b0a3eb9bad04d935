package content

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// tagModelHistory is the tag that lists the models that were logged with log-model.
const tagModelHistory = "mlflow.log-model.history"

// dataset is a dataset on the wire.
type dataset struct {
	Name       string `json:"name"`
	Digest     string `json:"digest"`
	SourceType string `json:"source_type"`
	Source     string `json:"source"`
	Schema     string `json:"schema,omitempty"`
	Profile    string `json:"profile,omitempty"`
}

// datasetInput is a dataset that a run used.
type datasetInput struct {
	Tags    []keyValue `json:"tags,omitempty"`
	Dataset dataset    `json:"dataset"`
}

// modelInput is a logged model that a run used.
type modelInput struct {
	ModelID string `json:"model_id"`
}

// modelOutput is a logged model that a run created.
type modelOutput struct {
	ModelID string     `json:"model_id"`
	Step    wire.Int64 `json:"step"`
}

func (d dataset) check() error {
	for _, field := range []struct{ name, value string }{
		{"name", d.Name}, {"digest", d.Digest}, {"source_type", d.SourceType}, {"source", d.Source},
	} {
		if field.value == "" {
			return wire.MissingParameter("dataset." + field.name)
		}
	}
	return nil
}

// logInputs serves log-inputs. Datasets and models that the run already has are not added again.
func (s *Store) logInputs(c *wire.Call) (any, error) {
	var in struct {
		runRef
		Datasets []datasetInput `json:"datasets"`
		Models   []modelInput   `json:"models"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	for _, d := range in.Datasets {
		if err := d.Dataset.check(); err != nil {
			return nil, err
		}
	}
	for _, d := range in.Datasets {
		known := func(other datasetInput) bool {
			return other.Dataset.Name == d.Dataset.Name && other.Dataset.Digest == d.Dataset.Digest
		}
		if !slices.ContainsFunc(r.datasets, known) {
			r.datasets = append(r.datasets, d)
		}
	}
	for _, m := range in.Models {
		if !slices.Contains(r.models, m) {
			r.models = append(r.models, m)
		}
	}
	return wire.Empty{}, nil
}

// logOutputs serves runs/outputs.
func (s *Store) logOutputs(c *wire.Call) (any, error) {
	var in struct {
		runRef
		Models []modelOutput `json:"models"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	r.outputs = append(r.outputs, in.Models...)
	return wire.Empty{}, nil
}

// logModel serves log-model, which appends to a tag of the run.
func (s *Store) logModel(c *wire.Call) (any, error) {
	var in struct {
		runRef
		ModelJSON string `json:"model_json"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	if in.ModelJSON == "" {
		return nil, wire.MissingParameter("model_json")
	}
	var described map[string]json.RawMessage
	if err := json.Unmarshal([]byte(in.ModelJSON), &described); err != nil {
		return nil, wire.InvalidParameter("Malformed model info. The model_json is no JSON object: %v", err)
	}
	var missing []string
	for _, field := range []string{"artifact_path", "flavors", "run_id", "utc_time_created"} {
		if _, ok := described[field]; !ok {
			missing = append(missing, field)
		}
	}
	if missing != nil {
		return nil, wire.InvalidParameter("Model json is missing mandatory fields: %s", strings.Join(missing, ", "))
	}
	history := []json.RawMessage{}
	// The tag can have any value. One that is not a history is replaced.
	_ = json.Unmarshal([]byte(r.tags[tagModelHistory]), &history)
	text, err := json.Marshal(append(history, json.RawMessage(in.ModelJSON)))
	if err != nil {
		return nil, err
	}
	r.tags[tagModelHistory] = string(text)
	return wire.Empty{}, nil
}
