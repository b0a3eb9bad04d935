package framework

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// FormatTime gives a server's time as RFC 3339 in UTC with milliseconds, which is all that servers tell; null when there is none.
func FormatTime(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}
