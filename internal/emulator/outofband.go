package emulator

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
)

// The methods in this file change and read the workspace out of band, as another user would: without requests and entries in the journal.
// They panic if an ID, a path, or a principal does not exist, because that is an error in the calling test.

// Experiment is a copy of an experiment in the workspace. Times are milliseconds since 1970. Tags contains the tags that users set, and
// then those that the workspace sets, which contain the owner ID twice.
type Experiment struct {
	ID, Name, ArtifactLocation, LifecycleStage string
	CreationTime, LastUpdateTime               int64
	Tags                                       []Tag
	TraceLocation                              *TraceLocation // nil if none is bound
}

// Tag returns the value of a tag, and whether the experiment has the tag.
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
	panic("emulator: no experiment with ID " + id)
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

// mustFreePath creates the parent folders of p and returns p in its normal form. It panics if p exists.
func (w *Workspace) mustFreePath(p string) string {
	p = normalize(p)
	if !strings.HasPrefix(p, "/") || w.nodes[p] != nil {
		panic("emulator: not an absolute path, or already in use: " + p)
	}
	w.mustCreateFolders(path.Dir(p))
	return p
}

// CreateExperiment creates an experiment for an owner (a user or service principal), and its parent folders. It returns the ID.
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

// AddNotebookExperiment creates a notebook with its experiment, and its parent folders. In a Git folder, the ID and the tags of the
// experiment have the same special form as in a real workspace. It returns the ID.
func (w *Workspace) AddNotebookExperiment(owner, name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addNotebook(w.mustOwner(owner), w.mustFreePath(name)).id
}

// addNotebook adds a new notebook with its experiment to the tree. The path must be free.
func (w *Workspace) addNotebook(owner *directory.Account, p string) *experiment {
	id := w.newID()
	if w.inGitFolder(p) {
		id = strings.Repeat("a", gitNotebookIDLength-len(id)) + id
	}
	return w.addExperiment(owner, w.addNode(id, p, nodeNotebook))
}

// gitNotebookIDLength is the length of the hexadecimal IDs of notebooks in Git folders.
const gitNotebookIDLength = 32

func isGitNotebook(n *node) bool { return n.kind == nodeNotebook && len(n.id) == gitNotebookIDLength }

// Experiment returns the experiment with this ID, active or deleted.
func (w *Workspace) Experiment(id string) (Experiment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.objects[id]; n != nil && n.experiment != nil {
		return n.experiment.copy(), true
	}
	return Experiment{}, false
}

// ExperimentByName returns the active experiment with this name, in any spelling that the workspace treats as the same name.
func (w *Workspace) ExperimentByName(name string) (Experiment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.nodes[normalize(name)]
	if n == nil || n.experiment == nil || n.experiment.deleted() {
		return Experiment{}, false
	}
	return n.experiment.copy(), true
}

// Experiments returns all experiments, active and deleted, oldest first.
func (w *Workspace) Experiments() []Experiment {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Experiment
	for _, e := range w.byAge {
		all = append(all, e.copy())
	}
	return all
}

// SetTag sets a tag, including one that only the workspace can set.
func (w *Workspace) SetTag(id, key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setTag(w.mustExperiment(id), Tag{key, value})
}

// RemoveTag removes a tag, as the UI can.
func (w *Workspace) RemoveTag(id, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removeTag(w.mustExperiment(id), key)
}

// Rename renames or moves an experiment, and creates the parent folders of its new name.
func (w *Workspace) Rename(id, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rename(w.mustExperiment(id), w.mustFreePath(name))
}

// Trash deletes an experiment as the API does: it moves to its owner's Trash.
func (w *Workspace) Trash(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	if e.deleted() {
		panic("emulator: already in Trash: " + id)
	}
	w.trash(e)
}

// Restore restores an experiment from Trash to its previous path.
func (w *Workspace) Restore(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	if !e.deleted() {
		panic("emulator: not in Trash: " + id)
	}
	if err := w.restoreFromTrash(e); err != nil {
		panic(fmt.Sprintf("emulator: restore %s: %v", id, err))
	}
}

// Purge permanently removes an experiment, as a workspace does some time after its deletion.
func (w *Workspace) Purge(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.mustExperiment(id)
	w.unindex(e)
	w.content.Forget(id)
	delete(w.nodes, e.path)
	delete(w.objects, e.id)
}

// Recreate replaces an active experiment by a new, empty one with the same ID and name and a later creation time.
func (w *Workspace) Recreate(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.mustExperiment(id)
	if old.deleted() {
		panic("emulator: in Trash: " + id)
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

// Grant grants a principal a level on an experiment, directly.
func (w *Workspace) Grant(id string, p Principal, level string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustExperiment(id).grants[w.mustAccount(p).Principal] = level
}

// Revoke revokes the direct grant of a principal on an experiment, if there is one.
func (w *Workspace) Revoke(id string, p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.mustExperiment(id).grants, w.mustAccount(p).Principal)
}

// Grants returns the direct grants on an experiment, by kind and name.
func (w *Workspace) Grants(id string) []Grant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mustExperiment(id).directGrants()
}

// directGrants returns the direct grants on n, by kind and name.
func (n *node) directGrants() []Grant {
	var grants []Grant
	for p, level := range n.grants {
		grants = append(grants, Grant{p, level})
	}
	slices.SortFunc(grants, func(a, b Grant) int { return a.Principal.Compare(b.Principal) })
	return grants
}

// AddUser adds a user with a home folder, or adds an existing user to further groups. It creates missing groups.
func (w *Workspace) AddUser(name string, groups ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.addAccount(UserPrincipal(name), name)
	for _, group := range groups {
		a.AddToGroup(w.directory.AddGroup(group).Name)
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
	w.addAccount(ServicePrincipalPrincipal(applicationID), displayName)
}
