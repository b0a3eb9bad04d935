package content

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Statuses of logged models.
const (
	modelPending      = "LOGGED_MODEL_PENDING"
	modelReady        = "LOGGED_MODEL_READY"
	modelUploadFailed = "LOGGED_MODEL_UPLOAD_FAILED"
)

// model is a logged model. Times are milliseconds since 1970.
type model struct {
	id, experimentID, name, kind, sourceRunID, status, artifactURI string

	created, updated int64
	creator          int64 // ID of the account, 0 if the model was not created by a call
	deleted          bool
	params, tags     map[string]string
	metrics          []metric // the current value of each key and dataset
	files            files
}

// modelJSON is a logged model on the wire.
type modelJSON struct {
	Info struct {
		ModelID      string     `json:"model_id"`
		ExperimentID string     `json:"experiment_id"`
		Name         string     `json:"name"`
		ModelType    string     `json:"model_type,omitempty"`
		SourceRunID  string     `json:"source_run_id,omitempty"`
		Status       string     `json:"status"`
		ArtifactURI  string     `json:"artifact_uri"`
		Created      int64      `json:"creation_timestamp_ms"`
		Updated      int64      `json:"last_updated_timestamp_ms"`
		CreatorID    int64      `json:"creator_id,omitempty"`
		Tags         []keyValue `json:"tags,omitempty"`
	} `json:"info"`
	Data struct {
		Params  []keyValue `json:"params,omitempty"`
		Metrics []metric   `json:"metrics,omitempty"`
	} `json:"data"`
}

func (m *model) json() modelJSON {
	var out modelJSON
	i := &out.Info
	i.ModelID, i.ExperimentID, i.Name, i.ModelType, i.SourceRunID = m.id, m.experimentID, m.name, m.kind, m.sourceRunID
	i.Status, i.ArtifactURI, i.Created, i.Updated, i.CreatorID = m.status, m.artifactURI, m.created, m.updated, m.creator
	i.Tags, out.Data.Params, out.Data.Metrics = keyValues(m.tags), keyValues(m.params), m.metrics
	return out
}

// addModel adds a logged model to its experiment, with a new ID, and with defaults for fields that are not set.
func (s *Store) addModel(e Experiment, m *model) {
	m.id, m.experimentID, m.status = "m-"+s.hexID(), e.ID, modelPending
	m.artifactURI = e.ArtifactLocation + "/logged_models/" + m.id + "/artifacts"
	if m.name == "" {
		m.name = "model-" + m.id[2:10]
	}
	m.created, m.files = s.now(), files{}
	m.updated = m.created
	s.models[m.id] = m
	s.in(e.ID).models = append(s.in(e.ID).models, m)
	s.experiments.Touch(e.ID)
}

func (m *model) addMetric(value metric) {
	i := slices.IndexFunc(m.metrics, func(other metric) bool {
		return other.Key == value.Key && other.DatasetName == value.DatasetName && other.DatasetDigest == value.DatasetDigest
	})
	switch {
	case i < 0:
		m.metrics = append(m.metrics, value)
	case value.replaces(m.metrics[i]):
		m.metrics[i] = value
	}
}

// createModel serves POST logged-models.
func (s *Store) createModel(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string     `json:"experiment_id"`
		Name         string     `json:"name"`
		ModelType    string     `json:"model_type"`
		SourceRunID  string     `json:"source_run_id"`
		Params       []keyValue `json:"params"`
		Tags         []keyValue `json:"tags"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := s.writable(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(in.Name, `/:.%"'`) {
		return nil, wire.InvalidParameter(
			"Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following "+
				"characters: ('/', ':', '.', '%%', '\"', \"'\")",
			in.Name,
		)
	}
	m := &model{name: in.Name, kind: in.ModelType, sourceRunID: in.SourceRunID, params: map[string]string{}, tags: map[string]string{}}
	if err := setAll("parameter", m.params, in.Params); err != nil {
		return nil, err
	}
	if err := setAll("tag", m.tags, in.Tags); err != nil {
		return nil, err
	}
	// Accounts have numbers as IDs.
	m.creator, _ = strconv.ParseInt(c.Caller.ID, 10, 64)
	s.addModel(e, m)
	return map[string]any{"model": m.json()}, nil
}

// setAll adds entries to the parameters or tags of a logged model: all, or none if a key is invalid. what is the kind of the keys.
func setAll(what string, into map[string]string, entries []keyValue) error {
	for _, entry := range entries {
		if err := checkKey(what, entry.Key, maxTagKey); err != nil {
			return err
		}
	}
	for _, entry := range entries {
		into[entry.Key] = entry.Value
	}
	return nil
}

// findModel finds the logged model that the path names, which is not deleted. The caller must have the access.
func (s *Store) findModel(c *wire.Call, access access) (*model, error) {
	m := s.models[c.PathValue("model_id")]
	if m == nil || m.deleted {
		return nil, wire.NotFound("Logged model with ID '%s' not found.", c.PathValue("model_id"))
	}
	_, err := access(c, m.experimentID)
	return m, err
}

// getModel serves GET logged-models/{model_id}.
func (s *Store) getModel(c *wire.Call) (any, error) {
	m, err := s.findModel(c, s.experiments.Readable)
	if err != nil {
		return nil, err
	}
	return map[string]any{"model": m.json()}, nil
}

// finalizeModel serves PATCH logged-models/{model_id}.
func (s *Store) finalizeModel(c *wire.Call) (any, error) {
	var in struct {
		Status string `json:"status"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	m, err := s.findModel(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	if in.Status != modelReady && in.Status != modelUploadFailed {
		return nil, wire.InvalidParameter("Invalid value '%s' for parameter 'status' supplied.", in.Status)
	}
	m.status, m.updated = in.Status, s.now()
	return map[string]any{"model": m.json()}, nil
}

// deleteModel serves DELETE logged-models/{model_id}. Deleting a deleted model is a success.
func (s *Store) deleteModel(c *wire.Call) (any, error) {
	if m := s.models[c.PathValue("model_id")]; m != nil && m.deleted {
		_, err := s.experiments.Editable(c, m.experimentID)
		return wire.Empty{}, err
	}
	m, err := s.findModel(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	m.deleted, m.updated = true, s.now()
	return wire.Empty{}, nil
}

// logModelParams serves POST logged-models/{model_id}/params.
func (s *Store) logModelParams(c *wire.Call) (any, error) {
	return s.changeModel(c, func(m *model, in modelChange) error { return setAll("parameter", m.params, in.Params) })
}

// setModelTags serves PATCH logged-models/{model_id}/tags.
func (s *Store) setModelTags(c *wire.Call) (any, error) {
	return s.changeModel(c, func(m *model, in modelChange) error { return setAll("tag", m.tags, in.Tags) })
}

// modelChange is the body of requests that add to a logged model.
type modelChange struct {
	Params []keyValue `json:"params"`
	Tags   []keyValue `json:"tags"`
}

func (s *Store) changeModel(c *wire.Call, change func(*model, modelChange) error) (any, error) {
	var in modelChange
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	m, err := s.findModel(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	m.updated = s.now()
	return wire.Empty{}, change(m, in)
}

// deleteModelTag serves DELETE logged-models/{model_id}/tags/{key}.
func (s *Store) deleteModelTag(c *wire.Call) (any, error) {
	m, err := s.findModel(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	key := c.PathValue("key")
	if _, ok := m.tags[key]; !ok {
		return nil, wire.NotFound("No tag with key '%s' found for logged model with ID '%s'.", key, m.id)
	}
	delete(m.tags, key)
	m.updated = s.now()
	return wire.Empty{}, nil
}
