package main

import "sigs.k8s.io/kustomize/kyaml/yaml"

func typeMeta(apiVersion, kind string) yaml.TypeMeta {
	return yaml.TypeMeta{APIVersion: apiVersion, Kind: kind}
}
