package access

import (
	"cmp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// permissionsModel contains the attributes of the data sources that an access control list determines.
type permissionsModel struct {
	Grants    []framework.GrantModel `tfsdk:"grants"`
	Effective []effectiveModel       `tfsdk:"effective"`
}

type effectiveModel struct {
	Principal string `tfsdk:"principal"`
	Kind      string `tfsdk:"kind"`
	Level     string `tfsdk:"level"`
}

// permissionsAttributes returns the schema of [permissionsModel].
func permissionsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"grants": schema.ListNestedAttribute{
			Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: framework.GrantAttributes()},
			MarkdownDescription: "Direct and inherited grants, including those of `admins`, sorted by kind and principal, direct grants " +
				"first.",
		},
		"effective": schema.ListNestedAttribute{
			Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: framework.PrincipalLevelAttributes()},
			MarkdownDescription: "Highest level of each principal, sorted by kind and principal. A principal that has both `CAN_EDIT` " +
				"and `CAN_RUN`, of which neither includes the other, has an element for each. Group membership is not expanded: a user " +
				"can have a higher level through a group.",
		},
	}
}

// setFromACL sets the attributes from a list. folders maps the objects that grants are inherited from to paths, as far as they are known.
func (m *permissionsModel) setFromACL(acl mlflow.ACL, folders map[string]string) {
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
