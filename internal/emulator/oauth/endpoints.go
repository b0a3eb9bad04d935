package oauth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

const (
	tokenLifetime      = time.Hour
	grantCredentials   = "client_credentials"
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	bearerTokenType    = "Bearer"
	invalidClient      = "invalid_client"
	invalidRequest     = "invalid_request"
)

func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// HostMetadata serves /.well-known/databricks-config.
func HostMetadata(workspaceID string) wire.Handler {
	return func(c *wire.Call) (any, error) {
		base := baseURL(c.Request)
		return map[string]any{
			"oidc_endpoint": base + "/oidc", "workspace_id": workspaceID, "cloud": "AWS", "host_type": "workspace",
			"token_federation_default_oidc_audiences": []string{base + "/oidc/v1/token"},
		}, nil
	}
}

// ServerMetadata serves /oidc/.well-known/oauth-authorization-server.
func ServerMetadata(c *wire.Call) (any, error) {
	base := baseURL(c.Request)
	return map[string]any{
		"issuer": base + "/oidc", "authorization_endpoint": base + "/oidc/v1/authorize", "token_endpoint": base + "/oidc/v1/token",
		"grant_types_supported": []string{grantCredentials, grantTokenExchange},
	}, nil
}

func failure(status int, code, description string) error {
	return &wire.Error{Status: status, Body: map[string]any{"error": code, "error_description": description}}
}

// Issue serves the token endpoint, /oidc/v1/token.
func (t *Tokens) Issue(c *wire.Call) (any, error) {
	form, err := url.ParseQuery(string(c.Payload))
	if err != nil {
		return nil, failure(http.StatusBadRequest, invalidRequest, "The body is not a form.")
	}
	var holder *directory.Account
	switch form.Get("grant_type") {
	case grantCredentials:
		holder, err = t.clientOf(c.Request, form)
	case grantTokenExchange:
		holder, err = t.subjectOf(form)
	default:
		err = failure(http.StatusBadRequest, "unsupported_grant_type", "Supported are client_credentials and token exchange.")
	}
	if err != nil {
		return nil, err
	}
	value := fmt.Sprintf("issued-token-%d", len(t.byValue))
	t.byValue[value] = token{holder, t.now().Add(tokenLifetime)}
	return map[string]any{
		"access_token": value, "token_type": bearerTokenType, "scope": "all-apis", "expires_in": int(tokenLifetime.Seconds()),
	}, nil
}

// clientOf checks the ID and the secret of the client, from the Basic header or from the form.
func (t *Tokens) clientOf(r *http.Request, form url.Values) (*directory.Account, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = unescape(user), unescape(password)
	}
	if !strings.EqualFold(id, t.client.ApplicationID) || secret != t.client.Secret {
		return nil, failure(http.StatusUnauthorized, invalidClient, "Client authentication failed")
	}
	return t.directory.LookUp(directory.ServicePrincipal(id)), nil
}

// unescape reverses the form encoding that OAuth requires in the Basic header.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// subjectOf returns the account of a federated token: the service principal with the client_id or, without one, the subject of the token.
// Signatures are not checked.
func (t *Tokens) subjectOf(form url.Values) (*directory.Account, error) {
	invalidToken := failure(http.StatusBadRequest, invalidRequest, "The subject token is not a valid JWT of a known principal.")
	parts := strings.Split(form.Get("subject_token"), ".")
	if len(parts) != 3 {
		return nil, invalidToken
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, invalidToken
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, invalidToken
	}
	name := claims.Subject
	if id := form.Get("client_id"); id != "" {
		name = id
	}
	for _, p := range []directory.Principal{directory.User(name), directory.ServicePrincipal(name)} {
		if a := t.directory.LookUp(p); a != nil {
			return a, nil
		}
	}
	return nil, invalidToken
}
