package server

import (
	"fmt"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// allGrants is everything that a server grants on experiments, at one moment.
type allGrants struct {
	// admins are users who may do everything.
	admins []string
	// users and groups are all that there are, whether they hold a grant or not. members lists the users in each group.
	users, groups []string
	members       map[string][]string
	grants        []oneGrant
}

// oneGrant is one grant. ExperimentID is "*" for one on all experiments; from says then where it comes from.
type oneGrant struct {
	principal    mlflow.Principal
	experimentID string
	level        string
	from         string
}

// everyExperiment is the pattern of a grant on all experiments.
const everyExperiment = "*"

// acl picks what concerns one experiment. Grants on all experiments count as inherited, and so does what an admin may do.
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

// userWithoutGrant gives a user who holds nothing on an experiment, neither alone nor by a role; found is false when there is none.
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

// direct gives the level that each principal holds on one experiment itself, in the server's words.
func (g *allGrants) direct(experimentID string) map[mlflow.Principal]string {
	levels := map[mlflow.Principal]string{}
	for _, grant := range g.grants {
		if grant.experimentID == experimentID {
			levels[grant.principal] = grant.level
		}
	}
	return levels
}

// checkPrincipal says that a principal does not exist, nil when it does.
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

// with returns the grants as they are once those on one experiment are replaced.
func (g *allGrants) with(experimentID string, levels map[mlflow.Principal]string) *allGrants {
	changed := *g
	changed.grants = slices.DeleteFunc(slices.Clone(g.grants), func(grant oneGrant) bool { return grant.experimentID == experimentID })
	for p, level := range levels {
		changed.grants = append(changed.grants, oneGrant{principal: p, experimentID: experimentID, level: level})
	}
	return &changed
}
