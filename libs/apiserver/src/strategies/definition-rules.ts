import {
  definitionWarnings,
  DEFINITION_STATUS_KEEPS,
  prepareDefinition,
  prepareDefinitionUpdate,
  validateChangedDefinition,
  validateDefinition,
} from "../crd/definition-checks.ts";
import type { KindRules } from "./builtin-rules.ts";

export const DEFINITION_RULES: KindRules = {
  generation: ["spec"],
  needsVersion: true,
  statusKeeps: DEFINITION_STATUS_KEEPS,
  prepareCreate: prepareDefinition,
  prepareUpdate: prepareDefinitionUpdate,
  validate: validateDefinition,
  checksWholeUpdate: true,
  validateUpdate: validateChangedDefinition,
  warnings: definitionWarnings,
};
