// Package wire contains the requests and responses of the routes of an emulated workspace: the call that a handler gets, and the JSON
// bodies of successes and errors.
package wire

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
)

// Call is a request to a handler.
type Call struct {
	*http.Request
	Caller  *directory.Account // nil on routes without authentication
	Payload []byte             // the body of the request, which has been read
}

// Handler returns the body of a response with status 200, or an *Error. It runs under the lock of the workspace.
type Handler func(*Call) (any, error)

// Empty is the body of successful writes: {}.
type Empty struct{}

// File is the body of a response that is not JSON.
type File []byte

// Decode reads the JSON body. Unknown fields are ignored, as a real workspace does.
func (c *Call) Decode(into any) error {
	if err := json.Unmarshal(c.Payload, into); err != nil {
		return Errorf(http.StatusBadRequest, "MALFORMED_REQUEST",
			"Invalid JSON given in the body of the request - failed to parse given JSON: %v", err)
	}
	return nil
}

// QueryNumber returns an optional number in the query, 0 if it is missing.
func QueryNumber(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, InvalidParameter("Invalid value '%s' for parameter '%s' supplied.", text, name)
	}
	return n, nil
}

// WriteJSON writes a response with this status and value. It panics if the value cannot be encoded.
func WriteJSON(rw http.ResponseWriter, status int, value any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	if err := json.NewEncoder(rw).Encode(value); err != nil {
		panic(err)
	}
}

// Respond writes the result of a handler. It panics if err is not an *Error.
func Respond(rw http.ResponseWriter, result any, err error) {
	if file, ok := result.(File); ok && err == nil {
		rw.Header().Set("Content-Type", "application/octet-stream")
		rw.Header().Set("Content-Length", strconv.Itoa(len(file)))
		rw.Header().Set("Last-Modified", rw.Header().Get("Date"))
		_, _ = rw.Write(file) // the client may have closed the connection
		return
	}
	if err == nil {
		WriteJSON(rw, http.StatusOK, result)
		return
	}
	var failure *Error
	if !errors.As(err, &failure) {
		panic(err)
	}
	if _, ok := failure.Body["error_code"].(string); ok {
		failure.Body["details"] = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.RequestInfo", "request_id": rw.Header().Get("X-Request-Id"), "serving_data": "",
		}}
	}
	WriteJSON(rw, failure.Status, failure.Body)
}
