package emulator

import "slices"

// FreezeSearch makes search and list return the current experiments until UnfreezeSearch, as an index that is out of date does.
// Permissions are checked at the time of the request.
func (w *Workspace) FreezeSearch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = []*experiment{}
	for _, e := range w.byAge {
		c, n := *e, *e.node
		c.node, n.experiment = &n, &c
		c.tags, c.systemTags = slices.Clone(e.tags), slices.Clone(e.systemTags)
		w.frozen = append(w.frozen, &c)
	}
}

// UnfreezeSearch makes search and list return the actual experiments again.
func (w *Workspace) UnfreezeSearch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = nil
}

// searchable returns the experiments for search and list, oldest first.
func (w *Workspace) searchable() []*experiment {
	if w.frozen != nil {
		return w.frozen
	}
	return w.byAge
}
