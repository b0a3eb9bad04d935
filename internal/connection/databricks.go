package connection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/databricks/databricks-sdk-go/config"
)

const (
	workspaceIDHeader = "X-Databricks-Workspace-Id"
	// metadataTimeout bounds the look at the host's metadata, which every workspace answers at once or not at all.
	metadataTimeout = 10 * time.Second
	// maxTokenBody bounds an answer of a token or metadata endpoint.
	maxTokenBody = 1 << 20
)

// databricks makes sessions with one Databricks workspace.
type databricks struct {
	settings databricksSettings
	base     http.RoundTripper
	// workspaceID is the configured id, sent with each request; "" without one.
	workspaceID string
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
		return nil, blameBlock(s, err)
	}
	files, err := blockTLS(s)
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
	d.base, d.workspaceID = base, cfg.WorkspaceID
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
	}
	if host, err := url.Parse(cfg.Host); err == nil {
		attribute := ""
		if s.Host != "" {
			attribute = "host"
		}
		c.Warnings = warnIfPlain(host, attribute)
	}
	return c, nil
}

// resolve lets the SDK find out the rest and fetch the first token. Whatever it does over HTTP ends with ctx, which
// must therefore last as long as the session.
func (d *databricks) resolve(ctx context.Context) (session, error) {
	s := d.settings.settings
	cfg := s.databricksConfig()
	cfg.Loaders = []config.Loader{d.settings}
	cfg.HTTPTransport = boundTransport{ctx: ctx, base: d.base}
	cfg.HTTPTimeoutSeconds = wholeSeconds(s.HTTPTimeout)
	cfg.RetryTimeoutSeconds = wholeSeconds(s.RetryTimeout)
	isAccount := false
	cfg.HostMetadataResolver = func(_ context.Context, host string) (*config.HostMetadata, error) {
		metadata := d.hostMetadata(ctx, host)
		isAccount = metadata != nil && metadata.HostType == config.AccountHost
		return metadata, nil
	}
	if err := cfg.EnsureResolved(); err != nil {
		return session{}, ownError(cfg, err)
	}
	if isAccount {
		return session{}, accountHost(cfg)
	}
	if err := cfg.Authenticate(&http.Request{Header: http.Header{}}); err != nil {
		return session{}, ownError(cfg, err)
	}
	base, err := url.Parse(cfg.Host)
	if err != nil {
		return session{}, &Error{"host", "Could not use host", fmt.Sprintf("%q is not a URL.", cfg.Host)}
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
	req := &http.Request{Header: http.Header{}}
	done := make(chan error, 1)
	go func() { done <- s.cfg.Authenticate(req) }()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-done:
		if err != nil {
			return nil, ownError(s.cfg, err)
		}
	}
	if d.workspaceID != "" {
		req.Header.Set(workspaceIDHeader, d.workspaceID)
	}
	return req.Header, nil
}

// ownError is the [*Error] in what the SDK returns, which adds all settings to it, or else a new one.
func ownError(cfg *config.Config, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{"", "Could not authenticate with Databricks", fmt.Sprintf("At %s%s: %s.", cfg.Host, where(cfg), oneLine(cfg, err))}
}

// wholeSeconds rounds up: to the SDK, 0 means its own default.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// boundTransport ends every request with ctx, for the SDK makes its calls under a background context.
type boundTransport struct {
	ctx  context.Context //nolint:containedctx // the SDK leaves no other way
	base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper]. It reads the small answers of token endpoints whole, so that nothing is left
// to read under ctx afterwards.
func (t boundTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenBody))
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
