package rest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// AsRefusal returns the error response of the server in an error. A response with a success status is not one, so that no object is
// reported as missing or forbidden because of it.
func AsRefusal(err error) (*APIError, bool) {
	e, ok := asAPIError(err)
	return e, ok && e.Status >= http.StatusBadRequest
}

// IsNotFound reports whether the object of the call does not exist. It is false for a missing parent folder, workspace, or endpoint.
func IsNotFound(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || IsParentMissing(err) || IsWorkspaceMissing(err) {
		return false
	}
	switch e.Code {
	case "RESOURCE_DOES_NOT_EXIST", "NOT_FOUND":
		return true
	case "INVALID_PARAMETER_VALUE":
		// The response of older versions of Databricks for an unknown experiment ID.
		return strings.HasPrefix(e.Message, "Experiment with id ") && strings.Contains(e.Message, "does not exist")
	default:
		return false
	}
}

// IsParentMissing reports whether the folder of the experiment does not exist: Databricks returns HTTP 404 to create and rename.
func IsParentMissing(err error) bool {
	e, ok := AsRefusal(err)
	return ok && strings.Contains(e.Message, "Parent directory")
}

// IsAlreadyExists reports whether the name, tag, or grant already exists. Servers return it as HTTP 400 and 409.
func IsAlreadyExists(err error) bool {
	e, ok := AsRefusal(err)
	if !ok {
		return false
	}
	if e.Code == "RESOURCE_ALREADY_EXISTS" || e.Code == "ALREADY_EXISTS" {
		return true
	}
	// A rename to an existing name, on an MLflow server with a database.
	return e.Code == "BAD_REQUEST" && e.Message == duplicateMessage
}

// IsPermissionDenied reports whether the caller lacks permissions for the call.
func IsPermissionDenied(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || e.blocked || IsUnauthenticated(err) {
		return false
	}
	return e.Code == "PERMISSION_DENIED" || e.Status == http.StatusForbidden
}

// IsThrottled reports whether the server still rate-limited the call when the retries ended.
func IsThrottled(err error) bool {
	if _, heldBack := errors.AsType[rateLimitedError](err); heldBack {
		return true
	}
	e, ok := AsRefusal(err)
	return ok && isThrottled(e.Status, e.Code, []byte(e.Message))
}

// IsQuotaExceeded reports whether the server already has the maximum number of objects.
func IsQuotaExceeded(err error) bool {
	e, ok := AsRefusal(err)
	return ok && (e.Code == "QUOTA_EXCEEDED" || quotaText.MatchString(e.Message))
}

// quotaText matches the messages of servers about the maximum number of experiments.
var quotaText = regexp.MustCompile(`(?i)\b(limit|maximum|quota) of [\d,]+ (\w+ )?experiments\b|\bmaximum number of (\w+ )?experiments\b` +
	`|\bexperiments? (\w+ )?quota\b|\bquota\b.*\bexperiments\b`)

// IsInGitFolder reports whether the name is in a Git folder, where Databricks does not allow experiments.
func IsInGitFolder(err error) bool {
	e, ok := AsRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "in a repo")
}

// IsLocationRefused reports whether the server rejected the artifact location.
func IsLocationRefused(err error) bool {
	e, ok := AsRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "artifact_location")
}

// schemesVariable is the environment variable of an MLflow server that allows more schemes of artifact locations.
const schemesVariable = "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES"

var refusedScheme = regexp.MustCompile(`'([A-Za-z][A-Za-z0-9+.-]*)' scheme`)

// RefusedScheme returns the environment variable of an MLflow server, with the value that allows the scheme of the rejected artifact
// location. ok is false for other errors.
func RefusedScheme(err error) (setting string, ok bool) {
	e, ok := AsRefusal(err)
	if !ok || !strings.Contains(e.Message, schemesVariable) {
		return "", false
	}
	if scheme := refusedScheme.FindStringSubmatch(e.Message); scheme != nil {
		return schemesVariable + "=" + scheme[1], true
	}
	return schemesVariable, true
}

// IsUnauthenticated reports whether the server rejected the credentials. Databricks returns HTTP 403 and a number as error_code for an
// invalid token.
func IsUnauthenticated(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || e.blocked {
		return false
	}
	return e.Status == http.StatusUnauthorized || e.Code == "UNAUTHENTICATED" || e.Code == "CUSTOMER_UNAUTHORIZED" ||
		e.Code == "403" || strings.Contains(e.Message, "Invalid access token")
}

// IsInvalid reports whether the server rejected values of the request.
func IsInvalid(err error) bool {
	e, ok := AsRefusal(err)
	return ok && (e.Code == "INVALID_PARAMETER_VALUE" || e.Code == "BAD_REQUEST")
}

// IsEndpointAbsent reports whether the server does not have the endpoint.
func IsEndpointAbsent(err error) bool {
	e, ok := AsRefusal(err)
	if !ok {
		return false
	}
	if e.Code != "" {
		return e.Code == "ENDPOINT_NOT_FOUND" || e.Code == "NOT_IMPLEMENTED"
	}
	return e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented
}

// ServerDate returns the time on the server's clock in an error response, zero if there is none.
func ServerDate(err error) time.Time {
	if e, ok := asAPIError(err); ok {
		return e.Date
	}
	return time.Time{}
}

// IsFromProxy reports whether an error response is JSON without an error_code. A proxy in front of the server probably sent it, so that it
// does not show whether the server has the endpoint.
func IsFromProxy(err error) bool {
	e, ok := AsRefusal(err)
	return ok && e.fromProxy
}

// asAPIError returns the [*APIError] in an error.
func asAPIError(err error) (*APIError, bool) {
	var e *APIError
	ok := errors.As(err, &e)
	return e, ok
}

// IsWorkspaceMissing reports whether an MLflow server does not have the MLflow workspace of the call.
func IsWorkspaceMissing(err error) bool {
	e, ok := AsRefusal(err)
	return ok && strings.HasPrefix(e.Message, "Workspace '") && strings.Contains(e.Message, "not found")
}
