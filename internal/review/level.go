package review

import (
	"cmp"
	"slices"
)

// The known permission levels. The last three exist on MLflow servers alone.
const (
	levelRead   = "CAN_READ"
	levelEdit   = "CAN_EDIT"
	levelManage = "CAN_MANAGE"
	levelUse    = "USE"
	levelNone   = "NO_PERMISSIONS"
	levelDeny   = "DENY"
)

// levelRank returns the position of a level: a higher rank includes the lower ones. It is -1 for levels that are unknown or allow nothing.
func levelRank(level string) int {
	return slices.Index([]string{levelRead, levelUse, levelEdit, levelManage}, level)
}

// compareLevels sorts levels from high to low, and levels of the same rank by name.
func compareLevels(a, b string) int {
	return cmp.Or(cmp.Compare(levelRank(b), levelRank(a)), cmp.Compare(a, b))
}

// MeetsLevel reports whether level is at least minLevel. If minLevel is empty or has no rank, every level meets it. DENY and NO_PERMISSIONS
// meet no other minLevel. An unknown level can be high, so it meets every minLevel.
func MeetsLevel(level, minLevel string) bool {
	least := levelRank(minLevel)
	if least < 0 {
		return true
	}
	if level == levelDeny || level == levelNone {
		return false
	}
	rank := levelRank(level)
	return rank < 0 || rank >= least
}
