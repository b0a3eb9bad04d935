package emulator

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// condition is one comparison of a filter; all of them must hold.
type condition struct {
	field    string // name, creation_time, last_update_time or tag
	tagKey   string
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

// parseFilter reads the search language: comparisons joined by AND, nothing else.
func parseFilter(filter string) ([]condition, error) {
	var conditions []condition
	rest := filter
	for strings.TrimSpace(rest) != "" {
		if len(conditions) > 0 {
			and := conjunction.FindString(rest)
			if and == "" {
				return nil, invalidFilter(filter)
			}
			rest = rest[len(and):]
		}
		m := clause.FindStringSubmatch(rest)
		if m == nil {
			return nil, invalidFilter(filter)
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

func invalidFilter(filter string) error {
	return invalid("Invalid clause(s) in filter string: '%s'.", filter)
}

func newCondition(prefix, key, operator, value string) (condition, error) {
	key = strings.Trim(key, "`\"")
	quoted := value[0] == '\'' || value[0] == '"'
	if quoted {
		value = value[1 : len(value)-1]
	}
	c := condition{field: key, operator: operator, text: value}
	switch {
	case prefix == "tags" || prefix == "tag":
		c.field, c.tagKey = "tag", key
		return c.withText(quoted)
	case key == "name":
		return c.withText(quoted)
	case key == "creation_time" || key == "last_update_time":
		return c.withNumber(quoted)
	}
	return c, invalid("Invalid attribute key '%s' specified. Valid keys are 'name', 'creation_time', 'last_update_time'.", key)
}

func (c condition) withText(quoted bool) (condition, error) {
	if !quoted {
		return c, invalid("Expected a quoted string value for '%s'. Got value %s", cmp.Or(c.tagKey, c.field), c.text)
	}
	switch c.operator {
	case "=", "!=":
	case "LIKE":
		c.pattern = likePattern("(?s)", c.text)
	case "ILIKE":
		c.pattern = likePattern("(?si)", c.text)
	default:
		return c, invalid("Invalid comparator '%s' for '%s'.", c.operator, cmp.Or(c.tagKey, c.field))
	}
	return c, nil
}

func (c condition) withNumber(quoted bool) (condition, error) {
	n, err := strconv.ParseInt(c.text, 10, 64)
	if quoted || err != nil {
		return c, invalid("Expected numeric value for '%s'. Got value %s", c.field, c.text)
	}
	if c.operator == "LIKE" || c.operator == "ILIKE" {
		return c, invalid("Invalid comparator '%s' for '%s'.", c.operator, c.field)
	}
	c.number = n
	return c, nil
}

// likePattern translates % and _; there is no way to escape them.
func likePattern(flags, like string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(like)
	return regexp.MustCompile(flags + "^" + strings.NewReplacer("%", ".*", "_", ".").Replace(quoted) + "$")
}

func (c condition) matches(e *experiment) bool {
	switch c.field {
	case "name":
		return c.matchesText(e.path)
	case "creation_time":
		return c.matchesNumber(e.created)
	case "last_update_time":
		return c.matchesNumber(e.updated)
	}
	// An experiment without the tag never matches, not even by !=.
	matches := func(t Tag) bool { return t.Key == c.tagKey && c.matchesText(t.Value) }
	return slices.ContainsFunc(e.tags, matches) || slices.ContainsFunc(e.systemTags, matches)
}

func (c condition) matchesText(value string) bool {
	switch c.operator {
	case "=":
		return value == c.text
	case "!=":
		return value != c.text
	}
	return c.pattern.MatchString(value)
}

func (c condition) matchesNumber(value int64) bool {
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
