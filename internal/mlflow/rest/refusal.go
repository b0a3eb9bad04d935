package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// errorBody has the fields of all known error bodies: of the API, of SCIM, and of API 1.2.
type errorBody struct {
	ErrorCode json.RawMessage `json:"error_code"` // a string, seldom a number
	Message   string          `json:"message"`
	Detail    string          `json:"detail"`
	Error     json.RawMessage `json:"error"`
	Details   []struct {
		Type            string `json:"@type"`
		RequestID       string `json:"request_id"`
		RetryDelay      string `json:"retry_delay"`
		FieldViolations []struct {
			Field       string `json:"field"`
			Description string `json:"description"`
		} `json:"field_violations"`
		Links []struct {
			URL string `json:"url"`
		} `json:"links"`
	} `json:"details"`
}

func (b errorBody) code() string {
	return strings.Trim(string(b.ErrorCode), `"`)
}

func parseErrorBody(body []byte) (errorBody, bool) {
	var b errorBody
	if err := json.Unmarshal(body, &b); err != nil {
		return errorBody{}, false
	}
	return b, true
}

// errorCode returns the error_code of a body, "" if it has none.
func errorCode(body []byte) string {
	if !bytes.Contains(body, []byte(`"error_code"`)) {
		return ""
	}
	b, _ := parseErrorBody(body)
	return b.code()
}

// retryInfo returns the retry delay in a body, 0 if it has none.
func retryInfo(body []byte) time.Duration {
	b, _ := parseErrorBody(body)
	for _, d := range b.Details {
		if delay, err := time.ParseDuration(d.RetryDelay); err == nil {
			return delay
		}
	}
	return 0
}

func (a *attempts) unreachable(err error) error {
	if sent, ok := errors.AsType[*url.Error](err); ok {
		err = sent.Err // which repeats the method and the whole URL
	}
	return &UnreachableError{
		Method: a.call.Method, Path: a.call.Path, Err: err, Hint: a.client.options.Advice(err), Attempts: a.count, Elapsed: time.Since(a.start),
	}
}

// newError returns an error about a response, without a message.
func (a *attempts) newError(resp *http.Response) *APIError {
	e := &APIError{
		Method: a.call.Method, Path: a.call.Path, Status: resp.StatusCode,
		RequestID: cleanMessage(a.client.redact(resp.Header.Get("X-Request-Id"))), Attempts: a.count, Elapsed: time.Since(a.start),
	}
	e.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	return e
}

// invalidResponseMessage is the message of a success that is not a valid response to the call.
const invalidResponseMessage = "the response is not a valid response of the MLflow API"

// invalidResponse returns the error for a success that is not a valid response to the call: from a proxy, or about another object.
func (a *attempts) invalidResponse(resp *http.Response, why error) error {
	e := a.newError(resp)
	e.Message = cleanMessage(a.client.redact(invalidResponseMessage + ": " + why.Error()))
	if len(a.call.Secrets) > 0 {
		e.Message = invalidResponseMessage
	}
	e.Hint = "It may be from a proxy, a sign-in page, or another server. Check the server URL and any proxy in front of the server."
	return e
}

// apiError returns the error for an error response, or for a success that contains an error_code or is not JSON.
func (a *attempts) apiError(resp *http.Response, body []byte) error {
	e := a.refusal(resp, body)
	if len(a.call.Secrets) > 0 {
		e.redactMessage(a.call.Secrets)
	}
	return e
}

// refusal returns the error with the message of the server.
func (a *attempts) refusal(resp *http.Response, body []byte) *APIError {
	e := a.newError(resp)
	b, ok := parseErrorBody(body)
	if !ok || !isJSON(resp, body) {
		e.Message, e.Hint = nonAPIResponse(resp, []byte(a.client.redact(string(body[:min(len(body), maxErrorBody)]))))
		e.blocked = e.Status == http.StatusForbidden && e.Hint != ""
		return e
	}
	e.Code = cleanMessage(a.client.redact(b.code()))
	e.fromProxy = e.Code == "" && b.Details == nil
	e.Message = apiMessage(a.client.redact(cmp.Or(b.Message, b.Detail, strings.Trim(string(b.Error), `"`), http.StatusText(e.Status))))
	if len(a.call.Secrets) == 0 {
		e.addDetails(b, a.client.redact)
	}
	e.blocked = blockedText.MatchString(e.Message) || e.Status == http.StatusForbidden && e.fromProxy && b.Message == "" && b.Detail == ""
	switch {
	case blockedText.MatchString(e.Message):
		e.Hint = blockedHint
	case e.fromProxy && IsEndpointAbsent(e):
		e.Hint = "The response is not from the MLflow API, but from a gateway or another server. Check the server URL and its path, and " +
			"that any proxy in front of the server forwards " + apiRoot(e.Path) + "."
	case e.blocked:
		e.Hint = proxyHint
	case IsUnauthenticated(e):
		e.Hint = "The server rejected the credentials. Check that the token or password is correct, not expired, and for this server."
	case IsWorkspaceMissing(e):
		e.Hint = "Check workspace in the resource and in the provider block, and MLFLOW_WORKSPACE: the server has no workspace with this name, " +
			"or the identity that runs Terraform cannot access it."
	case strings.HasPrefix(e.Message, "Workspace APIs are not available"):
		e.Hint = "The server runs without workspaces. Remove workspace from the resource and from the provider block, and unset " +
			"MLFLOW_WORKSPACE, or start the server with --enable-workspaces."
	}
	return e
}

func (e *APIError) addDetails(b errorBody, redact func(string) string) {
	for _, d := range b.Details {
		e.RequestID = cmp.Or(cleanMessage(redact(d.RequestID)), e.RequestID)
		for _, v := range d.FieldViolations {
			e.Message += fmt.Sprintf("; %s: %s", cleanMessage(redact(v.Field)), cleanMessage(redact(v.Description)))
		}
		for _, l := range d.Links {
			e.Hint = strings.TrimSpace(e.Hint + "\nSee " + cleanMessage(redact(l.URL)))
		}
	}
}

// nonAPIResponse returns the message and the hint for a response that is not from the API: a sign-in page, an error page of a proxy, or the
// text of a check of host names.
func nonAPIResponse(resp *http.Response, body []byte) (message, hint string) {
	text := shorten(cleanMessage(pageText(body)), maxPageText)
	switch {
	case blockedText.MatchString(text):
		return text, blockedHint
	case httpsText.MatchString(text):
		return text, "The server requires HTTPS. Use https:// in the server URL."
	case isDisabledFeature(resp.StatusCode, []byte(text)):
		return text, "The server runs without workspaces. Start it with --enable-workspaces."
	case strings.Contains(text, "Invalid Host header"):
		return text, "The MLflow server does not accept this host name. Start it with --allowed-hosts, or use a name that it accepts."
	case resp.StatusCode == http.StatusUnauthorized:
		return cmp.Or(text, "the server requires credentials"),
			"The server rejected the credentials, or received none. Check the username and password, or the token."
	case resp.StatusCode == http.StatusForbidden && strings.EqualFold(text, "Permission denied"): // the response of an MLflow server
		return text, ""
	case resp.StatusCode == http.StatusForbidden:
		return cmp.Or(text, "access denied"), proxyHint
	case resp.StatusCode < 300:
		return fmt.Sprintf("the server returned a web page instead of JSON: %q", text),
			"This is usually a sign-in page: the host or workspace_id is wrong, the workspace is reachable only through a private link, or a " +
				"proxy is in front of it."
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusMethodNotAllowed:
		return fmt.Sprintf("the server has no such endpoint: %q", text),
			"Check that the URL is that of an MLflow server or a Databricks workspace, and that its base path is correct."
	default:
		return cmp.Or(text, http.StatusText(resp.StatusCode)), "The response is from a gateway or proxy, not from the API."
	}
}

// blockedText matches messages of Databricks that the IP address of the client is not allowed.
var blockedText = regexp.MustCompile(`(?i)\bIP (ACL|access list)`)

// httpsText matches responses of Go servers and nginx to plain HTTP on a port for HTTPS.
var httpsText = regexp.MustCompile(`HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port`)

const (
	blockedHint = "An IP access list does not allow the IP address of this machine. Run Terraform from an allowed network, for example " +
		"through the VPN, or ask a workspace admin to allow the IP address."
	proxyHint = "A proxy, firewall, or gateway in front of the server rejected the request. Check that it allows API requests from this " +
		"machine."
)

// apiRoot returns the beginning of a path by which a gateway decides whether to forward a request, such as "/api/2.0".
func apiRoot(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}
