// Package filter parses the search language of an emulated workspace: the comparisons of a filter, and the order of the results. It defines
// the keys of experiments, runs, logged models, and traces. The packages with the objects return the values of the keys.
package filter

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The fields of conditions and orderings. A Condition does not compare ExperimentID, and results are not ordered by Tag.
const (
	Name           = "name"
	CreationTime   = "creation_time"
	LastUpdateTime = "last_update_time"
	ExperimentID   = "experiment_id"
	Tag            = "tag"
)

// Condition is a comparison in a filter. Results must satisfy all of them.
type Condition struct {
	Field    string
	Key      string // for the fields Tag, Metric, Param, and Metadata
	operator string
	text     string
	number   float64
	pattern  *regexp.Regexp // of LIKE and ILIKE
}

// The parts of clauses. A quoted value can contain doubled or escaped quotes but, as on a real server, the comparison does not remove the
// doubling or the escape.
const (
	keyPattern      = "(`[^`]*`|\"[^\"]*\"|[A-Za-z0-9_]+(?:\\.[A-Za-z0-9_]+)*)"
	operatorPattern = `\s*(!=|<=|>=|=|<|>|\sLIKE\s|\sILIKE\s)\s*`
	valuePattern    = `('(?:''|\\'|[^'])*'|"[^"]*"|-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)`
)

// clause matches one comparison of experiments: an optional prefix, a key, an operator and a value.
var clause = regexp.MustCompile(`^\s*(?:(attribute|tags|tag)\.)?` + keyPattern + operatorPattern + valuePattern)

var conjunction = regexp.MustCompile(`(?i)^\s+AND\s`)

// Parse reads a filter of experiments: comparisons joined by AND, nothing else.
func Parse(filter string) ([]Condition, error) { return parse(filter, clause, newCondition) }

// parse reads comparisons. A clause has four groups: the prefix, the key, the operator, and the value.
func parse(
	filter string, clause *regexp.Regexp, condition func(prefix, key, operator, value string) (Condition, error),
) ([]Condition, error) {
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
		m := clause.FindStringSubmatch(rest)
		if m == nil {
			return nil, invalidClauses(filter)
		}
		c, err := condition(m[1], m[2], strings.TrimSpace(m[3]), m[4])
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
		rest = rest[len(m[0]):]
	}
	return conditions, nil
}

func invalidClauses(filter string) error {
	return wire.Invalid("Invalid clause(s) in filter string: '%s'.", filter)
}

func newCondition(prefix, key, operator, value string) (Condition, error) {
	key = strings.Trim(key, "`\"")
	value, quoted := unquote(value)
	c := Condition{Field: key, operator: operator, text: value}
	switch {
	case prefix == "tags" || prefix == "tag":
		c.Field, c.Key = Tag, key
		return c.withText(quoted)
	case key == Name:
		return c.withText(quoted)
	case key == CreationTime || key == LastUpdateTime:
		return c.withNumber(quoted)
	}
	return c, wire.Invalid("Invalid attribute key '%s' specified. Valid keys are 'name', 'creation_time', 'last_update_time'.", key)
}

// unquote removes the quotes from a value and reports whether there were any.
func unquote(value string) (string, bool) {
	if value[0] != '\'' && value[0] != '"' {
		return value, false
	}
	return value[1 : len(value)-1], true
}

func (c Condition) withText(quoted bool) (Condition, error) {
	if !quoted {
		return c, wire.Invalid("Expected a quoted string value for '%s'. Got value %s", cmp.Or(c.Key, c.Field), c.text)
	}
	switch c.operator {
	case "=", "!=":
	case "LIKE":
		c.pattern = likePattern("(?s)", c.text)
	case "ILIKE":
		c.pattern = likePattern("(?si)", c.text)
	default:
		return c, wire.Invalid("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.Key, c.Field))
	}
	return c, nil
}

func (c Condition) withNumber(quoted bool) (Condition, error) {
	n, err := strconv.ParseFloat(c.text, 64)
	if quoted || err != nil {
		return c, wire.Invalid("Expected numeric value for '%s'. Got value %s", cmp.Or(c.Key, c.Field), c.text)
	}
	if c.operator == "LIKE" || c.operator == "ILIKE" {
		return c, wire.Invalid("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.Key, c.Field))
	}
	c.number = n
	return c, nil
}

// likePattern translates % and _, which cannot be escaped.
func likePattern(flags, like string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(like)
	return regexp.MustCompile(flags + "^" + strings.NewReplacer("%", ".*", "_", ".").Replace(quoted) + "$")
}

// MatchesText compares a text, for example a name or the value of a tag.
func (c Condition) MatchesText(value string) bool {
	switch c.operator {
	case "=":
		return value == c.text
	case "!=":
		return value != c.text
	}
	return c.pattern.MatchString(value)
}

// MatchesNumber compares a number, for example a time in milliseconds since 1970. NaN differs from every number.
func (c Condition) MatchesNumber(value float64) bool {
	switch c.operator {
	case "=":
		return value == c.number
	case "!=":
		return value != c.number
	case "<":
		return value < c.number
	case "<=":
		return value <= c.number
	case ">":
		return value > c.number
	}
	return value >= c.number
}
