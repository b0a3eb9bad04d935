package access_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_unknownPrincipal fails at apply without a partial change. The next apply succeeds, also if the response to the
// write is lost.
func TestFolderPermissions_unknownPrincipal(t *testing.T) {
	w := newFolders(t)
	const folder = "/Teams/retail"
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	config := func(group string) string {
		return w.Config(folderPermissions(folder, fmt.Sprintf(`
  users  = { "ana@example.com" = "CAN_EDIT" }
  groups = { %q = "CAN_RUN" }`, group)))
	}
	put := folderPut(w, folder)
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config("missing"),
			ExpectError: regexp.MustCompile(`(?s)Could not set permissions.*groups\s+=.*GroupName\(missing\).*Nothing was changed.*` +
				`assigned[\s│]+to[\s│]+the[\s│]+workspace`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.AddGroup("created")
				mustHaveFolderGrants(t, w, folder, "user ben@example.com CAN_READ")
				w.Inject(emulator.Fault{Method: "PUT", Path: foldersPath, DropAfter: true})
				w.ResetJournal()
			},
			Config:           config("created"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionCreate)),
			Check: resource.ComposeTestCheckFunc(expectFolderGrants(w, folder, "group created CAN_RUN", "user ana@example.com CAN_EDIT"),
				expectWrites(w, put, put)),
		},
	)
}

// TestFolderPermissions_fixedList: a folder whose permissions the server does not allow to change is not a failure of the server: the write
// is not retried.
func TestFolderPermissions_fixedList(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	b.MustApply(folderConfig("/Teams/retail", readers))
	w.Inject(emulator.Fault{Method: "PUT", Path: foldersPath, Status: 500, Code: "INTERNAL_ERROR",
		Message: "Cannot modify permissions of directory 12", Times: -1})
	w.ResetJournal()
	acctest.ExpectDiagnostics(
		t,
		b.Apply(folderConfig("/Teams/retail", editors)),
		"error: Could not set permissions: Folder \"/Teams/retail\": ",
		"Cannot modify permissions of directory 12",
	)
	w.ExpectWrites(t, folderPut(w, "/Teams/retail"))
	if got := b.Values()["groups"]; !reflect.DeepEqual(got, map[string]any{"risk": "CAN_READ"}) {
		t.Errorf("got groups %v, want those of the last apply", got)
	}
}

// TestFolderPermissions_wrongResponses: invalid responses do not change the state, and a list of another object is never written back.
func TestFolderPermissions_wrongResponses(t *testing.T) {
	t.Parallel()
	faults := map[string]emulator.Fault{
		"another folder": {RawBody: `{"object_id":"/directories/999","object_type":"directory","access_control_list":[]}`,
			ContentType: "application/json"},
		"another type": {RawBody: `{"object_id":"/directories/ID","object_type":"notebook","access_control_list":[]}`,
			ContentType: "application/json"},
		"an entry without principal": {
			RawBody:     `{"object_id":"/directories/ID","object_type":"directory","access_control_list":[{"all_permissions":[]}]}`,
			ContentType: "application/json",
		},
		"no object": {RawBody: `{"object_id":0,"object_type":"DIRECTORY","path":""}`, ContentType: "application/json"},
	}
	for name, fault := range acctest.WrongResponses {
		faults[name] = fault
	}
	for name, fault := range faults {
		for _, call := range []string{"GET " + statusPath, "GET " + foldersPath, "PUT " + foldersPath} {
			t.Run(name+" to "+call, func(t *testing.T) {
				t.Parallel()
				w := newFolders(t)
				b := folderBlock(t, w, emulator.AdminToken)
				b.MustApply(folderConfig("/Teams/retail", readers))
				fault := fault
				fault.Method, fault.Path, _ = strings.Cut(call, " ")
				fault.RawBody, fault.Times = strings.ReplaceAll(fault.RawBody, "/ID", "/"+b.Text("id")), -1
				before, config := b.Values(), folderConfig("/Teams/retail", editors)
				b.Provider = b.Restart()
				b.Read()
				p := b.Plan(config)
				w.Inject(fault)
				if !strings.HasPrefix(call, "PUT") {
					acctest.ExpectDiagnostics(t, b.Refresh(), "error: Could not read permissions: Folder \"/Teams/retail\": ")
				} else {
					acctest.ExpectDiagnostics(t, b.ApplyPlan(p, config), "error: Could not set permissions: Folder \"/Teams/retail\": ")
				}
				if !reflect.DeepEqual(b.Values(), before) {
					t.Errorf("got state %v, want %v", b.Values(), before)
				}
				if call == "GET "+foldersPath {
					acctest.ExpectDiagnostics(t, b.ApplyPlan(p, config)+b.ApplyPlan(b.Plan(nil), nil), "error: Could not ")
					mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_READ")
				}
				w.ClearFaults()
				acctest.ExpectDiagnostics(t, b.Apply(config), "")
				mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_EDIT")
			})
		}
	}
}

// interruptible applies with a context that a test cancels, like Ctrl-C.
type interruptible struct {
	tfprotov6.ProviderServer
	ctx context.Context
}

func (i interruptible) ApplyResourceChange(
	_ context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return i.ProviderServer.ApplyResourceChange(i.ctx, req)
}

// TestFolderPermissions_cancelled cancels an apply during a request: the state contains the changes that were made, and the next apply
// completes it.
func TestFolderPermissions_cancelled(t *testing.T) {
	t.Parallel()
	with := func(path string, groups map[string]string) map[string]any {
		return folderConfig(path, groups, "create_parents", true)
	}
	const retail, created = "/Teams/retail", "/Teams/new/deep"
	for name, c := range map[string]struct {
		call          string
		skip          int32
		prior, config map[string]any
	}{
		"the lookup of the path":      {"GET " + statusPath, 0, nil, with(retail, readers)},
		"the creation":                {mkdirs, 0, nil, with(created, readers)},
		"the lookup after it":         {"GET " + statusPath, 1, nil, with(created, readers)},
		"the read of the list":        {"GET " + foldersPath, 0, nil, with(created, readers)},
		"the write":                   {"PUT " + foldersPath, 0, nil, with(retail, readers)},
		"a change":                    {"PUT " + foldersPath, 0, with(retail, readers), with(retail, editors)},
		"the write on a new folder":   {"PUT " + foldersPath, 0, with(retail, readers), with(created, editors)},
		"the write on the old folder": {"PUT " + foldersPath, 1, with(retail, readers), with(created, editors)},
		"a destroy":                   {"PUT " + foldersPath, 0, with(retail, readers), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			b := folderBlock(t, w, emulator.AdminToken)
			if c.prior != nil {
				b.MustApply(c.prior)
			}
			before := b.Values()
			b.Provider = b.Restart()
			b.Read()
			p := b.Plan(c.config)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b.Server = interruptible{b.Server, ctx}
			method, path, _ := strings.Cut(c.call, " ")
			w.Inject(emulator.Fault{Method: method, Path: path, Skip: int(c.skip), Delay: time.Hour})
			var calls atomic.Int32
			w.Before(method, path, func(*http.Request) {
				if calls.Add(1) == c.skip+1 {
					cancel()
				}
			})
			acctest.ExpectDiagnostics(t, b.ApplyPlan(p, c.config), "error: Could not ")
			if !reflect.DeepEqual(b.Values(), before) {
				t.Errorf("got state %v, want %v", b.Values(), before)
			}
			w.ClearFaults()
			if c.config == nil {
				acctest.ExpectDiagnostics(t, b.Destroy(), "")
				mustHaveFolderGrants(t, w, retail)
				return
			}
			acctest.ExpectDiagnostics(t, b.Apply(c.config), "")
			want := "group risk CAN_READ"
			if c.prior != nil {
				want = "group risk CAN_EDIT"
			}
			folder, _ := c.config["path"].(string)
			mustHaveFolderGrants(t, w, folder, want)
			if folder == created {
				mustHaveFolderGrants(t, w, retail)
			}
		})
	}
}
