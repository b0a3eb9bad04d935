package mlflow_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

func TestMeantLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"READ": "CAN_READ", "can_read": "CAN_READ", "Can Read": "CAN_READ", "CAN_VIEW": "CAN_READ",
		"EDIT": "CAN_EDIT", "can_edit": "CAN_EDIT", "can-edit": "CAN_EDIT", "CAN_WRITE": "CAN_EDIT", " CAN_EDIT": "CAN_EDIT",
		"manage": "CAN_MANAGE", "MANAGE": "CAN_MANAGE", "IS_OWNER": "CAN_MANAGE", "CAN_ADMIN": "CAN_MANAGE",
		"use": "USE", "deny": "DENY", "no_permissions": "NO_PERMISSIONS",
		// right as they are, or known to nobody
		"CAN_READ": "", "CAN_EDIT": "", "CAN_MANAGE": "", "USE": "", "DENY": "", "NO_PERMISSIONS": "", "CAN_COMMENT": "", "CAN_RUN": "", "": "",
	} {
		if got := mlflow.MeantLevel(text); got != want {
			t.Errorf("%q means %q, want %q", text, got, want)
		}
	}
}
