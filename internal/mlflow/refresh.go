package mlflow

import (
	"context"
	"sync"
)

const (
	// readsPerPage is how many experiments must have been asked for before each page of a bulk refresh: reading a page of 1,000 has to
	// pay in a big workspace too, of which only some are managed.
	readsPerPage = 8
	// maxPages bounds what is kept in memory, at about a kilobyte an experiment.
	maxPages = 30
	// pageSize is how many experiments a page holds.
	pageSize = 1000
)

// refresher answers the reads of a refresh from what was read before: by a search that lists a page of experiments at a time (bulk
// refresh), or by a direct read for another resource of the same experiment. It lives as long as the client, which is one command.
type refresher struct {
	// bulk allows searches.
	bulk bool
	// firstPage is how many experiments the first page has, if that is read with the first experiment; 0 otherwise.
	firstPage int

	mu          sync.Mutex
	reads       int
	pages       int
	token       string
	ended       bool
	inFlight    chan struct{} // closed when the page that is under way has come; nil when none is
	seen        map[string]Experiment
	invalidated map[string]bool // experiments that this process changed: whatever was read of them may be old
}

// RefreshExperiment reads an experiment for a refresh. What was read before is believed only when matches says that it shows nothing new
// against what the caller knows; a difference, like an experiment that was not listed, is confirmed by a direct read.
// Errors: as [Client.GetExperiment].
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

// find returns an experiment among what was read, and reads more pages while the reads so far allow it.
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

// shouldReadPage reports whether another page is worth its call. The lock is held.
func (r *refresher) shouldReadPage() bool {
	worth := r.reads / readsPerPage
	if r.firstPage > 0 {
		worth++
	}
	return r.bulk && !r.ended && r.pages < min(worth, maxPages)
}

// nextPage reads one page, or waits for the one that is under way. A page that fails ends the bulk refresh, at once: reads then go direct.
// The lock is held before and after.
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

// store remembers a direct read. It wins over what a search said.
func (r *refresher) store(e Experiment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[e.ID] = e
}

// invalidate sends later reads of an experiment direct.
func (r *refresher) invalidate(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidated[id] = true
}
