package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	tokenLifetime       = time.Hour
	grantCredentials    = "client_credentials"
	grantTokenExchange  = "urn:ietf:params:oauth:grant-type:token-exchange"
	bearerTokenType     = "Bearer"
	oauthInvalidClient  = "invalid_client"
	oauthInvalidRequest = "invalid_request"
)

// token is a bearer token's holder. Issued tokens expire, configured ones don't.
type token struct {
	holder  *account
	expires time.Time
}

func (t token) expired(now time.Time) bool { return !t.expires.IsZero() && !now.Before(t.expires) }

func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (w *Workspace) hostMetadata(c *call) (any, error) {
	base := baseURL(c.Request)
	return map[string]any{
		"oidc_endpoint": base + "/oidc", "workspace_id": WorkspaceID, "cloud": "AWS", "host_type": "workspace",
		"token_federation_default_oidc_audiences": []string{base + "/oidc/v1/token"},
	}, nil
}

func (w *Workspace) oauthMetadata(c *call) (any, error) {
	base := baseURL(c.Request)
	return map[string]any{
		"issuer": base + "/oidc", "authorization_endpoint": base + "/oidc/v1/authorize", "token_endpoint": base + "/oidc/v1/token",
		"grant_types_supported": []string{grantCredentials, grantTokenExchange},
	}, nil
}

func oauthError(status int, code, description string) error {
	return &apiError{status, map[string]any{"error": code, "error_description": description}}
}

// issueToken serves the token endpoint.
func (w *Workspace) issueToken(c *call) (any, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, oauthError(http.StatusBadRequest, oauthInvalidRequest, "The body is not a form.")
	}
	var holder *account
	switch form.Get("grant_type") {
	case grantCredentials:
		holder, err = w.clientOf(c.Request, form)
	case grantTokenExchange:
		holder, err = w.subjectOf(form)
	default:
		err = oauthError(http.StatusBadRequest, "unsupported_grant_type", "Supported are client_credentials and token exchange.")
	}
	if err != nil {
		return nil, err
	}
	value := fmt.Sprintf("issued-token-%d", len(w.tokens))
	w.tokens[value] = token{holder, w.now().Add(tokenLifetime)}
	return map[string]any{
		"access_token": value, "token_type": bearerTokenType, "scope": "all-apis", "expires_in": int(tokenLifetime.Seconds()),
	}, nil
}

// clientOf checks a service principal's id and secret, from the Basic header or from the form.
func (w *Workspace) clientOf(r *http.Request, form url.Values) (*account, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = unescape(user), unescape(password)
	}
	if !strings.EqualFold(id, ServicePrincipal) || secret != ServicePrincipalSecret {
		return nil, oauthError(http.StatusUnauthorized, oauthInvalidClient, "Client authentication failed")
	}
	return w.lookUp(ServicePrincipalPrincipal(id)), nil
}

// unescape undoes the form encoding that OAuth asks for inside the Basic header.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// subjectOf finds the principal that a federated token stands for: the service principal named by client_id, else the token's
// subject. Signatures are not looked at.
func (w *Workspace) subjectOf(form url.Values) (*account, error) {
	invalidToken := oauthError(http.StatusBadRequest, oauthInvalidRequest, "The subject token is not a valid JWT of a known principal.")
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
	for _, p := range []Principal{UserPrincipal(name), ServicePrincipalPrincipal(name)} {
		if a := w.lookUp(p); a != nil {
			return a, nil
		}
	}
	return nil, invalidToken
}
