package connection

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// transport authenticates requests.
type transport struct {
	base      http.RoundTripper
	userAgent string
	// authorize returns the destination of requests, and the headers that authenticate them.
	authorize func(ctx context.Context) (Target, http.Header, error)
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	target, headers, err := t.authorize(req.Context())
	if err == nil && !sameOrigin(req.URL, target.BaseURL) {
		err = otherHostError(req, target)
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper must close the body, also on failure
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

// otherHostError returns the error for a request to another host, usually after a redirect, to which credentials are not sent.
func otherHostError(req *http.Request, target Target) error {
	there := (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()
	const setting = "tracking_uri (on Databricks: host)"
	switch {
	case req.Response == nil: // no redirect led here
		return &Error{"", "Could not send request", fmt.Sprintf("Credentials for %s are not sent to %s.", target.BaseURL, there)}
	case isSignIn(req):
		return &Error{"", "Could not send request", fmt.Sprintf(
			"%s redirects to a sign-in page at %s: a proxy in front of the server requires a browser sign-in, which the provider does not "+
				"support. Set a token that the proxy accepts, or set %s to a URL of the server that does not go through the proxy.",
			target.BaseURL, there, setting)}
	default:
		return &Error{"", "Could not send request", fmt.Sprintf(
			"%s redirects to %s, and credentials are not sent to another host. If that is the URL of the server, set %s to it.",
			target.BaseURL, there, setting)}
	}
}

// signInWord matches words in the URL of a sign-in page.
var signInWord = regexp.MustCompile(`(?i)(^|[^a-z])` +
	`(log-?[io]n|sign-?[io]n|sign_in|oauth|openid|oidc|sso|auth|authn|authorize|saml|gcp_iap|adfs|accounts)([^a-z]|$)`)

// isSignIn reports whether a redirect leads to a sign-in page, rather than to the new location of the server.
func isSignIn(req *http.Request) bool {
	if from := req.Response.Request; from != nil && strings.HasSuffix(req.URL.Path, from.URL.Path) {
		return false
	}
	return signInWord.MatchString(req.URL.Hostname() + req.URL.Path + "?" + req.URL.RawQuery)
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
