// Command kustomize-facts writes what kustomize 5.8.1 embeds as facts, without prose: the merge keys of the built-in OpenAPI
// schema, the scope of each kind, and the default field specifications. Output: JSON on standard output.
package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	_ "sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kustomizationapi"
	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// A shape is one distinct schema: p fields, a additional properties, i items (each an index), t true for an array,
// s patch strategy, k merge key, l list map keys.
type shape struct {
	P map[string]int `json:"p,omitempty"`
	A *int           `json:"a,omitempty"`
	I *int           `json:"i,omitempty"`
	T bool           `json:"t,omitempty"`
	S string         `json:"s,omitempty"`
	K string         `json:"k,omitempty"`
	L []string       `json:"l,omitempty"`
}

type facts struct {
	Shapes     []shape        `json:"shapes"`
	Kinds      map[string]int `json:"kinds"`
	Names      map[string]int `json:"names"`
	Namespaced []string       `json:"namespaced"`
	Cluster    []string       `json:"cluster"`
	Config     any            `json:"config"`
}

type gatherer struct {
	definitions spec.Definitions
	byRef       map[string]int
	byText      map[string]int
	shapes      []shape
}

func main() {
	kubernetes := kubernetesSwagger()
	var own spec.Swagger
	must(own.UnmarshalJSON(kustomizationapi.MustAsset("kustomizationapi/swagger.json")))
	definitions := spec.Definitions{}
	for name, definition := range kubernetes.Definitions {
		definitions[name] = definition
	}
	for name, definition := range own.Definitions {
		definitions[name] = definition
	}
	g := &gatherer{definitions: definitions, byRef: map[string]int{}, byText: map[string]int{}}
	result := facts{Kinds: map[string]int{}}
	for _, name := range sorted(definitions) {
		definition := definitions[name]
		index := g.reference(name)
		extensions, ok := definition.Extensions["x-kubernetes-group-version-kind"].([]any)
		if !ok {
			continue
		}
		for _, extension := range extensions {
			result.Kinds[typeOf(extension.(map[string]any))] = index
		}
	}
	scopes := map[string]bool{}
	for path, item := range kubernetes.Paths.Paths {
		if item.Get == nil {
			continue
		}
		extension, ok := item.Get.Extensions["x-kubernetes-group-version-kind"].(map[string]any)
		if !ok {
			continue
		}
		kind := typeOf(extension)
		scopes[kind] = scopes[kind] || strings.Contains(path, "namespaces/{namespace}")
	}
	for kind := range result.Kinds {
		if _, found := scopes[kind]; !found {
			addPrecomputed(kind, scopes)
		}
	}
	for kind, namespaced := range scopes {
		if namespaced {
			result.Namespaced = append(result.Namespaced, kind)
		} else {
			result.Cluster = append(result.Cluster, kind)
		}
	}
	sort.Strings(result.Namespaced)
	sort.Strings(result.Cluster)
	result.Shapes = g.shapes
	result.Names = g.byRef
	result.Config = defaultConfig()
	must(json.NewEncoder(os.Stdout).Encode(result))
}

func addPrecomputed(kind string, scopes map[string]bool) {
	apiVersion, name, _ := strings.Cut(kind, " ")
	if namespaced, found := openapi.IsNamespaceScoped(typeMeta(apiVersion, name)); found {
		scopes[kind] = namespaced
	}
}

func kubernetesSwagger() spec.Swagger {
	version := kubernetesapi.DefaultOpenAPI
	asset := filepath.Join("kubernetesapi", strings.ReplaceAll(version, ".", "_"), "swagger.pb")
	var document openapi_v2.Document
	must(proto.Unmarshal(kubernetesapi.OpenAPIMustAsset[version](asset), &document))
	var swagger spec.Swagger
	_, err := swagger.FromGnostic(&document)
	must(err)
	return swagger
}

// reference gives the index of a definition; a definition that contains itself gets its index before its content.
func (g *gatherer) reference(name string) int {
	if index, found := g.byRef[name]; found {
		return index
	}
	index := len(g.shapes)
	g.byRef[name] = index
	g.shapes = append(g.shapes, shape{})
	g.shapes[index] = g.shapeOf(g.definitions[name])
	return index
}

// schema gives the index of an inline schema, shared with every equal one. A reference ignores what stands beside it.
func (g *gatherer) schema(s spec.Schema) int {
	if reference := s.Ref.String(); reference != "" {
		return g.reference(strings.TrimPrefix(reference, "#/definitions/"))
	}
	made := g.shapeOf(s)
	text, err := json.Marshal(made)
	must(err)
	if index, found := g.byText[string(text)]; found {
		return index
	}
	index := len(g.shapes)
	g.byText[string(text)] = index
	g.shapes = append(g.shapes, made)
	return index
}

func (g *gatherer) shapeOf(s spec.Schema) shape {
	made := shape{T: len(s.Type) == 1 && s.Type[0] == "array"}
	if len(s.Properties) > 0 {
		made.P = map[string]int{}
		for _, name := range sorted(s.Properties) {
			made.P[name] = g.schema(s.Properties[name])
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		index := g.schema(*s.AdditionalProperties.Schema)
		made.A = &index
	}
	if s.Items != nil && s.Items.Schema != nil {
		index := g.schema(*s.Items.Schema)
		made.I = &index
	}
	made.S, _ = s.Extensions["x-kubernetes-patch-strategy"].(string)
	made.K, _ = s.Extensions["x-kubernetes-patch-merge-key"].(string)
	if keys, ok := s.Extensions["x-kubernetes-list-map-keys"].([]any); ok {
		for _, key := range keys {
			made.L = append(made.L, key.(string))
		}
	}
	return made
}

// defaultConfig reads the constants whose names end in FieldSpecs from the source of the api module.
func defaultConfig() any {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kustomize/api").Output()
	must(err)
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal", "konfig", "builtinpluginconsts")
	packages, err := parser.ParseDir(token.NewFileSet(), dir, nil, 0)
	must(err)
	texts := map[string]string{}
	expressions := map[string]ast.Expr{}
	for _, file := range packages["builtinpluginconsts"].Files {
		ast.Inspect(file, func(node ast.Node) bool {
			if value, ok := node.(*ast.ValueSpec); ok && len(value.Values) == 1 {
				expressions[value.Names[0].Name] = value.Values[0]
			}
			return true
		})
	}
	merged := map[string]any{}
	for name := range expressions {
		if !strings.HasSuffix(name, "FieldSpecs") || name == "metadataLabelsFieldSpecs" {
			continue
		}
		texts[name] = textOf(expressions[name], expressions)
		var section map[string]any
		must(yaml.Unmarshal([]byte(texts[name]), &section))
		for key, value := range section {
			merged[key] = value
		}
	}
	return merged
}

func textOf(expression ast.Expr, all map[string]ast.Expr) string {
	switch e := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		must(err)
		return text
	case *ast.BinaryExpr:
		return textOf(e.X, all) + textOf(e.Y, all)
	case *ast.Ident:
		return textOf(all[e.Name], all)
	}
	panic("a constant of an unknown form")
}

func typeOf(extension map[string]any) string {
	apiVersion := extension["version"].(string)
	if group, ok := extension["group"].(string); ok && group != "" {
		apiVersion = group + "/" + apiVersion
	}
	return apiVersion + " " + extension["kind"].(string)
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
