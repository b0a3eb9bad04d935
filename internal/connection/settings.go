package connection

import (
	"errors"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// Settings are the arguments of the provider block, and the settings that the provider adds to them. A zero value means unset.
//
// The tag "attribute" is the name of the argument. The tag "only" is the [Kind] that has the setting; without it, both have it. A setting
// that only Databricks has is named as in the Databricks SDK, which defines its environment variables and its key in a profile. The
// environment variables of the others are in server.go.
type Settings struct {
	// TrackingURI is "databricks", "databricks://PROFILE", or the http(s) URL of an MLflow server.
	TrackingURI string `attribute:"tracking_uri"`

	// Username and Password authenticate with an MLflow server. Both must be set, each in the block or in the environment.
	Username string `attribute:"username" only:"mlflow"`
	Password string `attribute:"password" only:"mlflow"`
	// Token is a bearer token for an MLflow server or a Databricks personal access token.
	Token string `attribute:"token"`
	// Workspace is a workspace of an MLflow server.
	Workspace string `attribute:"workspace" only:"mlflow"`

	// The location of the Databricks workspace, and the credentials for it. They have the meaning of the Databricks provider.
	Host                       string `attribute:"host" only:"databricks"`
	Profile                    string `attribute:"profile" only:"databricks"`
	ConfigFile                 string `attribute:"config_file" only:"databricks"`
	AuthType                   string `attribute:"auth_type" only:"databricks"`
	ClientID                   string `attribute:"client_id" only:"databricks"`
	ClientSecret               string `attribute:"client_secret" only:"databricks"`
	AccountID                  string `attribute:"account_id" only:"databricks"`
	WorkspaceID                string `attribute:"workspace_id" only:"databricks"`
	Audience                   string `attribute:"audience" only:"databricks"`
	OIDCTokenEnv               string `attribute:"oidc_token_env" only:"databricks"`
	OIDCTokenFilepath          string `attribute:"databricks_id_token_filepath" only:"databricks"`
	DatabricksCLIPath          string `attribute:"databricks_cli_path" only:"databricks"`
	MetadataServiceURL         string `attribute:"metadata_service_url" only:"databricks"`
	ActionsIDTokenRequestURL   string `attribute:"actions_id_token_request_url" only:"databricks"`
	ActionsIDTokenRequestToken string `attribute:"actions_id_token_request_token" only:"databricks"`
	AzureWorkspaceResourceID   string `attribute:"azure_workspace_resource_id" only:"databricks"`
	AzureClientID              string `attribute:"azure_client_id" only:"databricks"`
	AzureClientSecret          string `attribute:"azure_client_secret" only:"databricks"`
	AzureTenantID              string `attribute:"azure_tenant_id" only:"databricks"`
	AzureEnvironment           string `attribute:"azure_environment" only:"databricks"`
	AzureUseMSI                bool   `attribute:"azure_use_msi" only:"databricks"`
	GoogleServiceAccount       string `attribute:"google_service_account" only:"databricks"`
	GoogleCredentials          string `attribute:"google_credentials" only:"databricks"`

	// CACertFile is a PEM file with certificate authorities to trust in addition to those of the system.
	CACertFile string `attribute:"ca_cert_file"`
	// ClientCertFile is a PEM file with a certificate and its key.
	ClientCertFile string `attribute:"client_cert_file"`
	// SkipVerify disables TLS certificate verification.
	SkipVerify bool `attribute:"skip_verify"`

	// HTTPTimeout is the maximum time until the beginning of a response. It must not be negative; 0 means 60 seconds.
	HTTPTimeout time.Duration `attribute:"http_timeout_seconds"`
	// RetryTimeout is the maximum time to retry a request for a token. It must not be negative; 0 means 5 minutes.
	RetryTimeout time.Duration `attribute:"retry_timeout_seconds"`

	// UserAgent is sent with each request to the server.
	UserAgent string
	// Getenv looks up environment variables; nil means [os.Getenv]. The Databricks SDK directly reads PATH, HOME, those of Azure DevOps,
	// and the one that contains an OIDC token.
	Getenv func(string) string
}

// Field is one setting of the provider block.
type Field struct {
	// Attribute is the name of the attribute.
	Attribute string
	// Only is the kind of server that has the setting, "" if both have it.
	Only Kind
	// Value points to the setting. It is a *string, a *bool, or a *[time.Duration], which is in seconds in the provider block.
	Value any
}

// Fields lists the settings of the provider block in the order in which [Settings] declares them. Writing to a Value sets the setting.
func (s *Settings) Fields() []Field {
	var fields []Field
	settings := reflect.ValueOf(s).Elem()
	for i := range settings.NumField() {
		tag := settings.Type().Field(i).Tag
		if attribute, ok := tag.Lookup("attribute"); ok {
			fields = append(fields, Field{attribute, Kind(tag.Get("only")), settings.Field(i).Addr().Interface()})
		}
	}
	return fields
}

func (f Field) isSet() bool { return !reflect.ValueOf(f.Value).Elem().IsZero() }

// normalized returns the settings, and environment variables, without white space around values, which CI secrets often have. It returns
// errors for invalid arguments.
func (s Settings) normalized() (Settings, error) {
	getenv := s.Getenv
	s.Getenv = func(name string) string { return trimSetting(name, getenv(name)) }
	var errs []error
	for _, f := range s.Fields() {
		if text, ok := f.Value.(*string); ok {
			*text = trimSetting(f.Attribute, *text)
			errs = append(errs, checkSetting(f.Attribute, f.Attribute, f.Attribute, *text))
		}
	}
	return s, errors.Join(errs...)
}

// variable reads an environment variable, and checks its value as that of an attribute.
func (s Settings) variable(name, attribute string) (string, error) {
	value := s.Getenv(name)
	return value, checkSetting(attribute, "", name, value)
}

// attributeOf returns the attribute for an error of a value from source, "" if source is an environment variable.
func attributeOf(source string) string {
	if source == strings.ToUpper(source) {
		return ""
	}
	return source
}

// trimSetting removes surrounding white space, but from a password, which can begin or end with a space, only line breaks.
func trimSetting(name, value string) string {
	if name == "password" || name == passwordVariable {
		return strings.Trim(value, "\r\n")
	}
	return strings.TrimSpace(value)
}

// checkSetting returns an error for a value that cannot be sent. setting is the name of the attribute whose rules apply, source the
// origin of the value, and attribute that of the error, "" for none. The message does not contain the value.
func checkSetting(setting, attribute, source, value string) error {
	if setting == "google_credentials" { // JSON over many lines
		return nil
	}
	refuse := func(reason string) error {
		return &Error{attribute, "Invalid connection setting",
			source + " " + reason + ". Set it to the value only, and check how it was copied or read."}
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return refuse("contains a line break or another control character")
	}
	if setting != "token" && setting != "actions_id_token_request_token" {
		return nil
	}
	if strings.ContainsAny(value, `"'`) {
		return refuse("contains a quotation mark, which is not part of a token")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return refuse("contains a space or a non-ASCII character, which is not part of a token")
	}
	return nil
}
