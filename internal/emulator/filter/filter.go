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

var conjunction = regexp.MustCompile(`(?i)^\s+AND\s`)

func invalidClauses(filter string) error {
	return wire.InvalidParameter("Invalid clause(s) in filter string: '%s'.", filter)
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
		return c, wire.InvalidParameter("Expected a quoted string value for '%s'. Got value %s", cmp.Or(c.Key, c.Field), c.text)
	}
	switch c.operator {
	case "=", "!=":
	case "LIKE":
		c.pattern = likePattern("(?s)", c.text)
	case "ILIKE":
		c.pattern = likePattern("(?si)", c.text)
	default:
		return c, wire.InvalidParameter("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.Key, c.Field))
	}
	return c, nil
}

func (c Condition) withNumber(quoted bool) (Condition, error) {
	n, err := strconv.ParseFloat(c.text, 64)
	if quoted || err != nil {
		return c, wire.InvalidParameter("Expected numeric value for '%s'. Got value %s", cmp.Or(c.Key, c.Field), c.text)
	}
	if c.operator == "LIKE" || c.operator == "ILIKE" {
		return c, wire.InvalidParameter("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.Key, c.Field))
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
