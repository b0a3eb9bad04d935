package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// filterAdvice says how to write a filter that the server accepts.
const filterAdvice = "Join comparisons with AND only. Compare metrics.KEY and attributes.start_time and end_time with =, !=, >, >=, <, and <= to a number, and params.KEY, " +
	"tags.KEY, and attributes.status and run_name with =, !=, LIKE, and ILIKE to a quoted value. Put a KEY with other characters than letters, " +
	"digits, and underscores in backticks or double quotes."

// andFilters joins conditions of a search with AND, the only operator that the servers have. Empty ones are left out. The conditions of the provider
// come first, so that no text in the filter of a user can hide them.
func andFilters(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return strings.TrimSpace(c) == "" }), " AND ")
}

// statusFilter is the condition that a run has one of several statuses, "" if there are none or all of them. The servers have neither OR nor IN for it,
// so that several statuses are those that are not one of the others. One search then returns them in the order of the server.
func statusFilter(statuses []string) string {
	if len(statuses) == 1 {
		return fmt.Sprintf("attributes.status = '%s'", statuses[0])
	}
	var conditions []string
	for _, other := range mlflow.RunStatuses {
		if len(statuses) > 0 && !slices.Contains(statuses, other) {
			conditions = append(conditions, fmt.Sprintf("attributes.status != '%s'", other))
		}
	}
	return andFilters(conditions...)
}

// filterValidator rejects a filter with OR, which is the most frequent mistake, and one that lacks a condition. The server checks the rest.
type filterValidator struct{}

// Description implements [validator.Describer].
func (filterValidator) Description(context.Context) string {
	return "must not be empty, must not contain OR, and must have a condition before and after each AND"
}

// MarkdownDescription implements [validator.Describer].
func (v filterValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (filterValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	filter := req.ConfigValue.ValueString()
	if strings.TrimSpace(filter) == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", "The filter is empty. Write a condition, such as \"metrics.auc > 0.9\", or omit the argument.")
		return
	}
	words := unquotedWords(filter)
	switch {
	case slices.ContainsFunc(words, isWord("OR")):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", fmt.Sprintf("%q contains OR, which the search language of MLflow does not have.\n\n"+
			"Use one block for each alternative. For several statuses, use the status argument if there is one.", filter))
	case lacksCondition(words):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", fmt.Sprintf("%q lacks a condition before or after AND. The server would ignore it, and find more runs.\n\n"+
			"Write a condition before and after each AND. If the filter contains variables, check that none is empty.", filter))
	}
}

func isWord(word string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(word, other) }
}

// lacksCondition reports whether a filter begins or ends with AND, or has it twice in a row: a template whose variables are empty. An MLflow server
// accepts it.
func lacksCondition(words []string) bool {
	isAnd := isWord("AND")
	for i, word := range words {
		if isAnd(word) && (i == 0 || i == len(words)-1 || isAnd(words[i-1])) {
			return true
		}
	}
	return false
}

// unquotedWords returns the words of a filter that are not in quotes of any kind. What follows an open quote is in it.
func unquotedWords(filter string) []string {
	var quote rune
	escaped := false
	return strings.FieldsFunc(strings.Map(func(r rune) rune {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
		case strings.ContainsRune("'\"`", r):
			quote = r
		default:
			return r
		}
		return '_' // what is in quotes is a word without spaces
	}, filter), func(r rune) bool { return strings.ContainsRune(" \t\r\n()", r) })
}
