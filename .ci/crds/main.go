// Command crds decodes the YAML documents of standard input strictly into the Go types of Argo CD and Flux, as their
// controllers do with what a cluster returns, but without accepting unknown or repeated fields.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/yaml"

	argo "crds/argo"
)

// empty returns a value of the type that a document is about.
func empty(apiVersion, kind string) any {
	switch apiVersion + "/" + kind {
	case "argoproj.io/v1alpha1/Application":
		return &argo.Application{}
	case "argoproj.io/v1alpha1/ApplicationSet":
		return &argo.ApplicationSet{}
	case source.GroupVersion.String() + "/GitRepository":
		return &source.GitRepository{}
	case source.GroupVersion.String() + "/OCIRepository":
		return &source.OCIRepository{}
	case kustomize.GroupVersion.String() + "/Kustomization":
		return &kustomize.Kustomization{}
	}
	return nil
}

// check decodes one document.
func check(document []byte) (string, error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s %s", head.Kind, head.Metadata.Name)
	value := empty(head.APIVersion, head.Kind)
	if value == nil {
		return name, fmt.Errorf("unknown type %s %s", head.APIVersion, head.Kind)
	}
	return name, yaml.UnmarshalStrict(document, value)
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crds:", err)
		os.Exit(1)
	}
	decoded, failed := 0, 0
	for _, document := range bytes.Split(input, []byte("\n---\n")) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		decoded++
		if name, err := check(document); err != nil {
			failed++
			fmt.Printf("%s: %v\n", name, err)
		}
	}
	fmt.Printf("%d documents decoded into the Go types of Argo CD and Flux, %d failed\n", decoded, failed)
	if failed > 0 || decoded == 0 {
		os.Exit(1)
	}
}
