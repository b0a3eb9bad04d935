package server

import "fmt"

// TakenError means that there is a user, role, or workspace of a name already.
type TakenError struct {
	// Noun is "user", "role", or "workspace". Name is its name, and Workspace the workspace of a role.
	Noun, Name, Workspace string
	// Err is what the server said, without anything secret; nil if the provider saw it first.
	Err error
}

// Error implements error.
func (e *TakenError) Error() string {
	if e.Workspace != "" {
		return fmt.Sprintf("%s %q already exists in workspace %q", e.Noun, e.Name, e.Workspace)
	}
	return fmt.Sprintf("%s %q already exists", e.Noun, e.Name)
}

// Unwrap gives what the server said.
func (e *TakenError) Unwrap() error { return e.Err }

// MissingWorkspaceError means that the server has no workspace of a name, or does not show it to the caller.
type MissingWorkspaceError struct{ Name string }

// Error implements error.
func (e *MissingWorkspaceError) Error() string {
	return fmt.Sprintf("the MLflow server has no workspace %q, or the current user cannot access it", e.Name)
}

// NotEmptyError means that a workspace cannot be deleted because there is something in it.
type NotEmptyError struct {
	Name string
	// Err is what the server said.
	Err error
}

// Error implements error.
func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("workspace %q is not empty: %s", e.Name, e.Err)
}

// Unwrap gives what the server said.
func (e *NotEmptyError) Unwrap() error { return e.Err }
