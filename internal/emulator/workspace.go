// Package emulator is an in-memory workspace that emulates Databricks: experiments in folders, tags, search, permissions, identities, and
// OAuth tokens, with the HTTP routes of a real workspace. Tests and local-workspace use it.
//
// It decodes and encodes JSON without the API client of the provider, because an error in shared code would pass every test. It also has
// the quirks of a real workspace: a tag that is returned twice, names without their /Workspace prefix, Trash.
//
// This package contains the state, guarded by one lock: experiments, folders, and permissions. Each subpackage has one subject:
//
//   - wire: how handlers read requests and write responses
//   - directory: users, groups, and service principals
//   - scim, oauth: the routes that list them, and the routes that issue their tokens
//   - filter, paging: the search language, and pages of results
//   - content: the content of experiments, for example runs, and its routes
//   - traffic: hooks, faults, latency, and the journal, in front of all routes
package emulator

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/content"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/oauth"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/scim"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/traffic"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The identities of every new workspace. Admin is in the group `admins`, and all users are in the group `users`.
const (
	Admin            = "admin@example.com"
	User             = "ana@example.com"
	OtherUser        = "ben@example.com"
	ServicePrincipal = "6f1c2a34-5b67-4c89-9d01-23456789abcd" // application ID
)

// The default bearer tokens, and the OAuth client secret of ServicePrincipal.
const (
	AdminToken             = "admin-token"
	UserToken              = "user-token"
	ServicePrincipalToken  = "service-principal-token"
	ServicePrincipalSecret = "service-principal-secret"
)

// WorkspaceID is the number in the X-Databricks-Org-Id header of every response.
const WorkspaceID = "1234567890123456"

// Options change how a workspace behaves. The zero value is a usable workspace.
type Options struct {
	// Tokens maps bearer tokens to principals. Nil means the three default tokens. Principals that do not exist are added: as service
	// principals if they have the form of an application ID, otherwise as users.
	Tokens map[string]string
	// Latency delays every request.
	Latency time.Duration
	// Seed is the number of initial experiments, in folders, with tags and grants. SeedNotebooks is the number of experiments of notebooks in
	// the same folders, and SeedGitNotebooks that of experiments of notebooks in Git folders below them.
	Seed, SeedNotebooks, SeedGitNotebooks int
	// ServeTagDeletion serves delete-experiment-tag, which open-source servers have and Databricks does not.
	ServeTagDeletion bool
	// DeletedReserveName means that deleted experiments stay at their path and reserve their name, as the documentation of the API describes
	// and as open-source servers do. Otherwise, they move to Trash, as observed on workspaces.
	DeletedReserveName bool
	// AddManagers adds direct CAN_MANAGE entries for the owner of the experiment or folder and for the group admins to each written list of
	// permissions that does not contain them, as observed on workspaces for experiments. The owner of a folder is the caller that created
	// it, or the user whose home folder it is.
	AddManagers bool
	// IgnoreGroupCase looks up groups case-insensitively, as it does users, and returns them as the directory spells them.
	IgnoreGroupCase bool
	// RequireFolderPermissions requires permissions on folders, as older pages of the documentation describe: CAN_EDIT on the folder to delete
	// or restore an experiment, CAN_MANAGE on the old and the new folder to move or rename one, and CAN_MANAGE on the parent folder to create
	// a folder, which otherwise requires CAN_EDIT. Creating an experiment always requires CAN_EDIT on its folder.
	RequireFolderPermissions bool
	// OmitFolderTimes omits created_at and modified_at of folders in get-status and list, because the documentation of the fields says that
	// they are only applicable to files.
	OmitFolderTimes bool
	// SCIM changes the responses of the SCIM API.
	SCIM SCIMOptions
	// NoHostMetadata makes /.well-known/databricks-config return 404.
	NoHostMetadata bool
	// Now replaces time.Now.
	Now func() time.Time
	// Journal receives one JSON line for each request, without bodies and headers.
	Journal io.Writer
}

// Fault is a fault of matching requests, see Inject.
type Fault = traffic.Fault

// SCIMOptions change the responses of the SCIM API.
type SCIMOptions = scim.Options

// Workspace is a workspace. It is an http.Handler and safe for concurrent use. Its Layer has faults, hooks, and the journal. Its OutOfBand
// changes the content of experiments without requests, as the methods in outofband.go change experiments.
type Workspace struct {
	*traffic.Layer
	*content.OutOfBand

	options Options
	now     func() time.Time
	mux     *http.ServeMux

	mu        sync.Mutex // guards everything below
	lastID    int64
	requests  int
	directory *directory.Directory
	tokens    *oauth.Tokens
	content   *content.Store
	nodes     map[string]*node // by path
	objects   map[string]*node // by object ID
	// byAge contains all experiments, active and deleted, oldest first, and by ID within a millisecond.
	byAge  []*experiment
	frozen []*experiment // the experiments for search instead of byAge, see FreezeSearch; nil if not frozen
}

// New returns a workspace with the default identities, their home folders, /Shared and /Repos.
func New(options Options) *Workspace {
	w := &Workspace{
		options: options,
		now:     options.Now,
		mux:     http.NewServeMux(),
		lastID:  1_000_000_000_000_000,
		nodes:   map[string]*node{},
		objects: map[string]*node{},
	}
	if w.now == nil {
		w.now = time.Now
	}
	w.Layer = traffic.New(http.HandlerFunc(w.dispatch), traffic.Options{
		Header: w.setHeaders, Principal: w.principalName, Now: w.time, Latency: options.Latency, Journal: options.Journal,
	})
	w.directory = directory.New(w.newID, options.IgnoreGroupCase)
	w.content = content.New(contents{w}, w.newID, w.millis)
	w.OutOfBand = w.content.OutOfBand(&w.mu)
	w.tokens = oauth.New(w.directory, oauth.Client{ApplicationID: ServicePrincipal, Secret: ServicePrincipalSecret}, w.now)
	w.addTopFolders()
	w.addDefaultAccounts()
	tokens := options.Tokens
	if tokens == nil {
		tokens = map[string]string{AdminToken: Admin, UserToken: User, ServicePrincipalToken: ServicePrincipal}
	}
	for _, bearer := range slices.Sorted(maps.Keys(tokens)) {
		name := tokens[bearer]
		w.tokens.Add(bearer, w.addAccount(directory.Member(name), name))
	}
	w.addRoutes()
	w.seed()
	return w
}

// addRoutes adds all routes. Other paths and methods return ENDPOINT_NOT_FOUND.
func (w *Workspace) addRoutes() {
	w.route("POST /api/2.0/mlflow/experiments/create", w.createExperiment)
	w.route("GET /api/2.0/mlflow/experiments/get", w.getExperiment)
	w.route("GET /api/2.0/mlflow/experiments/get-by-name", w.getExperimentByName)
	w.route("POST /api/2.0/mlflow/experiments/update", w.updateExperiment)
	w.route("POST /api/2.0/mlflow/experiments/delete", w.deleteExperiment)
	w.route("POST /api/2.0/mlflow/experiments/restore", w.restoreExperiment)
	w.route("POST /api/2.0/mlflow/experiments/search", w.searchExperiments)
	w.route("GET /api/2.0/mlflow/experiments/list", w.listExperiments)
	w.route("POST /api/2.0/mlflow/experiments/set-experiment-tag", w.setExperimentTag)
	if w.options.ServeTagDeletion {
		w.route("POST /api/2.0/mlflow/experiments/delete-experiment-tag", w.deleteExperimentTag)
	}

	for pattern, handle := range w.content.Routes() {
		w.route(pattern, handle)
	}
	for pattern, handle := range w.content.PublicRoutes() {
		w.publicRoute(pattern, handle)
	}

	w.route("GET /api/2.0/permissions/{kind}/{id}", w.getPermissions)
	w.route("PUT /api/2.0/permissions/{kind}/{id}", w.writePermissions)
	w.route("PATCH /api/2.0/permissions/{kind}/{id}", w.writePermissions)
	w.route("GET /api/2.0/permissions/{kind}/{id}/permissionLevels", w.getPermissionLevels)

	w.route("GET /api/2.0/workspace/get-status", w.getStatus)
	w.route("GET /api/2.0/workspace/list", w.listFolder)
	w.route("POST /api/2.0/workspace/mkdirs", w.mkdirs)
	w.route("POST /api/2.0/workspace/delete", w.deleteObject)

	principals := scim.Routes{Directory: w.directory, Options: w.options.SCIM}
	w.route("GET /api/2.0/preview/scim/v2/Me", principals.Me)
	for _, collection := range scim.Collections() {
		w.route("GET /api/2.0/preview/scim/v2/"+collection, principals.List(collection))
		w.route("GET /api/2.0/preview/scim/v2/"+collection+"/{id}", principals.Get(collection))
	}

	if !w.options.NoHostMetadata {
		w.publicRoute("GET /.well-known/databricks-config", oauth.HostMetadata(WorkspaceID))
	}
	w.publicRoute("GET /oidc/.well-known/oauth-authorization-server", oauth.ServerMetadata)
	w.publicRoute("POST /oidc/v1/token", w.tokens.Issue)
	w.publicRoute("/.well-known/", noSuchEndpoint)
	w.publicRoute("/oidc/", noSuchEndpoint)
	w.route("/", noSuchEndpoint)
}

func noSuchEndpoint(c *wire.Call) (any, error) {
	return nil, wire.Errorf(http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for '%s %s'", c.Method, c.URL.Path)
}

// newID returns the next object ID. All IDs have sixteen digits, so that their order as strings equals their order as numbers.
func (w *Workspace) newID() string {
	w.lastID++
	return strconv.FormatInt(w.lastID, 10)
}

func (w *Workspace) millis() int64 { return w.now().UnixMilli() }
