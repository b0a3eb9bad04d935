package framework

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// ProviderData is what Configure hands to every resource and data source.
type ProviderData struct {
	// Client is nil while a setting of the provider block is unknown.
	Client *mlflow.Client
	// Unknown names those settings.
	Unknown []string
	// DefaultTags may be null, unknown, or hold unknown values.
	DefaultTags types.Map
	// Run is shared by all objects of this provider configuration.
	Run RunState
}

// UnknownConfigDetail words that the provider's configuration is not known yet.
func (d *ProviderData) UnknownConfigDetail() string {
	return fmt.Sprintf("The provider block's %s is known only after apply. Apply first what it comes from, for example with -target, or "+
		"set it from a variable or the environment.", strings.Join(d.Unknown, ", "))
}
