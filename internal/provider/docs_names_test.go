package provider_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	goName     = regexp.MustCompile(`^\w+(?:\.\w+)*$`)
	makeTarget = regexp.MustCompile(`^make ([a-z-]+(?: [a-z-]+)*)`)
	// otherNames are those of make, Go, Terraform, and the release workflow.
	otherNames = map[string]bool{
		".cache/": true, "CACHE_DIR": true, "for_each": true, "TF_REATTACH_PROVIDERS": true, "if": true, "merge": true, "vX.Y.Z": true,
		"GPG_PRIVATE_KEY": true, "PASSPHRASE": true,
	}
)

// TestDocumentation_names fails for a file, a make target, or a Go name in ARCHITECTURE.md or CONTRIBUTING.md that does not exist.
func TestDocumentation_names(t *testing.T) {
	files, names := repositoryFiles(t), declaredNames(t)
	targets := readFile(t, filepath.Join(repository, "GNUmakefile"))
	isFile := func(name string) bool {
		return slices.ContainsFunc(files, func(file string) bool { return strings.HasSuffix("/"+file, "/"+name) })
	}
	for _, page := range []string{"ARCHITECTURE.md", "CONTRIBUTING.md"} {
		found := 0
		for _, m := range codeSpan.FindAllStringSubmatch(fencedBlock.ReplaceAllString(readFile(t, filepath.Join(repository, page)), ""), -1) {
			span := m[1]
			switch target := makeTarget.FindStringSubmatch(span); {
			case target != nil:
				for _, name := range strings.Fields(target[1]) {
					if !strings.Contains(targets, "\n"+name+":") {
						t.Errorf("%s: there is no make target %s", page, name)
					}
				}
			case strings.ContainsAny(span, "<> =$*") || strings.HasPrefix(span, "/") || strings.HasPrefix(span, "_") || otherNames[span]:
				continue
			case isFile(strings.TrimSuffix(span, "/")):
			case strings.Contains(span, "/") || path.Ext(span) == ".go" || path.Ext(span) == ".md" || path.Ext(span) == ".yml":
				t.Errorf("%s: there is no file %s", page, span)
			case goName.MatchString(span) && !names[span] && !names[lastTwo(span)]:
				t.Errorf("%s: nothing is named %s", page, span)
			default:
				continue
			}
			found++
		}
		if found == 0 {
			t.Errorf("%s has no names; the search for them must be wrong", page)
		}
	}
}

// repositoryFiles lists the files and folders of the repository, relative to its root.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(repository), ".", func(name string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (name == ".git" || name == ".cache") {
			return fs.SkipDir
		}
		files = append(files, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// declaredNames returns the names in the Go code: what it declares, without and with its package or type, what it selects from other
// packages, and words in quotes, such as the names of attributes.
func declaredNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, name := range append(glob(t, "internal", ".go"), filepath.Join(repository, "main.go")) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names[file.Name.Name] = true
		declare := func(owner string, declared ...*ast.Ident) {
			for _, d := range declared {
				names[d.Name], names[owner+"."+d.Name] = true, true
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				declare(receiver(n, file.Name.Name), n.Name)
			case *ast.ValueSpec:
				declare(file.Name.Name, n.Names...)
			case *ast.TypeSpec:
				declare(file.Name.Name, n.Name)
				for _, members := range memberLists(n.Type) {
					for _, field := range members.List {
						declare(n.Name.Name, field.Names...)
					}
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok {
					declare(x.Name, n.Sel)
				}
			case *ast.BasicLit:
				names[strings.Trim(n.Value, "\"`")] = true
			}
			return true
		})
	}
	return names
}

// lastTwo returns a name without the package before a type and its method.
func lastTwo(name string) string {
	parts := strings.Split(name, ".")
	return strings.Join(parts[max(0, len(parts)-2):], ".")
}

// receiver returns the type that a method belongs to, or the package for a function.
func receiver(f *ast.FuncDecl, pkg string) string {
	if f.Recv == nil {
		return pkg
	}
	t := f.Recv.List[0].Type
	if pointer, ok := t.(*ast.StarExpr); ok {
		t = pointer.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return pkg
}

// memberLists returns the fields of a struct or the methods of an interface.
func memberLists(t ast.Expr) []*ast.FieldList {
	switch t := t.(type) {
	case *ast.StructType:
		return []*ast.FieldList{t.Fields}
	case *ast.InterfaceType:
		return []*ast.FieldList{t.Methods}
	default:
		return nil
	}
}
