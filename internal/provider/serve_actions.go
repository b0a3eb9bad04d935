package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Terraform validates an action before it knows the values of variables, and not again when it plans or invokes the action (seen with
// 1.16.1). The server therefore validates each configuration before an action receives it. Otherwise, a deletion could run without the
// limit that a variable sets.

// PlanAction implements [tfprotov6.ActionServer].
func (s scopedServer) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	diags, err := s.validateAction(ctx, req.ActionType, req.Config)
	if err != nil || len(diags) > 0 {
		return &tfprotov6.PlanActionResponse{Diagnostics: diags}, err
	}
	return s.ActionServer.PlanAction(ctx, req)
}

// InvokeAction implements [tfprotov6.ActionServer].
func (s scopedServer) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	diags, err := s.validateAction(ctx, req.ActionType, req.Config)
	if err != nil {
		return nil, err
	}
	if len(diags) > 0 {
		completed := tfprotov6.InvokeActionEvent{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: diags}}
		return &tfprotov6.InvokeActionServerStream{Events: slices.Values([]tfprotov6.InvokeActionEvent{completed})}, nil
	}
	return s.ActionServer.InvokeAction(ctx, req)
}

// validateAction returns the errors of a configuration. Terraform has reported the warnings.
func (s scopedServer) validateAction(
	ctx context.Context, actionType string, config *tfprotov6.DynamicValue,
) ([]*tfprotov6.Diagnostic, error) {
	resp, err := s.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: actionType, Config: config})
	if err != nil {
		return nil, err
	}
	isWarning := func(d *tfprotov6.Diagnostic) bool { return d.Severity != tfprotov6.DiagnosticSeverityError }
	return slices.DeleteFunc(resp.Diagnostics, isWarning), nil
}
