// Package filter is the search language of an emulated workspace: the comparisons of a filter, and the order of the results. It knows
// the keys of experiments. Which value of an object a key stands for is decided where the object is.
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

// Condition is one comparison of a filter; all of them must hold.
type Condition struct {
	Field    string
	TagKey   string // for the field Tag
	operator string
	text     string
	number   int64
	pattern  *regexp.Regexp // of LIKE and ILIKE
}

// clause matches one comparison: an optional prefix, a key, an operator and a value. Quotes inside a quoted value can be doubled or
// escaped as far as finding its end goes, but, as on a real server, they then stay in the value that is compared.
var clause = regexp.MustCompile("^\\s*(?:(attribute|tags|tag)\\.)?" +
	"(`[^`]*`|\"[^\"]*\"|[A-Za-z0-9_]+(?:\\.[A-Za-z0-9_]+)*)" +
	`\s*(!=|<=|>=|=|<|>|\sLIKE\s|\sILIKE\s)\s*` +
	`('(?:''|\\'|[^'])*'|"[^"]*"|-?[0-9]+)`)

var conjunction = regexp.MustCompile(`(?i)^\s+AND\s`)

// Parse reads the search language: comparisons joined by AND, nothing else.
func Parse(filter string) ([]Condition, error) {
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
		c, err := newCondition(m[1], m[2], strings.TrimSpace(m[3]), m[4])
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
	quoted := value[0] == '\'' || value[0] == '"'
	if quoted {
		value = value[1 : len(value)-1]
	}
	c := Condition{Field: key, operator: operator, text: value}
	switch {
	case prefix == "tags" || prefix == "tag":
		c.Field, c.TagKey = Tag, key
		return c.withText(quoted)
	case key == Name:
		return c.withText(quoted)
	case key == CreationTime || key == LastUpdateTime:
		return c.withNumber(quoted)
	}
	return c, wire.Invalid("Invalid attribute key '%s' specified. Valid keys are 'name', 'creation_time', 'last_update_time'.", key)
}

func (c Condition) withText(quoted bool) (Condition, error) {
	if !quoted {
		return c, wire.Invalid("Expected a quoted string value for '%s'. Got value %s", cmp.Or(c.TagKey, c.Field), c.text)
	}
	switch c.operator {
	case "=", "!=":
	case "LIKE":
		c.pattern = likePattern("(?s)", c.text)
	case "ILIKE":
		c.pattern = likePattern("(?si)", c.text)
	default:
		return c, wire.Invalid("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.TagKey, c.Field))
	}
	return c, nil
}

func (c Condition) withNumber(quoted bool) (Condition, error) {
	n, err := strconv.ParseInt(c.text, 10, 64)
	if quoted || err != nil {
		return c, wire.Invalid("Expected numeric value for '%s'. Got value %s", c.Field, c.text)
	}
	if c.operator == "LIKE" || c.operator == "ILIKE" {
		return c, wire.Invalid("Invalid comparator '%s' for '%s'.", c.operator, c.Field)
	}
	c.number = n
	return c, nil
}

// likePattern translates % and _; there is no way to escape them.
func likePattern(flags, like string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(like)
	return regexp.MustCompile(flags + "^" + strings.NewReplacer("%", ".*", "_", ".").Replace(quoted) + "$")
}

// MatchesText compares a name or the value of a tag.
func (c Condition) MatchesText(value string) bool {
	switch c.operator {
	case "=":
		return value == c.text
	case "!=":
		return value != c.text
	}
	return c.pattern.MatchString(value)
}

// MatchesNumber compares a time, in milliseconds since 1970.
func (c Condition) MatchesNumber(value int64) bool {
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
