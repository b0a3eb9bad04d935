package rest

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

// shortestSecret is how long a secret must be, in bytes, to be cut out of texts: a shorter one would take letters out of words, and show by
// that what it is.
const shortestSecret = 4

// redact cuts the client's own secrets out of a text that a server sent, in the spellings in which a server may echo them.
func (c *Client) redact(s string) string {
	for _, secret := range c.options.Secrets() {
		if len(secret) < shortestSecret {
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
