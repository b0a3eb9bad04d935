package access

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

var (
	_ list.ListResourceWithConfigure        = (*experimentPermissionsList)(nil)
	_ list.ListResourceWithConfigValidators = (*experimentPermissionsList)(nil)
	_ list.ListResourceWithValidateConfig   = (*experimentPermissionsList)(nil)
)

// experimentPermissionsList lists the permissions of experiments for `terraform query`.
type experimentPermissionsList struct {
	experimentPermissionsResource
	framework.ListValidation
}

// NewExperimentPermissionsList returns the list resource mlflow_experiment_permissions.
func NewExperimentPermissionsList() list.ListResource { return &experimentPermissionsList{} }

// ListResourceConfigSchema implements [list.ListResource].
func (l *experimentPermissionsList) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = framework.ListSchema("Lists the permissions of active experiments, to inspect or import them with `terraform query` " +
		"(Terraform 1.14 and newer). With `include_resource`, the permissions are read; an experiment whose permissions cannot be read " +
		"is reported as a warning.")
}

// List implements [list.ListResource]. It reads the permissions only if the request includes the resource.
func (l *experimentPermissionsList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = l.ListResults(ctx, req, func(e framework.ListedExperiment, result *list.ListResult) {
		id := types.StringValue(e.ID)
		model := experimentPermissionsModel{ID: id, ExperimentID: id, Workspace: e.Workspace, Declared: acl.NullDeclared()}
		result.Diagnostics.Append(l.SetIdentity(ctx, result.Identity, model.identity())...)
		if !req.IncludeResource {
			return
		}
		read, problem := model.list(&l.ResourceBase).Read(ctx)
		if problem != nil {
			*result = warningResult("read permissions", framework.DescribeExperiment(e.ID, e.Name), problem.Err,
				strings.Join(problem.Advice, " "))
			return
		}
		model.SetFromACL(l.Client(), read, nil)
		result.Diagnostics.Append(result.Resource.Set(ctx, &model)...)
	})
}

// warningResult returns a warning that replaces the result for an object that cannot be read. An error would end the list, and an import of
// the object would also fail.
func warningResult(action, object string, err error, advice ...string) list.ListResult {
	var result list.ListResult
	framework.AddWarning(&result.Diagnostics, action, object, err, advice...)
	return result
}
