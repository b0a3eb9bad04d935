package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestAccess checks the lowest level of each operation.
func TestAccess(t *testing.T) {
	levels := []string{"", "CAN_READ", "CAN_EDIT", "CAN_MANAGE"}
	cases := []struct {
		operation, method, path string
		body                    object
		lowest                  string
	}{
		{"get", "GET", experimentsAPI + "get?experiment_id=ID", nil, "CAN_READ"},
		{"get by name", "GET", byName("/Projects/x"), nil, "CAN_READ"},
		{"set a tag", "POST", experimentsAPI + "set-experiment-tag", object{"experiment_id": "ID", "key": "k", "value": "v"}, "CAN_EDIT"},
		{"rename", "POST", experimentsAPI + "update", object{"experiment_id": "ID", "new_name": home + "x"}, "CAN_EDIT"},
		{"delete", "POST", experimentsAPI + "delete", object{"experiment_id": "ID"}, "CAN_MANAGE"},
		{"read permissions", "GET", permissionsAPI + "ID", nil, "CAN_MANAGE"},
		{"replace permissions", "PUT", permissionsAPI + "ID", object{}, "CAN_MANAGE"},
		{"change permissions", "PATCH", permissionsAPI + "ID", object{}, "CAN_MANAGE"},
		{"read levels", "GET", permissionsAPI + "ID/permissionLevels", nil, "CAN_READ"},
		{"search runs", "POST", "/api/2.0/mlflow/runs/search", object{"experiment_ids": []string{"ID"}}, "CAN_READ"},
		{"add a run", "POST", "/api/2.0/mlflow/runs/create", object{"experiment_id": "ID"}, "CAN_EDIT"},
		{"see it in the tree", "GET", "/api/2.0/workspace/get-status?path=/Projects/x", nil, "CAN_READ"},
	}
	for _, c := range cases {
		for _, level := range levels {
			for _, by := range []emulator.Principal{emulator.UserPrincipal(emulator.User), emulator.GroupPrincipal("users")} {
				t.Run(fmt.Sprintf("%s with %q by %s", c.operation, level, by.Kind), func(t *testing.T) {
					w, admin := start(t, emulator.Options{})
					id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
					if level != "" {
						w.Grant(id, by, level)
					}
					a := admin.as(emulator.UserToken).do(c.method, strings.ReplaceAll(c.path, "ID", id), withID(c.body, id))
					if slices.Index(levels, level) >= slices.Index(levels, c.lowest) {
						if a.status != 200 {
							t.Errorf("rejected: %d %s", a.status, a.raw)
						}
						return
					}
					a.wantError(t, 403, "PERMISSION_DENIED", emulator.User+" does not have ")
				})
			}
		}
	}
}

// withID replaces ID in a body with the ID.
func withID(body object, id string) any {
	if body == nil {
		return nil
	}
	filled := object{}
	for key, value := range body {
		switch v := value.(type) {
		case string:
			filled[key] = strings.ReplaceAll(v, "ID", id)
		case []string:
			filled[key] = []string{id}
		}
	}
	return filled
}

func TestAccessToFolders(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Mkdirs("/Projects")
	ana := admin.as(emulator.UserToken)
	create := func(name string) response { return ana.post(experimentsAPI+"create", object{"name": name}) }
	mkdirs := func(path string) response { return ana.post("/api/2.0/workspace/mkdirs", object{"path": path}) }
	const denied = "PERMISSION_DENIED"

	create("/Projects/x").wantError(t, 403, denied, emulator.User+" does not have Edit permissions on /Projects")
	create("/x").wantError(t, 403, denied, "")
	create("/Users/"+emulator.OtherUser+"/x").wantError(t, 403, denied, "")
	mkdirs("/Projects/a/b").wantError(t, 403, denied, "")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("users"), "CAN_RUN")
	create("/Projects/x").wantError(t, 403, denied, "")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("users"), "CAN_EDIT")
	if a := create("/Projects/x"); a.status != 200 {
		t.Errorf("create with CAN_EDIT on the folder: %s", a.raw)
	}
	if a := mkdirs("/Projects/a/b"); a.status != 200 {
		t.Errorf("mkdirs with CAN_EDIT on the folder: %s", a.raw)
	}
	want := "user_name " + emulator.User + ": CAN_MANAGE"
	if got := rules(ana.ok("GET", "/api/2.0/permissions/directories/"+folderID(ana, "/Projects/a"), nil)); !slices.Contains(got, want) {
		t.Errorf("grants on a created folder: got %q", got)
	}
	id := ana.create(home + "y")
	ana.post(experimentsAPI+"update", object{"experiment_id": id, "new_name": "/y"}).wantError(t, 403, denied, "")
}

// CAN_RUN on a folder allows viewing the experiments in it, but not editing them or creating others.
func TestRunOnAFolder(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_RUN")
	ana := admin.as(emulator.UserToken)
	ana.experiment(id)
	if names, _ := searchAll(ana, object{}); !slices.Equal(names, []string{"x"}) {
		t.Errorf("search finds %q", names)
	}
	ana.ok("GET", "/api/2.0/workspace/get-status?path=/Projects/x", nil)
	for path, body := range map[string]object{
		experimentsAPI + "set-experiment-tag": {"experiment_id": id, "key": "k", "value": "v"},
		experimentsAPI + "delete":             {"experiment_id": id},
		experimentsAPI + "create":             {"name": "/Projects/y"},
		"/api/2.0/mlflow/runs/create":         {"experiment_id": id},
		"/api/2.0/workspace/mkdirs":           {"path": "/Projects/deep"},
	} {
		ana.post(path, body).wantError(t, 403, "PERMISSION_DENIED", "")
	}
}

func TestLockedOut(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/x", nil)
	ana := admin.as(emulator.UserToken)
	ana.ok("PUT", permissionsAPI+id, object{})
	ana.get(experimentsAPI+"get?experiment_id="+id).wantError(t, 403, "PERMISSION_DENIED", "")
	ana.get(permissionsAPI+id).wantError(t, 403, "PERMISSION_DENIED", emulator.User+" does not have Manage permissions on /experiments/"+id)
}

func TestRestore_permissions(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.OtherUser, "/Shared/x", nil)
	ana := admin.as(emulator.UserToken)
	ana.ok("POST", experimentsAPI+"delete", object{"experiment_id": id})
	if got := ana.experiment(id)["name"]; got != "/Users/"+emulator.OtherUser+"/Trash/x" {
		t.Errorf("name: got %v, want it in its owner's Trash", got)
	}
	ana.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
}

func TestRequireFolderPermissions(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint(strict), func(t *testing.T) {
			w, admin := start(t, emulator.Options{RequireFolderPermissions: strict})
			user, ana := admin.as(emulator.UserToken), emulator.UserPrincipal(emulator.User)
			w.GrantFolder("/Editors", ana, "CAN_EDIT")
			w.GrantFolder("/Managers", ana, "CAN_MANAGE")
			w.GrantFolder("/Runners", ana, "CAN_RUN")
			creation := func(folder string) []int {
				return []int{
					user.post(experimentsAPI+"create", object{"name": folder + "/new"}).status,
					user.post("/api/2.0/workspace/mkdirs", object{"path": folder + "/deep"}).status,
				}
			}
			mkdirs := map[bool]int{false: 200, true: 403}[strict]
			for folder, want := range map[string][]int{"/Runners": {403, 403}, "/Editors": {200, mkdirs}, "/Managers": {200, 200}} {
				if got := creation(folder); !slices.Equal(got, want) {
					t.Errorf("creating an experiment and a folder in %s: %d, want %d", folder, got, want)
				}
			}
			refusals := func(id, name string) (refused []string) {
				for _, c := range []struct {
					call string
					body object
				}{
					{"update", object{"experiment_id": id, "new_name": name}},
					{"delete", object{"experiment_id": id}},
					{"restore", object{"experiment_id": id}},
				} {
					if a := user.post(experimentsAPI+c.call, c.body); a.status == 403 {
						refused = append(refused, c.call)
					} else if a.status != 200 {
						t.Errorf("%s: %d %s", c.call, a.status, a.raw)
					}
				}
				return refused
			}
			// CAN_MANAGE only on the experiment, CAN_EDIT on a folder, CAN_MANAGE on a folder.
			granted := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
			w.Grant(granted, ana, "CAN_MANAGE")
			own := user.create("/Editors/x")
			theirs := w.CreateExperiment(emulator.Admin, "/Editors/y", nil)
			below := w.CreateExperiment(emulator.Admin, "/Managers/x", nil)
			for _, c := range []struct {
				fact, id, name string
				plain, strict  []string
			}{
				{"granted by the experiment", granted, "/Editors/granted", nil, []string{"update", "delete", "restore"}},
				{"own in a folder to edit", own, "/Editors/renamed", nil, []string{"update"}},
				{"theirs in a folder to edit", theirs, "/Editors/theirs", []string{"delete", "restore"}, []string{"update"}},
				{"in a folder to manage", below, "/Managers/renamed", nil, nil},
				{"into a folder to edit", below, "/Editors/moved", []string{"delete", "restore"}, []string{"update"}},
			} {
				want := c.plain
				if strict {
					want = c.strict
				}
				if got := refusals(c.id, c.name); !slices.Equal(got, want) {
					t.Errorf("%s: rejected %q, want %q", c.fact, got, want)
				}
			}
		})
	}
}
