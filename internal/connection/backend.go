package connection

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

const trackingURIVariable = "MLFLOW_TRACKING_URI"

// trackingURI is a parsed tracking URI: either Databricks, perhaps with a profile, or the URL of an MLflow server.
type trackingURI struct {
	kind    Kind
	profile string
	server  *url.URL
	// source is where it was given: "tracking_uri" or "MLFLOW_TRACKING_URI".
	source string
}

// selectServer decides between the two kinds: attributes beat the environment, in which MLFLOW_TRACKING_URI beats the
// DATABRICKS_* variables, which beat the default profile.
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

// selectDatabricks is for a block that holds Databricks settings and no tracking_uri. A profile that the environment's
// tracking URI names still serves when the block does not say which workspace is meant.
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

// checkConflicts refuses attributes that belong to the other kind of backend than the chosen one.
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

// databricksAttributes are the names of the attributes in the block that only Databricks has.
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

// serverAttributes are the names of the attributes in the block that only an MLflow server has.
func serverAttributes(s Settings) []string {
	var names []string
	for _, f := range s.Fields() {
		if f.Only == Server && f.isSet() {
			names = append(names, f.Attribute)
		}
	}
	return names
}

// hasDatabricksEnvironment reports whether the environment holds a Databricks host, profile or credential. Variables
// that other tools share (ARM_*, GOOGLE_*, ACTIONS_*) choose nothing by themselves.
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

// parseTrackingURI reads the forms that MLflow's own clients take, and refuses with words those that no remote MLflow
// serves.
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
		// The parser's own words would repeat the URL, and with it a password.
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

// warnIfCleartext warns of credentials that travel readable for everybody in between.
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
