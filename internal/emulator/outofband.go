package emulator

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
)

// The methods in this file do what somebody else might do to the workspace, directly and without leaving a trace in the journal.
// They panic on ids, paths and principals that don't exist: that is a mistake of the test that calls them.

// Experiment is a copy of an experiment as the workspace has it. Times are milliseconds since 1970; Tags holds the workspace's own
// tags too, after those that people set and with the owner's id twice.
type Experiment struct {
	ID, Name, ArtifactLocation, LifecycleStage string
	CreationTime, LastUpdateTime               int64
	Tags                                       []Tag
	TraceLocation                              *TraceLocation // nil if none is bound
}

// Tag returns the value of a tag and whether it is there.
func (e Experiment) Tag(key string) (string, bool) {
	for _, t := range e.Tags {
		if t.Key == key {
			return t.Value, true
		}
	}
	return "", false
}

// Grant is a principal's level on an object.
type Grant struct {
	Principal
	Level string
}

func (e *experiment) copy() Experiment {
	j := e.json()
	return Experiment{
		j.ExperimentID, j.Name, j.ArtifactLocation, j.LifecycleStage, j.CreationTime, j.LastUpdateTime, j.Tags, e.traceLocation,
	}
}

func (w *Workspace) mustExperiment(id string) *experiment {
	if n := w.objects[id]; n != nil && n.experiment != nil {
		return n.experiment
	}
	panic("emulator: no experiment with id " + id)
}

func (w *Workspace) mustAccount(p Principal) *directory.Account {
	if a := w.directory.LookUp(p); a != nil {
		return a
	}
	panic(fmt.Sprintf("emulator: no %s named %s", p.Kind, p.Name))
}

// mustOwner finds a user or a service principal by name.
func (w *Workspace) mustOwner(name string) *directory.Account {
	if a := w.directory.LookUp(ServicePrincipalPrincipal(name)); a != nil {
		return a
	}
	return w.mustAccount(UserPrincipal(name))
}

// mustFreePath makes the folders above p and returns p's normal form, which must be free.
func (w *Workspace) mustFreePath(p string) string {
	p = normalize(p)
	if !strings.HasPrefix(p, "/") || w.nodes[p] != nil {
		panic("emulator: not an absolute path, or taken: " + p)
	}
	w.mustCreateFolders(path.Dir(p))
	return p
}

// CreateExperiment makes an experiment that owner (a user or service principal) owns, and the folders above it. It returns the id.
func (w *Workspace) CreateExperiment(owner, name string, tags map[string]string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.addExperiment(w.mustOwner(owner), w.addNode(w.newID(), w.mustFreePath(name), nodeExperiment))
	for key, value := range tags {
		e.tags = append(e.tags, Tag{key, value})
	}
	slices.SortFunc(e.tags, func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
	return e.id
}

// AddNotebookExperiment makes a notebook with its experiment, and the folders above it. Below a Git folder the experiment has the
// odd id and tags that a real workspace gives it. It returns the id.
func (w *Workspace) AddNotebookExperiment(owner, name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addNotebook(w.mustOwner(owner), w.mustFreePath(name)).id
}

// addNotebook puts a new notebook with its experiment into the tree; the path is free.
func (w *Workspace) addNotebook(owner *directory.Account, p string) *experiment {
	id := w.newID()
	if w.inGitFolder(p) {
		id = strings.Repeat("a", gitNotebookIDLength-len(id)) + id
	}
	return w.addExperiment(owner, w.addNode(id, p, nodeNotebook))
}

// gitNotebookIDLength is the length of the hexadecimal ids that notebooks in Git folders have.
const gitNotebookIDLength = 32

func isGitNotebook(n *node) bool { return n.kind == nodeNotebook && len(n.id) == gitNotebookIDLength }

// Experiment returns the experiment with this id, deleted ones too.
func (w *Workspace) Experiment(id string) (Experiment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.objects[id]; n != nil && n.experiment != nil {
		return n.experiment.copy(), true
	}
	return Experiment{}, false
}

// ExperimentByName returns the active experiment of this name, in any spelling that the workspace takes for the same name.
func (w *Workspace) ExperimentByName(name string) (Experiment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.nodes[normalize(name)]
	if n == nil || n.experiment == nil || n.experiment.deleted() {
		return Experiment{}, false
	}
	return n.experiment.copy(), true
}

// Experiments returns all experiments, deleted ones too, oldest first.
func (w *Workspace) Experiments() []Experiment {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Experiment
	for _, e := range w.byAge {
		all = append(all, e.copy())
	}
	return all
}

// SetTag sets a tag, the workspace's own ones too.
func (w *Workspace) SetTag(id, key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setTag(w.mustExperiment(id), Tag{key, value})
}

// RemoveTag removes a tag, as the user interface can.
func (w *Workspace) RemoveTag(id, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removeTag(w.mustExperiment(id), key)
}

// Rename renames or moves an experiment, and makes the folders above its new name.
func (w *Workspace) Rename(id, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rename(w.mustExperiment(id), w.mustFreePath(name))
}

// Trash deletes an experiment as the API does: it goes to its owner's Trash.
func (w *Workspace) Trash(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	if e.deleted() {
		panic("emulator: in trash already: " + id)
	}
	w.trash(e)
}

// Restore brings an experiment back from Trash to where it was.
func (w *Workspace) Restore(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	if !e.deleted() {
		panic("emulator: not in trash: " + id)
	}
	if err := w.restoreFromTrash(e); err != nil {
		panic(fmt.Sprintf("emulator: restore %s: %v", id, err))
	}
}

// Purge removes an experiment for good, as happens to what is in Trash for long.
func (w *Workspace) Purge(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	w.unindex(e)
	w.content.Forget(id)
	delete(w.nodes, e.path)
	delete(w.objects, e.id)
}

// Recreate puts a new, empty experiment in the place of an active one, with the same id and name and a later creation time.
func (w *Workspace) Recreate(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.mustExperiment(id)
	if old.deleted() {
		panic("emulator: in trash: " + id)
	}
	w.unindex(old)
	w.content.Forget(id)
	e := w.addExperiment(old.owner, w.addNode(old.id, old.path, old.kind))
	if e.created <= old.created {
		w.unindex(e)
		e.created = old.created + 1
		e.updated = e.created
		w.index(e)
	}
}

// Grant gives a principal a level on an experiment, directly.
func (w *Workspace) Grant(id string, p Principal, level string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustExperiment(id).grants[w.mustAccount(p).Principal] = level
}

// Revoke takes a principal's direct level on an experiment away, if there is one.
func (w *Workspace) Revoke(id string, p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.mustExperiment(id).grants, w.mustAccount(p).Principal)
}

// Grants lists the direct grants on an experiment, by kind and name.
func (w *Workspace) Grants(id string) []Grant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mustExperiment(id).directGrants()
}

// directGrants lists the direct grants on n, by kind and name.
func (n *node) directGrants() []Grant {
	var grants []Grant
	for p, level := range n.grants {
		grants = append(grants, Grant{p, level})
	}
	slices.SortFunc(grants, func(a, b Grant) int { return a.Principal.Compare(b.Principal) })
	return grants
}

// AddUser adds a user with a home folder, or an existing user to more groups. Missing groups are added.
func (w *Workspace) AddUser(name string, groups ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.addMember(UserPrincipal(name), name)
	for _, group := range groups {
		a.Join(w.directory.AddGroup(group).Name)
	}
}

// AddGroup adds a group.
func (w *Workspace) AddGroup(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.directory.AddGroup(name)
}

// AddServicePrincipal adds a service principal with a home folder.
func (w *Workspace) AddServicePrincipal(applicationID, displayName string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addMember(ServicePrincipalPrincipal(applicationID), displayName)
}
