package connection

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// tlsFiles are the TLS settings, each with the name of the setting that contains it.
type tlsFiles struct {
	ca, clientCert         string
	caSource, clientSource string
	skipVerify             bool
}

// providerTLS returns the TLS arguments of the provider block.
func providerTLS(s Settings) (tlsFiles, error) {
	files := tlsFiles{
		ca: s.CACertFile, caSource: "ca_cert_file",
		clientCert: s.ClientCertFile, clientSource: "client_cert_file",
		skipVerify: s.SkipVerify,
	}
	if files.ca != "" && files.skipVerify {
		return files, conflictingTLSError("skip_verify", "skip_verify", "ca_cert_file")
	}
	return files, nil
}

func conflictingTLSError(attribute, skip, ca string) error {
	return &Error{attribute, "Conflicting TLS settings", fmt.Sprintf(
		"%s disables the verification that %s is used for. Remove one of them.", skip, ca)}
}

// newTransport returns a transport without authentication, with TLS 1.2 or newer, and the proxies of environment variables. timeout is
// the maximum time until the beginning of a response.
func newTransport(files tlsFiles, timeout time.Duration) (*http.Transport, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: files.skipVerify}
	if files.ca != "" {
		pool, err := trustedRoots(files)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	if files.clientCert != "" {
		cert, err := clientCertificate(files)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkProxyResponse,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        cfg,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32, // Terraform's -parallelism is often raised; idle connections are cheap
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		ResponseHeaderTimeout:  timeout,
	}, nil
}

// checkProxyResponse returns an error if a proxy rejects the connection to a server.
func checkProxyResponse(_ context.Context, proxy *url.URL, connect *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	refusal := fmt.Sprintf("the proxy %s returned %s for the connection to %s", proxy.Host, resp.Status, connect.Host)
	if resp.StatusCode >= 500 { // the server may be temporarily unavailable
		return errors.New(refusal)
	}
	advice := "Check the proxy in the HTTPS_PROXY environment variable, or add the host to NO_PROXY."
	if resp.StatusCode == http.StatusProxyAuthRequired {
		advice = "Set HTTPS_PROXY to a URL with a username and a password that the proxy accepts (http://USERNAME:PASSWORD@HOST:PORT), " +
			"or add the host to NO_PROXY."
	}
	return &Error{"", "Could not connect through the proxy", strings.ToUpper(refusal[:1]) + refusal[1:] + ". " + advice}
}

// trustedRoots returns the roots of the system, which token endpoints on public hosts need, with those of the CA file.
func trustedRoots(files tlsFiles) (*x509.CertPool, error) {
	pem, err := readPEM(files.ca, files.caSource)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fileError(files.caSource, files.ca, "it contains no PEM certificate")
	}
	return pool, nil
}

func clientCertificate(files tlsFiles) (tls.Certificate, error) {
	pem, err := readPEM(files.clientCert, files.clientSource)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		return cert, fileError(files.clientSource, files.clientCert,
			"it must contain a PEM certificate and its unencrypted key, one after the other")
	}
	return cert, nil
}

func readPEM(path, source string) ([]byte, error) {
	pem, err := os.ReadFile(path)
	if err == nil {
		return pem, nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err // the message already contains the path
	}
	return nil, fileError(source, path, err.Error())
}

func fileError(source, path, reason string) error {
	return &Error{attributeOf(source), "Could not read certificate file", fmt.Sprintf("%s is %s: %s.", source, path, reason)}
}
