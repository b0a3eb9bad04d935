package review

import (
	"cmp"
	"slices"
)

// The known permission levels. CAN_RUN exists on Databricks only, the last three on MLflow servers only.
const (
	levelRead   = "CAN_READ"
	levelEdit   = "CAN_EDIT"
	levelManage = "CAN_MANAGE"
	levelRun    = "CAN_RUN"
	levelUse    = "USE"
	levelNone   = "NO_PERMISSIONS"
	levelDeny   = "DENY"
)

// lowerLevels are the levels that each ranked level includes besides itself. CAN_RUN and CAN_EDIT do not include each other.
var lowerLevels = map[string][]string{
	levelManage: {levelEdit, levelRun, levelUse, levelRead},
	levelEdit:   {levelUse, levelRead},
	levelRun:    {levelRead},
	levelUse:    {levelRead},
	levelRead:   {},
}

// levelPosition returns the position of a level in the order in which levels are displayed. It is -1 for levels that are unknown or allow
// nothing.
func levelPosition(level string) int {
	return slices.Index([]string{levelRead, levelUse, levelRun, levelEdit, levelManage}, level)
}

// compareLevels sorts levels from high to low, and levels that are unknown or allow nothing last and by name.
func compareLevels(a, b string) int {
	return cmp.Or(cmp.Compare(levelPosition(b), levelPosition(a)), cmp.Compare(a, b))
}

// MeetsLevel reports whether level is not known to be lower than minLevel. If minLevel is empty or has no rank, every level meets it. DENY
// and NO_PERMISSIONS meet no other minLevel. CAN_RUN meets CAN_EDIT, and CAN_EDIT meets CAN_RUN, because neither is known to be lower. An
// unknown level can be high, so it meets every minLevel.
func MeetsLevel(level, minLevel string) bool {
	lower, ranked := lowerLevels[minLevel]
	if !ranked {
		return true
	}
	return !allowsNothing(level) && !slices.Contains(lower, level)
}

// highestLevels returns the levels that no other one includes, from high to low: usually one, and two for CAN_EDIT and CAN_RUN. It includes
// unknown levels, which can be high. It includes DENY and NO_PERMISSIONS only if there is no other level, and NO_PERMISSIONS only without
// DENY.
func highestLevels(levels []string) []string {
	sorted := slices.Clone(levels)
	slices.SortFunc(sorted, compareLevels)
	sorted = slices.Compact(sorted)
	ranked := sorted[:min(len(sorted), len(lowerLevels))] // the levels that can include others sort first
	allowed := slices.ContainsFunc(sorted, func(level string) bool { return !allowsNothing(level) })
	denied := slices.Contains(sorted, levelDeny)
	var highest []string
	for _, level := range sorted {
		included := slices.ContainsFunc(ranked, func(other string) bool { return slices.Contains(lowerLevels[other], level) })
		if !included && (!allowsNothing(level) || !allowed && (!denied || level == levelDeny)) {
			highest = append(highest, level)
		}
	}
	return highest
}

// allowsNothing reports whether a level is DENY or NO_PERMISSIONS.
func allowsNothing(level string) bool { return level == levelDeny || level == levelNone }

// includesLevel reports whether a principal with the first level also has the rights of the other one. Levels that allow nothing do not
// include each other, and every other level includes them.
func includesLevel(level, other string) bool {
	return level == other || slices.Contains(lowerLevels[level], other) || allowsNothing(other) && !allowsNothing(level)
}
