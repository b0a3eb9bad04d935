package server

import "fmt"

// TakenError means that a user, role, or workspace with the name already exists.
type TakenError struct {
	// Noun is "user", "role", or "workspace". Name is its name, and Workspace the workspace of a role.
	Noun, Name, Workspace string
	// Err is the error of the server without secrets, nil if no create call was sent.
	Err error
}

// Error implements error.
func (e *TakenError) Error() string {
	if e.Workspace != "" {
		return fmt.Sprintf("%s %q already exists in workspace %q", e.Noun, e.Name, e.Workspace)
	}
	return fmt.Sprintf("%s %q already exists", e.Noun, e.Name)
}

// Unwrap returns the error of the server.
func (e *TakenError) Unwrap() error { return e.Err }

// MissingWorkspaceError means that the workspace does not exist, or that the caller cannot access it.
type MissingWorkspaceError struct{ Name string }

// Error implements error.
func (e *MissingWorkspaceError) Error() string {
	return fmt.Sprintf("the MLflow server has no workspace %q, or the current user cannot access it", e.Name)
}

// NotEmptyError means that a workspace cannot be deleted because it is not empty.
type NotEmptyError struct {
	Name string
	// Err is the error of the server.
	Err error
}

// Error implements error.
func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("workspace %q is not empty: %s", e.Name, e.Err)
}

// Unwrap returns the error of the server.
func (e *NotEmptyError) Unwrap() error { return e.Err }
