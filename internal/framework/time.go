package framework

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// FormatTime returns a time in RFC 3339 format and UTC, with the milliseconds that servers return; null for the zero time.
func FormatTime(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}
