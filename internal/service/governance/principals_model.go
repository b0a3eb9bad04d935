package governance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

type principalsModel struct {
	Grants            types.List   `tfsdk:"grants"`
	Users             types.List   `tfsdk:"users"`
	Groups            types.List   `tfsdk:"groups"`
	ServicePrincipals types.List   `tfsdk:"service_principals"`
	Workspace         types.String `tfsdk:"workspace"`

	Principals []principalModel  `tfsdk:"principals"`
	Members    []memberModel     `tfsdk:"members"`
	Everybody  []string          `tfsdk:"everybody"`
	Incomplete []incompleteModel `tfsdk:"incomplete"`
}

// grantedModel is the principal of a grant.
type grantedModel struct {
	Kind      types.String `tfsdk:"kind"`
	Principal types.String `tfsdk:"principal"`
}

type principalModel struct {
	Kind        string       `tfsdk:"kind"`
	Name        string       `tfsdk:"name"`
	Exists      bool         `tfsdk:"exists"`
	Active      bool         `tfsdk:"active"`
	DisplayName types.String `tfsdk:"display_name"`
	ExternalID  types.String `tfsdk:"external_id"`
	Admin       bool         `tfsdk:"admin"`
}

type memberModel struct {
	Group string   `tfsdk:"group"`
	Kind  string   `tfsdk:"kind"`
	Name  string   `tfsdk:"name"`
	Via   []string `tfsdk:"via"`
}

type incompleteModel struct {
	Kind   string `tfsdk:"kind"`
	Name   string `tfsdk:"name"`
	Reason string `tfsdk:"reason"`
}

// problem says why a grant has no principal, empty if it has one or is unknown.
func (g grantedModel) problem() string {
	kinds := []mlflow.PrincipalKind{mlflow.KindUser, mlflow.KindGroup, mlflow.KindServicePrincipal}
	kind := mlflow.PrincipalKind(g.Kind.ValueString())
	switch {
	case !g.Kind.IsUnknown() && !slices.Contains(kinds, kind):
		return fmt.Sprintf("kind must be \"user\", \"group\", or \"service_principal\", not %q.", kind)
	case !g.Principal.IsUnknown() && g.Principal.ValueString() == "":
		return "principal must not be empty."
	}
	return ""
}

// granted returns the principals of grants. It returns none while they are unknown.
func (m *principalsModel) granted(ctx context.Context) ([]grantedModel, diag.Diagnostics) {
	var granted []grantedModel
	for _, element := range m.Grants.Elements() {
		if element.IsUnknown() {
			return nil, nil
		}
	}
	if m.Grants.IsUnknown() {
		return nil, nil
	}
	diags := m.Grants.ElementsAs(ctx, &granted, false)
	return granted, diags
}

// wanted returns the principals to look up.
func (m *principalsModel) wanted(ctx context.Context) ([]mlflow.Principal, diag.Diagnostics) {
	granted, diags := m.granted(ctx)
	wanted := make([]mlflow.Principal, 0, len(granted))
	for _, g := range granted {
		wanted = append(wanted, mlflow.Principal{Kind: mlflow.PrincipalKind(g.Kind.ValueString()), Name: g.Principal.ValueString()})
	}
	for _, named := range []struct {
		kind  mlflow.PrincipalKind
		names types.List
	}{{mlflow.KindUser, m.Users}, {mlflow.KindGroup, m.Groups}, {mlflow.KindServicePrincipal, m.ServicePrincipals}} {
		var names []string
		diags.Append(named.names.ElementsAs(ctx, &names, false)...)
		for _, name := range names {
			wanted = append(wanted, mlflow.Principal{Kind: named.kind, Name: name})
		}
	}
	return wanted, diags
}

// setPrincipals sets the computed attributes.
func (m *principalsModel) setPrincipals(found mlflow.Principals) {
	m.Principals, m.Members, m.Incomplete = []principalModel{}, []memberModel{}, []incompleteModel{}
	for _, s := range found.Status {
		m.Principals = append(m.Principals, principalModel{
			Kind: string(s.Principal.Kind), Name: s.Principal.Name, Exists: s.Exists, Active: s.Active,
			DisplayName: framework.OrNull(s.DisplayName), ExternalID: framework.OrNull(s.ExternalID), Admin: s.Admin,
		})
	}
	for _, member := range found.Members {
		m.Members = append(m.Members, memberModel{
			Group: member.Group, Kind: string(member.Principal.Kind), Name: member.Principal.Name, Via: append([]string{}, member.Via...),
		})
	}
	m.Everybody = append([]string{}, found.Everybody...)
	for _, i := range found.Incomplete {
		reason := i.Reason
		if i.Err != nil {
			reason = strings.TrimSpace(reason + " " + stableErrorText(i.Err))
		}
		m.Incomplete = append(m.Incomplete, incompleteModel{Kind: string(i.Principal.Kind), Name: i.Principal.Name, Reason: reason})
	}
}
