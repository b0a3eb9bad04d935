package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	pageLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pageHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fencedBlock = regexp.MustCompile("(?ms)^```.*?^```$")
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestDocumentation_links fails for a link to a page or a heading that does not exist.
func TestDocumentation_links(t *testing.T) {
	pages := append(glob(t, "docs", ".md"), glob(t, "examples", ".md")...)
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		pages = append(pages, filepath.Join(repository, name))
	}
	followed := 0
	for _, page := range pages {
		for _, m := range pageLink.FindAllStringSubmatch(fencedBlock.ReplaceAllString(readFile(t, page), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			followed++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the file of the link to %s does not exist", page, m[1])
			} else if anchor != "" && !hasAnchor(readFile(t, target), anchor) {
				t.Errorf("%s: %s has no heading for the link to %s", page, target, m[1])
			}
		}
	}
	if followed == 0 {
		t.Error("no page has a link; the search for links must be wrong")
	}
}

// hasAnchor reports whether a page has the anchor of a link: a heading, or an anchor of the generated schema.
func hasAnchor(page, anchor string) bool {
	if strings.Contains(page, `<a id="`+anchor+`">`) {
		return true
	}
	for _, m := range pageHeading.FindAllStringSubmatch(fencedBlock.ReplaceAllString(page, ""), -1) {
		plain := notInAnchor.ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(plain, " ", "-") == anchor {
			return true
		}
	}
	return false
}
