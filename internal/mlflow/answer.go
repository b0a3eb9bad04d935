package mlflow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// answer is what a call returns. Every call states by it what the server's response must contain: what does not is no answer, so that
// the JSON of a proxy, a sign-in page, or another object is never taken for "nothing there".
type answer interface {
	// usable returns why a decoded response is no answer to the call, nil if it is one. empty reports that the response was {}, which
	// searches return for no match.
	usable(empty bool) error
}

// Largest responses that are read, in bytes. Refusals and pages that are not JSON are quoted at most, so little of them is enough. A page of
// 1,000 experiments with 20 tags each has about 3 MB, the users of an MLflow server with all their roles less.
const (
	maxRefusal = 64 << 10
	maxObject  = 16 << 20
	maxPage    = 128 << 20
)

// tooLargeError reports a response that was not read to its end.
type tooLargeError struct{ limit int64 }

func (e tooLargeError) Error() string {
	return fmt.Sprintf("the response is larger than %d MiB, which no answer of the API is", e.limit>>20)
}

// Permanent implements the interface that isPermanent looks for.
func (tooLargeError) Permanent() bool { return true }

// isEmptyObject reports whether a response is {}, whatever white space is in it.
func isEmptyObject(body []byte) bool {
	inner, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte("{"))
	return ok && string(bytes.TrimSpace(inner)) == "}"
}

// checkPage checks a page of a search: it lists something, says where the next page is, or is {}.
func checkPage(listed, empty bool, token, noun string) error {
	if listed || token != "" || empty {
		return nil
	}
	return errors.New("it contains no " + noun)
}

// checkSame checks that an answer is about what was asked for.
func checkSame(noun, asked, got string) error {
	switch got {
	case asked:
		return nil
	case "":
		return errors.New("it contains no " + noun)
	default:
		return fmt.Errorf("it is about %s %q, not %q", noun, got, asked)
	}
}

// wrongJSON says what is wrong with a response, in words of JSON and not of Go.
func wrongJSON(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field[strings.LastIndex(wrong.Field, ".")+1:]
		return fmt.Errorf("%s is a %s", cmp.Or(field, "the response"), wrong.Value)
	}
	return fmt.Errorf("it is not valid JSON: %w", err)
}
