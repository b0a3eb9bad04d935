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

// GrantModel is one grant in a data source: direct, or inherited by the experiment.
type GrantModel struct {
	Principal         string   `tfsdk:"principal"`
	Kind              string   `tfsdk:"kind"`
	Level             string   `tfsdk:"level"`
	Inherited         bool     `tfsdk:"inherited"`
	InheritedFrom     []string `tfsdk:"inherited_from"`
	InheritedFromPath *string  `tfsdk:"inherited_from_path"`
}

// PrincipalLevelAttributes is the schema of [effectiveModel], all computed.
func PrincipalLevelAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"principal": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Email or username, group name, or application ID of a service principal.",
		},
		"kind": schema.StringAttribute{Computed: true, MarkdownDescription: "`user`, `group`, or `service_principal`."},
		"level": schema.StringAttribute{Computed: true, MarkdownDescription: "`CAN_READ`, `CAN_EDIT`, or `CAN_MANAGE`; on Databricks also `CAN_RUN`; on an MLflow server also " +
			"`USE`, `NO_PERMISSIONS`, or `DENY`."},
	}
}

// GrantAttributes is the schema of [GrantModel], all computed.
func GrantAttributes() map[string]schema.Attribute {
	attributes := PrincipalLevelAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"inherited": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the grant is inherited from a parent folder or, on an MLflow server, from a grant on all experiments. " +
				"`false` for a direct grant.",
		},
		"inherited_from": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects that the grant is inherited from, for example `/directories/123`; `/directories/` is the root of the workspace. " +
				"On an MLflow server, `every experiment`, `workspace` (workspace admins), or `admin` (server admins). Empty for a direct grant.",
		},
		"inherited_from_path": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Path of the folder that the grant is inherited from, for example `/Shared`. Null for a direct grant, and if the identity that runs " +
				"Terraform cannot read the folder.",
		},
	})
	return attributes
}

// GrantsOf lists the grants by kind and name of the principal, direct ones first. Where they come from is still to be located.
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
		// A direct grant has no origin, and so comes first.
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Principal, b.Principal),
			slices.Compare(a.InheritedFrom, b.InheritedFrom), cmp.Compare(a.Level, b.Level))
	})
	return grants
}

// SetOriginPath sets the path of the first object that a grant comes from whose path is known.
func (g *GrantModel) SetOriginPath(folders map[string]string) {
	for _, object := range g.InheritedFrom {
		if folder, ok := folders[object]; ok {
			g.InheritedFromPath = &folder
			return
		}
	}
}

// KindNoun is how a kind of principal is called in messages.
func KindNoun(kind mlflow.PrincipalKind) string {
	return strings.ReplaceAll(string(kind), "_", " ")
}

// DescribeGrants lists grants for a message, one a line.
func DescribeGrants(grants []mlflow.Grant) string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, fmt.Sprintf("  - %s %q: %s", KindNoun(g.Principal.Kind), g.Principal.Name, g.Level))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
