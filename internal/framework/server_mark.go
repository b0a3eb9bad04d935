package framework

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Every server has an experiment 1. Each resource therefore stores its server in private state, on every read and write. If the provider is
// configured for a different server later, it does not change the objects with the same IDs there.

const serverKey = "server"

// ServerMark identifies a server in private state.
type ServerMark struct {
	URL  string `json:"url"`
	Kind string `json:"kind"`
	// Workspace is the MLflow workspace, empty on Databricks.
	Workspace string `json:"workspace,omitempty"`
	// WorkspaceID is the ID of the Databricks workspace, empty while it is unknown.
	WorkspaceID string `json:"workspace_id,omitempty"`
}

// MarkOf returns the server in private state, the zero value if there is none.
func MarkOf(ctx context.Context, private PrivateState) ServerMark {
	var mark ServerMark
	if value, _ := private.GetKey(ctx, serverKey); len(value) > 0 && json.Unmarshal(value, &mark) != nil {
		return ServerMark{}
	}
	return mark
}

// mark returns the server that the provider is configured for.
func (b *ResourceBase) mark(ctx context.Context) (ServerMark, error) {
	e, err := b.Client().Endpoint(ctx)
	if err != nil {
		return ServerMark{}, err
	}
	client := b.Client()
	return ServerMark{URL: e.BaseURL.String(), Kind: client.Kind(), Workspace: client.MLflowWorkspace(), WorkspaceID: e.WorkspaceID}, nil
}

// StoreServer stores the server that the provider is configured for in private state.
func (b *ResourceBase) StoreServer(ctx context.Context, private PrivateState) diag.Diagnostics {
	now, err := b.mark(ctx)
	if err != nil {
		return nil // no request can have succeeded, so keep the stored server
	}
	if before := MarkOf(ctx, private); now.WorkspaceID == "" && before.same(now) {
		now.WorkspaceID = before.WorkspaceID
	}
	value, err := json.Marshal(now)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Could not store server", err.Error())}
	}
	return private.SetKey(ctx, serverKey, value)
}

// same reports whether two marks are the same server, according to their URLs and workspaces.
func (m ServerMark) same(o ServerMark) bool {
	sameID := m.WorkspaceID == o.WorkspaceID || m.WorkspaceID == "" || o.WorkspaceID == ""
	return m.Kind == o.Kind && m.Workspace == o.Workspace && sameID && sameURL(m.URL, o.URL)
}

// sameURL reports whether two server URLs are equivalent. It ignores the case of the host, a default port, a trailing slash, and a query
// such as ?o=1234.
func sameURL(a, b string) bool { return normalizeURL(a) == normalizeURL(b) }

func normalizeURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if defaultPort := map[string]string{"http": "80", "https": "443"}[scheme]; u.Port() == defaultPort {
		host = strings.TrimSuffix(host, ":"+defaultPort)
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}

// describe returns the URL of a server, with the workspace if the URL does not distinguish it from the other server.
func (m ServerMark) describe(other ServerMark) string {
	switch {
	case m.Workspace != "" && (m.Workspace != other.Workspace || m.Workspace != mlflow.DefaultWorkspace):
		return fmt.Sprintf("MLflow workspace %q of %s", m.Workspace, m.URL)
	case m.WorkspaceID != "" && m.WorkspaceID != other.WorkspaceID:
		return fmt.Sprintf("workspace %s of %s", m.WorkspaceID, m.URL)
	default:
		return m.URL
	}
}

// settingsFor returns which arguments to set to configure the provider for this server.
func (m ServerMark) settingsFor(now ServerMark) string {
	var settings []string
	otherURL := m.Kind != now.Kind || !sameURL(m.URL, now.URL)
	switch {
	case otherURL && m.Kind == mlflow.KindDatabricks:
		settings = append(settings, fmt.Sprintf("host to %q", m.URL))
	case otherURL:
		settings = append(settings, fmt.Sprintf("tracking_uri to %q", m.URL))
	case m.WorkspaceID != "" && m.WorkspaceID != now.WorkspaceID:
		settings = append(settings, fmt.Sprintf("workspace_id to %q", m.WorkspaceID))
	}
	if m.Workspace != "" && m.Workspace != now.Workspace {
		settings = append(settings, fmt.Sprintf("workspace (or MLFLOW_WORKSPACE) to %q", m.Workspace))
	}
	return "set " + strings.Join(settings, ", and ")
}

// StateObject is an object of a state, with its experiment and the creation time of that. Created is empty if it is unknown.
type StateObject struct {
	Object, ExperimentID, Created string
	// MismatchReason returns why the object on the provider's server is not the one of the state, empty if it is. It is set for objects
	// that do not belong to an experiment.
	MismatchReason func(ctx context.Context) string
}

// CheckServer reports whether an object of a state is on the provider's server, and adds an error if it is not. A server with another URL
// is the same if the experiment there has the same ID and creation time, or according to MismatchReason. CheckServer sends no request if
// the stored URL is the same, or if there is none.
func (b *ResourceBase) CheckServer(ctx context.Context, private PrivateState, action string, o StateObject, diags *diag.Diagnostics) bool {
	before := MarkOf(ctx, private)
	if before == (ServerMark{}) {
		return true
	}
	now, err := b.mark(ctx)
	if err != nil {
		AddError(diags, action, o.Object, err)
		return false
	}
	if before.same(now) {
		return true
	}
	var mismatch string
	if o.MismatchReason != nil {
		mismatch = o.MismatchReason(ctx)
	} else {
		mismatch = b.mismatchReason(ctx, o)
	}
	if mismatch != "" {
		addServerError(diags, action, o.Object, before, now, mismatch)
	}
	return mismatch == ""
}

// CheckServerURL reports whether an object of a server, such as a user, is on the provider's server, and adds an error if it is not. It
// compares only the URLs, without a request, because these objects have no IDs that are unique across servers.
func (b *ResourceBase) CheckServerURL(ctx context.Context, private PrivateState, action, object string, diags *diag.Diagnostics) bool {
	before := MarkOf(ctx, private)
	if before == (ServerMark{}) {
		return true
	}
	now, err := b.mark(ctx)
	if err != nil {
		AddError(diags, action, object, err)
		return false
	}
	before.Workspace, now.Workspace = "", ""
	if before.same(now) {
		return true
	}
	addServerError(diags, action, object, before, now, "The provider cannot check whether both are the same server.")
	return false
}

// addServerError reports that the provider is configured for another server than that of a state. mismatch is a sentence about the
// object.
func addServerError(diags *diag.Diagnostics, action, object string, before, now ServerMark, mismatch string) {
	diags.AddError("Could not "+action+": different server", fmt.Sprintf("%s: The state belongs to %s, but the provider is configured for "+
		"%s. %s Nothing was changed.\n\nTo return to the old server, %s. To change servers, remove the resource from the state with terraform "+
		"state rm, then import the object of the new server, or let apply create it.",
		UpperFirst(object), before.describe(now), now.describe(before), mismatch, before.settingsFor(now)))
}

// mismatchReason returns why the experiment with the ID on the provider's server is not the one of the state, empty if it is.
func (b *ResourceBase) mismatchReason(ctx context.Context, o StateObject) string {
	if o.ExperimentID == "" {
		return "The provider cannot check whether both are the same server."
	}
	if o.Created == "" {
		return "The state does not contain the creation time of the experiment, so the provider cannot check whether both are the same server."
	}
	e, err := b.Client().RefreshExperiment(ctx, o.ExperimentID, func(e mlflow.Experiment) bool {
		return !e.Deleted() && FormatCreationTime(e.Created()) == o.Created
	})
	switch {
	case rest.IsNotFound(err):
		return fmt.Sprintf("The configured server has no experiment with ID %s.", o.ExperimentID)
	case err != nil:
		return EndSentences("The provider could not check whether both are the same server: " + err.Error())
	case FormatCreationTime(e.Created()) != o.Created:
		return fmt.Sprintf("On the configured server, ID %s belongs to a different experiment: %q, created %s. The one in this state was "+
			"created %s.",
			e.ID, e.Name, cmp.Or(FormatCreationTime(e.Created()), "at an unknown time"), o.Created)
	case e.Deleted():
		return fmt.Sprintf("On the configured server, %s is deleted.", DescribeExperiment(e.ID, e.Name))
	}
	return ""
}
