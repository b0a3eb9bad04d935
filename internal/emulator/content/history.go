package content

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// maxHistory is the default and the maximum number of values on a page of metrics/get-history.
const maxHistory = 25_000

// maxArtifacts is the number of files and folders on a page of artifacts/list.
const maxArtifacts = 1000

// metricHistory serves metrics/get-history: by time, then by step, then as they were logged.
func (s *Store) metricHistory(c *wire.Call) (any, error) {
	r, err := s.queriedRun(c)
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	key := q.Get("metric_key")
	if key == "" {
		return nil, wire.Required("metric_key")
	}
	asked, err := wire.QueryNumber(q, "max_results")
	if err != nil {
		return nil, err
	}
	limit := maxHistory
	if q.Get("max_results") != "" {
		number := wire.Int64(asked)
		if limit, err = limited(&number, maxHistory, maxHistory); err != nil {
			return nil, err
		}
	}
	from, err := decodeToken(q.Get("page_token"), queryID([]string{r.id, key}))
	if err != nil {
		return nil, err
	}
	all := slices.Clone(r.metrics[key])
	slices.SortStableFunc(all, func(a, b metric) int {
		return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step))
	})
	var out struct {
		Metrics       []metric `json:"metrics,omitempty"`
		NextPageToken string   `json:"next_page_token,omitempty"`
	}
	out.Metrics, out.NextPageToken = cut(all, from, limit)
	return out, nil
}

// fileJSON is a file or a folder on the wire.
type fileJSON struct {
	Path  string `json:"path"`
	IsDir bool   `json:"is_dir"`
	Size  *int64 `json:"file_size,omitempty"` // nil for folders
}

// listArtifacts serves artifacts/list. In a volume of Unity Catalog there is only a first page, which is cut.
func (s *Store) listArtifacts(c *wire.Call) (any, error) {
	r, err := s.queriedRun(c)
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	folder := q.Get("path")
	if strings.HasPrefix(folder, "/") || slices.Contains(strings.Split(folder, "/"), "..") {
		return nil, wire.Invalid("Invalid path")
	}
	folder = path.Clean(folder)
	inVolume := strings.HasPrefix(r.artifactURI, "dbfs:/Volumes/")
	if inVolume && q.Get("page_token") != "" {
		return nil, wire.Invalid("Parameter 'page_token' is not supported for artifacts in volumes. "+
			"Use /api/2.0/fs/directories%s instead.", strings.TrimPrefix(r.artifactURI, "dbfs:"))
	}
	from, err := decodeToken(q.Get("page_token"), queryID([]string{r.id, folder}))
	if err != nil {
		return nil, err
	}
	var out struct {
		RootURI       string     `json:"root_uri"`
		Files         []fileJSON `json:"files,omitempty"`
		NextPageToken string     `json:"next_page_token,omitempty"`
	}
	out.RootURI = r.artifactURI
	out.Files, out.NextPageToken = cut(r.list(folder), from, maxArtifacts)
	if inVolume {
		out.NextPageToken = ""
	}
	return out, nil
}

// list returns what is directly in a folder of the run, by path. The folder "." is the whole.
func (r *run) list(folder string) []fileJSON {
	var files []fileJSON
	seen := map[string]bool{}
	for name, size := range r.files {
		rest, ok := name, true
		if folder != "." {
			rest, ok = strings.CutPrefix(name, folder+"/")
		}
		if !ok {
			continue
		}
		first, _, below := strings.Cut(rest, "/")
		entry := fileJSON{Path: path.Join(folder, first), IsDir: below}
		if !below {
			entry.Size = &size
		}
		if !seen[entry.Path] {
			seen[entry.Path] = true
			files = append(files, entry)
		}
	}
	slices.SortFunc(files, func(a, b fileJSON) int { return strings.Compare(a.Path, b.Path) })
	return files
}
