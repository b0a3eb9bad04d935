package connection

import (
	"errors"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// Settings are the attributes of the provider block, and what the provider adds to them. A zero value means not set.
//
// The tag "attribute" is the name of the attribute. The tag "only" is the [Kind] that has the setting; without it, both have it. A setting
// of Databricks alone has the name that the vendor's SDK gives it, and from there its environment variables and its key in a profile. The
// variables of the others are in server.go.
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

	// The location of the Databricks workspace, and the credentials for it. They behave as in the vendor's provider.
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

	// CACertFile is a PEM file with authorities that are trusted in addition to those of the system.
	CACertFile string `attribute:"ca_cert_file"`
	// ClientCertFile is a PEM file with a certificate and its key.
	ClientCertFile string `attribute:"client_cert_file"`
	// SkipVerify accepts any certificate of the server.
	SkipVerify bool `attribute:"skip_verify"`

	// HTTPTimeout bounds the wait for the beginning of one response. It must not be negative; 0 means 60 seconds.
	HTTPTimeout time.Duration `attribute:"http_timeout_seconds"`
	// RetryTimeout bounds the retries of requests for tokens. It must not be negative; 0 means 5 minutes.
	RetryTimeout time.Duration `attribute:"retry_timeout_seconds"`

	// UserAgent is sent with each request to the server.
	UserAgent string
	// Getenv looks up environment variables; nil means [os.Getenv]. The vendor's SDK reads a few by itself: PATH, HOME,
	// those of Azure DevOps, and the one that contains an OIDC token.
	Getenv func(string) string
}

// Field is one setting of the provider block.
type Field struct {
	// Attribute is the name of the attribute.
	Attribute string
	// Only is the kind of backend that has the setting, "" if both have it.
	Only Kind
	// Value points to the setting. It is a *string, a *bool, or a *[time.Duration], which the block has in seconds.
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

// normalized removes what CI secrets and variables often have around their value, in the block and in the environment, and
// refuses what cannot be a value in the block.
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

// variable reads an environment variable, whose value has the rules of an attribute.
func (s Settings) variable(name, attribute string) (string, error) {
	value := s.Getenv(name)
	return value, checkSetting(attribute, "", name, value)
}

// attributeOf is the attribute to blame for a value from source: none if source is an environment variable.
func attributeOf(source string) string {
	if source == strings.ToUpper(source) {
		return ""
	}
	return source
}

// trimSetting removes surrounding white space. A password may begin or end with a blank, but not with a line break.
func trimSetting(name, value string) string {
	if name == "password" || name == passwordVariable {
		return strings.Trim(value, "\r\n")
	}
	return strings.TrimSpace(value)
}

// checkSetting refuses a value that cannot be sent. Setting is the name of the attribute whose rules apply, source is where the value
// comes from, and attribute is the one to blame, if any. No message shows the value.
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
		return refuse("contains a blank or a character outside ASCII, which is not part of a token")
	}
	return nil
}
