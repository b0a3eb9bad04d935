package review

import "fmt"

// pluralize returns a regular noun, in the plural unless the number is 1.
func pluralize(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// formatCount returns a number with a regular noun.
func formatCount(n int, noun string) string { return fmt.Sprintf("%d %s", n, pluralize(n, noun)) }
