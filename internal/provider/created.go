package provider

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

// createdOf gives when the experiment was created, as private state has it; "" when it does not.
func createdOf(ctx context.Context, private privateState) string {
	value, _ := private.GetKey(ctx, createdKey)
	created, _ := strconv.Unquote(string(value))
	return created
}

// keepBelonging puts into private state which server an object of an experiment is on, and when the experiment was created; "" takes the latter out.
func (b *resourceBase) keepBelonging(ctx context.Context, private privateState, created string) diag.Diagnostics {
	diags := b.keepServer(ctx, private)
	if created == "" {
		return append(diags, private.SetKey(ctx, createdKey, nil)...)
	}
	return append(diags, private.SetKey(ctx, createdKey, strconv.AppendQuote(nil, created))...)
}

// createdText is a time as [createdOf] gives it, "" when it is not known.
func createdText(created time.Time) string { return formatTime(created).ValueString() }

// reused compares when an experiment was created, as private state has it, with what the server tells. Either may be missing.
func reused(created string, now time.Time) bool {
	return created != "" && !now.IsZero() && created != createdText(now)
}

// learnCreated returns when an experiment was created: as its permissions tell, else as this run has read it, else as was known before. It makes no
// call.
func (b *resourceBase) learnCreated(experimentID string, told time.Time, known string) string {
	return cmp.Or(createdText(told), createdText(b.client().CreatedAt(experimentID)), known)
}

// askCreated is learnCreated for an object that is new in the state: it asks the server if nothing else tells. Without an answer the object is
// managed all the same; only a move of the server is not recognized then.
func (b *resourceBase) askCreated(ctx context.Context, experimentID, known string) string {
	if created := b.learnCreated(experimentID, time.Time{}, known); created != "" {
		return created
	}
	e, err := b.client().GetExperiment(ctx, experimentID)
	if err != nil {
		return ""
	}
	return createdText(e.Created())
}
