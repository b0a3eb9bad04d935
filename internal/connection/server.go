package connection

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gopkg.in/ini.v1"
)

// Environment variables and the credentials file of MLflow's own clients.
const (
	usernameVariable   = "MLFLOW_TRACKING_USERNAME"
	passwordVariable   = "MLFLOW_TRACKING_PASSWORD"
	tokenVariable      = "MLFLOW_TRACKING_TOKEN"
	workspaceVariable  = "MLFLOW_WORKSPACE"
	insecureVariable   = "MLFLOW_TRACKING_INSECURE_TLS"
	serverCertVariable = "MLFLOW_TRACKING_SERVER_CERT_PATH"
	clientCertVariable = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
	sigV4Variable      = "MLFLOW_TRACKING_AWS_SIGV4"
	mlflowCredentials  = ".mlflow/credentials"
	credentialsSection = "mlflow"
)

// serverCredentials are the credentials for an MLflow server: username and password, a token, or none.
type serverCredentials struct{ username, password, token string }

// openServer returns a connection to an MLflow server.
func openServer(s Settings, uri trackingURI) (*Connection, error) {
	sigV4, sigV4Err := boolVariable(s, sigV4Variable)
	if sigV4 {
		sigV4Err = &Error{"", "Authentication method is not supported", sigV4Variable +
			" is set, but the provider does not support AWS request signing. Unset it, and set username and password, or token."}
	}
	credentials, loginErr := selectServerCredentials(s, uri)
	workspace, workspaceErr := serverWorkspace(s)
	files, tlsErr := serverTLS(s)
	if err := errors.Join(sigV4Err, loginErr, workspaceErr, tlsErr); err != nil {
		return nil, err
	}
	base, err := newTransport(files, s.HTTPTimeout)
	if err != nil {
		return nil, err
	}
	target := Target{BaseURL: &url.URL{Scheme: uri.server.Scheme, Host: uri.server.Host, Path: strings.TrimRight(uri.server.Path, "/")}}
	headers := serverHeaders(credentials)
	var secrets secretSet
	secrets.add(credentials.password, credentials.token)
	secrets.addHeaders(headers)
	c := &Connection{
		Kind:    Server,
		Resolve: func(context.Context) (Target, error) { return target, nil },
		Transport: &transport{
			base:      base,
			userAgent: s.UserAgent,
			authorize: func(context.Context) (Target, http.Header, error) { return target, headers, nil },
		},
		Username:  credentials.username,
		Workspace: workspace,
		Secrets:   secrets.all,
	}
	if headers.Get("Authorization") != "" {
		c.Warnings = warnIfCleartext(target.BaseURL, attributeOf(uri.source))
	}
	return c, nil
}

// serverWorkspace returns the configured workspace, "" for the default of the server.
func serverWorkspace(s Settings) (string, error) {
	if s.Workspace != "" {
		return s.Workspace, nil
	}
	return s.variable(workspaceVariable, "workspace")
}

func serverHeaders(credentials serverCredentials) http.Header {
	h := http.Header{}
	switch {
	case credentials.username != "":
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials.username+":"+credentials.password)))
	case credentials.token != "":
		h.Set("Authorization", "Bearer "+credentials.token)
	}
	return h
}

// selectServerCredentials returns the credentials of the provider block, or else of the URL, or else those that MLflow's own clients use:
// a username with a password takes precedence over a token.
func selectServerCredentials(s Settings, uri trackingURI) (serverCredentials, error) {
	inBlock := s.Username != "" || s.Password != "" || s.Token != ""
	if inBlock && (uri.server.User == nil || attributeOf(uri.source) == "") {
		return providerCredentials(s)
	}
	if user := uri.server.User; user != nil {
		password, _ := user.Password()
		if inBlock {
			return serverCredentials{}, &Error{"tracking_uri", "Conflicting credentials",
				"tracking_uri contains a username, and username, password, or token is also set. Remove one of them."}
		}
		if user.Username() == "" || password == "" {
			return serverCredentials{}, uri.invalidError("It must contain both a username and a password (USERNAME:PASSWORD@HOST), or none. " +
				"Set username and password instead.")
		}
		return serverCredentials{username: user.Username(), password: password}, errors.Join(
			checkSetting("username", attributeOf(uri.source), "The username in "+uri.source, user.Username()),
			checkSetting("password", attributeOf(uri.source), "The password in "+uri.source, password))
	}
	username, password, err := environmentCredentials(s)
	if err != nil {
		return serverCredentials{}, err
	}
	if username != "" && password != "" {
		return serverCredentials{username: username, password: password}, nil
	}
	token, err := s.variable(tokenVariable, "token")
	return serverCredentials{token: token}, err
}

// providerCredentials returns the credentials of the provider block. Either username or password can be from environment variables.
func providerCredentials(s Settings) (serverCredentials, error) {
	if s.Token != "" {
		if s.Username == "" && s.Password == "" {
			return serverCredentials{token: s.Token}, nil
		}
		return serverCredentials{}, &Error{"token", "Conflicting credentials",
			"token is set together with username or password. Remove token, or remove username and password."}
	}
	username, password, err := environmentCredentials(s)
	if err != nil {
		return serverCredentials{}, err
	}
	credentials := serverCredentials{username: cmp.Or(s.Username, username), password: cmp.Or(s.Password, password)}
	if credentials.username == "" {
		return credentials, &Error{"password", "Incomplete credentials",
			"password is set, but username is not. Set username or " + usernameVariable + "."}
	}
	if credentials.password == "" {
		return credentials, &Error{"username", "Incomplete credentials",
			"username is set, but password is not. Set password or " + passwordVariable + "."}
	}
	return credentials, nil
}

// environmentCredentials reads the username and the password, each from its environment variable, or else from ~/.mlflow/credentials.
func environmentCredentials(s Settings) (username, password string, err error) {
	username, usernameErr := s.variable(usernameVariable, "username")
	password, passwordErr := s.variable(passwordVariable, "password")
	if err := errors.Join(usernameErr, passwordErr); err != nil {
		return "", "", err
	}
	if username != "" && password != "" {
		return username, password, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return username, password, nil //nolint:nilerr // no home directory, no credentials file
	}
	path := filepath.Join(home, filepath.FromSlash(mlflowCredentials))
	// Read as by Python's configparser: a password can contain '#' and quotes.
	file, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, PreserveSurroundedQuote: true, InsensitiveKeys: true}, path)
	if errors.Is(err, fs.ErrNotExist) {
		return username, password, nil
	}
	if err != nil {
		// The error of the parser contains the line, and with it a password.
		return "", "", &Error{"", "Could not read MLflow credentials",
			path + " cannot be read or is not a valid INI file. Correct or remove it."}
	}
	section := file.Section(credentialsSection)
	return cmp.Or(username, section.Key("mlflow_tracking_username").String()),
		cmp.Or(password, section.Key("mlflow_tracking_password").String()), nil
}

// serverTLS completes the TLS arguments from environment variables. An argument for the verification of the server takes precedence over
// all variables for it.
func serverTLS(s Settings) (tlsFiles, error) {
	files, err := providerTLS(s)
	if err != nil {
		return files, err
	}
	if files.clientCert == "" {
		files.clientCert, files.clientSource = s.Getenv(clientCertVariable), clientCertVariable
	}
	if files.ca != "" || files.skipVerify {
		return files, nil
	}
	insecure, err := boolVariable(s, insecureVariable)
	if err != nil {
		return files, err
	}
	files.ca, files.caSource, files.skipVerify = s.Getenv(serverCertVariable), serverCertVariable, insecure
	if files.ca != "" && insecure {
		return files, conflictingTLSError("", insecureVariable, serverCertVariable)
	}
	return files, nil
}

// boolVariable reads an environment variable that is true, false, 1, or 0.
func boolVariable(s Settings, name string) (bool, error) {
	value := s.Getenv(name)
	if value == "" {
		return false, nil
	}
	parsed, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return false, &Error{"", "Invalid connection setting", fmt.Sprintf("%s is %q, but must be true or false.", name, value)}
	}
	return parsed, nil
}
