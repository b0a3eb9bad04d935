package review

import "fmt"

// plural returns a regular noun, in the plural unless the number is 1.
func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// counted returns a number with a regular noun.
func counted(n int, noun string) string { return fmt.Sprintf("%d %s", n, plural(n, noun)) }
