package mlflow

import (
	"errors"
	"fmt"
)

// NotGrantedError means that the server accepted a grant, but does not return it.
type NotGrantedError struct {
	Grant Grant
	// Listed is the principal that the server returns instead, in another spelling; zero if there is none.
	Listed Principal
	// Level is the level that the server returns for the principal, "" if it does not return the principal.
	Level string
}

// Error implements error.
func (e *NotGrantedError) Error() string {
	switch {
	case e.Level != "":
		return fmt.Sprintf("the server accepted %s for %q, but lists %s", e.Grant.Level, e.Grant.Principal.Name, e.Level)
	case e.Listed.Name != "":
		return fmt.Sprintf("the server lists the grant of %q as %q. Use that spelling", e.Grant.Principal.Name, e.Listed.Name)
	default:
		return fmt.Sprintf("the server accepted the grant of %s to %q, but does not list it", e.Grant.Level, e.Grant.Principal.Name)
	}
}

// UnsupportedError means that the server does not support an operation. Its text has the reason and the next step.
type UnsupportedError struct {
	Reason string
	// Single reports whether grants of single principals can still be managed.
	Single bool
	// Denied reports whether the server supports the operation for other identities than the caller.
	Denied bool
}

// Error implements error.
func (e *UnsupportedError) Error() string { return e.Reason }

// MissingPrincipalError means that a principal does not exist.
type MissingPrincipalError struct {
	Principal Principal
	Err       error
}

// Error implements error.
func (e *MissingPrincipalError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the server.
func (e *MissingPrincipalError) Unwrap() error { return e.Err }

// StillGrantedError means that the server accepted a revoke, but still returns the grant: the server itself or another client granted it
// again.
type StillGrantedError struct{ Principal Principal }

// Error implements error.
func (e *StillGrantedError) Error() string {
	return fmt.Sprintf("the server still lists the grant to %q after it was revoked", e.Principal.Name)
}

// ObjectError means that the server returned the access control list of another kind of object, such as the notebook of an experiment.
type ObjectError struct {
	// Type is the type of the object, such as "notebook", and Want the expected one, such as "an experiment".
	Type, Want string
}

// Error implements error.
func (e *ObjectError) Error() string {
	return fmt.Sprintf("the server returned the permissions of an object of type %q, not of %s", e.Type, e.Want)
}

// MissingPrincipal returns the principal in a [MissingPrincipalError]; ok is false for other errors.
func MissingPrincipal(err error) (p Principal, ok bool) {
	var missing *MissingPrincipalError
	if !errors.As(err, &missing) {
		return Principal{}, false
	}
	return missing.Principal, true
}
