// The schema that editors complete and explain with, held against what the reader takes: every key
// of either is a key of the other, has a description, and an example that fits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "scenarios/runner/loader.h"
#include "tests/unit/runner/json_schema.h"

namespace drydock::scenarios {
namespace {

using json::Member;
using json::Value;
using ::testing::IsEmpty;

const std::string kScenarios = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios";

const Value& Schema() {
  static const Value kSchema = *json::ParseFile(kScenarios + "/scenario.schema.json");
  return kSchema;
}

const Value& Resolved(const Value& schema) {
  const Value* reference = schema.Find("$ref");
  return reference == nullptr ? schema : Resolved(*Schema().At(reference->as_string()->substr(1)));
}

const Value::Object& MembersOf(const Value* value) {
  static const Value::Object kNone;
  return value == nullptr || value->as_object() == nullptr ? kNone : *value->as_object();
}

const Value::Array& ElementsOf(const Value* value) {
  static const Value::Array kNone;
  return value == nullptr || value->as_array() == nullptr ? kNone : *value->as_array();
}

// Whether an editor needs an example to show what may stand here: its choices or its members do not
// say so themselves.
bool NeedsExample(const Value& given) {
  const Value& schema = Resolved(given);
  const Value* type = schema.Find("type");
  if (schema.Find("enum") != nullptr || schema.Find("properties") != nullptr ||
      schema.Find("examples") != nullptr || schema.Text("type") == "boolean") {
    return false;
  }
  if (const Value* choices = schema.Find("oneOf")) {
    const auto& all = ElementsOf(choices);
    return std::all_of(all.begin(), all.end(), NeedsExample);
  }
  if (type != nullptr && *type->as_string() == "array") {
    return NeedsExample(*schema.Find("items"));
  }
  return schema.Text("type") != "object" || schema.Find("additionalProperties") == nullptr ||
         schema.Find("additionalProperties")->as_object() != nullptr;
}

// Visits every schema inside one, "$defs" included, with the name of where it stands.
template <class Visit>
void ForEachSchema(const Value& schema, const std::string& place, const Visit& visit) {
  visit(schema, place);
  for (const std::string_view key : {"properties", "$defs"}) {
    for (const Member& member : MembersOf(schema.Find(key))) {
      ForEachSchema(member.value, Concat({place, "/", member.key}), visit);
    }
  }
  for (const Value& choice : ElementsOf(schema.Find("oneOf"))) {
    ForEachSchema(choice, place, visit);
  }
  for (const std::string_view key : {"items", "additionalProperties"}) {
    const Value* inner = schema.Find(key);
    if (inner != nullptr && inner->as_object() != nullptr) {
      ForEachSchema(*inner, place + "/*", visit);
    }
  }
}

TEST(SchemaTest, EveryKeyHasADescriptionAndAnExample) {
  std::vector<std::string> lacking;
  ForEachSchema(Schema(), "", [&](const Value& schema, const std::string& place) {
    for (const Member& member : MembersOf(schema.Find("properties"))) {
      const bool described = member.value.Find("description") != nullptr ||
                             Resolved(member.value).Find("description") != nullptr;
      if (!described) {
        lacking.push_back(Concat({place, "/", member.key, ": add a \"description\""}));
      }
      if (member.value.Find("examples") == nullptr && NeedsExample(member.value)) {
        lacking.push_back(Concat({place, "/", member.key, ": add \"examples\""}));
      }
    }
  });
  EXPECT_THAT(lacking, IsEmpty());
}

TEST(SchemaTest, EveryExampleFits) {
  std::vector<std::string> complaints;
  ForEachSchema(Schema(), "", [&](const Value& schema, const std::string& place) {
    for (const Value& example : ElementsOf(schema.Find("examples"))) {
      const std::string complaint = testing::SchemaComplaint(Schema(), schema, example);
      if (!complaint.empty()) {
        complaints.push_back(Concat({place, ": ", complaint}));
      }
    }
  });
  EXPECT_THAT(complaints, IsEmpty());
}

// Goes through a document and its schema side by side and holds the keys of one against the other.
class Comparison {
 public:
  explicit Comparison(const json::KnownKeys& known) : known_(known) {}

  // `offered`: every schema that may describe the value; `fitting`: those of the alternatives that
  // the document took.
  void Compare(const Value& value, const std::vector<const Value*>& offered,
               const std::vector<const Value*>& fitting, const std::string& place) {
    std::vector<const Value*> all;
    std::vector<const Value*> taken;
    for (const Value* schema : offered) {
      Expand(*schema, value, false, all);
    }
    for (const Value* schema : fitting) {
      Expand(*schema, value, true, taken);
    }
    for (const Value& element : ElementsOf(&value)) {
      Compare(element, Inner(all, "items"), Inner(taken, "items"), place + "[]");
    }
    if (value.as_object() == nullptr) {
      return;
    }
    CompareKeys(value, all, taken, place);
    for (const Member& member : MembersOf(&value)) {
      Compare(member.value, Of(all, member.key), Of(taken, member.key),
              Concat({place, "/", member.key}));
    }
  }

  const std::set<std::string>& differences() const { return differences_; }
  const std::set<const Value*>& visited() const { return visited_; }

 private:
  // The schema, what it refers to, and its alternatives: all, or those that `value` fits.
  static void Expand(const Value& schema, const Value& value, bool fitting,
                     std::vector<const Value*>& into) {
    const Value& plain = Resolved(schema);
    into.push_back(&plain);
    for (const Value& choice : ElementsOf(plain.Find("oneOf"))) {
      if (!fitting || testing::SchemaComplaint(Schema(), choice, value).empty()) {
        Expand(choice, value, fitting, into);
      }
    }
  }

  static std::vector<const Value*> Inner(const std::vector<const Value*>& schemas,
                                         std::string_view key) {
    std::vector<const Value*> inner;
    for (const Value* schema : schemas) {
      const Value* found = schema->Find(key);
      if (found != nullptr && found->as_object() != nullptr) {
        inner.push_back(found);
      }
    }
    return inner;
  }

  static std::vector<const Value*> Of(const std::vector<const Value*>& schemas,
                                      const std::string& key) {
    std::vector<const Value*> own;
    for (const Value* schema : schemas) {
      const Value* properties = schema->Find("properties");
      if (properties != nullptr && properties->Find(key) != nullptr) {
        own.push_back(properties->Find(key));
      }
    }
    return own.empty() ? Inner(schemas, "additionalProperties") : own;
  }

  void CompareKeys(const Value& value, const std::vector<const Value*>& offered,
                   const std::vector<const Value*>& fitting, const std::string& place) {
    visited_.insert(fitting.begin(), fitting.end());
    const auto known = known_.find(&value);
    if (known == known_.end() || !Inner(offered, "additionalProperties").empty()) {
      return;  // a map from names
    }
    for (const std::string& key : known->second) {
      if (!HasKey(offered, key)) {
        differences_.insert(
            Concat({place, "/", key, ": the reader takes it, the schema does not"}));
      }
    }
    for (const Value* schema : fitting) {
      for (const Member& member : MembersOf(schema->Find("properties"))) {
        if (member.key != "$schema" && known->second.count(member.key) == 0) {
          differences_.insert(
              Concat({place, "/", member.key, ": the schema has it, the reader does not"}));
        }
      }
    }
  }

  static bool HasKey(const std::vector<const Value*>& schemas, const std::string& key) {
    return std::any_of(schemas.begin(), schemas.end(), [&](const Value* schema) {
      const Value* properties = schema->Find("properties");
      return properties != nullptr && properties->Find(key) != nullptr;
    });
  }

  const json::KnownKeys& known_;
  std::set<std::string> differences_;
  std::set<const Value*> visited_;
};

// A scenario with one of each thing that no file of scenarios/ has.
constexpr std::string_view kOneOfEach = R"({
  "title": "t", "sources": ["s"], "start": "2026-05-28T06:00:00Z",
  "world": {
    "project": {"template": "../projects/opencode-devbox-2026-05", "tag": "v1.15.12"},
    "builder": {"ci": {"base-build": "1m"}},
    "npm": {"left-pad": {"latest": "1.3.0", "versions": {"1.3.0": {"dependencies": {}}}}},
    "forge": {"host": "gitea.test", "repositories": {"a/b": {
      "branches": {"main": [{"sha": "0123456789abcdef0123456789abcdef01234567"}]},
      "tags": {"v1": "0123456789abcdef0123456789abcdef01234567"},
      "runs": [{"id": 1, "workflow": "w.yml", "ref": "v1",
                "jobs": [{"id": 2, "name": "n"}]}]}}}
  },
  "faults": [
    {"name": "1", "do": {"reply": {"status": 500}}, "times": {"nth": 1}},
    {"name": "2", "do": {"reply": {"status": 500, "text": "t"}, "at": "decide"},
     "times": {"first": 1}},
    {"name": "3", "do": {"reply": {"status": 500, "error": "UNKNOWN", "message": "m"}},
     "times": {"after": 1}},
    {"name": "4", "do": {"reply": {"status": 500, "page": "nginx"}}, "times": {"every": 2}},
    {"name": "5", "do": {"edit-reply": {"status": 200, "set": {"A": "b"}, "add": {"A": "b"}}},
     "times": {"from": 1, "to": 2}},
    {"name": "6", "do": {"cut": "rst", "at": "decide"}, "times": {"chance": "1/2"}},
    {"name": "7", "when": {"operation": "upload.patch"},
     "do": {"cut": "rst", "at": "request-body", "after-bytes": 1}},
    {"name": "8", "when": {"operation": "manifest.put",
       "since": {"operation": "manifest.get", "same": "repository"}},
     "do": {"commit": "apply", "reply": {"status": 504}}},
    {"name": "9", "when": {"operation": "manifest.put"},
     "do": {"commit": {"after": "1s"}, "cut": "fin"}},
    {"name": "10", "when": {"operation": "upload.patch"}, "do": {"commit": {"bytes": 1}}}
  ],
  "steps": [
    {"ci-publish": {"run": "1"}, "expect": {"verdict": "red", "took": {"at-most": "1h"},
      "tags": {"latest": {"same-as": "v1.15.12"}}, "never": [{"status": 500}],
      "requests": [{"status": 500, "times": {"at-least": 0}}]}},
    {"host-script": {"kill": {"after": {"operation": "manifest.put"}}}},
    {"host-publish": {}},
    {"diagnose": {}, "expect": {"diagnosis": {"cause": {"not": "x"}}}},
    {"hash": {"files": 1, "bytes": 1, "base-hash": "0123456789ab"}},
    {"wait": {"for": "1s"}, "expect": {"waits": []}},
    {"wait": {"until": "2027-05-28T06:00:00Z"}},
    {"faults": {"on": ["1"]}},
    {"faults": {"off": ["1"]}},
    {"ask": "https://gitea.test/", "expect": {"output": ["x"]}}
  ],
  "expect": {"waits": []}, "twin": {"verdict": "published-and-verified"},
  "second-run": {"verdict": "published-and-verified"},
  "script": {"verdict": "red", "teeth": "t", "expect": {"waits": []}}
})";

TEST(SchemaTest, HasTheKeysOfTheReaderAndNoOthers) {
  const auto files = FindScenarios(kScenarios);
  ASSERT_TRUE(files.ok());
  std::vector<Value> documents;
  std::vector<std::string> names = *files;
  const auto commands = FindScenarios(kScenarios + "/run");
  ASSERT_TRUE(commands.ok());
  names.insert(names.end(), commands->begin(), commands->end());
  documents.reserve(names.size() + 1);
  for (const std::string& file : names) {
    documents.push_back(*json::ParseFile(file));
  }
  documents.push_back(*json::Parse(kOneOfEach, "one of each"));
  names.push_back(kScenarios + "/incidents/one-of-each.json");
  json::KnownKeys known;
  for (std::size_t index = 0; index < documents.size(); ++index) {
    json::Source source(names[index]);
    source.Note(known);
    static_cast<void>(ReadScenario(source, documents[index]));
    EXPECT_TRUE(source.ok()) << source.errors().front().message();
  }
  Comparison comparison(known);
  for (const Value& document : documents) {
    comparison.Compare(document, {&Schema()}, {&Schema()}, "");
  }
  EXPECT_THAT(comparison.differences(), IsEmpty());
  std::vector<std::string> never;
  ForEachSchema(Schema(), "", [&](const Value& schema, const std::string& place) {
    const bool of_a_fault = place.starts_with("/fault");  // tests/unit/faults has those
    if (!of_a_fault && schema.Find("properties") != nullptr &&
        comparison.visited().count(&schema) == 0) {
      never.push_back(Concat({place, " with ", MembersOf(schema.Find("properties")).front().key,
                              ": no file and not kOneOfEach has such an object"}));
    }
  });
  EXPECT_THAT(never, IsEmpty());
}

}  // namespace
}  // namespace drydock::scenarios
