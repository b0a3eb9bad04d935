package content

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"
)

// OutOfBand changes and reads content directly, without requests and entries in the journal, as another user of the workspace would. Its
// methods lock the workspace. They panic if an ID does not exist, because that is an error in the calling test.
type OutOfBand struct {
	lock  sync.Locker
	store *Store
}

// OutOfBand returns the store's OutOfBand. The lock is that of the workspace.
func (s *Store) OutOfBand(lock sync.Locker) *OutOfBand { return &OutOfBand{lock, s} }

// Run is a copy of a run as the workspace has it. Times are milliseconds since 1970.
type Run struct {
	ID, ExperimentID, Name, User, Status, ArtifactURI string

	Started, Ended   int64 // as clients send them; Ended is 0 until the run ends
	Created, Deleted int64 // by the clock of the workspace; Deleted is 0 while the run is active

	Metrics      map[string]float64 // the newest value of each key
	Params, Tags map[string]string
}

func (r *run) copy() Run {
	metrics := map[string]float64{}
	for key, m := range r.latest {
		metrics[key] = float64(m.Value)
	}
	return Run{
		r.id, r.experimentID, r.name, r.user, r.status, r.artifactURI, r.started, r.ended, r.created, r.deleted,
		metrics, maps.Clone(r.params), maps.Clone(r.tags),
	}
}

// add adds a run without an ID. The caller must hold the lock.
func (b *OutOfBand) add(r Run) *run {
	created := cmp.Or(r.Created, b.store.now())
	added := &run{
		name: r.Name, user: r.User, status: cmp.Or(r.Status, "RUNNING"), started: cmp.Or(r.Started, created), ended: r.Ended,
		created: created, deleted: r.Deleted, params: maps.Clone(r.Params), tags: maps.Clone(r.Tags),
	}
	b.store.addRun(b.store.experiments.Existing(r.ExperimentID), added)
	for _, key := range slices.Sorted(maps.Keys(r.Metrics)) {
		b.store.addMetric(added, metricOf(key, r.Metrics[key], added.started))
	}
	return added
}

// CreateRun adds a run and returns its ID. ID and ArtifactURI are ignored; Name, Status, Created, and Started have defaults: a new name,
// RUNNING, now, and Created.
func (b *OutOfBand) CreateRun(r Run) string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.add(r).id
}

// AddRun adds a run to an experiment.
func (b *OutOfBand) AddRun(experimentID string) { b.CreateRun(Run{ExperimentID: experimentID}) }

// SeedRuns adds n finished runs of a second each to an experiment. The first one is created at the given time, and each following one an
// interval later. Run number i, from 1, has the metric loss 1/i, the parameter seed i, and the tag team red or blue. It returns
// their IDs.
func (b *OutOfBand) SeedRuns(experimentID string, n int, first time.Time, interval time.Duration) []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	ids := make([]string, 0, n)
	for i := range n {
		created := first.Add(time.Duration(i) * interval).UnixMilli()
		ids = append(ids, b.add(Run{
			ExperimentID: experimentID, Name: fmt.Sprintf("run-%06d", i+1), Status: "FINISHED",
			Created: created, Started: created, Ended: created + time.Second.Milliseconds(),
			Metrics: map[string]float64{"loss": 1 / float64(i+1)},
			Params:  map[string]string{"seed": strconv.Itoa(i + 1)},
			Tags:    map[string]string{"team": []string{"red", "blue"}[i%2]},
		}).id)
	}
	return ids
}

// Run returns the run with this ID, deleted ones too.
func (b *OutOfBand) Run(id string) (Run, bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if r := b.store.runs[id]; r != nil {
		return r.copy(), true
	}
	return Run{}, false
}

// RunsOf returns the runs of an experiment, deleted ones too, those that started last first.
func (b *OutOfBand) RunsOf(experimentID string) []Run {
	b.lock.Lock()
	defer b.lock.Unlock()
	var runs []Run
	for _, r := range b.store.in(experimentID).runs {
		runs = append(runs, r.copy())
	}
	return runs
}

func (b *OutOfBand) must(runID string) *run {
	if r := b.store.runs[runID]; r != nil {
		return r
	}
	panic("emulator: no run with ID " + runID)
}

// DeleteRun deletes a run as the API does.
func (b *OutOfBand) DeleteRun(id string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.must(id).delete(b.store.now())
}

// RestoreRun restores a deleted run.
func (b *OutOfBand) RestoreRun(id string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.must(id).deleted = 0
}

// PurgeRun permanently removes a run, as a workspace does some time after its deletion.
func (b *OutOfBand) PurgeRun(id string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	r := b.must(id)
	delete(b.store.runs, id)
	in := b.store.in(r.experimentID)
	in.runs = slices.DeleteFunc(in.runs, func(other *run) bool { return other == r })
}

// LogMetric logs a value of a metric of a run now.
func (b *OutOfBand) LogMetric(runID, key string, value float64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.store.addMetric(b.must(runID), metricOf(key, value, b.store.now()))
}

// PutArtifact adds a file to a run, at a path relative to the run's artifact URI, for example "model/MLmodel". The size is in bytes.
func (b *OutOfBand) PutArtifact(runID, name string, size int64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if name == "." || name != path.Clean(name) || path.IsAbs(name) {
		panic("emulator: not a relative path: " + name)
	}
	b.must(runID).files[name] = file{size: size}
}

// AddTrace adds a trace to an experiment.
func (b *OutOfBand) AddTrace(experimentID string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.store.addTrace(b.store.experiments.Existing(experimentID), &trace{started: b.store.now()})
}

// AddLoggedModel adds a logged model to an experiment.
func (b *OutOfBand) AddLoggedModel(experimentID string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	m := &model{params: map[string]string{}, tags: map[string]string{}}
	b.store.addModel(b.store.experiments.Existing(experimentID), m)
}
