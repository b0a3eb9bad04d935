package rest

import (
	"fmt"
	"strings"
	"time"
)

// APIError is a server's refusal, or a response that is no answer of the API.
type APIError struct {
	Method, Path string
	// Status is the HTTP status; with a 2xx the response was no answer to the call.
	Status int
	// Code is the error_code of the body, "" when the answer was no JSON.
	Code string
	// Message is what the server said: short, one line, without markup and without SQL.
	Message string
	// Hint says what to do, where the answer itself tells.
	Hint string
	// RequestID is for the operator of the server, "" when there was none.
	RequestID string
	// Date is the server's clock, zero when it sent none.
	Date time.Time
	// Attempts and Elapsed tell how often and how long the call was tried.
	Attempts int
	Elapsed  time.Duration

	// fromProxy reports JSON without an error_code: it probably comes from something in front of the server.
	fromProxy bool
	// blocked reports a refusal that is not about the caller's permissions: of an IP access list, of a guard of host names, or of a proxy.
	blocked bool
}

// Error implements error.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	b.WriteString(" (")
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

// UnreachableError means that no response came: the connection failed, broke off or took too long.
type UnreachableError struct {
	Method, Path string
	Err          error
	// Hint says what to do, "" if that is not known.
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

// Unwrap gives the reason.
func (e *UnreachableError) Unwrap() error { return e.Err }

// NotSentError means that a request was not sent because authentication had failed before.
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

// Permanent implements the interface that isPermanent looks for.
func (*NotSentError) Permanent() bool { return true }

func attemptsSuffix(attempts int, elapsed time.Duration) string {
	if attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times in %s", attempts, elapsed.Round(100*time.Millisecond))
}
