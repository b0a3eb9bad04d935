package review

import "testing"

func TestAccessPath_String(t *testing.T) {
	t.Parallel()
	for want, path := range map[string]AccessPath{
		"CAN_MANAGE directly": {Level: "CAN_MANAGE", Source: SourceGrant},
		"CAN_EDIT inherited":  {Level: "CAN_EDIT", Inherited: true, Source: SourceGrant},
		"CAN_EDIT inherited from /Projects/retail": {Level: "CAN_EDIT", Inherited: true, InheritedFrom: "/Projects/retail",
			Source: SourceGrant},
		"CAN_READ through retail":           {Level: "CAN_READ", Group: "retail", Source: SourceGrant},
		"CAN_RUN through retail, inherited": {Level: "CAN_RUN", Group: "retail", Inherited: true, Source: SourceGrant},
		"DENY through a > b > c":            {Level: "DENY", Group: "a", Via: []string{"b", "c"}, Source: SourceGrant},
		"CAN_EDIT through retail > retail-leads, inherited from /Projects/retail": {"CAN_EDIT", "retail", []string{"retail-leads"}, true,
			"/Projects/retail", SourceGrant},
		"CAN_MANAGE as a server admin": {Level: "CAN_MANAGE", Inherited: true,
			InheritedFrom: "admin", Source: SourceAdmin},
		"CAN_MANAGE as a manager of the MLflow workspace": {Level: "CAN_MANAGE", Inherited: true,
			InheritedFrom: "workspace", Source: SourceAdmin},
		"CAN_MANAGE as an admin": {Level: "CAN_MANAGE", Inherited: true,
			InheritedFrom: "elsewhere", Source: SourceAdmin},
		"CAN_MANAGE as a manager of the MLflow workspace through owners > leads": {"CAN_MANAGE", "owners", []string{"leads"}, true,
			"workspace", SourceAdmin},
		"CAN_READ by default": {Level: "CAN_READ", Inherited: true,
			Source: SourceDefault},
	} {
		if got := path.String(); got != want {
			t.Errorf("%+v: got %q, want %q", path, got, want)
		}
	}
}
