package connection

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

// databricksConfig returns the arguments of the provider block as a configuration of the SDK, where they have the same names.
func (s Settings) databricksConfig() *config.Config {
	block := map[string]any{}
	for _, f := range s.Fields() {
		if f.Only == Databricks || f.Attribute == "token" {
			block[f.Attribute] = reflect.ValueOf(f.Value).Elem().Interface()
		}
	}
	cfg := &config.Config{}
	_ = config.ConfigAttributes.ResolveFromAnyMap(cfg, block) // fails only for types that no setting has
	return cfg
}

// databricksSettings completes the arguments of the provider block. It implements [config.Loader] instead of the loaders of the SDK: with
// those, any environment variable overrides the profile of the block, and leftover environment variables of another method are the error
// "more than one authorization method".
type databricksSettings struct {
	settings Settings
	// profile is that of the tracking URI, or "".
	profile string
	// secrets are redacted in the reasons why a method failed.
	secrets *secretSet
}

// Name implements [config.Loader].
func (d databricksSettings) Name() string { return "settings" }

// Configure implements [config.Loader]. Precedence, highest first: the provider block, the profile that it specifies, environment
// variables, any other profile. Credentials of the first two override those of other methods.
func (d databricksSettings) Configure(cfg *config.Config) error {
	families, err := providerFamilies(cfg, d.settings)
	if err != nil {
		return err
	}
	providerIsComplete := cfg.Host != "" && len(families) > 0
	cfg.Profile = cmp.Or(cfg.Profile, d.profile)
	named := cfg.Profile != ""
	if named {
		if err := d.fillFromProfile(cfg, families); err != nil {
			return err
		}
		if len(families) == 0 {
			families = familiesInUse(cfg)
		}
	}
	other := profile{} // the profile with the lowest precedence, if any
	if !named && !providerIsComplete {
		if other, err = d.fallbackProfile(families); err != nil {
			return err
		}
	}
	allowed := families
	if len(allowed) == 0 {
		allowed = d.databricksFamilies(other)
	}
	if err := d.checkEnvironmentHost(cfg, families); err != nil {
		return err
	}
	if err := fillUnset(cfg, allowed, d.variable); err != nil {
		return err
	}
	if providerIsComplete && !named {
		cfg.Profile = "" // that of DATABRICKS_CONFIG_PROFILE could only add settings of another workspace
	}
	if err := fillFrom(cfg, other, families); err != nil {
		return err
	}
	return d.finish(cfg, families)
}

// checkEnvironmentHost returns an error if credentials in environment variables would be sent to another host than DATABRICKS_HOST.
func (d databricksSettings) checkEnvironmentHost(cfg *config.Config, families []string) error {
	host := d.settings.Getenv("DATABRICKS_HOST")
	if len(families) > 0 || cfg.AuthType != "" || cfg.Host == "" || host == "" || sameHost(cfg.Host, host) {
		return nil
	}
	environment := &config.Config{}
	err := fillUnset(environment, nil, d.databricksVariable)
	if err != nil || environment.AuthType != "" || len(familiesOf(environment)) == 0 {
		return err
	}
	return &Error{"host", "Credentials are for a different host", fmt.Sprintf(
		"The credentials in the DATABRICKS_* environment variables are for %s (DATABRICKS_HOST), and are not sent to %s%s. "+
			"Set the credentials in the provider block or in a profile, or unset the environment variables of the other workspace.",
		host, cfg.Host, profileSuffix(cfg))}
}

// sameHost reports whether two spellings of a host denote the same one.
func sameHost(a, b string) bool {
	first, errA := url.Parse((&config.Config{Host: a}).CanonicalHostName())
	second, errB := url.Parse((&config.Config{Host: b}).CanonicalHostName())
	return errA == nil && errB == nil && sameOrigin(first, second)
}

// fallbackProfile returns the profile of DATABRICKS_CONFIG_PROFILE, or else the default one, which the Databricks tools use only if nothing
// else sets a host or credentials. Variables that other tools also use, such as ARM_CLIENT_ID, do not count, because they contain no
// host.
func (d databricksSettings) fallbackProfile(families []string) (profile, error) {
	fromEnvironment := d.settings.databricksConfig()
	if err := fillUnset(fromEnvironment, families, d.databricksVariable); err != nil {
		return profile{}, err
	}
	if fromEnvironment.Profile == "" && (fromEnvironment.Host != "" || len(familiesOf(fromEnvironment)) > 0) {
		return profile{}, nil
	}
	return readProfile(cmp.Or(fromEnvironment.ConfigFile, configFilePath(d.settings)), fromEnvironment.Profile)
}

// databricksFamilies returns the families of the credentials in DATABRICKS_* environment variables, or else in the profile. They override
// credentials of other methods in variables that other tools also use, such as ARM_CLIENT_ID. The result is empty if the credentials are
// ambiguous or auth_type is set.
func (d databricksSettings) databricksFamilies(p profile) []string {
	for _, lookup := range []func(*config.ConfigAttribute) (string, config.Source){d.databricksVariable, p.lookup} {
		own := &config.Config{}
		if fillUnset(own, nil, lookup) != nil || own.AuthType != "" {
			return nil
		}
		if families := familiesOf(own); len(families) > 0 {
			if len(methodsUsing(families)) == 0 {
				return nil
			}
			return families
		}
	}
	if d.settings.Getenv("DATABRICKS_OIDC_TOKEN") != "" { // no attribute of the SDK
		return []string{"env-oidc"}
	}
	return nil
}

// finish checks the complete settings, and selects the methods to try.
func (d databricksSettings) finish(cfg *config.Config, families []string) error {
	if strings.EqualFold(cfg.WorkspaceID, "none") {
		cfg.WorkspaceID = "" // the Databricks tools write "none" to a profile without a workspace
	}
	if err := checkHost(cfg); err != nil {
		return err
	}
	chosen, err := selectMethods(cfg, families)
	if err != nil {
		return err
	}
	cfg.Credentials = &methodChain{methods: chosen, retryTimeout: d.settings.RetryTimeout, secrets: d.secrets}
	if cfg.AuthType == "" {
		// If it were empty, the SDK would also run its own check for ambiguity, which is less exact.
		cfg.AuthType = cfg.Credentials.Name()
	}
	return nil
}

func checkHost(cfg *config.Config) error {
	if cfg.Host == "" && cfg.AzureResourceID == "" {
		return &Error{"host", "No Databricks workspace configured", "No host is set" + profileSuffix(cfg) +
			". Set host (DATABRICKS_HOST) to the URL of the workspace, or use a profile that has one."}
	}
	if cfg.Host == "" {
		return nil
	}
	nameless := strings.HasSuffix(cfg.Host, "://") // the SDK would use the scheme as the host
	host, err := url.Parse(cfg.CanonicalHostName())
	if err != nil || nameless || host.Hostname() == "" || host.Scheme != "https" && host.Scheme != "http" {
		return &Error{"host", "Invalid host", "host (DATABRICKS_HOST) must be the https URL of a Databricks workspace, " +
			"without quotation marks or other text around it" + profileSuffix(cfg) + "."}
	}
	if strings.HasPrefix(host.Host, "accounts.") || strings.HasPrefix(host.Host, "accounts-dod.") {
		return accountHostError(cfg)
	}
	return nil
}

func accountHostError(cfg *config.Config) error {
	return &Error{"host", "Invalid host", fmt.Sprintf(
		"%s is the account console, which contains no experiments. Set host to the URL of a workspace.", cfg.Host)}
}

// fillUnset sets unset attributes from one source. It ignores credentials that no method of the families uses, and the auth_type of such
// a method.
func fillUnset(cfg *config.Config, families []string, lookup func(*config.ConfigAttribute) (string, config.Source)) error {
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		v, source := lookup(a)
		if v == "" || !a.IsZero(cfg) || !isAllowed(a, v, families) {
			continue
		}
		name := source.Name
		if source.Type == config.SourceFile {
			name = a.Name + " in " + name
		}
		if err := checkSetting(a.Name, "", name, v); err != nil {
			return err
		}
		if err := a.SetS(cfg, v); err != nil {
			return &Error{"", "Invalid connection setting", fmt.Sprintf("%s (from %s) must be of type %s.", a.Name, source.Name, a.Kind)}
		}
		cfg.SetAttrSource(a, source)
	}
	return nil
}

func isAllowed(a *config.ConfigAttribute, value string, families []string) bool {
	if a.Auth == "basic" {
		return false // not supported; leftovers must not make other credentials ambiguous
	}
	if len(families) == 0 {
		return true
	}
	if a.Name == "auth_type" {
		m, ok := methodByName(value)
		return ok && m.uses(families)
	}
	return a.Auth == "" || len(methodsUsing(append([]string{a.Auth}, families...))) > 0
}

// variable looks up the environment variable of an attribute.
func (d databricksSettings) variable(a *config.ConfigAttribute) (string, config.Source) {
	for _, name := range a.EnvVars {
		if v := d.settings.Getenv(name); v != "" {
			return v, config.Source{Type: config.SourceEnv, Name: name}
		}
	}
	return "", config.Source{}
}

// databricksVariable is variable without those that other tools also use.
func (d databricksSettings) databricksVariable(a *config.ConfigAttribute) (string, config.Source) {
	v, source := d.variable(a)
	if !strings.HasPrefix(source.Name, "DATABRICKS_") {
		return "", config.Source{}
	}
	return v, source
}

func (d databricksSettings) fillFromProfile(cfg *config.Config, families []string) error {
	cfg.ConfigFile = cmp.Or(cfg.ConfigFile, configFilePath(d.settings))
	p, err := readProfile(cfg.ConfigFile, cfg.Profile)
	if err != nil {
		return err
	}
	return fillFrom(cfg, p, families)
}

// fillFrom completes the settings from a profile. It ignores a profile of another host, whose credentials are not for the configured one.
func fillFrom(cfg *config.Config, p profile, families []string) error {
	if len(p.values) == 0 {
		return nil
	}
	if host := p.values["host"]; host != "" && cfg.Host != "" && !sameHost(cfg.Host, host) {
		if len(families) > 0 || len(familiesOf(cfg)) > 0 {
			cfg.Profile = ""
			return nil
		}
		return &Error{"profile", "Credentials are for a different host", fmt.Sprintf(
			"Profile %q in %s is for %s, and its credentials are not sent to %s. "+
				"Set the credentials in the provider block, or remove the host or the profile.",
			p.name, p.path, host, cfg.Host)}
	}
	cfg.Profile, cfg.ConfigFile = p.name, cmp.Or(cfg.ConfigFile, p.path) // the SDK hands the name to the Databricks CLI
	return fillUnset(cfg, families, p.lookup)
}

// profileSuffix returns the profile of the settings for a message, "" if there is none.
func profileSuffix(cfg *config.Config) string {
	if cfg.Profile == "" {
		return ""
	}
	return fmt.Sprintf(" (profile %q in %s)", cfg.Profile, cfg.ConfigFile)
}

// familiesInUse returns the families of auth_type, or else those of the credentials that are set.
func familiesInUse(cfg *config.Config) []string {
	if m, ok := methodByName(cfg.AuthType); ok {
		return m.families
	}
	return familiesOf(cfg)
}

// familiesOf returns the SDK's families of the credentials that are set, sorted: "pat", "oauth", "azure", and so on.
func familiesOf(cfg *config.Config) []string {
	seen := map[string]bool{}
	var families []string
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		if a.Auth != "" && !a.IsZero(cfg) && !seen[a.Auth] {
			seen[a.Auth] = true
			families = append(families, a.Auth)
		}
	}
	sort.Strings(families)
	return families
}

// providerFamilies returns the families of the credentials in the provider block, which must be all that cfg contains. It includes that
// of a GitHub Actions token, which in environment variables is ignored, because every runner has one.
func providerFamilies(cfg *config.Config, s Settings) ([]string, error) {
	families := familiesInUse(cfg)
	if cfg.AuthType != "" {
		return families, nil
	}
	if s.ActionsIDTokenRequestURL != "" || s.ActionsIDTokenRequestToken != "" {
		families = append(families, actionsFamily)
	}
	return families, checkUnambiguous(families, credentialAttribute(cfg), "The provider block contains")
}

// credentialAttribute returns the name of the first credential that is set.
func credentialAttribute(cfg *config.Config) string {
	for i := range config.ConfigAttributes {
		if a := &config.ConfigAttributes[i]; a.Auth != "" && !a.IsZero(cfg) {
			return a.Name
		}
	}
	return ""
}

// dropAttributeIfUnset removes the attribute from an error if the provider block does not contain it: the value is from another source.
func dropAttributeIfUnset(s Settings, err error) error {
	own, ok := errors.AsType[*Error](err)
	if !ok || slices.Contains(append(databricksAttributes(s), "token"), own.Attribute) {
		return err
	}
	return &Error{"", own.Summary, own.Detail}
}
