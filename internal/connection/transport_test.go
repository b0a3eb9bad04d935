package connection

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestCredentialsStayWithTheirHost(t *testing.T) {
	isolateEnv(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("got a request to the other host, want none")
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/stolen", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c := mustOpen(t, Settings{TrackingURI: server.URL, Token: "t"}, nil)

	for name, tc := range map[string]struct{ url, part string }{
		"redirect": {server.URL + "/x", "redirects to " + elsewhere.URL},
		"direct":   {elsewhere.URL + "/x", "not sent to " + elsewhere.URL},
		"scheme":   {strings.Replace(server.URL, "http:", "https:", 1), "not sent to https:"},
	} {
		t.Run(name, func(t *testing.T) {
			body := &closeRecorder{Reader: strings.NewReader("body")}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, body)
			if err != nil {
				t.Fatal(err)
			}
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }
			resp, err := (&http.Client{Transport: c.Transport}).Do(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			wantError(t, err, "", tc.part)
			var permanent interface{ Permanent() bool }
			if !errors.As(err, &permanent) || !permanent.Permanent() {
				t.Error("got an error that is not permanent, want a permanent one")
			}
			if !body.closed {
				t.Error("got an open request body, want it closed")
			}
		})
	}
}

type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error {
	c.closed = true
	return nil
}

func TestSameOrigin(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"https://a.example.com/x", "https://A.example.com:443/y", true},
		{"http://a.example.com", "http://a.example.com:80", true},
		{"http://a.example.com", "https://a.example.com", false},
		{"http://a.example.com:443", "https://a.example.com", false},
		{"https://a.example.com", "https://a.example.com:8443", false},
		{"https://a.example.com", "https://a.example.com.evil.example", false},
	} {
		a, errA := url.Parse(tc.a)
		b, errB := url.Parse(tc.b)
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if sameOrigin(a, b) != tc.same {
			t.Errorf("%s and %s: got %t, want %t", tc.a, tc.b, !tc.same, tc.same)
		}
	}
}

func TestTransportDoesNotChangeRequest(t *testing.T) {
	isolateEnv(t)
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	c := mustOpen(t, Settings{TrackingURI: server.URL, Token: "t", UserAgent: "agent/1"}, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(req.Header) != 0 {
		t.Errorf("got headers %v in the request of the caller, want none", req.Header)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	server := newTLSServer(t, false)
	mutual := newTLSServer(t, true)
	ca := writeFile(t, filepath.Join(dir, "ca.pem"), server.caPEM)
	mutualCA := writeFile(t, filepath.Join(dir, "mutual-ca.pem"), mutual.caPEM)
	client := writeFile(t, filepath.Join(dir, "client.pem"), mutual.clientPEM)
	outdated := startTLS(http.HandlerFunc(echo), &tls.Config{
		Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, //nolint:gosec // that is the point
	})
	t.Cleanup(outdated.Close)
	junk := writeFile(t, filepath.Join(dir, "junk.pem"), "junk")
	variable := func(name, value string) map[string]string { return map[string]string{name: value} }
	tests := map[string]struct {
		settings Settings
		env      map[string]string
		failure  string
	}{
		"unknown authority": {settings: Settings{TrackingURI: server.URL}, failure: "certificate"},
		"ca_cert_file":      {settings: Settings{TrackingURI: server.URL, CACertFile: ca}},
		"ca_cert_file overrides insecure": {settings: Settings{TrackingURI: server.URL, CACertFile: mutualCA},
			env: variable("MLFLOW_TRACKING_INSECURE_TLS", "true"), failure: "certificate"},
		"ca in the environment":       {settings: Settings{TrackingURI: server.URL}, env: variable("MLFLOW_TRACKING_SERVER_CERT_PATH", ca)},
		"skip_verify":                 {settings: Settings{TrackingURI: server.URL, SkipVerify: true}},
		"insecure in the environment": {settings: Settings{TrackingURI: server.URL}, env: variable("MLFLOW_TRACKING_INSECURE_TLS", "True")},
		"client certificate asked":    {settings: Settings{TrackingURI: mutual.URL, CACertFile: mutualCA}, failure: "certificate required"},
		"client_cert_file":            {settings: Settings{TrackingURI: mutual.URL, CACertFile: mutualCA, ClientCertFile: client}},
		"client certificate in the environment": {settings: Settings{TrackingURI: mutual.URL, CACertFile: mutualCA},
			env: variable("MLFLOW_TRACKING_CLIENT_CERT_PATH", client)},
		"TLS 1.1": {settings: Settings{TrackingURI: outdated.URL, SkipVerify: true},
			failure: "protocol version"},
		"ca without certificate": {settings: Settings{TrackingURI: server.URL, CACertFile: junk},
			failure: "no PEM certificate"},
		"client cert without a key": {settings: Settings{TrackingURI: server.URL, ClientCertFile: ca},
			failure: "unencrypted key"},
		"Databricks ca_cert_file":      {settings: Settings{Host: server.URL, Token: "t", CACertFile: ca}},
		"Databricks unknown authority": {settings: Settings{Host: server.URL, Token: "t"}, failure: "certificate"},
		"Databricks conflict": {settings: Settings{Host: server.URL, Token: "t", CACertFile: ca, SkipVerify: true},
			failure: "Remove one"},
		"Databricks skip_verify of a profile":           {settings: Settings{Profile: "p"}},
		"Databricks ca_cert_file overrides the profile": {settings: Settings{Profile: "p", CACertFile: mutualCA}, failure: "certificate"},
		"Databricks skip_verify":                        {settings: Settings{Host: server.URL, Token: "t", SkipVerify: true}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolateEnv(t)
			writeFile(t, filepath.Join(home, ".databrickscfg"), "[p]\nhost = "+server.URL+"\ntoken = t\nskip_verify = true\n")
			c, err := open(tc.settings, tc.env)
			if err == nil {
				_, err = send(t.Context(), c)
			}
			if tc.failure == "" && err != nil || tc.failure != "" && (err == nil || !strings.Contains(err.Error(), tc.failure)) {
				t.Errorf("got error %v, want %q", err, tc.failure)
			}
		})
	}
}

// TestRedirectToASignIn checks that the error does not suggest to set tracking_uri to the URL of a sign-in page.
func TestRedirectToASignIn(t *testing.T) {
	isolateEnv(t)
	const path = "/api/2.0/mlflow/experiments/search"
	for place, isSignIn := range map[string]bool{
		"https://accounts.google.com/o/oauth2/v2/auth?client_id=x":           true,
		"https://login.microsoftonline.com/tenant/saml2?SAMLRequest=x":       true,
		"https://keycloak.example.com/realms/x/protocol/openid-connect/auth": true,
		"https://id.example.com/sign_in?rd=x":                                true,
		"https://id.example.com/log-in":                                      true,
		"https://sso.example.com/":                                           true,
		"https://id.example.com/x?next=/_gcp_iap/x":                          true,
		"https://id.example.com/adfs/ls/":                                    true,
		"https://mlflow.example.com" + path:                                  false,
		"https://sso-mlflow.example.com" + path:                              false, // moved: the path is the same
		"https://mlflow.example.com/authors":                                 false,
		"https://blog.example.com/":                                          false,
		"https://ml.example.com/base" + path:                                 false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, place,
				http.StatusFound)
		}))
		c := mustOpen(t, Settings{TrackingURI: server.URL, Token: "t"}, nil)
		resp, err := get(t, c.Transport, server.URL+path)
		server.Close()
		if err == nil {
			_ = resp.Body.Close()
		}
		there, _, _ := strings.Cut(strings.TrimPrefix(place, "https://"), "/")
		signIn, moved := "requires a browser sign-in, which the provider does not support. Set a token that the proxy accepts",
			"If that is the URL of the server, set tracking_uri"
		if !isSignIn {
			signIn, moved = moved, signIn
		}
		wantError(t, err, "", there, signIn)
		if strings.Contains(err.Error(), moved) {
			t.Errorf("%s: got error %v, want no %q in it", place, err, moved)
		}
	}
}
