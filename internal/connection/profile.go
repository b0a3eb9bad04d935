package connection

import (
	"cmp"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

const (
	defaultConfigFile = "~/.databrickscfg"
	defaultProfile    = "DEFAULT"
	// settingsSection is not a profile. The Databricks CLI stores the name of the default profile in it.
	settingsSection = "__settings__"
)

// profile is a section of a Databricks configuration file.
type profile struct {
	name, path string
	values     map[string]string
}

// lookup returns the profile's value of an attribute.
func (p profile) lookup(a *config.ConfigAttribute) (string, config.Source) {
	return p.values[a.Name], config.Source{Type: config.SourceFile, Name: p.path}
}

// configFilePath returns the path of the Databricks configuration file.
func configFilePath(s Settings) string {
	return cmp.Or(s.ConfigFile, s.Getenv("DATABRICKS_CONFIG_FILE"), defaultConfigFile)
}

// readProfile reads a profile. Without a name, it reads the default one, which does not have to exist.
func readProfile(path, name string) (profile, error) {
	file, err := config.LoadFile(path)
	if os.IsNotExist(err) {
		if name == "" {
			return profile{}, nil
		}
		return profile{}, &Error{"profile", "Databricks profile not found", fmt.Sprintf(
			"Profile %q is configured, but the file %s does not exist. "+
				"Create it with `databricks configure --profile %s`, or set config_file.", name, path, name)}
	}
	if err != nil {
		// The error of the parser contains the line, and with it a token.
		return profile{}, &Error{"config_file", "Could not read Databricks configuration file",
			path + " cannot be read or is not a valid INI file. Correct it, or set config_file to another file."}
	}
	asked := name
	if asked == "" {
		asked = strings.TrimSpace(file.Section(settingsSection).Key("default_profile").String())
	}
	p := profile{name: cmp.Or(asked, defaultProfile), path: file.Path()}
	if file.HasSection(p.name) && p.name != settingsSection {
		p.values = file.Section(p.name).KeysHash()
	}
	if len(p.values) == 0 && asked != "" {
		return profile{}, &Error{"profile", "Databricks profile not found", fmt.Sprintf(
			"%s does not contain profile %q, or the profile is empty. %s", p.path, p.name, profilesIn(file))}
	}
	return p, nil
}

func profilesIn(file *config.File) string {
	var names []string
	for _, section := range file.Sections() {
		if section.Name() != settingsSection && len(section.Keys()) > 0 {
			names = append(names, section.Name())
		}
	}
	if len(names) == 0 {
		return "The file contains no profiles."
	}
	sort.Strings(names)
	return "The file contains: " + strings.Join(names, ", ") + "."
}
