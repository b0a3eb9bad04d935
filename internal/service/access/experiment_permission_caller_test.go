package access

import (
	"context"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// managedByGroup creates an experiment that the caller manages only through a group.
func managedByGroup(w *emulator.Workspace) (id string) {
	w.AddUser(emulator.User, "risk")
	id = w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_MANAGE")
	return id
}

func riskGrant(id, level string) *experimentPermissionModel {
	return &experimentPermissionModel{
		ExperimentID: types.StringValue(id), GroupName: types.StringValue("risk"), PermissionLevel: types.StringValue(level),
	}
}

func TestPermission_keepsGroupGrant(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := emulator.New(emulator.Options{})
	id := managedByGroup(w)
	provider := &framework.ProviderData{Client: mlflowtest.Connect(t, w, emulator.UserToken)}
	r := &experimentPermissionResource{framework.ResourceBase{Provider: provider}}
	expectRisk := func(level string) {
		t.Helper()
		got := ""
		for _, g := range w.Grants(id) {
			if g.Principal == emulator.GroupPrincipal("risk") {
				got = g.Level
			}
		}
		if got != level {
			t.Errorf("got level %q of group risk, want %q", got, level)
		}
	}

	var lowered, removed diag.Diagnostics
	if r.grant(ctx, riskGrant(id, "CAN_READ"), &lowered) {
		t.Error("grant lowered the level of the caller's group")
	}
	expectDetail(t, lowered, "Grant would lower your own access", emulator.User, `group "risk"`)
	expectRisk("CAN_MANAGE")
	r.revoke(ctx, riskGrant(id, "CAN_MANAGE"), &removed)
	expectDetail(t, removed, "Grant kept for the current user", emulator.User, `group "risk"`)
	expectRisk("CAN_MANAGE")

	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	var again diag.Diagnostics
	r.revoke(ctx, riskGrant(id, "CAN_MANAGE"), &again)
	if len(again) > 0 {
		t.Errorf("caller with its own grant: got diagnostics %v, want none", again)
	}
	expectRisk("")
}

// TestPermission_oneWriterAtATime: no other write comes between the check and the write of a removal. Otherwise, a grant in between is
// lost, and two removals can each rely on the access that the other revokes.
func TestPermission_oneWriterAtATime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := emulator.New(emulator.Options{})
	id := managedByGroup(w)
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	provider := &framework.ProviderData{Client: mlflowtest.Connect(t, w, emulator.UserToken)}
	r := &experimentPermissionResource{framework.ResourceBase{Provider: provider}}
	w.Before("", anyACL, func(req *http.Request) {
		if lock := r.Provider.Run.ACLLock(id); lock.TryLock() {
			lock.Unlock()
			t.Errorf("%s request without the lock", req.Method)
		}
	})
	var diags diag.Diagnostics
	other := riskGrant(id, "CAN_EDIT")
	other.GroupName = types.StringValue("data-science")
	r.grant(ctx, other, &diags)
	r.revoke(ctx, riskGrant(id, "CAN_MANAGE"), &diags)
	if len(diags) > 0 {
		t.Errorf("got diagnostics %v, want none", diags)
	}
	if n := w.Count("PATCH", anyACL) + w.Count("PUT", anyACL); n != 2 {
		t.Errorf("got %d writes, want 2", n)
	}
}
