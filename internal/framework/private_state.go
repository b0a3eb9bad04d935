package framework

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// PrivateState is the private state of a request or a response.
type PrivateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}
