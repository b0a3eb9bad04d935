package filter

import (
	"regexp"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Ordering is one entry of order_by.
type Ordering struct {
	Field      string
	Key        string // for the fields Tag, Metric, Param, and Metadata
	Descending bool
}

var orderClause = regexp.MustCompile("(?i)^\\s*(?:attribute\\.)?" +
	"`?(name|creation_time|last_update_time|experiment_id)`?(?:\\s+(asc|desc))?\\s*$")

// ParseOrder reads the entries of order_by of experiments.
func ParseOrder(clauses []string) ([]Ordering, error) {
	var order []Ordering
	for _, clause := range clauses {
		m := orderClause.FindStringSubmatch(clause)
		if m == nil {
			return nil, wire.Invalid("Invalid order_by clause '%s'.", clause)
		}
		order = append(order, Ordering{Field: strings.ToLower(m[1]), Descending: strings.EqualFold(m[2], "desc")})
	}
	return order, nil
}
