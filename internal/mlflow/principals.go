package mlflow

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// PrincipalStatus is the entry of a principal in the directory of a server.
type PrincipalStatus struct {
	Principal   Principal
	DisplayName string
	ExternalID  string
	Exists      bool
	// Active is false for a principal that is deactivated or does not exist. Groups and users of an MLflow server are always active.
	Active bool
	// Admin reports whether the principal is a server admin. On Databricks, workspace admins are a group.
	Admin bool
}

// Member is a member of a group, directly or through another group.
type Member struct {
	Group     string
	Principal Principal
	// Via has the groups on a shortest path from the group to the principal, outermost first. It is empty for a direct member.
	Via []string
}

// Incomplete is a principal about which something could not be read: whether it exists, or the members of a group.
type Incomplete struct {
	Principal Principal
	// Reason is a sentence. It can be empty if Err is set.
	Reason string
	// Err is the error of the server, nil if there was none.
	Err error
}

// Principals is the result of a lookup of principals, and of the members of the groups among them.
type Principals struct {
	// Status has the requested principals, and all members of the groups among them, each once, in order of kind and name.
	Status []PrincipalStatus
	// Members has the members of the requested groups, in order of group, kind, and name. A group is not a member of itself.
	Members []Member
	// Everybody has the groups among them that contain all users, in order of name. Their members are not read.
	Everybody []string
	// Incomplete is in order of kind and name.
	Incomplete []Incomplete
}

// Principals looks up principals, and the members of the groups among them. Entries that the caller cannot read are incomplete, not an
// error. Requested principals have the spelling of wanted, and other members that of the server.
func (c *Client) Principals(ctx context.Context, wanted []Principal) (Principals, error) {
	return c.backend.Principals(ctx, c, wanted)
}

// PrincipalSource is the directory of one server. Methods are safe for concurrent use. Their errors can be an *[IncompleteError].
type PrincipalSource interface {
	// Find looks up a principal.
	Find(ctx context.Context, p Principal) (PrincipalStatus, error)
	// Parallel reports whether principals of a kind can be looked up in parallel. It is false as long as the result of one lookup, such
	// as a rejected request, affects the next one.
	Parallel(kind PrincipalKind) bool
	// Members lists the direct members of a group, none if it does not exist. With an *[IncompleteError], it lists the known ones.
	Members(ctx context.Context, group Principal) ([]Principal, error)
	// ContainsEverybody reports whether a group contains all users of the server.
	ContainsEverybody(p Principal) bool
}

// IncompleteError means that the caller cannot read an entry of a directory. Its fields are those of [Incomplete].
type IncompleteError struct {
	Reason string
	Err    error
}

// Error implements error.
func (e *IncompleteError) Error() string { return e.Reason }

// asIncomplete returns the *[IncompleteError] for an error that depends on the permissions of the caller, or else err.
func asIncomplete(err error) (*IncompleteError, error) {
	if e, ok := errors.AsType[*IncompleteError](err); ok {
		return e, nil
	}
	if _, unsupported := errors.AsType[*UnsupportedError](err); unsupported {
		return &IncompleteError{Err: err}, nil
	}
	if rest.IsPermissionDenied(err) {
		return &IncompleteError{Reason: "The identity that runs Terraform does not have permission to read it.", Err: err}, nil
	}
	return nil, err
}

// ResolvePrincipals implements [Backend.Principals] with a directory.
func ResolvePrincipals(ctx context.Context, rules NameRules, source PrincipalSource, wanted []Principal) (Principals, error) {
	r := resolver{
		rules: rules, source: source, spelling: map[PrincipalKey]Principal{},
		direct: map[PrincipalKey]directMembers{}, noted: map[notedReason]bool{},
	}
	var asked []Principal
	for _, p := range wanted {
		if _, known := r.spelling[rules.PrincipalKey(p)]; !known {
			r.spelling[rules.PrincipalKey(p)] = p
			asked = append(asked, p)
		}
	}
	slices.SortFunc(asked, comparePrincipals)
	if err := r.readGroups(ctx, asked); err != nil {
		return Principals{}, err
	}
	for _, p := range asked {
		if p.Kind == KindGroup {
			r.walk(p)
		}
	}
	if err := r.readStatus(ctx, asked); err != nil {
		return Principals{}, err
	}
	r.sort()
	return r.found, nil
}

// readStatus looks up the requested principals, and the members that were found.
func (r *resolver) readStatus(ctx context.Context, asked []Principal) error {
	principals := r.withMembers(asked)
	statuses, missing := make([]PrincipalStatus, len(principals)), make([]*IncompleteError, len(principals))
	lookups, ctx := errgroup.WithContext(ctx)
	lookups.SetLimit(parallelLookups)
	for i, p := range principals {
		if r.containsEverybody(p) { // such a group can be missing from a list of groups
			statuses[i] = PrincipalStatus{Exists: true, Active: true}
			continue
		}
		lookUp := func() (err error) {
			if statuses[i], err = r.source.Find(ctx, p); err != nil {
				missing[i], err = asIncomplete(err)
			}
			return err
		}
		if r.source.Parallel(p.Kind) {
			lookups.Go(lookUp)
		} else if err := lookUp(); err != nil {
			lookups.Go(func() error { return err })
			break
		}
	}
	if err := lookups.Wait(); err != nil {
		return err
	}
	for i, p := range principals {
		if missing[i] != nil {
			r.addIncomplete(p, *missing[i])
			continue
		}
		statuses[i].Principal = p
		r.found.Status = append(r.found.Status, statuses[i])
	}
	return nil
}

// withMembers returns the requested principals, and the members that were found, each once.
func (r *resolver) withMembers(asked []Principal) []Principal {
	var principals []Principal
	added := map[PrincipalKey]bool{}
	add := func(p Principal) {
		if key := r.rules.PrincipalKey(p); !added[key] {
			added[key] = true
			principals = append(principals, p)
		}
	}
	for _, p := range asked {
		add(p)
	}
	for _, m := range r.found.Members {
		add(m.Principal)
	}
	return principals
}

func (r *resolver) sort() {
	slices.SortFunc(r.found.Status, func(a, b PrincipalStatus) int { return comparePrincipals(a.Principal, b.Principal) })
	slices.SortFunc(r.found.Members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), comparePrincipals(a.Principal, b.Principal))
	})
	slices.Sort(r.found.Everybody)
	slices.SortStableFunc(r.found.Incomplete, func(a, b Incomplete) int { return comparePrincipals(a.Principal, b.Principal) })
}

func comparePrincipals(a, b Principal) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}
