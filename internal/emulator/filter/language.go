package filter

import (
	"regexp"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The fields of conditions and orderings. The first four have a Key.
const (
	Metric   = "metric"
	Param    = "param"
	Tag      = "tag"
	Metadata = "metadata"

	Name           = "name"
	ExperimentID   = "experiment_id"
	CreationTime   = "creation_time"
	LastUpdateTime = "last_update_time"

	RunID       = "run_id"
	RunName     = "run_name"
	Status      = "status"
	StartTime   = "start_time"
	EndTime     = "end_time"
	UserID      = "user_id"
	ArtifactURI = "artifact_uri"

	ModelID              = "model_id"
	ModelType            = "model_type"
	SourceRunID          = "source_run_id"
	CreationTimestamp    = "creation_timestamp"
	LastUpdatedTimestamp = "last_updated_timestamp"

	TraceID = "trace_id"
)

// Language is the search language of one kind of objects.
type Language struct {
	texts, numbers map[string]string // the field of each attribute, by its names in requests
	keyed          map[string]string // the field of each prefix that is followed by a key
	clause, order  *regexp.Regexp
	// unfiltered is a field that filters cannot have, unordered one that order_by cannot have; empty if there is none.
	unfiltered, unordered string
}

// The languages of experiments, runs, logged models, and traces.
var (
	Experiments = experiments()
	Runs        = newLanguage(
		attributePrefixes,
		map[string]string{
			RunID: RunID, RunName: RunName, "run name": RunName, "Run name": RunName, "Run Name": RunName,
			Status: Status, UserID: UserID, ArtifactURI: ArtifactURI,
		},
		map[string]string{StartTime: StartTime, "created": StartTime, "Created": StartTime, EndTime: EndTime},
		Metric, Param, Tag)
	Models = newLanguage(
		attributePrefixes,
		map[string]string{
			Name: Name, ModelID: ModelID, ModelType: ModelType, Status: Status, SourceRunID: SourceRunID, ArtifactURI: ArtifactURI,
		},
		map[string]string{
			CreationTimestamp: CreationTimestamp, "creation_time": CreationTimestamp, LastUpdatedTimestamp: LastUpdatedTimestamp,
		},
		Metric, Param, Tag)
	Traces = newLanguage(
		attributePrefixes,
		map[string]string{TraceID: TraceID, "request_id": TraceID, Status: Status, "state": Status, Name: Name, RunID: RunID},
		map[string]string{"timestamp": StartTime, "timestamp_ms": StartTime, "request_time": StartTime},
		Tag, Metadata)
)

// attributePrefixes are the spellings of the prefix of fields without keys, except for experiments.
var attributePrefixes = []string{"attributes", "attribute", "attr", "run"}

// prefixes are the spellings of the prefix of each field with keys.
var prefixes = map[string][]string{
	Metric:   {"metrics", "metric"},
	Param:    {"params", "param", "parameters", "parameter"},
	Tag:      {"tags", "tag"},
	Metadata: {"metadata", "request_metadata"},
}

func experiments() Language {
	l := newLanguage(
		[]string{"attribute"},
		map[string]string{Name: Name, ExperimentID: ExperimentID},
		map[string]string{CreationTime: CreationTime, LastUpdateTime: LastUpdateTime},
		Tag)
	l.unfiltered, l.unordered = ExperimentID, Tag
	return l
}

func newLanguage(attributes []string, texts, numbers map[string]string, keyed ...string) Language {
	l := Language{texts: texts, numbers: numbers, keyed: map[string]string{}}
	known := slices.Clone(attributes)
	for _, field := range keyed {
		for _, prefix := range prefixes[field] {
			l.keyed[prefix] = field
			known = append(known, prefix)
		}
	}
	subject := `^\s*(?:(` + strings.Join(known, "|") + `)\.)?` + keyPattern
	l.clause = regexp.MustCompile(subject + operatorPattern + valuePattern)
	l.order = regexp.MustCompile(subject + `(?:\s+(?i:(asc|desc)))?\s*$`)
	return l
}

// Parse reads a filter: comparisons joined by AND, nothing else.
func (l Language) Parse(filter string) ([]Condition, error) {
	var conditions []Condition
	rest := filter
	for strings.TrimSpace(rest) != "" {
		if len(conditions) > 0 {
			and := conjunction.FindString(rest)
			if and == "" {
				return nil, invalidClauses(filter)
			}
			rest = rest[len(and):]
		}
		m := l.clause.FindStringSubmatch(rest)
		if m == nil {
			return nil, invalidClauses(filter)
		}
		c, err := l.condition(m[1], m[2], strings.TrimSpace(m[3]), m[4])
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
		rest = rest[len(m[0]):]
	}
	return conditions, nil
}

func (l Language) condition(prefix, key, operator, value string) (Condition, error) {
	field, key, number, err := l.field(prefix, key, l.unfiltered)
	if err != nil {
		return Condition{}, err
	}
	text, quoted := unquote(value)
	c := Condition{Field: field, Key: key, operator: operator, text: text}
	if number {
		return c.withNumber(quoted)
	}
	return c.withText(quoted)
}

// Ordering is one entry of order_by.
type Ordering struct {
	Field      string
	Key        string // for the fields Tag, Metric, Param, and Metadata
	Descending bool
}

// ParseOrder reads the entries of order_by.
func (l Language) ParseOrder(clauses []string) ([]Ordering, error) {
	var order []Ordering
	for _, clause := range clauses {
		m := l.order.FindStringSubmatch(clause)
		if m == nil {
			return nil, wire.InvalidParameter("Invalid order_by clause '%s'.", clause)
		}
		field, key, _, err := l.field(m[1], m[2], l.unordered)
		if err != nil {
			return nil, err
		}
		order = append(order, Ordering{Field: field, Key: key, Descending: strings.EqualFold(m[3], "desc")})
	}
	return order, nil
}

// field finds the field, the key for fields that have one, and whether its values are numbers. The field excluded is rejected.
func (l Language) field(prefix, name, excluded string) (field, key string, number bool, err error) {
	name = strings.Trim(name, "`\"")
	field, keyed := l.keyed[prefix]
	switch {
	case keyed:
		key, number = name, field == Metric
	case l.texts[name] != "":
		field = l.texts[name]
	default:
		field, number = l.numbers[name], true
	}
	if field == "" || field == excluded {
		return "", "", false, wire.InvalidParameter("Invalid attribute key '%s' specified.", name)
	}
	return field, key, number, nil
}
