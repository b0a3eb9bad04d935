package paging

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Token is where a page ended. In searches, that is the place of its last object in the order, so that the next page begins behind it,
// whatever came or went meanwhile. In lists that only grow, it is a number of entries.
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

func (t Token) encode() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Decode reads the page token of a request. An empty one is the beginning. It refuses a token that came from a query with another ID.
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

func invalidToken() error { return wire.Invalid("Invalid page token.") }

// Cut returns the page of a list that begins at the token, and the token of the next page, which is empty at the end.
func Cut[T any](all []T, from Token, limit int) ([]T, string) {
	all = all[min(from.Offset, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	from.Offset += limit
	return all[:limit], from.encode()
}

// Limit returns the page size that a request asks for: the preset one if it names none, an error outside of 1…most.
func Limit(asked *wire.Int64, preset, most int) (int, error) {
	if asked == nil {
		return preset, nil
	}
	if *asked < 1 || *asked > wire.Int64(most) {
		return 0, wire.Invalid("Invalid value %d for parameter 'max_results' supplied. It must be between 1 and %d.", *asked, most)
	}
	return int(*asked), nil
}
