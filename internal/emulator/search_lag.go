package emulator

import "slices"

// FreezeSearch makes search and list answer what the workspace holds now, whatever happens meanwhile, as an index does that lags behind.
// Access is that of the moment of the call.
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

// UnfreezeSearch lets search and list answer what is there.
func (w *Workspace) UnfreezeSearch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = nil
}

// searchable is what search and list look through, oldest first.
func (w *Workspace) searchable() []*experiment {
	if w.frozen != nil {
		return w.frozen
	}
	return w.byAge
}
