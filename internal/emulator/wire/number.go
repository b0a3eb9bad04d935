package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Int64 is a whole number that a request contains as a JSON number or as a decimal string.
type Int64 int64

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Int64) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	value, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not a whole number", data)
	}
	*n = Int64(value)
	return nil
}

// Double is a number, which can be NaN or infinite. JSON has no numbers for these: they are the strings "NaN", "Infinity", and "-Infinity".
type Double float64

// UnmarshalJSON implements [json.Unmarshaler]. It reads numbers in strings, too.
func (d *Double) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	value, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", data)
	}
	*d = Double(value)
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (d Double) MarshalJSON() ([]byte, error) {
	switch value := float64(d); {
	case math.IsNaN(value):
		return []byte(`"NaN"`), nil
	case math.IsInf(value, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(value, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(value)
	}
}
