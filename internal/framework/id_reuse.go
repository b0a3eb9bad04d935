package framework

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// An MLflow server uses the ids of purged experiments again, and another server has experiments of its own under the same ids. What belongs to an
// experiment remembers, in private state, when that was created, so that a stranger who has the id now is left alone.

const createdKey = "experiment_created"

// CreationTimeFrom gives when the experiment was created, as private state has it; "" when it does not.
func CreationTimeFrom(ctx context.Context, private PrivateState) string {
	value, _ := private.GetKey(ctx, createdKey)
	created, _ := strconv.Unquote(string(value))
	return created
}

// StoreExperimentServer puts into private state which server an object of an experiment is on, and when the experiment was created; "" takes the latter out.
func (b *ResourceBase) StoreExperimentServer(ctx context.Context, private PrivateState, created string) diag.Diagnostics {
	diags := b.StoreServer(ctx, private)
	if created == "" {
		return append(diags, private.SetKey(ctx, createdKey, nil)...)
	}
	return append(diags, private.SetKey(ctx, createdKey, strconv.AppendQuote(nil, created))...)
}

// FormatCreationTime is a time as [CreationTimeFrom] gives it, "" when it is not known.
func FormatCreationTime(created time.Time) string { return FormatTime(created).ValueString() }

// IDReused compares when an experiment was created, as private state has it, with what the server tells. Either may be missing.
func IDReused(created string, now time.Time) bool {
	return created != "" && !now.IsZero() && created != FormatCreationTime(now)
}

// CachedCreationTime returns when an experiment was created: as its permissions tell, else as this run has read it, else as was known before. It makes no
// call.
func (b *ResourceBase) CachedCreationTime(experimentID string, told time.Time, known string) string {
	return cmp.Or(FormatCreationTime(told), FormatCreationTime(b.Client().CreatedAt(experimentID)), known)
}

// LookUpCreationTime is CachedCreationTime for an object that is new in the state: it asks the server if nothing else tells. Without an answer the object is
// managed all the same; only a move of the server is not recognized then.
func (b *ResourceBase) LookUpCreationTime(ctx context.Context, experimentID, known string) string {
	if created := b.CachedCreationTime(experimentID, time.Time{}, known); created != "" {
		return created
	}
	e, err := b.Client().GetExperiment(ctx, experimentID)
	if err != nil {
		return ""
	}
	return FormatCreationTime(e.Created())
}
