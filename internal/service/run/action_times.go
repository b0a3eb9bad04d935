package run

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// maxDays is the maximum number of days in an age, a hundred years.
const maxDays = 36_500

// parseAge parses an age: days, such as 90d, or a Go duration. It must be greater than 0.
func parseAge(text string) (time.Duration, error) {
	var age time.Duration
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > maxDays {
			return 0, fmt.Errorf("%q is not a number of days up to %d", text, maxDays)
		}
		age = time.Duration(n) * 24 * time.Hour
	} else {
		var err error
		if age, err = time.ParseDuration(text); err != nil {
			return 0, fmt.Errorf("%q is not a duration", text)
		}
	}
	if age <= 0 {
		return 0, fmt.Errorf("%q is not greater than 0", text)
	}
	return age, nil
}

// ageValidator validates ages with [parseAge].
type ageValidator struct{}

// Description implements [validator.Describer].
func (ageValidator) Description(context.Context) string { return "must be an age, such as 90d or 36h" }

// MarkdownDescription implements [validator.Describer].
func (v ageValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (ageValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := parseAge(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid age", fmt.Sprintf("%s.\n\nWrite a number "+
			"of days, such as \"90d\", or a duration such as \"36h\" or \"1h30m\".", err))
	}
}

// timeValidator accepts times in RFC 3339.
type timeValidator struct{}

// Description implements [validator.Describer].
func (timeValidator) Description(context.Context) string {
	return "must be a time in RFC 3339, such as 2026-01-01T00:00:00Z"
}

// MarkdownDescription implements [validator.Describer].
func (v timeValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (timeValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if at, err := time.Parse(time.RFC3339, text); err != nil || at.UnixMilli() <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid time", fmt.Sprintf("%q is not a time in RFC 3339 after 1970.\n\nWrite a time with "+
			"its offset, such as \"2026-01-01T00:00:00Z\" or \"2026-01-01T00:00:00+01:00\".", text))
	}
}

// formatCount formats a number with commas, such as 20,000.
func formatCount(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// countOf returns a number with a noun, such as "1 run" or "2,000 runs".
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return formatCount(n) + " " + noun + "s"
}
