package emulator

import (
	"fmt"
	"time"
)

const (
	seedFolders  = 20
	seedInterval = time.Minute // between the creation times of two seeded experiments
)

// seed fills the workspace with n experiments of some teams, each a minute younger than the one before.
func (w *Workspace) seed(n int) {
	if n == 0 {
		return
	}
	owner := w.directory.LookUp(UserPrincipal(Admin))
	stages := []string{"development", "staging", "production"}
	levels := []string{canRead, canEdit, canManage}
	for i := range n {
		team := fmt.Sprintf("team-%02d", i%seedFolders+1)
		folder := "/Projects/" + team
		w.directory.AddGroup(team)
		w.mustMakeFolders(folder)
		w.nodes[folder].grants[GroupPrincipal(team)] = canEdit
		e := w.addExperiment(owner, w.addNode(w.newID(), fmt.Sprintf("%s/experiment-%06d", folder, i+1), nodeExperiment))
		e.tags = []Tag{{"team", team}, {"stage", stages[i%len(stages)]}}
		e.grants[UserPrincipal(OtherUser)] = levels[i%len(levels)]
		e.created -= int64(n-i) * seedInterval.Milliseconds()
		e.updated = e.created
	}
}
