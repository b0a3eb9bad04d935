package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Artifact is a file or a directory among the artifacts of a run.
type Artifact struct {
	// Path is relative to the artifact location of the run.
	Path  string
	IsDir bool
	// Size is in bytes, -1 if the server does not return it, as for a directory.
	Size int64
}

// ArtifactList lists the artifacts directly below a path.
type ArtifactList struct {
	// RootURI is the artifact location of the run.
	RootURI string
	// Artifacts are ordered by path.
	Artifacts []Artifact
	// More reports whether there are, or can be, more artifacts: Databricks returns at most 1,000 files of a Unity Catalog volume.
	More bool
}

// artifactPage is a page of the artifacts below a path.
type artifactPage struct {
	RootURI string `json:"root_uri"`
	Files   []struct {
		Path  string      `json:"path"`
		IsDir bool        `json:"is_dir"`
		Size  *rest.Int64 `json:"file_size"`
	} `json:"files"`
	NextPageToken string `json:"next_page_token"`

	below string
}

// Validate implements [rest.Response].
func (p *artifactPage) Validate(bool) error {
	if p.RootURI == "" {
		return errors.New("it contains no root_uri")
	}
	for _, f := range p.Files {
		if f.Path == "" || p.below != "" && f.Path != p.below && !strings.HasPrefix(f.Path, p.below+"/") {
			return fmt.Errorf("it contains the path %q, which is not below %q", f.Path, p.below)
		}
	}
	return nil
}

// isCut reports whether the last page can be incomplete: Databricks returns at most volumePage files of a volume, and no token.
func (p *artifactPage) isCut() bool {
	return len(p.Files) >= volumePage && strings.HasPrefix(p.RootURI, "dbfs:/Volumes/")
}

// volumePage is the maximum number of files of a Unity Catalog volume that Databricks returns.
const volumePage = 1000

func (p *artifactPage) artifacts() []Artifact {
	list := make([]Artifact, len(p.Files))
	for i, f := range p.Files {
		list[i] = Artifact{Path: f.Path, IsDir: f.IsDir, Size: -1}
		if f.Size != nil && !f.IsDir {
			list[i].Size = int64(*f.Size)
		}
	}
	return list
}

// ListArtifacts returns the artifacts of a run directly below a path, at most limit, in order of their paths. The path "" is the artifact
// location. The list is empty for a file and for a path that does not exist. From a Unity Catalog volume, Databricks returns at most
// 1,000 files. Errors: [rest.IsNotFound] for the run, [rest.IsInvalid] for the path. API: GET artifacts/list.
func (c *Client) ListArtifacts(ctx context.Context, runID, path string, limit int) (ArtifactList, error) {
	path = strings.Trim(path, "/")
	query := url.Values{"run_id": {runID}}
	if path != "" {
		query.Set("path", path)
	}
	var list ArtifactList
	var pages pageGuard
	for len(list.Artifacts) <= limit {
		page := artifactPage{below: path}
		err := c.Do(ctx, rest.Call{
			Method: http.MethodGet, Path: "/api/2.0/mlflow/artifacts/list", Query: query, Out: &page, Group: rest.GroupOther, Page: true,
		})
		if err != nil {
			return ArtifactList{}, err
		}
		list.RootURI = page.RootURI
		list.Artifacts = append(list.Artifacts, page.artifacts()...)
		if page.NextPageToken == "" {
			list.More = page.isCut()
			break
		}
		if err := pages.check(page.NextPageToken, len(page.Files)); err != nil {
			return ArtifactList{}, fmt.Errorf("listing artifacts: %w", err)
		}
		query.Set("page_token", page.NextPageToken)
	}
	slices.SortFunc(list.Artifacts, func(a, b Artifact) int { return cmp.Compare(a.Path, b.Path) })
	list.More = list.More || len(list.Artifacts) > limit
	list.Artifacts = list.Artifacts[:min(len(list.Artifacts), limit)]
	return list, nil
}
