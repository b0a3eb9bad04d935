package experiment

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// experimentModel is an mlflow_experiment in configuration, plan and state.
type experimentModel struct {
	ID               types.String `tfsdk:"id"`
	Name             types.String `tfsdk:"name"`
	ArtifactLocation types.String `tfsdk:"artifact_location"`
	TraceLocation    types.Object `tfsdk:"trace_location"`
	Description      types.String `tfsdk:"description"`
	Tags             types.Map    `tfsdk:"tags"`
	TagsAll          types.Map    `tfsdk:"tags_all"`
	AdoptExisting    types.Bool   `tfsdk:"adopt_existing"`
	IfDeleted        types.String `tfsdk:"if_deleted"`
	CreateParents    types.Bool   `tfsdk:"create_parents"`
	DeletionPolicy   types.String `tfsdk:"deletion_policy"`
	CreationTime     types.String `tfsdk:"creation_time"`
	URL              types.String `tfsdk:"url"`
	Workspace        types.String `tfsdk:"workspace"`
}

// Values of if_deleted.
const (
	ifDeletedError     = "error"
	ifDeletedRestore   = "restore"
	ifDeletedSupersede = "supersede"
)

// Values of deletion_policy.
const (
	deletionDelete        = "delete"
	deletionDeleteIfEmpty = "delete_if_empty"
	deletionRetain        = "retain"
	deletionPrevent       = "prevent"
)

// deletionPolicy returns the deletion policy, with its default.
func (m *experimentModel) deletionPolicy() string {
	return cmp.Or(m.DeletionPolicy.ValueString(), deletionDeleteIfEmpty)
}

func (m *experimentModel) identity() map[string]types.String {
	return map[string]types.String{framework.IdentityExperimentID: m.ID, framework.AttributeWorkspace: m.Workspace}
}

// placed is the experiment of a state, with its workspace there and in a plan.
func (m *experimentModel) placed(plan experimentModel) framework.WorkspaceObject {
	id := m.ID.ValueString()
	return framework.WorkspaceObject{Object: framework.DescribeExperiment(id, m.Name.ValueString()), ID: id, State: m.Workspace, Plan: plan.Workspace}
}

// remembered is the experiment as [ResourceBase.CheckServer] looks for it.
func (m *experimentModel) remembered() framework.StateObject {
	id := m.ID.ValueString()
	return framework.StateObject{Object: framework.DescribeExperiment(id, m.Name.ValueString()), ExperimentID: id, Created: m.CreationTime.ValueString()}
}

// wantedTags are the tags that the server should hold: the managed ones, and the description.
func (m *experimentModel) wantedTags() map[string]string {
	wanted := framework.StringMap(m.TagsAll)
	if d := m.Description.ValueString(); d != "" {
		wanted[mlflow.TagDescription] = d
	}
	return wanted
}

// fill sets the computed values that are still unknown or null, once the server told them.
func (m *experimentModel) fill(e mlflow.Experiment, page string) {
	m.ID = types.StringValue(e.ID)
	if m.ArtifactLocation.IsUnknown() || m.ArtifactLocation.IsNull() {
		m.ArtifactLocation = framework.OrNull(e.ArtifactLocation)
	}
	m.TraceLocation = resolveTraceLocation(m.TraceLocation, e.TraceTables())
	m.CreationTime = framework.FormatTime(e.Created())
	m.URL = keepQuery(m.URL, page)
}

// refresh brings the state up to what the server says. Only the keys that the state manages are looked at, and a spelling that
// means the same stays.
func (m *experimentModel) refresh(client *mlflow.Client, e mlflow.Experiment, page string) {
	if m.Name.IsNull() || client.NormalizeName(m.Name.ValueString()) != client.NormalizeName(e.Name) {
		m.Name = types.StringValue(e.Name)
	}
	if !sameLocation(m.ArtifactLocation.ValueString(), e.ArtifactLocation) {
		m.ArtifactLocation = framework.OrNull(e.ArtifactLocation)
	}
	m.TraceLocation = refreshTraceLocation(m.TraceLocation, e.TraceTables())
	m.observeTags(e.TagMap())
	m.fill(e, page)
}

// equal compares what a refresh can change.
func (m *experimentModel) equal(o experimentModel) bool {
	return m.ID.Equal(o.ID) && m.Name.Equal(o.Name) && m.ArtifactLocation.Equal(o.ArtifactLocation) && m.Description.Equal(o.Description) &&
		m.TraceLocation.Equal(o.TraceLocation) && m.Tags.Equal(o.Tags) && m.TagsAll.Equal(o.TagsAll) && m.CreationTime.Equal(o.CreationTime) && m.URL.Equal(o.URL)
}

// observeTags takes the values of managed tags from what the server holds; a managed tag that is not there leaves the state.
func (m *experimentModel) observeTags(server map[string]string) {
	m.Tags = observed(m.Tags, server)
	m.TagsAll = observed(m.TagsAll, server)
	if m.Description.ValueString() != "" { // null and "" are unmanaged
		m.Description = framework.OrNull(server[mlflow.TagDescription])
	}
}

// takeTags fills the tags of an imported experiment: every tag that is neither MLflow's own nor one of the provider's defaults is
// taken as declared. Blank ones are the remains of removed tags.
func (m *experimentModel) takeTags(e mlflow.Experiment, defaults map[string]string) {
	tags, all := map[string]string{}, map[string]string{}
	for key, value := range e.TagMap() {
		if strings.HasPrefix(key, "mlflow.") || value == "" {
			continue
		}
		all[key] = value
		if d, isDefault := defaults[key]; !isDefault || d != value {
			tags[key] = value
		}
	}
	m.Tags, m.TagsAll = types.MapNull(types.StringType), framework.StringMapValue(all)
	if len(tags) > 0 {
		m.Tags = framework.StringMapValue(tags)
	}
	m.Description = framework.OrNull(e.TagMap()[mlflow.TagDescription])
}

// observed returns a map with the keys of m and the values of the server. A key that the server does not have is left out. An entry that is null
// stays: it manages nothing, and the configuration still has it.
func observed(m types.Map, server map[string]string) types.Map {
	if m.IsNull() {
		return m
	}
	seen := make(map[string]types.String, len(m.Elements()))
	for key, element := range m.Elements() {
		if element.IsNull() {
			seen[key] = types.StringNull()
		} else if value, ok := server[key]; ok {
			seen[key] = types.StringValue(value)
		}
	}
	return framework.MapValue(seen)
}

// sameLocation reports whether two artifact locations are one: a trailing slash means nothing.
func sameLocation(a, b string) bool {
	return strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}

// keepQuery keeps the known address of a page when the new one only lacks the workspace id, which not every answer tells.
func keepQuery(known types.String, page string) types.String {
	u, err := url.Parse(page)
	if err == nil && u.RawQuery == "" && strings.HasPrefix(known.ValueString(), page+"?") {
		return known
	}
	return framework.OrNull(page)
}
