package mlflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxMessage bounds what is shown of a server's message, in characters: its advice often comes last. maxPageText bounds the text of a page.
const (
	maxMessage  = 600
	maxPageText = 300
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

	// foreign reports JSON without an error_code: it probably comes from something in front of the server.
	foreign bool
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
	b.WriteString(tried(e.Attempts, e.Elapsed) + ")")
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
	text := fmt.Sprintf("%s %s failed: %s%s", e.Method, e.Path, printable(e.Err.Error()), tried(e.Attempts, e.Elapsed))
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

func tried(attempts int, elapsed time.Duration) string {
	if attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times in %s", attempts, elapsed.Round(100*time.Millisecond))
}

// errorBody is every shape of error body that is known: the API's, SCIM's and the old API 1.2's.
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

func parseErrorBody(body []byte) (errorBody, bool) {
	var b errorBody
	if err := json.Unmarshal(body, &b); err != nil {
		return errorBody{}, false
	}
	return b, true
}

func (b errorBody) code() string {
	return strings.Trim(string(b.ErrorCode), `"`)
}

// errorCode is the error_code of a body, "" when it has none.
func errorCode(body []byte) string {
	if !bytes.Contains(body, []byte(`"error_code"`)) {
		return ""
	}
	b, _ := parseErrorBody(body)
	return b.code()
}

// retryInfo is the delay that the body asks for, 0 when it asks for none.
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
		Method: a.call.method, Path: a.call.path, Err: err, Hint: a.client.options.Advice(err), Attempts: a.count, Elapsed: time.Since(a.start),
	}
}

// newError is an error about a response, without its words.
func (a *attempts) newError(resp *http.Response) *APIError {
	e := &APIError{
		Method: a.call.method, Path: a.call.path, Status: resp.StatusCode,
		RequestID: cleanMessage(a.client.redact(resp.Header.Get("X-Request-Id"))), Attempts: a.count, Elapsed: time.Since(a.start),
	}
	e.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	return e
}

// noAnswer is the error of a success that is no answer to the call: of a proxy, a sign-in page, or about another object.
func (a *attempts) noAnswer(resp *http.Response, why error) error {
	e := a.newError(resp)
	e.Message = cleanMessage(a.client.redact("the response is not an answer of the MLflow API: " + why.Error()))
	e.Hint = "A proxy, a sign-in page, or another server may have answered. Check the server URL and what is in front of the server."
	return e
}

// apiError builds the error of a response that is not a success, or a success that is an error: with an error_code, or no JSON.
func (a *attempts) apiError(resp *http.Response, body []byte) error {
	e := a.newError(resp)
	b, ok := parseErrorBody(body)
	if !ok || !isJSON(resp, body) {
		e.Message, e.Hint = foreignAnswer(resp, []byte(a.client.redact(string(body[:min(len(body), maxRefusal)]))))
		e.blocked = e.Status == http.StatusForbidden && e.Hint != ""
		return e
	}
	e.Code = cleanMessage(a.client.redact(b.code()))
	e.foreign = e.Code == "" && b.Details == nil
	e.Message = apiMessage(a.client.redact(firstNonEmpty(b.Message, b.Detail, strings.Trim(string(b.Error), `"`), http.StatusText(e.Status))))
	e.addDetails(b, a.client.redact)
	e.blocked = blockedText.MatchString(e.Message) || e.Status == http.StatusForbidden && e.foreign && b.Message == "" && b.Detail == ""
	switch {
	case blockedText.MatchString(e.Message):
		e.Hint = blockedHint
	case e.foreign && IsEndpointAbsent(e):
		e.Hint = "The response has nothing of the MLflow API in it: a gateway, or another server, sent it. Check the server URL and its path, and that what is " +
			"in front of the server passes " + apiRoot(e.Path) + "."
	case e.blocked:
		e.Hint = frontHint
	case IsUnauthenticated(e):
		e.Hint = "The server refused the credentials. Check that the token or password is right, has not expired, and belongs to this server."
	case isWorkspaceMissing(e):
		e.Hint = "Check workspace in the provider block, or MLFLOW_WORKSPACE: the server has no workspace of that name, or shows it to others only."
	case strings.HasPrefix(e.Message, "Workspace APIs are not available"):
		e.Hint = "The server runs without workspaces. Leave out workspace and MLFLOW_WORKSPACE, or start it with --enable-workspaces."
	}
	return e
}

func (e *APIError) addDetails(b errorBody, redact func(string) string) {
	for _, d := range b.Details {
		e.RequestID = firstNonEmpty(cleanMessage(redact(d.RequestID)), e.RequestID)
		for _, v := range d.FieldViolations {
			e.Message += fmt.Sprintf("; %s: %s", cleanMessage(redact(v.Field)), cleanMessage(redact(v.Description)))
		}
		for _, l := range d.Links {
			e.Hint = strings.TrimSpace(e.Hint + "\nSee " + cleanMessage(redact(l.URL)))
		}
	}
}

// foreignAnswer words an answer that is not the API's: a login page, a proxy's error page, a guard's plain text.
func foreignAnswer(resp *http.Response, body []byte) (message, hint string) {
	text := shorten(cleanMessage(pageText(body)), maxPageText)
	switch {
	case blockedText.MatchString(text):
		return text, blockedHint
	case httpsText.MatchString(text):
		return text, "The server speaks HTTPS. Use https:// in the server URL."
	case strings.Contains(text, "Invalid Host header"):
		return text, "The MLflow server does not accept this host name. Start it with --allowed-hosts, or use a name that it accepts."
	case resp.StatusCode == http.StatusUnauthorized:
		return firstNonEmpty(text, "the server asks for credentials"),
			"The server refused the credentials, or got none. Check the user name and password, or the token."
	case resp.StatusCode == http.StatusForbidden && strings.EqualFold(text, "Permission denied"): // an MLflow server's own words
		return text, ""
	case resp.StatusCode == http.StatusForbidden:
		return firstNonEmpty(text, "access denied"), frontHint
	case resp.StatusCode < 300:
		return fmt.Sprintf("the server answered with a page instead of JSON: %q", text),
			"This is usually a login page: the host or the workspace id is wrong, the workspace is reached through private link only, or a proxy stands in between."
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusMethodNotAllowed:
		return fmt.Sprintf("the server does not know this call: %q", text),
			"Check that the address is that of an MLflow tracking server or a Databricks workspace, with no path too much or missing."
	default:
		return firstNonEmpty(text, http.StatusText(resp.StatusCode)), "The answer came from a gateway or proxy rather than from the API."
	}
}

// blockedText is how Databricks says that the address of the client is not allowed.
var blockedText = regexp.MustCompile(`(?i)\bIP (ACL|access list)`)

// httpsText is how Go's servers, and nginx, answer plain HTTP on a port for HTTPS.
var httpsText = regexp.MustCompile(`HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port`)

const (
	blockedHint = "An IP access list does not allow the address of this machine. Run Terraform from an allowed network, for example through the VPN, or ask a " +
		"workspace admin to allow the address."
	frontHint = "Something in front of the server refused the request, such as a proxy, a firewall, or a gateway. Check that it lets requests of this machine to the " +
		"API pass."
)

// apiRoot is the beginning of the path of a call that a gateway passes or not, such as "/api/2.0".
func apiRoot(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

var (
	markup   = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)
	titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	preTag   = regexp.MustCompile(`(?is)<pre[^>]*>(.*?)</pre>`)
	// sqlText is where the raw text of a database error begins in a message of an MLflow server: it can hold values of other
	// people's rows.
	sqlText = regexp.MustCompile(`(?s)\s*(Error: \(|\(raised as a result|\([\w.]*(sqlite3|psycopg2|pymysql|mysql|pyodbc)[\w.]*\)|\[SQL:|\[parameters:).*$`)
	// takenText is how databases say that a value is taken already.
	takenText = regexp.MustCompile(`UNIQUE constraint failed|duplicate key value violates unique constraint|Duplicate entry`)
	// tooLongText is how databases say that a value is longer than its column: of PostgreSQL, with the limit, of MySQL, and of SQL Server.
	tooLongText = regexp.MustCompile(`value too long for type character varying\((\d+)\)|Data too long for column|String or binary data would be truncated`)
	spaces      = regexp.MustCompile(`\s+`)
)

// takenMessage stands for a database's own words.
const takenMessage = "it is taken already"

// apiMessage is what is shown of the API's own message. Some are nothing but the text of a database error.
func apiMessage(s string) string {
	message := cleanMessage(s)
	switch tooLong := tooLongText.FindStringSubmatch(s); {
	case tooLong != nil:
		if tooLong[1] == "" {
			return "a value is too long for the server's database"
		}
		return "a value is too long for the server's database: the maximum is " + tooLong[1] + " characters"
	case message != "":
		return message
	case takenText.MatchString(s):
		return takenMessage
	default:
		return "the server's database refused it"
	}
}

// pageText is the telling part of a web page, or the text itself.
func pageText(body []byte) string {
	for _, tag := range []*regexp.Regexp{preTag, titleTag} {
		if m := tag.FindSubmatch(body); m != nil && len(bytes.TrimSpace(m[1])) > 0 {
			return string(markup.ReplaceAll(m[1], []byte(" ")))
		}
	}
	return string(markup.ReplaceAll(body, []byte(" ")))
}

// cleanMessage makes a server's text fit for people: one short line, no SQL, and nothing that a terminal would obey.
func cleanMessage(s string) string {
	s = sqlText.ReplaceAllString(printable(strings.ToValidUTF8(s, "")), "")
	return shorten(strings.TrimSpace(spaces.ReplaceAllString(s, " ")), maxMessage)
}

// shorten cuts a text to at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) > n {
		return string([]rune(s)[:n]) + "…"
	}
	return s
}

// terminalSequence is what terminals obey: control sequences (colors, moves), commands such as the window's title, and other escapes.
var terminalSequence = regexp.MustCompile(`(?s)(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|\x{9d})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})?|\x1b[ -/]*[0-~]?`)

// printable removes what a terminal would obey or hide: escape sequences, control characters other than white space, and marks that
// turn the direction of text.
func printable(s string) string {
	s = terminalSequence.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// shortestSecret is how long a secret must be, in bytes, to be cut out of texts: a shorter one would take letters out of words, and show by that
// what it is.
const shortestSecret = 4

// redact cuts the client's own secrets out of a text that a server sent, in the spellings in which a server may echo them.
func (c *Client) redact(s string) string {
	for _, secret := range c.options.Secrets() {
		if len(secret) < shortestSecret {
			continue
		}
		for _, spelling := range []string{secret, inJSON(secret, true), inJSON(secret, false), url.QueryEscape(secret), html.EscapeString(secret)} {
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

func firstNonEmpty(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// asAPIError returns the response in an error.
func asAPIError(err error) (*APIError, bool) {
	var e *APIError
	ok := errors.As(err, &e)
	return e, ok
}

// asRefusal returns the server's refusal in an error. A response with a status of success is none, whatever it contains: nothing is
// called gone or forbidden because of it.
func asRefusal(err error) (*APIError, bool) {
	e, ok := asAPIError(err)
	return e, ok && e.Status >= http.StatusBadRequest
}

// IsNotFound tells that the object of the call does not exist. A missing parent folder or workspace, a missing principal and a call
// that the server does not have are something else.
func IsNotFound(err error) bool {
	e, ok := asRefusal(err)
	if !ok || IsParentMissing(err) || isWorkspaceMissing(err) {
		return false
	}
	switch e.Code {
	case "RESOURCE_DOES_NOT_EXIST", "NOT_FOUND":
		return true
	case "INVALID_PARAMETER_VALUE":
		// Older Databricks answer to an unknown experiment id.
		return strings.HasPrefix(e.Message, "Experiment with id ") && strings.Contains(e.Message, "does not exist")
	default:
		return false
	}
}

// IsParentMissing tells that the folder of the experiment does not exist (Databricks answers 404 to create and rename).
func IsParentMissing(err error) bool {
	e, ok := asRefusal(err)
	return ok && strings.Contains(e.Message, "Parent directory")
}

// isWorkspaceMissing tells that an MLflow server does not know the workspace that the call was to act in.
func isWorkspaceMissing(err error) bool {
	e, ok := asRefusal(err)
	return ok && strings.HasPrefix(e.Message, "Workspace '") && strings.Contains(e.Message, "not found")
}

// IsAlreadyExists tells that the name, tag or grant is taken. Servers send it as 400 and as 409.
func IsAlreadyExists(err error) bool {
	e, ok := asRefusal(err)
	if !ok {
		return false
	}
	if e.Code == "RESOURCE_ALREADY_EXISTS" || e.Code == "ALREADY_EXISTS" {
		return true
	}
	// A rename to a taken name, on an MLflow server with a database.
	return e.Code == "BAD_REQUEST" && e.Message == takenMessage
}

// IsPermissionDenied tells that the caller may not do this.
func IsPermissionDenied(err error) bool {
	e, ok := asRefusal(err)
	if !ok || e.blocked || IsUnauthenticated(err) {
		return false
	}
	return e.Code == "PERMISSION_DENIED" || e.Status == http.StatusForbidden
}

// IsThrottled tells that the server refused the call for the rate of requests, to the end of the retries.
func IsThrottled(err error) bool {
	if _, heldBack := errors.AsType[heldBackError](err); heldBack {
		return true
	}
	e, ok := asRefusal(err)
	return ok && isThrottled(e.Status, e.Code, []byte(e.Message))
}

// IsQuotaExceeded tells that the server has as many objects as it allows.
func IsQuotaExceeded(err error) bool {
	e, ok := asRefusal(err)
	return ok && (e.Code == "QUOTA_EXCEEDED" || quotaText.MatchString(e.Message))
}

// quotaText is how servers say that there are as many objects as are allowed.
var quotaText = regexp.MustCompile(`(?i)\b(limit|maximum|quota) of [\d,]+ (\w+ )?experiments\b|\bmaximum number of (\w+ )?experiments\b|\bexperiments? (\w+ )?quota\b|\bquota\b.*\bexperiments\b`)

// IsInGitFolder tells that the name lies in a Git folder, where Databricks allows no experiments.
func IsInGitFolder(err error) bool {
	e, ok := asRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "in a repo")
}

// IsLocationRefused tells that the server refused the artifact location.
func IsLocationRefused(err error) bool {
	e, ok := asRefusal(err)
	return ok && IsInvalid(err) && strings.Contains(e.Message, "artifact_location")
}

// schemesVariable is where the administrator of an MLflow server allows more schemes.
const schemesVariable = "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES"

var refusedScheme = regexp.MustCompile(`'([A-Za-z][A-Za-z0-9+.-]*)' scheme`)

// RefusedScheme returns the environment variable of an MLflow server, with its value, that would allow the scheme of an artifact location which
// the server refused. ok is false for other errors.
func RefusedScheme(err error) (setting string, ok bool) {
	e, ok := asRefusal(err)
	if !ok || !strings.Contains(e.Message, schemesVariable) {
		return "", false
	}
	if scheme := refusedScheme.FindStringSubmatch(e.Message); scheme != nil {
		return schemesVariable + "=" + scheme[1], true
	}
	return schemesVariable, true
}

// IsUnauthenticated tells that the credentials were refused. Databricks answers a bad token with 403 and a number as error_code.
func IsUnauthenticated(err error) bool {
	e, ok := asRefusal(err)
	if !ok || e.blocked {
		return false
	}
	return e.Status == http.StatusUnauthorized || e.Code == "UNAUTHENTICATED" || e.Code == "CUSTOMER_UNAUTHORIZED" ||
		e.Code == "403" || strings.Contains(e.Message, "Invalid access token")
}

// IsInvalid tells that the server refused the values of the request.
func IsInvalid(err error) bool {
	e, ok := asRefusal(err)
	return ok && (e.Code == "INVALID_PARAMETER_VALUE" || e.Code == "BAD_REQUEST")
}

// IsEndpointAbsent tells that the server has no such call at all.
func IsEndpointAbsent(err error) bool {
	e, ok := asRefusal(err)
	if !ok {
		return false
	}
	if e.Code != "" {
		return e.Code == "ENDPOINT_NOT_FOUND" || e.Code == "NOT_IMPLEMENTED"
	}
	return e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented
}

// ServerDate is the server's clock in an error's answer, zero when unknown.
func ServerDate(err error) time.Time {
	if e, ok := asAPIError(err); ok {
		return e.Date
	}
	return time.Time{}
}

// isForeign reports a refusal in JSON without an error_code: something in front of the server sent it, and whether the server
// has the endpoint is not known.
func isForeign(err error) bool {
	e, ok := asRefusal(err)
	return ok && e.foreign
}

// wasRetried tells that an error answered a second or later try: the first may have taken effect.
func wasRetried(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Attempts > 1
}

// isUncertain tells that a failed call may have taken effect all the same.
func isUncertain(err error) bool {
	e, ok := asAPIError(err)
	if _, tooLarge := errors.AsType[tooLargeError](err); tooLarge {
		return true
	}
	if !ok {
		return err != nil && !isPermanent(err) && !dialFailed(err)
	}
	return e.Status < 300 || isTransientStatus(e.Status, e.Code)
}
