// Package emulator is a Databricks-like tracking workspace in memory: experiments in folders, tags, search, permissions,
// identities and OAuth tokens behind the same HTTP routes that a real workspace has. The tests and the local workspace run
// against it.
//
// It reads and writes JSON by itself, without the provider's API client: a mistake shared by both sides would pass every test.
// Where a real workspace is odd (a tag that is listed twice, names that lose their /Workspace prefix, Trash), so is this one.
//
// This package holds the state under one lock: experiments, folders, and access to them. Its subpackages know one subject each:
//
//   - wire: how handlers read requests and write responses
//   - directory: users, groups, and service principals
//   - scim, oauth: the routes that list them, and those that issue their tokens
//   - filter, paging: the search language, and pages of results
//   - content: the content of experiments, such as runs, and its routes
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

// The identities that every workspace starts with. Admin is in the group `admins`, everybody is in the group `users`.
const (
	Admin            = "admin@example.com"
	User             = "ana@example.com"
	OtherUser        = "ben@example.com"
	ServicePrincipal = "6f1c2a34-5b67-4c89-9d01-23456789abcd" // application id
)

// The bearer tokens that are accepted unless Options.Tokens names others, and the OAuth client secret of ServicePrincipal.
const (
	AdminToken             = "admin-token"
	UserToken              = "user-token"
	ServicePrincipalToken  = "service-principal-token"
	ServicePrincipalSecret = "service-principal-secret"
)

// WorkspaceID is the number in the X-Databricks-Org-Id header of every answer.
const WorkspaceID = "1234567890123456"

// Options change how a workspace behaves. The zero value is a usable workspace.
type Options struct {
	// Tokens maps bearer tokens to principals; nil means the three default tokens. Principals that the workspace does not
	// know are added, as service principals when they look like an application id, else as users.
	Tokens map[string]string
	// Latency is added to every request.
	Latency time.Duration
	// Seed is a number of experiments to begin with, in folders, with tags and grants. SeedNotebooks is a number of experiments of
	// notebooks in the same folders, and SeedGitNotebooks one of experiments of notebooks in Git folders below them.
	Seed, SeedNotebooks, SeedGitNotebooks int
	// OffersTagDeletion serves delete-experiment-tag, which open-source servers have and Databricks does not.
	OffersTagDeletion bool
	// DeletedKeepName leaves deleted experiments where they are, with their names, as the API's documentation has it and as
	// open-source servers do; otherwise they go to Trash, as workspaces were seen to do.
	DeletedKeepName bool
	// AddsManagers adds direct CAN_MANAGE entries for the owner of the experiment or folder and for the group admins to each list of
	// permissions that is written and does not name them, as workspaces were seen to do with experiments. The owner of a folder is the
	// caller that created it, or the user whose home folder it is.
	AddsManagers bool
	// FoldsGroupNames finds groups in any case, as users are found, and answers in the directory's spelling.
	FoldsGroupNames bool
	// FolderRights makes folders decide, as older pages of the documentation have it: deleting or restoring an experiment takes CAN_EDIT
	// on its folder, moving or renaming one takes CAN_MANAGE on the folders that it leaves and enters, and creating a folder takes
	// CAN_MANAGE on the one above. Without it, CAN_EDIT on the folder above is enough to create a folder. Creating an experiment takes
	// CAN_EDIT on its folder in both cases.
	FolderRights bool
	// NoFolderTimes leaves created_at and modified_at of folders out of get-status and list, because the documentation of the fields
	// says that they are only applicable to files.
	NoFolderTimes bool
	// SCIM changes what the lists of users, groups, and service principals show.
	SCIM SCIMOptions
	// NoHostMetadata makes /.well-known/databricks-config answer 404.
	NoHostMetadata bool
	// Now replaces time.Now.
	Now func() time.Time
	// Journal receives one JSON line for each request, without bodies and headers.
	Journal io.Writer
}

// Fault is something that goes wrong with matching calls, see Inject.
type Fault = traffic.Fault

// SCIMOptions change what the lists of users, groups, and service principals show.
type SCIMOptions = scim.Options

// Workspace is one workspace. It is an http.Handler and safe for concurrent use. Faults, hooks, and the journal are those of its Layer.
// Its OutOfBand changes the content of experiments without requests, as the methods in outofband.go change experiments.
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
	objects   map[string]*node // by object id
	// byAge holds every experiment, deleted ones too, oldest first and by id within one millisecond.
	byAge  []*experiment
	frozen []*experiment // what search looks through instead of byAge, see FreezeSearch; nil for byAge
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
	w.directory = directory.New(w.newID, options.FoldsGroupNames)
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
		w.tokens.Accept(bearer, w.addMember(directory.Member(name), name))
	}
	w.addRoutes()
	w.seed()
	return w
}

// addRoutes lists everything that the workspace answers. Whatever is not here, wrong methods too, is ENDPOINT_NOT_FOUND.
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
	if w.options.OffersTagDeletion {
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

	people := scim.Routes{Directory: w.directory, Options: w.options.SCIM}
	w.route("GET /api/2.0/preview/scim/v2/Me", people.Me)
	for _, collection := range scim.Collections() {
		w.route("GET /api/2.0/preview/scim/v2/"+collection, people.List(collection))
		w.route("GET /api/2.0/preview/scim/v2/"+collection+"/{id}", people.Get(collection))
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

// newID returns the next object id. All have sixteen digits, so their order as strings is their order as numbers.
func (w *Workspace) newID() string {
	w.lastID++
	return strconv.FormatInt(w.lastID, 10)
}

func (w *Workspace) millis() int64 { return w.now().UnixMilli() }
