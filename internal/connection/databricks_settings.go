package connection

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

// databricksConfig is the block's part of a Databricks configuration.
func (s Settings) databricksConfig() *config.Config {
	return &config.Config{
		Host: s.Host, Token: s.Token, Profile: s.Profile, ConfigFile: s.ConfigFile, AuthType: s.AuthType,
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, AccountID: s.AccountID, WorkspaceID: s.WorkspaceID,
		TokenAudience: s.Audience, OIDCTokenEnv: s.OIDCTokenEnv, OIDCTokenFilepath: s.OIDCTokenFilepath,
		DatabricksCliPath: s.DatabricksCLIPath, MetadataServiceURL: s.MetadataServiceURL,
		ActionsIDTokenRequestURL:   s.ActionsIDTokenRequestURL,
		ActionsIDTokenRequestToken: s.ActionsIDTokenRequestToken,
		AzureResourceID:            s.AzureWorkspaceResourceID,
		AzureClientID:              s.AzureClientID, AzureClientSecret: s.AzureClientSecret, AzureTenantID: s.AzureTenantID,
		AzureEnvironment: s.AzureEnvironment, AzureUseMSI: s.AzureUseMSI,
		GoogleServiceAccount: s.GoogleServiceAccount, GoogleCredentials: s.GoogleCredentials,
	}
}

// databricksSettings completes the block's settings. It implements [config.Loader], in place of the SDK's own loaders:
// those let any variable of the environment beat the profile that the block names, and answer "more than one
// authorization method" when the environment holds leftovers of a method that the block does not use.
type databricksSettings struct {
	settings Settings
	// profile is the one that the tracking URI names, or "".
	profile string
}

// Name implements [config.Loader].
func (d databricksSettings) Name() string { return "settings" }

// Configure implements [config.Loader]. Each source fills what the ones before it left open: the block, the profile if
// the block names one, the environment, any other profile. Credentials of the first two keep those of other methods out.
func (d databricksSettings) Configure(cfg *config.Config) error {
	families, err := blockFamilies(cfg, d.settings)
	if err != nil {
		return err
	}
	blockIsComplete := cfg.Host != "" && len(families) > 0
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
	if err := d.fillFromEnvironment(cfg, families); err != nil {
		return err
	}
	switch {
	case named:
	case blockIsComplete:
		cfg.Profile = "" // what DATABRICKS_CONFIG_PROFILE names could only mix in another workspace's settings
	case cfg.Profile != "" || cfg.Host == "" && len(familiesOf(cfg)) == 0:
		// The default profile is only for those who said nothing else: the vendor's rule.
		if err := d.fillFromProfile(cfg, families); err != nil {
			return err
		}
	}
	return finish(cfg, families)
}

// finish checks the complete settings and picks the methods to try.
func finish(cfg *config.Config, families []string) error {
	if strings.EqualFold(cfg.WorkspaceID, "none") {
		cfg.WorkspaceID = "" // the vendor's spelling, in profiles, of "no workspace"
	}
	if err := checkHost(cfg); err != nil {
		return err
	}
	chosen, err := chooseMethods(cfg, families)
	if err != nil {
		return err
	}
	cfg.Credentials = &methodChain{methods: chosen}
	if cfg.AuthType == "" {
		// Not empty, or else the SDK would run its own check for ambiguity after ours, which knows less.
		cfg.AuthType = cfg.Credentials.Name()
	}
	return nil
}

func checkHost(cfg *config.Config) error {
	if cfg.Host == "" && cfg.AzureResourceID == "" {
		return &Error{"host", "Could not find the Databricks workspace", "The settings name no host" + where(cfg) +
			". Set host (DATABRICKS_HOST) to the workspace's URL, or a profile that has one."}
	}
	if cfg.Host == "" {
		return nil
	}
	nameless := strings.HasSuffix(cfg.Host, "://") // where the SDK would take the scheme for the host
	host, err := url.Parse(cfg.CanonicalHostName())
	if err != nil || nameless || host.Hostname() == "" || host.Scheme != "https" && host.Scheme != "http" {
		return &Error{"host", "Could not use host", "host must be the https URL of a Databricks workspace" + where(cfg) + "."}
	}
	if strings.HasPrefix(host.Host, "accounts.") || strings.HasPrefix(host.Host, "accounts-dod.") {
		return accountHost(cfg)
	}
	return nil
}

func accountHost(cfg *config.Config) error {
	return &Error{"host", "Could not use host", fmt.Sprintf(
		"%s is the account console; experiments live in workspaces. Set host to the workspace's URL.", cfg.Host)}
}

// fill sets what is still open from one source. A credential that no method of the families uses stays out, and so does
// the choice of such a method.
func fill(cfg *config.Config, families []string, lookup func(*config.ConfigAttribute) (string, config.Source)) error {
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		v, source := lookup(a)
		if v == "" || !a.IsZero(cfg) || !fits(a, v, families) {
			continue
		}
		if err := a.SetS(cfg, v); err != nil {
			return &Error{"", "Could not use Databricks setting", fmt.Sprintf("%s, from %s, must be of type %s.", a.Name, source.Name, a.Kind)}
		}
		cfg.SetAttrSource(a, source)
	}
	return nil
}

func fits(a *config.ConfigAttribute, value string, families []string) bool {
	if a.Auth == "basic" {
		return false // not offered; what is left of it must not make other credentials ambiguous
	}
	if len(families) == 0 {
		return true
	}
	if a.Name == "auth_type" {
		m, ok := methodNamed(value)
		return ok && m.uses(families)
	}
	return a.Auth == "" || len(methodsUsing(append([]string{a.Auth}, families...))) > 0
}

func (d databricksSettings) fillFromEnvironment(cfg *config.Config, families []string) error {
	return fill(cfg, families, func(a *config.ConfigAttribute) (string, config.Source) {
		for _, name := range a.EnvVars {
			if v := d.settings.Getenv(name); v != "" {
				return v, config.Source{Type: config.SourceEnv, Name: name}
			}
		}
		return "", config.Source{}
	})
}

func (d databricksSettings) fillFromProfile(cfg *config.Config, families []string) error {
	cfg.ConfigFile = firstNonEmpty(cfg.ConfigFile, configFilePath(d.settings))
	p, err := readProfile(cfg.ConfigFile, cfg.Profile)
	if err != nil {
		return err
	}
	if len(p.values) == 0 {
		return nil
	}
	cfg.Profile = p.name // the SDK hands it to the Databricks CLI
	source := config.Source{Type: config.SourceFile, Name: p.path}
	return fill(cfg, families, func(a *config.ConfigAttribute) (string, config.Source) { return p.values[a.Name], source })
}

// where tells, in a message, which profile the settings came from.
func where(cfg *config.Config) string {
	if cfg.Profile == "" {
		return ""
	}
	return fmt.Sprintf(" (profile %q in %s)", cfg.Profile, cfg.ConfigFile)
}

// familiesInUse are those that auth_type stands for, or else those of the credentials that are set.
func familiesInUse(cfg *config.Config) []string {
	if m, ok := methodNamed(cfg.AuthType); ok {
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

// blockFamilies are the families of the credentials in the block, while cfg holds nothing else. A GitHub Actions token
// counts here, though not in the environment, where every runner has one.
func blockFamilies(cfg *config.Config, s Settings) ([]string, error) {
	families := familiesInUse(cfg)
	if cfg.AuthType != "" {
		return families, nil
	}
	if s.ActionsIDTokenRequestURL != "" || s.ActionsIDTokenRequestToken != "" {
		families = append(families, actionsFamily)
	}
	return families, checkUnambiguous(families, credentialAttribute(cfg), "The provider block holds")
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

// blameBlock takes the blame off an attribute that the block does not hold: the value came from elsewhere.
func blameBlock(s Settings, err error) error {
	own, ok := errors.AsType[*Error](err)
	if !ok || slices.Contains(append(databricksAttributes(s), "token"), own.Attribute) {
		return err
	}
	return &Error{"", own.Summary, own.Detail}
}
