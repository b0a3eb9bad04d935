package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const (
	adminToken = "admin-token"
	apiPath    = "/api/2.0/"
	searchPath = apiPath + "mlflow/experiments/search"
	// concurrency is the number of concurrent requests that prepare a workspace.
	concurrency = 32
)

// tagKeys are the tags that a row can have. A new workspace has the first two.
var tagKeys = []string{"team", "stage", "cost-center"}

const costCenter = "4711"

// workspace is a running local-workspace.
type workspace struct {
	url     string
	journal string // file with one line per request
	process *exec.Cmd
}

// experiment is an experiment in the configuration, with the values of its state.
type experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	CreationTime     int64  `json:"creation_time"`
	Tags             []struct{ Key, Value string }
	// users are the direct grants, by name.
	users map[string]string
}

func (e experiment) tag(key string) string {
	for _, t := range e.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// startWorkspace starts the program and waits until it prints its URL. stop stops it.
func startWorkspace(ctx context.Context, program, folder string, r row) (*workspace, error) {
	w := &workspace{journal: filepath.Join(folder, "journal.jsonl")}
	w.process = exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0", "-latency", r.latency.String(), "-seed", strconv.Itoa(r.size),
		"-journal", w.journal)
	w.process.Stderr = os.Stderr
	out, err := w.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.process.Start(); err != nil {
		return nil, fmt.Errorf("start the local workspace: %w", err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	_, address, found := strings.Cut(first, "http://")
	if !found {
		w.stop()
		return nil, fmt.Errorf("first line of the local workspace is %q, not its URL (%w)", first, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	w.url = "http://" + strings.TrimSpace(address)
	return w, nil
}

func (w *workspace) stop() {
	_ = w.process.Process.Signal(syscall.SIGTERM)
	_ = w.process.Wait()
}

// prepare returns the experiments of a row: new ones for an apply, otherwise the oldest, with the tags and the grants that the row needs.
func (w *workspace) prepare(ctx context.Context, r row) ([]experiment, error) {
	if r.apply {
		return newExperiments(r), nil
	}
	var page struct{ Experiments []experiment }
	search := map[string]any{"max_results": r.managed, "order_by": []string{"creation_time ASC"}}
	if err := w.call(ctx, http.MethodPost, searchPath, search, &page); err != nil {
		return nil, err
	}
	if len(page.Experiments) != r.managed {
		return nil, fmt.Errorf("the workspace has %d experiments, want %d", len(page.Experiments), r.managed)
	}
	err := forEach(page.Experiments, func(e *experiment) error {
		if r.tags == len(tagKeys) {
			if err := w.addCostCenter(ctx, e); err != nil {
				return err
			}
		}
		if !r.permissions {
			return nil
		}
		return w.readGrants(ctx, e)
	})
	return page.Experiments, err
}

// newUsers returns the grants of a new list.
var newUsers = map[string]string{"ana@example.com": "CAN_EDIT"}

// newFolder returns the path of a folder that an apply creates. It contains the variable run, so that each apply uses different names.
func newFolder(i int) string { return fmt.Sprintf("/Projects/bench-${var.run}/%d", i) }

// newExperiments returns the experiments that an apply creates. With permissions of folders, their names come from those resources.
func newExperiments(r row) []experiment {
	var list []experiment
	for i := range r.managed {
		folder := newFolder(i % r.folders)
		if r.folderPermissions {
			folder = fmt.Sprintf("${local.paths.%s}", folderKey(i%r.folders))
		}
		list = append(list, experiment{Name: fmt.Sprintf("%s/experiment-%d", folder, i), users: newUsers})
	}
	return list
}

func (w *workspace) addCostCenter(ctx context.Context, e *experiment) error {
	tag := struct{ Key, Value string }{"cost-center", costCenter}
	e.Tags = append(e.Tags, tag)
	body := map[string]string{"experiment_id": e.ID, "key": tag.Key, "value": tag.Value}
	return w.call(ctx, http.MethodPost, apiPath+"mlflow/experiments/set-experiment-tag", body, nil)
}

func (w *workspace) readGrants(ctx context.Context, e *experiment) error {
	var acl struct {
		List []struct {
			User        string `json:"user_name"`
			Permissions []struct {
				Level     string `json:"permission_level"`
				Inherited bool   `json:"inherited"`
			} `json:"all_permissions"`
		} `json:"access_control_list"`
	}
	err := w.call(ctx, http.MethodGet, apiPath+"permissions/experiments/"+e.ID, nil, &acl)
	e.users = map[string]string{}
	for _, entry := range acl.List {
		for _, p := range entry.Permissions {
			if !p.Inherited {
				e.users[entry.User] = p.Level
			}
		}
	}
	return err
}

// call sends a request as the admin and decodes the response into out, unless it is nil.
func (w *workspace) call(ctx context.Context, method, path string, body, out any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, w.url+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// forEach calls a function for each element, with the given concurrency, and returns one of the errors.
func forEach[T any](list []T, do func(*T) error) error {
	var wg sync.WaitGroup
	slots, errs := make(chan struct{}, concurrency), make(chan error, len(list))
	for i := range list {
		slots <- struct{}{}
		wg.Go(func() {
			errs <- do(&list[i])
			<-slots
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// calls counts the requests in the journal after a position, by route.
func (w *workspace) calls(since int64) (map[string]int, error) {
	file, err := os.Open(w.journal)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.Seek(since, io.SeekStart); err != nil {
		return nil, err
	}
	routes := map[string]int{}
	for lines := json.NewDecoder(file); ; {
		var line struct{ Path string }
		switch err := lines.Decode(&line); err {
		case nil:
			routes[routeOf(line.Path)]++
		case io.EOF:
			return routes, nil
		default:
			return nil, fmt.Errorf("read the journal: %w", err)
		}
	}
}

// journalLength returns the length of the journal.
func (w *workspace) journalLength() (int64, error) {
	info, err := os.Stat(w.journal)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// routeOf returns a short name of a route.
func routeOf(requestPath string) string {
	switch {
	case requestPath == searchPath:
		return "search"
	case strings.HasPrefix(requestPath, apiPath+"permissions/directories/"):
		return "folder-permissions"
	case strings.HasPrefix(requestPath, apiPath+"permissions/"):
		return "permissions"
	case strings.HasPrefix(requestPath, "/.well-known/"):
		return "host"
	default:
		return path.Base(requestPath)
	}
}
