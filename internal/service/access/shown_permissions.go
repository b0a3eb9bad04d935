package access

import (
	"cmp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// shownPermissions is what the data sources show of an access control list.
type shownPermissions struct {
	Grants    []framework.GrantModel `tfsdk:"grants"`
	Effective []effectiveModel       `tfsdk:"effective"`
}

type effectiveModel struct {
	Principal string `tfsdk:"principal"`
	Kind      string `tfsdk:"kind"`
	Level     string `tfsdk:"level"`
}

// shownAttributes is the schema of [shownPermissions].
func shownAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"grants": schema.ListNestedAttribute{
			Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: framework.GrantAttributes()},
			MarkdownDescription: "All grants, including those of `admins`, by kind and principal; direct grants come before inherited ones.",
		},
		"effective": schema.ListNestedAttribute{
			Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: framework.PrincipalLevelAttributes()},
			MarkdownDescription: "Highest level of each principal, by kind and principal. A principal that has both `CAN_EDIT` and `CAN_RUN`, of which neither includes " +
				"the other, has an element for each. Group membership is not expanded: a user can have more through a group.",
		},
	}
}

// fill lists the grants. folders has the paths of the objects that they are inherited from, as far as is known.
func (m *shownPermissions) fill(acl mlflow.ACL, folders map[string]string) {
	m.Grants, m.Effective = framework.GrantsOf(acl), []effectiveModel{}
	for i := range m.Grants {
		m.Grants[i].SetOriginPath(folders)
	}
	for _, e := range acl.Entries {
		for _, level := range e.Effective() {
			m.Effective = append(m.Effective, effectiveModel{Principal: e.Principal.Name, Kind: string(e.Principal.Kind), Level: level})
		}
	}
	slices.SortFunc(m.Effective, func(a, b effectiveModel) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Level, b.Level))
	})
}
