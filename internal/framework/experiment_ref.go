package framework

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// ExperimentRef identifies an experiment by ID, name, or URL.
type ExperimentRef struct {
	ID   string
	Name string
	// Host is that of the address, "" without one.
	Host string
	// Workspace is the MLflow workspace that the address names, "" if it names none.
	Workspace string
}

// importForms tells what can be written; every refusal ends with it.
const importForms = "Give the experiment's id, such as 1280664374380606; its name, as /Shared/churn or name=churn; or the address of its page. On a server with MLflow " +
	"workspaces, workspace=NAME and a comma can stand before it, as in workspace=risk,name=churn."

// ExperimentID is a decimal id, or the hexadecimal one of a notebook in a Git folder.
var ExperimentID = regexp.MustCompile(`^([0-9]+|[0-9a-f]{32})$`)

// ExperimentIDValidator refuses the names of Databricks where an id is wanted. It is no stricter, since mocks in tests of modules make up ids of
// their own.
var ExperimentIDValidator = stringvalidator.RegexMatches(regexp.MustCompile(`^[^/\s]*[^/\s.][^/\s]*$`), "must be an experiment's id, such as mlflow_experiment.churn.id or "+
	"\"1280664374380606\"; the data source mlflow_experiment gives the id of a name")

// parseExperimentRef reads an id, a name or an address.
func parseExperimentRef(text string) (ExperimentRef, error) {
	switch name, isName := strings.CutPrefix(text, "name="); {
	case isName && name == "":
		return ExperimentRef{}, errors.New("the name after name= is empty. " + importForms)
	case isName:
		return ExperimentRef{Name: name}, nil
	case strings.HasPrefix(text, "/"):
		return ExperimentRef{Name: text}, nil
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		return ParseExperimentURL(text)
	case ExperimentID.MatchString(text):
		return ExperimentRef{ID: text}, nil
	default:
		return ExperimentRef{}, fmt.Errorf("%q is neither an experiment's id nor a name. %s", text, importForms)
	}
}

// experimentPage finds the id in the path of an experiment's page, or in the fragment that an MLflow server's UI uses.
var experimentPage = regexp.MustCompile(`(?:^|/)experiments/([0-9]+|[0-9a-f]{32})(?:[/?]|$)`)

// ParseExperimentURL parses the URL of an experiment's page in the UI of a Databricks workspace or an MLflow server.
func ParseExperimentURL(text string) (ExperimentRef, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ExperimentRef{}, fmt.Errorf("%q is not an address that can be read. %s", text, importForms)
	}
	for _, part := range []string{u.Path, u.Fragment} {
		if m := experimentPage.FindStringSubmatch(part); m != nil {
			return ExperimentRef{ID: m[1], Host: u.Host, Workspace: fragmentWorkspace(u)}, nil
		}
	}
	return ExperimentRef{}, fmt.Errorf("%q is not the address of an experiment's page, which ends in experiments/ID. %s", text, importForms)
}

// fragmentWorkspace returns the workspace in the fragment of an MLflow UI URL, such as #/experiments/12?workspace=risk.
func fragmentWorkspace(u *url.URL) string {
	_, query, _ := strings.Cut(u.EscapedFragment(), "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return values.Get(AttributeWorkspace)
}

// resolveExperimentID gives the id of an experiment. It asks the server only for a name.
func resolveExperimentID(ctx context.Context, client *mlflow.Client, ref ExperimentRef) (string, error) {
	if ref.Host != "" {
		if err := sameHost(ctx, client, ref); err != nil {
			return "", err
		}
	}
	if ref.ID != "" {
		return ref.ID, nil
	}
	e, err := client.GetExperimentByName(ctx, ref.Name)
	switch {
	case rest.IsNotFound(err):
		return "", fmt.Errorf("there is no experiment of this name: %w", err)
	case err != nil:
		return "", err
	case e.Deleted():
		return "", fmt.Errorf("experiment %s is deleted. Restore it first, in the UI or with the restore call, then import it", e.ID)
	}
	return e.ID, nil
}

// sameHost refuses an address of another server than the provider's: the same id is somebody else there.
func sameHost(ctx context.Context, client *mlflow.Client, ref ExperimentRef) error {
	page, err := client.ExperimentURL(ctx, ref.ID)
	if err != nil {
		return err
	}
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	if !strings.EqualFold(u.Host, ref.Host) {
		return fmt.Errorf("the address is on %s, but the provider is configured for %s. Use the id if they are the same server", ref.Host, u.Host)
	}
	return nil
}
