package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// TestExamples_documentation plans each block of configuration in a page that is not a file under examples/.
func TestExamples_documentation(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, file := range append(glob(t, "examples", ".tf"), glob(t, "examples", ".hcl")...) {
		tested[strings.TrimSpace(readFile(t, file))] = true
	}
	pages := append(glob(t, "docs", ".md"), append(glob(t, "examples", ".md"), filepath.Join(repository, "README.md"))...)
	blocks, inFiles := 0, 0
	for _, page := range pages {
		for _, block := range configurationBlocks(readFile(t, page)) {
			if tested[block] {
				inFiles++
				continue
			}
			blocks++
			t.Run(fmt.Sprintf("%s %d", filepath.Base(page), blocks), func(t *testing.T) {
				var root string
				if forServer.MatchString(block) {
					root = acctest.RootModule(t, block+"\n"+hcl(map[string]any{"tracking_uri": "http://127.0.0.1:9"}))
				} else {
					root = acctest.NewWorkspace(t).RootModule(t, block)
				}
				directoryTest(t, resource.TestStep{ConfigDirectory: config.StaticDirectory(root), PlanOnly: true, ExpectNonEmptyPlan: true})
			})
		}
	}
	if blocks == 0 || inFiles == 0 {
		t.Errorf("found %d blocks of their own and %d from files in the pages; the search for them must be wrong", blocks, inFiles)
	}
}

// forServer matches the argument workspace, which only MLflow servers support. To plan a create, no server is needed.
var forServer = regexp.MustCompile(`(?m)^\s+workspace\s+= `)

var configurationBlock = regexp.MustCompile("(?ms)^```(?:hcl|terraform)\n(.*?)^```$")

func configurationBlocks(page string) []string {
	var blocks []string
	for _, m := range configurationBlock.FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, strings.TrimSpace(m[1]))
	}
	return blocks
}
