package chaostest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// server is what somebody else can see and do on a server, without any fault. The methods fail the test where a server refuses.
type server interface {
	// Experiments are all experiments of a world, deleted ones too.
	Experiments() []emulator.Experiment
	Experiment(id string) (emulator.Experiment, bool)
	ExperimentByName(name string) (emulator.Experiment, bool)
	CreateExperiment(owner, name string, tags map[string]string) string
	SetTag(id, key, value string)
	RemoveTag(id, key string)
	Rename(id, name string)
	Trash(id string)
	Restore(id string)
	AddRun(id string)
	Grants(id string) []emulator.Grant
	Grant(id string, p emulator.Principal, level string)
	Revoke(id string, p emulator.Principal)
	AddUser(name string, groups ...string)

	// manages asks, as the caller, for what only CAN_MANAGE shows.
	manages(c caller, id string) bool
	// another is what the server says about another object than a request is about: one of the experiments with these ids.
	another(r request, ids []string) string
}

// site is a world's place on a server.
type site struct {
	server
	handler http.Handler // the server itself, without what front does
	setting string       // of the provider block, for the server's address
	// crew are the callers, who take turns.
	crew []caller
	// root is where the world's experiments are; folder is the callers' part of it.
	root, folder string
	// isDatabricks: names are paths in folders, which can be spelled in several ways, principals compare in any case, and access is
	// written as a whole list.
	isDatabricks bool
	// lists reports whether the callers can manage an experiment's access as a whole.
	lists bool
	// keepNames: deleted experiments keep their names.
	keepNames bool
	// addsManagers: the server adds the owner and the administrators to each list.
	addsManagers bool
	principals   []emulator.Principal
	// directory is set where the configuration also declares users and roles.
	directory directory
}

// caller is who the provider runs as.
type caller struct {
	principal     emulator.Principal
	authorization string // to look with, whatever the provider uses
	settings      object // of the provider block
}

var (
	robot = caller{
		emulator.ServicePrincipalPrincipal(emulator.ServicePrincipal), "Bearer " + emulator.ServicePrincipalToken,
		object{"client_id": emulator.ServicePrincipal, "client_secret": emulator.ServicePrincipalSecret},
	}
	user  = caller{emulator.UserPrincipal(emulator.User), "Bearer " + emulator.UserToken, object{"token": emulator.UserToken}}
	admin = caller{emulator.UserPrincipal(emulator.Admin), "Bearer " + emulator.AdminToken, object{"token": emulator.AdminToken}}
)

// crews are those of the worlds, in turn. Only robots ask for tokens, so there are more of them.
var crews = [][]caller{{robot}, {robot, admin, user}, {user}, {robot}, {admin}, {robot, user, admin}, {robot}}

// callersGroup has one caller, the user, as a member.
var callersGroup = emulator.GroupPrincipal("ml-platform")

// workspace is the local workspace.
type workspace struct {
	*emulator.Workspace
	t *testing.T
}

// openWorkspace makes the local workspace of a world, fills its directory, and gives the callers their folder. A caller who is alone and
// no admin may only edit there, and so manages what it makes by direct grants alone, as does the robot that takes turns with others.
func openWorkspace(t *testing.T, _ settings, world int) site {
	s := site{
		setting: "host", crew: crews[world%len(crews)], folder: "/Teams/callers", isDatabricks: true, lists: true, keepNames: world%2 == 1,
	}
	s.addsManagers = len(s.crew) == 1 && world%5 == 4
	w := emulator.New(emulator.Options{DeletedKeepName: s.keepNames, OffersTagDeletion: world/2%2 == 1, AddsManagers: s.addsManagers})
	s.server, s.handler = workspace{w, t}, w
	const application, cleo = "0b9d2c41-1f2e-4a3b-8c4d-5e6f70819203", "cleo@example.com"
	w.AddUser(cleo)
	w.AddUser(emulator.User, callersGroup.Name)
	w.AddServicePrincipal(application, "application")
	s.principals = []emulator.Principal{
		emulator.GroupPrincipal("data-science"), callersGroup, emulator.GroupPrincipal("risk"), emulator.UserPrincipal(cleo),
		emulator.ServicePrincipalPrincipal(application),
	}
	if !s.addsManagers { // he owns experiments, and then can't be taken out
		s.principals = append(s.principals, emulator.UserPrincipal(emulator.OtherUser))
	}
	w.Mkdirs(s.folder)
	for _, c := range s.crew {
		s.principals = append(s.principals, c.principal)
		if len(s.crew) > 1 && c.principal == user.principal {
			w.GrantFolder(s.folder, c.principal, canManage)
		} else if c.principal != admin.principal {
			w.GrantFolder(s.folder, c.principal, "CAN_EDIT")
		}
	}
	return s
}

func (w workspace) ask(authorization, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", authorization)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

func (w workspace) manages(c caller, id string) bool {
	return w.ask(c.authorization, aclPath+id).Code == http.StatusOK
}

func (w workspace) another(r request, ids []string) string {
	id := otherThan(r.experimentID(), ids)
	if r.path == anyACL {
		return w.ask(admin.authorization, aclPath+id).Body.String()
	}
	return w.ask(admin.authorization, experiments+"get?experiment_id="+id).Body.String()
}

// otherThan gives the first id that is not this one.
func otherThan(id string, ids []string) string {
	for _, other := range ids {
		if other != id {
			return other
		}
	}
	return ""
}
