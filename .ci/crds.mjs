// Holds Kubernetes objects (YAML on standard input) against the schemas of Argo CD and Flux themselves, as the packages
// @kubernetes-models/argo-cd and @kubernetes-models/flux-cd carry them. Run by `.ci/run crds`, which installs them.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { Application } from "@kubernetes-models/argo-cd/argoproj.io/v1alpha1/Application";
import { ApplicationSet } from "@kubernetes-models/argo-cd/argoproj.io/v1alpha1/ApplicationSet";
import { Kustomization } from "@kubernetes-models/flux-cd/kustomize.toolkit.fluxcd.io/v1/Kustomization";
import { GitRepository } from "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1/GitRepository";
import { OCIRepository } from "@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1/OCIRepository";

const kinds = [Application, ApplicationSet, Kustomization, GitRepository, OCIRepository];
const seen = new Set();
for (const document of parseAllDocuments(readFileSync(0, "utf8"))) {
  if (document.errors.length > 0) throw document.errors[0];
  const object = document.toJS();
  const kind = kinds.find((kind) => kind.apiVersion === object.apiVersion && kind.kind === object.kind);
  if (!kind) throw new Error(`${object.apiVersion} ${object.kind} is none of the kinds that bootstrap prints`);
  new kind(object).validate();
  seen.add(kind.kind);
}
for (const kind of kinds) if (!seen.has(kind.kind)) throw new Error(`no ${kind.kind} was printed`);
console.log(`${[...seen].join(", ")}: as their schemas have them`);
