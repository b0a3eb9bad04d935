package provider

import (
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// RunState is what the objects of one run share: locks, and what this run planned, created, adopted, declared, and deleted. Configure creates it,
// and every object gets the same one. Its zero value is ready to use.
//
// A plan and an apply are two runs: the CLI starts a provider process for each.
type RunState struct {
	// names holds a *NameLock for each normalized experiment name, acls an *ACLLock for each experiment ID.
	names, acls sync.Map
	// claimed is the set of IDs of the experiments that this run created or adopted.
	claimed sync.Map
}

// NameLock serializes, within a run, what creates, adopts, and deletes the experiment of a name.
type NameLock struct {
	sync.Mutex
	// Deleted is the experiment that this run deleted under the name, as it was before. Its ID is empty if there is none.
	Deleted mlflow.Experiment
	// FailedDelete is the ID of the experiment of the name that this run failed to delete: it remains in the state, under an address that is
	// no longer in the configuration.
	FailedDelete string
	// PlannedDelete and PlannedKeep are the IDs of the experiments of the name that this run planned to delete and to keep. PlannedCreate
	// reports whether it planned to create one.
	PlannedDelete, PlannedKeep string
	PlannedCreate              bool
}

// NameLock returns the lock of an experiment name, which must be normalized.
func (s *RunState) NameLock(name string) *NameLock {
	return loadOrNew[NameLock](&s.names, name)
}

// ACLLock serializes, within a run, what writes the access control list of an experiment.
type ACLLock struct {
	sync.Mutex
	// Declared reports whether this run set the list to a declared one.
	Declared bool
}

// ACLLock returns the lock of an experiment's access control list.
func (s *RunState) ACLLock(experimentID string) *ACLLock {
	return loadOrNew[ACLLock](&s.acls, experimentID)
}

// Claim records that this run created or adopted an experiment.
func (s *RunState) Claim(experimentID string) { s.claimed.Store(experimentID, true) }

// IsClaimed reports whether this run created or adopted an experiment. A Delete of it in the same run comes from another address.
func (s *RunState) IsClaimed(experimentID string) bool {
	_, ok := s.claimed.Load(experimentID)
	return ok
}

// loadOrNew returns the value of a key, and stores a new one first if there is none.
func loadOrNew[V any](m *sync.Map, key any) *V {
	stored, _ := m.LoadOrStore(key, new(V))
	value, _ := stored.(*V)
	return value
}
