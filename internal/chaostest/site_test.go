package chaostest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// server reads and changes a server outside Terraform, without faults. Its methods fail the test if the server rejects a request.
type server interface {
	// Experiments returns all experiments of a world, active and deleted.
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

	// manages reports whether the caller can read what requires CAN_MANAGE.
	manages(c caller, id string) bool
	// another returns the response of the server about another object than that of the request: one of the experiments with these IDs.
	another(r request, ids []string) string
}

// site is the part of a server that a world uses.
type site struct {
	server
	handler http.Handler // the server, without the proxy
	setting string       // provider argument for the server URL
	// callers are the identities that run Terraform, in turn.
	callers []caller
	// root is the folder or prefix of the experiments of the world, and folder that of the callers.
	root, folder string
	// isDatabricks means that names are paths in folders with several spellings, that principals are case-insensitive, and that permissions
	// are written as a whole list.
	isDatabricks bool
	// lists means that the callers can manage the permissions of an experiment as a whole.
	lists bool
	// keepNames means that deleted experiments reserve their names.
	keepNames bool
	// addsManagers means that the server adds the owner and the group admins to each list.
	addsManagers bool
	principals   []emulator.Principal
	// directory is set if the configuration also declares users and roles.
	directory directory
}

// caller is the identity that runs Terraform.
type caller struct {
	principal     emulator.Principal
	authorization string // for requests of the test
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

// callersOfWorlds are the callers of the worlds, in turn. Only robots request tokens, so they occur more often.
var callersOfWorlds = [][]caller{{robot}, {robot, admin, user}, {user}, {robot}, {admin}, {robot, user, admin}, {robot}}

// callersGroup is a group whose only caller is the user.
var callersGroup = emulator.GroupPrincipal("ml-platform")

// workspace is an emulated workspace.
type workspace struct {
	*emulator.Workspace
	t *testing.T
}

// openWorkspace creates the emulated workspace of a world, its directory, and the folder of the callers. A single caller that is not an
// admin has only CAN_EDIT on the folder, and so manages what it creates only by direct grants. The same applies to a robot among several
// callers.
func openWorkspace(t *testing.T, _ settings, world int) site {
	s := site{
		setting: "host", callers: callersOfWorlds[world%len(callersOfWorlds)], folder: "/Teams/callers", isDatabricks: true,
		lists: true, keepNames: world%2 == 1,
	}
	s.addsManagers = len(s.callers) == 1 && world%5 == 4
	w := emulator.New(emulator.Options{DeletedReserveName: s.keepNames, ServeTagDeletion: world/2%2 == 1, AddManagers: s.addsManagers})
	s.server, s.handler = workspace{w, t}, w
	const application, cleo = "0b9d2c41-1f2e-4a3b-8c4d-5e6f70819203", "cleo@example.com"
	w.AddUser(cleo)
	w.AddUser(emulator.User, callersGroup.Name)
	w.AddServicePrincipal(application, "application")
	s.principals = []emulator.Principal{
		emulator.GroupPrincipal("data-science"), callersGroup, emulator.GroupPrincipal("risk"), emulator.UserPrincipal(cleo),
		emulator.ServicePrincipalPrincipal(application),
	}
	if !s.addsManagers { // this user owns experiments, and cannot be removed from their lists
		s.principals = append(s.principals, emulator.UserPrincipal(emulator.OtherUser))
	}
	w.Mkdirs(s.folder)
	for _, c := range s.callers {
		s.principals = append(s.principals, c.principal)
		if len(s.callers) > 1 && c.principal == user.principal {
			w.GrantFolder(s.folder, c.principal, canManage)
		} else if c.principal != admin.principal {
			w.GrantFolder(s.folder, c.principal, "CAN_EDIT")
		}
	}
	return s
}

func (w workspace) send(authorization, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", authorization)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

func (w workspace) manages(c caller, id string) bool {
	return w.send(c.authorization, aclPath+id).Code == http.StatusOK
}

func (w workspace) another(r request, ids []string) string {
	id := otherThan(r.experimentID(), ids)
	if r.path == anyACL {
		return w.send(admin.authorization, aclPath+id).Body.String()
	}
	return w.send(admin.authorization, experiments+"get?experiment_id="+id).Body.String()
}

// otherThan returns the first ID that differs from this one.
func otherThan(id string, ids []string) string {
	for _, other := range ids {
		if other != id {
			return other
		}
	}
	return ""
}
