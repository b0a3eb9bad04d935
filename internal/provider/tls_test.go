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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// behindTLS connects to the server through a proxy with its own certificate, which requires a client certificate.
func behindTLS(t *testing.T, s *server) {
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, trusted := clientCertificate(t)
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }})
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // rejected handshakes are expected
	front.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	ca := writePEM(t, &pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})

	through := *s.Backend
	through.URL = front.URL
	e := through.Provider(t, map[string]any{"ca_cert_file": ca, "client_cert_file": client}).Resource("mlflow_experiment")
	name := s.Name("tls")
	e.MustApply(acctest.ExperimentAttributes(name, nil))
	s.ExpectExperiment(t, e.Text("id"), name, "active", map[string]string{})

	for what, settings := range map[string]map[string]any{
		"without the CA":          {"client_cert_file": client},
		"without the certificate": {"ca_cert_file": ca},
	} {
		t.Run(what, func(t *testing.T) {
			settings["retry_timeout_seconds"] = 1
			e := through.Provider(t, settings).Resource("mlflow_experiment")
			acctest.ExpectDiagnostics(
				t,
				e.Apply(acctest.ExperimentAttributes(s.Name("refused"), nil)),
				"error: Could not look up experiment: ",
				"certificate",
			)
		})
	}
}

// clientCertificate returns a certificate with its key, and a pool that trusts it.
func clientCertificate(t *testing.T) (file string, trusted *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{
			x509.ExtKeyUsageClientAuth,
		}, KeyUsage: x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
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
