package content

import (
	"net/http"
	"path"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The MLflow client uploads, lists, and downloads the artifacts of runs and logged models through the Files API, below this folder.
const artifactsFolder = "/WorkspaceInternal/Mlflow/Artifacts/{experiment_id}"

// addFileRoutes adds the routes of the Files API.
func (s *Store) addFileRoutes(routes map[string]wire.Handler) {
	for _, owner := range []string{"/Runs/{run_id}/artifacts", "/LoggedModels/{model_id}/artifacts"} {
		folder := artifactsFolder + owner
		routes["PUT /api/2.0/fs/files"+folder+"/{path...}"] = s.uploadFile
		routes["GET /api/2.0/fs/files"+folder+"/{path...}"] = s.downloadFile
		routes["GET /api/2.0/fs/directories"+folder] = s.listFiles
		routes["GET /api/2.0/fs/directories"+folder+"/{path...}"] = s.listFiles
	}
}

// uploadFile serves PUT fs/files.
func (s *Store) uploadFile(c *wire.Call) (any, error) {
	all, err := s.filesOf(c, s.writableRun, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	name := path.Clean(c.PathValue("path"))
	if _, ok := all[name]; ok && c.URL.Query().Get("overwrite") != "true" {
		return nil, wire.Errorf(http.StatusConflict, "ALREADY_EXISTS", "The file being created already exists.")
	}
	all[name] = file{int64(len(c.Payload)), append([]byte{}, c.Payload...)}
	return wire.Empty{}, nil
}

// filesOf finds the artifacts of the run or the logged model that the path names: a run with find, a logged model with access.
func (s *Store) filesOf(c *wire.Call, find func(*wire.Call, string) (*run, error), access access) (files, error) {
	if id := c.PathValue("run_id"); id != "" {
		r, err := find(c, id)
		if err != nil {
			return nil, err
		}
		return r.files, nil
	}
	m, err := s.findModel(c, access)
	if err != nil {
		return nil, err
	}
	return m.files, nil
}

// downloadFile serves GET fs/files.
func (s *Store) downloadFile(c *wire.Call) (any, error) {
	all, err := s.filesOf(c, s.readableRun, s.experiments.Readable)
	if err != nil {
		return nil, err
	}
	one, ok := all[path.Clean(c.PathValue("path"))]
	if !ok {
		return nil, wire.Errorf(http.StatusNotFound, "NOT_FOUND", "The file being accessed is not found.")
	}
	return wire.File(one.data), nil
}

// listFiles serves GET fs/directories. There is only one page.
func (s *Store) listFiles(c *wire.Call) (any, error) {
	all, err := s.filesOf(c, s.readableRun, s.experiments.Readable)
	if err != nil {
		return nil, err
	}
	folder := path.Clean(c.PathValue("path"))
	found := all.list(folder)
	if _, isFile := all[folder]; isFile || len(found) == 0 {
		return nil, wire.Errorf(http.StatusNotFound, "NOT_FOUND", "The directory being accessed is not found.")
	}
	root := strings.TrimSuffix(strings.TrimPrefix(c.URL.Path, "/api/2.0/fs/directories"), "/"+c.PathValue("path"))
	contents := []any{}
	for _, f := range found {
		entry := map[string]any{"path": root + "/" + f.Path, "name": path.Base(f.Path), "is_directory": f.IsDir}
		if f.Size != nil {
			entry["file_size"] = *f.Size
		}
		contents = append(contents, entry)
	}
	return map[string]any{"contents": contents}, nil
}
