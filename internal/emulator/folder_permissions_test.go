package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func acl(entries ...object) object { return object{"access_control_list": entries} }

func toUser(name, level string) object {
	return object{"user_name": name, "permission_level": level}
}

func TestFolderPermissions(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Mkdirs("/Projects/churn")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn/x", nil)
	projects := w.FolderID("/Projects")
	const admins = "group_name admins: CAN_MANAGE[/directories/]"
	inherited := "user_name " + emulator.User + ": %s[/directories/" + projects + "]"
	for _, level := range []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"} {
		written := admin.ok("PUT", foldersAPI+projects, acl(toUser(emulator.User, level)))
		if got, want := rules(written), []string{admins, "user_name " + emulator.User + ": " + level}; !slices.Equal(got, want) {
			t.Errorf("PUT returns %q, want %q", got, want)
		}
		if written.json["object_id"] != "/directories/"+projects || written.json["object_type"] != "directory" {
			t.Errorf("object: got %v %v", written.json["object_id"], written.json["object_type"])
		}
		if got := admin.get(foldersAPI + projects).raw; got != written.raw {
			t.Errorf("GET returns %s\nPUT returned %s", got, written.raw)
		}
		for _, below := range []string{foldersAPI + w.FolderID("/Projects/churn"), permissionsAPI + id} {
			if got, want := rules(admin.ok("GET", below, nil)), []string{admins, fmt.Sprintf(inherited, level)}; !slices.Equal(got, want) {
				t.Errorf("%s inherits %q, want %q", below, got, want)
			}
		}
		admin.as(emulator.UserToken).experiment(id)
	}
	admin.ok("PATCH", foldersAPI+projects, acl(toUser(emulator.OtherUser, "CAN_RUN")))
	want := []emulator.Grant{{emulator.UserPrincipal(emulator.User), "CAN_MANAGE"}, {emulator.UserPrincipal(emulator.OtherUser), "CAN_RUN"}}
	if got := w.FolderGrants("/Projects"); !slices.Equal(got, want) {
		t.Errorf("after PATCH: got %v, want %v", got, want)
	}
	// The caller keeps only inherited access.
	admin.as(emulator.UserToken).ok("PUT", foldersAPI+projects, acl())
	if got := w.FolderGrants("/Projects"); got != nil {
		t.Errorf("after PUT of an empty list: %v", got)
	}
	admin.as(emulator.UserToken).get(foldersAPI+projects).wantError(t, 403, "PERMISSION_DENIED",
		emulator.User+" does not have Manage permissions on /directories/"+projects)
	w.RevokeFolder("/Projects", emulator.UserPrincipal(emulator.User)) // no grant to revoke
}

func TestFolderPermissions_rejected(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.Mkdirs("/Projects")
	w.AddGitFolder("/Projects/code", false)
	w.AddGitFolder("/Projects/cli", true)
	experiment := w.CreateExperiment(emulator.Admin, "/Projects/x", nil)
	notebook := w.AddNotebookExperiment(emulator.Admin, "/Projects/notebook")
	list := acl(toUser(emulator.User, "CAN_READ"))
	for _, folder := range []string{"/Shared", "/Users", "/Repos"} {
		id := w.FolderID(folder)
		before := w.FolderGrants(folder)
		for _, method := range []string{"PUT", "PATCH"} {
			admin.do(method, foldersAPI+id, list).wantError(t, 500, "INTERNAL_ERROR", "Cannot modify permissions of directory "+id)
		}
		admin.ok("GET", foldersAPI+id, nil)
		if got := w.FolderGrants(folder); !slices.Equal(got, before) {
			t.Errorf("%s has %v", folder, got)
		}
	}
	root := foldersAPI + w.FolderID("/")
	for _, body := range []object{{}, list} {
		admin.do("PUT", root, body).wantError(t, 400, "INVALID_PARAMETER_VALUE", "Cannot remove admins's CAN_MANAGE permission on 0")
	}
	admin.ok("PUT", root, acl(object{"group_name": "admins", "permission_level": "CAN_MANAGE"}, toUser(emulator.User, "CAN_READ")))

	for kind, id := range map[string]string{
		"an experiment": experiment, "a notebook": notebook,
		"a Git folder": folderID(admin, "/Projects/code"), "a Git folder with Git CLI access": folderID(admin, "/Projects/cli"),
	} {
		t.Run(kind, func(t *testing.T) {
			admin.get(foldersAPI+id).wantError(t, 400, "INVALID_PARAMETER_VALUE", id+" is not a directory")
			admin.do("PUT", foldersAPI+id, list).wantError(t, 400, "INVALID_PARAMETER_VALUE", id+" is not a directory")
		})
	}
	admin.get(foldersAPI+"42").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Node ID 42 does not exist.")
	admin.do("PUT", foldersAPI+w.FolderID("/Projects"), acl(toUser(emulator.User, "IS_OWNER"))).
		wantError(t, 400, "INVALID_PARAMETER_VALUE", "'IS_OWNER'")
	admin.do("PUT", foldersAPI+w.FolderID("/Projects"), acl(object{"group_name": "none", "permission_level": "CAN_RUN"})).
		wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Principal: GroupName(none) does not exist")
	ana := admin.as(emulator.UserToken)
	for _, method := range []string{"GET", "PUT", "PATCH"} {
		w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
		ana.do(method, foldersAPI+w.FolderID("/Projects"), object{}).wantError(t, 403, "PERMISSION_DENIED", "does not have Manage permissions")
	}
}

func TestPermissionLevels(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	for path, want := range map[string]string{
		permissionsAPI + admin.create("/Shared/x"): "CAN_READ CAN_EDIT CAN_MANAGE",
		foldersAPI + w.FolderID("/Shared"):         "CAN_READ CAN_RUN CAN_EDIT CAN_MANAGE",
	} {
		var got []string
		for _, l := range list(admin.ok("GET", path+"/permissionLevels", nil).json, "permission_levels") {
			if text(l, "description") == "" {
				t.Error("a level without a description")
			}
			got = append(got, text(l, "permission_level"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: levels = %q, want %q", path, got, want)
		}
	}
}

// The owner of a folder is the caller of mkdirs, or the user whose home folder it is.
func TestAddManagers_folders(t *testing.T) {
	admins := emulator.Grant{emulator.GroupPrincipal("admins"), "CAN_MANAGE"}
	ana := emulator.Grant{emulator.UserPrincipal(emulator.User), "CAN_MANAGE"}
	ben := emulator.Grant{emulator.UserPrincipal(emulator.OtherUser), "CAN_READ"}
	for _, adds := range []bool{false, true} {
		w, admin := start(t, emulator.Options{AddManagers: adds})
		w.Mkdirs("/Projects")
		w.GrantFolder("/Theirs", ana.Principal, "CAN_MANAGE")
		admin.as(emulator.UserToken).ok("POST", "/api/2.0/workspace/mkdirs", object{"path": "/Theirs/a/b"})
		for folder, added := range map[string][]emulator.Grant{
			"/Projects": {admins}, "/Theirs/a": {admins, ana}, "/Theirs/a/b": {admins, ana}, "/Users/" + emulator.User: {admins, ana},
		} {
			for _, method := range []string{"PUT", "PATCH"} {
				for _, p := range []emulator.Principal{admins.Principal, ana.Principal} {
					w.RevokeFolder(folder, p)
				}
				admin.ok(method, foldersAPI+w.FolderID(folder), acl(toUser(emulator.OtherUser, "CAN_READ")))
				want := []emulator.Grant{ben}
				if adds {
					want = append(slices.Clone(added), ben)
				}
				if got := w.FolderGrants(folder); !slices.Equal(got, want) {
					t.Errorf("adds managers %t: after %s, %s has %v, want %v", adds, method, folder, got, want)
				}
			}
		}
	}
}
