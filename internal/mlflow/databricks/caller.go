package databricks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// scimMe is the current user in SCIM.
type scimMe struct {
	ID          string `json:"id"`
	UserName    string `json:"userName"`
	DisplayName string `json:"displayName"`
	Groups      []struct {
		Display string `json:"display"`
	} `json:"groups"`
}

// Validate implements [rest.Response].
func (m *scimMe) Validate(bool) error {
	if m.UserName == "" {
		return errors.New("it contains no userName")
	}
	return nil
}

// CurrentCaller implements [mlflow.Backend]. It excludes entitlements, which are slow to read.
// API: GET preview/scim/v2/Me.
func (Backend) CurrentCaller(ctx context.Context, c *mlflow.Client) (mlflow.Caller, error) {
	var me scimMe
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: scimPath + "Me",
		Query: url.Values{"excludedAttributes": {"entitlements"}}, Out: &me, Group: rest.GroupOther,
	})
	if err != nil {
		return mlflow.Caller{}, err
	}
	caller := mlflow.Caller{
		Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: me.UserName},
		ID:        me.ID, DisplayName: me.DisplayName, Home: "/Users/" + me.UserName,
	}
	if IsApplicationID(me.UserName) {
		caller.Principal.Kind = mlflow.KindServicePrincipal
	}
	for _, g := range me.Groups {
		caller.Groups = append(caller.Groups, g.Display)
	}
	return caller, nil
}

// ConfiguredUser implements [mlflow.Backend].
func (Backend) ConfiguredUser() string { return "" }

// OwnedByCaller implements [mlflow.Backend]. It compares the tags that the server sets: the ID of the owner, and the name, which for a
// service principal can be the application ID or the display name.
func (Backend) OwnedByCaller(ctx context.Context, c *mlflow.Client, e mlflow.Experiment) (bool, error) {
	caller, err := c.Caller(ctx)
	if err != nil {
		return false, err
	}
	id, _ := e.Tag(mlflow.TagOwnerID)
	name, _ := e.Tag(mlflow.TagOwnerEmail)
	return id != "" && id == caller.ID || name != "" && strings.EqualFold(name, caller.Principal.Name), nil
}
