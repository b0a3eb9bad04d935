package acl

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Descriptions are the parts of the attribute descriptions of [Declared] that differ between resources.
type Descriptions struct {
	// Groups, Users, and ServicePrincipals describe the maps; Levels lists the permission levels.
	Groups, Users, ServicePrincipals, Levels string
}

// Attributes returns the schema of [Declared].
func Attributes(d Descriptions) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"groups":             principalsAttribute(mlflow.KindGroup, d.Groups, d.Levels),
		"users":              principalsAttribute(mlflow.KindUser, d.Users, d.Levels),
		"service_principals": principalsAttribute(mlflow.KindServicePrincipal, d.ServicePrincipals, d.Levels),
		"keep_caller_access": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Keep `CAN_MANAGE` for the identity that runs Terraform if no declared or inherited grant provides it, " +
				"and for identities for which earlier runs kept it; reject an entry that lowers the access of the current identity. The " +
				"kept grants are exported as `retained`. With `false`, only the declared grants apply, and you can lose access. " +
				"Defaults to `true`.",
		},
		"retained": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Map of principal to permission level of the undeclared grants that the provider keeps: `CAN_MANAGE` " +
				"of identities that ran Terraform and had no other access, and grants that the server itself adds to the list. A grant " +
				"is retained while it exists and is undeclared; `keep_caller_access = false` removes those of identities. Empty if no " +
				"grant is retained.",
		},
	}
}

func principalsAttribute(kind mlflow.PrincipalKind, description, levels string) schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.StringType, Optional: true,
		MarkdownDescription: fmt.Sprintf("%s Levels: %s. Entries are updated in place. An entry with a null level is ignored.",
			description, levels),
		Validators: []validator.Map{principalsValidator{kind}},
	}
}
