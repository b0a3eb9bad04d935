package emulator

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

const (
	activeStage  = "active"
	deletedStage = "deleted"
)

// experiment is an experiment, which is a node of the tree.
type experiment struct {
	*node
	artifactLocation string
	created, updated int64 // milliseconds since 1970
	tags             []Tag // set by users
	systemTags       []Tag // set by the workspace
	traceLocation    *TraceLocation
}

func (e *experiment) deleted() bool { return e.trashedFrom != "" }

// experimentJSON is an experiment on the wire. Its times are JSON numbers.
type experimentJSON struct {
	ExperimentID     string             `json:"experiment_id"`
	Name             string             `json:"name"`
	ArtifactLocation string             `json:"artifact_location"`
	LifecycleStage   string             `json:"lifecycle_stage"`
	LastUpdateTime   int64              `json:"last_update_time"`
	CreationTime     int64              `json:"creation_time"`
	Tags             []Tag              `json:"tags,omitempty"`
	TraceLocation    *traceLocationJSON `json:"trace_location,omitempty"`
}

func (e *experiment) json() experimentJSON {
	stage := activeStage
	if e.deleted() {
		stage = deletedStage
	}
	return experimentJSON{
		e.id, e.path, e.artifactLocation, stage, e.updated, e.created, slices.Concat(e.tags, e.systemTags), e.traceLocationJSON(),
	}
}

// oldestFirst is the order of Workspace.byAge.
func oldestFirst(a, b *experiment) int {
	return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
}

// addExperiment adds a new experiment to the tree. The path must be free.
func (w *Workspace) addExperiment(owner *directory.Account, n *node) *experiment {
	now := w.millis()
	e := &experiment{
		node:             n,
		artifactLocation: "dbfs:/databricks/mlflow-tracking/" + n.id,
		created:          now,
		updated:          now,
		systemTags:       systemTags(owner, n),
	}
	n.experiment, n.owner = e, owner
	w.index(e)
	w.grantCreator(owner, n)
	return e
}

func (w *Workspace) index(e *experiment) {
	i, _ := slices.BinarySearchFunc(w.byAge, e, oldestFirst)
	w.byAge = slices.Insert(w.byAge, i, e)
}

func (w *Workspace) unindex(e *experiment) {
	i, _ := slices.BinarySearchFunc(w.byAge, e, oldestFirst)
	w.byAge = slices.Delete(w.byAge, i, i+1)
}

// rename moves an experiment to another path; its source name follows.
func (w *Workspace) rename(e *experiment, to string) {
	w.move(e.node, to)
	replaceTag(e.systemTags, tagSourceName, to)
	e.updated = w.millis()
}

// trash moves an experiment to its owner's Trash, which frees its name, unless Options.DeletedReserveName is set. It also deletes its runs.
func (w *Workspace) trash(e *experiment) {
	w.content.Delete(e.id)
	from := e.path
	if w.options.DeletedReserveName {
		e.trashedFrom = from
		e.updated = w.millis()
		return
	}
	base := trashOf(e.owner) + "/" + path.Base(from)
	to := base
	for i := 1; w.nodes[to] != nil; i++ {
		to = fmt.Sprintf("%s (%d)", base, i)
	}
	w.move(e.node, to)
	e.trashedFrom = from
	e.updated = w.millis()
}

// restoreFromTrash moves an experiment from Trash to its previous path, and restores its runs.
func (w *Workspace) restoreFromTrash(e *experiment) error {
	if w.nodes[path.Dir(e.trashedFrom)] == nil {
		return wire.NotFound("Parent directory %s does not exist.", path.Dir(e.trashedFrom))
	}
	if n := w.nodes[e.trashedFrom]; n != nil && n != e.node {
		return wire.AlreadyExists("Node named '%s' already exists", path.Base(e.trashedFrom))
	}
	w.move(e.node, e.trashedFrom)
	w.content.Restore(e.id)
	e.trashedFrom = ""
	e.updated = w.millis()
	return nil
}

var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/`)

func (w *Workspace) createExperiment(c *wire.Call) (any, error) {
	var in struct {
		Name             string             `json:"name"`
		ArtifactLocation string             `json:"artifact_location"`
		Tags             []Tag              `json:"tags"`
		TraceLocation    *traceLocationJSON `json:"trace_location"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, wire.MissingParameter("name")
	}
	if in.ArtifactLocation != "" && !hasScheme.MatchString(in.ArtifactLocation) {
		return nil, wire.InvalidParameter(
			"Got an invalid artifact location '%s'. An artifact location must be an absolute URI.",
			in.ArtifactLocation,
		)
	}
	traces, err := in.TraceLocation.location()
	if err != nil {
		return nil, err
	}
	var tags []Tag
	for _, t := range in.Tags {
		if err := checkTag(t, len(tags)); err != nil {
			return nil, err
		}
		tags = upsertTag(tags, t)
	}
	name, err := w.freeName(c.Caller, in.Name, canEdit)
	if err != nil {
		return nil, err
	}
	e := w.addExperiment(c.Caller, w.addNode(w.newID(), name, nodeExperiment))
	e.tags = tags
	if traces != nil {
		e.bindTraces(*traces)
	}
	e.artifactLocation = cmp.Or(in.ArtifactLocation, e.artifactLocation)
	return map[string]string{"experiment_id": e.id}, nil
}

// freeName normalizes the name of a new or moved experiment and checks that it is valid and free. The caller must have the level on the
// parent folder.
func (w *Workspace) freeName(caller *directory.Account, name, level string) (string, error) {
	if !strings.HasPrefix(name, "/") {
		return "", wire.InvalidParameter("Got an invalid experiment name '%s'. "+
			"An experiment name must be an absolute path within the Databricks workspace, e.g. '/Users/<some-username>/my-experiment'.", name)
	}
	p := normalize(name)
	if w.inGitFolder(p) {
		return "", wire.InvalidParameter("MLflow experiment creation is not permitted in a repo. " +
			"Use the default experiment for the notebook or create an experiment in the workspace.")
	}
	parent := w.nodes[path.Dir(p)]
	if parent == nil || !parent.isFolder() {
		return "", wire.NotFound("Parent directory %s does not exist.", path.Dir(p))
	}
	if err := w.require(caller, parent, level); err != nil {
		return "", err
	}
	if w.nodes[p] != nil {
		return "", wire.AlreadyExists("Node named '%s' already exists", path.Base(p))
	}
	return p, nil
}

func (w *Workspace) getExperiment(c *wire.Call) (any, error) {
	e, err := w.permittedExperiment(c, c.URL.Query().Get("experiment_id"), canRead)
	if err != nil {
		return nil, err
	}
	return map[string]any{"experiment": e.json()}, nil
}

// getExperimentByName does not normalize the name: a name with the prefix /Workspace is not found.
func (w *Workspace) getExperimentByName(c *wire.Call) (any, error) {
	name := c.URL.Query().Get("experiment_name")
	if name == "" {
		return nil, wire.MissingParameter("experiment_name")
	}
	n := w.nodes[name]
	if n == nil {
		return nil, wire.NotFound("Node %s does not exist.", name)
	}
	if n.experiment == nil {
		return nil, wire.AlreadyExists("Node named '%s' already exists", path.Base(name))
	}
	if err := w.require(c.Caller, n, canRead); err != nil {
		return nil, err
	}
	return map[string]any{"experiment": n.experiment.json()}, nil
}

func (w *Workspace) updateExperiment(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string `json:"experiment_id"`
		NewName      string `json:"new_name"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := w.movableExperiment(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if e.deleted() {
		return nil, wire.InvalidParameter("Cannot move node '%s' because it is in trash folder", e.path)
	}
	if in.NewName == "" {
		return nil, wire.MissingParameter("new_name")
	}
	if normalize(in.NewName) == e.path {
		return wire.Empty{}, nil
	}
	name, err := w.freeName(c.Caller, in.NewName, w.levelToEnter())
	if err != nil {
		return nil, err
	}
	w.rename(e, name)
	return wire.Empty{}, nil
}

func (w *Workspace) deleteExperiment(c *wire.Call) (any, error) {
	e, err := w.removableExperiment(c)
	if err != nil {
		return nil, err
	}
	if e.deleted() {
		return nil, wire.NotFound("Experiment with id '%s' does not exist or is in trash already.", e.id)
	}
	w.trash(e)
	return wire.Empty{}, nil
}

func (w *Workspace) restoreExperiment(c *wire.Call) (any, error) {
	e, err := w.removableExperiment(c)
	if err != nil {
		return nil, err
	}
	if !e.deleted() {
		return nil, wire.NotFound("Experiment with id '%s' is not in trash.", e.id)
	}
	if e.kind == nodeNotebook {
		return nil, wire.InvalidParameter("Experiment with id '%s' belongs to a notebook and cannot be restored.", e.id)
	}
	if err := w.restoreFromTrash(e); err != nil {
		return nil, err
	}
	return wire.Empty{}, nil
}

// removableExperiment finds the experiment in a body, which the caller must be allowed to delete and restore.
func (w *Workspace) removableExperiment(c *wire.Call) (*experiment, error) {
	if !w.options.RequireFolderPermissions {
		return w.permittedExperimentInBody(c, canManage)
	}
	e, err := w.permittedExperimentInBody(c, canRead)
	if err != nil {
		return nil, err
	}
	return e, w.requireAbove(c.Caller, e, canEdit)
}

// movableExperiment finds an experiment that the caller must be allowed to rename and move out of its folder.
func (w *Workspace) movableExperiment(c *wire.Call, id string) (*experiment, error) {
	e, err := w.permittedExperiment(c, id, canEdit)
	if err != nil || !w.options.RequireFolderPermissions {
		return e, err
	}
	return e, w.requireAbove(c.Caller, e, canManage)
}

// requireAbove requires the level on the parent folder. Grants on the experiment are not sufficient.
func (w *Workspace) requireAbove(a *directory.Account, e *experiment, level string) error {
	return w.require(a, w.foldersAbove(e.node)[0], level)
}

// permittedExperimentInBody finds the experiment with the experiment_id in a body.
func (w *Workspace) permittedExperimentInBody(c *wire.Call, level string) (*experiment, error) {
	var in struct {
		ExperimentID string `json:"experiment_id"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return w.permittedExperiment(c, in.ExperimentID, level)
}

// permittedExperiment finds an experiment, active or deleted, on which the caller must have at least the level.
func (w *Workspace) permittedExperiment(c *wire.Call, id, level string) (*experiment, error) {
	if id == "" {
		return nil, wire.MissingParameter("experiment_id")
	}
	n := w.objects[id]
	if n == nil {
		return nil, wire.NotFound("Node ID %s does not exist.", id)
	}
	if n.experiment == nil {
		return nil, wire.InvalidParameter("Expected id '%s' to be an MLflow experiment or Databricks notebook, found '%s'.", id, n.objectType())
	}
	if err := w.require(c.Caller, n, level); err != nil {
		return nil, err
	}
	return n.experiment, nil
}
