package rest

import "net/url"

// Call describes an API call.
type Call struct {
	Method string
	// Path is the path below the server URL, with the API version: /api/2.0/mlflow/…
	Path  string
	Query url.Values
	// Body is encoded as JSON; nil means no body.
	Body any
	// Out receives the response and validates it. It is nil if the call returns nothing, which is {} or an empty body.
	Out   Response
	Group Group
	// NotIdempotent marks a call whose effect must not be repeated, such as a create. It is retried only if the server rejected it before
	// any effect.
	NotIdempotent bool
	// NoRetry disables retries.
	NoRetry bool
	// Page marks a call that returns a list, for which the maximum size of a response is larger.
	Page bool
	// Secrets are values in the body that must never be shown, such as a password. Bodies of a call with secrets are not logged, and errors
	// quote the API only about an invalid value or a missing object: other messages may contain a value derived from a secret.
	Secrets []string
}

// limit returns the maximum size of a valid response, in bytes.
func (cl Call) limit() int64 {
	if cl.Page {
		return maxPage
	}
	return maxObject
}

// Group is a set of API calls that share a rate limit.
type Group string

// The groups of calls with separate documented rate limits on Databricks, and all other calls.
const (
	GroupPermissionReads  Group = "permission reads"
	GroupPermissionWrites Group = "permission writes"
	GroupSearch           Group = "search"
	GroupExperimentWrites Group = "experiment update, delete and restore"
	GroupOther            Group = "other"
)
