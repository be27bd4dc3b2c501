// The part of JSON Schema 2020-12 that scenario.schema.json uses, so that a test can hold every
// scenario file against the schema editors use. Threads: pure function.
// Source: https://json-schema.org/draft/2020-12 (core, validation).
#pragma once

#include <string>

#include "core/json.h"

namespace drydock::testing {

// "" when `value` fits `schema`; otherwise the first complaint, "line N: …". `root` resolves
// "#/$defs/…". A keyword this reader does not know is a complaint of its own.
std::string SchemaComplaint(const json::Value& root, const json::Value& schema,
                            const json::Value& value);

}  // namespace drydock::testing
