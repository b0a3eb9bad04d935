// Package oauth contains the bearer tokens of an emulated workspace, and the OAuth endpoints that issue them.
package oauth

import (
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Client is an OAuth client: a service principal that can get tokens with a secret.
type Client struct{ ApplicationID, Secret string }

// token is the holder of a bearer token. Issued tokens expire, accepted ones do not.
type token struct {
	holder  *directory.Account
	expires time.Time
}

func (t token) expired(now time.Time) bool { return !t.expires.IsZero() && !now.Before(t.expires) }

// Tokens are the bearer tokens of a workspace. The lock of the workspace guards them.
type Tokens struct {
	directory *directory.Directory
	client    Client
	now       func() time.Time
	byValue   map[string]token
}

// New returns the tokens of a workspace with this directory and one OAuth client. now is the time by which tokens expire.
func New(d *directory.Directory, client Client, now func() time.Time) *Tokens {
	return &Tokens{directory: d, client: client, now: now, byValue: map[string]token{}}
}

// Add adds a token that does not expire.
func (t *Tokens) Add(value string, holder *directory.Account) {
	t.byValue[value] = token{holder: holder}
}

// Authenticate returns the account to which the bearer token of the request belongs. Tokens of deleted accounts are rejected.
func (t *Tokens) Authenticate(r *http.Request) (*directory.Account, error) {
	value, ok := bearer(r)
	if !ok {
		return nil, &wire.Error{Status: http.StatusUnauthorized, Body: map[string]any{
			"error_code": http.StatusUnauthorized, "message": "Credential was not sent or was of an unsupported type for this API.",
		}}
	}
	found, ok := t.byValue[value]
	if !ok || found.expired(t.now()) || t.directory.LookUp(found.holder.Principal) != found.holder {
		return nil, &wire.Error{Status: http.StatusForbidden, Body: map[string]any{
			"error_code": http.StatusForbidden, "message": "Invalid access token.",
		}}
	}
	return found.holder, nil
}

// bearer returns the bearer token of the request.
func bearer(r *http.Request) (string, bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value, strings.EqualFold(scheme, "Bearer") && value != ""
}
