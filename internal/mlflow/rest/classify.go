package rest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// AsRefusal returns the server's refusal in an error. A response with a status of success is none, whatever it contains: nothing is
// called gone or forbidden because of it.
func AsRefusal(err error) (*APIError, bool) {
	e, ok := asAPIError(err)
	return e, ok && e.Status >= http.StatusBadRequest
}

// IsNotFound tells that the object of the call does not exist. A missing parent folder or workspace, a missing principal and a call
// that the server does not have are something else.
func IsNotFound(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || IsParentMissing(err) || IsWorkspaceMissing(err) {
		return false
	}
	switch e.Code {
	case "RESOURCE_DOES_NOT_EXIST", "NOT_FOUND":
		return true
	case "INVALID_PARAMETER_VALUE":
		// Older Databricks answer to an unknown experiment id.
		return strings.HasPrefix(e.Message, "Experiment with id ") && strings.Contains(e.Message, "does not exist")
	default:
		return false
	}
}

// IsParentMissing tells that the folder of the experiment does not exist (Databricks answers 404 to create and rename).
func IsParentMissing(err error) bool {
	e, ok := AsRefusal(err)
	return ok && strings.Contains(e.Message, "Parent directory")
}

// IsAlreadyExists tells that the name, tag or grant is taken. Servers send it as 400 and as 409.
func IsAlreadyExists(err error) bool {
	e, ok := AsRefusal(err)
	if !ok {
		return false
	}
	if e.Code == "RESOURCE_ALREADY_EXISTS" || e.Code == "ALREADY_EXISTS" {
		return true
	}
	// A rename to a taken name, on an MLflow server with a database.
	return e.Code == "BAD_REQUEST" && e.Message == duplicateMessage
}

// IsPermissionDenied tells that the caller may not do this.
func IsPermissionDenied(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || e.blocked || IsUnauthenticated(err) {
		return false
	}
	return e.Code == "PERMISSION_DENIED" || e.Status == http.StatusForbidden
}

// IsThrottled tells that the server refused the call for the rate of requests, to the end of the retries.
func IsThrottled(err error) bool {
	if _, heldBack := errors.AsType[rateLimitedError](err); heldBack {
		return true
	}
	e, ok := AsRefusal(err)
	return ok && isThrottled(e.Status, e.Code, []byte(e.Message))
}

// IsQuotaExceeded tells that the server has as many objects as it allows.
func IsQuotaExceeded(err error) bool {
	e, ok := AsRefusal(err)
	return ok && (e.Code == "QUOTA_EXCEEDED" || quotaText.MatchString(e.Message))
}

// quotaText is how servers say that there are as many objects as are allowed.
var quotaText = regexp.MustCompile(`(?i)\b(limit|maximum|quota) of [\d,]+ (\w+ )?experiments\b|\bmaximum number of (\w+ )?experiments\b` +
	`|\bexperiments? (\w+ )?quota\b|\bquota\b.*\bexperiments\b`)

// IsInGitFolder tells that the name lies in a Git folder, where Databricks allows no experiments.
func IsInGitFolder(err error) bool {
	e, ok := AsRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "in a repo")
}

// IsLocationRefused tells that the server refused the artifact location.
func IsLocationRefused(err error) bool {
	e, ok := AsRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "artifact_location")
}

// schemesVariable is where the administrator of an MLflow server allows more schemes.
const schemesVariable = "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES"

var refusedScheme = regexp.MustCompile(`'([A-Za-z][A-Za-z0-9+.-]*)' scheme`)

// RefusedScheme returns the environment variable of an MLflow server, with its value, that would allow the scheme of an artifact location
// which the server refused. ok is false for other errors.
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

// IsUnauthenticated tells that the credentials were refused. Databricks answers a bad token with 403 and a number as error_code.
func IsUnauthenticated(err error) bool {
	e, ok := AsRefusal(err)
	if !ok || e.blocked {
		return false
	}
	return e.Status == http.StatusUnauthorized || e.Code == "UNAUTHENTICATED" || e.Code == "CUSTOMER_UNAUTHORIZED" ||
		e.Code == "403" || strings.Contains(e.Message, "Invalid access token")
}

// IsInvalid tells that the server refused the values of the request.
func IsInvalid(err error) bool {
	e, ok := AsRefusal(err)
	return ok && (e.Code == "INVALID_PARAMETER_VALUE" || e.Code == "BAD_REQUEST")
}

// IsEndpointAbsent tells that the server has no such call at all.
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

// ServerDate is the server's clock in an error's answer, zero when unknown.
func ServerDate(err error) time.Time {
	if e, ok := asAPIError(err); ok {
		return e.Date
	}
	return time.Time{}
}

// IsFromProxy reports a refusal in JSON without an error_code: something in front of the server sent it, and whether the server
// has the endpoint is not known.
func IsFromProxy(err error) bool {
	e, ok := AsRefusal(err)
	return ok && e.fromProxy
}

// asAPIError returns the response in an error.
func asAPIError(err error) (*APIError, bool) {
	var e *APIError
	ok := errors.As(err, &e)
	return e, ok
}

// IsWorkspaceMissing tells that an MLflow server does not know the workspace that the call was to act in.
func IsWorkspaceMissing(err error) bool {
	e, ok := AsRefusal(err)
	return ok && strings.HasPrefix(e.Message, "Workspace '") && strings.Contains(e.Message, "not found")
}
