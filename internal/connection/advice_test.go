package connection

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// closedPort returns a host and port on which no server listens.
func closedPort(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(nil)
	server.Close()
	return server.Listener.Addr().String()
}

// failures returns functions that fail with the errors of a connection, by kind.
func failures(t *testing.T) map[string]func() error {
	t.Helper()
	get := func(target string, change func(*http.Transport)) func() error {
		return func() error {
			transport, err := newTransport(tlsFiles{}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if change != nil {
				change(transport)
			}
			defer transport.CloseIdleConnections()
			resp, err := get(t, transport, target)
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			return nil
		}
	}
	trusting := func(a authority, name string) func(*http.Transport) {
		return func(transport *http.Transport) {
			transport.TLSClientConfig.RootCAs, transport.TLSClientConfig.ServerName = a.pool(), name
		}
	}
	authority := newAuthority(t)
	server := startTLS(http.HandlerFunc(echo), authority.serverConfig(t))
	t.Cleanup(server.Close)
	plain := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(plain.Close)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	mutual := authority.serverConfig(t)
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, authority.pool()
	asking := startTLS(http.HandlerFunc(echo), mutual)
	t.Cleanup(asking.Close)
	oldConfig := authority.serverConfig(t)
	oldConfig.MinVersion, oldConfig.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 //nolint:gosec // that is the point
	old := startTLS(http.HandlerFunc(echo), oldConfig)
	t.Cleanup(old.Close)
	through := func(proxy string) func(*http.Transport) {
		return func(transport *http.Transport) {
			u, err := url.Parse(proxy)
			if err != nil {
				t.Fatal(err)
			}
			transport.Proxy = http.ProxyURL(u)
		}
	}
	closed := closedPort(t)
	return map[string]func() error{
		"success":           get(plain.URL, nil),
		"unknown authority": get(server.URL, nil),
		"another host name": get(server.URL, trusting(authority, "mlflow.example.com")),
		"expired": get(server.URL, func(transport *http.Transport) {
			trusting(authority, "")(transport)
			transport.TLSClientConfig.Time = func() time.Time { return time.Now().Add(48 * time.Hour) }
		}),
		"https on an http server":    get(strings.Replace(plain.URL, "http:", "https:", 1), nil),
		"client certificate missing": get(asking.URL, trusting(authority, "")),
		"old TLS":                    get(old.URL, trusting(authority, "")),
		"closed port":                get("http://"+closed, nil),
		"unreachable proxy":          get("https://mlflow.example.com", through("http://"+closed)),
		"unreachable proxy, http":    get("http://mlflow.example.com", through("http://"+closed)),
		"no response": get(hanging.URL, func(transport *http.Transport) {
			transport.ResponseHeaderTimeout = time.Millisecond
		}),
		// Errors that need a network are created as in Go.
		"no such host": func() error { return wrapURLError(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}) },
		"DNS does not work": func() error {
			return wrapURLError(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true})
		},
		"no route to the host": func() error { return wrapURLError(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}) },
		"http on an https server": func() error {
			return wrapURLError(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02\x16"`))
		},
		"something else": func() error { return wrapURLError(errors.New("unexpected EOF")) },
		"own error":      func() error { return wrapURLError(&Error{"", "Could not send request", "connection refused"}) },
	}
}

func wrapURLError(err error) error {
	return fmt.Errorf("no response: %w", &url.Error{Op: "Get", URL: "https://x", Err: err})
}

func TestAdvice(t *testing.T) {
	type parts = []string
	for name, want := range map[string]struct{ server, databricks parts }{
		"unknown authority": {parts{"not signed by an authority", "ca_cert_file (or MLFLOW_TRACKING_SERVER_CERT_PATH)"},
			parts{"Set ca_cert_file to"}},
		"another host name": {parts{"another host name", "tracking_uri (or MLFLOW_TRACKING_URI)"}, parts{"host (or DATABRICKS_HOST)"}},
		"expired": {parts{"has expired", "clock", "skip_verify = true (or MLFLOW_TRACKING_INSECURE_TLS=true)"},
			parts{"skip_verify = true."}},
		"https on an http server": {parts{"uses http on this port", "tracking_uri (or MLFLOW_TRACKING_URI) to its http URL"},
			parts{"host (or DATABRICKS_HOST)"}},
		"http on an https server": {parts{"uses https on this port", "tracking_uri"}, parts{"host (or DATABRICKS_HOST)"}},
		"client certificate missing": {parts{"client certificate", "client_cert_file (or MLFLOW_TRACKING_CLIENT_CERT_PATH)"},
			parts{"Set client_cert_file to"}},
		"old TLS":                 {parts{"older than 1.2"}, parts{"older than 1.2"}},
		"closed port":             {parts{"No server listens", "tracking_uri"}, parts{"No server listens", "host"}},
		"unreachable proxy":       {parts{"proxy", "HTTPS_PROXY", "NO_PROXY"}, parts{"proxy", "HTTPS_PROXY"}},
		"unreachable proxy, http": {parts{"proxy", "HTTP_PROXY", "NO_PROXY"}, parts{"proxy"}},
		"no such host": {parts{"does not exist in DNS", "tracking_uri"},
			parts{"does not exist in DNS", "host (or DATABRICKS_HOST)"}},
		"DNS does not work":    {parts{"could not be resolved"}, parts{"could not be resolved"}},
		"no route to the host": {parts{"cannot be reached", "firewalls", "tracking_uri"}, parts{"cannot be reached", "host"}},
		"no response":          {parts{"did not respond in time", "http_timeout_seconds"}, parts{"http_timeout_seconds"}},
		"success":              {},
		"something else":       {},
		"own error":            {},
	} {
		fail, ok := failures(t)[name]
		if !ok {
			t.Fatalf("got no failure %q, want one", name)
		}
		err := fail()
		if (err == nil) != (name == "success") {
			t.Fatalf("%s: got error %v", name, err)
		}
		for kind, words := range map[Kind]parts{Server: want.server, Databricks: want.databricks} {
			advice := Advice(err, kind)
			if (advice == "") != (len(words) == 0) {
				t.Errorf("%s, %s: got advice %q for error %v, want one only if it has a known cause", name, kind, advice, err)
			}
			for _, word := range words {
				if !strings.Contains(advice, word) {
					t.Errorf("%s, %s: got advice %q for error %v, want %q in it", name, kind, advice, err, word)
				}
			}
			if kind == Databricks && strings.Contains(advice, "MLFLOW_") {
				t.Errorf("%s: got advice %q for Databricks, want no environment variable of MLflow", name, advice)
			}
		}
	}
}

func TestProxyRefuses(t *testing.T) {
	for status, want := range map[int]struct {
		permanent bool
		parts     []string
	}{
		http.StatusProxyAuthRequired:  {true, []string{"407", "mlflow.example.com:443", "a username and a password that the proxy accepts"}},
		http.StatusForbidden:          {true, []string{"403", "HTTPS_PROXY", "NO_PROXY"}},
		http.StatusServiceUnavailable: {false, []string{"503", "the proxy"}},
	} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		defer proxy.Close()
		transport, err := newTransport(tlsFiles{}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		proxyURL, err := url.Parse(strings.Replace(proxy.URL, "://", "://user:hunter2@", 1))
		if err != nil {
			t.Fatal(err)
		}
		transport.Proxy = http.ProxyURL(proxyURL)
		resp, err := get(t, transport, "https://mlflow.example.com")
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%d: got no error, want one", status)
		}
		wantNoSecret(t, err, "hunter2")
		for _, part := range append(want.parts, proxy.Listener.Addr().String()) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("got error %v, want %q in it", err, part)
			}
		}
		if _, permanent := errors.AsType[*Error](err); permanent != want.permanent {
			t.Errorf("%d: got permanent %t, want %t", status, permanent, want.permanent)
		}
	}
}
