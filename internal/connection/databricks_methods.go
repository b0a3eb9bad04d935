package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/databricks/databricks-sdk-go/config"
	"github.com/databricks/databricks-sdk-go/config/credentials"
)

// actionsFamily is the family of GitHub's variables, which have none in the SDK.
const actionsFamily = "github-actions"

// method is an authentication method of Databricks.
type method struct {
	config.CredentialsStrategy
	// families are those of the SDK whose settings the method uses.
	families []string
	// needs are the attributes that the method requires.
	needs []string
	// cloud is "azure" or "google" for methods that work only for workspaces there.
	cloud string
	// ambient methods depend on the machine: if one fails, the next one is tried. Any other method was configured, and must not be
	// replaced by another identity.
	ambient bool
}

var githubNeeds = []string{"host", "actions_id_token_request_url", "actions_id_token_request_token"}

// methods has all authentication methods, in the order in which the Databricks tools try them.
var methods = []method{
	{CredentialsStrategy: config.PatCredentials{}, families: []string{"pat"}, needs: []string{"host", "token"}},
	{CredentialsStrategy: config.M2mCredentials{}, families: []string{"oauth"}, needs: []string{"host", "client_id", "client_secret"}},
	{CredentialsStrategy: config.DatabricksCliCredentials, needs: []string{"host"}, ambient: true},
	{CredentialsStrategy: config.MetadataServiceCredentials{}, families: []string{"metadata-service"},
		needs: []string{"host", "metadata_service_url"}},
	{CredentialsStrategy: config.GitHubOIDCCredentials{}, families: []string{"oauth", actionsFamily}, needs: githubNeeds, ambient: true},
	{CredentialsStrategy: config.AzureDevOpsOIDCCredentials{}, families: []string{"oauth"}, needs: []string{"host"}, ambient: true},
	{CredentialsStrategy: config.EnvOIDCCredentials{}, families: []string{"oauth", "env-oidc"}, needs: []string{"host"}},
	{CredentialsStrategy: config.FileOIDCCredentials{}, families: []string{"oauth", "file-oidc"},
		needs: []string{"host", "databricks_id_token_filepath"}},
	{CredentialsStrategy: config.AzureGithubOIDCCredentials{}, families: []string{"azure", actionsFamily},
		needs: append([]string{"azure_client_id", "azure_tenant_id"}, githubNeeds...), cloud: "azure", ambient: true},
	{CredentialsStrategy: config.AzureMsiCredentials{}, families: []string{"azure"}, needs: []string{"azure_use_msi"}, cloud: "azure"},
	{CredentialsStrategy: config.AzureClientSecretCredentials{}, families: []string{"azure"},
		needs: []string{"azure_client_id", "azure_client_secret", "azure_tenant_id"}, cloud: "azure"},
	{CredentialsStrategy: config.AzureCliCredentials{}, families: []string{"azure"}, cloud: "azure", ambient: true},
	{CredentialsStrategy: config.GoogleCredentials{}, families: []string{"google"},
		needs: []string{"host", "google_credentials"}, cloud: "google"},
	{CredentialsStrategy: config.GoogleDefaultCredentials{}, families: []string{"google"},
		needs: []string{"host", "google_service_account"}, cloud: "google"},
}

func methodByName(name string) (method, bool) {
	i := slices.IndexFunc(methods, func(m method) bool { return m.Name() == name })
	if i < 0 {
		return method{}, false
	}
	return methods[i], true
}

// uses reports whether the method can use all the families.
func (m method) uses(families []string) bool {
	return !slices.ContainsFunc(families, func(f string) bool { return !slices.Contains(m.families, f) })
}

func methodsUsing(families []string) []method {
	var found []method
	for _, m := range methods {
		if m.uses(families) {
			found = append(found, m)
		}
	}
	return found
}

// selectMethods returns the methods to try: that of auth_type, or those that can use all the families (all methods if there are none).
func selectMethods(cfg *config.Config, families []string) ([]method, error) {
	if cfg.AuthType != "" {
		m, ok := methodByName(cfg.AuthType)
		if !ok {
			return nil, unknownAuthType(cfg.AuthType)
		}
		return []method{m}, nil
	}
	present := familiesOf(cfg)
	if err := checkUnambiguous(present, "", "The environment variables and the profile contain"); err != nil {
		return nil, err
	}
	if len(families) == 0 && len(present) > 1 {
		families = present // only one method uses all of them
	}
	return methodsUsing(families), nil
}

// checkUnambiguous returns an error if no single method uses all the families of credentials. The message begins with container, the place
// that contains them and the verb.
func checkUnambiguous(families []string, attribute, container string) error {
	if len(methodsUsing(families)) > 0 {
		return nil
	}
	var each []string
	for _, family := range families {
		each = append(each, fmt.Sprintf("%s (auth_type %s)", family, strings.Join(methodNames(methodsUsing([]string{family})), " or ")))
	}
	return &Error{attribute, "Conflicting credentials", fmt.Sprintf(
		"%s credentials of more than one kind: %s. Set auth_type (DATABRICKS_AUTH_TYPE) to the method to use, or remove the others.",
		container, strings.Join(each, " and "))}
}

func unknownAuthType(name string) error {
	detail := fmt.Sprintf("%q is not an authentication method of Databricks.", name)
	if name == "basic" {
		detail = "Databricks basic authentication is not supported."
	}
	return &Error{"auth_type", "Invalid auth_type", detail + " Use one of " + strings.Join(methodNames(methods), ", ") + "."}
}

func methodNames(ms []method) []string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = m.Name()
	}
	return names
}

// missingSettings describes the required settings that are not set, or returns "".
func (m method) missingSettings(cfg *config.Config) string {
	if m.cloud == "azure" && !cfg.IsAzure() || m.cloud == "google" && !cfg.IsGcp() {
		return fmt.Sprintf("%s is not a workspace on %s", cmp.Or(cfg.Host, "the host"), strings.ToUpper(m.cloud[:1])+m.cloud[1:])
	}
	var missing []string
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		if slices.Contains(m.needs, a.Name) && a.IsZero(cfg) {
			missing = append(missing, fmt.Sprintf("%s (%s)", a.Name, strings.Join(a.EnvVars, ", ")))
		}
	}
	if variable := cmp.Or(cfg.OIDCTokenEnv, "DATABRICKS_OIDC_TOKEN"); m.Name() == "env-oidc" && os.Getenv(variable) == "" {
		missing = append(missing, "the environment variable "+variable)
	}
	switch len(missing) {
	case 0:
		return ""
	case 1:
		return missing[0] + " is not set"
	}
	return strings.Join(missing, " and ") + " are not set"
}

// checkAdvice returns the advice to check the settings of the method after the server rejected them, "" if it has none of its own.
func (m method) checkAdvice() string {
	var settings []string
	for i := range config.ConfigAttributes {
		if a := &config.ConfigAttributes[i]; a.Name != "host" && slices.Contains(m.needs, a.Name) {
			settings = append(settings, fmt.Sprintf("%s (%s)", a.Name, strings.Join(a.EnvVars, ", ")))
		}
	}
	if len(settings) == 0 {
		return ""
	}
	return ". Check " + strings.Join(settings, " and ")
}

// methodChain tries methods until one returns credentials. It implements [config.CredentialsStrategy] instead of the chain of the SDK,
// which does not report the reasons, and which falls back to another identity if the configured one fails.
type methodChain struct {
	methods      []method
	retryTimeout time.Duration
	secrets      *secretSet
	used         string
}

// Name implements [config.CredentialsStrategy].
func (c *methodChain) Name() string { return cmp.Or(c.used, "default") }

// Configure implements [config.CredentialsStrategy].
func (c *methodChain) Configure(ctx context.Context, cfg *config.Config) (credentials.CredentialsProvider, error) {
	var reasons []string
	ctx = withRetryDeadline(ctx, c.retryTimeout)
	for _, m := range c.methods {
		reason := m.missingSettings(cfg)
		if reason == "" {
			provider, err := m.try(ctx, cfg)
			if err == nil {
				c.used = m.Name()
				return provider, nil
			}
			reason = failureReason(c.secrets, err)
			if _, unreached := errors.AsType[*tokenFailure](err); !unreached {
				reason += m.checkAdvice()
			}
			if !m.ambient {
				return nil, authError(cfg, []string{m.Name() + ": " + reason})
			}
		}
		reasons = append(reasons, m.Name()+": "+reason)
	}
	return nil, authError(cfg, reasons)
}

// try configures the method and fetches its first token.
func (m method) try(ctx context.Context, cfg *config.Config) (credentials.CredentialsProvider, error) {
	provider, err := m.CredentialsStrategy.Configure(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if provider == nil {
		return nil, errors.New("not configured")
	}
	if tokens, ok := provider.(credentials.OAuthCredentialsProvider); ok && m.cloud == "" {
		provider = withOwnTransport(ctx, tokens)
	}
	req := (&http.Request{Header: http.Header{}}).WithContext(ctx)
	if err := provider.SetHeaders(req); err != nil {
		return nil, err
	}
	return provider, checkAuthorization(req.Header)
}

// withOwnTransport returns a provider that sets the token, the only header of Databricks' own methods, under ctx, which contains the HTTP
// client for its renewal. By default, the SDK renews some tokens with Go's default client, without the TLS settings of the connection.
func withOwnTransport(ctx context.Context, tokens credentials.OAuthCredentialsProvider) credentials.CredentialsProvider {
	return credentials.CredentialsProviderFn(func(r *http.Request) error {
		token, err := tokens.Token(context.WithValue(ctx, retryDeadline{}, r.Context().Value(retryDeadline{})))
		if err != nil {
			return err
		}
		token.SetAuthHeader(r)
		return nil
	})
}

// authError returns the error for methods that all failed, with a line for the reason of each.
func authError(cfg *config.Config, reasons []string) error {
	if len(reasons) == 1 {
		return &Error{"", "Could not authenticate with Databricks", fmt.Sprintf("Authentication with %s%s failed: %s.",
			cmp.Or(cfg.Host, cfg.AzureResourceID), profileSuffix(cfg), strings.TrimSuffix(reasons[0], "."))}
	}
	return &Error{"", "Could not authenticate with Databricks", fmt.Sprintf(
		"No authentication method can be used with %s%s:\n  %s\n"+
			"Complete the settings of one of them in the provider block, in environment variables, or in a profile.",
		cmp.Or(cfg.Host, cfg.AzureResourceID), profileSuffix(cfg), strings.Join(reasons, "\n  "))}
}

// failureReason returns why a method failed on one line, shortened, without secrets and control characters.
func failureReason(secrets *secretSet, err error) string {
	text, longest := err.Error(), 400
	if failed, ok := errors.AsType[*tokenFailure](err); ok {
		text, longest = failed.reason, 1000 // it has advice at its end
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, secrets.redact(text))
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}
