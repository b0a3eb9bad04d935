package framework

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// searchFilter returns a search filter for a prefix of the name and for tags, both of which can be empty. It adds an error at name_prefix
// or tags for values that the search language cannot express. API: experiments/search.
func searchFilter(prefix string, tags map[string]string) (string, diag.Diagnostics) {
	var (
		diags      diag.Diagnostics
		conditions []string
	)
	if prefix != "" {
		pattern, err := quoteSearchValue(likePrefix(prefix))
		if err != nil {
			diags.AddAttributeError(path.Root("name_prefix"), "Invalid name prefix", searchFilterAdvice(prefix, err))
		}
		conditions = append(conditions, "name LIKE "+pattern)
	}
	for _, key := range SortedKeys(tags) {
		condition, err := EqualsFilter(key, tags[key])
		if err != nil {
			diags.AddAttributeError(path.Root("tags").AtMapKey(key), "Invalid tag", searchFilterAdvice(key+" = "+tags[key], err))
		}
		conditions = append(conditions, condition)
	}
	return strings.Join(conditions, " AND "), diags
}

// EqualsFilter returns the condition that a tag has a value.
func EqualsFilter(key, value string) (string, error) {
	quotedKey, keyErr := quoteSearchKey(key)
	quotedValue, valueErr := quoteSearchValue(value)
	return fmt.Sprintf("tags.%s = %s", quotedKey, quotedValue), cmp.Or(keyErr, valueErr)
}

func searchFilterAdvice(text string, err error) string {
	return fmt.Sprintf("%q %s.\n\nRemove it from the search, and select from the results with name_regex or a for expression.", text, err)
}

// likePrefix returns a pattern that matches at least the names with a prefix. The search language has no escapes: % and _ in the prefix
// also match other characters. A backslash, which is an escape in some databases, is replaced by the wildcard _.
func likePrefix(prefix string) string {
	return strings.ReplaceAll(prefix, `\`, "_") + "%"
}

var (
	errBothQuotes = errors.New("contains both kinds of quotes (' and \"), which the search language cannot express")
	errBackslash  = errors.New("ends in a backslash, which the search language cannot express")
	errBothTicks  = errors.New("is a key with both a backtick and a double quote, which the search language cannot express")
)

// quoteSearchValue returns a value in quotes of the kind that it does not contain.
func quoteSearchValue(value string) (string, error) {
	switch {
	case strings.HasSuffix(value, `\`):
		return "", errBackslash // it would escape the closing quote
	case !strings.Contains(value, "'"):
		return "'" + value + "'", nil
	case !strings.Contains(value, `"`):
		return `"` + value + `"`, nil
	default:
		return "", errBothQuotes
	}
}

// quoteSearchKey returns the key of a tag in backticks, or in double quotes if it contains a backtick.
func quoteSearchKey(key string) (string, error) {
	switch {
	case !strings.Contains(key, "`"):
		return "`" + key + "`", nil
	case !strings.Contains(key, `"`):
		return `"` + key + `"`, nil
	default:
		return "", errBothTicks
	}
}

// normalizePrefix returns the prefix of a name in the server's spelling. Unlike in a name, a trailing slash is significant.
func normalizePrefix(client *mlflow.Client, prefix string) string {
	const rest = "x" // a placeholder for the rest of the name
	if prefix == "/Workspace" && client.NormalizeName("/Workspace/"+rest) == "/"+rest {
		return "/"
	}
	return strings.TrimSuffix(client.NormalizeName(prefix+rest), rest)
}
