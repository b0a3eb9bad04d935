package wire

import (
	"fmt"
	"net/http"
)

// Error is a response that is not a success. Body is JSON, in the form of the API of the route.
type Error struct {
	Status int
	Body   map[string]any
}

func (e *Error) Error() string { return fmt.Sprint(e.Status, " ", e.Body) }

// Errorf returns an error of the usual form: error_code and message.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{status, map[string]any{"error_code": code, "message": fmt.Sprintf(format, args...)}}
}

// InvalidParameter returns the error for a value that is rejected.
func InvalidParameter(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "INVALID_PARAMETER_VALUE", format, args...)
}

// NotFound returns the error for an object that does not exist.
func NotFound(format string, args ...any) *Error {
	return Errorf(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", format, args...)
}

// AlreadyExists returns the error for a name that is in use.
func AlreadyExists(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", format, args...)
}

// PermissionDenied returns the error for a caller without the permission that is needed.
func PermissionDenied(format string, args ...any) *Error {
	return Errorf(http.StatusForbidden, "PERMISSION_DENIED", format, args...)
}

// MissingParameter returns the error for a parameter that is not set.
func MissingParameter(parameter string) *Error {
	return InvalidParameter("Missing value for required parameter '%s'.", parameter)
}
