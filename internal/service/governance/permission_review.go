package governance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

// parallelReviews is how many access control lists are read side by side.
const parallelReviews = 16

// reviewer reads the grants on many experiments, with one request for each, and keeps only those that pass the filters.
type reviewer struct {
	client   *mlflow.Client
	minLevel string
	// wanted are the principals whose grants are kept; nil keeps those of all.
	wanted map[mlflow.PrincipalKey]bool
	// withoutAdmins leaves out the grants of admins.
	withoutAdmins bool

	background mlflow.Background
	folders    *databricks.FolderIndex
	// exhaustedReads counts the reads that failed after several tries.
	exhaustedReads atomic.Int64

	results []reviewResult
	// paths are those of the folders that grants are inherited from, as far as is known.
	paths map[string]string
}

// reviewResult is what was found about one experiment: its grants, or the reason why they could not be read.
type reviewResult struct {
	experiment mlflow.Experiment
	grants     []reviewGrantModel
	// inherited are the folders that grants are inherited from.
	inherited map[string]bool
	reason    string
}

// forReview keeps of an experiment what a review returns or needs to know, so that no other tag is held in memory.
func forReview(e mlflow.Experiment) mlflow.Experiment {
	tags := slices.DeleteFunc(slices.Clone(e.Tags), func(t mlflow.Tag) bool {
		needed := t.Key == mlflow.TagOwnerEmail || t.Key == mlflow.TagExperimentType || t.Key == mlflow.TagSourceType
		return !needed && mlflow.IsServerTag(t.Key)
	})
	return mlflow.Experiment{ID: e.ID, Name: e.Name, LifecycleStage: e.LifecycleStage, LastUpdateTime: e.LastUpdateTime, Tags: slices.Clip(tags)}
}

// userTags returns the tags of an experiment that the server itself does not write.
func userTags(e mlflow.Experiment) map[string]string {
	tags := map[string]string{}
	for _, t := range e.Tags {
		if !mlflow.IsServerTag(t.Key) {
			tags[t.Key] = t.Value
		}
	}
	return tags
}

// run reads everything. principals are the names to keep, all when there are none. It fails only when the server itself does: an
// experiment that can't be read gets its reason.
func (r *reviewer) run(ctx context.Context, found []mlflow.Experiment, principals []string) error {
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.ID
	}
	var err error
	r.background, err = r.client.AccessControl().Background(ctx, ids)
	if unsupported, ok := errors.AsType[*mlflow.UnsupportedError](err); ok && unsupported.Denied && len(found) > 0 {
		r.denyAll(found, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.wanted = review.SelectPrincipals(principals, r.background.Members, r.principalKey)
	r.results = make([]reviewResult, len(found))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(parallelReviews)
	for i, e := range found {
		group.Go(func() (err error) {
			r.results[i], err = r.read(reading, e)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.paths = r.folders.Origins(ctx, r.client, r.inheritedFolders())
	return nil
}

// inheritedFolders returns the folders that each experiment inherits from. A deleted experiment is not below them.
func (r *reviewer) inheritedFolders() map[string]map[string]bool {
	folders := map[string]map[string]bool{}
	for _, result := range r.results {
		if result.reason == "" && !result.experiment.Deleted() {
			folders[result.experiment.Name] = result.inherited
		}
	}
	return folders
}

// denyAll notes that the caller may read the grants on none of the experiments. A search finds some of them all the same.
func (r *reviewer) denyAll(found []mlflow.Experiment, err error) {
	for _, e := range found {
		r.results = append(r.results, reviewResult{experiment: e, reason: framework.UpperFirst(err.Error()) + "."})
	}
}

// principalKey returns the key by which the server compares a principal.
func (r *reviewer) principalKey(kind, name string) mlflow.PrincipalKey {
	return r.client.PrincipalKey(mlflow.Principal{Kind: mlflow.PrincipalKind(kind), Name: name})
}

// read reads the grants on one experiment.
func (r *reviewer) read(ctx context.Context, e mlflow.Experiment) (reviewResult, error) {
	acl, err := r.client.AccessControl().GetListed(ctx, e.ID)
	var object *mlflow.ObjectError
	if err != nil && !errors.As(err, &object) && r.abortsReview(err) {
		return reviewResult{}, err
	}
	if err != nil {
		return reviewResult{experiment: e, reason: unreadableReason(e, err)}, nil
	}
	return reviewResult{experiment: e, grants: r.grants(e, acl), inherited: databricks.InheritedFolders(acl)}, nil
}

// abortsReview reports whether an error is the server's and not the experiment's, so that going on would take for ever and find
// nothing: the credentials are refused, or a whole round of reads failed after many tries.
func (r *reviewer) abortsReview(err error) bool {
	var answered *rest.APIError
	var unanswered *rest.UnreachableError
	retried := false
	switch {
	case rest.IsUnauthenticated(err):
		return true
	case errors.As(err, &answered):
		retried = answered.Attempts > 1 && isTemporary(answered)
	case errors.As(err, &unanswered):
		retried = unanswered.Attempts > 1
	default:
		return true
	}
	return retried && r.exhaustedReads.Add(1) >= parallelReviews
}

// isTemporary reports whether the server failed, or rejected the request for the number of requests, so that another try can succeed.
func isTemporary(e *rest.APIError) bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
}

// unreadableReason says in one line why the grants on an experiment can't be read.
func unreadableReason(e mlflow.Experiment, err error) string {
	why := framework.NotebookPermissionsDetail(e)
	switch {
	case why != "":
	case e.Deleted():
		why = "It is deleted."
	case rest.IsPermissionDenied(err):
		why = "Reading its permissions needs CAN_MANAGE on it."
	case rest.IsNotFound(err):
		why = "It is gone since it was found."
	default:
		why = "Its permissions could not be read."
	}
	return why + " " + stableErrorText(err)
}

// stableErrorText returns an error without the parts that differ each time, such as the ID of the request: a reason must not change from
// plan to plan.
func stableErrorText(err error) string {
	var answered *rest.APIError
	var unanswered *rest.UnreachableError
	switch {
	case errors.As(err, &answered):
		said := strings.TrimSuffix(strings.Join(strings.Fields(answered.Message), " "), ".")
		code := strings.TrimPrefix(fmt.Sprintf("%s, HTTP %d", answered.Code, answered.Status), ", ")
		return fmt.Sprintf("The server said: %s (%s).", said, code)
	case errors.As(err, &unanswered):
		return "The server could not be reached."
	default:
		return framework.UpperFirst(err.Error()) + "."
	}
}

// grants lists what passes the filters of one experiment's access control list.
func (r *reviewer) grants(e mlflow.Experiment, acl mlflow.ACL) []reviewGrantModel {
	entries := make(map[mlflow.Principal]mlflow.ACLEntry, len(acl.Entries))
	for _, entry := range acl.Entries {
		entries[entry.Principal] = entry
	}
	var grants []reviewGrantModel
	decided := map[mlflow.Grant]bool{}
	for _, g := range framework.GrantsOf(acl) {
		principal := mlflow.Principal{Kind: mlflow.PrincipalKind(g.Kind), Name: g.Principal}
		if r.wanted != nil && !r.wanted[r.principalKey(g.Kind, g.Principal)] || r.withoutAdmins && r.isOfAdmins(principal, g.InheritedFrom) {
			continue
		}
		grant := mlflow.Grant{Principal: principal, Level: g.Level}
		effective := !decided[grant] && slices.Contains(entries[principal].Effective(), g.Level)
		decided[grant] = true
		if !review.MeetsLevel(g.Level, r.minLevel) {
			continue
		}
		model := reviewGrantModel{ExperimentID: e.ID, ExperimentName: e.Name, GrantModel: g, Effective: effective}
		if shown := entries[principal].DisplayName; shown != "" {
			model.DisplayName = &shown
		}
		grants = append(grants, model)
	}
	return grants
}

// isOfAdmins reports whether a grant is one of admins. An MLflow server can have a role with the name of the group on Databricks.
func (r *reviewer) isOfAdmins(p mlflow.Principal, from []string) bool {
	if r.client.Kind() == mlflow.KindDatabricks {
		return databricks.IsAdmins(p)
	}
	return slices.Contains(from, mlflow.FromAdmin)
}
