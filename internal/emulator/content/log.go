package content

import (
	"regexp"
	"unicode/utf8"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Limits of the calls that log one value, in bytes.
const (
	maxMetricKey  = 250
	maxTagKey     = 250
	maxTagValue   = 64 * 1024
	maxParamKey   = 255
	maxParamValue = 500
)

// Limits of log-batch. Keys and values are counted in characters, the body in bytes.
const (
	maxBatchBody    = 1 << 20
	maxBatchEntries = 1000
	maxBatchMetrics = 1000
	maxBatchParams  = 100
	maxBatchTags    = 100
	maxBatchKey     = 250
	maxBatchValue   = 250
)

var goodKey = regexp.MustCompile(`^[/\p{L}\p{N}_.\- :]+$`)

// checkKey rejects an invalid key. what is the kind of the key, for example "tag".
func checkKey(what, key string, limit int) error {
	switch {
	case key == "":
		return wire.MissingParameter("key")
	case !goodKey.MatchString(key):
		return wire.InvalidParameter(
			"Invalid %s name: '%s'. Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "+
				"colon(:) and slashes (/).",
			what,
			key,
		)
	case len(key) > limit:
		return wire.InvalidParameter("The name of %s '%s' had length %d, which exceeded length limit of %d", what, key, len(key), limit)
	}
	return nil
}

func checkTag(tag keyValue) error {
	if len(tag.Value) > maxTagValue {
		return wire.InvalidParameter("Tag value of '%s' had length %d, which exceeded length limit of %d", tag.Key, len(tag.Value), maxTagValue)
	}
	return checkKey("tag", tag.Key, maxTagKey)
}

func (r *run) checkParam(param keyValue) error {
	if len(param.Value) > maxParamValue {
		return wire.InvalidParameter(
			"Param value of '%s' had length %d, which exceeded length limit of %d",
			param.Key,
			len(param.Value),
			maxParamValue,
		)
	}
	if old, ok := r.params[param.Key]; ok && old != param.Value {
		return wire.InvalidParameter(
			"Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'. "+
				"Attempted logging new value '%s'.",
			param.Key,
			old,
			r.id,
			param.Value,
		)
	}
	return checkKey("parameter", param.Key, maxParamKey)
}

// metricIn is a metric in a request.
type metricIn struct {
	Key           string       `json:"key"`
	Value         *wire.Double `json:"value"`
	Timestamp     *wire.Int64  `json:"timestamp"`
	Step          wire.Int64   `json:"step"`
	ModelID       string       `json:"model_id"`
	DatasetName   string       `json:"dataset_name"`
	DatasetDigest string       `json:"dataset_digest"`
}

// metricOf returns a metric as a client logs it.
func metricOf(key string, value float64, millis int64) metricIn {
	number, timestamp := wire.Double(value), wire.Int64(millis)
	return metricIn{Key: key, Value: &number, Timestamp: &timestamp}
}

func (m metricIn) check() error {
	switch {
	case m.Value == nil:
		return wire.MissingParameter("value")
	case m.Timestamp == nil:
		return wire.MissingParameter("timestamp")
	}
	return checkKey("metric", m.Key, maxMetricKey)
}

// addMetric adds a metric, which was checked, to a run and to the logged model that it names.
func (s *Store) addMetric(r *run, in metricIn) {
	m := metric{
		Key: in.Key, Value: *in.Value, Timestamp: int64(*in.Timestamp), Step: int64(in.Step),
		ModelID: in.ModelID, DatasetName: in.DatasetName, DatasetDigest: in.DatasetDigest, RunID: r.id,
	}
	r.addMetric(m)
	if logged := s.models[in.ModelID]; logged != nil {
		logged.addMetric(m)
	}
}

// logMetric serves log-metric.
func (s *Store) logMetric(c *wire.Call) (any, error) {
	var in struct {
		runRef
		metricIn
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	s.addMetric(r, in.metricIn)
	return wire.Empty{}, nil
}

// entryIn is a parameter or a tag in the body of a request that logs one.
type entryIn struct {
	runRef
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// entry reads the body of a request that logs one parameter or tag of a run.
func (s *Store) entry(c *wire.Call) (*run, keyValue, error) {
	var in entryIn
	if err := c.Decode(&in); err != nil {
		return nil, keyValue{}, err
	}
	r, err := s.writableRun(c, in.id())
	if err == nil && in.Value == nil {
		err = wire.MissingParameter("value")
	}
	if err != nil {
		return nil, keyValue{}, err
	}
	return r, keyValue{in.Key, *in.Value}, nil
}

// logParam serves log-parameter.
func (s *Store) logParam(c *wire.Call) (any, error) {
	r, param, err := s.entry(c)
	if err != nil {
		return nil, err
	}
	if err := r.checkParam(param); err != nil {
		return nil, err
	}
	r.params[param.Key] = param.Value
	return wire.Empty{}, nil
}

// setRunTag serves runs/set-tag.
func (s *Store) setRunTag(c *wire.Call) (any, error) {
	r, tag, err := s.entry(c)
	if err != nil {
		return nil, err
	}
	if err := checkTag(tag); err != nil {
		return nil, err
	}
	r.setTag(tag.Key, tag.Value)
	return wire.Empty{}, nil
}

// deleteRunTag serves runs/delete-tag.
func (s *Store) deleteRunTag(c *wire.Call) (any, error) {
	var in entryIn
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	if in.Key == "" {
		return nil, wire.MissingParameter("key")
	}
	if _, ok := r.tags[in.Key]; !ok {
		return nil, wire.NotFound("No tag with name: %s in run with id %s", in.Key, r.id)
	}
	delete(r.tags, in.Key)
	return wire.Empty{}, nil
}

// batch is the body of log-batch.
type batch struct {
	runRef
	Metrics []metricIn `json:"metrics"`
	Params  []keyValue `json:"params"`
	Tags    []keyValue `json:"tags"`
}

// logBatch serves log-batch. It stores everything or nothing, although clients must not rely on that.
func (s *Store) logBatch(c *wire.Call) (any, error) {
	if len(c.Payload) > maxBatchBody {
		return nil, wire.InvalidParameter(
			"Batched logging API requests must be at most %d bytes, got a request of size %d.",
			maxBatchBody,
			len(c.Payload),
		)
	}
	var in batch
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	if err := in.check(r); err != nil {
		return nil, err
	}
	for _, m := range in.Metrics {
		s.addMetric(r, m)
	}
	for _, param := range in.Params {
		r.params[param.Key] = param.Value
	}
	for _, tag := range in.Tags {
		r.setTag(tag.Key, tag.Value)
	}
	return wire.Empty{}, nil
}

func (b batch) check(r *run) error {
	if err := b.checkCounts(); err != nil {
		return err
	}
	for _, m := range b.Metrics {
		if err := m.check(); err != nil {
			return err
		}
	}
	seen := map[string]string{}
	for _, param := range b.Params {
		if err := checkBatchEntry("parameter", param); err != nil {
			return err
		}
		if err := r.checkParam(param); err != nil {
			return err
		}
		if other, ok := seen[param.Key]; ok && other != param.Value {
			return wire.InvalidParameter(
				"Duplicate parameter keys have been submitted: '%s'. Please ensure the request contains only one param value "+
					"per param key.",
				param.Key,
			)
		}
		seen[param.Key] = param.Value
	}
	for _, tag := range b.Tags {
		if err := checkBatchEntry("tag", tag); err != nil {
			return err
		}
	}
	return nil
}

func (b batch) checkCounts() error {
	for _, count := range []struct {
		of         string
		got, limit int
	}{
		{"metrics", len(b.Metrics), maxBatchMetrics},
		{"params", len(b.Params), maxBatchParams},
		{"tags", len(b.Tags), maxBatchTags},
		{"metrics, params, and tags", len(b.Metrics) + len(b.Params) + len(b.Tags), maxBatchEntries},
	} {
		if count.got > count.limit {
			return wire.InvalidParameter(
				"A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests "+
					"and try again.",
				count.limit,
				count.of,
				count.got,
				count.of,
				count.of,
			)
		}
	}
	return nil
}

// checkBatchEntry applies the limits of log-batch to a parameter or a tag.
func checkBatchEntry(what string, entry keyValue) error {
	if length := utf8.RuneCountInString(entry.Value); length > maxBatchValue {
		return wire.InvalidParameter(
			"The value of %s '%s' had length %d, which exceeded length limit of %d",
			what,
			entry.Key,
			length,
			maxBatchValue,
		)
	}
	if length := utf8.RuneCountInString(entry.Key); length > maxBatchKey {
		return wire.InvalidParameter("The name of %s '%s' had length %d, which exceeded length limit of %d", what, entry.Key, length, maxBatchKey)
	}
	return checkKey(what, entry.Key, 4*maxBatchKey)
}
