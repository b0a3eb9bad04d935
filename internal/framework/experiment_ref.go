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
)

// ExperimentRef identifies an experiment by ID, name, or URL.
type ExperimentRef struct {
	ID   string
	Name string
	// Host is the host of the URL, empty if the reference is not a URL.
	Host string
	// Workspace is the MLflow workspace in the URL, empty if there is none.
	Workspace string
}

// importForms lists the valid import IDs. It is the advice for every invalid one.
const importForms = "Specify the experiment ID (1280664374380606), its name (/Shared/churn, or name=churn), or its URL. To import from " +
	"another MLflow workspace, put it first: workspace=risk,name=churn."

// ExperimentID matches a decimal experiment ID, or the hexadecimal one of a notebook in a Git folder.
var ExperimentID = regexp.MustCompile(`^([0-9]+|[0-9a-f]{32})$`)

// ExperimentIDValidator rejects names of Databricks experiments as IDs. It is not stricter, because the mocks of terraform test generate
// IDs in other formats.
var ExperimentIDValidator = stringvalidator.RegexMatches(regexp.MustCompile(`^[^/\s]*[^/\s.][^/\s]*$`), "must be an experiment ID, for "+
	"example mlflow_experiment.churn.id or \"1280664374380606\". The data source mlflow_experiment looks up an experiment by name and "+
	"returns its ID")

// parseExperimentRef parses an ID, a name, or a URL.
func parseExperimentRef(text string) (ExperimentRef, error) {
	switch name, isName := strings.CutPrefix(text, "name="); {
	case isName && name == "":
		return ExperimentRef{}, errors.New("the name after name= is empty. " + importForms)
	case isName:
		return ExperimentRef{Name: name}, nil
	case strings.HasPrefix(text, "/"):
		return ExperimentRef{Name: text}, nil
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		ref, err := ParseExperimentURL(text)
		if err != nil {
			err = fmt.Errorf("%w. %s", err, importForms)
		}
		return ref, err
	case ExperimentID.MatchString(text):
		return ExperimentRef{ID: text}, nil
	default:
		return ExperimentRef{}, fmt.Errorf("%q is not an experiment ID, name, or URL. %s", text, importForms)
	}
}

// experimentPath matches the ID in the path of an experiment URL, or in the fragment that the UI of an MLflow server uses.
var experimentPath = regexp.MustCompile(`(?:^|/)experiments/([0-9]+|[0-9a-f]{32})(?:[/?]|$)`)

// ParseExperimentURL parses the URL of an experiment in the UI of a Databricks workspace or an MLflow server.
func ParseExperimentURL(text string) (ExperimentRef, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ExperimentRef{}, fmt.Errorf("%q is not a valid URL", text)
	}
	for _, part := range []string{u.Path, u.Fragment} {
		if m := experimentPath.FindStringSubmatch(part); m != nil {
			return ExperimentRef{ID: m[1], Host: u.Host, Workspace: fragmentWorkspace(u)}, nil
		}
	}
	return ExperimentRef{}, fmt.Errorf("%q is not the URL of an experiment, which contains experiments/ID", text)
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

// resolveExperimentID returns the ID of an experiment. It sends a request only to look up a name.
func resolveExperimentID(ctx context.Context, client *mlflow.Client, ref ExperimentRef) (string, error) {
	if ref.Host != "" {
		if err := checkHost(ctx, client, ref); err != nil {
			return "", err
		}
	}
	if ref.ID != "" {
		return ref.ID, nil
	}
	e, err := client.GetExperimentByName(ctx, ref.Name)
	switch {
	case err != nil:
		return "", err
	case e.Deleted():
		return "", fmt.Errorf("experiment %s is deleted. Restore it first, in the UI or with the API, then import it", e.ID)
	}
	return e.ID, nil
}

// checkHost returns an error if the URL is on another server than the provider's, where the ID belongs to a different experiment.
func checkHost(ctx context.Context, client *mlflow.Client, ref ExperimentRef) error {
	text, err := client.ExperimentURL(ctx, ref.ID)
	if err != nil {
		return err
	}
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	if !strings.EqualFold(u.Host, ref.Host) {
		return fmt.Errorf("the URL is on %s, but the provider is configured for %s. If they are the same server, import by ID", ref.Host, u.Host)
	}
	return nil
}
