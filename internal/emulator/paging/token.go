package paging

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Token is the end of a page. In searches, it is the position of the last object in the order, so that the next page starts after it,
// even if objects were created or deleted in between. In lists that only grow, it is a number of entries.
type Token struct {
	Query  string  // see ID
	After  []Value `json:",omitempty"`
	Offset int     `json:",omitempty"`
}

// ID is the digest of the arguments that must be the same on every page.
func ID(arguments ...[]string) string {
	text, err := json.Marshal(arguments)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// encode returns the token as responses contain it.
func (t Token) encode() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Decode reads the page token of a request. An empty one is the beginning. It rejects a token of a query with another ID.
func Decode(encoded, id string) (Token, error) {
	if encoded == "" {
		return Token{Query: id}, nil
	}
	var t Token
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil || t.Query != id || t.Offset < 0 {
		return t, invalidToken()
	}
	return t, nil
}

// invalidToken returns the error for a page token that does not belong to the request.
func invalidToken() error { return wire.InvalidParameter("Invalid page token.") }

// Cut returns the page of a list that begins at the token, and the token of the next page, which is empty at the end.
func Cut[T any](all []T, from Token, limit int) ([]T, string) {
	all = all[min(from.Offset, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	from.Offset += limit
	return all[:limit], from.encode()
}

// Limit returns the page size of a request, which defaults to preset. It must be between 1 and maximum.
func Limit(requested *wire.Int64, preset, maximum int) (int, error) {
	if requested == nil {
		return preset, nil
	}
	if *requested < 1 || *requested > wire.Int64(maximum) {
		return 0, wire.InvalidParameter(
			"Invalid value %d for parameter 'max_results' supplied. It must be between 1 and %d.",
			*requested,
			maximum,
		)
	}
	return int(*requested), nil
}
