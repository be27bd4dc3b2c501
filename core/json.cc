#include "core/json.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "core/text.h"

namespace drydock::json {
namespace {

// Counts lines as the lexer consumes characters. A newline counts once something after it was read:
// the lexer looks one character past a number, which must not move the number to the next line.
struct LineCounter {
  std::size_t line = 1;
  bool at_end_of_line = false;

  void Consume(char c) {
    line += at_end_of_line ? 1 : 0;
    at_end_of_line = c == '\n';
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, LineCounter* counter) : at_(at), counter_(counter) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    counter_->Consume(*at_++);
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  LineCounter* counter_;
};

// nlohmann's text is "[json.exception.parse_error.101] parse error at line 3, column 5: syntax …".
std::string PlainMessage(std::string_view message) {
  const std::size_t close = message.find("] ");
  if (close != std::string_view::npos) {
    message.remove_prefix(close + 2);
  }
  const std::size_t colon = message.find(": ");
  if (message.substr(0, 11) == "parse error" && colon != std::string_view::npos) {
    message.remove_prefix(colon + 2);
  }
  return std::string(message);
}

}  // namespace

// Builds the tree from the library's SAX events.
class TreeBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  TreeBuilder(const LineCounter& counter, std::size_t depth_max)
      : counter_(counter), depth_max_(depth_max) {}

  // The names of the events are the library's.
  // NOLINTBEGIN(readability-identifier-naming)
  bool null() { return Add(std::monostate()); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(number_integer_t value) { return Add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return Add(static_cast<double>(value));
    }
    return Add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) { return Add(value); }
  bool string(string_t& value) { return Add(std::move(value)); }
  bool binary(binary_t& /*value*/) { return Fail("binary data is not JSON"); }
  bool start_object(std::size_t /*size*/) { return Open(Value::Object()); }
  bool key(string_t& name) {
    auto& object = std::get<Value::Object>(open_.back()->held_);
    for (const Member& member : object) {
      if (member.key == name) {
        return Fail(Concat(
            {"duplicate key: \"", name, "\" (first on line ", std::to_string(member.line), ")"}));
      }
    }
    object.push_back({std::move(name), counter_.line, Value()});
    return true;
  }
  bool end_object() { return Close(); }
  bool start_array(std::size_t /*size*/) { return Open(Value::Array()); }
  bool end_array() { return Close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& failure) {
    return Fail(PlainMessage(failure.what()));
  }
  // NOLINTEND(readability-identifier-naming)

  Value& root() { return root_; }
  const std::string& message() const { return message_; }

 private:
  Value* Place() {
    if (open_.empty()) {
      return &root_;
    }
    if (auto* array = std::get_if<Value::Array>(&open_.back()->held_)) {
      return &array->emplace_back();
    }
    return &std::get<Value::Object>(open_.back()->held_).back().value;
  }
  template <class T>
  bool Add(T held) {
    Value* place = Place();
    place->held_ = std::move(held);
    place->line_ = counter_.line;
    return true;
  }
  template <class T>
  bool Open(T held) {
    if (open_.size() >= depth_max_) {
      return Fail(Concat({"nested deeper than ", std::to_string(depth_max_), " levels"}));
    }
    Value* place = Place();
    place->held_ = std::move(held);
    place->line_ = counter_.line;
    open_.push_back(place);
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }
  bool Fail(std::string message) {
    message_ = std::move(message);
    return false;
  }

  const LineCounter& counter_;
  std::size_t depth_max_;
  Value root_;
  // Pointers stay valid: a container only grows at its end, and only the innermost one grows.
  std::vector<Value*> open_;
  std::string message_;
};

std::string_view Value::KindName() const {
  constexpr std::string_view kNames[] = {"null",   "boolean", "number", "number",
                                         "string", "array",   "object"};
  return kNames[held_.index()];
}

std::optional<std::int64_t> Value::as_integer() const {
  const auto* value = std::get_if<std::int64_t>(&held_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> Value::as_number() const {
  if (const auto integer = as_integer()) {
    return static_cast<double>(*integer);
  }
  const auto* value = std::get_if<double>(&held_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

const Value* Value::Find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(object->begin(), object->end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == object->end() ? nullptr : &found->value;
}

const Value* Value::At(std::string_view pointer) const {
  const Value* value = this;
  if (pointer.empty()) {
    return value;
  }
  if (pointer[0] != '/') {
    return nullptr;
  }
  for (const std::string& token : Split(pointer.substr(1), '/')) {
    const std::string key = ReplaceAll(ReplaceAll(token, "~1", "/"), "~0", "~");
    if (const Array* array = value->as_array()) {
      const auto index = ParseUnsigned(key);
      value = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      value = value->Find(key);
    }
    if (value == nullptr) {
      return nullptr;
    }
  }
  return value;
}

std::string_view Value::Text(std::string_view key) const {
  const Value* member = Find(key);
  const std::string* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::string Value::Excerpt() const {
  constexpr std::size_t kExcerptMax = 80;
  if (const std::string* text = as_string()) {
    // Quoted as JSON does it: a text of several lines stays on one.
    std::string quoted = nlohmann::json(text->substr(0, kExcerptMax))
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return text->size() > kExcerptMax ? Concat({quoted.substr(0, quoted.size() - 1), "…\""})
                                      : quoted;
  }
  if (const bool* value = as_bool()) {
    return *value ? "true" : "false";
  }
  if (const auto integer = as_integer()) {
    return std::to_string(*integer);
  }
  if (const auto number = as_number()) {
    return nlohmann::json(*number).dump();
  }
  return std::string(KindName());
}

Result<Value> Parse(std::string_view text, std::string_view source, ParseOptions options) {
  LineCounter counter;
  TreeBuilder builder(counter, options.depth_max);
  const CountingIterator first(text.data(), &counter);
  const CountingIterator last(text.data() + text.size(), &counter);
  const bool parsed =
      nlohmann::json::sax_parse(first, last, &builder, nlohmann::json::input_format_t::json,
                                /*strict=*/true, options.comments);
  if (!parsed) {
    return Error(ErrorCode::kInvalid,
                 Concat({source, ":", std::to_string(counter.line), ": ", builder.message()}));
  }
  return std::move(builder.root());
}

Result<Value> ParseFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {  // reads as an empty file otherwise
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read: is a folder"}));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error(ErrorCode::kNotFound,
                 Concat({path, ": cannot be read: no such file or no access"}));
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read to its end"}));
  }
  return Parse(text.str(), path, {.comments = true});
}

void Source::Fail(std::size_t line, std::string_view message) {
  if (!error_) {
    error_ = Error(ErrorCode::kInvalid, Concat({file_, ":", std::to_string(line), ": ", message}));
  }
}

void Source::Replace(std::size_t line, std::string_view message) {
  error_.reset();
  Fail(line, message);
}

Status Source::status() const {
  if (error_) {
    return *error_;
  }
  return Ok{};
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
    missing_ = source_.ok() ? std::string(key) : missing_;
    source_.Fail(value_.line(), Concat({what_, ": missing key \"", key, "\""}));
  }
  return value;
}

const Value* ObjectReader::Optional(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.emplace_back(key);
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
    nearest == missing_ ? source_.Replace(member.line, message)
                        : source_.Fail(member.line, message);
  }
}

}  // namespace drydock::json
