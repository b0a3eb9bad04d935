package rest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// APIError is an error response of the server, or an invalid response.
type APIError struct {
	Method, Path string
	// Status is the HTTP status. A status below 300 is that of an invalid response.
	Status int
	// Code is the error_code of the body, "" if there is none.
	Code string
	// Message is the message of the server on one line, shortened, without markup and SQL.
	Message string
	// Hint is the next step, "" if it is unknown.
	Hint string
	// RequestID identifies the request in the logs of the server, "" if there is none.
	RequestID string
	// Date is the time on the server's clock, zero if it did not send one.
	Date time.Time
	// Attempts and Elapsed are the number and the total time of the tries.
	Attempts int
	Elapsed  time.Duration

	// fromProxy is set for JSON without an error_code, see [IsFromProxy].
	fromProxy bool
	// blocked is set for a rejection by an IP access list, a check of host names, or a proxy: it does not depend on the permissions of
	// the caller.
	blocked bool
}

// Error implements error.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(e.Message, ".") + " (")
	if e.Code != "" {
		b.WriteString(e.Code + ", ")
	}
	fmt.Fprintf(&b, "HTTP %d on %s %s", e.Status, e.Method, e.Path)
	if e.RequestID != "" {
		b.WriteString(", request " + e.RequestID)
	}
	b.WriteString(attemptsSuffix(e.Attempts, e.Elapsed) + ")")
	if e.Hint != "" {
		b.WriteString("\n\n" + e.Hint)
	}
	return b.String()
}

// followedError is an error after which another operation failed too.
type followedError struct {
	err   error
	text  string
	other error
}

// FollowedBy returns an error after which another operation failed too. text describes the second failure. The hints of both errors are
// after the two messages.
func FollowedBy(err error, text string, other error) error { return &followedError{err, text, other} }

// Error implements error.
func (e *followedError) Error() string {
	first, hint, _ := strings.Cut(e.err.Error(), "\n\n")
	second, otherHint, _ := strings.Cut(e.other.Error(), "\n\n")
	paragraphs := []string{strings.TrimSuffix(first, ".") + "; " + e.text + ": " + second, hint}
	if otherHint != hint {
		paragraphs = append(paragraphs, otherHint)
	}
	return strings.Join(slices.DeleteFunc(paragraphs, func(s string) bool { return s == "" }), "\n\n")
}

// Unwrap returns both errors.
func (e *followedError) Unwrap() []error { return []error{e.err, e.other} }

// UnreachableError means that there was no complete response: the connection failed, ended early, or timed out.
type UnreachableError struct {
	Method, Path string
	Err          error
	// Hint is the next step, "" if it is unknown.
	Hint     string
	Attempts int
	Elapsed  time.Duration
}

// Error implements error.
func (e *UnreachableError) Error() string {
	text := fmt.Sprintf("%s %s failed: %s%s", e.Method, e.Path, printable(e.Err.Error()), attemptsSuffix(e.Attempts, e.Elapsed))
	if e.Hint != "" {
		text += "\n\n" + e.Hint
	}
	return text
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// NotSentError means that a request was not sent because authentication failed before.
type NotSentError struct {
	// Refusal is an *[APIError], or an error of the connection.
	Refusal error
}

// Error implements error.
func (e *NotSentError) Error() string {
	text := "no request was sent, because authentication already failed"
	if refusal, ok := asAPIError(e.Refusal); ok {
		text += fmt.Sprintf(" (HTTP %d on %s %s)", refusal.Status, refusal.Method, refusal.Path)
	}
	return text
}

// Permanent reports that another try cannot succeed.
func (*NotSentError) Permanent() bool { return true }

func attemptsSuffix(attempts int, elapsed time.Duration) string {
	if attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times in %s", attempts, elapsed.Round(100*time.Millisecond))
}
