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

	Principals []principalModel           `tfsdk:"principals"`
	Members    []memberModel              `tfsdk:"members"`
	Everybody  []string                   `tfsdk:"everybody"`
	Incomplete []incompletePrincipalModel `tfsdk:"incomplete"`
}

// grantPrincipalModel is the principal of a grant.
type grantPrincipalModel struct {
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

type incompletePrincipalModel struct {
	Kind   string `tfsdk:"kind"`
	Name   string `tfsdk:"name"`
	Reason string `tfsdk:"reason"`
}

// invalidReason returns why a grant does not name a principal. It is empty if the grant is valid or unknown.
func (g grantPrincipalModel) invalidReason() string {
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

// grantPrincipals returns the principals of the argument grants. It returns none while they are unknown.
func (m *principalsModel) grantPrincipals(ctx context.Context) ([]grantPrincipalModel, diag.Diagnostics) {
	var granted []grantPrincipalModel
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

// requested returns the principals to look up.
func (m *principalsModel) requested(ctx context.Context) ([]mlflow.Principal, diag.Diagnostics) {
	granted, diags := m.grantPrincipals(ctx)
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
	m.Principals, m.Members, m.Incomplete = []principalModel{}, []memberModel{}, []incompletePrincipalModel{}
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
		m.Incomplete = append(m.Incomplete, incompletePrincipalModel{
			Kind: string(i.Principal.Kind), Name: i.Principal.Name, Reason: reason,
		})
	}
}
