package filter

import (
	"regexp"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The fields of conditions and orderings of runs, logged models, and traces. The first three, and Tag, have a Key.
const (
	Metric   = "metric"
	Param    = "param"
	Metadata = "metadata"

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
}

// The languages of runs, logged models, and traces.
var (
	Runs = newLanguage(
		map[string]string{
			RunID: RunID, RunName: RunName, "run name": RunName, "Run name": RunName, "Run Name": RunName,
			Status: Status, UserID: UserID, ArtifactURI: ArtifactURI,
		},
		map[string]string{StartTime: StartTime, "created": StartTime, "Created": StartTime, EndTime: EndTime},
		Metric, Param, Tag)
	Models = newLanguage(
		map[string]string{
			Name: Name, ModelID: ModelID, ModelType: ModelType, Status: Status, SourceRunID: SourceRunID, ArtifactURI: ArtifactURI,
		},
		map[string]string{
			CreationTimestamp: CreationTimestamp, "creation_time": CreationTimestamp, LastUpdatedTimestamp: LastUpdatedTimestamp,
		},
		Metric, Param, Tag)
	Traces = newLanguage(
		map[string]string{TraceID: TraceID, "request_id": TraceID, Status: Status, "state": Status, Name: Name, RunID: RunID},
		map[string]string{"timestamp": StartTime, "timestamp_ms": StartTime, "request_time": StartTime},
		Tag, Metadata)
)

// prefixes are the spellings of the prefix of each field with keys.
var prefixes = map[string][]string{
	Metric:   {"metrics", "metric"},
	Param:    {"params", "param", "parameters", "parameter"},
	Tag:      {"tags", "tag"},
	Metadata: {"metadata", "request_metadata"},
}

func newLanguage(texts, numbers map[string]string, keyed ...string) Language {
	l := Language{texts: texts, numbers: numbers, keyed: map[string]string{}}
	known := []string{"attributes", "attribute", "attr", "run"}
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
	return parse(filter, l.clause, func(prefix, key, operator, value string) (Condition, error) {
		field, key, number, err := l.field(prefix, key)
		if err != nil {
			return Condition{}, err
		}
		text, quoted := unquote(value)
		c := Condition{Field: field, Key: key, operator: operator, text: text}
		if number {
			return c.withNumber(quoted)
		}
		return c.withText(quoted)
	})
}

// ParseOrder reads the entries of order_by.
func (l Language) ParseOrder(clauses []string) ([]Ordering, error) {
	var order []Ordering
	for _, clause := range clauses {
		m := l.order.FindStringSubmatch(clause)
		if m == nil {
			return nil, wire.Invalid("Invalid order_by clause '%s'.", clause)
		}
		field, key, _, err := l.field(m[1], m[2])
		if err != nil {
			return nil, err
		}
		order = append(order, Ordering{Field: field, Key: key, Descending: strings.EqualFold(m[3], "desc")})
	}
	return order, nil
}

// field finds the field, the key for fields that have one, and whether its values are numbers.
func (l Language) field(prefix, key string) (field, inner string, number bool, err error) {
	key = strings.Trim(key, "`\"")
	if field, ok := l.keyed[prefix]; ok {
		return field, key, field == Metric, nil
	}
	if field, ok := l.texts[key]; ok {
		return field, "", false, nil
	}
	if field, ok := l.numbers[key]; ok {
		return field, "", true, nil
	}
	return "", "", false, wire.Invalid("Invalid attribute key '%s' specified.", key)
}
