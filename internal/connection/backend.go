package connection

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

const trackingURIVariable = "MLFLOW_TRACKING_URI"

// trackingURI is a parsed tracking URI: Databricks with an optional profile, or the URL of an MLflow server.
type trackingURI struct {
	kind    Kind
	profile string
	server  *url.URL
	// source is the setting that contains it: "tracking_uri" or "MLFLOW_TRACKING_URI".
	source string
}

// selectServer returns the server that the settings specify. Arguments take precedence over MLFLOW_TRACKING_URI, that over DATABRICKS_*
// environment variables, and these over the default profile.
func selectServer(s Settings) (trackingURI, error) {
	databricks, server := databricksAttributes(s), serverAttributes(s)
	if s.TrackingURI != "" {
		uri, err := parseTrackingURI(s.TrackingURI, "tracking_uri")
		if err != nil {
			return uri, err
		}
		return uri, checkConflicts(uri, s, databricks, server)
	}
	if len(databricks) > 0 {
		return selectDatabricks(s, databricks, server)
	}
	if value := s.Getenv(trackingURIVariable); value != "" {
		uri, err := parseTrackingURI(value, trackingURIVariable)
		if err != nil {
			return uri, err
		}
		return uri, checkConflicts(uri, s, nil, server)
	}
	if len(server) > 0 {
		return trackingURI{}, &Error{"tracking_uri", "No MLflow server configured",
			fmt.Sprintf("%s is for an MLflow server. Set tracking_uri (or %s) to the server's URL.", server[0], trackingURIVariable)}
	}
	if hasDatabricksEnvironment(s) {
		return trackingURI{kind: Databricks}, nil
	}
	profile, err := readProfile(configFilePath(s), "")
	if err != nil {
		return trackingURI{}, dropAttributeIfUnset(s, err)
	}
	if len(profile.values) == 0 {
		return trackingURI{}, noServerError()
	}
	return trackingURI{kind: Databricks}, nil
}

// selectDatabricks returns Databricks for a provider block with Databricks arguments and without tracking_uri. It uses the profile in
// MLFLOW_TRACKING_URI if the block does not specify a workspace.
func selectDatabricks(s Settings, databricks, server []string) (trackingURI, error) {
	chosen := trackingURI{kind: Databricks}
	if err := checkConflicts(chosen, s, databricks, server); err != nil {
		return chosen, err
	}
	if s.Host != "" || s.Profile != "" || s.AzureWorkspaceResourceID != "" {
		return chosen, nil
	}
	if uri, err := parseTrackingURI(s.Getenv(trackingURIVariable), trackingURIVariable); err == nil && uri.kind == Databricks {
		return uri, nil
	}
	return chosen, nil
}

// checkConflicts returns an error for arguments that are for the other kind of server than the selected one.
func checkConflicts(uri trackingURI, s Settings, databricks, server []string) error {
	if uri.kind == Server && len(databricks) > 0 {
		return &Error{databricks[0], "Conflicting provider arguments", fmt.Sprintf(
			"%s is for Databricks, but tracking_uri is the URL of an MLflow server. "+
				"Remove %s to use the MLflow server, or remove tracking_uri to use Databricks.",
			databricks[0], strings.Join(databricks, ", "))}
	}
	if uri.kind == Databricks && len(server) > 0 {
		return &Error{server[0], "Conflicting provider arguments", misplacedAttributeDetail(server[0], uri, databricks)}
	}
	if uri.profile != "" && s.Profile != "" && uri.profile != s.Profile {
		return &Error{"profile", "Conflicting provider arguments", fmt.Sprintf(
			"%s contains the profile %q, but profile is %q. Remove one of them.", uri.source, uri.profile, s.Profile)}
	}
	return nil
}

func misplacedAttributeDetail(attribute string, uri trackingURI, databricks []string) string {
	chosenBy := uri.source
	if chosenBy == "" {
		chosenBy = databricks[0]
	}
	advice := "Databricks basic authentication is not supported: use token, client_id with client_secret, or another method."
	if attribute == "workspace" {
		advice = "On Databricks, select the workspace with host or profile, and with workspace_id if several workspaces share a host."
	}
	return fmt.Sprintf("%s is for an MLflow server, but %s selects Databricks. %s "+
		"To use an MLflow server, set tracking_uri to its URL and remove the Databricks settings.",
		attribute, chosenBy, advice)
}

// databricksAttributes returns the names of the arguments in the provider block that are only for Databricks.
func databricksAttributes(s Settings) []string {
	cfg := s.databricksConfig()
	var names []string
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		if a.Name != "token" && !a.IsZero(cfg) {
			names = append(names, a.Name)
		}
	}
	return names
}

// serverAttributes returns the names of the arguments in the provider block that are only for an MLflow server.
func serverAttributes(s Settings) []string {
	var names []string
	for _, f := range s.Fields() {
		if f.Only == Server && f.isSet() {
			names = append(names, f.Attribute)
		}
	}
	return names
}

// hasDatabricksEnvironment reports whether DATABRICKS_* environment variables contain a host, a profile, or credentials. Variables that
// other tools also use (ARM_*, GOOGLE_*, ACTIONS_*) do not select Databricks.
func hasDatabricksEnvironment(s Settings) bool {
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		if a.Auth == "" && a.Name != "host" && a.Name != "profile" {
			continue
		}
		for _, name := range a.EnvVars {
			if strings.HasPrefix(name, "DATABRICKS_") && s.Getenv(name) != "" {
				return true
			}
		}
	}
	return false
}

func noServerError() error {
	return &Error{"", "No MLflow server configured", `Neither the provider block nor the environment variables specify a server. Set one of:
  tracking_uri or MLFLOW_TRACKING_URI: the http(s) URL of an MLflow server, "databricks" or "databricks://PROFILE"
  host or DATABRICKS_HOST: the URL of a Databricks workspace
  profile or DATABRICKS_CONFIG_PROFILE: a profile in ~/.databrickscfg
  azure_workspace_resource_id or DATABRICKS_AZURE_RESOURCE_ID: an Azure Databricks workspace
Alternatively, create a DEFAULT profile in ~/.databrickscfg.`}
}

// parseTrackingURI parses the tracking URIs that MLflow's own clients accept, and returns an error for those that are not of a remote
// server.
func parseTrackingURI(raw, source string) (trackingURI, error) {
	uri := trackingURI{source: source}
	raw = strings.TrimSpace(raw)
	scheme, rest, _ := strings.Cut(raw, ":")
	switch strings.ToLower(scheme) {
	case "databricks":
		uri.kind, uri.profile = Databricks, strings.TrimSuffix(strings.TrimPrefix(rest, "//"), "/")
		if strings.Contains(uri.profile, ":") {
			return uri, uri.invalidError("The form databricks://SCOPE:PREFIX works only inside Databricks. " +
				"Use databricks://PROFILE, or set host and its credentials.")
		}
		return uri, nil
	case "databricks-uc":
		return uri, uri.invalidError(`"databricks-uc" is a model registry, which contains no experiments. ` +
			`Use "databricks" or "databricks://PROFILE".`)
	case "http", "https":
		return parseServerURL(raw, uri)
	}
	return uri, uri.invalidError(`It must be the http(s) URL of an MLflow server, "databricks" or "databricks://PROFILE". ` +
		"Local stores (files, SQLite, other databases) are not supported: start `mlflow server` with the store, and use its URL.")
}

func parseServerURL(raw string, uri trackingURI) (trackingURI, error) {
	parsed, err := url.Parse(raw)
	if err != nil {
		// The error of the parser contains the URL, and with it a password.
		return uri, uri.invalidError("It is not a valid URL.")
	}
	if parsed.Hostname() == "" {
		return uri, uri.invalidError("It has no host name.")
	}
	if parsed.RawQuery != "" || parsed.Fragment != "" {
		return uri, uri.invalidError("It must end with the server's host, port, and base path: remove everything from ? or # on.")
	}
	if isDatabricksHost(parsed.Hostname()) {
		return uri, uri.invalidError(fmt.Sprintf(`%s is a Databricks host. Remove the URL, and set host = "https://%s" instead.`,
			parsed.Host, parsed.Host))
	}
	uri.kind, uri.server = Server, parsed
	return uri, nil
}

func (u trackingURI) invalidError(detail string) error {
	return &Error{attributeOf(u.source), "Invalid tracking URI", u.source + " cannot be used. " + detail}
}

func isDatabricksHost(host string) bool {
	for _, suffix := range []string{".databricks.com", ".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"} {
		if strings.HasSuffix(strings.ToLower(host), suffix) {
			return true
		}
	}
	return false
}

// warnIfCleartext returns a warning if credentials are sent over http to another machine.
func warnIfCleartext(target *url.URL, attribute string) []Warning {
	if target.Scheme != "http" || isLoopback(target.Hostname()) {
		return nil
	}
	return []Warning{{attribute, "Credentials are sent unencrypted", fmt.Sprintf(
		"Requests to %s use http, which exposes the credentials to anyone who intercepts them. Use https.", target.Host)}}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
