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

// Every server has an experiment 1. So each resource remembers, in private state, the server that it was last read from or written to, and
// a provider that points to another one does not take that server's objects for its own.

const serverKey = "server"

// ServerMark is a server as private state has it.
type ServerMark struct {
	URL  string `json:"url"`
	Kind string `json:"kind"`
	// Workspace is the MLflow workspace, empty on Databricks.
	Workspace string `json:"workspace,omitempty"`
	// WorkspaceID is the ID of the Databricks workspace, empty while it is unknown.
	WorkspaceID string `json:"workspace_id,omitempty"`
}

// MarkOf returns the server that private state remembers, the zero value if it remembers none.
func MarkOf(ctx context.Context, private PrivateState) ServerMark {
	var mark ServerMark
	if value, _ := private.GetKey(ctx, serverKey); len(value) > 0 && json.Unmarshal(value, &mark) != nil {
		return ServerMark{}
	}
	return mark
}

// mark returns the server that the provider points to.
func (b *ResourceBase) mark(ctx context.Context) (ServerMark, error) {
	e, err := b.Client().Endpoint(ctx)
	if err != nil {
		return ServerMark{}, err
	}
	return ServerMark{URL: e.BaseURL.String(), Kind: b.Client().Kind(), Workspace: b.Client().MLflowWorkspace(), WorkspaceID: e.WorkspaceID}, nil
}

// StoreServer puts the server that the provider points to into private state.
func (b *ResourceBase) StoreServer(ctx context.Context, private PrivateState) diag.Diagnostics {
	now, err := b.mark(ctx)
	if err != nil {
		return nil // no call can have succeeded: what is remembered stays
	}
	if before := MarkOf(ctx, private); now.WorkspaceID == "" && before.same(now) {
		now.WorkspaceID = before.WorkspaceID
	}
	value, err := json.Marshal(now)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Could not save the server", err.Error())}
	}
	return private.SetKey(ctx, serverKey, value)
}

// same reports whether two marks are one address of a server.
func (m ServerMark) same(o ServerMark) bool {
	sameID := m.WorkspaceID == o.WorkspaceID || m.WorkspaceID == "" || o.WorkspaceID == ""
	return m.Kind == o.Kind && m.Workspace == o.Workspace && sameID && sameURL(m.URL, o.URL)
}

// sameURL compares the URLs of servers. The case of the host, a default port, a trailing slash, and a query such as ?o=1234 make no
// difference.
func sameURL(a, b string) bool { return normalURL(a) == normalURL(b) }

func normalURL(text string) string {
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

// describe names a server, and the workspace on it where the URL alone does not tell it from another one.
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

// wayBack says what to set so that the provider points to the server again.
func (m ServerMark) wayBack(now ServerMark) string {
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

// StateObject is an object of a state, and when its experiment was created as far as is known.
type StateObject struct {
	Object, ExperimentID, Created string
	// Differs says why the object on the provider's server is not the one of the state, "" if it is. It is set for an object that belongs to no
	// experiment.
	Differs func(ctx context.Context) string
}

// CheckServer reports whether an object is on the provider's server, and adds an error if it is not. A server with another address is the
// same one if the experiment there has the same ID and creation time; an object without an experiment is on no other. No call is made if the address is the remembered one, or none is.
func (b *ResourceBase) CheckServer(ctx context.Context, private PrivateState, could string, o StateObject, diags *diag.Diagnostics) bool {
	before := MarkOf(ctx, private)
	if before == (ServerMark{}) {
		return true
	}
	now, err := b.mark(ctx)
	if err != nil {
		AddError(diags, could, o.Object, err)
		return false
	}
	if before.same(now) {
		return true
	}
	differs := o.Differs
	if differs == nil {
		differs = func(ctx context.Context) string { return b.differs(ctx, o) }
	}
	difference := differs(ctx)
	if difference == "" {
		return true
	}
	addServerError(diags, could, o.Object, before, now, difference)
	return false
}

// CheckServerURL reports whether an object that belongs to the whole server, such as a user, is on the provider's server, and adds an
// error if it is not. Such an object has no ID that is unique across servers, so only the URLs are compared. It makes no call.
func (b *ResourceBase) CheckServerURL(ctx context.Context, private PrivateState, could, object string, diags *diag.Diagnostics) bool {
	before := MarkOf(ctx, private)
	if before == (ServerMark{}) {
		return true
	}
	now, err := b.mark(ctx)
	if err != nil {
		AddError(diags, could, object, err)
		return false
	}
	before.Workspace, now.Workspace = "", ""
	if before.same(now) {
		return true
	}
	addServerError(diags, could, object, before, now, "The provider cannot check whether both are the same server.")
	return false
}

// addServerError reports that the object of a state is on another server than the provider's. difference is a sentence.
func addServerError(diags *diag.Diagnostics, could, object string, before, now ServerMark, difference string) {
	diags.AddError("Could not "+could+": another server", fmt.Sprintf("%s: This state belongs to %s, but the provider points to %s. %s Nothing was changed.\n\n"+
		"If you did not mean to change servers, %s. If you did, remove the resource from the state with terraform state rm, then import the object of "+
		"the new server, or let apply create it.",
		UpperFirst(object), before.describe(now), now.describe(before), difference, before.wayBack(now)))
}

// differs says why the experiment with the ID on the provider's server is not the remembered one, "" if it is.
func (b *ResourceBase) differs(ctx context.Context, o StateObject) string {
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
		return fmt.Sprintf("There is no experiment with ID %s on it.", o.ExperimentID)
	case err != nil:
		return fmt.Sprintf("Whether both are the same server could not be checked: %s.", strings.TrimSuffix(err.Error(), "."))
	case FormatCreationTime(e.Created()) != o.Created:
		return fmt.Sprintf("On it, ID %s belongs to a different experiment: %q, created %s. The one in this state was created %s.",
			e.ID, e.Name, cmp.Or(FormatCreationTime(e.Created()), "at an unknown time"), o.Created)
	case e.Deleted():
		return fmt.Sprintf("On it, experiment %q (%s) is deleted.", e.Name, e.ID)
	}
	return ""
}
