package connection

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/httpretry"
)

// Advice returns the next step after a request that failed without a response, with the setting to correct for this kind of failure. It
// returns "" for unknown errors, and for an [*Error], which contains its own advice.
func Advice(err error, kind Kind) string {
	if _, ok := errors.AsType[*Error](err); ok || err == nil {
		return ""
	}
	s := settingNames{url: "host (or DATABRICKS_HOST)", ca: "ca_cert_file", skip: "skip_verify = true", client: "client_cert_file"}
	if kind == Server {
		s = settingNames{
			url: "tracking_uri (or " + trackingURIVariable + ")", ca: "ca_cert_file (or " + serverCertVariable + ")",
			skip: "skip_verify = true (or " + insecureVariable + "=true)", client: "client_cert_file (or " + clientCertVariable + ")",
		}
	}
	for _, advise := range []func(error, settingNames) string{adviseProxy, adviseTLS, adviseNetwork} {
		if advice := advise(err, s); advice != "" {
			return advice
		}
	}
	return ""
}

// settingNames has the names of the settings of a kind of server in messages.
type settingNames struct{ url, ca, skip, client string }

func adviseProxy(err error, s settingNames) string {
	if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "proxyconnect" {
		return ""
	}
	return "The proxy in the HTTPS_PROXY or HTTP_PROXY environment variable cannot be reached. " +
		"Correct or unset the variable, or add the host of " + s.url + " to NO_PROXY."
}

func adviseTLS(err error, s settingNames) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "The certificate of the server is not signed by an authority that this machine trusts. Set " + s.ca +
			" to a PEM file with the certificate of that authority."
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "The certificate of the server is for another host name. Set " + s.url + " to a host name that is in the certificate."
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return "The certificate of the server has expired or is not valid yet. Renew it on the server, and check the clock of this " +
				"machine. To connect without verification in the meantime, which exposes the credentials, set " + s.skip + "."
		}
		return "The certificate of the server cannot be used. Correct it on the server, or set " + s.ca +
			" to a PEM file with the authority that signed it."
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		if errors.Is(err, http.ErrSchemeMismatch) || strings.HasPrefix(string(record.RecordHeader[:]), "HTTP/") {
			return "The server uses http on this port, not https. Set " + s.url + " to its http URL, or to the port that serves https."
		}
		return "The server does not use https on this port. Check the scheme and the port in " + s.url + "."
	}
	if strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`) { // a TLS alert
		return "The server uses https on this port, not http. Set " + s.url + " to its https URL."
	}
	return adviseAlert(err, s)
}

// adviseAlert returns the advice for a TLS alert with which a server ends the handshake. Go reports alerts only as text.
func adviseAlert(err error, s settingNames) string {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return ""
	}
	switch op.Err.Error() {
	case "tls: certificate required", "tls: bad certificate", "tls: unknown certificate authority":
		return "The server requires a client certificate that it trusts. Set " + s.client +
			" to a PEM file with the certificate and its key."
	case "tls: protocol version not supported":
		return "The server supports only TLS versions older than 1.2. Enable TLS 1.2 or newer on the server."
	}
	return ""
}

func adviseNetwork(err error, s settingNames) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "The host name does not exist in DNS. Check " + s.url +
				", and whether this machine needs a VPN or another DNS server to resolve it."
		}
		return "The host name could not be resolved. Check the DNS configuration and the network connection of this machine."
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "No server listens on this host and port. Check " + s.url + ", and that the server is running."
	}
	if errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
		return "There is no route to the host. Check " + s.url + " and the network connection of this machine, for example its VPN."
	}
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case !ok || !timeout.Timeout():
		return ""
	case httpretry.DialFailed(err):
		return "The server cannot be reached from this machine. Check " + s.url + ", and any firewalls, VPN, and private links in between."
	default:
		return "The server did not respond in time. Set http_timeout_seconds to a higher value, or check the load of the server."
	}
}

// isPermanent reports whether another try cannot correct an error of the connection.
func isPermanent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	_, own := errors.AsType[*Error](err)
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return own || verification || record || errors.Is(err, http.ErrSchemeMismatch) || adviseAlert(err, settingNames{}) != ""
}
