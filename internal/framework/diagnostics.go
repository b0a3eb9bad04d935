package framework

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// AddError words every failed call the same way: what could not be done, to which object, what the server said, what to do.
func AddError(diags *diag.Diagnostics, could string, object string, err error, advice ...string) {
	diags.AddError("Could not "+could, ErrorDetail(object, err, advice...))
}

// AddWarning is AddError for what does not stop the run.
func AddWarning(diags *diag.Diagnostics, could string, object string, err error, advice ...string) {
	diags.AddWarning("Could not "+could, ErrorDetail(object, err, advice...))
}

// ErrorDetail returns the detail of a diagnostic: the object, what the server said, and what to do.
func ErrorDetail(object string, err error, advice ...string) string {
	said := fmt.Sprintf("%s: %s", UpperFirst(object), strings.TrimSuffix(err.Error(), "."))
	if _, ok := errors.AsType[*rest.NotSentError](err); ok {
		return said + "." // the error of the request that was sent has the advice
	}
	if cause := causeAdvice(err); cause != "" {
		advice = append([]string{cause}, advice...)
	}
	if len(advice) == 0 && rest.IsPermissionDenied(err) {
		advice = []string{"Ask somebody with CAN_MANAGE on it, or a workspace admin, for access."}
	}
	return strings.Join(append([]string{said}, advice...), "\n\n")
}

// causeAdvice says what to do about a refusal that has nothing to do with the object; "" for others.
func causeAdvice(err error) string {
	switch {
	case rest.IsThrottled(err):
		return "The server limits the rate of requests. Set rate_limit in the provider block to a lower number of requests per second, or run Terraform with a lower " +
			"-parallelism. To retry for longer, increase retry_timeout_seconds."
	case rest.IsQuotaExceeded(err):
		return "The server has as many experiments as it allows. Delete those that are no longer needed, or ask an administrator of the server to raise the limit."
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

// DescribeExperiment describes an experiment in messages.
func DescribeExperiment(id, name string) string {
	switch {
	case name == "":
		return "experiment " + id
	case id == "":
		return fmt.Sprintf("experiment %q", name)
	default:
		return fmt.Sprintf("experiment %q (%s)", name, id)
	}
}
