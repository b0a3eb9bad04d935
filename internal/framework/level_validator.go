package framework

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// CheckLevel adds an error for an empty or misspelled permission level. It suggests the intended level.
func CheckLevel(diags *diag.Diagnostics, at path.Path, level types.String) {
	if level.IsNull() || level.IsUnknown() {
		return
	}
	text := level.ValueString()
	switch meant := mlflow.SuggestLevel(text); {
	case meant != "":
		diags.AddAttributeError(at, "Invalid permission level", fmt.Sprintf("%q is not a permission level. Use %s.", text, meant))
	case strings.TrimSpace(text) == "":
		diags.AddAttributeError(at, "Invalid permission level", fmt.Sprintf("%q is not a permission level. Use %s.", text, commonLevels))
	}
}

// commonLevels is the list of the levels that every server supports, for messages.
const commonLevels = mlflow.LevelRead + ", " + mlflow.LevelEdit + ", or " + mlflow.LevelManage

// LevelValidator validates a permission level. With CommonOnly, it rejects levels other than CAN_RUN and those that every server supports.
type LevelValidator struct{ CommonOnly bool }

// Description implements [validator.Describer].
func (LevelValidator) Description(context.Context) string { return "must be a permission level" }

// MarkdownDescription implements [validator.Describer].
func (v LevelValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (v LevelValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	CheckLevel(&resp.Diagnostics, req.Path, req.ConfigValue)
	text := req.ConfigValue.ValueString()
	common := []string{"", mlflow.LevelRead, mlflow.LevelRun, mlflow.LevelEdit, mlflow.LevelManage}
	if v.CommonOnly && !resp.Diagnostics.HasError() && !slices.Contains(common, text) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid permission level", fmt.Sprintf("%q cannot be used here. Use CAN_READ, CAN_RUN, "+
			"CAN_EDIT, or CAN_MANAGE.", text))
	}
}
