package mlflow

import (
	"context"
	"sync"
)

const (
	// readsPerPage is the number of experiments that must have been requested for each page of a bulk refresh. It limits the pages that
	// are read in a large workspace with few managed experiments.
	readsPerPage = 8
	// maxPages limits the use of memory, with about a kilobyte per experiment.
	maxPages = 30
	// pageSize is the maximum number of experiments in a page.
	pageSize = 1000
)

// refresher caches experiments for the reads of a refresh: those of the pages of a search (bulk refresh), and those of direct reads for
// other resources of the same experiment. It exists as long as the client, for one command.
type refresher struct {
	// bulk enables searches.
	bulk bool
	// firstPage is the size of the first page if that is read with the first experiment, 0 otherwise.
	firstPage int

	mu          sync.Mutex
	reads       int
	pages       int
	token       string
	ended       bool
	inFlight    chan struct{} // closed after the page that is being read; nil if there is none
	seen        map[string]Experiment
	invalidated map[string]bool // experiments that this process changed, so that cached values may be outdated
}

// RefreshExperiment reads an experiment for a refresh. It returns a cached experiment only if matches reports that it does not differ
// from the state. A difference, or an experiment that was not listed, is verified with a direct read. Errors: as [Client.GetExperiment].
func (c *Client) RefreshExperiment(ctx context.Context, id string, matches func(Experiment) bool) (Experiment, error) {
	if e, ok := c.refresher.find(ctx, c, id); ok && matches(e) {
		return c.recordCreated(e), nil
	}
	e, err := c.GetExperiment(ctx, id)
	if err == nil {
		c.refresher.store(e)
	}
	return e, err
}

// find returns a cached experiment, and reads more pages as long as shouldReadPage is true.
func (r *refresher) find(ctx context.Context, c *Client, id string) (Experiment, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	for {
		e, ok := r.seen[id]
		if r.invalidated[id] {
			return Experiment{}, false
		}
		if ok || !r.shouldReadPage() || ctx.Err() != nil {
			return e, ok
		}
		r.nextPage(ctx, c)
	}
}

// shouldReadPage reports whether enough experiments were requested for another page. The lock is held.
func (r *refresher) shouldReadPage() bool {
	worth := r.reads / readsPerPage
	if r.firstPage > 0 {
		worth++
	}
	return r.bulk && !r.ended && r.pages < min(worth, maxPages)
}

// nextPage reads one page, or waits for the one that is being read. If it fails, the bulk refresh ends, and each experiment is read
// directly. The lock is held before and after.
func (r *refresher) nextPage(ctx context.Context, c *Client) {
	if inFlight := r.inFlight; inFlight != nil {
		r.mu.Unlock()
		select {
		case <-inFlight:
		case <-ctx.Done():
		}
		r.mu.Lock()
		return
	}
	inFlight := make(chan struct{})
	r.inFlight = inFlight
	token, size := r.token, pageSize
	if r.pages == 0 && r.firstPage > 0 {
		size = r.firstPage
	}
	r.mu.Unlock()
	page, err := c.searchPage(ctx, searchRequest{MaxResults: size, PageToken: token}, true)
	r.mu.Lock()
	r.inFlight = nil
	close(inFlight)
	r.pages++
	r.token = page.NextPageToken
	r.ended = err != nil || page.NextPageToken == "" || page.NextPageToken == token
	for _, e := range page.Experiments {
		if _, direct := r.seen[e.ID]; !direct {
			r.seen[e.ID] = e
		}
	}
}

// store caches the experiment of a direct read, which takes precedence over that of a search.
func (r *refresher) store(e Experiment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[e.ID] = e
}

// invalidate disables the cache for an experiment.
func (r *refresher) invalidate(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidated[id] = true
}
