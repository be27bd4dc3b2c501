// Source and ObjectReader of core/json.h: taking apart what was parsed, with errors that gather.
#include <algorithm>
#include <limits>

#include "core/json.h"
#include "core/text.h"

namespace drydock::json {

namespace {

// A key of the file may hold what would break a message out of its line.
std::string OneLine(std::string_view message) {
  std::string line(message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

}  // namespace

void Source::Fail(std::size_t line, std::string_view message) {
  const bool told = std::any_of(errors_.begin(), errors_.end(),
                                [&](const At& each) { return each.line == line; });
  if (!told && errors_.size() < kErrorsMax) {
    errors_.push_back({line, OneLine(message)});
  }
}

void Source::Replace(std::size_t index, std::size_t line, std::string_view message) {
  errors_[index] = {line, OneLine(message)};
}

Error Source::ErrorOf(const At& at) const {
  return Error(ErrorCode::kInvalid,
               Concat({file_, ":", std::to_string(at.line), ": ", at.message}));
}

Status Source::status() const {
  if (!errors_.empty()) {
    return ErrorOf(errors_.front());
  }
  return Ok{};
}

std::vector<Error> Source::errors() const {
  std::vector<At> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const At& a, const At& b) { return a.line < b.line; });
  std::vector<Error> errors;
  errors.reserve(sorted.size());
  for (const At& each : sorted) {
    errors.push_back(ErrorOf(each));
  }
  return errors;
}

ObjectReader::ObjectReader(Source& source, const Value& value, std::string_view what)
    : source_(source), value_(value), what_(what) {
  if (value.as_object() == nullptr) {
    source.Fail(value.line(), Concat({what, ": expected an object, found ", value.KindName(), ": ",
                                      value.Excerpt()}));
  }
}

const Value* ObjectReader::Required(std::string_view key) {
  const Value* value = Optional(key);
  if (value == nullptr && value_.as_object() != nullptr) {
    const std::size_t before = source_.error_count();
    source_.Fail(value_.line(), Concat({what_, ": missing key \"", key, "\""}));
    if (missing_.empty() && source_.error_count() > before) {
      missing_ = key;
      missing_error_ = before;
    }
  }
  return value;
}

const Value* ObjectReader::Optional(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.emplace_back(key);
    if (source_.known_keys() != nullptr) {
      (*source_.known_keys())[&value_].insert(known_.back());
    }
  }
  return value_.Find(key);
}

const Value* ObjectReader::Typed(std::string_view key, std::string_view expected, bool right,
                                 const Value* value) {
  if (value != nullptr && !right) {
    source_.Fail(value->line(), Concat({what_, ": \"", key, "\": expected ", expected, ", found ",
                                        value->KindName(), ": ", value->Excerpt()}));
  }
  return right ? value : nullptr;
}

bool ObjectReader::Read(std::string_view key, std::string& into) {
  const Value* value = Optional(key);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (Typed(key, "a string", text != nullptr, value) == nullptr) {
    return false;
  }
  into = *text;
  return true;
}

bool ObjectReader::Read(std::string_view key, bool& into) {
  const Value* value = Optional(key);
  const bool* held = value == nullptr ? nullptr : value->as_bool();
  if (Typed(key, "true or false", held != nullptr, value) == nullptr) {
    return false;
  }
  into = *held;
  return true;
}

bool ObjectReader::Read(std::string_view key, std::int64_t& into) {
  const Value* value = Optional(key);
  const auto integer = value == nullptr ? std::nullopt : value->as_integer();
  if (Typed(key, "a whole number", integer.has_value(), value) == nullptr) {
    return false;
  }
  into = *integer;
  return true;
}

bool ObjectReader::Read(std::string_view key, std::uint64_t& into) {
  const Value* value = Optional(key);
  const std::int64_t integer = value == nullptr ? -1 : value->as_integer().value_or(-1);
  if (Typed(key, "a whole number from 0 on", integer >= 0, value) == nullptr) {
    return false;
  }
  into = static_cast<std::uint64_t>(integer);
  return true;
}

bool ObjectReader::Read(std::string_view key, int& into) {
  const Value* value = Optional(key);
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();  // fits no int either
  const std::int64_t integer = value == nullptr ? kNone : value->as_integer().value_or(kNone);
  const bool fits =
      integer >= std::numeric_limits<int>::min() && integer <= std::numeric_limits<int>::max();
  if (Typed(key, "a whole number", fits, value) == nullptr) {
    return false;
  }
  into = static_cast<int>(integer);
  return true;
}

bool ObjectReader::Read(std::string_view key, Duration& into) {
  const Value* value = Optional(key);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  const auto span = text == nullptr ? std::nullopt : ParseDuration(*text);
  if (Typed(key, "a duration such as \"1.5s\", \"10m\" or \"2h30m\"", span.has_value(), value) ==
      nullptr) {
    return false;
  }
  into = *span;
  return true;
}

bool ObjectReader::Read(std::string_view key, TimePoint& into) {
  const Value* value = Optional(key);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  const auto time = text == nullptr ? std::nullopt : ParseRfc3339(*text);
  if (Typed(key, "a UTC time such as \"2026-05-28T06:00:00Z\"", time.has_value(), value) ==
      nullptr) {
    return false;
  }
  into = *time;
  return true;
}

bool ObjectReader::Read(std::string_view key, std::vector<std::string>& into) {
  const Value* value = Optional(key);
  const Value::Array* array = value == nullptr ? nullptr : value->as_array();
  if (Typed(key, "an array of strings", array != nullptr, value) == nullptr) {
    return false;
  }
  std::vector<std::string> texts;
  for (const Value& element : *array) {
    const std::string* text = element.as_string();
    if (Typed(key, "an array of strings", text != nullptr, &element) == nullptr) {
      return false;
    }
    texts.push_back(*text);
  }
  into = std::move(texts);
  return true;
}

void ObjectReader::Fail(std::string_view key, std::string_view message) {
  const Value* value = value_.Find(key);
  const std::size_t line = value == nullptr ? value_.line() : value->line();
  source_.Fail(line, key.empty() ? Concat({what_, ": ", message})
                                 : Concat({what_, ": \"", key, "\": ", message}));
}

void ObjectReader::Finish() {
  const Value::Object* object = value_.as_object();
  if (object == nullptr) {
    return;
  }
  for (const Member& member : *object) {
    if (member.key == "$schema" ||
        std::find(known_.begin(), known_.end(), member.key) != known_.end()) {
      continue;
    }
    const auto nearest = NearestWord(member.key, known_);
    const std::string message = Concat({what_, ": unknown key \"", member.key, "\"",
                                        nearest ? Concat({"; did you mean \"", *nearest, "\"?"})
                                                : Concat({"; known keys: ", Join(known_, ", ")})});
    nearest == missing_ ? source_.Replace(missing_error_, member.line, message)
                        : source_.Fail(member.line, message);
  }
}

}  // namespace drydock::json
