package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Response is the result of a call. It defines what the server's response must contain, so that JSON from a proxy, a sign-in page, or
// another object is an error and never "not found".
type Response interface {
	// Validate returns an error for a decoded response that is not valid for the call. empty reports whether the response was {}, which
	// searches return if nothing matches.
	Validate(empty bool) error
}

// Maximum sizes of responses, in bytes. Of error responses and web pages, only the beginning is quoted, and so only that is read. A page of
// 1,000 experiments with 20 tags each has about 3 MB, and the list of users of an MLflow server with their roles is smaller.
const (
	maxErrorBody = 64 << 10
	maxObject    = 16 << 20
	maxPage      = 128 << 20
)

// tooLargeError reports a response that was not read to its end.
type tooLargeError struct{ limit int64 }

func (e tooLargeError) Error() string {
	return fmt.Sprintf("the response exceeds the maximum of %d MiB", e.limit>>20)
}

// Permanent reports that another try cannot succeed.
func (tooLargeError) Permanent() bool { return true }

// Int64 decodes from a JSON number or from a decimal string: servers send both.
type Int64 int64

// UnmarshalJSON implements [json.Unmarshaler].
func (i *Int64) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*i = Int64(v)
	return nil
}

// CheckPage returns an error unless a page has a list (listed), has a token for the next page, or is {} (empty). noun is the plural of the
// listed objects.
func CheckPage(listed, empty bool, token, noun string) error {
	if listed || token != "" || empty {
		return nil
	}
	return errors.New("it contains no " + noun)
}

// CheckSame returns an error if a response is about another object than the requested one. noun is the kind of the objects, and asked and
// got are their names or IDs.
func CheckSame(noun, asked, got string) error {
	switch got {
	case asked:
		return nil
	case "":
		return errors.New("it contains no " + noun)
	default:
		return fmt.Errorf("it contains %s %q instead of %q", noun, got, asked)
	}
}

// isEmptyObject reports whether a response is {}, ignoring white space.
func isEmptyObject(body []byte) bool {
	inner, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte("{"))
	return ok && string(bytes.TrimSpace(inner)) == "}"
}

// describeJSONError returns an error that describes invalid JSON without Go types.
func describeJSONError(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field[strings.LastIndex(wrong.Field, ".")+1:]
		return fmt.Errorf("%s is a %s", cmp.Or(field, "the response"), wrong.Value)
	}
	return fmt.Errorf("it is not valid JSON: %w", err)
}

// decode decodes the last response into the result of the call, or returns an error.
func (a *attempts) decode(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return a.unreachable(err)
	}
	empty := len(bytes.TrimSpace(body)) == 0
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return a.apiError(resp, body)
	case empty && a.call.Out == nil:
		return nil
	case empty:
		return a.invalidResponse(resp, errors.New("it is empty"))
	case errorCode(body) != "", !isJSON(resp, body) && !json.Valid(body):
		return a.apiError(resp, body)
	case !isJSON(resp, body):
		return a.invalidResponse(resp, errors.New("it is not a JSON object"))
	case a.call.Out == nil && !isEmptyObject(body):
		return a.invalidResponse(resp, errors.New("it is not empty, although this endpoint returns nothing"))
	case a.call.Out == nil:
		return nil
	}
	if err := json.Unmarshal(body, a.call.Out); err != nil {
		return a.invalidResponse(resp, describeJSONError(err))
	}
	if err := a.call.Out.Validate(isEmptyObject(body)); err != nil {
		return a.invalidResponse(resp, err)
	}
	return nil
}

// isJSON reports whether a response is JSON rather than a web page or text. Some servers send JSON without its content type.
func isJSON(resp *http.Response, body []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if mediaType == "text/html" {
		return false
	}
	body = bytes.TrimSpace(body)
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}
