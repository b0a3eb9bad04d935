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
)

const (
	workspaceIDHeader = "X-Databricks-Workspace-Id"
	// metadataTimeout bounds the look at the host's metadata, which every workspace answers at once or not at all.
	metadataTimeout = 10 * time.Second
)

// databricks makes sessions with one Databricks workspace.
type databricks struct {
	settings databricksSettings
	base     http.RoundTripper
	// workspaceID is the configured id, sent with each request; "" without one.
	workspaceID string
	// cleartextOrigins are the origins that the settings name; all others must be called over https.
	cleartextOrigins []*url.URL
	secrets          secretSet
	// inconclusive reports whether the last request for a token got no answer that says anything about the credentials.
	inconclusive atomic.Bool
}

// session is a resolved configuration: the SDK's, which holds and renews the credentials, and where it leads.
type session struct {
	cfg    *config.Config
	target Target
}

// openDatabricks connects to a Databricks workspace. profile is the one that the tracking URI names, or "".
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
	if files.ca == "" && cfg.InsecureSkipVerify { // a profile says so
		files.skipVerify = true
	}
	base, err := newTransport(files, s.HTTPTimeout)
	if err != nil {
		return nil, err
	}
	d.base, d.workspaceID, d.cleartextOrigins = base, cfg.WorkspaceID, cleartextOrigins(cfg)
	d.secrets.addConfig(cfg)
	sessions := &once[session]{load: d.resolve}
	c := &Connection{
		Kind: Databricks,
		Resolve: func(ctx context.Context) (Target, error) {
			current, err := sessions.get(ctx)
			return current.target, err
		},
		Transport: &transport{base: base, userAgent: s.UserAgent, authorize: func(ctx context.Context) (Target, http.Header, error) {
			current, err := sessions.get(ctx)
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

// resolve lets the SDK find out the rest and fetch the first token. Whatever it does over HTTP ends with ctx, which
// must therefore last as long as the session.
func (d *databricks) resolve(ctx context.Context) (session, error) {
	s := d.settings.settings
	cfg := s.databricksConfig()
	settings := d.settings
	settings.secrets = &d.secrets
	cfg.Loaders = []config.Loader{settings}
	cfg.HTTPTransport = &tokenTransport{
		ctx: ctx, base: d.base, httpTimeout: s.HTTPTimeout, retryTimeout: s.RetryTimeout, cleartextOrigins: d.cleartextOrigins, secrets: &d.secrets,
		inconclusive: &d.inconclusive,
	}
	// The transport bounds each try by the HTTP timeout and makes the retries; the SDK must not end them, nor make its own.
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

// hostMetadata asks the host about itself, once. It is a help only: nil, too, tells the SDK to go on without it, and what
// is wrong with the host shows at the first call.
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

// headers authenticates one request. The SDK renews tokens without regard to the request's context, so it does that
// aside, and who is cancelled stops waiting.
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

// emptyRequest is for the SDK to put headers on.
func (d *databricks) emptyRequest() *http.Request {
	req := &http.Request{Header: http.Header{}}
	return req.WithContext(withRetryDeadline(context.Background(), d.settings.settings.RetryTimeout))
}

// checkAuthorization refuses what some methods of the SDK make of an answer without a token.
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

// asConnectionError is the [*Error] in what the SDK returns, which adds all settings to it, or else a new one. Unless a token endpoint
// could not be reached, it is a [*CredentialsError].
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

// cleartextOrigins are the origins without TLS that requests for tokens may go to, since the settings name them.
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

// wholeSeconds rounds up: to the SDK, 0 means its own default.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
