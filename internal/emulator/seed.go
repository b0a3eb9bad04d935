package emulator

import (
	"fmt"
	"time"
)

const (
	seedFolders   = 20
	seedGitFolder = "code"      // in each folder with notebooks in Git
	seedInterval  = time.Minute // between the creation times of two seeded experiments
)

// seed adds the experiments that the options specify, each a minute newer than the previous one: experiments without a notebook first, then
// those of notebooks, then those of notebooks in Git folders.
func (w *Workspace) seed() {
	w.seedKind(w.options.Seed, w.options.SeedNotebooks+w.options.SeedGitNotebooks, w.seedExperiment)
	w.seedKind(w.options.SeedNotebooks, w.options.SeedGitNotebooks, w.seedNotebook)
	w.seedKind(w.options.SeedGitNotebooks, 0, w.seedGitNotebook)
}

// seedKind adds n experiments of one kind, with tags. later is the number of newer experiments that will follow. Numbers start at 1.
func (w *Workspace) seedKind(n, later int, add func(folder string, number int) *experiment) {
	stages := []string{"development", "staging", "production"}
	for i := range n {
		team := fmt.Sprintf("team-%02d", i%seedFolders+1)
		folder := "/Projects/" + team
		w.directory.AddGroup(team)
		w.mustCreateFolders(folder)
		w.nodes[folder].grants[GroupPrincipal(team)] = canEdit
		e := add(folder, i+1)
		e.tags = []Tag{{"team", team}, {"stage", stages[i%len(stages)]}}
		e.created -= int64(later+n-i) * seedInterval.Milliseconds()
		e.updated = e.created
	}
}

func (w *Workspace) seedExperiment(folder string, number int) *experiment {
	levels := []string{canRead, canEdit, canManage}
	e := w.addExperiment(w.mustOwner(Admin), w.addNode(w.newID(), fmt.Sprintf("%s/experiment-%06d", folder, number), nodeExperiment))
	e.grants[UserPrincipal(OtherUser)] = levels[(number-1)%len(levels)]
	return e
}

func (w *Workspace) seedNotebook(folder string, number int) *experiment {
	return w.addNotebook(w.mustOwner(Admin), fmt.Sprintf("%s/notebook-%06d", folder, number))
}

func (w *Workspace) seedGitNotebook(folder string, number int) *experiment {
	git := folder + "/" + seedGitFolder
	if w.nodes[git] == nil {
		w.addNode(w.newID(), git, nodeRepo)
	}
	return w.seedNotebook(git, number)
}
