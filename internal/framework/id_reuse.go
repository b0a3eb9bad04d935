package framework

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// An MLflow server reuses the IDs of purged experiments, and each server has experiments with the same IDs. The objects of an experiment
// store its creation time in private state, so that the provider does not change a different experiment that has the ID now.

const createdKey = "experiment_created"

// CreationTimeFrom returns the creation time of the experiment in private state, empty if there is none.
func CreationTimeFrom(ctx context.Context, private PrivateState) string {
	value, _ := private.GetKey(ctx, createdKey)
	created, _ := strconv.Unquote(string(value))
	return created
}

// StoreExperimentServer stores in private state the server of an object of an experiment, and the creation time of the experiment. An empty
// time removes it.
func (b *ResourceBase) StoreExperimentServer(ctx context.Context, private PrivateState, created string) diag.Diagnostics {
	diags := b.StoreServer(ctx, private)
	if created == "" {
		return append(diags, private.SetKey(ctx, createdKey, nil)...)
	}
	return append(diags, private.SetKey(ctx, createdKey, strconv.AppendQuote(nil, created))...)
}

// FormatCreationTime returns a time in the format of [CreationTimeFrom], empty if it is zero.
func FormatCreationTime(created time.Time) string { return FormatTime(created).ValueString() }

// IDReused reports whether the creation time in private state differs from that on the server. It returns false if one of them is missing.
func IDReused(stored string, current time.Time) bool {
	return stored != "" && !current.IsZero() && stored != FormatCreationTime(current)
}

// CachedCreationTime returns the creation time of an experiment without a request: the one that its permissions contain, or that this run
// has read, or the stored one.
func (b *ResourceBase) CachedCreationTime(experimentID string, fromPermissions time.Time, stored string) string {
	return cmp.Or(FormatCreationTime(fromPermissions), FormatCreationTime(b.Client().CreatedAt(experimentID)), stored)
}

// LookUpCreationTime is CachedCreationTime for an object that is new in the state. It reads the experiment if necessary. If that fails, the
// object is managed without the time, and the provider cannot recognize the server at another URL.
func (b *ResourceBase) LookUpCreationTime(ctx context.Context, experimentID, stored string) string {
	if created := b.CachedCreationTime(experimentID, time.Time{}, stored); created != "" {
		return created
	}
	e, err := b.Client().GetExperiment(ctx, experimentID)
	if err != nil {
		return ""
	}
	return FormatCreationTime(e.Created())
}
