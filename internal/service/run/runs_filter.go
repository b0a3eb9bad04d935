package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// filterAdvice is the advice for a filter that the server rejected.
const filterAdvice = "Join comparisons with AND only. Compare metrics.KEY and attributes.start_time and end_time with =, !=, >, >=, <, " +
	"and <= to a number, and params.KEY, tags.KEY, and attributes.status and run_name with =, !=, LIKE, and ILIKE to a quoted value. Put a " +
	"KEY with characters other than letters, digits, and underscores in backticks or double quotes."

// andFilters joins the conditions of a search with AND, the only operator that servers support, and omits empty ones. Pass the provider's
// conditions first, so that no text in the user's filter can disable them.
func andFilters(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return strings.TrimSpace(c) == "" }), " AND ")
}

// statusFilter returns the condition that a run has one of several statuses, "" for none or all statuses. Servers support neither OR nor
// IN for the status, so several statuses are selected by excluding the others. One search then returns the runs in the order of the
// server.
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

// filterValidator rejects a filter with OR, and one that lacks a condition. The server validates the rest.
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
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", "The filter is empty. Write a condition, such as \"metrics.auc > 0.9\", "+
			"or omit the argument.")
		return
	}
	words := unquotedWords(filter)
	switch {
	case slices.ContainsFunc(words, isWord("OR")):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", fmt.Sprintf("%q contains OR, which the search language of MLflow does "+
			"not support.\n\nUse one data source or action for each alternative. The data source mlflow_runs supports several statuses with "+
			"status.", filter))
	case isMissingCondition(words):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid filter", fmt.Sprintf("%q lacks a condition before or after AND. The server would "+
			"ignore the AND and match more runs.\n\nWrite a condition before and after each AND. If the filter contains variables, check that "+
			"none is empty.", filter))
	}
}

func isWord(word string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(word, other) }
}

// isMissingCondition reports whether a filter starts or ends with AND, or contains it twice in a row, for example because a template
// variable is empty. An MLflow server accepts that.
func isMissingCondition(words []string) bool {
	isAnd := isWord("AND")
	for i, word := range words {
		if isAnd(word) && (i == 0 || i == len(words)-1 || isAnd(words[i-1])) {
			return true
		}
	}
	return false
}

// unquotedWords returns the words of a filter outside quotes. An unclosed quote extends to the end.
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
		return '_' // quoted text becomes part of a word
	}, filter), func(r rune) bool { return strings.ContainsRune(" \t\r\n()", r) })
}
