// node validate.mjs DOCUMENT: exit 0 when it is a valid OpenAPI document whose references resolve.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const path = process.argv[2];
const document = JSON.parse(readFileSync(path, "utf8"));
const validator = new Validator();
const result = await validator.validate(structuredClone(document));
if (!result.valid) {
  console.error(`${path}: not valid: ${JSON.stringify(result.errors, null, 1)}`);
  process.exit(1);
}
const broken = [];
JSON.stringify(document, (key, value) => {
  if (key === "$ref" && !value.slice(2).split("/").reduce((at, step) => at?.[step], document)) {
    broken.push(value);
  }
  return value;
});
if (broken.length > 0) {
  console.error(`${path}: references that lead nowhere: ${broken.join(", ")}`);
  process.exit(1);
}
console.log(`${path}: valid OpenAPI ${validator.version}`);
