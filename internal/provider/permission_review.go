package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// parallelReviews is how many access control lists are read side by side.
const parallelReviews = 16

// review reads the grants on many experiments, one call each, and keeps of each list only what passes the filters.
type review struct {
	client   *mlflow.Client
	minLevel string
	// wanted are the principals to keep; nil keeps all.
	wanted     map[mlflow.PrincipalKey]bool
	background mlflow.Background
	folders    *folderTracker
	// givenUp counts the reads that failed after several tries.
	givenUp atomic.Int64

	results []reviewResult
	// paths are those of the folders that grants are inherited from, as far as is known.
	paths map[string]string
}

// reviewResult is what was found about one experiment: its grants, or the reason why they could not be read.
type reviewResult struct {
	experiment mlflow.Experiment
	grants     []reviewGrantModel
	reason     string
}

// forReview keeps of an experiment what a review needs to know, so that no other tag is held in memory.
func forReview(e mlflow.Experiment) mlflow.Experiment {
	tags := slices.DeleteFunc(slices.Clone(e.Tags), func(t mlflow.Tag) bool {
		return t.Key != mlflow.TagOwnerEmail && t.Key != mlflow.TagExperimentType && t.Key != mlflow.TagSourceType
	})
	return mlflow.Experiment{ID: e.ID, Name: e.Name, LifecycleStage: e.LifecycleStage, Tags: slices.Clip(tags)}
}

// run reads everything. principals are the names to keep, all when there are none. It fails only when the server itself does: an
// experiment that can't be read gets its reason.
func (r *review) run(ctx context.Context, found []mlflow.Experiment, principals []string) error {
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.ID
	}
	var err error
	if r.background, err = r.client.AccessControl().Background(ctx, ids); err != nil {
		return err
	}
	r.wanted = wantedPrincipals(r.client, principals, r.background.Members)
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
	r.paths = r.folders.paths(ctx, r.client)
	return nil
}

// wantedPrincipals takes names, each of which may be that of a user, a group or a service principal, and adds the groups that one of
// them is known to be in. It is nil when there are none.
func wantedPrincipals(rules mlflow.NameRules, names []string, members map[string][]string) map[mlflow.PrincipalKey]bool {
	if len(names) == 0 {
		return nil
	}
	wanted := map[mlflow.PrincipalKey]bool{}
	key := func(kind mlflow.PrincipalKind, name string) mlflow.PrincipalKey {
		return rules.PrincipalKey(mlflow.Principal{Kind: kind, Name: name})
	}
	for _, name := range names {
		for _, kind := range []mlflow.PrincipalKind{mlflow.KindUser, mlflow.KindGroup, mlflow.KindServicePrincipal} {
			wanted[key(kind, name)] = true
		}
	}
	for group, users := range members {
		if slices.ContainsFunc(users, func(name string) bool { return wanted[key(mlflow.KindUser, name)] }) {
			wanted[key(mlflow.KindGroup, group)] = true
		}
	}
	return wanted
}

// read reads the grants on one experiment.
func (r *review) read(ctx context.Context, e mlflow.Experiment) (reviewResult, error) {
	acl, err := r.client.AccessControl().GetListed(ctx, e.ID)
	var object *mlflow.ObjectError
	if err != nil && !errors.As(err, &object) && r.hopeless(err) {
		return reviewResult{}, err
	}
	if err != nil {
		return reviewResult{experiment: e, reason: unreadableReason(e, err)}, nil
	}
	r.folders.add(e, acl)
	return reviewResult{experiment: e, grants: r.grants(e, acl)}, nil
}

// hopeless tells that an error is the server's and not the experiment's, so that going on would take for ever and find nothing: the
// credentials are refused, or a whole round of reads was given up after many tries.
func (r *review) hopeless(err error) bool {
	var answered *rest.APIError
	var unanswered *rest.UnreachableError
	retried := false
	switch {
	case rest.IsUnauthenticated(err):
		return true
	case errors.As(err, &answered):
		retried = answered.Attempts > 1 && (answered.Status >= http.StatusInternalServerError || answered.Status == http.StatusTooManyRequests)
	case errors.As(err, &unanswered):
		retried = unanswered.Attempts > 1
	default:
		return true
	}
	return retried && r.givenUp.Add(1) >= parallelReviews
}

// unreadableReason says in one line why the grants on an experiment can't be read.
func unreadableReason(e mlflow.Experiment, err error) string {
	why := permissionsElsewhere(e)
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
	return why + " " + saidEveryTime(err)
}

// saidEveryTime words an error without what differs each time, such as the id of the request: a reason must not change from plan to plan.
func saidEveryTime(err error) string {
	var answered *rest.APIError
	var unanswered *rest.UnreachableError
	switch {
	case errors.As(err, &answered):
		said := strings.TrimSuffix(strings.Join(strings.Fields(answered.Message), " "), ".")
		return fmt.Sprintf("The server said: %s (%s).", said, strings.TrimPrefix(fmt.Sprintf("%s, HTTP %d", answered.Code, answered.Status), ", "))
	case errors.As(err, &unanswered):
		return "The server could not be reached."
	default:
		return upperFirst(err.Error()) + "."
	}
}

// grants lists what passes the filters of one experiment's access control list.
func (r *review) grants(e mlflow.Experiment, acl mlflow.ACL) []reviewGrantModel {
	entries := make(map[mlflow.Principal]mlflow.ACLEntry, len(acl.Entries))
	for _, entry := range acl.Entries {
		entries[entry.Principal] = entry
	}
	var grants []reviewGrantModel
	decided := map[mlflow.Principal]bool{}
	for _, g := range grantsOf(acl) {
		principal := mlflow.Principal{Kind: mlflow.PrincipalKind(g.Kind), Name: g.Principal}
		if r.wanted != nil && !r.wanted[r.client.PrincipalKey(principal)] {
			continue
		}
		effective := !decided[principal] && g.Level == entries[principal].Effective()
		decided[principal] = decided[principal] || effective
		if !r.highEnough(g.Level) {
			continue
		}
		model := reviewGrantModel{ExperimentID: e.ID, ExperimentName: e.Name, grantModel: g, Effective: effective}
		if shown := entries[principal].DisplayName; shown != "" {
			model.DisplayName = &shown
		}
		grants = append(grants, model)
	}
	return grants
}

// highEnough reports whether a level passes min_level. One that is not known may be high, and passes.
func (r *review) highEnough(level string) bool {
	least, filtered := mlflow.LevelRank(r.minLevel)
	if !filtered {
		return true
	}
	if level == mlflow.LevelDeny || level == mlflow.LevelNone {
		return false
	}
	rank, known := mlflow.LevelRank(level)
	return !known || rank >= least
}
