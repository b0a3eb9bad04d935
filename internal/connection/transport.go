package connection

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// transport authenticates requests.
type transport struct {
	base      http.RoundTripper
	userAgent string
	// authorize tells where requests may go and which headers they need.
	authorize func(ctx context.Context) (Target, http.Header, error)
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	target, headers, err := t.authorize(req.Context())
	if err == nil && !sameOrigin(req.URL, target.BaseURL) {
		err = foreignHost(req, target)
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper closes the body, also when it fails
		}
		return nil, err
	}
	req = req.Clone(req.Context())
	for name, values := range headers {
		req.Header[name] = values
	}
	if t.userAgent != "" {
		req.Header.Set("User-Agent", t.userAgent)
	}
	return t.base.RoundTrip(req)
}

// foreignHost refuses a request that would carry the credentials elsewhere, most likely after a redirect.
func foreignHost(req *http.Request, target Target) error {
	there := (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()
	detail := fmt.Sprintf("Credentials for %s are not sent to %s.", target.BaseURL, there)
	if req.Response != nil { // the redirect that led here
		detail = fmt.Sprintf("%s redirects to %s, and credentials are not sent to another host. If that is the right one, set tracking_uri (on Databricks: host) to it.",
			target.BaseURL, there)
	}
	return &Error{"", "Could not send request", detail}
}

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}
