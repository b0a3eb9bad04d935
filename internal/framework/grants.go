package framework

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// GrantModel is a direct or inherited grant in a data source.
type GrantModel struct {
	Principal         string   `tfsdk:"principal"`
	Kind              string   `tfsdk:"kind"`
	Level             string   `tfsdk:"level"`
	Inherited         bool     `tfsdk:"inherited"`
	InheritedFrom     []string `tfsdk:"inherited_from"`
	InheritedFromPath *string  `tfsdk:"inherited_from_path"`
}

// PrincipalLevelAttributes returns the schema of a principal and its permission level. All attributes are computed.
func PrincipalLevelAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"principal": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Email or username, group name, or application ID of a service principal.",
		},
		"kind": schema.StringAttribute{Computed: true, MarkdownDescription: "`user`, `group`, or `service_principal`."},
		"level": schema.StringAttribute{Computed: true, MarkdownDescription: "`CAN_READ`, `CAN_EDIT`, or `CAN_MANAGE`; on Databricks also " +
			"`CAN_RUN`; on an MLflow server also `USE`, `NO_PERMISSIONS`, or `DENY`."},
	}
}

// GrantAttributes returns the schema of [GrantModel]. All attributes are computed.
func GrantAttributes() map[string]schema.Attribute {
	attributes := PrincipalLevelAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"inherited": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the grant is inherited from a parent folder or, on an MLflow server, from a grant on " +
				"all experiments. `false` for a direct grant.",
		},
		"inherited_from": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects that the grant is inherited from, for example `/directories/123`; `/directories/` is the root of the " +
				"workspace. On an MLflow server, `every experiment`, `workspace` (managers of the MLflow workspace), or `admin` " +
				"(server admins). Empty for a direct grant.",
		},
		"inherited_from_path": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Path of the folder that the grant is inherited from, for example `/Shared`. Null for a direct grant, and if the " +
				"identity that runs Terraform cannot read the folder.",
		},
	})
	return attributes
}

// GrantsOf returns the grants of an access control list by kind and name of the principal, direct ones first, without the paths of origins.
func GrantsOf(acl mlflow.ACL) []GrantModel {
	grants := []GrantModel{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			g := GrantModel{Principal: e.Principal.Name, Kind: string(e.Principal.Kind), Level: p.Level, Inherited: p.Inherited}
			g.InheritedFrom = append([]string{}, p.InheritedFrom...)
			grants = append(grants, g)
		}
	}
	slices.SortFunc(grants, func(a, b GrantModel) int {
		// A direct grant has no origin, and sorts first.
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal),
			slices.Compare(a.InheritedFrom, b.InheritedFrom), cmp.Compare(a.Level, b.Level))
	})
	return grants
}

// SetOriginPath sets the path of the first origin of an inherited grant whose path is known. folders maps objects to paths.
func (g *GrantModel) SetOriginPath(folders map[string]string) {
	for _, object := range g.InheritedFrom {
		if folder, ok := folders[object]; ok {
			g.InheritedFromPath = &folder
			return
		}
	}
}

// KindNoun returns the noun for a kind of principal in messages.
func KindNoun(kind mlflow.PrincipalKind) string {
	return strings.ReplaceAll(string(kind), "_", " ")
}

// DescribeGrants returns a list of grants for a message, one per line.
func DescribeGrants(grants []mlflow.Grant) string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, fmt.Sprintf("  - %s %q: %s", KindNoun(g.Principal.Kind), g.Principal.Name, g.Level))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
