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

// parallelReads is the maximum number of concurrent reads of permissions.
const parallelReads = 16

// reviewer reads the grants on many experiments, with one request for each, and returns those that match the filters.
type reviewer struct {
	client   *mlflow.Client
	minLevel string
	// selected are the principals whose grants are returned. If it is nil, those of all principals are.
	selected map[mlflow.PrincipalKey]bool
	// excludeAdmins excludes the grants of admins.
	excludeAdmins bool

	accessContext mlflow.AccessContext
	folders       *databricks.FolderIndex
	// exhaustedReads is the number of reads that failed after several attempts.
	exhaustedReads atomic.Int64

	results []reviewResult
	// paths are the paths of the folders that grants are inherited from, if they are known.
	paths map[string]string
}

// reviewResult contains the grants on one experiment, or the reason why they could not be read.
type reviewResult struct {
	experiment mlflow.Experiment
	grants     []reviewGrantModel
	// inherited are the folders that grants are inherited from.
	inherited map[string]bool
	reason    string
}

// keepReviewFields returns an experiment with only the fields and tags that a review uses, to limit memory.
func keepReviewFields(e mlflow.Experiment) mlflow.Experiment {
	tags := slices.DeleteFunc(slices.Clone(e.Tags), func(t mlflow.Tag) bool {
		needed := t.Key == mlflow.TagOwnerEmail || t.Key == mlflow.TagExperimentType || t.Key == mlflow.TagSourceType
		return !needed && mlflow.IsServerTag(t.Key)
	})
	return mlflow.Experiment{
		ID: e.ID, Name: e.Name, LifecycleStage: e.LifecycleStage, LastUpdateTime: e.LastUpdateTime, Tags: slices.Clip(tags),
	}
}

// userTags returns the tags of an experiment, without those of the server.
func userTags(e mlflow.Experiment) map[string]string {
	tags := map[string]string{}
	for _, t := range e.Tags {
		if !mlflow.IsServerTag(t.Key) {
			tags[t.Key] = t.Value
		}
	}
	return tags
}

// readAll reads the grants on all experiments. principals are the names of the principals whose grants are returned, or empty for all. It
// returns an error only if the server fails: an experiment that cannot be read gets a reason.
func (r *reviewer) readAll(ctx context.Context, found []mlflow.Experiment, principals []string) error {
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.ID
	}
	var err error
	r.accessContext, err = r.client.AccessControl().AccessContext(ctx, ids)
	if unsupported, ok := errors.AsType[*mlflow.UnsupportedError](err); ok && unsupported.Denied && len(found) > 0 {
		r.markAllUnreadable(found, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.selected = review.SelectPrincipals(principals, r.accessContext.Members, r.principalKey)
	r.results = make([]reviewResult, len(found))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i, e := range found {
		group.Go(func() (err error) {
			r.results[i], err = r.readExperiment(reading, e)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.paths = r.folders.Origins(ctx, r.client, r.inheritedFolders())
	return nil
}

// inheritedFolders returns the folders that each experiment inherits from. It excludes deleted experiments, which are not in their folder.
func (r *reviewer) inheritedFolders() map[string]map[string]bool {
	folders := map[string]map[string]bool{}
	for _, result := range r.results {
		if result.reason == "" && !result.experiment.Deleted() {
			folders[result.experiment.Name] = result.inherited
		}
	}
	return folders
}

// markAllUnreadable marks all experiments as unreadable, because the caller cannot read any grants, although a search returns the
// experiments.
func (r *reviewer) markAllUnreadable(found []mlflow.Experiment, err error) {
	for _, e := range found {
		r.results = append(r.results, reviewResult{experiment: e, reason: framework.UpperFirst(err.Error()) + "."})
	}
}

// principalKey returns the key by which the server compares a principal.
func (r *reviewer) principalKey(kind, name string) mlflow.PrincipalKey {
	return r.client.PrincipalKey(mlflow.Principal{Kind: mlflow.PrincipalKind(kind), Name: name})
}

// readExperiment reads the grants on one experiment.
func (r *reviewer) readExperiment(ctx context.Context, e mlflow.Experiment) (reviewResult, error) {
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

// abortsReview reports whether an error concerns the server instead of the experiment, so that reading the other experiments would fail,
// too: the credentials are rejected, or as many reads as run concurrently failed after several attempts.
func (r *reviewer) abortsReview(err error) bool {
	var apiError *rest.APIError
	var unreachable *rest.UnreachableError
	retried := false
	switch {
	case rest.IsUnauthenticated(err):
		return true
	case errors.As(err, &apiError):
		retried = apiError.Attempts > 1 && isTemporary(apiError)
	case errors.As(err, &unreachable):
		retried = unreachable.Attempts > 1
	default:
		return true
	}
	return retried && r.exhaustedReads.Add(1) >= parallelReads
}

// isTemporary reports whether the server failed or limited the rate of requests, so that a retry can succeed.
func isTemporary(e *rest.APIError) bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
}

// unreadableReason returns one line with the reason why the grants on an experiment cannot be read.
func unreadableReason(e mlflow.Experiment, err error) string {
	reason := framework.NotebookPermissionsDetail(e)
	switch {
	case reason != "":
	case e.Deleted():
		reason = "It is deleted."
	case rest.IsPermissionDenied(err):
		reason = "Reading its permissions requires CAN_MANAGE."
	case rest.IsNotFound(err):
		reason = "It no longer exists."
	default:
		reason = "Its permissions could not be read."
	}
	return reason + " " + stableErrorText(err)
}

// stableErrorText returns the text of an error without parts that differ each time, such as the ID of the request, so that the reason does
// not change from plan to plan.
func stableErrorText(err error) string {
	var apiError *rest.APIError
	var unreachable *rest.UnreachableError
	switch {
	case errors.As(err, &apiError):
		message := strings.TrimSuffix(strings.Join(strings.Fields(apiError.Message), " "), ".")
		code := strings.TrimPrefix(fmt.Sprintf("%s, HTTP %d", apiError.Code, apiError.Status), ", ")
		return fmt.Sprintf("The server returned: %s (%s).", message, code)
	case errors.As(err, &unreachable):
		return "The server could not be reached."
	default:
		return framework.UpperFirst(err.Error()) + "."
	}
}

// grants returns the grants of an access control list that match the filters.
func (r *reviewer) grants(e mlflow.Experiment, acl mlflow.ACL) []reviewGrantModel {
	entries := make(map[mlflow.Principal]mlflow.ACLEntry, len(acl.Entries))
	for _, entry := range acl.Entries {
		entries[entry.Principal] = entry
	}
	var grants []reviewGrantModel
	seen := map[mlflow.Grant]bool{}
	for _, g := range framework.GrantsOf(acl) {
		principal := mlflow.Principal{Kind: mlflow.PrincipalKind(g.Kind), Name: g.Principal}
		isSelected := r.selected == nil || r.selected[r.principalKey(g.Kind, g.Principal)]
		if !isSelected || r.excludeAdmins && r.isAdminGrant(principal, g.InheritedFrom) {
			continue
		}
		grant := mlflow.Grant{Principal: principal, Level: g.Level}
		effective := !seen[grant] && slices.Contains(entries[principal].Effective(), g.Level)
		seen[grant] = true
		if !review.MeetsLevel(g.Level, r.minLevel) {
			continue
		}
		model := reviewGrantModel{ExperimentID: e.ID, ExperimentName: e.Name, GrantModel: g, Effective: effective}
		if name := entries[principal].DisplayName; name != "" {
			model.DisplayName = &name
		}
		grants = append(grants, model)
	}
	return grants
}

// isAdminGrant reports whether a grant is one of admins. An MLflow server can have a role with the name of the Databricks group.
func (r *reviewer) isAdminGrant(p mlflow.Principal, from []string) bool {
	if r.client.Kind() == mlflow.KindDatabricks {
		return databricks.IsAdmins(p)
	}
	return slices.Contains(from, mlflow.FromAdmin)
}
