package framework

import (
	"context"
	"path"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// RunState is what the objects of one run share: locks, and what this run planned, created, adopted, declared, and deleted. Configure creates it,
// and every object gets the same one. Its zero value is ready to use.
//
// A plan and an apply are two runs: the CLI starts a provider process for each.
//
// An address that declares an object marks it, before or while it writes it: an experiment with Claim, a tag with DeclareTag, a grant or a whole
// access control list in its ACLLock. A Delete, or the part of an Update that removes things, comes from another address if the object is marked,
// and leaves it in place. Each holds the object's lock from the look at the mark to its write. So the object is there in the end, in whichever order
// the two come.
type RunState struct {
	// Folders is what this run knows about the folders of a Databricks workspace.
	Folders databricks.FolderIndex
	// names holds a *NameLock for each placedName, acls an *ACLLock for each ID of an experiment or a folder, tags a *TagLock for each tagID, and
	// folders a *FolderLock for each path.
	names, acls, tags, folders sync.Map
	// objects holds an *ObjectLock for each objectID.
	objects sync.Map
	// roles holds a *RoleLock for each roleID.
	roles sync.Map
	// management holds a *Management for each MLflow workspace.
	management sync.Map
	// claimed is the set of IDs of the experiments that this run created, adopted, or updated.
	claimed sync.Map
	// keptInPlace holds what KeepInPlace recorded, by ID.
	keptInPlace sync.Map
	// read is the set of the objects that this run refreshed.
	read sync.Map
}

// NameLock serializes, within a run, what creates, adopts, and deletes the experiment of a name.
type NameLock struct {
	sync.Mutex
	// Deleted is the experiment that this run deleted under the name, as it was before. Its ID is empty if there is none.
	Deleted mlflow.Experiment
	// FailedDelete is the ID of the experiment of the name that this run failed to delete: it remains in the state, under an address that is
	// no longer in the configuration.
	FailedDelete string
	// Planned lists what this run planned for the name.
	Planned []PlannedUse
}

// placedName is an experiment name, normalized, in the MLflow workspace that it is unique in.
type placedName struct{ workspace, name string }

// NameLock returns the lock of an experiment name in the workspace of a client: the same one for every spelling.
func (s *RunState) NameLock(client *mlflow.Client, name string) *NameLock {
	return loadOrNew[NameLock](&s.names, placedName{client.MLflowWorkspace(), client.NormalizeName(name)})
}

// ACLLock serializes, within a run, what writes the access control list of an experiment or a folder.
type ACLLock struct {
	sync.Mutex
	// List holds the principals of the whole list that this run declared and wrote, kept ones included. It is nil if this run wrote none.
	List map[mlflow.PrincipalKey]bool
	// Retained are the grants that a list which this run released had retained. They stay, for a list under another address to retain.
	Retained types.Map
	// Planned is the list as the plan of a write read it a moment ago; nil once it was used or anything was written.
	Planned *mlflow.ACL
	// Refreshed is the list as a refresh of this run read it, nil if none did.
	Refreshed *mlflow.ACL
	// Grants holds the principals to which this run granted a declared level, one at a time.
	Grants map[mlflow.PrincipalKey]bool
	// plannedGrants is what the plans of single grants had for each principal.
	plannedGrants map[mlflow.PrincipalKey]PlannedGrant
}

// PlannedGrant is the plan of one grant. A grant that is in the state may be a new one's plan, too: Terraform plans a replacement as both.
type PlannedGrant struct {
	InState bool
	Level   types.String
}

// PlanGrant records the plan of one grant, and reports whether another resource has planned one for the same principal.
func (l *ACLLock) PlanGrant(rules mlflow.NameRules, p mlflow.Principal, grant PlannedGrant) (duplicate bool) {
	l.Lock()
	defer l.Unlock()
	if l.plannedGrants == nil {
		l.plannedGrants = map[mlflow.PrincipalKey]PlannedGrant{}
	}
	other, found := l.plannedGrants[rules.PrincipalKey(p)]
	l.plannedGrants[rules.PrincipalKey(p)] = grant
	return found && (other.InState == grant.InState || !other.Level.Equal(grant.Level))
}

// DeclareList marks the whole list, which has these grants now.
func (l *ACLLock) DeclareList(rules mlflow.NameRules, grants []mlflow.Grant) {
	l.List = map[mlflow.PrincipalKey]bool{}
	for _, g := range grants {
		l.List[rules.PrincipalKey(g.Principal)] = true
	}
}

// DeclareGrant marks the grant of one principal.
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

// TagLock serializes, within a run, what removes a tag with what declares it.
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

// DeclareTag marks a tag. It waits for a removal that is in progress. Read the experiment after it, and set the tag if that removal took it away.
func (s *RunState) DeclareTag(experimentID, key string) {
	lock := s.TagLock(experimentID, key)
	lock.Lock()
	defer lock.Unlock()
	lock.Declared = true
}

// RemoveTag removes a tag, unless this run declares it. blanked and the errors are as in [mlflow.Client.RemoveTag].
func (s *RunState) RemoveTag(ctx context.Context, client *mlflow.Client, experimentID, key string) (declared, blanked bool, err error) {
	lock := s.TagLock(experimentID, key)
	lock.Lock()
	defer lock.Unlock()
	if lock.Declared {
		return true, false, nil
	}
	blanked, err = client.RemoveTag(ctx, experimentID, key)
	return false, blanked, err
}

// Claim records that this run created, adopted, or updated an experiment. It reports whether this is the first claim.
func (s *RunState) Claim(experimentID string) bool {
	_, claimed := s.claimed.LoadOrStore(experimentID, true)
	return !claimed
}

// IsClaimed reports whether this run created, adopted, or updated an experiment. A Delete of it in the same run comes from another address.
func (s *RunState) IsClaimed(experimentID string) bool {
	_, ok := s.claimed.Load(experimentID)
	return ok
}

// MarkRead records that this run refreshed an object: the ID of an experiment, or what else tells the object from all others.
func (s *RunState) MarkRead(id string) { s.read.Store(id, true) }

// IsRead reports whether this run refreshed an object. A plan without that is the second one of an apply, or comes with -refresh=false.
func (s *RunState) IsRead(id string) bool {
	_, ok := s.read.Load(id)
	return ok
}

// KeepInPlace records the state of an object that this run planned to keep, as far as the provider decides. The ID is unique among all objects: an
// experiment ID, or the token of a resource address.
func (s *RunState) KeepInPlace(id string, state any) {
	s.keptInPlace.Store(id, state)
}

// TakeKeptInPlace returns and forgets what KeepInPlace recorded; nil if it recorded nothing.
func (s *RunState) TakeKeptInPlace(id string) any {
	state, _ := s.keptInPlace.LoadAndDelete(id)
	return state
}

// loadOrNew returns the value of a key, and stores a new one first if there is none.
func loadOrNew[V any](m *sync.Map, key any) *V {
	stored, _ := m.LoadOrStore(key, new(V))
	value, _ := stored.(*V)
	return value
}
