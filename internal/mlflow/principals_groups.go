package mlflow

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// parallelLookups is the number of principals that are read in parallel.
const parallelLookups = 8

// resolver collects what a directory has about principals.
type resolver struct {
	rules  NameRules
	source PrincipalSource
	// spelling has the requested principals, in their spelling.
	spelling map[PrincipalKey]Principal
	// direct has the direct members of each requested group, and of the groups in it.
	direct map[PrincipalKey]directMembers
	// noted has the principals and reasons that are already in found.Incomplete.
	noted map[notedReason]bool
	found Principals
}

type notedReason struct {
	principal PrincipalKey
	reason    string
}

// directMembers has the direct members of a group. incomplete is why some are missing, nil if none are.
type directMembers struct {
	members    []Principal
	incomplete *IncompleteError
}

func (r *resolver) containsEverybody(p Principal) bool {
	return p.Kind == KindGroup && r.source.ContainsEverybody(p)
}

// readGroups reads the direct members of the groups among some principals, then those of the groups in them, and so on. It omits groups
// that contain all users.
func (r *resolver) readGroups(ctx context.Context, level []Principal) error {
	for {
		level = slices.DeleteFunc(slices.Clone(level), func(p Principal) bool {
			_, known := r.direct[r.rules.PrincipalKey(p)]
			return known || p.Kind != KindGroup || r.containsEverybody(p)
		})
		if len(level) == 0 {
			return nil
		}
		results := make([]directMembers, len(level))
		reads, ctx := errgroup.WithContext(ctx)
		reads.SetLimit(parallelLookups)
		for i, group := range level {
			reads.Go(func() (err error) {
				results[i], err = r.readGroup(ctx, group)
				return err
			})
		}
		if err := reads.Wait(); err != nil {
			return err
		}
		var next []Principal
		for i, group := range level {
			r.direct[r.rules.PrincipalKey(group)] = results[i]
			next = append(next, results[i].members...)
		}
		level = next
	}
}

func (r *resolver) readGroup(ctx context.Context, group Principal) (directMembers, error) {
	members, err := r.source.Members(ctx, group)
	read := directMembers{members: members}
	if err != nil {
		read.incomplete, err = asIncomplete(err)
	}
	for i, m := range read.members {
		if asked, ok := r.spelling[r.rules.PrincipalKey(m)]; ok {
			read.members[i] = asked
		}
	}
	return read, err
}

// walk adds all members of a group, nearest first, each once.
func (r *resolver) walk(group Principal) {
	type step struct {
		group Principal
		via   []string
	}
	seen := map[PrincipalKey]bool{r.rules.PrincipalKey(group): true}
	for ahead := []step{{group: group}}; len(ahead) > 0; ahead = ahead[1:] {
		at := ahead[0]
		if r.containsEverybody(at.group) {
			r.addEverybody(at.group.Name)
			continue
		}
		direct := r.direct[r.rules.PrincipalKey(at.group)]
		if direct.incomplete != nil {
			r.addIncomplete(at.group, *direct.incomplete)
		}
		for _, m := range direct.members {
			key := r.rules.PrincipalKey(m)
			if seen[key] {
				continue
			}
			seen[key] = true
			r.found.Members = append(r.found.Members, Member{Group: group.Name, Principal: m, Via: at.via})
			if m.Kind == KindGroup {
				ahead = append(ahead, step{m, append(slices.Clip(at.via), m.Name)})
			}
		}
	}
}

// addEverybody adds a group that contains all users, once.
func (r *resolver) addEverybody(name string) {
	if !slices.Contains(r.found.Everybody, name) {
		r.found.Everybody = append(r.found.Everybody, name)
	}
}

// addIncomplete adds a principal about which something could not be read, once for each reason.
func (r *resolver) addIncomplete(p Principal, why IncompleteError) {
	if key := (notedReason{r.rules.PrincipalKey(p), why.Reason}); !r.noted[key] {
		r.noted[key] = true
		r.found.Incomplete = append(r.found.Incomplete, Incomplete{Principal: p, Reason: why.Reason, Err: why.Err})
	}
}
