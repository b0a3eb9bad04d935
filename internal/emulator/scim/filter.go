package scim

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// comparables are the attributes that filters and orders can name.
var comparables = []string{"id", "userName", "displayName", "applicationId", "externalId", "active"}

// attributeNamed returns the canonical spelling of an attribute name, which is case-insensitive.
func attributeNamed(name string) (attribute string, ok bool) {
	i := slices.IndexFunc(comparables, func(a string) bool { return strings.EqualFold(a, name) })
	if i < 0 {
		return "", false
	}
	return comparables[i], true
}

// textOf returns the value of a comparable attribute as text, empty if it is absent.
func textOf(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// token is an operand, an operator, or a value of a filter: a word, or text in double quotes.
var token = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^\s"]+`)

// parseFilter reads comparisons that are joined by and, which binds more tightly, and or. The empty filter matches everything. Texts
// compare in any case.
func parseFilter(text string) (func(resource) bool, error) {
	if strings.TrimSpace(text) == "" {
		return func(resource) bool { return true }, nil
	}
	words := token.FindAllString(text, -1)
	if rest := token.ReplaceAllString(text, ""); strings.TrimSpace(rest) != "" || len(words)%4 != 3 {
		return nil, unsupportedFilter()
	}
	alternatives := [][]func(resource) bool{nil}
	for i := 0; i < len(words); i += 4 {
		one, err := parseComparison(words[i], words[i+1], words[i+2])
		if err != nil {
			return nil, err
		}
		last := len(alternatives) - 1
		alternatives[last] = append(alternatives[last], one)
		if i+3 == len(words) {
			break
		}
		switch strings.ToLower(words[i+3]) {
		case "and":
		case "or":
			alternatives = append(alternatives, nil)
		default:
			return nil, unsupportedFilter()
		}
	}
	return func(r resource) bool {
		return slices.ContainsFunc(alternatives, func(all []func(resource) bool) bool {
			return !slices.ContainsFunc(all, func(matches func(resource) bool) bool { return !matches(r) })
		})
	}, nil
}

// parseComparison reads one comparison, for example userName eq "ana@example.com".
func parseComparison(name, operator, value string) (func(resource) bool, error) {
	attribute, ok := attributeNamed(name)
	if !ok {
		return nil, unsupportedFilter()
	}
	if strings.HasPrefix(value, `"`) {
		value = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(value[1 : len(value)-1])
	}
	value = strings.ToLower(value)
	matches, ok := map[string]func(text string) bool{
		"eq": func(text string) bool { return text == value },
		"ne": func(text string) bool { return text != value },
		"co": func(text string) bool { return strings.Contains(text, value) },
		"sw": func(text string) bool { return strings.HasPrefix(text, value) },
	}[strings.ToLower(operator)]
	if !ok {
		return nil, unsupportedFilter()
	}
	return func(r resource) bool { return matches(strings.ToLower(textOf(r[attribute]))) }, nil
}

func unsupportedFilter() error {
	return failure(http.StatusBadRequest, "invalidFilter", "Given filter operator is not supported.")
}
