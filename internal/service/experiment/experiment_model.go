package experiment

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// experimentModel is the resource mlflow_experiment in a configuration, a plan, or a state.
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

// object describes the experiment in messages.
func (m *experimentModel) object() string {
	return framework.DescribeExperiment(m.ID.ValueString(), m.Name.ValueString())
}

// workspaceObject returns the experiment of a state, with its workspace in the state and in a plan.
func (m *experimentModel) workspaceObject(plan experimentModel) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: m.object(), ID: m.ID.ValueString(), State: m.Workspace, Plan: plan.Workspace}
}

// stateObject returns the experiment for [framework.ResourceBase.CheckServer].
func (m *experimentModel) stateObject() framework.StateObject {
	return framework.StateObject{Object: m.object(), ExperimentID: m.ID.ValueString(), Created: m.CreationTime.ValueString()}
}

// wantedTags returns the tags that the server should have: the managed tags, and the description.
func (m *experimentModel) wantedTags() map[string]string {
	wanted := framework.StringMap(m.TagsAll)
	if d := m.Description.ValueString(); d != "" {
		wanted[mlflow.TagDescription] = d
	}
	return wanted
}

// setComputed sets the computed attributes that are unknown or null.
func (m *experimentModel) setComputed(e mlflow.Experiment, experimentURL string) {
	m.ID = types.StringValue(e.ID)
	if m.ArtifactLocation.IsUnknown() || m.ArtifactLocation.IsNull() {
		m.ArtifactLocation = framework.OrNull(e.ArtifactLocation)
	}
	m.TraceLocation = resolveTraceLocation(m.TraceLocation, e.TraceTables())
	m.CreationTime = framework.FormatTime(e.Created())
	m.URL = keepQuery(m.URL, experimentURL)
}

// refresh updates the state from the server. It reads only the tags that the state manages, and keeps equivalent spellings.
func (m *experimentModel) refresh(client *mlflow.Client, e mlflow.Experiment, experimentURL string) {
	if m.Name.IsNull() || client.NormalizeName(m.Name.ValueString()) != client.NormalizeName(e.Name) {
		m.Name = types.StringValue(e.Name)
	}
	if !sameArtifactLocation(m.ArtifactLocation.ValueString(), e.ArtifactLocation) {
		m.ArtifactLocation = framework.OrNull(e.ArtifactLocation)
	}
	m.TraceLocation = refreshTraceLocation(m.TraceLocation, e.TraceTables())
	m.refreshTags(e.TagMap())
	m.setComputed(e, experimentURL)
}

// equal reports whether two models are the same in everything that a refresh can change.
func (m *experimentModel) equal(o experimentModel) bool {
	return m.ID.Equal(o.ID) && m.Name.Equal(o.Name) && m.ArtifactLocation.Equal(o.ArtifactLocation) && m.Description.Equal(o.Description) &&
		m.TraceLocation.Equal(o.TraceLocation) && m.Tags.Equal(o.Tags) && m.TagsAll.Equal(o.TagsAll) && m.CreationTime.Equal(o.CreationTime) &&
		m.URL.Equal(o.URL)
}

// refreshTags updates the managed tags from the server. A managed tag that the server does not have is removed from the state.
func (m *experimentModel) refreshTags(server map[string]string) {
	m.Tags = refreshTagMap(m.Tags, server)
	m.TagsAll = refreshTagMap(m.TagsAll, server)
	if m.Description.ValueString() != "" { // null and "" are unmanaged
		m.Description = framework.OrNull(server[mlflow.TagDescription])
	}
}

// importTags sets the tags of an imported experiment: all that are neither MLflow's own nor equal to a default tag of the provider. Empty
// tags are left over from removed ones.
func (m *experimentModel) importTags(e mlflow.Experiment, defaults map[string]string) {
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

// refreshTagMap returns a map with the keys of m and the values of the server, without the keys that the server does not have. Null entries
// remain: they manage nothing, and the configuration still has them.
func refreshTagMap(m types.Map, server map[string]string) types.Map {
	if m.IsNull() {
		return m
	}
	refreshed := make(map[string]types.String, len(m.Elements()))
	for key, element := range m.Elements() {
		if element.IsNull() {
			refreshed[key] = types.StringNull()
		} else if value, ok := server[key]; ok {
			refreshed[key] = types.StringValue(value)
		}
	}
	return framework.MapValue(refreshed)
}

// sameArtifactLocation reports whether two artifact locations are the same. A trailing slash makes no difference.
func sameArtifactLocation(a, b string) bool {
	return strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}

// keepQuery returns the URL of an experiment, or the one in the state if the new one only lacks the workspace ID, which not every response
// contains.
func keepQuery(state types.String, text string) types.String {
	u, err := url.Parse(text)
	if err == nil && u.RawQuery == "" && strings.HasPrefix(state.ValueString(), text+"?") {
		return state
	}
	return framework.OrNull(text)
}
