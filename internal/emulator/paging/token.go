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

// Encode returns the page token of the place where a page ended. It panics if JSON cannot represent the place.
func Encode(place any) string {
	text, err := json.Marshal(place)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Read reads the place, a pointer to a value of the type that was encoded, from the page token of a request.
func Read(token string, place any) error {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, place)
	}
	if err != nil {
		return InvalidToken()
	}
	return nil
}

// Decode reads the page token of a request. An empty one is the beginning. It rejects a token of a query with another ID.
func Decode(encoded, id string) (Token, error) {
	if encoded == "" {
		return Token{Query: id}, nil
	}
	var t Token
	if err := Read(encoded, &t); err != nil || t.Query != id || t.Offset < 0 {
		return t, InvalidToken()
	}
	return t, nil
}

// InvalidToken returns the error for a page token that does not belong to the request.
func InvalidToken() error { return wire.Invalid("Invalid page token.") }

// Cut returns the page of a list that begins at the token, and the token of the next page, which is empty at the end.
func Cut[T any](all []T, from Token, limit int) ([]T, string) {
	all = all[min(from.Offset, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	from.Offset += limit
	return all[:limit], Encode(from)
}

// Limit returns the page size of a request, which defaults to preset. It must be between 1 and most.
func Limit(asked *wire.Int64, preset, most int) (int, error) {
	if asked == nil {
		return preset, nil
	}
	if *asked < 1 || *asked > wire.Int64(most) {
		return 0, wire.Invalid("Invalid value %d for parameter 'max_results' supplied. It must be between 1 and %d.", *asked, most)
	}
	return int(*asked), nil
}
