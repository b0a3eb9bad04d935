package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/databricks/databricks-sdk-go/config"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
)

const (
	workspaceIDHeader = "X-Databricks-Workspace-Id"
	// metadataTimeout is the maximum time for the request of the host metadata.
	metadataTimeout = 10 * time.Second
)

// databricks creates sessions with one Databricks workspace.
type databricks struct {
	settings databricksSettings
	base     http.RoundTripper
	// workspaceID is the configured workspace ID, which is sent with each request; "" if there is none.
	workspaceID string
	// cleartextOrigins are the origins in the settings. Requests to all others must use https.
	cleartextOrigins []*url.URL
	secrets          secretSet
	// inconclusive reports whether the last request for a token failed without showing whether the credentials are valid.
	inconclusive atomic.Bool
}

// session is a resolved configuration: that of the SDK, which has the credentials and renews them, and the destination of requests.
type session struct {
	cfg    *config.Config
	target Target
}

// openDatabricks returns a connection to a Databricks workspace. profile is that of the tracking URI, or "".
func openDatabricks(s Settings, profile string) (*Connection, error) {
	d := &databricks{settings: databricksSettings{settings: s, profile: profile}}
	cfg := s.databricksConfig()
	if err := d.settings.Configure(cfg); err != nil {
		return nil, dropAttributeIfUnset(s, err)
	}
	files, err := providerTLS(s)
	if err != nil {
		return nil, err
	}
	if files.ca == "" && cfg.InsecureSkipVerify { // from a profile
		files.skipVerify = true
	}
	base, err := newTransport(files, s.HTTPTimeout)
	if err != nil {
		return nil, err
	}
	d.base, d.workspaceID, d.cleartextOrigins = base, cfg.WorkspaceID, cleartextOrigins(cfg)
	d.secrets.addConfig(cfg)
	var sessions loadonce.Value[session]
	c := &Connection{
		Kind: Databricks,
		Resolve: func(ctx context.Context) (Target, error) {
			current, err := sessions.Get(ctx, d.resolve)
			return current.target, err
		},
		Transport: &transport{base: base, userAgent: s.UserAgent, authorize: func(ctx context.Context) (Target, http.Header, error) {
			current, err := sessions.Get(ctx, d.resolve)
			if err != nil {
				return Target{}, nil, err
			}
			headers, err := d.headers(ctx, current)
			return current.target, headers, err
		}},
		Secrets: d.secrets.all,
	}
	if host, err := url.Parse(cfg.Host); err == nil {
		attribute := ""
		if s.Host != "" {
			attribute = "host"
		}
		c.Warnings = warnIfCleartext(host, attribute)
	}
	return c, nil
}

// resolve completes the configuration with the SDK, and fetches the first token. All requests of the SDK end with ctx, which must
// therefore last as long as the session.
func (d *databricks) resolve(ctx context.Context) (session, error) {
	s := d.settings.settings
	cfg := s.databricksConfig()
	settings := d.settings
	settings.secrets = &d.secrets
	cfg.Loaders = []config.Loader{settings}
	cfg.HTTPTransport = &tokenTransport{
		ctx: ctx, base: d.base, httpTimeout: s.HTTPTimeout, retryTimeout: s.RetryTimeout,
		cleartextOrigins: d.cleartextOrigins, secrets: &d.secrets, inconclusive: &d.inconclusive,
	}
	// The transport applies the timeouts and sends the retries. The SDK must neither end them nor send its own.
	cfg.HTTPTimeoutSeconds = wholeSeconds(s.HTTPTimeout + s.RetryTimeout)
	cfg.RetryTimeoutSeconds = 1
	isAccount := false
	cfg.HostMetadataResolver = func(_ context.Context, host string) (*config.HostMetadata, error) {
		metadata := d.hostMetadata(ctx, host)
		isAccount = metadata != nil && metadata.HostType == config.AccountHost
		return metadata, nil
	}
	if err := cfg.EnsureResolved(); err != nil {
		return session{}, d.asConnectionError(cfg, err)
	}
	if isAccount {
		return session{}, accountHostError(cfg)
	}
	if err := cfg.Authenticate(d.emptyRequest()); err != nil {
		return session{}, d.asConnectionError(cfg, err)
	}
	base, err := url.Parse(cfg.Host)
	if err != nil {
		return session{}, &Error{"host", "Invalid host", fmt.Sprintf("%q is not a URL.", cfg.Host)}
	}
	return session{cfg: cfg, target: Target{BaseURL: base, WorkspaceID: cfg.WorkspaceID}}, nil
}

// hostMetadata reads the metadata of the host, once. It returns nil on failure: the SDK works without metadata, and the first API call
// reports errors of the host.
func (d *databricks) hostMetadata(ctx context.Context, host string) *config.HostMetadata {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/.well-known/databricks-config", nil)
	if err != nil {
		return nil
	}
	if agent := d.settings.settings.UserAgent; agent != "" {
		req.Header.Set("User-Agent", agent)
	}
	resp, err := d.base.RoundTrip(req)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	var metadata config.HostMetadata
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, maxTokenBody)).Decode(&metadata) != nil {
		return nil
	}
	return &metadata
}

// headers returns the headers that authenticate one request. The SDK renews tokens independent of the context of the request, so that
// runs in a separate goroutine, and a canceled caller stops waiting.
func (d *databricks) headers(ctx context.Context, s session) (http.Header, error) {
	req := d.emptyRequest()
	done := make(chan error, 1)
	go func() { done <- s.cfg.Authenticate(req) }()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-done:
		if err == nil {
			err = checkAuthorization(req.Header)
		}
		if err != nil {
			return nil, d.asConnectionError(s.cfg, err)
		}
	}
	d.secrets.addHeaders(req.Header)
	if d.workspaceID != "" {
		req.Header.Set(workspaceIDHeader, d.workspaceID)
	}
	return req.Header, nil
}

// emptyRequest returns a request on which the SDK sets headers.
func (d *databricks) emptyRequest() *http.Request {
	req := &http.Request{Header: http.Header{}}
	return req.WithContext(withRetryDeadline(context.Background(), d.settings.settings.RetryTimeout))
}

// checkAuthorization returns an error for the header that some methods of the SDK set if a response contains no token.
func checkAuthorization(h http.Header) error {
	scheme, credentials, _ := strings.Cut(h.Get("Authorization"), " ")
	if strings.TrimSpace(scheme) == "" || strings.TrimSpace(credentials) == "" {
		return errors.New("the authentication method returned an empty token")
	}
	for _, name := range append([]string{"Authorization"}, extraTokenHeaders...) {
		if strings.ContainsFunc(h.Get(name), unicode.IsControl) {
			return errors.New("the authentication method returned a token with control characters")
		}
	}
	return nil
}

// asConnectionError returns the [*Error] in an error of the SDK, which adds all settings to it, or else a new one. Unless a token
// endpoint could not be reached, it is a [*CredentialsError].
func (d *databricks) asConnectionError(cfg *config.Config, err error) error {
	own, ok := errors.AsType[*Error](err)
	if !ok {
		own = &Error{"", "Could not authenticate with Databricks", fmt.Sprintf("Authentication with %s%s failed: %s.",
			cfg.Host, profileSuffix(cfg), failureReason(&d.secrets, err))}
	}
	if d.inconclusive.Load() {
		return own
	}
	return &CredentialsError{own}
}

// cleartextOrigins returns the origins to which requests for tokens can be sent over http, because the settings contain them.
func cleartextOrigins(cfg *config.Config) []*url.URL {
	var origins []*url.URL
	for _, named := range []string{cfg.Host, cfg.MetadataServiceURL, cfg.ActionsIDTokenRequestURL, cfg.DiscoveryURL,
		os.Getenv("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"), instanceMetadata} {
		if origin, err := url.Parse(named); err == nil && origin.Host != "" {
			origins = append(origins, origin)
		}
	}
	return origins
}

// wholeSeconds rounds up, because for the SDK, 0 is its own default.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
