package rest

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// minSecretLength is the minimum length of a secret that is redacted, in bytes. Redacting a shorter one would remove parts of words, and so
// reveal it.
const minSecretLength = 4

// Replacements for the bodies, and for the message of the server, of a call with [Call.Secrets].
const (
	withheldBody    = "(not logged, because the request contains a secret)"
	withheldMessage = "the response is not shown, because it may contain a secret"
)

// redact replaces the secrets of the client in a text from a server.
func (c *Client) redact(s string) string { return replaceSecrets(s, c.options.Secrets()) }

// replaceSecrets replaces secrets in a text, in all encodings in which a server may return them.
func replaceSecrets(s string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) < minSecretLength {
			continue
		}
		spellings := []string{secret, inJSON(secret, true), inJSON(secret, false), url.QueryEscape(secret), html.EscapeString(secret)}
		for _, spelling := range spellings {
			s = strings.ReplaceAll(s, spelling, "***")
		}
	}
	return s
}

// inJSON returns a text as part of a JSON string. Some encoders escape <, >, and &.
func inJSON(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // a string can always be encoded
	return strings.Trim(strings.TrimSpace(b.String()), `"`)
}

// redactMessage removes the message of a call with secrets, unless it is the API's own about an invalid value, a missing object, or the
// permissions of the caller. In those, it replaces the secrets.
func (e *APIError) redactMessage(secrets []string) {
	switch {
	case e.Message == duplicateMessage, strings.EqualFold(e.Message, "Permission denied"):
	case e.isRequestError() && !slices.ContainsFunc(secrets, func(secret string) bool { return len(secret) < minSecretLength }):
		e.Message = replaceSecrets(e.Message, secrets)
	default:
		e.Message = withheldMessage
	}
}

// isRequestError reports whether the API itself rejected the request for its values, its object, or its caller.
func (e *APIError) isRequestError() bool {
	switch e.Code {
	case "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED", "UNAUTHENTICATED":
		return true
	default:
		return false
	}
}
