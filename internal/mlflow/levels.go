package mlflow

import (
	"slices"
	"strings"
)

// lowerLevels has the levels that each ranked level includes besides itself.
var lowerLevels = map[string][]string{
	LevelManage: {LevelEdit, LevelRun, LevelUse, LevelRead},
	LevelEdit:   {LevelUse, LevelRead},
	LevelRun:    {LevelRead},
	LevelUse:    {LevelRead},
	LevelRead:   {},
}

// IncludesLevel reports whether a principal with the first level also has the rights of the other one. Each level includes itself.
// CAN_RUN and CAN_EDIT do not include each other. DENY, NO_PERMISSIONS, and unknown levels include no other level, and no other level
// includes them.
func IncludesLevel(level, other string) bool {
	return level == other || slices.Contains(lowerLevels[level], other)
}

// HighestLevels returns the levels that no other one of them includes, sorted and without duplicates: mostly one, two for CAN_EDIT and
// CAN_RUN. DENY, NO_PERMISSIONS, and unknown levels are left out if there is any other level.
func HighestLevels(levels []string) []string {
	candidates := slices.DeleteFunc(slices.Clone(levels), func(level string) bool { return lowerLevels[level] == nil })
	if len(candidates) == 0 {
		candidates = levels
	}
	var highest []string
	for _, level := range candidates {
		included := func(other string) bool { return other != level && IncludesLevel(other, level) }
		if !slices.ContainsFunc(candidates, included) {
			highest = append(highest, level)
		}
	}
	slices.Sort(highest)
	return slices.Compact(highest)
}

// levelAliases has common other names of levels: those of MLflow servers and of other tools.
var levelAliases = map[string]string{
	"READ": LevelRead, "VIEW": LevelRead, "READER": LevelRead, "VIEWER": LevelRead,
	"RUN": LevelRun, "EXECUTE": LevelRun,
	"EDIT": LevelEdit, "WRITE": LevelEdit, "UPDATE": LevelEdit, "EDITOR": LevelEdit, "WRITER": LevelEdit,
	"MANAGE": LevelManage, "ADMIN": LevelManage, "OWNER": LevelManage, "MANAGER": LevelManage,
}

// SuggestLevel returns the level for an alias or another spelling, such as CAN_READ for "READ" or "can_read". It returns "" for a correct
// level, and for an unknown one: a newer server can have more.
func SuggestLevel(text string) string {
	word := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(strings.TrimSpace(text)))
	meant := ""
	switch word {
	case LevelUse, LevelNone, LevelDeny:
		meant = word
	default:
		word = strings.TrimPrefix(strings.TrimPrefix(word, "CAN_"), "IS_")
		meant = levelAliases[word]
	}
	if meant == text {
		return ""
	}
	return meant
}
