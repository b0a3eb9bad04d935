package rest

import "net/url"

// Call is one API call, before it is tried.
type Call struct {
	Method, Path string
	Query        url.Values
	Body         any
	// Out receives the answer and says what it must hold; nil when the call returns nothing, which is {} or an empty body.
	Out   Response
	Group Group
	// NotIdempotent marks a call whose effect must not be repeated (create): it is retried only when the server refused it
	// before any effect.
	NotIdempotent bool
	// NoRetry allows one try only, whatever the answer.
	NoRetry bool
	// Page marks a call whose answer lists many objects: it may be larger.
	Page bool
	// Secrets are values in the body that must never be shown, such as a password. The bodies of a call that has some are not logged, and
	// errors quote only what the API says about a wrong value or a missing object: other messages may contain what was made of a secret.
	Secrets []string
}

// limit is how much of a usable answer is read, in bytes.
func (cl Call) limit() int64 {
	if cl.Page {
		return maxPage
	}
	return maxObject
}

// Group is a set of API calls that a server limits together.
type Group string

// The groups that Databricks documents separate request rates for.
const (
	GroupPermissionReads  Group = "permission reads"
	GroupPermissionWrites Group = "permission writes"
	GroupSearch           Group = "search"
	GroupExperimentWrites Group = "experiment update, delete and restore"
	GroupOther            Group = "other"
)
