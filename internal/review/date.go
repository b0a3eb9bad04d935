package review

import (
	"fmt"
	"strings"
	"time"
)

// ParseDate parses a date as YYYY-MM-DD, or the date of a time in RFC 3339 format, and returns the start of that day in UTC. If the text is
// neither, it returns an error that contains the expected format.
func ParseDate(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("Invalid date %q: use YYYY-MM-DD, for example 2026-12-31", text)
	}
	return dayOf(at), nil
}

// dayOf returns the start of a day in UTC, the day being that of the time zone of t.
func dayOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
