package content

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// token is where a page ended. In searches, that is the place of its last item in the order, so that the next page begins behind it,
// whatever came or went meanwhile. In lists that only grow, it is a number of items.
type token struct {
	Query  string      // digest of the arguments that must be the same on every page
	After  []sortValue `json:",omitempty"`
	Offset int         `json:",omitempty"`
}

// queryID is the digest of the arguments of a search.
func queryID(arguments ...[]string) string {
	text, err := json.Marshal(arguments)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (t token) encode() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeToken refuses a token that came from another query. An empty one is the beginning.
func decodeToken(encoded, query string) (token, error) {
	t := token{Query: query}
	if encoded == "" {
		return t, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil || t.Query != query || t.Offset < 0 {
		return t, wire.Invalid("Invalid page token.")
	}
	return t, nil
}

// cut returns the page of a list that begins at the token, and the token of the next page, which is empty at the end.
func cut[T any](all []T, t token, limit int) ([]T, string) {
	all = all[min(t.Offset, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	t.Offset += limit
	return all[:limit], t.encode()
}

// limited returns the page size that a request asks for: the default if it names none, an error outside of 1…most.
func limited(asked *wire.Int64, preset, most int) (int, error) {
	if asked == nil {
		return preset, nil
	}
	if *asked < 1 || *asked > wire.Int64(most) {
		return 0, wire.Invalid("Invalid value %d for parameter 'max_results' supplied. It must be between 1 and %d.", *asked, most)
	}
	return int(*asked), nil
}

// sortValue is what an item has for one entry of the order. In both directions, NaN comes after the other values, and then what is missing.
type sortValue struct {
	Last   int     `json:",omitempty"` // notANumber, missing, or 0
	Number float64 `json:",omitempty"`
	Text   string  `json:",omitempty"`
}

const (
	notANumber = 1
	missing    = 2
)

func textValue(text string, ok bool) sortValue {
	if !ok {
		return sortValue{Last: missing}
	}
	return sortValue{Text: text}
}

// numberValue sorts infinities as the largest and smallest numbers, because JSON has no others.
func numberValue(number float64, ok bool) sortValue {
	switch {
	case !ok:
		return sortValue{Last: missing}
	case math.IsNaN(number):
		return sortValue{Last: notANumber}
	}
	return sortValue{Number: max(min(number, math.MaxFloat64), -math.MaxFloat64)}
}

func timeValue(millis int64) sortValue { return numberValue(float64(millis), millis != 0) }

// compareValues compares two items by what they have for each entry of the order.
func compareValues(order []filter.Ordering, a, b []sortValue) int {
	for i, o := range order {
		if d := cmp.Compare(a[i].Last, b[i].Last); d != 0 {
			return d
		}
		d := cmp.Or(cmp.Compare(a[i].Number, b[i].Number), strings.Compare(a[i].Text, b[i].Text))
		if o.Descending {
			d = -d
		}
		if d != 0 {
			return d
		}
	}
	return 0
}
