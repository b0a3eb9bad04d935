//go:build mlflow

package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// behindTLS reaches the server through a proxy with a certificate of its own, which asks for one of the client.
func behindTLS(t *testing.T, s *server) {
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, trusted := clientCertificate(t)
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }})
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	front.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	ca := writePEM(t, &pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})

	through := *s.backend
	through.url = front.URL
	e := through.provider(t, map[string]any{"ca_cert_file": ca, "client_cert_file": client}).block("mlflow_experiment")
	name := s.name("tls")
	e.mustUp(attributes(name, nil))
	s.expect(t, e.text("id"), name, "active", map[string]string{})

	for what, settings := range map[string]map[string]any{
		"without the CA":          {"client_cert_file": client},
		"without the certificate": {"ca_cert_file": ca},
	} {
		t.Run(what, func(t *testing.T) {
			settings["retry_timeout_seconds"] = 1
			e := through.provider(t, settings).block("mlflow_experiment")
			expectSays(t, e.up(attributes(s.name("refused"), nil)), "error: Could not look for experiment: ", "certificate")
		})
	}
}

// clientCertificate makes a certificate with its key, and the pool that trusts it.
func clientCertificate(t *testing.T) (file string, trusted *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	trusted = x509.NewCertPool()
	trusted.AddCert(parsed)
	return writePEM(t, &pem.Block{Type: "CERTIFICATE", Bytes: certificate}, &pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), trusted
}

func writePEM(t *testing.T, blocks ...*pem.Block) (file string) {
	t.Helper()
	var text []byte
	for _, block := range blocks {
		text = append(text, pem.EncodeToMemory(block)...)
	}
	file = filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
