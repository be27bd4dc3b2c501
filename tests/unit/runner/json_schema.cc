#include "tests/unit/runner/json_schema.h"

#include <algorithm>
#include <regex>
#include <set>

#include "core/text.h"

namespace drydock::testing {
namespace {

using json::Member;
using json::Value;

std::string At(const Value& value, std::string_view what) {
  return Concat({"line ", std::to_string(value.line()), ": ", what, ": ", value.Excerpt()});
}

bool TypeFits(const std::string& type, const Value& value) {
  if (type == "integer") {
    return value.as_integer().has_value();
  }
  return type == value.KindName();
}

bool SameScalar(const Value& a, const Value& b) {
  return a.KindName() == b.KindName() && a.Excerpt() == b.Excerpt();
}

class Validator {
 public:
  explicit Validator(const Value& root) : root_(root) {}

  std::string Complaint(const Value& schema, const Value& value) const {
    static const std::set<std::string, std::less<>> kKnown = {
        "$schema", "$defs",   "title", "description",   "type",      "properties",
        "enum",    "oneOf",   "items", "minItems",      "pattern",   "additionalProperties",
        "minimum", "maximum", "$ref",  "minProperties", "minLength", "required",
        "examples"};
    for (const Member& keyword : *schema.as_object()) {
      if (kKnown.count(keyword.key) == 0) {
        return Concat({"the schema uses a keyword nobody checks: ", keyword.key});
      }
    }
    if (const Value* reference = schema.Find("$ref")) {
      const Value* target = root_.At(reference->as_string()->substr(1));
      return target == nullptr ? Concat({"the schema lacks ", *reference->as_string()})
                               : Complaint(*target, value);
    }
    for (const auto& check :
         {&Validator::Scalars, &Validator::Choices, &Validator::Arrays, &Validator::Objects}) {
      std::string complaint = (this->*check)(schema, value);
      if (!complaint.empty()) {
        return complaint;
      }
    }
    return "";
  }

 private:
  std::string Scalars(const Value& schema, const Value& value) const {
    if (const Value* type = schema.Find("type"); type && !TypeFits(*type->as_string(), value)) {
      return At(value, Concat({"expected ", *type->as_string()}));
    }
    if (const auto number = value.as_number()) {
      const Value* least = schema.Find("minimum");
      const Value* most = schema.Find("maximum");
      if ((least != nullptr && *number < *least->as_number()) ||
          (most != nullptr && *number > *most->as_number())) {
        return At(value, "out of range");
      }
    }
    if (const std::string* text = value.as_string()) {
      const Value* pattern = schema.Find("pattern");
      if (pattern != nullptr && !std::regex_search(*text, std::regex(*pattern->as_string()))) {
        return At(value, Concat({"does not match ", *pattern->as_string()}));
      }
      const Value* least = schema.Find("minLength");
      if (least != nullptr && text->size() < static_cast<std::size_t>(*least->as_integer())) {
        return At(value, "too short");
      }
    }
    return "";
  }

  std::string Choices(const Value& schema, const Value& value) const {
    if (const Value* choices = schema.Find("enum")) {
      const auto& all = *choices->as_array();
      if (std::none_of(all.begin(), all.end(),
                       [&](const Value& choice) { return SameScalar(choice, value); })) {
        return At(value, "none of the choices");
      }
    }
    if (const Value* alternatives = schema.Find("oneOf")) {
      int fitting = 0;
      std::string last;
      for (const Value& alternative : *alternatives->as_array()) {
        const std::string complaint = Complaint(alternative, value);
        fitting += complaint.empty() ? 1 : 0;
        last = complaint.empty() ? last : complaint;
      }
      if (fitting != 1) {
        return Concat({std::to_string(fitting), " alternatives fit; last: ", last});
      }
    }
    return "";
  }

  std::string Arrays(const Value& schema, const Value& value) const {
    const Value::Array* array = value.as_array();
    if (array == nullptr) {
      return "";
    }
    const Value* least = schema.Find("minItems");
    if (least != nullptr && array->size() < static_cast<std::size_t>(*least->as_integer())) {
      return At(value, "too few items");
    }
    const Value* items = schema.Find("items");
    for (const Value& element : *array) {
      std::string complaint = items == nullptr ? "" : Complaint(*items, element);
      if (!complaint.empty()) {
        return complaint;
      }
    }
    return "";
  }

  std::string Objects(const Value& schema, const Value& value) const {
    const Value::Object* object = value.as_object();
    if (object == nullptr) {
      return "";
    }
    const Value* least = schema.Find("minProperties");
    if (least != nullptr && object->size() < static_cast<std::size_t>(*least->as_integer())) {
      return At(value, "too few members");
    }
    if (const Value* required = schema.Find("required")) {
      for (const Value& name : *required->as_array()) {
        if (value.Find(*name.as_string()) == nullptr) {
          return At(value, Concat({"lacks ", *name.as_string()}));
        }
      }
    }
    const Value* properties = schema.Find("properties");
    const Value* others = schema.Find("additionalProperties");
    for (const Member& member : *object) {
      const Value* known = properties == nullptr ? nullptr : properties->Find(member.key);
      if (known == nullptr && others != nullptr && others->as_bool() != nullptr) {
        return At(member.value, Concat({"unknown member ", member.key}));
      }
      const Value* inner = known != nullptr ? known : others;
      std::string complaint = inner == nullptr ? "" : Complaint(*inner, member.value);
      if (!complaint.empty()) {
        return complaint;
      }
    }
    return "";
  }

  const Value& root_;
};

}  // namespace

std::string SchemaComplaint(const Value& root, const Value& schema, const Value& value) {
  return Validator(root).Complaint(schema, value);
}

}  // namespace drydock::testing
