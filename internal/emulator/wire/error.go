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

// Invalid returns the error for a value that is rejected.
func Invalid(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "INVALID_PARAMETER_VALUE", format, args...)
}

// Missing returns the error for an object that does not exist.
func Missing(format string, args ...any) *Error {
	return Errorf(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", format, args...)
}

// Taken returns the error for a name that is in use.
func Taken(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", format, args...)
}

// Denied returns the error for a caller without the permission that is needed.
func Denied(format string, args ...any) *Error {
	return Errorf(http.StatusForbidden, "PERMISSION_DENIED", format, args...)
}

// Required returns the error for a parameter that is not set.
func Required(parameter string) *Error {
	return Invalid("Missing value for required parameter '%s'.", parameter)
}
