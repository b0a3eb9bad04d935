package connection

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

// databricksConfig is the block's part of a Databricks configuration. The SDK names the settings as the block does.
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

// databricksSettings completes the block's settings. It implements [config.Loader], in place of the SDK's own loaders:
// those let any variable of the environment beat the profile that the block names, and answer "more than one
// authorization method" when the environment holds leftovers of a method that the block does not use.
type databricksSettings struct {
	settings Settings
	// profile is the one that the tracking URI names, or "".
	profile string
	// secrets are cut out of the reasons why a method failed.
	secrets *secretSet
}

// Name implements [config.Loader].
func (d databricksSettings) Name() string { return "settings" }

// Configure implements [config.Loader]. Each source fills what the ones before it left open: the block, the profile if
// the block names one, the environment, any other profile. Credentials of the first two keep those of other methods out.
func (d databricksSettings) Configure(cfg *config.Config) error {
	families, err := providerFamilies(cfg, d.settings)
	if err != nil {
		return err
	}
	providerIsComplete := cfg.Host != "" && len(families) > 0
	cfg.Profile = firstNonEmpty(cfg.Profile, d.profile)
	named := cfg.Profile != ""
	if named {
		if err := d.fillFromProfile(cfg, families); err != nil {
			return err
		}
		if len(families) == 0 {
			families = familiesInUse(cfg)
		}
	}
	other := profile{} // the profile that comes after the environment, if any
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
		cfg.Profile = "" // what DATABRICKS_CONFIG_PROFILE names could only mix in another workspace's settings
	}
	if err := fillFrom(cfg, other, families); err != nil {
		return err
	}
	return d.finish(cfg, families)
}

// checkEnvironmentHost refuses credentials of the environment that would go to another host than the environment says.
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

// sameHost reports whether two spellings of a workspace's host mean the same one.
func sameHost(a, b string) bool {
	first, errA := url.Parse((&config.Config{Host: a}).CanonicalHostName())
	second, errB := url.Parse((&config.Config{Host: b}).CanonicalHostName())
	return errA == nil && errB == nil && sameOrigin(first, second)
}

// fallbackProfile is the profile that the environment names, or else the default one, which is only for those who fromEnvironment nothing else: the
// vendor's rule. Variables that other tools share, such as ARM_CLIENT_ID, say nothing: without a host they are of no use.
func (d databricksSettings) fallbackProfile(families []string) (profile, error) {
	fromEnvironment := d.settings.databricksConfig()
	if err := fillUnset(fromEnvironment, families, d.databricksVariable); err != nil {
		return profile{}, err
	}
	if fromEnvironment.Profile == "" && (fromEnvironment.Host != "" || len(familiesOf(fromEnvironment)) > 0) {
		return profile{}, nil
	}
	return readProfile(firstNonEmpty(fromEnvironment.ConfigFile, configFilePath(d.settings)), fromEnvironment.Profile)
}

// databricksFamilies are those of the credentials that the DATABRICKS_* variables, or else the profile, hold. Beside them, credentials of other
// methods in variables that other tools share, such as ARM_CLIENT_ID, are leftovers. None are returned if the credentials are ambiguous
// or auth_type chooses.
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

// finish checks the complete settings and picks the methods to try.
func (d databricksSettings) finish(cfg *config.Config, families []string) error {
	if strings.EqualFold(cfg.WorkspaceID, "none") {
		cfg.WorkspaceID = "" // the vendor's spelling, in profiles, of "no workspace"
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
		// Not empty, or else the SDK would run its own check for ambiguity after ours, which knows less.
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
	nameless := strings.HasSuffix(cfg.Host, "://") // where the SDK would take the scheme for the host
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

// fillUnset sets what is still open from one source. A credential that no method of the families uses stays out, and so does
// the choice of such a method.
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
		return false // not offered; what is left of it must not make other credentials ambiguous
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

// databricksVariable is variable without those that other tools share.
func (d databricksSettings) databricksVariable(a *config.ConfigAttribute) (string, config.Source) {
	v, source := d.variable(a)
	if !strings.HasPrefix(source.Name, "DATABRICKS_") {
		return "", config.Source{}
	}
	return v, source
}

func (d databricksSettings) fillFromProfile(cfg *config.Config, families []string) error {
	cfg.ConfigFile = firstNonEmpty(cfg.ConfigFile, configFilePath(d.settings))
	p, err := readProfile(cfg.ConfigFile, cfg.Profile)
	if err != nil {
		return err
	}
	return fillFrom(cfg, p, families)
}

// fillFrom completes settings from a profile. One of another host is left out: its credentials are not for the host that is set.
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
	cfg.Profile, cfg.ConfigFile = p.name, firstNonEmpty(cfg.ConfigFile, p.path) // the SDK hands the name to the Databricks CLI
	return fillUnset(cfg, families, p.lookup)
}

// profileSuffix names, in a message, the profile that the settings came from.
func profileSuffix(cfg *config.Config) string {
	if cfg.Profile == "" {
		return ""
	}
	return fmt.Sprintf(" (profile %q in %s)", cfg.Profile, cfg.ConfigFile)
}

// familiesInUse are those that auth_type stands for, or else those of the credentials that are set.
func familiesInUse(cfg *config.Config) []string {
	if m, ok := methodByName(cfg.AuthType); ok {
		return m.families
	}
	return familiesOf(cfg)
}

// familiesOf lists the SDK's families of credentials that are set, sorted: "pat", "oauth", "azure" and so on.
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

// providerFamilies are the families of the credentials in the block, while cfg holds nothing else. A GitHub Actions token
// counts here, though not in the environment, where every runner has one.
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

// credentialAttribute is the first credential that is set.
func credentialAttribute(cfg *config.Config) string {
	for i := range config.ConfigAttributes {
		if a := &config.ConfigAttributes[i]; a.Auth != "" && !a.IsZero(cfg) {
			return a.Name
		}
	}
	return ""
}

// dropAttributeIfUnset takes the blame off an attribute that the block does not hold: the value came from elsewhere.
func dropAttributeIfUnset(s Settings, err error) error {
	own, ok := errors.AsType[*Error](err)
	if !ok || slices.Contains(append(databricksAttributes(s), "token"), own.Attribute) {
		return err
	}
	return &Error{"", own.Summary, own.Detail}
}
