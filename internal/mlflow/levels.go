package mlflow

import "strings"

// meantLevels are the words that people write for a level: MLflow's own names, and those of other tools.
var meantLevels = map[string]string{
	"READ": LevelRead, "VIEW": LevelRead, "READER": LevelRead, "VIEWER": LevelRead,
	"EDIT": LevelEdit, "WRITE": LevelEdit, "UPDATE": LevelEdit, "EDITOR": LevelEdit, "WRITER": LevelEdit,
	"MANAGE": LevelManage, "ADMIN": LevelManage, "OWNER": LevelManage, "MANAGER": LevelManage,
}

// MeantLevel returns the level that a near miss means, such as CAN_READ for "READ" or "can_read". It returns "" for a level in its right
// spelling, and for one that it does not know: a newer server may have more.
func MeantLevel(text string) string {
	word := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(strings.TrimSpace(text)))
	meant := ""
	switch word {
	case LevelUse, LevelNone, LevelDeny:
		meant = word
	default:
		word = strings.TrimPrefix(strings.TrimPrefix(word, "CAN_"), "IS_")
		meant = meantLevels[word]
	}
	if meant == text {
		return ""
	}
	return meant
}
