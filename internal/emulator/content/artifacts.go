package content

import (
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// maxArtifacts is the number of files and folders on a page of artifacts/list.
const maxArtifacts = 1000

// file is an artifact.
type file struct {
	size int64  // in bytes
	data []byte // nil unless it was uploaded
}

// files are the artifacts of a run or a logged model, by the path below the artifact URI.
type files map[string]file

// fileJSON is a file or a folder on the wire.
type fileJSON struct {
	Path  string `json:"path"`
	IsDir bool   `json:"is_dir"`
	Size  *int64 `json:"file_size,omitempty"` // nil for folders
}

// listArtifacts serves artifacts/list. In a volume of Unity Catalog, there is only one page, and further files are omitted.
func (s *Store) listArtifacts(c *wire.Call) (any, error) {
	r, err := s.queriedRun(c)
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	folder := q.Get("path")
	if strings.HasPrefix(folder, "/") || slices.Contains(strings.Split(folder, "/"), "..") {
		return nil, wire.InvalidParameter("Invalid path")
	}
	folder = path.Clean(folder)
	inVolume := strings.HasPrefix(r.artifactURI, "dbfs:/Volumes/")
	if inVolume && q.Get("page_token") != "" {
		return nil, wire.InvalidParameter("Parameter 'page_token' is not supported for artifacts in volumes. "+
			"Use /api/2.0/fs/directories%s instead.", strings.TrimPrefix(r.artifactURI, "dbfs:"))
	}
	from, err := paging.Decode(q.Get("page_token"), paging.ID([]string{r.id, folder}))
	if err != nil {
		return nil, err
	}
	var out struct {
		RootURI       string     `json:"root_uri"`
		Files         []fileJSON `json:"files,omitempty"`
		NextPageToken string     `json:"next_page_token,omitempty"`
	}
	out.RootURI = r.artifactURI
	out.Files, out.NextPageToken = paging.Cut(r.files.list(folder), from, maxArtifacts)
	if inVolume {
		out.NextPageToken = ""
	}
	return out, nil
}

// list returns the files and folders directly in a folder, by path. The folder "." contains everything. The list of a file is the file.
func (f files) list(folder string) []fileJSON {
	if one, ok := f[folder]; ok {
		return []fileJSON{{Path: folder, Size: &one.size}}
	}
	var found []fileJSON
	seen := map[string]bool{}
	for name, one := range f {
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
			entry.Size = &one.size
		}
		if !seen[entry.Path] {
			seen[entry.Path] = true
			found = append(found, entry)
		}
	}
	slices.SortFunc(found, func(a, b fileJSON) int { return strings.Compare(a.Path, b.Path) })
	return found
}
