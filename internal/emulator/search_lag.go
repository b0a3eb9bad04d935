package emulator

import "slices"

// HoldSearch makes search and list answer what the workspace holds now, whatever happens meanwhile, as an index does that lags behind.
// Access is that of the moment of the call.
func (w *Workspace) HoldSearch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = []*experiment{}
	for _, e := range w.byAge {
		c, n := *e, *e.node
		c.node, n.experiment = &n, &c
		c.tags, c.systemTags = slices.Clone(e.tags), slices.Clone(e.systemTags)
		w.held = append(w.held, &c)
	}
}

// ReleaseSearch lets search and list answer what is there.
func (w *Workspace) ReleaseSearch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = nil
}

// searchable is what search and list look through, oldest first.
func (w *Workspace) searchable() []*experiment {
	if w.held != nil {
		return w.held
	}
	return w.byAge
}
