package framework

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// AddError adds the error of a failed operation: the summary is "Could not" and the action, the detail that of [ErrorDetail].
func AddError(diags *diag.Diagnostics, action string, object string, err error, advice ...string) {
	diags.AddError("Could not "+action, ErrorDetail(object, err, advice...))
}

// AddWarning is AddError for a failure that does not stop the operation.
func AddWarning(diags *diag.Diagnostics, action string, object string, err error, advice ...string) {
	diags.AddWarning("Could not "+action, ErrorDetail(object, err, advice...))
}

// ErrorDetail returns the detail of a diagnostic: the object and the error, then the advice, each as a paragraph of its own.
func ErrorDetail(object string, err error, advice ...string) string {
	reason := EndSentences(fmt.Sprintf("%s: %s", UpperFirst(object), err))
	if _, ok := errors.AsType[*rest.NotSentError](err); ok {
		return reason // the error of the request that was sent has the advice
	}
	if cause := causeAdvice(err); cause != "" {
		advice = append([]string{cause}, advice...)
	}
	if len(advice) == 0 && rest.IsPermissionDenied(err) {
		advice = []string{"Ask a user with CAN_MANAGE on the experiment or folder, a workspace admin, or a server admin for access."}
	}
	return strings.Join(append([]string{reason}, advice...), "\n\n")
}

// EndSentences adds the missing period to each paragraph of a text that ends in an error. A paragraph that ends in a colon introduces the
// next one.
func EndSentences(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, paragraph := range paragraphs {
		if !strings.HasSuffix(paragraph, ".") && !strings.HasSuffix(paragraph, ":") && !strings.HasPrefix(paragraph, " ") {
			paragraphs[i] = paragraph + "."
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// causeAdvice returns what to do about an error whose cause is not the object; empty for other errors.
func causeAdvice(err error) string {
	switch {
	case rest.IsThrottled(err):
		return "The server limits the rate of requests. Set rate_limit in the provider block to a lower number of requests per second, or run " +
			"Terraform with a lower -parallelism. To retry for longer, increase retry_timeout_seconds."
	case rest.IsQuotaExceeded(err):
		return "The server has reached its maximum number of experiments. Delete experiments that are no longer needed, or ask an admin " +
			"of the workspace or server to raise the limit."
	default:
		return ""
	}
}

// UpperFirst returns a text with its first letter in upper case.
func UpperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// DescribeExperiment describes an experiment in messages by its ID, its name, or both.
func DescribeExperiment(id, name string) string {
	switch {
	case name == "":
		return "experiment " + id
	case id == "":
		return fmt.Sprintf("experiment %q", name)
	default:
		return fmt.Sprintf("experiment %q (ID %s)", name, id)
	}
}
