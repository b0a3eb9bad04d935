package provider

import (
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// An MLflow server uses the ids of purged experiments again. What belongs to an experiment remembers, in private state, when that was created, so that
// a stranger who has the id now is left alone.

const createdKey = "experiment_created"

// createdOf gives when the experiment was created, as private state has it; "" when it does not.
func createdOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
},
) string {
	value, _ := private.GetKey(ctx, createdKey)
	created, _ := strconv.Unquote(string(value))
	return created
}

// keepCreated puts into private state when the experiment was created; "" takes it out.
func keepCreated(ctx context.Context, private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}, created string,
) diag.Diagnostics {
	if created == "" {
		return private.SetKey(ctx, createdKey, nil)
	}
	return private.SetKey(ctx, createdKey, strconv.AppendQuote(nil, created))
}

// createdText is a time as [createdOf] gives it, "" when it is not known.
func createdText(created time.Time) string { return formatTime(created).ValueString() }

// reused compares when an experiment was created, as private state has it, with what the server tells. Either may be missing.
func reused(created string, now time.Time) bool {
	return created != "" && !now.IsZero() && created != createdText(now)
}
