package framework

import (
	"context"
	"path"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// RunState is shared by all resources of a run. It has locks, and records what this run planned, created, adopted, declared, and deleted.
// Its zero value is ready to use.
//
// A plan and an apply are two runs, because the CLI starts a provider process for each.
//
// A resource marks the object that it declares, before or while it writes the object: an experiment with Claim, a tag with DeclareTag, and
// a grant or a complete access control list in its ACLLock. If an object is marked, a Delete or the removal in an Update is of another
// resource address, and does not delete the object. Both hold the lock of the object from the check of the mark to the write, so the object
// exists in the end, in either order.
type RunState struct {
	// Folders has the folders of a Databricks workspace that this run has read.
	Folders databricks.FolderIndex
	// names has a *NameLock for each nameInWorkspace, acls an *ACLLock for each ID of an experiment or a folder, tags a *TagLock for each
	// tagID, and folders a *FolderLock for each path.
	names, acls, tags, folders sync.Map
	// objects has an *ObjectLock for each objectID.
	objects sync.Map
	// roles has a *RoleLock for each roleID.
	roles sync.Map
	// management has a *Management for each MLflow workspace.
	management sync.Map
	// claimed is the set of IDs of the experiments that this run created, adopted, or updated.
	claimed sync.Map
	// keptInPlace has the states that KeepInPlace recorded, by ID.
	keptInPlace sync.Map
	// read is the set of the objects that this run refreshed.
	read sync.Map
}

// NameLock serializes, within a run, the operations that create, adopt, and delete the experiment with a name.
type NameLock struct {
	sync.Mutex
	// Deleted is the experiment with the name that this run deleted. Its ID is empty if there is none.
	Deleted mlflow.Experiment
	// FailedDelete is the ID of the experiment with the name that this run failed to delete. It remains in the state, at a resource address
	// that is no longer in the configuration.
	FailedDelete string
	planned.Name
}

// nameInWorkspace is a normalized experiment name, which is unique in its MLflow workspace.
type nameInWorkspace struct{ workspace, name string }

// NameLock returns the lock of an experiment name in the workspace of a client. It is the same for all spellings.
func (s *RunState) NameLock(client *mlflow.Client, name string) *NameLock {
	return loadOrNew[NameLock](&s.names, nameInWorkspace{client.MLflowWorkspace(), client.NormalizeName(name)})
}

// ACLLock serializes, within a run, the operations that write the access control list of an experiment or a folder.
type ACLLock struct {
	sync.Mutex
	// List has the principals of the complete list that this run declared and wrote, including retained ones. It is nil if this run wrote
	// none.
	List map[mlflow.PrincipalKey]bool
	// Retained has the retained grants of a list that this run released. They remain, and a list at another resource address can retain them.
	Retained types.Map
	// Planned is the list that the plan of a write read; nil after it was used, or after a write.
	Planned *mlflow.ACL
	// Refreshed is the list that a refresh of this run read, nil if there is none.
	Refreshed *mlflow.ACL
	// Grants has the principals to which this run granted a declared level individually.
	Grants map[mlflow.PrincipalKey]bool
	// plannedGrants has the last planned grant of each principal. plannedList reports whether a complete list has a plan.
	plannedGrants map[mlflow.PrincipalKey]PlannedGrant
	plannedList   bool
}

// PlannedGrant is the plan of one grant. Terraform plans a replacement twice, with the state and without.
type PlannedGrant struct {
	InState bool
	Level   types.String
}

// PlanGrant records the plan of one grant. duplicate reports whether another resource has planned a grant for the same principal, and mixed
// whether one has planned the complete list.
func (l *ACLLock) PlanGrant(rules mlflow.NameRules, p mlflow.Principal, grant PlannedGrant) (duplicate, mixed bool) {
	l.Lock()
	defer l.Unlock()
	if l.plannedGrants == nil {
		l.plannedGrants = map[mlflow.PrincipalKey]PlannedGrant{}
	}
	other, found := l.plannedGrants[rules.PrincipalKey(p)]
	l.plannedGrants[rules.PrincipalKey(p)] = grant
	return found && (other.InState == grant.InState || !other.Level.Equal(grant.Level)), l.plannedList
}

// PlanList records the plan of a complete list, and reports whether a resource for one principal has planned a grant.
func (l *ACLLock) PlanList() (mixed bool) {
	l.Lock()
	defer l.Unlock()
	l.plannedList = true
	return len(l.plannedGrants) > 0
}

// DeclareList records that this run declares the complete list, with these grants.
func (l *ACLLock) DeclareList(rules mlflow.NameRules, grants []mlflow.Grant) {
	l.List = map[mlflow.PrincipalKey]bool{}
	for _, g := range grants {
		l.List[rules.PrincipalKey(g.Principal)] = true
	}
}

// DeclareGrant records that this run declares the grant of one principal.
func (l *ACLLock) DeclareGrant(rules mlflow.NameRules, p mlflow.Principal) {
	if l.Grants == nil {
		l.Grants = map[mlflow.PrincipalKey]bool{}
	}
	l.Grants[rules.PrincipalKey(p)] = true
}

// FolderLock makes a run create a folder only once.
type FolderLock struct {
	sync.Mutex
	// Exists reports whether this run created the folder, or found it.
	Exists bool
}

// CreateParents creates the missing parent folders of an experiment, once in a run.
func (s *RunState) CreateParents(ctx context.Context, client *mlflow.Client, name string) error {
	return s.createFolderOnce(path.Dir(client.NormalizeName(name)), func() error { return client.CreateParents(ctx, name) })
}

// CreateFolder creates a folder and its missing parent folders, once in a run.
func (s *RunState) CreateFolder(ctx context.Context, folders mlflow.Folders, normalized string) error {
	return s.createFolderOnce(normalized, func() error { return folders.Create(ctx, normalized) })
}

func (s *RunState) createFolderOnce(normalized string, create func() error) error {
	lock := loadOrNew[FolderLock](&s.folders, normalized)
	lock.Lock()
	defer lock.Unlock()
	if lock.Exists {
		return nil
	}
	err := create()
	lock.Exists = err == nil
	return err
}

// ACLLock returns the lock of the access control list of an experiment or a folder. No two objects of a server have the same ID.
func (s *RunState) ACLLock(id string) *ACLLock {
	return loadOrNew[ACLLock](&s.acls, id)
}

// TagLock serializes, within a run, the operations that declare and remove a tag.
type TagLock struct {
	sync.Mutex
	// Declared reports whether this run declares the tag.
	Declared bool
}

type tagID struct{ experimentID, key string }

// TagLock returns the lock of a tag.
func (s *RunState) TagLock(experimentID, key string) *TagLock {
	return loadOrNew[TagLock](&s.tags, tagID{experimentID, key})
}

// DeclareTag records that this run declares a tag. It waits for a removal in progress, so read the experiment after it and set a tag that
// was removed.
func (s *RunState) DeclareTag(experimentID, key string) {
	lock := s.TagLock(experimentID, key)
	lock.Lock()
	defer lock.Unlock()
	lock.Declared = true
}

// RemoveTag removes a tag unless this run declares it. cleared and err are those of [mlflow.Client.RemoveTag].
func (s *RunState) RemoveTag(ctx context.Context, client *mlflow.Client, experimentID, key string) (declared, cleared bool, err error) {
	lock := s.TagLock(experimentID, key)
	lock.Lock()
	defer lock.Unlock()
	if lock.Declared {
		return true, false, nil
	}
	cleared, err = client.RemoveTag(ctx, experimentID, key)
	return false, cleared, err
}

// Claim records that this run created, adopted, or updated an experiment. It reports whether this is the first claim.
func (s *RunState) Claim(experimentID string) bool {
	_, claimed := s.claimed.LoadOrStore(experimentID, true)
	return !claimed
}

// IsClaimed reports whether this run created, adopted, or updated an experiment. A Delete in the same run is of another resource address.
func (s *RunState) IsClaimed(experimentID string) bool {
	_, ok := s.claimed.Load(experimentID)
	return ok
}

// MarkRead records that this run refreshed an object. id is an experiment ID, or another text that identifies the object.
func (s *RunState) MarkRead(id string) { s.read.Store(id, true) }

// IsRead reports whether this run refreshed an object. A plan without a refresh is the second one of an apply, or runs with -refresh=false.
func (s *RunState) IsRead(id string) bool {
	_, ok := s.read.Load(id)
	return ok
}

// KeepInPlace records the state of an object for which the provider planned no replacement. The ID is unique among all objects: an
// experiment ID, or the token of a resource address.
func (s *RunState) KeepInPlace(id string, state any) {
	s.keptInPlace.Store(id, state)
}

// TakeKeptInPlace returns and removes the state that KeepInPlace recorded, nil if there is none.
func (s *RunState) TakeKeptInPlace(id string) any {
	state, _ := s.keptInPlace.LoadAndDelete(id)
	return state
}

// loadOrNew returns the value of a key. If there is none, it stores and returns a new one.
func loadOrNew[V any](m *sync.Map, key any) *V {
	stored, _ := m.LoadOrStore(key, new(V))
	value, _ := stored.(*V)
	return value
}
