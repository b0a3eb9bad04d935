package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// contentCounted is the maximum number of experiments and models of a workspace that are counted.
const contentCounted = 1000

// WorkspaceContent summarizes the content of a workspace. It does not include all objects that prevent deletion: the server also counts
// webhooks, gateway endpoints, and more.
type WorkspaceContent struct {
	// Active and Deleted are the numbers of experiments, Models and Prompts those of registered models and prompts.
	Active, Deleted, Models, Prompts int
	// Names has the names of the first active experiments.
	Names []string
	// More reports whether there are more objects than were counted.
	More bool
}

// namesShown is the maximum number of experiments in Names.
const namesShown = 3

// IsEmpty reports whether no object was found.
func (c WorkspaceContent) IsEmpty() bool { return c.Active+c.Deleted+c.Models+c.Prompts == 0 }

// String describes the content as part of a sentence: 2 experiments ("a", "b"), 1 deleted experiment, and 3 registered models.
func (c WorkspaceContent) String() string {
	var parts []string
	for _, counted := range []struct {
		count int
		noun  string
		names string
	}{
		{c.Active, "experiment", c.describeNames()}, {c.Deleted, "deleted experiment", ""},
		{c.Models, "registered model", ""}, {c.Prompts, "prompt", ""},
	} {
		switch {
		case counted.count == 1:
			parts = append(parts, "1 "+counted.noun+counted.names)
		case counted.count > 1:
			parts = append(parts, fmt.Sprintf("%d %ss%s", counted.count, counted.noun, counted.names))
		}
	}
	text := joinParts(parts)
	if c.More {
		text = "at least " + text
	}
	return text
}

// describeNames lists the first active experiments, in parentheses.
func (c WorkspaceContent) describeNames() string {
	if len(c.Names) == 0 {
		return ""
	}
	quoted := make([]string, len(c.Names))
	for i, name := range c.Names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	if c.Active > len(c.Names) {
		quoted = append(quoted, "…")
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

// joinParts joins the parts of an enumeration.
func joinParts(parts []string) string {
	switch last := len(parts) - 1; {
	case last < 1:
		return strings.Join(parts, "")
	case last == 1:
		return parts[0] + " and " + parts[1]
	default:
		return strings.Join(parts[:last], ", ") + ", and " + parts[last]
	}
}

// WorkspaceContent counts the experiments, including deleted ones, the registered models, and the prompts of a workspace. Errors:
// [rest.IsNotFound] if the workspace does not exist, *[mlflow.UnsupportedError] if the server runs without workspaces.
// API: POST experiments/search, GET registered-models/search.
func (d *Directory) WorkspaceContent(ctx context.Context, name string) (WorkspaceContent, error) {
	var content WorkspaceContent
	if _, err := d.Workspace(ctx, name); err != nil {
		return content, err
	}
	client, err := d.client.InWorkspace(name)
	if err != nil {
		return content, err
	}
	for e, err := range client.SearchExperiments(ctx, mlflow.Search{ViewType: "ALL", PageSize: contentCounted}) {
		if err != nil {
			return content, err
		}
		content.add(e)
		if content.More = content.Active+content.Deleted == contentCounted; content.More {
			break
		}
	}
	if err := content.addModels(ctx, client, "", &content.Models); err != nil {
		return content, err
	}
	return content, content.addModels(ctx, client, "tags.`mlflow.prompt.is_prompt` = 'true'", &content.Prompts)
}

// addModels counts the registered models that match a filter. The empty filter matches all except prompts.
func (c *WorkspaceContent) addModels(ctx context.Context, client *mlflow.Client, filter string, count *int) error {
	query := url.Values{"max_results": {strconv.Itoa(contentCounted)}}
	if filter != "" {
		query.Set("filter", filter)
	}
	var out wire.Models
	err := client.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/mlflow/registered-models/search", Query: query, Out: &out, Group: rest.GroupSearch, Page: true,
	})
	*count, c.More = len(out.Models), c.More || out.NextPageToken != ""
	return err
}

func (c *WorkspaceContent) add(e mlflow.Experiment) {
	if e.Deleted() {
		c.Deleted++
		return
	}
	c.Active++
	if len(c.Names) < namesShown {
		c.Names = append(c.Names, e.Name)
	}
}
