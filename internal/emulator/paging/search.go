// Package paging finds pages of the objects of an emulated workspace that satisfy a filter, in an order, and cuts pages from plain lists.
package paging

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
)

// Object is an object that a search can find.
type Object interface {
	// Satisfies reports whether a condition holds. An object without the key never satisfies it, not even with !=.
	Satisfies(filter.Condition) bool
	// Value returns the value of the object for an entry of the order.
	Value(filter.Ordering) Value
}

// Query is a search for a page.
type Query struct {
	Limit      int // see the function Limit
	From       Token
	conditions []filter.Condition
	order      []filter.Ordering
}

// Parse reads the filter and the order of a request. The entries of ties, which must differ for any two objects,
// decide ties in the order.
func (q *Query) Parse(l filter.Language, text string, orderBy []string, ties ...filter.Ordering) error {
	var err error
	if q.conditions, err = l.Parse(text); err != nil {
		return err
	}
	if q.order, err = l.ParseOrder(orderBy); err != nil {
		return err
	}
	q.order = append(q.order, ties...)
	return nil
}

// found is an object with its place in the order.
type found[T Object] struct {
	object T
	place  []Value
}

// Find returns a page of the objects that satisfy the query, and the token of the next page, which is empty at the end.
func Find[T Object](objects []T, q Query) ([]T, string, error) {
	if after := q.From.After; after != nil && len(after) != len(q.order) {
		return nil, "", invalidToken()
	}
	var all []found[T]
	values := make([]Value, 0, len(objects)*len(q.order)) // of all objects, because one allocation is faster
	for _, object := range objects {
		if !satisfiesAll(object, q.conditions) {
			continue
		}
		for _, o := range q.order {
			values = append(values, object.Value(o))
		}
		place := values[len(values)-len(q.order):]
		if q.From.After == nil || compare(q.order, place, q.From.After) > 0 {
			all = append(all, found[T]{object, place})
		}
	}
	slices.SortFunc(all, func(a, b found[T]) int { return compare(q.order, a.place, b.place) })
	next := ""
	if len(all) > q.Limit {
		all = all[:q.Limit]
		next = Token{Query: q.From.Query, After: all[q.Limit-1].place}.encode()
	}
	page := make([]T, len(all))
	for i, f := range all {
		page[i] = f.object
	}
	return page, next, nil
}

func satisfiesAll(object Object, conditions []filter.Condition) bool {
	for _, c := range conditions {
		if !object.Satisfies(c) {
			return false
		}
	}
	return true
}

// Value is the value of an object for one entry of the order: a number or a text. In both directions, NaN comes after the other values, and
// missing values come last.
type Value struct {
	Last   int     `json:",omitempty"` // notANumber, missing, or 0
	Number float64 `json:",omitempty"`
	Text   string  `json:",omitempty"`
}

const (
	notANumber = 1
	missing    = 2
)

// Text returns the value of a text. ok is false if the object has none.
func Text(text string, ok bool) Value {
	if !ok {
		return Value{Last: missing}
	}
	return Value{Text: text}
}

// Number returns the value of a number. ok is false if the object has none. Infinities become the largest and the smallest number,
// because page tokens are JSON, which has no infinities.
func Number(number float64, ok bool) Value {
	switch {
	case !ok:
		return Value{Last: missing}
	case math.IsNaN(number):
		return Value{Last: notANumber}
	}
	return Value{Number: max(min(number, math.MaxFloat64), -math.MaxFloat64)}
}

// compare compares two objects by their values for the entries of the order.
func compare(order []filter.Ordering, a, b []Value) int {
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
