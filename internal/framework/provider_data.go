package framework

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// ProviderData is the data that Configure passes to every resource, data source, list resource, and action.
type ProviderData struct {
	// Client is nil while an argument of the provider configuration is unknown.
	Client *mlflow.Client
	// Unknown lists the unknown arguments.
	Unknown []string
	// DefaultTags may be null or unknown, or contain unknown values.
	DefaultTags types.Map
	// Run is shared by all objects of this provider configuration.
	Run RunState
}

// UnknownConfigDetail returns which arguments of the provider configuration are unknown, and what to do.
func (d *ProviderData) UnknownConfigDetail() string {
	return fmt.Sprintf("In the provider configuration, the value of %s is unknown until apply.\n\nFirst apply the resource that the value "+
		"comes from, for example with -target, or set it from a variable or an environment variable.", strings.Join(d.Unknown, ", "))
}
