package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"path"
	"strconv"
	"strings"
)

// home is the path of the root module; the paths of the others begin with it.
const home = "github.com/headrace/headrace"

// source is one Go file of the repository.
type source struct {
	path    string // from the root of the repository, with slashes
	test    bool
	syntax  *ast.File
	files   *token.FileSet
	imports []imported
}

type imported struct {
	path string
	line int
}

// folder is the folder that the file is in; "." is the root.
func (s source) folder() string { return path.Dir(s.path) }

// at is a place in the file as editors and terminals understand it.
func (s source) at(pos token.Pos) string { return fmt.Sprintf("%s:%d", s.path, s.line(pos)) }

func (s source) line(pos token.Pos) int { return s.files.Position(pos).Line }

// read parses all Go files below the root of a tree. Like the go command it passes over testdata and folders that begin with a dot or an
// underscore.
func read(tree fs.FS) ([]source, error) {
	var sources []source
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && passedOver(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		s, err := parse(name, text)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

func passedOver(folder string) bool {
	return folder == "testdata" || folder != "." && strings.ContainsAny(folder[:1], "._")
}

func parse(name string, text []byte) (source, error) {
	s := source{path: name, test: strings.HasSuffix(name, "_test.go"), files: token.NewFileSet()}
	var err error
	if s.syntax, err = parser.ParseFile(s.files, name, text, parser.ParseComments); err != nil {
		return s, fmt.Errorf("parse: %w", err)
	}
	for _, spec := range s.syntax.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return s, fmt.Errorf("%s: import: %w", s.at(spec.Pos()), err)
		}
		s.imports = append(s.imports, imported{path: target, line: s.line(spec.Pos())})
	}
	return s, nil
}

// functions are the functions and methods that the file declares.
func (s source) functions() iter.Seq[*ast.FuncDecl] {
	return func(yield func(*ast.FuncDecl) bool) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && !yield(f) {
				return
			}
		}
	}
}

// uses returns where the file uses one of the names of a package of the standard library, and what it uses.
func (s source) uses(pkg string, names ...string) []use {
	local := s.localName(pkg)
	if local == "" {
		return nil
	}
	var found []use
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		for _, name := range names {
			if ok && of.Name == local && selector.Sel.Name == name {
				found = append(found, use{at: s.at(n.Pos()), name: pkg + "." + name})
			}
		}
		return true
	})
	return found
}

type use struct{ at, name string }

// localName is what the file calls a package; empty if it does not import it.
func (s source) localName(pkg string) string {
	for _, spec := range s.syntax.Imports {
		if spec.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}
