package server

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// allGrants has all grants on experiments of a server at one time.
type allGrants struct {
	// admins are the server admins.
	admins []string
	// users and groups are all users and roles, with or without grants. members has the users in each role.
	users, groups []string
	members       map[string][]string
	grants        []oneGrant
}

// oneGrant is one grant. experimentID is "*" for a grant on all experiments, whose origin is from.
type oneGrant struct {
	principal    mlflow.Principal
	experimentID string
	level        string
	from         string
}

// everyExperiment is the pattern of a grant on all experiments.
const everyExperiment = "*"

// acl returns the access control list of one experiment. Grants on all experiments, and the access of admins, are inherited.
func (g *allGrants) acl(experimentID string) mlflow.ACL {
	acl := mlflow.ACL{}
	at := map[mlflow.Principal]int{}
	add := func(p mlflow.Principal, permission mlflow.Permission) {
		i, there := at[p]
		if !there {
			i = len(acl.Entries)
			at[p] = i
			acl.Entries = append(acl.Entries, mlflow.ACLEntry{Principal: p})
		}
		acl.Entries[i].Permissions = append(acl.Entries[i].Permissions, permission)
	}
	for _, grant := range g.grants {
		switch grant.experimentID {
		case experimentID:
			add(grant.principal, mlflow.Permission{Level: fromServerLevel(grant.level)})
		case everyExperiment:
			add(grant.principal, mlflow.Permission{Level: fromServerLevel(grant.level), Inherited: true, InheritedFrom: []string{grant.from}})
		}
	}
	for _, admin := range g.admins {
		add(mlflow.Principal{Kind: mlflow.KindUser, Name: admin},
			mlflow.Permission{Level: mlflow.LevelManage, Inherited: true, InheritedFrom: []string{mlflow.FromAdmin}})
	}
	return acl
}

// isAdmin reports whether the caller is an admin of the server or of the workspace.
func (g *allGrants) isAdmin(caller mlflow.Caller) bool {
	return caller.Admin || slices.ContainsFunc(g.grants, func(grant oneGrant) bool {
		p := grant.principal
		own := p == caller.Principal || p.Kind == mlflow.KindGroup && slices.Contains(caller.Groups, p.Name)
		return own && grant.from == mlflow.FromWorkspace
	})
}

// userWithoutGrant returns a user without a grant on an experiment, neither direct nor through a role; found is false if there is none.
func (g *allGrants) userWithoutGrant(experimentID string) (user string, found bool) {
	holders := map[string]bool{}
	for _, e := range g.acl(experimentID).Entries {
		if e.Principal.Kind == mlflow.KindUser {
			holders[e.Principal.Name] = true
			continue
		}
		for _, member := range g.members[e.Principal.Name] {
			holders[member] = true
		}
	}
	i := slices.IndexFunc(g.users, func(name string) bool { return !holders[name] })
	if i < 0 {
		return "", false
	}
	return g.users[i], true
}

// direct returns the direct grants on one experiment, with levels as the server names them.
func (g *allGrants) direct(experimentID string) map[mlflow.Principal]string {
	levels := map[mlflow.Principal]string{}
	for _, grant := range g.grants {
		if grant.experimentID == experimentID {
			levels[grant.principal] = grant.level
		}
	}
	return levels
}

// checkPrincipal returns an error if a principal does not exist.
func (g *allGrants) checkPrincipal(p mlflow.Principal) error {
	known, noun := g.users, "user"
	if p.Kind == mlflow.KindGroup {
		known, noun = g.groups, "role"
	}
	if slices.Contains(known, p.Name) {
		return nil
	}
	return &mlflow.MissingPrincipalError{Principal: p, Err: fmt.Errorf("the MLflow server has no %s %q", noun, p.Name)}
}

// with returns the grants after those on one experiment are replaced.
func (g *allGrants) with(experimentID string, levels map[mlflow.Principal]string) *allGrants {
	changed := *g
	changed.grants = slices.DeleteFunc(slices.Clone(g.grants), func(grant oneGrant) bool { return grant.experimentID == experimentID })
	for _, p := range sortedPrincipals(levels) {
		changed.grants = append(changed.grants, oneGrant{principal: p, experimentID: experimentID, level: levels[p]})
	}
	return &changed
}

// sortedPrincipals returns the principals of some levels in order of kind and name, so that the order of requests and messages is fixed.
func sortedPrincipals(levels map[mlflow.Principal]string) []mlflow.Principal {
	return slices.SortedFunc(maps.Keys(levels), func(a, b mlflow.Principal) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}
