// Command declarations writes the type declarations of a Go package, or of one file of it, to another folder, without functions, variables and constants.
//
//	declarations FROM TO NAME [OLD=NEW ...]
//
// The package of Argo CD's types imports most of Kubernetes for its methods, which takes minutes to compile. Decoding
// uses the declarations and their field tags alone. OLD=NEW replaces an import path.
package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: declarations FROM TO NAME [OLD=NEW ...]"))
	}
	from, to, name := os.Args[1], os.Args[2], os.Args[3]
	replaced := map[string]string{}
	for _, pair := range os.Args[4:] {
		before, after, _ := strings.Cut(pair, "=")
		replaced[before] = after
	}
	paths := []string{from}
	if !strings.HasSuffix(from, ".go") {
		found, err := filepath.Glob(filepath.Join(from, "*.go"))
		check(err)
		paths = found
	}
	check(os.MkdirAll(to, 0o755))
	for _, path := range paths {
		file := filepath.Base(path)
		generated := strings.HasPrefix(file, "generated.") || strings.HasPrefix(file, "zz_") || file == "openapi_generated.go"
		if !generated && !strings.HasSuffix(file, "_test.go") {
			copyTypes(path, filepath.Join(to, file), name, replaced)
		}
	}
}

// copyTypes writes the types of one file, with the imports that they use. A file without types is left out.
func copyTypes(path, to, name string, replaced map[string]string) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, nil, 0)
	check(err)
	types := typesOf(parsed)
	if len(types) == 0 {
		return
	}
	used := map[string]bool{}
	for _, declaration := range types {
		ast.Inspect(declaration, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if qualifier, ok := selector.X.(*ast.Ident); ok {
					used[qualifier.Name] = true
				}
			}
			return true
		})
	}
	parsed.Name.Name = name
	parsed.Decls = append(imports(parsed, used, replaced), types...)
	out, err := os.Create(to)
	check(err)
	check(format.Node(out, files, parsed))
	check(out.Close())
}

func typesOf(file *ast.File) []ast.Decl {
	var types []ast.Decl
	for _, declaration := range file.Decls {
		if general, ok := declaration.(*ast.GenDecl); ok && general.Tok == token.TYPE {
			types = append(types, general)
		}
	}
	return types
}

// imports returns the imports whose names are used.
func imports(file *ast.File, used map[string]bool, replaced map[string]string) []ast.Decl {
	var kept []ast.Decl
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		check(err)
		name := filepath.Base(path)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if !used[name] {
			continue
		}
		if other, ok := replaced[path]; ok {
			path = other
		}
		literal := &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}
		imported := &ast.ImportSpec{Name: ast.NewIdent(name), Path: literal}
		kept = append(kept, &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{imported}})
	}
	return kept
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "declarations:", err)
	os.Exit(1)
}
