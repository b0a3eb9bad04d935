package rest

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// minSecretLength is how long a secret must be, in bytes, to be cut out of texts: a shorter one would take letters out of words, and show by
// that what it is.
const minSecretLength = 4

// What stands for the bodies, and for the server's message, of a call with [Call.Secrets].
const (
	withheldBody    = "(not logged, because the request contains a secret)"
	withheldMessage = "the response is not shown, because it may contain a secret"
)

// redact cuts the client's own secrets out of a text that a server sent, in the spellings in which a server may echo them.
func (c *Client) redact(s string) string { return replaceSecrets(s, c.options.Secrets()) }

// replaceSecrets cuts secrets out of a text.
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

// inJSON spells a text as within a JSON string, where encoders escape <, > and & or do not.
func inJSON(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // a string can always be encoded
	return strings.Trim(strings.TrimSpace(b.String()), `"`)
}

// redactMessage takes out of a refusal of a call with secrets what may contain one. The API's words about a wrong value, a missing object, and
// the caller's rights stay, without the secrets.
func (e *APIError) redactMessage(secrets []string) {
	switch {
	case e.Message == duplicateMessage, strings.EqualFold(e.Message, "Permission denied"):
	case e.isRequestError() && !slices.ContainsFunc(secrets, func(secret string) bool { return len(secret) < minSecretLength }):
		e.Message = replaceSecrets(e.Message, secrets)
	default:
		e.Message = withheldMessage
	}
}

// isRequestError reports that the API itself refused the request for its values, its object, or its caller.
func (e *APIError) isRequestError() bool {
	switch e.Code {
	case "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED", "UNAUTHENTICATED":
		return true
	default:
		return false
	}
}
