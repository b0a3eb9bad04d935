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

// searchFilter builds a filter in the API's search language for a prefix of the name and for values of tags. Both may be empty.
// What the language can't express is an error at the attribute name_prefix or tags. API: experiments/search.
func searchFilter(prefix string, tags map[string]string) (string, diag.Diagnostics) {
	var (
		diags      diag.Diagnostics
		conditions []string
	)
	if prefix != "" {
		pattern, err := quoteSearchValue(likePrefix(prefix))
		if err != nil {
			diags.AddAttributeError(path.Root("name_prefix"), "Could not search for name prefix", searchFilterAdvice(prefix, err))
		}
		conditions = append(conditions, "name LIKE "+pattern)
	}
	for _, key := range SortedKeys(tags) {
		condition, err := EqualsFilter(key, tags[key])
		if err != nil {
			diags.AddAttributeError(path.Root("tags").AtMapKey(key), "Could not search for tag", searchFilterAdvice(key+" = "+tags[key], err))
		}
		conditions = append(conditions, condition)
	}
	return strings.Join(conditions, " AND "), diags
}

// EqualsFilter is the condition that a tag has a value.
func EqualsFilter(key, value string) (string, error) {
	quotedKey, keyErr := quoteSearchKey(key)
	quotedValue, valueErr := quoteSearchValue(value)
	return fmt.Sprintf("tags.%s = %s", quotedKey, quotedValue), cmp.Or(keyErr, valueErr)
}

func searchFilterAdvice(what string, err error) string {
	return fmt.Sprintf("%s %s. Search for less, and select from the results with name_regex or a for expression.", what, err)
}

// likePrefix is a pattern that matches at least the names with a prefix. The language has no escapes: % and _ in the prefix match
// other characters too, and some databases take a backslash for an escape, so any character may stand for it.
func likePrefix(prefix string) string {
	return strings.ReplaceAll(prefix, `\`, "_") + "%"
}

var (
	errBothQuotes = errors.New("has both kinds of quotes (' and \"), which the server's search language can't express")
	errBackslash  = errors.New("ends in a backslash, which the server's search language can't express")
	errBothTicks  = errors.New("is a key with both a backtick and a double quote, which the server's search language can't express")
)

// quoteSearchValue puts a value into the quotes that it doesn't hold itself.
func quoteSearchValue(value string) (string, error) {
	switch {
	case strings.HasSuffix(value, `\`):
		return "", errBackslash // it would hide the closing quote
	case !strings.Contains(value, "'"):
		return "'" + value + "'", nil
	case !strings.Contains(value, `"`):
		return `"` + value + `"`, nil
	default:
		return "", errBothQuotes
	}
}

// quoteSearchKey puts the key of a tag into backticks, or into double quotes when it holds one.
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

// normalizePrefix gives the server's own spelling of the beginning of a name. It is no name by itself: its trailing slash counts.
func normalizePrefix(client *mlflow.Client, prefix string) string {
	const rest = "x" // stands for the rest of a name
	if prefix == "/Workspace" && client.NormalizeName("/Workspace/"+rest) == "/"+rest {
		return "/"
	}
	return strings.TrimSuffix(client.NormalizeName(prefix+rest), rest)
}
