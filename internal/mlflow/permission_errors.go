package mlflow

import (
	"errors"
	"fmt"
)

// NotGrantedError means that the server accepted a grant, but does not list it.
type NotGrantedError struct {
	Grant Grant
	// Listed is the principal that the server lists instead, in another spelling; zero if there is none.
	Listed Principal
	// Level is what the server lists for the principal, "" if it does not list the principal itself.
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

// UnsupportedError means that the server can't do what is asked; its text says why, and what to do instead.
type UnsupportedError struct {
	Reason string
	// Single reports that the grants of single principals can be managed all the same.
	Single bool
	// Denied reports that the server does it for others, not for the caller.
	Denied bool
}

// Error implements error.
func (e *UnsupportedError) Error() string { return e.Reason }

// MissingPrincipalError means that the server does not know a principal.
type MissingPrincipalError struct {
	Principal Principal
	Err       error
}

// Error implements error.
func (e *MissingPrincipalError) Error() string { return e.Err.Error() }

// Unwrap gives what the server said.
func (e *MissingPrincipalError) Unwrap() error { return e.Err }

// StillGrantedError means that the server confirmed a revoke and lists the grant all the same: it puts the grant back by itself, or
// somebody else did.
type StillGrantedError struct{ Principal Principal }

// Error implements error.
func (e *StillGrantedError) Error() string {
	return fmt.Sprintf("the server still lists the grant to %q after it was revoked", e.Principal.Name)
}

// ObjectError means that the server has no access control list for the object itself, but one for another kind of object.
type ObjectError struct {
	// Type is such as "notebook", and Want is what was expected, such as "an experiment".
	Type, Want string
}

// Error implements error.
func (e *ObjectError) Error() string {
	return fmt.Sprintf("the server returned the permissions of an object of type %q, not of %s", e.Type, e.Want)
}

// MissingPrincipal tells which principal of a write the server does not know; ok is false when that was not the error.
func MissingPrincipal(err error) (p Principal, ok bool) {
	var missing *MissingPrincipalError
	if !errors.As(err, &missing) {
		return Principal{}, false
	}
	return missing.Principal, true
}
