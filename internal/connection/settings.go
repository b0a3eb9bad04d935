package connection

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// textSetting is one text of the provider block. Attribute is the provider attribute's name.
type textSetting struct {
	attribute string
	value     *string
}

func (s *Settings) texts() []textSetting {
	return []textSetting{
		{"tracking_uri", &s.TrackingURI}, {"username", &s.Username}, {"password", &s.Password}, {"token", &s.Token}, {"workspace", &s.Workspace},
		{"host", &s.Host}, {"profile", &s.Profile}, {"config_file", &s.ConfigFile}, {"auth_type", &s.AuthType},
		{"client_id", &s.ClientID}, {"client_secret", &s.ClientSecret}, {"account_id", &s.AccountID}, {"workspace_id", &s.WorkspaceID},
		{"audience", &s.Audience}, {"oidc_token_env", &s.OIDCTokenEnv}, {"databricks_id_token_filepath", &s.OIDCTokenFilepath},
		{"databricks_cli_path", &s.DatabricksCLIPath}, {"metadata_service_url", &s.MetadataServiceURL},
		{"actions_id_token_request_url", &s.ActionsIDTokenRequestURL}, {"actions_id_token_request_token", &s.ActionsIDTokenRequestToken},
		{"azure_workspace_resource_id", &s.AzureWorkspaceResourceID}, {"azure_client_id", &s.AzureClientID},
		{"azure_client_secret", &s.AzureClientSecret}, {"azure_tenant_id", &s.AzureTenantID}, {"azure_environment", &s.AzureEnvironment},
		{"google_service_account", &s.GoogleServiceAccount}, {"google_credentials", &s.GoogleCredentials},
		{"ca_cert_file", &s.CACertFile}, {"client_cert_file", &s.ClientCertFile},
	}
}

// normalized removes what CI secrets and variables often have around their value, in the block and in the environment, and
// refuses what cannot be a value in the block.
func (s Settings) normalized() (Settings, error) {
	getenv := s.Getenv
	s.Getenv = func(name string) string { return trimSetting(name, getenv(name)) }
	var errs []error
	for _, text := range s.texts() {
		*text.value = trimSetting(text.attribute, *text.value)
		errs = append(errs, checkSetting(text.attribute, text.attribute, text.attribute, *text.value))
	}
	return s, errors.Join(errs...)
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
		return &Error{attribute, "Invalid connection setting", fmt.Sprintf("%s %s. Set it to the value only, and check how it was copied or read.", source, reason)}
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
